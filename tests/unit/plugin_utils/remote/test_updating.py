# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages on simulated hosts, without a network: what is run, in which order, with which end."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.installation import StepKind
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import Updated
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Refusal
from tests.support.lab_shell import LabShell, consents
from tests.support.update_bench import SEVEN, XP, UpdateBench, xp

FLAG = r"HKEY_LOCAL_MACHINE\SYSTEM\WPA\PosReady"
VISTA = {"windows6.0-kb4019276-x86.msu": ("KB4019276", "vista-sp2", "x86", "enu")}
OLD_SERVER = {
    "windowsserver2003-kb948963-x86-deu.exe": ("KB948963", "server-2003-sp2", "x86", "deu"),
    "windowsserver2003-kb968730-x86-deu.exe": ("KB968730", "server-2003-sp2", "x86", "deu"),
}


def outcomes(done: Updated) -> list[tuple[str, str]]:
    return [(run.kb, run.outcome) for run in done.packages]


def kinds(done: Updated) -> dict[str, StepKind]:
    return {step.update: step.kind for step in done.left}


@pytest.mark.parametrize(
    ("os", "arch", "language", "catalogue", "kb"),
    [
        ("xp-sp3", "x86", "de", XP, "KB4019276"),
        ("server-2003-sp2", "x86", "de", OLD_SERVER, "KB948963"),
        ("vista-sp2", "x86", "en", VISTA, "KB4019276"),
        ("win7-sp1", "x86", "en", SEVEN, "KB3140245"),
        ("win7-sp1", "amd64", "en", SEVEN, "KB3140245"),
    ],
)
def test_an_update_is_installed_and_in_force_after_a_restart(
    tmp_path: Path, os: str, arch: str, language: str, catalogue: t.Any, kb: str
) -> None:
    bench = UpdateBench(tmp_path, os=os, arch=arch, language=language)
    bench.offer(catalogue)
    done = bench.update(kb, reboot=True)
    assert (outcomes(done), done.failed, done.restarts) == ([(kb, "installed")], (), 1)
    assert bench.host.power.restarts == 1
    assert done.after is not None
    assert presence(done.after.context, kb).present
    assert bench.litter() == []
    again = bench.update(kb, reboot=True)
    assert (outcomes(again), kinds(again), again.changed) == ([], {kb: StepKind.PRESENT}, False)
    assert bench.host.power.restarts == 1


def test_in_the_order_of_the_tables_and_with_what_they_require(tmp_path: Path) -> None:
    bench = xp(tmp_path)
    done = bench.update("KB4467770", reboot=True)
    assert outcomes(done) == [("KB4019276", "installed"), ("KB4467770", "installed")]
    assert bench.host.power.restarts == 1


def test_without_reboot_it_waits_and_a_second_run_does_nothing(tmp_path: Path) -> None:
    bench = xp(tmp_path)
    done = bench.update("KB4019276")
    assert (done.restarts, bool(done.restart_needed)) == (0, True)
    assert done.after is not None
    found = presence(done.after.context, "KB4019276")
    assert (found.present, found.pending) == (False, True)
    again = bench.update("KB4019276")
    assert (outcomes(again), kinds(again), bool(again.restart_needed)) == ([], {"KB4019276": StepKind.WAITING}, True)
    at_last = bench.update("KB4019276", reboot=True)
    assert (outcomes(at_last), at_last.restarts, at_last.changed) == ([], 1, True)


def test_check_mode_writes_nothing_and_foresees_it(tmp_path: Path) -> None:
    bench = xp(tmp_path)
    before = bench.registry()
    foreseen = bench.update("KB4467770", terms=consents("posready", check=True), reboot=True)
    assert bench.registry() == before
    assert bench.litter() == []
    assert outcomes(foreseen) == [("KB4019276", "planned"), ("KB4467770", "planned")]
    done = bench.update("KB4467770", reboot=True)
    assert [run.kb for run in done.packages] == [run.kb for run in foreseen.packages]
    assert done.steps == foreseen.steps


def test_the_flag_needs_its_consent_and_is_undone_by_a_rollback(tmp_path: Path) -> None:
    bench = xp(tmp_path)
    before = bench.registry()
    with pytest.raises(Refusal, match=r'POSReady.*give the consent "posready"'):
        bench.update("KB4019276", terms=consents())
    assert bench.registry() == before
    done = bench.update("KB4019276", reboot=True)
    assert bench.registry()[FLAG]["Installed"] == (4, b"\1\0\0\0")
    undone = bench.roll_back(done.run or "")
    assert (undone.failed, undone.undo.refused) == ((), ())
    assert FLAG not in bench.registry()
    assert bench.update("KB4019276", terms=consents()).packages == ()


@pytest.mark.parametrize("os", ["server-2003-sp2", "xp-x64-sp2", "win10-22h2"])
def test_where_it_does_not_fit_nothing_is_missing(tmp_path: Path, os: str) -> None:
    bench = UpdateBench(tmp_path, os=os, language="de")
    bench.offer(XP)
    done = bench.update("KB4019276")
    assert (outcomes(done), kinds(done), done.changed) == ([], {"KB4019276": StepKind.NOT_APPLICABLE}, False)


@pytest.mark.parametrize(
    ("os", "arch", "language", "catalogue", "kb"),
    [
        ("xp-sp3", "x86", "de", XP, "KB4019276"),
        ("vista-sp2", "x86", "en", VISTA, "KB4019276"),
        ("win7-sp1", "amd64", "en", SEVEN, "KB3140245"),
    ],
)
def test_an_update_is_removed(tmp_path: Path, os: str, arch: str, language: str, catalogue: t.Any, kb: str) -> None:
    bench = UpdateBench(tmp_path, os=os, arch=arch, language=language)
    bench.offer(catalogue)
    bench.update(kb, reboot=True)
    done = bench.update(kb, verb="remove", reboot=True)
    assert (outcomes(done), done.failed, done.restarts) == ([(kb, "removed")], (), 1)
    assert done.after is not None
    assert presence(done.after.context, kb).present is False
    assert bench.litter() == []
    again = bench.update(kb, verb="remove", reboot=True)
    assert (outcomes(again), kinds(again), again.changed) == ([], {kb: StepKind.NOT_APPLICABLE}, False)


def test_without_a_backup_it_cannot_be_removed_and_that_is_said(tmp_path: Path) -> None:
    bench = xp(tmp_path)
    bench.update("KB4019276", reboot=True, backup=False)
    with pytest.raises(Refusal, match="KB4019276 cannot be removed: it was installed without a backup"):
        bench.update("KB4019276", verb="remove")


def test_a_package_that_needs_the_restart_of_another_one_gets_it(tmp_path: Path) -> None:
    bench = xp(tmp_path, installers={"KB4019276": {"blocks": True}})
    done = bench.update("KB4467770", reboot=True)
    assert outcomes(done) == [("KB4019276", "installed"), ("KB4467770", "installed")]
    assert (done.restarts, done.failed, bench.litter()) == (2, (), [])
    assert "The host was restarted, and it was run again." in done.remarks[0]


def test_without_reboot_it_fails_and_says_what_it_may_need(tmp_path: Path) -> None:
    bench = xp(tmp_path, installers={"KB4019276": {"blocks": True}})
    done = bench.update("KB4467770")
    assert outcomes(done) == [("KB4019276", "needs_reboot"), ("KB4467770", "failed")]
    assert "restart" in done.restart_needed
    again = bench.update("KB4467770", reboot=True)
    assert (outcomes(again), again.restarts, again.failed) == ([("KB4467770", "installed")], 2, ())


def test_another_controller_waits_for_the_end(tmp_path: Path) -> None:
    bench = xp(tmp_path)
    shell = LabShell(bench.host)
    reports: list[str] = []

    def meanwhile(text: str) -> None:
        if "begins" in text and not reports:
            reports.append(text)
            with pytest.raises(Refusal, match="The host is being changed by run"):
                bench.fix(desk=bench.desk("two"))

    bench.time.lines = _Listener(meanwhile)
    assert outcomes(bench.update("KB4019276", shell=shell)) == [("KB4019276", "needs_reboot")]
    assert reports


class _Listener(list[str]):
    """Hears each line of progress."""

    def __init__(self, hears: t.Callable[[str], None]) -> None:
        super().__init__()
        self._hears = hears

    def append(self, text: str) -> None:
        super().append(text)
        self._hears(text)
