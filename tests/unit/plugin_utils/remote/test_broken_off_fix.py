# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that break off: whatever breaks wherever, a new run gets the host to where it should be, and a rollback gets it
to where it was, to the last empty key. No half state is left that no journal explains.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Interrupted
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from tests.support.lab_shell import LabShell, bench_with_firewall, recovers


def test_the_power_goes_before_any_command_of_a_fix(tmp_path: Path) -> None:
    whole = LabShell(bench_with_firewall(tmp_path / "whole").host)
    bench_with_firewall(tmp_path / "whole").fix(shell=whole)
    reading, writing = whole.begins[:2]
    assert whole.commands > writing + 40
    for number in (reading + 1, writing - 1, *range(writing, whole.commands + 1)):
        bench = bench_with_firewall(tmp_path / str(number))
        first = bench.registry()
        with pytest.raises((ShellError, Interrupted)):
            bench.fix(shell=LabShell(bench.host, cut_at=number))
        recovers(bench, first, f"before command {number}")


@pytest.mark.parametrize("line", [1, 2, 3])
def test_an_answer_is_lost(tmp_path: Path, line: int) -> None:
    bench = bench_with_firewall(tmp_path)
    first = bench.registry()
    with pytest.raises((ShellError, Interrupted)) as caught:
        bench.fix(shell=LabShell(bench.host, lost_at=line))
    assert isinstance(caught.value, Interrupted) == (line == 3)
    recovers(bench, first, f"the answer to line {line}")


def test_an_interrupted_run_is_undone_by_its_id(tmp_path: Path) -> None:
    bench = bench_with_firewall(tmp_path)
    first = bench.registry()
    with pytest.raises(Interrupted) as caught:
        bench.fix(shell=LabShell(bench.host, lost_at=3))
    assert bench.roll_back(caught.value.run).undone == (caught.value.run,)
    assert bench.registry() == first
