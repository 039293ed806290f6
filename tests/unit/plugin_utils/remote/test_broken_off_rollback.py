# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollbacks that break off: a new run finishes, another rollback gets the host to where it was."""

from __future__ import annotations

import contextlib
from pathlib import Path

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Interrupted
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from tests.support.lab_shell import LabShell, bench_with_firewall, recovers


def test_the_power_goes_before_any_command_of_a_rollback(tmp_path: Path) -> None:
    whole = bench_with_firewall(tmp_path / "whole")
    whole.fix()
    shell = LabShell(whole.host)
    whole.roll_back(shell=shell)
    reading, again, writing, *_later = shell.begins
    for number in (reading + 1, again + 1, *range(writing, shell.commands + 1)):
        bench = bench_with_firewall(tmp_path / str(number))
        first = bench.registry()
        bench.fix()
        cut = LabShell(bench.host, cut_at=number)
        # Where it has put all back, and only the host's journals are left, it says so and has not failed.
        with contextlib.suppress(ShellError, Interrupted):
            assert bench.roll_back(shell=cut).notes
        assert cut.commands == number
        recovers(bench, first, f"before command {number}")
