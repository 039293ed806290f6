# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs over loaded hives that break off at any command: a new run gets there, and all is put back, the hives too."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Interrupted
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from tests.support.lab_shell import LabShell, Registry
from tests.support.profiles import BobsBench

#: Few steps, so that there are few places to break off at; one of them is in a hive of each kind.
ONLY = frozenset({"wininet"})
OPTIONS = {"profiles": "default_too", "policy": "standard", "only": ONLY}


def recovers(bench: BobsBench, first: tuple[Registry, ...], broken_off: str) -> None:
    """After a run that broke off: a new one gets there, no hive stays loaded, and all runs can be undone."""
    done = bench.fix(**OPTIONS)
    assert done.failed == (), broken_off
    assert not bench.host.mounted, broken_off
    assert bench.mask(bench.bob) == bench.mask(bench.default) == 0x800, broken_off
    assert bench.fix(**OPTIONS).steps == (), broken_off
    undone = bench.roll_back("all")
    assert (undone.failed, undone.undo.refused) == ((), ()), broken_off
    assert bench.state() == first, broken_off
    assert not bench.host.files.exists(r"C:\Windows\MailFleet.lock"), broken_off


class Listening(LabShell):
    """Remembers the numbers of the commands that begin a line, change hives, or say how far the run is.

    A cut before any reading command leaves the host as a cut before the next of these does; lock and journals are in
    the tests of runs without hives.
    """

    def __init__(self, bench: BobsBench) -> None:
        super().__init__(bench.host)
        self.writing: list[int] = []

    def _ran(self, command: str) -> None:
        super()._ran(command)
        writes = command.startswith("reg ") and not command.startswith("reg query")
        if self.commands in self.begins or (writes and ("HKU" in command or "/v State" in command)):
            self.writing.append(self.commands)

    def since_loading(self) -> list[int]:
        """Those from the first line on that loads a hive."""
        begin = next(number for number, line in zip(self.begins, self.lines, strict=True) if "reg load" in line)
        return [number for number in self.writing if number >= begin]


def test_the_power_goes_before_any_command_of_a_fix(tmp_path: Path) -> None:
    counted = BobsBench(tmp_path / "whole", "win7-sp1")
    whole = Listening(counted)
    counted.fix(shell=whole, **OPTIONS)
    cuts = whole.since_loading()
    assert len(cuts) > 15
    for number in cuts:
        bench = BobsBench(tmp_path / str(number), "win7-sp1")
        first = bench.state()
        # Who reads the hives of absent users goes on without one that cannot be read.
        with contextlib.suppress(ShellError, Interrupted):
            bench.fix(shell=LabShell(bench.host, cut_at=number), **OPTIONS)
        recovers(bench, first, f"before command {number}")


def test_the_power_goes_before_any_command_of_a_rollback(tmp_path: Path) -> None:
    counted = BobsBench(tmp_path / "whole", "win7-sp1")
    counted.fix(**OPTIONS)
    whole = Listening(counted)
    counted.roll_back(shell=whole)
    cuts = whole.since_loading()
    assert len(cuts) > 15
    for number in cuts:
        bench = BobsBench(tmp_path / str(number), "win7-sp1")
        first = bench.state()
        bench.fix(**OPTIONS)
        cut = LabShell(bench.host, cut_at=number)
        # Where it has put all back, and only the host's journals are left, it says so and has not failed.
        with contextlib.suppress(ShellError, Interrupted):
            assert bench.roll_back(shell=cut).notes
        assert cut.commands == number
        recovers(bench, first, f"before command {number}")


def test_a_broken_off_run_is_undone_at_once_and_its_hive_unloaded(tmp_path: Path) -> None:
    counted = BobsBench(tmp_path / "whole", "win7-sp1")
    whole = Listening(counted)
    counted.fix(shell=whole, **OPTIONS)
    left = 0
    for number in (one for one in whole.writing if one >= whole.begins[-1]):
        bench = BobsBench(tmp_path / str(number), "win7-sp1")
        first = bench.state()
        with pytest.raises(Interrupted):
            bench.fix(shell=LabShell(bench.host, cut_at=number), **OPTIONS)
        left += bool(bench.host.mounted)
        undone = bench.roll_back("all")
        assert (undone.failed, undone.undo.refused) == ((), ()), number
        assert not bench.host.mounted, number
        assert bench.state()[1:] == first[1:], number
    assert left, "some runs broke off while a hive was loaded"


@pytest.mark.parametrize("os", ["xp-sp3", "win10-22h2"])
def test_an_answer_is_lost(tmp_path: Path, os: str) -> None:
    options = {**OPTIONS, "only": frozenset({"wininet", "proxy"})}
    counted = BobsBench(tmp_path / "whole", os)
    whole = LabShell(counted.host)
    counted.fix(shell=whole, **options)
    for line in range(1, len(whole.lines) + 1):
        bench = BobsBench(tmp_path / str(line), os)
        first = bench.state()
        with contextlib.suppress(ShellError, Interrupted):
            bench.fix(shell=LabShell(bench.host, lost_at=line), **options)
        assert bench.fix(**options).failed == ()
        assert bench.fix(**options).steps == ()
        bench.roll_back("all")
        assert bench.state()[1:] == first[1:], f"the answer to line {line}"
