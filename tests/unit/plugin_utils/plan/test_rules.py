# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Firewall rules: found by name, compared whatever Windows made of the text, switched, in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RuleStep, inverse
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    RegistryImage,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import rules
from ansible_collections.mailfleet.client.plugins.plugin_utils.read import firewall_rule
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.commands import commands
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import PART, USER
from tests.support.hosts import region

KEY = r"HKLM\SYSTEM\Rules"
OURS = "v2.10|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|Profile=Domain|Profile=Private|RPort=25|RPort=465|Name=M 1|"
NETSH = "v2.30|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|Profile=Private|Profile=Domain|RPort=465|RPort=25|Name=M 1|"
THEIRS = "v2.10|Action=Block|Active=TRUE|Dir=Out|Protocol=6|RPort2_10=20-30|App=C:\\x.exe|Name=no mail|"
NAMES = ["MailFleet 20261122T010000Z-0123abcd 1", "Block (mail)", "a'b", "x" * 255]


def image(**texts: object) -> RegistryImage:
    found = region("HKLM", {KEY: dict(texts)})  # type: ignore[dict-item]
    return RegistryImage((found,))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (OURS, NETSH),
        (OURS, OURS.replace("RPort=25|", "RPort2_10=25-25|")),
        (THEIRS, THEIRS.replace("App=C:", "app=c:").replace("Block", "block")),
        (OURS, OURS.replace("Profile=Domain", "profile=domain")),
        ("v2.10|Action=Allow|Dir=Out|Name=a|", "v2.10|Action=Allow|Active=FALSE|Dir=Out|Protocol=256|Name=a|"),
        (
            "v2.10|Action=Allow|Dir=Out|Name=a|",
            "v2.10|Action=Allow|Dir=Out|Profile=Public|Profile=Private|Profile=Domain|Name=a|",
        ),
        ("no rule", "no rule"),
    ],
)
def test_one_rule_in_two_spellings(one: str, other: str) -> None:
    for pair in ((one, other), (other, one)):
        assert rules.same_rule(*pair)


@pytest.mark.parametrize(
    "other",
    [
        OURS.replace("TRUE", "FALSE"),
        OURS.replace("Allow", "Block"),
        OURS.replace("RPort=465", "RPort=466"),
        OURS.replace("RPort=465|", ""),
        OURS.replace("Profile=Domain|", ""),
        OURS.replace("Name=M 1", "Name=M 2"),
        OURS + "App=C:\\x.exe|",
        OURS + "RA4=10.0.0.1|",
        OURS.replace("Protocol=6", "Protocol=17"),
        "no rule",
    ],
)
def test_another_rule(other: str) -> None:
    assert not rules.same_rule(OURS, other)
    assert not rules.same_rule(other, OURS)


@given(st.permutations(OURS.split("|")[1:-1]), st.sampled_from(("v2.0", "v2.33", "V2.10")))
def test_the_order_of_fields_and_the_version_do_not_count(fields: list[str], version: str) -> None:
    assert rules.same_rule(OURS, "|".join((version, *fields, "")))


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("text", [OURS, THEIRS, "v2.0|Action=Block|Dir=Out|Name=x|"])
def test_a_rule_is_switched_and_nothing_else(text: str, active: bool) -> None:
    new = rules.switched(text, active)
    assert rules.is_active(new) is active
    assert rules.same_rule(rules.switched(new, rules.is_active(text)), text)
    with pytest.raises(ValueError, match="cannot be read"):
        rules.switched("no rule", active)


@pytest.mark.parametrize("name", NAMES)
def test_names_for_netsh(name: str) -> None:
    assert firewall_rule.nameable(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " a",
        'a"b',
        "a&b",
        "50%",
        "a!",
        "@x.dll,-1",
        "ALL",
        "caf\u00e9",
        "a\nb",
        "x" * 256,
        "a?",
        "/?",
        "a {part}",
        "{user}",
        "a ",
    ],
)
def test_names_that_netsh_cannot_be_given(name: str) -> None:
    assert not firewall_rule.nameable(name)


@pytest.mark.parametrize("name", [*NAMES, "{1}", "a.b", "a/b"])
def test_every_such_name_becomes_a_command(name: str) -> None:
    """No step is made of which nobody can make a command; the placeholders are those of lines."""
    text = THEIRS.replace("no mail", name)
    step = RuleStep(KEY, "a", name, text, rules.switched(text, False))
    assert firewall_rule.nameable(name)
    assert commands(step, "MailFleet-0123456789abcdef")
    for taken in (PART, USER, "/?"):
        assert not firewall_rule.nameable(name + taken)


def test_rules_are_found_by_name_as_netsh_finds_them() -> None:
    inbound = OURS.replace("Dir=Out", "Dir=In")
    found = image(a=OURS, b=inbound, c=THEIRS, d="no rule", e=7, f=NETSH.replace("M 1", "m 1"))
    assert set(rules.named(found, KEY, "m 1")) == {"a", "f"}
    assert rules.named(found, KEY, "none") == {}
    assert rules.named(image(), KEY, "M 1") == {}
    assert isinstance(rules.named(RegistryImage(), KEY, "M 1"), Unread)


def test_a_rule_of_ours_is_alone_with_its_name_and_another_one_may_have_copies() -> None:
    added = RuleStep(KEY, "", "M 1", ABSENT, OURS)
    off = RuleStep(KEY, "a", "no mail", THEIRS, rules.switched(THEIRS, False))
    assert rules.content(image(a=NETSH), added) == NETSH
    assert rules.content(image(c=THEIRS), added) is ABSENT
    assert isinstance(rules.content(image(a=NETSH, b=OURS), added), Unread)
    assert rules.content(image(a=THEIRS, b=THEIRS), off) == THEIRS
    assert rules.content(image(a=THEIRS, b=THEIRS), inverse(off)) == THEIRS  # type: ignore[arg-type]
    assert isinstance(rules.content(image(a=THEIRS, b=rules.switched(THEIRS, False)), off), Unread)


def test_a_step_acts_on_all_rules_of_its_name() -> None:
    off = RuleStep(KEY, "a", "no mail", THEIRS, rules.switched(THEIRS, False))
    later = rules.applied(image(a=THEIRS, b=THEIRS, c=OURS), off)
    assert [later.value(KEY, name).data for name in "abc"] == [off.after, off.after, OURS]  # type: ignore[union-attr]
    added = RuleStep(KEY, "", "M 1", ABSENT, OURS)
    assert rules.applied(image(), added).value(KEY, "M 1") == RegistryValue("M 1", RegistryType.SZ, OURS)
    assert rules.applied(image(x=NETSH), added) == image(x=NETSH)
    assert rules.applied(image(x=NETSH), RuleStep(KEY, "", "M 1", OURS, ABSENT)).value(KEY, "x") is ABSENT
    assert rules.applied(RegistryImage(), added) == RegistryImage()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OURS, "allow, out, TCP, to ports 25,465, in profile domain,private, on"),
        (THEIRS, r"block, out, TCP, to ports 20-30, in any profile, App=C:\x.exe, on"),
        ("v2.0|Action=Block|Name=x|", "block, in or out, any protocol, in any profile, off"),
        (
            "v2.0|Action=Allow|Dir=Out|Protocol=17|Desc=\u202eevil|",
            r"allow, out, UDP, in any profile, Desc=\u202eevil, off",
        ),
        ("no\nrule", r"no\nrule"),
    ],
)
def test_words(text: str, words: str) -> None:
    assert rules.words(text) == words


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (
            RuleStep(KEY, "", "M 1", ABSENT, OURS),
            'add rule name="M 1" dir=out action=allow protocol=TCP remoteport=25,465 profile=domain,private enable=yes',
        ),
        (
            RuleStep(KEY, "", "no mail", ABSENT, THEIRS),
            'add rule name="no mail" dir=out action=block protocol=TCP remoteport=20-30 profile=any enable=yes'
            r' program="C:\x.exe"',
        ),
        (RuleStep(KEY, "", "M 1", OURS, ABSENT), 'delete rule name="M 1" dir=out'),
        (
            RuleStep(KEY, "a", "no mail", THEIRS, rules.switched(THEIRS, False)),
            'set rule name="no mail" dir=out new enable=no',
        ),
    ],
)
def test_what_a_person_types(step: RuleStep, line: str) -> None:
    assert rules.netsh(step) == f"netsh advfirewall firewall {line}"
