# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The POSReady flag: asked for, set by a journal that may be followed, and put back exactly."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import Journal, RegistryStep
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import ABSENT, RegistryData
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import ChangeKind, Plan
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import posready
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.consents import CONSENTS, POSREADY, lacking
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.prerequisites import sets_posready
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.selection import select
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.steps import after_steps, steps
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.undo import undo
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.fixing import fix
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Visit
from tests.support.hosts import KNOWLEDGE, TODAY, Keys, host
from tests.support.lab_shell import _READING, Bench, LabShell, consents
from tests.unit.plugin_utils.plan.runs_on_images import FIRST, journal
from tests.unit.plugin_utils.plan.trusted import fix as fix_of
from tests.unit.plugin_utils.plan.trusted import judged, rollback, step

WPA = r"HKLM\SYSTEM\WPA"
FLAG = KNOWLEDGE.registry["posready"].key
UPDATE = KNOWLEDGE.updates["KB4019276"]


def made(*layers: Keys) -> tuple[RegistryStep, ...]:
    ctx = host("xp-sp3", {WPA: {}}, *layers)
    found = steps(ctx, (posready.change(ctx),), FIRST)
    assert (found.withheld, found.ask) == ((), ())
    return found.steps  # type: ignore[return-value]


def test_a_change_like_others_that_needs_its_consent() -> None:
    change = posready.change(host("xp-sp3"))
    assert (change.kind, change.family, change.consent) == (ChangeKind.REGISTRY, posready.FAMILY, POSREADY)
    assert (change.details["data"], change.details["before"]) == (1, None)
    (withheld,) = select(Plan((change,)), frozenset(CONSENTS) - {POSREADY}).withheld
    assert (withheld.consent, withheld.why) == (POSREADY, lacking(POSREADY))
    assert select(Plan((change,)), frozenset({POSREADY})).chosen == (change,)


def test_the_consent_says_what_it_means() -> None:
    risk = CONSENTS[POSREADY].risk
    for part in ("Windows then says that it is what it is not", "not for XP", "Windows Update may offer"):
        assert part in risk


@pytest.mark.parametrize(
    ("layer", "before", "creates"),
    [
        ({}, None, (FLAG,)),
        ({FLAG: {}}, None, ()),
        ({FLAG: {"Installed": 0}}, 0, ()),
        ({FLAG: {"Installed": "1"}}, "1", ()),
    ],
)
def test_the_step_is_trusted_and_undone_exactly(
    layer: Keys, before: RegistryData | None, creates: tuple[str, ...]
) -> None:
    (found,) = made(layer)
    assert (found.key, found.name, found.creates) == (FLAG, "Installed", creates)
    assert (None if found.before is ABSENT else found.before.data) == before  # type: ignore[union-attr]
    assert judged(fix_of(found)) == ()
    image = host("xp-sp3", {WPA: {}}, layer).snapshot.image
    done = after_steps(image, (found,))
    back = undo([_journal(found)], done)
    assert (back.refused, back.already) == ((), ())
    assert judged(rollback(*back.steps)) == ()
    restored = after_steps(done, back.steps)
    assert restored.value(FLAG, "Installed") == image.value(FLAG, "Installed")
    assert restored.key(FLAG) == image.key(FLAG)


def _journal(found: RegistryStep) -> Journal:
    return journal(FIRST, (found,))


def test_a_flag_that_is_set_gives_no_step_and_is_not_asked_for() -> None:
    layer = {FLAG: {"Installed": 1}}
    assert made(layer) == ()
    assert not sets_posready(host("xp-sp3", {WPA: {}}, layer), UPDATE)
    assert sets_posready(host("xp-sp3"), UPDATE)
    assert not sets_posready(host("vista-sp2"), UPDATE)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (step("updates", FLAG, "Installed", 2), "writes data that no plan writes there"),
        (step("updates", FLAG, "Installed", "1"), "where a plan writes a REG_DWORD"),
        (step("updates", FLAG, "Installed", None), "which no plan does"),
        (step("updates", FLAG, "Other", 1), "is no place that a plan changes"),
        (step("updates", KNOWLEDGE.registry["wes"].key, "Installed", 1), "is no place that a plan changes"),
        (step("tls", FLAG, "Installed", 1), "is of the family updates, not tls"),
        (dataclasses.replace(step("updates", FLAG, "Installed", 1), creates=(WPA,)), "comes or goes with it"),
    ],
)
def test_journals_that_no_plan_made(entry: RegistryStep, why: str) -> None:
    (objection,) = judged(fix_of(entry))
    assert why in objection


def test_on_a_host_it_comes_and_goes(tmp_path: Path) -> None:
    bench = Bench(tmp_path, os="xp-sp3")
    # It holds what Windows Product Activation keeps, on every XP.
    bench.host.registry.create(WPA)
    before = bench.registry()
    options = AuditOptions(today=TODAY)

    def run(*names: str) -> tuple[object, ...]:
        shell = LabShell(bench.host)
        visit = Visit(shell, KNOWLEDGE, options, _READING, bench.desk(), consents(*names))
        done = fix(visit, lambda ctx: (posready.change(ctx),))
        assert done.failed == ()
        return done.steps

    assert run() == ()
    assert bench.registry() == before
    assert len(run(POSREADY)) == 1
    long_path = FLAG.replace("HKLM", "HKEY_LOCAL_MACHINE")
    assert next(value for path, value in bench.registry().items() if path == long_path)
    assert run(POSREADY) == ()
    assert bench.roll_back().failed == ()
    assert bench.registry() == before
