# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a registry to what the firewall does to mail."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import firewall
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.firewall import Passage
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.firewall_state import profile_state
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import Profile
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import State
from tests.support.hosts import Keys, host
from tests.unit.plugin_utils.evaluate.firewall_rules import (
    ALLOW_587,
    DOMAIN,
    ENABLE,
    LOCAL,
    LOCAL_PRIVATE,
    MDM_RULES,
    MERGE,
    NO_587,
    NO_OUTLOOK,
    OUTBOUND,
    POLICY,
    POLICY_RULES,
    PRIVATE,
    PUBLIC,
    RULES,
    SERVICE,
    STANDARD,
    SUBMISSION,
    windows,
)

MAIL_PORTS = (25, 110, 143, 465, 587, 993, 995)
ALLOW, BLOCK, UNDECIDED, UNKNOWN = Passage.ALLOW, Passage.BLOCK, Passage.UNDECIDED, Passage.UNKNOWN


def passages(ctx: Context, program: str | None = None, port: int = 587) -> dict[str, Passage]:
    verdict = firewall.outbound(ctx).judge(program, port, "mail.example")
    return {found.profile.value: found.passage for found in verdict.profiles}


def everywhere(passage: Passage) -> dict[str, Passage]:
    return dict.fromkeys(("Domain", "Private", "Public"), passage)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ({}, everywhere(ALLOW)),
        ({RULES: {"a": NO_587}}, everywhere(BLOCK)),
        ({RULES: {"a": NO_587, "b": ALLOW_587}}, everywhere(BLOCK)),
        ({POLICY_RULES: {"a": NO_587}}, everywhere(BLOCK)),
        ({MDM_RULES: {"a": NO_587}}, everywhere(BLOCK)),
        ({RULES: {"a": NO_587.replace("TRUE", "FALSE")}}, everywhere(ALLOW)),
        ({RULES: {"a": NO_587.replace("Active=TRUE|", "")}}, everywhere(ALLOW)),
        ({RULES: {"a": NO_587.replace("Dir=Out", "Dir=In")}}, everywhere(ALLOW)),
        ({RULES: {"a": NO_587.replace("Protocol=6", "Protocol=17")}}, everywhere(ALLOW)),
        ({RULES: {"a": NO_587.replace("RPort=587", "RPort2_10=500-600")}}, everywhere(BLOCK)),
        ({RULES: {"a": NO_587.replace("RPort=587", "RPort=25|RPort=26")}}, everywhere(ALLOW)),
        ({RULES: {"a": NO_587 + "Svc=Dnscache|"}}, everywhere(ALLOW)),
        ({RULES: {"a": NO_587 + "AppPkgId=S-1-15-2-1|LUOwn=S-1-5-21-1|"}}, everywhere(ALLOW)),
        ({RULES: {"a": NO_587 + "TTK2_22=WFDPrint|"}}, everywhere(UNDECIDED)),
        ({RULES: {"a": NO_587 + "RA4=LocalSubnet|"}}, everywhere(UNDECIDED)),
        ({RULES: {"a": NO_587 + "Profile=Private|"}}, everywhere(ALLOW) | {"Private": BLOCK}),
        ({RULES: {"a": NO_587 + "Profile=Domain|Profile=Public|"}}, everywhere(BLOCK) | {"Private": ALLOW}),
        ({RULES: {"a": "this is no rule"}}, everywhere(UNKNOWN)),
        ({RULES: {"a": 7}}, everywhere(UNKNOWN)),
        ({SERVICE: {"Start": 4}, RULES: {"a": NO_587}}, everywhere(ALLOW)),
        ({SERVICE: {"Start": 3}, RULES: {"a": NO_587}}, everywhere(BLOCK)),
        ({SERVICE: {"Start": "4"}, RULES: {"a": NO_587}}, everywhere(UNKNOWN)),
    ],
)
def test_rules(layer: Keys, expected: dict[str, Passage]) -> None:
    assert passages(windows(layer)) == expected


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ({LOCAL_PRIVATE: {OUTBOUND: 1}}, everywhere(ALLOW) | {"Private": BLOCK}),
        ({LOCAL_PRIVATE: {OUTBOUND: 0}}, everywhere(ALLOW)),
        ({LOCAL_PRIVATE: {OUTBOUND: 1, ENABLE: 0}}, everywhere(ALLOW)),
        ({LOCAL_PRIVATE: {OUTBOUND: 1}, PRIVATE: {OUTBOUND: 0}}, everywhere(ALLOW)),
        ({LOCAL_PRIVATE: {OUTBOUND: 0}, PRIVATE: {OUTBOUND: 1}}, everywhere(ALLOW) | {"Private": BLOCK}),
        ({PRIVATE: {OUTBOUND: 1, ENABLE: 0}}, everywhere(ALLOW)),
        ({LOCAL_PRIVATE: {OUTBOUND: 2}}, everywhere(ALLOW) | {"Private": UNKNOWN}),
        ({LOCAL_PRIVATE: {OUTBOUND: "1"}}, everywhere(ALLOW) | {"Private": UNKNOWN}),
        # A local key of that name is no profile, and neither is the policy's for the default action.
        ({LOCAL + r"\PrivateProfile": {OUTBOUND: 1}}, everywhere(ALLOW)),
        ({STANDARD: {OUTBOUND: 1}}, everywhere(ALLOW)),
        ({RULES: {"a": NO_587}, PUBLIC: {MERGE: 0}}, everywhere(BLOCK) | {"Public": ALLOW}),
        ({POLICY_RULES: {"a": NO_587}, PUBLIC: {MERGE: 0}}, everywhere(BLOCK)),
        ({RULES: {"a": NO_587}, STANDARD: {MERGE: 0}}, everywhere(BLOCK)),
        ({RULES: {"a": ALLOW_587}, DOMAIN: {OUTBOUND: 1}}, everywhere(ALLOW)),
        ({RULES: {"a": ALLOW_587}, DOMAIN: {OUTBOUND: 1, MERGE: 0}}, everywhere(ALLOW) | {"Domain": BLOCK}),
        # StandardProfile of the policy switches private and public, while neither has a key of its own.
        ({RULES: {"a": NO_587}, STANDARD: {ENABLE: 0}}, everywhere(ALLOW) | {"Domain": BLOCK}),
        ({RULES: {"a": NO_587}, STANDARD: {ENABLE: 0}, PUBLIC: {}}, everywhere(BLOCK)),
        ({RULES: {"a": NO_587}, STANDARD: {ENABLE: 0}, PRIVATE: {ENABLE: 1}}, everywhere(BLOCK)),
        ({RULES: {"a": NO_587}, DOMAIN: {ENABLE: 0}}, everywhere(BLOCK) | {"Domain": ALLOW}),
    ],
)
def test_profiles(layer: Keys, expected: dict[str, Passage]) -> None:
    assert passages(windows(layer)) == expected


def test_a_rule_for_a_program_is_for_that_program_only() -> None:
    ctx = windows({RULES: {"a": NO_OUTLOOK}})
    assert passages(ctx, "OUTLOOK.EXE") == everywhere(BLOCK)
    assert passages(ctx, "wlmail.exe") == everywhere(ALLOW)
    assert passages(ctx, None) == everywhere(ALLOW)


@pytest.mark.parametrize("trap", [r"\RestrictedServices\Static\System", r"\RestrictedServices\AppIso\FirewallRules"])
def test_stores_that_are_about_services_and_store_apps_are_not_read(trap: str) -> None:
    ctx = windows({LOCAL + trap: {"a": "V2.0|Action=Block|Active=TRUE|Dir=Out|Name=Block any|"}})
    assert passages(ctx) == everywhere(ALLOW)


@pytest.mark.parametrize(
    ("unread", "layer", "expected"),
    [
        (POLICY, {}, UNKNOWN),
        (POLICY_RULES, {}, UNKNOWN),
        (POLICY_RULES, {RULES: {"a": NO_587}}, BLOCK),
        (POLICY_RULES, {RULES: {"a": ALLOW_587}}, UNKNOWN),
        (POLICY, {RULES: {"a": NO_587}}, UNKNOWN),  # the policy may ignore local rules
        (MDM_RULES, {}, UNKNOWN),
        (RULES, {}, UNKNOWN),
        (LOCAL, {}, UNKNOWN),
        (SERVICE, {}, ALLOW),
        (SERVICE, {RULES: {"a": NO_587}}, UNKNOWN),
    ],
)
def test_unread_places(unread: str, layer: Keys, expected: Passage) -> None:
    ctx = windows(layer, unread={unread: "access denied"})
    assert passages(ctx) == everywhere(expected)
    whys = [verdict.why for verdict in firewall.outbound(ctx).judge(None, 587, None).profiles]
    assert all(("access denied" in why) == (expected is UNKNOWN) for why in whys)


@pytest.mark.parametrize("os_id", ["xp-sp3", "server-2003-sp2"])
def test_the_firewall_of_xp_cannot_block_mail(os_id: str) -> None:
    ctx = windows({RULES: {"a": NO_587}}, os_id=os_id)
    assert firewall.outbound(ctx).judge("msimn.exe", 25, "mail.example").passage is ALLOW
    (only,) = firewall.evaluate(ctx)
    assert (only.id, only.state, only.effective) == (
        "firewall.outbound",
        State.NOT_APPLICABLE,
        "outbound traffic is not filtered",
    )
    assert "IPsec" in only.why
    assert "third-party" in only.why


def test_an_unknown_windows_is_unknown() -> None:
    ctx = windows(environment={}, os_id="win7-sp1")
    nameless = Context(ctx.knowledge, ctx.options, ctx.snapshot, ctx.host.__class__(None, "unknown", "", "7.7"))
    (only,) = firewall.evaluate(nameless)
    assert (only.state, only.effective) == (State.UNKNOWN, "unknown")
    assert firewall.outbound(nameless).judge(None, 587, None).passage is UNKNOWN


@pytest.mark.parametrize(
    ("layer", "name", "expected"),
    [
        ({}, ENABLE, (True, "local", f"{LOCAL_PRIVATE}\\{ENABLE}", None, 1)),
        ({}, OUTBOUND, (False, "default", f"{LOCAL_PRIVATE}\\{OUTBOUND}", None, None)),
        ({}, MERGE, (True, "default", f"{PRIVATE}\\{MERGE}", None, None)),
        ({PRIVATE: {ENABLE: 0}}, ENABLE, (False, "policy", f"{PRIVATE}\\{ENABLE}", 0, 1)),
        ({STANDARD: {ENABLE: 0}}, ENABLE, (False, "policy", f"{STANDARD}\\{ENABLE}", 0, 1)),
        ({PRIVATE: {OUTBOUND: 1}}, OUTBOUND, (True, "policy", f"{PRIVATE}\\{OUTBOUND}", 1, None)),
        ({LOCAL_PRIVATE: {OUTBOUND: 1}}, OUTBOUND, (True, "local", f"{LOCAL_PRIVATE}\\{OUTBOUND}", None, 1)),
        ({LOCAL_PRIVATE: {OUTBOUND: "1"}}, OUTBOUND, (None, "unread", f"{LOCAL_PRIVATE}\\{OUTBOUND}", None, "1")),
        ({PRIVATE: {MERGE: 2}}, MERGE, (None, "unread", f"{PRIVATE}\\{MERGE}", 2, None)),
        ({LOCAL_PRIVATE: {MERGE: 0}}, MERGE, (True, "default", f"{PRIVATE}\\{MERGE}", None, None)),
    ],
)
def test_where_a_switch_comes_from(layer: Keys, name: str, expected: tuple[object, ...]) -> None:
    state = profile_state(windows(layer), Profile.PRIVATE)
    found = {ENABLE: state.enabled, OUTBOUND: state.default_block, MERGE: state.local_rules}[name]
    assert (found.value, found.origin, found.where, found.policy, found.local) == expected


def test_a_profile_without_any_value_is_on() -> None:
    (state,) = (s for s in firewall.outbound(host("win7-sp1")).profiles if s.profile is Profile.PUBLIC)
    assert (state.enabled.value, state.enabled.origin) == (True, "default")


@pytest.mark.parametrize("unread", [PRIVATE, PUBLIC])
def test_the_policy_of_one_profile_may_hide_whether_the_old_one_counts(unread: str) -> None:
    """The key StandardProfile of the policy says "off", and counts only while neither of the modern keys is there."""
    ctx = windows({STANDARD: {ENABLE: 0}, RULES: {"a": NO_587}}, unread={unread: "access denied"})
    assert [s.enabled.value for s in firewall.outbound(ctx).profiles] == [True, None, None]
    assert passages(ctx) == everywhere(UNKNOWN) | {"Domain": BLOCK}


def test_only_the_profiles_that_the_operator_names_count() -> None:
    ctx = windows({RULES: {"a": NO_587 + "Profile=Public|"}}, servers=(SUBMISSION,), profiles="domain private")
    assert passages(ctx) == {"Domain": ALLOW, "Private": ALLOW}
    assert {finding.state for finding in firewall.evaluate(ctx)} == {State.PASS}


@pytest.mark.realdata
def test_real_rules_that_cut_mail_and_their_near_misses(realdata: Path) -> None:
    text = (realdata / "hosts" / "firewall-rule-strings.txt").read_text("utf-8")
    rows = [line.partition("=") for line in text.splitlines() if line.startswith("{")]
    assert len(rows) == 4
    for number, (rule_id, _unused, rule) in enumerate(rows):
        ctx = windows({POLICY_RULES: {rule_id: rule}}, os_id="win10-1709")
        for program in (None, "OUTLOOK.EXE"):
            cut = [port for port in MAIL_PORTS if BLOCK in passages(ctx, program, port).values()]
            assert cut == (list(MAIL_PORTS) if number == 0 else [])
        (state,) = (found.state for found in firewall.evaluate(ctx) if found.id == "firewall.rules.policy")
        assert state is (State.FAIL if number == 0 else State.PASS)
