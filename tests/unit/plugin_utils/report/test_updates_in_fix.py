# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a fix that runs packages, or restarts the host, or both."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import ABSENT
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.installation import InstallationStep, StepKind
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import (
    Fixed,
    FixedFully,
    PackageRun,
    RolledBack,
    Seen,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.undo import Undo
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.runs import fixed, unwound
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.updates import diff, fixed_fully, updated
from tests.support.hosts import value
from tests.unit.plugin_utils.report.package_runs import (
    BEFORE,
    CLIENT,
    FINE,
    OTHER,
    RUN,
    SETTING,
    TLS,
    done,
    seen,
)


def settings(*steps: RegistryStep, before: Seen | None = None, **more: t.Any) -> Fixed:
    return Fixed(**{"before": before or BEFORE, "after": FINE, "steps": steps, "withheld": (), **more})


def test_packages_settings_restart() -> None:
    run = done(packages=(TLS,), restart_needed="KB4019276 waits for it", broken=("one",)).in_force()
    first = settings(SETTING, before=seen("win7-sp1"), run=RUN, broken=("two",))
    answer = fixed_fully(FixedFully(run, first, settings(after=FINE, before=FINE), restarted=True))
    assert answer == json.loads(json.dumps(answer))
    assert set(answer) == {*fixed(first), "updates", "restarts", "run_again"}
    assert answer["before"]["host"]["os"] == "xp-sp3", "before the packages, not between them and the settings"
    assert (answer["after"]["host"]["os"], answer["verdict"]) == ("win11-24h2", FINE.audit.verdict.value)
    assert (answer["run"], answer["run_again"], answer["restarts"]) == (RUN, None, 1)
    assert [change["name"] for change in answer["changes"]] == ["DisabledByDefault"]
    assert answer["locks_broken"] == ["one", "two"]
    assert (answer["reboot_required"], answer["reboot_reasons"]) == (False, [])
    assert answer["diff"]["after"] == diff(run)["after"] + fixed(first)["diff"]["after"]
    whole = updated(run)
    assert [(one["outcome"], one["code"]) for one in whole["packages"]] == [("installed", "3010")]
    left_out = {"schema", "verdict", "before", "after", "diff"}
    assert answer["updates"] == {name: whole[name] for name in whole.keys() - left_out}


def test_without_packages_it_is_the_fix() -> None:
    first = settings(SETTING, run=RUN)
    assert fixed_fully(FixedFully(None, first)) == {**fixed(first), "restarts": 0, "run_again": None}


def test_what_the_fix_after_the_restart_had_to_change_is_told() -> None:
    other = RegistryStep("tls", CLIENT, "Enabled", ABSENT, value("Enabled", 1))
    again = settings(other, run="20261122T070000Z-5e6f7a8b", failed=("Enabled is not there",))
    answer = fixed_fully(FixedFully(None, settings(SETTING, run=RUN), again, restarted=True))
    assert (answer["run"], answer["run_again"]) == (RUN, "20261122T070000Z-5e6f7a8b")
    assert [change["name"] for change in answer["changes"]] == ["DisabledByDefault", "Enabled"]
    assert '"Enabled"=dword:00000001' in answer["diff"]["after"]
    assert (answer["failed"], answer["errors"]) == (True, ["Enabled is not there"])
    assert "20261122T070000Z-5e6f7a8b" in answer["msg"]


@pytest.mark.parametrize(("packages", "steps"), [((), ()), ((TLS,), ()), ((), (SETTING,)), ((TLS,), (SETTING,))])
def test_either_part_is_a_change(packages: tuple[PackageRun, ...], steps: tuple[RegistryStep, ...]) -> None:
    answer = fixed_fully(FixedFully(done(packages=packages), settings(*steps)))
    assert answer["changed"] is bool(packages or steps)
    assert answer["updates"]["changed"] is bool(packages)
    assert fixed_fully(FixedFully(done(packages=packages), settings(*steps), restarted=True))["changed"]


def test_check_mode_has_no_audit_after_it() -> None:
    planned = PackageRun("KB1", "install", "planned", "KB1 would be installed.")
    answer = fixed_fully(FixedFully(done(after=None, packages=(planned,)), settings(after=BEFORE)))
    assert answer["after"] is None
    assert answer["changed"]


def test_packages_that_failed_leave_the_settings_alone() -> None:
    answer = fixed_fully(FixedFully(done(packages=(TLS,), failed=("KB1 failed.",), restart_needed="TLS waits")))
    assert (answer["failed"], answer["msg"], answer["errors"]) == (True, "KB1 failed.", ["KB1 failed."])
    assert answer["updates"]["errors"] == ["KB1 failed."]
    assert (answer["changes"], answer["run"], answer["changed"]) == ([], None, True)
    assert answer["reboot_reasons"] == ["TLS waits"]


def test_a_host_that_was_lost_is_unreachable() -> None:
    for answer in (
        updated(done(after=None, failed=("gone",), lost=True)),
        fixed_fully(FixedFully(done(after=None, failed=("gone",), lost=True))),
    ):
        assert (answer["unreachable"], answer["msg"], answer["after"]) == (True, "gone.", None)
        assert "failed" not in answer
        assert "run" in answer, "the playbook counts it as failed by this"


def test_a_restart_that_failed() -> None:
    run = done(packages=(TLS,), restart_needed="TLS waits")
    answer = fixed_fully(FixedFully(run, settings(SETTING, run=RUN), failed="The host did not come back."))
    assert (answer["failed"], answer["msg"], answer["restarts"]) == (True, "The host did not come back.", 0)
    assert answer["reboot_required"]
    after = fixed_fully(
        FixedFully(run.in_force(), settings(SETTING, run=RUN), restarted=True, failed="The host was restarted; x.")
    )
    assert (after["restarts"], after["reboot_required"], after["changed"]) == (1, False, True)


def test_an_update_that_was_left_out_is_withheld() -> None:
    left = (OTHER, InstallationStep(StepKind.REFUSED, "KB3140245", "KB3140245 is left out, since no mail needs it."))
    (one,) = fixed_fully(FixedFully(done(left=left), settings()))["withheld"]
    assert one == {
        "family": "updates",
        "what": "KB3140245",
        "key": None,
        "name": None,
        "why": "KB3140245 is left out, since no mail needs it.",
        "consent": None,
    }


def test_settings_that_were_undone() -> None:
    first = settings(SETTING, run=RUN, failed=("it is not there",))
    whole = fixed_fully(FixedFully(done(packages=(TLS,), restart_needed="TLS waits"), first))
    answer = unwound(whole, first, RolledBack((RUN,), Undo((), (), ())))
    assert (answer["changed"], answer["failed"], answer["reboot_reasons"]) == (True, True, ["TLS waits"])
    assert answer["unwound"]["undone"] == [RUN]
    assert answer["msg"].endswith("It was undone.")
