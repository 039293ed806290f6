# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that the host itself gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_far import Far


@dataclass(slots=True)
class Fetch:
    """One file on its way to ``far``, under its ``name``. ``origin``: its path or URL, as the host names it.

    ``report``: told (bytes that are there, bytes of the file), and at each wait, when the latter may be 0: not known.
    """

    far: Far
    origin: str
    name: str
    report: Callable[[int, int], None]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
