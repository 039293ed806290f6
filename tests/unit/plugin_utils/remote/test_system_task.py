# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks that run as SYSTEM: begun only where it may be, and only with what this very start wrote."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import system_task
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Refusal
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.system_task import (
    Look,
    Standing,
    SystemTask,
    TaskError,
)
from tests.support.job_bench import FOLDER, LOCK, SEVEN, WHERE, XP, Case, JobBench

each = pytest.mark.parametrize("case", [XP, SEVEN], ids=lambda case: case.os)


@each
@pytest.mark.parametrize("lock", [True, False])
def test_nothing_is_begun_without_the_lock_or_without_the_package(tmp_path: Path, case: Case, lock: bool) -> None:
    bench = JobBench(tmp_path, case)
    bench.do(f"rd {LOCK}" if lock else rf"del {WHERE}\{case.file}")
    error, words = (Refusal, "has taken the lock") if lock else (TaskError, "is not in its folder on the host any more")
    with pytest.raises(error, match=words):
        bench.start()
    assert bench.host.tasks.all() == []
    assert not bench.host.files.exists(rf"{WHERE}\run.cmd")
    assert bench.look() == Look(Standing.WAITING)


@each
def test_what_an_earlier_start_left_is_never_run(tmp_path: Path, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = JobBench(tmp_path, case)
    with monkeypatch.context() as never:
        never.setattr(bench.host.tasks, "start", lambda task: None)
        bench.command = replace(bench.command, words=("echo", "EARLIER"), prepare=())
        bench.start()
    (earlier,) = bench.host.tasks.all()
    bench.command = replace(bench.command, words=("echo", "LATER"))
    bench.start()
    assert bench.watched() == Look(Standing.ENDED, 0)
    ran = [one for one in bench.host.counters.executed if one in ("echo EARLIER", "echo LATER")]
    assert ran == ["echo LATER"]
    assert earlier not in bench.host.tasks.all()


def test_a_file_that_cannot_be_replaced_is_not_run(tmp_path: Path) -> None:
    """It has the name, and not the mark of the start that looks for it."""
    bench = JobBench(tmp_path, SEVEN)
    task = SystemTask(FOLDER)
    for name in ("go.cmd", "run.cmd"):
        bench.host.files.open(rf"{WHERE}\{name}", append=False).content = b"echo EARLIER\r\n"
    begin = system_task._beginning(task, "0123456789abcdef")
    bench.do(begin)
    assert bench.host.tasks.all() == []


def test_two_kinds_of_tasks_in_one_folder_are_told_apart(tmp_path: Path) -> None:
    bench = JobBench(tmp_path, XP)
    copy = SystemTask(FOLDER, "copy")
    bench.host.files.open(rf"{WHERE}\copybegun.txt", append=False).content = b"x"
    assert system_task.look(bench.exchange(), copy) == Look(Standing.BROKEN)
    assert bench.look() == Look(Standing.WAITING)
    bench.do(system_task.deleting(copy))
    assert system_task.look(bench.exchange(), copy) == Look(Standing.WAITING)
    assert bench.host.files.exists(rf"{WHERE}\{XP.file}")
