# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of an update run: every field, and nothing that could act on a console."""

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.installation import InstallationStep, StepKind
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import (
    PackageRun,
    Updated,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.updates import diff, updated
from tests.unit.plugin_utils.report.package_runs import (
    BEFORE,
    FILE,
    FLAG,
    HOSTILE,
    OTHER,
    POSREADY,
    RUN,
    TLS,
    done,
    seen,
)

#: All of a result but its audits and its diff.
WHOLE: dict[str, t.Any] = {
    "schema": "1.0",
    "changed": True,
    "packages": [
        {
            "kb": "KB4019276",
            "verb": "install",
            "outcome": "needs_reboot",
            "words": "KB4019276 is done but for a reboot.",
            "file": FILE,
            "code": "3010",
            "resumed": False,
        }
    ],
    "left": [
        {"kb": "KB4316682", "kind": "superseded", "why": "KB4316682 is left out.", "by": "KB4493435"},
    ],
    "changes": [
        {
            "kind": "registry",
            "family": "updates",
            "key": FLAG,
            "name": "Installed",
            "before": None,
            "after": {"type": "REG_DWORD", "data": 1},
        }
    ],
    "run": RUN,
    "restarts": 1,
    "reboot_required": False,
    "reboot_reasons": [],
    "remarks": ["The language was not read."],
    "errors": [],
    "locks_broken": ["the lock of run x was broken"],
}


def strings(data: t.Any) -> list[str]:
    """Every text in there, keys too."""
    if isinstance(data, dict):
        return [text for key, item in data.items() for text in (*strings(key), *strings(item))]
    if isinstance(data, list):
        return [text for item in data for text in strings(item)]
    return [data] if isinstance(data, str) else []


def test_everything_that_a_run_did() -> None:
    answer = updated(
        done(
            after=seen("win11-24h2"),
            packages=(TLS,),
            left=(OTHER,),
            steps=(POSREADY,),
            run=RUN,
            restarts=1,
            remarks=("The language was not read.",),
            broken=("the lock of run x was broken",),
        )
    )
    assert answer == json.loads(json.dumps(answer))
    assert (answer["before"]["host"]["os"], answer["after"]["host"]["os"]) == ("xp-sp3", "win11-24h2")
    assert answer["verdict"] == answer["after"]["verdict"] != answer["before"]["verdict"]
    del answer["before"], answer["after"], answer["diff"], answer["verdict"]
    assert answer == WHOLE


def test_nothing_was_done() -> None:
    answer = updated(done(after=None))
    assert (answer["changed"], answer["after"], answer["run"]) == (False, None, None)
    assert answer["verdict"] == answer["before"]["verdict"]
    assert answer["diff"] == {"before": "", "after": ""}
    assert "failed" not in answer


def test_what_is_not_there_is_null() -> None:
    run = PackageRun("KB1", "install", "planned", "KB1 is installed.")
    step = InstallationStep(StepKind.PRESENT, "KB2", "KB2 is in.")
    answer = updated(done(packages=(run,), left=(step,)))
    assert (answer["packages"][0]["file"], answer["packages"][0]["code"]) == (None, None)
    assert answer["left"][0]["by"] is None


def test_a_restart_that_is_still_to_come() -> None:
    answer = updated(done(packages=(TLS,), restart_needed="KB4019276 waits for it"))
    assert (answer["reboot_required"], answer["reboot_reasons"]) == (True, ["KB4019276 waits for it"])


@pytest.mark.parametrize(
    ("failed", "message"),
    [
        (("KB1 failed.",), "KB1 failed."),
        (("KB1 failed", "KB2 was not begun."), "KB1 failed (and 1 more)."),
        (("KB1: disk full.", "a", "b"), "KB1: disk full (and 2 more)."),
    ],
)
def test_a_failure_is_one_sentence_and_all_are_errors(failed: tuple[str, ...], message: str) -> None:
    answer = updated(done(packages=(TLS,), failed=failed))
    assert (answer["failed"], answer["msg"], answer["errors"]) == (True, message, list(failed))
    assert answer["changed"], "what was installed before it is on the host"


# --- what Ansible compares ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "outcome", "waits", "before", "after"),
    [
        ("install", "planned", "", "(absent)", "installed"),
        ("install", "installed", "", "(absent)", "installed"),
        ("install", "needs_reboot", "yes", "(absent)", "installed, in force after a restart"),
        ("install", "needs_reboot", "", "(absent)", "installed"),
        ("install", "installed", "yes", "(absent)", "installed"),
        ("remove", "planned", "", "installed", "(absent)"),
        ("remove", "removed", "", "installed", "(absent)"),
        ("remove", "needs_reboot", "yes", "installed", "(absent), in force after a restart"),
    ],
)
def test_an_update_is_a_line(verb: t.Any, outcome: str, waits: str, before: str, after: str) -> None:
    found = diff(done(packages=(PackageRun("KB1", verb, outcome, "words"),), restart_needed=waits))
    assert found == {"before": f"update KB1: {before}\n", "after": f"update KB1: {after}\n"}


@pytest.mark.parametrize(
    "outcome", ["already_installed", "superseded", "not_applicable", "failed", "disk_full", "busy"]
)
def test_an_update_that_changed_nothing_is_none(outcome: str) -> None:
    run = done(packages=(PackageRun("KB1", "install", outcome, "words"),))
    assert diff(run) == {"before": "", "after": ""}
    assert not updated(run)["changed"]


def test_updates_come_before_the_places_of_the_registry() -> None:
    found = diff(done(packages=(TLS,), steps=(POSREADY,)))
    long = FLAG.replace("HKLM", "HKEY_LOCAL_MACHINE")
    assert found["before"].splitlines() == ["update KB4019276: (absent)", f"[{long}] (absent)", '"Installed"=(absent)']
    assert found["after"].splitlines() == ["update KB4019276: installed", f"[{long}]", '"Installed"=dword:00000001']


# --- text of hosts -----------------------------------------------------------------------------------------------


@given(st.text(max_size=3000) | st.just(HOSTILE))
def test_no_text_can_act_on_a_console(text: str) -> None:
    run = Updated(
        BEFORE,
        None,
        left=(InstallationStep(StepKind.PRESENT, text, text, text),),
        packages=(PackageRun(text, "install", "installed", text, text, text),),
        remarks=(text,),
        failed=(text,),
        broken=(text,),
        restart_needed=text,
    )
    answer = updated(run)
    lines = [line for side in answer.pop("diff").values() for line in side.splitlines()]
    assert len(lines) == 2, "a name cannot look like a line of its own"
    for shown in (*strings(answer), *lines):
        assert shown.isprintable() or not {"\x1b", "\u202e", "\n", "\x00", "\x9b"} & set(shown)
        assert len(shown) <= 2100
