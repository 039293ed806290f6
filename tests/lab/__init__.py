# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of Windows stand-ins on loopback addresses, for tests, the demo and the benchmark.

``python -m tests.lab up --hosts HOSTS.yml --inventory OUT.yml`` runs one; :class:`~.fleet.Lab` is the same for tests.
The parts: ``entry`` (what a host is), ``systems`` + ``baseline`` (what its Windows is), ``registry`` + ``regfile``,
``parse`` + ``cmd`` + ``builtins`` (cmd.exe), ``wsman`` + ``endpoint`` + ``auth`` (WinRM), ``wine``, ``ssh``.
The lab shares no code with the product: it is the witness against it.
"""
