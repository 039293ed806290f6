# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stories of updates on simulated hosts: installed, not restarted yet, restarted; what is said of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Verdict
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.installation import StepKind, install
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import settings_now
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.prerequisites import unmet
from tests.support.hosts import KNOWLEDGE
from tests.unit.plugin_utils.plan.update_stories import (
    ECDHE,
    RSA_CBC,
    TLS12,
    Story,
    kbs,
    protocols_of,
    reboots,
)


@pytest.mark.parametrize("versions", [False, True])
def test_xp_from_stock_to_ok(tmp_path: Path, versions: bool) -> None:
    story = Story(tmp_path, "xp-sp3", versions)
    assert story.audit().verdict is Verdict.NEEDS_UPDATE
    assert kbs(story.audit())[0] == "KB4019276"
    assert protocols_of(settings_now(story.look())) == []

    story.install("KB4019276")
    waiting = story.audit()
    assert story.state("KB4019276") == "pending"
    assert waiting.verdict is Verdict.FIXABLE
    assert "KB4019276" not in kbs(waiting)
    (reboot,) = reboots(waiting)
    assert (reboot.details["completes"], reboot.optional) == (["KB4019276"], False)
    assert protocols_of(settings_now(story.look())) == list(TLS12)

    story.set_values()
    assert story.audit().verdict is Verdict.FIXABLE
    assert not any(change.family == "tls" for change in settings_now(story.look()))

    story.host.restart()
    assert story.state("KB4019276") == "present"
    assert story.audit().verdict is Verdict.OK
    assert not any(not change.optional for change in story.audit().plan.changes)
    assert story.audit(ECDHE).verdict is Verdict.NEEDS_RELAY


def test_xp_with_all_packages_before_one_restart(tmp_path: Path) -> None:
    """Each waits, and none is asked for again, however many marks the others overwrite."""
    story = Story(tmp_path, "xp-sp3")
    story.host.registry.set_text(r"HKLM\SOFTWARE\Microsoft\Internet Explorer", "Version", "8.0.6001.18702")
    installs = ("KB4019276", "KB4467770", "KB4230450")
    for kb in ("KB4019276", "KB4467770", "KB4230450-IE8"):
        story.install(kb)
    assert [story.state(kb) for kb in installs] == ["pending"] * 3
    assert kbs(story.audit()) == []
    steps = install(story.look(), installs).steps
    assert [step.kind for step in steps] == [StepKind.WAITING] * 3 + [StepKind.REBOOT]
    story.host.restart()
    assert [story.state(kb) for kb in installs] == ["present"] * 3


@pytest.mark.parametrize(("versions", "state"), [(False, "pending"), (True, "present")])
def test_an_update_in_force_while_another_one_waits(tmp_path: Path, versions: bool, state: str) -> None:
    """Without the file's version it may be this one that waits: the restart is due anyway, nothing is run twice."""
    story = Story(tmp_path, "xp-sp3", versions)
    story.install("KB4019276")
    story.set_values()
    story.host.restart()
    assert story.audit().verdict is Verdict.OK

    story.install("KB4467770")
    assert story.state("KB4019276") == state
    assert story.state("KB4467770") == "pending"
    found = story.audit()
    assert found.verdict is (Verdict.OK if versions else Verdict.FIXABLE)
    assert not {"KB4019276", "KB4467770"} & set(kbs(found))
    assert len(reboots(found)) == 1
    # A package that requires it may be run.
    assert not any(
        "KB4019276" in need.why.partition("needs")[2] for need in unmet(story.look(), KNOWLEDGE.updates["KB4467770"])
    )

    story.host.restart()
    assert story.state("KB4019276") == "present"
    assert story.audit().verdict is Verdict.OK


def test_files_of_something_else_wait(tmp_path: Path) -> None:
    """Half of all hosts have renames of some printer or browser: they make no update wait."""
    story = Story(tmp_path, "xp-sp3")
    story.install("KB4019276")
    story.set_values()
    story.host.restart()
    manager = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"
    raw = "\\??\\C:\\Program Files\\x\\old.dll\0\0\0".encode("utf-16-le")
    story.host.registry.set(manager, "PendingFileRenameOperations", 7, raw)
    assert story.state("KB4019276") == "present"
    assert story.audit().verdict is Verdict.OK


@pytest.mark.parametrize("only", [{"tls"}, {"updates"}, {"tls", "updates"}])
def test_the_restart_is_in_the_plan_whatever_is_asked_for(tmp_path: Path, only: set[str]) -> None:
    story = Story(tmp_path, "xp-sp3")
    story.install("KB4019276")
    found = story.audit(only=frozenset(only))
    assert found.verdict is Verdict.FIXABLE
    assert len(reboots(found)) == 1


@pytest.mark.parametrize("os", ["server-2003-sp2", "xp-x64-sp2"])
def test_2003_and_xp_x64_never_get_kb4019276(tmp_path: Path, os: str) -> None:
    story = Story(tmp_path, os)
    for suites in (RSA_CBC, ECDHE):
        found = story.audit(suites)
        assert found.verdict is Verdict.NEEDS_RELAY
        assert "KB4019276" not in kbs(found)
    assert [step.kind for step in install(story.look(), ["KB4019276"]).steps] == [StepKind.NOT_APPLICABLE]
    for kb in ("KB948963", "KB968730"):
        story.install(kb)
        assert story.state(kb) == "pending"
    assert kbs(story.audit()) == []
    story.host.restart()
    assert (story.state("KB948963"), story.state("KB968730")) == ("present", "present")
    assert story.audit().verdict is Verdict.NEEDS_RELAY


def test_2003_with_the_older_one_of_two_that_do_the_same(tmp_path: Path) -> None:
    """KB938397 waits: KB968730 is not planned beside it, and the reboot is named after what is really there."""
    story = Story(tmp_path, "server-2003-sp2")
    record = r"HKLM\SOFTWARE\Microsoft\Updates\Windows Server 2003\SP3\KB938397"
    story.host.registry.set_text(record, "Description", "Hotfix")
    story.host.registry.set_number(r"HKLM\SOFTWARE\Microsoft\Updates\UpdateExeVolatile", "Flags", 1)
    found = story.audit()
    assert "KB968730" not in kbs(found)
    (reboot,) = reboots(found)
    assert "KB938397 is installed and waits for it" in reboot.details["reasons"]
    (finding,) = (one for one in found.findings if one.subject == "KB968730")
    assert finding.effective == "pending a reboot"
    assert "KB938397 does the same" in finding.why


@pytest.mark.parametrize("os", ["win7-sp1", "server-2008r2-sp1"])
def test_windows_7_with_a_rollup_needs_no_kb3140245(tmp_path: Path, os: str) -> None:
    stock = Story(tmp_path, os)
    assert kbs(stock.audit()) == ["KB3140245"]
    stock.install("KB3140245")
    assert (stock.state("KB3140245"), kbs(stock.audit())) == ("pending", [])
    assert any(change.family == "winhttp" for change in settings_now(stock.look()))
    stock.host.restart()
    assert (stock.state("KB3140245"), kbs(stock.audit())) == ("present", [])

    rolled = Story(tmp_path, os)
    servicing = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages"
    name = rf"{servicing}\Package_for_RollupFix~31bf3856ad364e35~amd64~~7601.24545.1.8"
    rolled.host.registry.set_number(name, "CurrentState", 0x70)
    for folder in ("System32", "SysWOW64"):
        rolled.host.set_file_version(rf"C:\Windows\{folder}\winhttp.dll", "6.1.7601.24545")
    assert (rolled.state("KB3140245"), kbs(rolled.audit())) == ("present", [])
    assert install(rolled.look(), ["KB3140245"]).installs == ()
