# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollback puts back, what it leaves and says so, and what needs nothing."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import (
    Journal,
    RegistryStep,
    RuleStep,
    Step,
    inverse,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Absent,
    Region,
    RegistryImage,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry_keys import has_key, with_key
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import rules
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.places import same
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.steps import after_steps
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.undo import Undo, undo
from tests.support.hosts import ALICE, PROTOCOLS, region, value
from tests.unit.plugin_utils.plan.runs_on_images import FIRST, RULES, SECOND, THIRD, journal

CLIENT = PROTOCOLS + r"\TLS 1.2\Client"
ABOVE = CLIENT.rpartition("\\")[0]
INET = ALICE.root + r"\Software\Settings"
OURS = f"MailFleet {FIRST} 1"
ALLOW = f"v2.10|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|RPort=25|RPort=993|Name={OURS}|"
NETSH = f"v2.31|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|RPort=993|RPort=25|Name={OURS}|"
BLOCK = "v2.10|Action=Block|Active=TRUE|Dir=Out|Protocol=6|RPort=993|Name=no mail|"
ADDED = RuleStep(RULES, "", OURS, ABSENT, ALLOW)
OFF = RuleStep(RULES, "{1}", "no mail", BLOCK, rules.switched(BLOCK, False))


def image(**values: object) -> RegistryImage:
    machine = region("HKLM", {PROTOCOLS: {}, CLIENT: values} if values else {PROTOCOLS: {}})  # type: ignore[dict-item]
    return RegistryImage((machine, region("HKU", {INET: {"x": 1}})))


def store(**texts: str) -> RegistryImage:
    return RegistryImage((region("HKLM", {RULES: texts}),))


def step(before: int | None, after: int | None, name: str = "Enabled", creates: tuple[str, ...] = ()) -> RegistryStep:
    sides = [ABSENT if data is None else value(name, data) for data in (before, after)]
    return RegistryStep("tls", CLIENT, name, sides[0], sides[1], creates)


def one(*done: Step) -> tuple[Journal, ...]:
    return (journal(FIRST, done),)


FRESH = step(None, 1, creates=(ABOVE, CLIENT))


def test_a_step_is_turned_round_and_its_keys_go_with_it() -> None:
    found = undo(one(FRESH), image(Enabled=1))
    assert found == Undo((inverse(FRESH),), (), ())
    assert has_key(after_steps(image(Enabled=1), found.steps), ABOVE) is False


def test_the_newest_step_is_undone_first() -> None:
    other = step(0, 2, "Other")
    found = undo(one(FRESH, other), image(Enabled=1, Other=2))
    assert found.steps == (inverse(other), inverse(FRESH))


def test_what_was_undone_already_needs_nothing() -> None:
    found = undo(one(FRESH, step(0, 1, "Other")), image(Other=0))
    assert found.steps == found.refused == ()
    assert found.already == (
        f"{CLIENT}\\Other is as it was before run {FIRST}.",
        f"{CLIENT}\\Enabled is as it was before run {FIRST}.",
    )


def test_a_key_that_a_broken_undo_left_empty_is_still_removed_and_a_full_one_stays() -> None:
    left = with_key(image(), CLIENT)
    (cleaning,) = undo(one(FRESH), left).steps
    assert cleaning == dataclasses.replace(FRESH, after=ABSENT, creates=(), removes=(ABOVE, CLIENT))
    assert after_steps(left, (cleaning,)) == image()
    full = undo(one(FRESH), image(Theirs=1))
    assert (full.steps, len(full.already)) == ((), 1)


def test_a_value_that_drifted_is_refused_and_named_and_the_rest_goes_on() -> None:
    other = step(0, 1, "Other")
    found = undo(one(other, step(1, 0)), image(Enabled=7, Other=1))
    assert found.steps == (inverse(other),)
    assert found.refused == (
        f"{CLIENT}\\Enabled has changed since run {FIRST}: it holds dword:00000007, and the run left dword:00000000;"
        " it is left so.",
    )


def test_what_a_user_wrote_since_is_not_repeated_where_it_may_hold_a_login() -> None:
    proxy = RegistryStep("proxy", INET, "ProxyServer", ABSENT, value("ProxyServer", "proxy:1"))
    held = RegistryImage((region("HKU", {INET: {"ProxyServer": "http://bob:S3cret@proxy:8080"}}),))
    (refused,) = undo(one(proxy), held).refused
    assert "it holds (not shown: may hold a user and a password), and the run left" in refused
    assert "S3cret" not in refused


@pytest.mark.parametrize(
    ("now", "drifted"),
    [(("1", RegistryType.SZ), True), ((b"\x01", RegistryType.DWORD), True), ((0, RegistryType.DWORD), False)],
)
def test_another_type_is_drift(now: tuple[int | str | bytes, RegistryType], drifted: bool) -> None:
    there = image(Other=1).with_value(CLIENT, RegistryValue("ENABLED", now[1], now[0]))
    assert bool(undo(one(step(1, 0)), there).refused) == drifted


def test_places_that_could_not_be_read_are_refused() -> None:
    denied = RegistryImage((Region(CLIENT, True, Unread("Access is denied.")), *image().regions))
    found = undo(one(FRESH), denied)
    assert (found.steps, found.already) == ((), ())
    assert found.refused == (
        f"{CLIENT}\\Enabled is left as it is: what it holds could not be told (Access is denied).",
    )


def test_runs_on_one_place_become_one_step() -> None:
    journals = (journal(SECOND, (step(1, 2),)), *one(step(0, 1)))
    assert undo(journals, image(Enabled=2)).steps == (step(2, 0),)
    assert undo(journals, image(Enabled=1)).steps == (step(1, 0),)
    assert undo(journals, image(Enabled=0)).steps == ()
    assert undo(journals[:1], image(Enabled=2)).steps == (step(2, 1),)


def test_where_somebody_changed_a_place_between_two_runs_the_newer_one_is_undone() -> None:
    found = undo((journal(SECOND, (step(5, 2),)), *one(step(0, 1))), image(Enabled=2))
    assert found.steps == (step(2, 5),)
    assert f"changed since run {FIRST}: it holds dword:00000005" in found.refused[0]


def test_undoing_a_rollback_does_the_fix_again_and_undoing_both_gives_the_first_state() -> None:
    back = journal(SECOND, (inverse(FRESH),), "rollback")
    assert undo((back,), image()).steps == (FRESH,)
    assert undo((back, *one(FRESH)), image()).steps == ()
    again = undo((journal(THIRD, (FRESH,)), back, *one(FRESH)), image(Enabled=1))
    assert again.steps == (inverse(FRESH),)


def test_a_key_that_is_gone_is_made_again_and_its_undo_knows() -> None:
    gone = undo(one(step(1, None)), image())
    assert gone.steps == (dataclasses.replace(step(None, 1), creates=(ABOVE, CLIENT)),)


def test_users_who_are_not_logged_on_are_not_taken_for_users_without_settings() -> None:
    mine = RegistryStep("wininet", INET, "x", ABSENT, value("x", 1))
    assert undo(one(mine), image(), frozenset({ALICE.sid})).steps == (inverse(mine),)
    for there, sids in ((image(), frozenset[str]()), (image().without_key(ALICE.root), None)):
        found = undo(one(mine), there, sids)
        assert (found.steps, found.already) == ((), ())
        assert f"the user {ALICE.sid} is not logged on" in found.refused[0]


@pytest.mark.parametrize("text", [ALLOW, NETSH])
def test_a_rule_that_netsh_made_of_ours_is_deleted(text: str) -> None:
    found = undo(one(ADDED), store(a=text))
    assert found == Undo((RuleStep(RULES, "", OURS, text, ABSENT),), (), ())
    assert same(after_steps(store(a=text), found.steps).value(RULES, "a"), ABSENT)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("there", "why"),
    [
        (store(a=ALLOW.replace("993", "994")), "has changed since run"),
        (store(a=rules.switched(NETSH, False)), "has changed since run"),
        (store(a=ALLOW, b=NETSH), "2 rules have the name"),
        (RegistryImage(), "was not asked for"),
    ],
)
def test_rules_of_ours_that_are_not_as_we_left_them(there: RegistryImage, why: str) -> None:
    found = undo(one(ADDED), there)
    assert (found.steps, found.already, len(found.refused)) == ((), (), 1)
    assert why in found.refused[0]
    assert f'the firewall rule "{OURS}"' in found.refused[0]


def test_a_rule_of_ours_that_is_gone_needs_nothing_and_a_deleted_one_comes_back() -> None:
    assert undo(one(ADDED), store()).already == (f'the firewall rule "{OURS}" is as it was before run {FIRST}.',)
    assert undo(one(RuleStep(RULES, "", OURS, NETSH, ABSENT)), store()).steps == (
        RuleStep(RULES, "", OURS, ABSENT, NETSH),
    )


def test_a_rule_that_was_switched_off_is_switched_on_as_it_stands_now() -> None:
    newer = rules.switched(BLOCK, False).replace("v2.10", "v2.31")
    (found,) = undo(one(OFF), store(**{"{1}": newer})).steps
    assert found == RuleStep(RULES, "{1}", "no mail", newer, rules.switched(newer, True))
    assert undo(one(OFF), store(**{"{1}": BLOCK})).steps == ()
    for gone in (store(), store(**{"{1}": newer.replace("993", "25")}), store(a=newer, b=BLOCK)):
        found_none = undo(one(OFF), gone)
        assert (found_none.steps, len(found_none.refused)) == ((), 1)


def test_a_rule_and_a_value_of_one_name_are_two_places() -> None:
    odd = RegistryStep("x", RULES, OURS, ABSENT, value(OURS, 1))
    found = undo(one(ADDED, odd), store(a=NETSH))
    assert len(found.steps) + len(found.already) + len(found.refused) == 2


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (ABSENT, ABSENT, True),
        (ABSENT, value("x", 0), False),
        (ABSENT, ALLOW, False),
        (ALLOW, value("x", ALLOW), False),
        (value("x", 1), value("X", 1), True),
        (value("x", 1), RegistryValue("x", RegistryType.QWORD, 1), False),
        (ALLOW, NETSH, True),
    ],
)
def test_same(left: RegistryValue | Absent | str, right: RegistryValue | Absent | str, equal: bool) -> None:
    assert same(left, right) is equal
    assert same(right, left) is equal
