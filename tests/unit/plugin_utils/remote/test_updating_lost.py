# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection that is lost at any line of a run of packages."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Interrupted
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from tests.support.lab_shell import LabShell
from tests.support.update_bench import UpdateBench, xp

KB = "KB4019276"


def test_a_connection_that_is_lost_at_any_line_is_told_and_a_new_run_gets_there(tmp_path: Path) -> None:
    """Before the line arrives, and after the host did all of it; nothing is ever installed twice."""
    lines = _lines_of_a_run(tmp_path)
    for before in (True, False):
        for number in range(1, lines + 1):
            where = f"line {number}, {'before' if before else 'after'}"
            bench = xp(tmp_path / f"{before}-{number}")
            shell = LabShell(bench.host, lost_at=number, before=before)
            told = _broken_off(bench, shell)
            assert "lost" in told, where
            last = bench.update(KB)
            assert last.failed == (), where
            assert last.after is not None
            found = presence(last.after.context, KB)
            assert found.present or found.pending, where
            assert bench.litter() == [], where
            assert len(bench.installs()) == 1, where


def _lines_of_a_run(folder: Path) -> int:
    bench = xp(folder / "whole")
    shell = LabShell(bench.host)
    assert bench.update(KB, shell=shell).failed == ()
    return len(shell.lines)


def _broken_off(bench: UpdateBench, shell: LabShell) -> str:
    """What a run says whose connection is lost at one line; the host itself goes on."""
    try:
        done = bench.update(KB, shell=shell)
    except (ShellError, Interrupted) as error:
        return str(error)
    assert done.lost or not done.failed
    return " ".join(done.failed) or "not lost: it was asked again"


def test_nobody_waits_any_more_so_nothing_is_begun_and_nothing_restarted(tmp_path: Path) -> None:
    """The process that began a run was killed, and its worker is still there."""
    bench = xp(tmp_path / "before")
    bench.time.wanted_until = 0
    done = bench.update(KB, reboot=True)
    assert done.failed == ("The Ansible that began this run is gone, so its worker stops here; run again.",)
    assert bench.installs() == []
    bench.time.wanted_until = float("inf")
    assert bench.update(KB).failed == ()

    bench = xp(tmp_path / "after", installers={KB: {"seconds": 100}})
    bench.time.wanted_until = 50
    done = bench.update(KB, reboot=True)
    assert "is gone" in done.failed[0]
    assert bench.host.power.restarts == 0
    bench.time.wanted_until = float("inf")
    assert [run.resumed for run in bench.update(KB).packages] == [True]
    assert bench.litter() == []
