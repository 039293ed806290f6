# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several runs on the same places, rollbacks among them, on a small registry: whatever happened can be undone."""

from __future__ import annotations

import hypothesis
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import (
    Journal,
    RegistryStep,
    RuleStep,
    Step,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    RegistryImage,
    RegistryType,
    RegistryValue,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry_keys import with_key
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import rules
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.steps import after_steps, with_creations
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.undo import undo
from tests.support.hosts import region
from tests.unit.plugin_utils.plan.runs_on_images import RULES, content, journal

ROOT = r"HKLM\SOFTWARE"
KEYS = (rf"{ROOT}\A", rf"{ROOT}\A\B", rf"{ROOT}\A\B\C", rf"{ROOT}\D")
BLOCK = "v2.10|Action=Block|Active=TRUE|Dir=Out|Protocol=6|RPort=993|Name=theirs|"
OURS = "v2.10|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|RPort=993|Name=MailFleet|"
examples = hypothesis.settings(max_examples=150)

data = st.none() | st.integers(0, 2) | st.sampled_from(("", "text")) | st.just(b"\x00")
writes = st.tuples(st.sampled_from(KEYS), st.sampled_from(("x", "Y", "")), data)
switches = st.sampled_from(("add", "delete", "on", "off"))
runs = st.lists(st.lists(writes | switches, max_size=5) | st.just("rollback"), min_size=1, max_size=4)


@st.composite
def images(draw: st.DrawFn) -> RegistryImage:
    image = RegistryImage((region("HKLM", {ROOT: {}, RULES: {"{1}": BLOCK}}),))
    for key in draw(st.lists(st.sampled_from(KEYS), max_size=2)):
        image = with_key(image, key)
    for key, name, raw in draw(st.lists(writes, max_size=3)):
        image = image if raw is None else with_key(image, key).with_value(key, value(name, raw))
    return image


def value(name: str, raw: object) -> RegistryValue:
    kinds = {int: RegistryType.DWORD, str: RegistryType.SZ, bytes: RegistryType.BINARY}
    return RegistryValue(name, kinds[type(raw)], raw)  # type: ignore[arg-type]


def rule_step(image: RegistryImage, verb: str) -> Step | None:
    ours = verb in ("add", "delete")
    now = rules.named(image, RULES, "MailFleet" if ours else "theirs")
    assert isinstance(now, dict)
    if ours:
        before, after = (ABSENT, OURS) if verb == "add" else (next(iter(now.values()), ABSENT), ABSENT)
        return None if bool(now) == (verb == "add") else RuleStep(RULES, "", "MailFleet", before, after)
    text = now["{1}"]
    after = rules.switched(text, verb == "on")
    return None if after == text else RuleStep(RULES, "{1}", "theirs", text, after)


def made(image: RegistryImage, wishes: list[object]) -> tuple[Step, ...]:
    """Steps as a fix makes them: one per place, of what was read before the run."""
    found: dict[object, Step] = {}
    for wish in wishes:
        if isinstance(wish, str):
            step = rule_step(image, wish)
        else:
            key, name, raw = wish  # type: ignore[misc]
            before = image.value(key, name)
            assert isinstance(before, RegistryValue) or before is ABSENT
            after = ABSENT if raw is None else value(name, raw)
            step = None if before == after else RegistryStep("tls", key, name, before, after)
        if step is not None:
            found[step.place] = step
    return with_creations(image, found.values())[0]


@examples
@given(images(), runs, st.data())
def test_the_newest_runs_are_undone_to_where_they_began(
    first: RegistryImage, wishes: list[object], choice: st.DataObject
) -> None:
    image, stages, journals = first, [first], list[Journal]()
    for number, wish in enumerate(wishes):
        if wish == "rollback":
            steps = undo(journals[:1], image).steps
        else:
            assert isinstance(wish, list)
            steps = made(image, wish)
        image = after_steps(image, steps)
        journals.insert(0, journal(f"20261122T000000Z-0000000{number}", steps))
        stages.append(image)
    back = choice.draw(st.integers(0, len(journals)))
    chosen = journals[:back]
    crash = choice.draw(st.integers(0, len(journals[0].steps)))
    broken = after_steps(stages[-2], journals[0].steps[:crash]) if back else image
    found = undo(chosen, broken)
    assert found.refused == ()
    restored = after_steps(broken, found.steps)
    assert content(restored) == content(stages[len(stages) - 1 - back])
    assert undo(chosen, restored).steps == ()
