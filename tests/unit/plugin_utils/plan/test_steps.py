# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From changes to steps: before, after, keys that are made, and what must be left as it is."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep, RuleStep, inverse
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Region,
    RegistryImage,
    RegistryKey,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry_keys import has_key
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Change, ChangeKind
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import rules
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.steps import (
    Steps,
    after_steps,
    is_empty,
    missing_keys,
    steps,
)
from tests.support.hosts import ALICE, KNOWLEDGE, PROTOCOLS, SCHANNEL, Keys, host, region
from tests.unit.plugin_utils.plan.runs_on_images import FIRST, RULES, living, over

CLIENT = PROTOCOLS + r"\TLS 1.2\Client"
INET = ALICE.root + "\\" + KNOWLEDGE.registry["wininet-user"].key
BLOCK = "v2.10|Action=Block|Active=TRUE|Dir=Out|Protocol=6|RPort=993|Name=no mail|"


def change(key: str, name: str, data: t.Any, kind: str = "REG_DWORD", of: ChangeKind = ChangeKind.REGISTRY) -> Change:
    return Change(of, "tls", "why", {"key": key, "name": name, "type": kind, "data": data, "before": None})


def rule(action: str, name: str, text: str, rule_id: str = "{1}") -> Change:
    details = {"action": action, "key": RULES, "id": rule_id, "name": name, "rule": text}
    return Change(ChangeKind.FIREWALL, "firewall", "why", details)


def windows(*layers: Keys, **fields: t.Any) -> Context:
    return living(host("win7-sp1", *layers, **fields))


def dword(name: str, data: int) -> RegistryValue:
    return RegistryValue(name, RegistryType.DWORD, data)


def test_a_step_says_what_was_and_what_will_be_and_which_keys_come() -> None:
    ctx = windows({PROTOCOLS: {}})
    changes = (change(CLIENT, "DisabledByDefault", 0), change(CLIENT, "Enabled", 1))
    made = (PROTOCOLS + r"\TLS 1.2", CLIENT)
    assert steps(ctx, changes, FIRST) == Steps(
        (
            RegistryStep("tls", CLIENT, "DisabledByDefault", ABSENT, dword("DisabledByDefault", 0), creates=made),
            RegistryStep("tls", CLIENT, "Enabled", ABSENT, dword("Enabled", 1)),
        )
    )


def test_what_is_already_there_gives_no_step_and_the_name_keeps_the_spelling_of_the_plan() -> None:
    ctx = windows({CLIENT: {"ENABLED": 1, "DISABLEDBYDEFAULT": 1}})
    changes = (change(CLIENT, "Enabled", 1), change(CLIENT, "DisabledByDefault", 0), change(CLIENT, "None", None))
    (step,) = steps(ctx, changes, FIRST).steps
    assert step == RegistryStep(
        "tls", CLIENT, "DisabledByDefault", dword("DisabledByDefault", 1), dword("DisabledByDefault", 0)
    )


def test_a_number_of_another_type_is_another_value() -> None:
    (step,) = steps(windows({CLIENT: {"Enabled": "1"}}), (change(CLIENT, "Enabled", 1),), FIRST).steps
    assert step.before == RegistryValue("Enabled", RegistryType.SZ, "1")


def test_the_last_change_of_a_place_wins() -> None:
    ctx = windows({CLIENT: {"Enabled": 0, "Other": 1}})
    changes = (change(CLIENT, "Enabled", 2), change(CLIENT, "Other", 2), change(CLIENT.upper(), "ENABLED", 1))
    assert [step.after for step in steps(ctx, changes, FIRST).steps] == [dword("Other", 2), dword("ENABLED", 1)]
    back = (change(CLIENT, "Enabled", 2), change(CLIENT, "Enabled", 0))
    assert steps(ctx, back, FIRST).steps == ()


def test_a_value_can_be_deleted_and_a_list_written() -> None:
    ctx = windows({INET: {"ProxyEnable": 1}, SCHANNEL: {}})
    changes = (
        change(INET, "ProxyEnable", None, of=ChangeKind.PROXY),
        change(SCHANNEL, "Functions", ["a", "b"], "REG_MULTI_SZ"),
    )
    gone, listed = steps(ctx, changes, FIRST).steps
    assert (gone.before, gone.after) == (dword("ProxyEnable", 1), ABSENT)
    assert listed.after == RegistryValue("Functions", RegistryType.MULTI_SZ, ("a", "b"))


@pytest.mark.parametrize(
    ("there", "wanted", "kind", "why"),
    [
        ("caf\u00e9", "", "REG_SZ", "what is there holds other characters than printable ASCII"),
        ("", "caf\u00e9", "REG_SZ", "what would be written holds other characters than printable ASCII"),
        ("http://me:secret@proxy:1", "", "REG_SZ", "what is there holds a user and a password"),
        ("", "me:secret@proxy:1", "REG_SZ", "what would be written holds a user and a password"),
        ("a?", "", "REG_SZ", 'what is there holds "?"'),
    ],
)
def test_what_could_not_be_put_back_is_withheld(there: str, wanted: str, kind: str, why: str) -> None:
    asked = change(INET, "ProxyServer", wanted, kind, ChangeKind.PROXY)
    found = steps(windows({INET: {"ProxyServer": there}}), (asked,), FIRST)
    assert (found.steps, [held.change for held in found.withheld]) == ((), [asked])
    said = found.withheld[0].why
    assert said.startswith(f"{INET}\\ProxyServer is left as it is: {why}")
    assert said.endswith(".")
    assert "secret" not in said
    assert found.withheld[0].consent is None


def test_proxy_settings_that_belong_together_are_withheld_together() -> None:
    below, other = INET + r"\Connections", INET.replace(ALICE.root, r"HKU\S-1-5-21-1-2-3-1002")
    ctx = windows({below: {"Blob": b"me:secret@proxy:1"}, other: {}, CLIENT: {}})
    values = [change(key, "ProxyEnable", 1, of=ChangeKind.PROXY) for key in (INET, other)]
    changes = (*values, change(below, "Blob", b"x", "REG_BINARY", ChangeKind.PROXY), change(CLIENT, "Enabled", 1))
    found = steps(ctx, changes, FIRST)
    assert [step.key for step in found.steps] == [other, CLIENT]
    assert [held.change for held in found.withheld] == [changes[2], changes[0]]
    assert found.withheld[1].why == (
        f"{INET}\\ProxyEnable is left as it is: it belongs to a value of {below} that must be left."
    )


def test_what_was_not_read_is_withheld_and_the_rest_is_done() -> None:
    ctx = windows({INET: {}}, unread={PROTOCOLS: "Access is denied."})
    found = steps(ctx, (change(CLIENT, "Enabled", 1), change(INET, "SecureProtocols", 2560)), FIRST)
    assert [step.key for step in found.steps] == [INET]
    assert found.withheld[0].why == (
        f"{CLIENT}\\Enabled could not be read, and could not be put back: Access is denied."
    )


def test_a_secret_is_withheld() -> None:
    found = steps(windows({INET: {}}), (change(INET, "My Password", 1),), FIRST)
    assert (found.steps, len(found.withheld)) == ((), 1)


@pytest.mark.parametrize("kind", [ChangeKind.UPDATE, ChangeKind.RELAY, ChangeKind.REBOOT])
def test_other_kinds_are_not_lost_in_silence(kind: ChangeKind) -> None:
    found = steps(windows(), (Change(kind, "x", "y", {}),), FIRST)
    assert (found.steps, len(found.withheld)) == ((), 1)


@pytest.mark.parametrize("run", ["", "plan", FIRST + "x", FIRST.upper(), f"{FIRST}\n"])
def test_runs_have_ids(run: str) -> None:
    with pytest.raises(ValueError, match="not the id of a run"):
        steps(windows(), (), run)


def test_keys_of_which_nobody_knows_are_asked_for_once() -> None:
    absent = Region(CLIENT, False, ABSENT)
    hive = RegistryKey(ALICE.root, (), ("Software",))
    one_value = Region(INET, False, ABSENT, names=frozenset({"secureprotocols"}))
    ctx = over(windows(), RegistryImage((absent, one_value, Region(ALICE.root, False, {ALICE.root.casefold(): hive}))))
    changes = (change(CLIENT, "Enabled", 1), change(CLIENT, "Other", 1), change(INET, "SecureProtocols", 1))
    found = steps(ctx, changes, FIRST)
    assert found.steps[0].creates == (CLIENT,)  # type: ignore[union-attr]
    above = [CLIENT.rpartition("\\")[0]]
    while above[0].count("\\") > 2:
        above.insert(0, above[0].rpartition("\\")[0])
    assert found.ask[: len(above)] == tuple(above)
    assert found.ask[-1] == INET
    assert len(set(found.ask)) == len(found.ask)
    protocols = Region(above[-2], False, {above[-2].casefold(): RegistryKey(above[-2])})
    answered = RegistryImage((Region(above[-1], False, ABSENT), protocols, absent))
    again = steps(over(ctx, answered), changes[:1], FIRST)
    assert (again.steps[0].creates, again.ask) == ((above[-1], CLIENT), ())  # type: ignore[union-attr]


def test_branches_of_the_registry_and_users_are_never_made() -> None:
    empty = RegistryImage((Region("HKLM", True, ABSENT), Region("HKU", True, ABSENT)))
    assert missing_keys(empty, r"HKLM\SOFTWARE\A") == ((r"HKLM\SOFTWARE\A",), ())
    assert missing_keys(empty, ALICE.root) == ((), ())


def test_rules_are_named_after_the_run_and_switched_as_they_were_read() -> None:
    text = "v2.10|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|RPort=25|Name=MailFleet plan 7|"
    ctx = windows({RULES: {"{1}": BLOCK}})
    planned = BLOCK.replace("v2.10", "v2.0").replace("TRUE", "FALSE")
    changes = (
        rule("disable_rule", "no mail", planned),
        *(rule("add_rule", f"MailFleet plan {n}", text) for n in (7, 8)),
    )
    off, first, second = steps(ctx, changes, FIRST).steps
    assert off == RuleStep(RULES, "{1}", "no mail", BLOCK, rules.switched(BLOCK, False))
    for number, step in enumerate((first, second), 1):
        name = f"MailFleet {FIRST} {number}"
        assert step == RuleStep(RULES, "", name, ABSENT, text.replace("MailFleet plan 7", name))


@pytest.mark.parametrize(
    ("store", "name", "why"),
    [
        ({"{1}": BLOCK.replace("no mail", "50% off")}, "50% off", "cannot be given to netsh"),
        ({"{2}": BLOCK}, "no mail", "no such rule any more"),
        ({"{1}": BLOCK.replace("Dir=Out|", "")}, "no mail", "outbound rules only"),
        ({"{1}": "no rule"}, "no mail", "cannot be read as a rule"),
        ({"{1}": BLOCK, "{2}": rules.switched(BLOCK, False)}, "no mail", "netsh would act on all of them"),
    ],
)
def test_rules_that_netsh_cannot_be_pointed_at_are_withheld(store: dict[str, str], name: str, why: str) -> None:
    found = steps(windows({RULES: store}), (rule("disable_rule", name, BLOCK),), FIRST)
    assert found.steps == ()
    assert why in found.withheld[0].why


def test_a_rule_that_is_off_needs_no_step() -> None:
    ctx = windows({RULES: {"{1}": rules.switched(BLOCK, False)}})
    assert steps(ctx, (rule("disable_rule", "no mail", BLOCK),), FIRST) == Steps(())


def test_an_empty_key_goes_with_its_step_and_a_full_one_stays() -> None:
    ctx = windows({PROTOCOLS: {}})
    done = steps(ctx, (change(CLIENT, "Enabled", 1),), FIRST).steps
    later = after_steps(ctx.snapshot.image, done)
    assert not is_empty(later, CLIENT)
    back = tuple(inverse(step) for step in reversed(done))
    assert after_steps(later, back) == ctx.snapshot.image
    kept = after_steps(later.with_value(CLIENT, dword("Other", 1)), back)
    assert has_key(kept, CLIENT)
    assert kept.value(CLIENT, "Enabled") is ABSENT


def test_steps_on_what_was_not_read_change_nothing_there() -> None:
    unread = RegistryImage((Region("HKLM", True, Unread("denied")),))
    step = RegistryStep("tls", CLIENT, "Enabled", ABSENT, dword("Enabled", 1), creates=(CLIENT,))
    assert after_steps(unread, (step,)).value(CLIENT, "Enabled") == Unread("denied")
    assert after_steps(unread, (inverse(step),)) == unread
    assert not is_empty(RegistryImage((region("HKLM", {}),)), CLIENT)
