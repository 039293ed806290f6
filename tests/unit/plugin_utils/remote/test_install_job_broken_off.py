# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installers that break off: power cuts, lost answers, restarts, full disks, schedulers that refuse."""

from __future__ import annotations

import contextlib
import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import install_job
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Output, ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.system_task import Look, Standing, TaskError
from tests.lab.entry import read_entry
from tests.lab.host import SimulatedHost
from tests.lab.tasks import NEVER
from tests.support.job_bench import CASES, FOLDER, LOCK, SEVEN, WHERE, XP, Case, JobBench
from tests.support.lab_shell import LabShell
from tests.support.waiting import until

each = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.os} {case.installer}")


@each
def test_what_a_restart_ends_is_broken(tmp_path: Path, case: Case) -> None:
    bench = JobBench(tmp_path, case, installers={case.kb: {"hangs": True}})
    bench.start()
    until(bench.host.processes.images)
    bench.host.restart()
    until(lambda: bench.look().standing is not Standing.RUNNING)
    assert bench.look() == bench.look() == Look(Standing.BROKEN)
    bench.start()
    assert bench.look() == Look(Standing.BROKEN), "never a second time in the same folder"
    assert bench.clean()
    assert bench.kept() == ()
    assert bench.host.counters.refused == []


def test_what_somebody_kills_has_ended_and_what_he_ends_as_a_task_is_broken(tmp_path: Path) -> None:
    for number, (line, standing) in enumerate(
        [("taskkill /f /im wusa.exe", Standing.ENDED), (f"schtasks /end /tn {FOLDER}", Standing.BROKEN)]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        bench = JobBench(folder, CASES[4], installers={"KB3140245": {"hangs": True}})
        bench.start()
        until(bench.host.processes.images)
        bench.do(line)
        assert bench.watched() == Look(standing, 1 if standing is Standing.ENDED else None)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"missing": ["schtasks"]}, "this Windows has no schtasks"),
        ({"writes": "deny"}, r"batch files .* could not be written .* said: Access is denied"),
    ],
)
def test_hosts_that_do_not_take_it(tmp_path: Path, entry: dict[str, t.Any], says: str) -> None:
    bench = JobBench(tmp_path, XP, **entry)
    with pytest.raises(TaskError, match=says):
        bench.start()
    assert bench.installed() == 0


@pytest.mark.parametrize("room", range(0, 900, 25))
def test_a_full_disk_runs_no_half_file(tmp_path: Path, room: int) -> None:
    bench = JobBench(tmp_path, SEVEN)
    entry = read_entry({"name": "pc", "os": "win7-sp1", "second_ms": 1, "disk_bytes": 1_000 + room}, tmp_path)
    full = SimulatedHost("pc", entry, {})
    full.files.make(WHERE)
    full.files.make(LOCK)
    content = bench.host.files.read(rf"{WHERE}\{SEVEN.file}")
    full.files.open(rf"{WHERE}\{SEVEN.file}", append=False).content = content
    bench.host = full
    refusal = None
    try:
        bench.start()
    except TaskError as error:
        refusal = error
    if refusal is not None:
        assert "is the disk full" in str(refusal)
        assert str(refusal).endswith("There is not enough space on the disk.")
        assert bench.installed() == 0
    else:
        # The installer may not have the room that it needs, or its code: but what ran was whole.
        assert bench.watched().standing in (Standing.ENDED, Standing.BROKEN)
    assert full.counters.refused == []


@pytest.mark.parametrize(
    ("verb", "says"),
    [
        ("schtasks /create", "made no scheduled task; .* it said: ERROR"),
        ("schtasks /run", "has the task and does not begin it; it said: .*ERROR"),
    ],
)
def test_what_went_wrong_is_told_apart(tmp_path: Path, verb: str, says: str) -> None:
    bench = JobBench(tmp_path, SEVEN)

    class Failing(LabShell):
        def run(self, line: str) -> Output:
            return super().run(re.sub(rf"{verb} [^&)]*", r"reg query HKLM\\SOFTWARE\\None", line))

    with pytest.raises(TaskError, match=says) as raised:
        install_job.start(Exchange(Failing(bench.host), 437), bench.record, bench.command)
    assert str(raised.value).endswith(".")
    assert bench.installed() == 0
    # The next one gets there, whatever the first has left.
    bench.start()
    assert bench.watched() == Look(Standing.ENDED, 3010)
    assert bench.installed() == 1


def test_one_that_never_begins_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = JobBench(tmp_path, SEVEN)
    monkeypatch.setattr(bench.host.tasks, "start", lambda task: None)
    bench.start()
    assert bench.look() == bench.look() == Look(Standing.WAITING)
    monkeypatch.undo()
    bench.start()
    assert bench.watched() == Look(Standing.ENDED, 3010)


@pytest.mark.parametrize("case", [XP, SEVEN], ids=lambda case: case.os)
def test_power_cuts_before_every_command_of_start(tmp_path: Path, case: Case) -> None:
    counted = JobBench(tmp_path, case).start().commands
    found = set()
    for number in range(1, counted + 1):
        bench = JobBench(tmp_path, case)
        with contextlib.suppress(ShellError):
            bench.start(cut_at=number)
        task = bench.host.tasks.find(FOLDER)
        if task is not None and task.result != NEVER:
            # What has been told to begin is not ended while it does.
            until(lambda bench=bench: bench.look().standing is not Standing.WAITING)  # type: ignore[misc]
        waits = bench.look().standing is Standing.WAITING
        found.add(waits)
        if waits:
            # Only then does a run begin it anew (package_runs.finish).
            bench.start()
        assert bench.watched() == Look(Standing.ENDED, case.code), number
        assert bench.installed() == 1, number
        assert bench.kept() == (bench.record,), number
        assert bench.clean()
        assert bench.host.counters.refused == []
    assert found == {True, False}


@each
def test_a_lost_answer_is_healed_by_the_next_run(tmp_path: Path, case: Case) -> None:
    bench = JobBench(tmp_path, case, installers={case.kb: {"seconds": 20}})
    with pytest.raises(ShellError):
        bench.start(lost_at=1)
    assert bench.kept() == (bench.record,)
    # Who comes next lets pass what is about to begin (package_runs.finish), and then has nothing to do but to watch.
    until(lambda: bench.look().standing is not Standing.WAITING)
    assert bench.watched() == Look(Standing.ENDED, case.code)
    assert bench.installed() == 1


def test_a_lost_answer_to_clean(tmp_path: Path) -> None:
    bench = JobBench(tmp_path, SEVEN)
    bench.start()
    bench.watched()
    with pytest.raises(ShellError):
        install_job.clean(bench.exchange(lost_at=1), bench.record)
    assert bench.clean()
    assert bench.kept() == ()


@pytest.mark.parametrize("number", range(1, 40))
def test_power_cuts_in_clean_never_leave_a_folder_without_its_record(tmp_path: Path, number: int) -> None:
    bench = JobBench(tmp_path, SEVEN)
    bench.start()
    bench.watched()
    until(lambda: not bench.host.tasks.all() or bench.host.tasks.all()[0].job is None)
    try:
        install_job.clean(bench.exchange(cut_at=number), bench.record)
    except ShellError:
        assert bench.kept() or not bench.host.files.exists(WHERE)
        assert bench.clean()
    assert bench.kept() == ()
    assert not bench.host.files.exists(WHERE)


def no_longer_running(bench: JobBench) -> Standing:
    until(lambda: bench.look().standing is not Standing.RUNNING)
    return bench.look().standing


@pytest.mark.parametrize("case", [XP, SEVEN], ids=lambda case: case.os)
def test_after_a_cut_and_a_restart_it_runs_once_or_has_broken_off(tmp_path: Path, case: Case) -> None:
    slow = {case.kb: {"seconds": 40}}
    counted = JobBench(tmp_path, case, installers=slow).start().commands
    found = set()
    for number in range(1, counted + 1):
        bench = JobBench(tmp_path, case, installers=slow)
        # The last commands look how far it is: one more or less, as far as it is.
        with contextlib.suppress(ShellError):
            bench.start(cut_at=number)
        task = bench.host.tasks.find(FOLDER)
        if task is not None and task.job is not None:
            until(bench.host.processes.images)
        bench.host.restart()
        standing = no_longer_running(bench)
        found.add(standing)
        if standing is Standing.WAITING:
            assert bench.installed() == 0, number
            bench.start()
            assert bench.watched() == Look(Standing.ENDED, case.code), number
        assert bench.installed() <= 1, number
        assert bench.clean()
        assert (bench.kept(), bench.host.files.exists(WHERE)) == ((), False), number
    assert found == {Standing.WAITING, Standing.BROKEN}
