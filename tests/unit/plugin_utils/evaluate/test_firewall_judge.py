# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All rules and profiles against one connection: order, doubt, and what may be changed."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.firewall_judge import (
    CONSENT_BLOCK_RULE,
    Outbound,
    Passage,
    PortVerdict,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.firewall_state import (
    ProfileState,
    Setting,
    Store,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import (
    Action,
    FirewallRule,
    Profile,
    RuleStore,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Remedy
from tests.unit.plugin_utils.evaluate.firewall_rules import rule

ALLOW, BLOCK, UNDECIDED, UNKNOWN = Passage.ALLOW, Passage.BLOCK, Passage.UNDECIDED, Passage.UNKNOWN
ON, OFF = Setting(True, "local", "HKLM\\x\\on"), Setting(False, "local", "HKLM\\x\\off")
MERGED, IGNORED = Setting(True, "default", "HKLM\\p\\merge"), Setting(False, "policy", "HKLM\\p\\merge")
DARK = Setting(None, "unread", "HKLM\\x\\dark", why="access denied")
POLICY_BLOCK = Setting(True, "policy", "HKLM\\p\\default")


def store(*rules: FirewallRule, kind: RuleStore = RuleStore.LOCAL, **changes: t.Any) -> Store:
    placed = tuple(dataclasses.replace(r, store=kind) for r in rules)
    return Store(kind, f"HKLM\\{kind.value}", placed, **changes)


def state(profile: Profile = Profile.PUBLIC, **changes: Setting) -> ProfileState:
    return ProfileState(profile, **({"enabled": ON, "default_block": OFF, "local_rules": MERGED} | changes))


def judge(*stores: Store, running: Setting = ON, host: str | None = "mail.example", **changes: Setting) -> PortVerdict:
    return Outbound(True, "", running, (state(**changes),), stores).judge("OUTLOOK.EXE", 587, host)


ALLOWING = rule(action=Action.ALLOW, remote_ports=((587, 587),), name="mail out")
BLOCKING = rule()
MAYBE_BLOCK = rule(remote_addresses=("LocalSubnet",))
MAYBE_ALLOW = rule(action=Action.ALLOW, remote_addresses=("LocalSubnet",))
PLAIN_IPSEC = rule(action=Action.ALLOW, authenticated=True)
BYPASS = rule(action=Action.ALLOW, authenticated=True, fields=(("AuthByPassOut", "TRUE"),), name="ipsec")
NARROW = rule(action=Action.ALLOW, app="C:\\mail\\OUTLOOK.EXE", remote_ports=((587, 587),))
UNREAD = {"unread": ("access denied",)}


@pytest.mark.parametrize(
    ("rules", "settings", "expected"),
    [
        ((), {}, ALLOW),
        ((BLOCKING,), {}, BLOCK),
        ((MAYBE_BLOCK,), {}, UNDECIDED),
        ((ALLOWING, BLOCKING), {}, BLOCK),
        ((NARROW, BLOCKING), {}, BLOCK),
        ((BYPASS, BLOCKING), {}, UNDECIDED),
        ((PLAIN_IPSEC, BLOCKING), {}, BLOCK),
        ((), {"default_block": ON}, BLOCK),
        ((ALLOWING,), {"default_block": ON}, ALLOW),
        ((NARROW,), {"default_block": ON}, ALLOW),
        ((MAYBE_ALLOW,), {"default_block": ON}, UNDECIDED),
        ((BYPASS,), {"default_block": ON}, UNDECIDED),
        ((PLAIN_IPSEC,), {"default_block": ON}, BLOCK),
        ((MAYBE_BLOCK, ALLOWING), {}, UNDECIDED),
        ((ALLOWING,), {"default_block": DARK}, ALLOW),
        ((MAYBE_ALLOW,), {"default_block": DARK}, UNKNOWN),
        ((), {"default_block": DARK}, UNKNOWN),
        ((BLOCKING,), {"default_block": DARK}, BLOCK),
        ((BLOCKING,), {"enabled": OFF}, ALLOW),
        ((), {"enabled": OFF, "default_block": ON}, ALLOW),
        ((BLOCKING,), {"enabled": DARK}, UNKNOWN),
        ((), {"enabled": DARK}, ALLOW),
        ((BLOCKING,), {"running": OFF}, ALLOW),
        ((BLOCKING,), {"running": DARK}, UNKNOWN),
        ((BLOCKING,), {"running": DARK, "enabled": OFF}, ALLOW),
        ((BLOCKING,), {"local_rules": IGNORED}, ALLOW),
        ((BLOCKING,), {"local_rules": DARK}, UNKNOWN),
        ((MAYBE_BLOCK,), {"local_rules": DARK}, UNKNOWN),
        ((), {"local_rules": DARK}, ALLOW),
        ((ALLOWING,), {"local_rules": IGNORED, "default_block": ON}, BLOCK),
        ((ALLOWING,), {"local_rules": DARK, "default_block": ON}, UNKNOWN),
    ],
)
def test_order_and_doubt(rules: tuple[FirewallRule, ...], settings: dict[str, Setting], expected: Passage) -> None:
    assert judge(store(*rules), **settings).passage is expected


@pytest.mark.parametrize(
    ("stores", "settings", "expected"),
    [
        ((store(kind=RuleStore.POLICY, **UNREAD),), {}, UNKNOWN),
        ((store(**UNREAD),), {}, UNKNOWN),
        ((store(kind=RuleStore.MDM, **UNREAD),), {}, UNKNOWN),
        ((store(**UNREAD),), {"local_rules": IGNORED}, ALLOW),
        ((store(**UNREAD),), {"enabled": OFF}, ALLOW),
        ((store(BLOCKING), store(kind=RuleStore.POLICY, **UNREAD)), {}, BLOCK),
        ((store(ALLOWING), store(kind=RuleStore.POLICY, **UNREAD)), {"default_block": ON}, UNKNOWN),
        ((store(BLOCKING, kind=RuleStore.POLICY),), {"local_rules": IGNORED}, BLOCK),
        ((store(BLOCKING, kind=RuleStore.MDM),), {"local_rules": IGNORED}, BLOCK),
        ((store(ALLOWING, kind=RuleStore.POLICY),), {"local_rules": IGNORED, "default_block": POLICY_BLOCK}, ALLOW),
        ((store(BLOCKING), store(ALLOWING, kind=RuleStore.POLICY)), {}, BLOCK),
    ],
)
def test_stores(stores: tuple[Store, ...], settings: dict[str, Setting], expected: Passage) -> None:
    assert judge(*stores, **settings).passage is expected


@pytest.mark.parametrize(
    ("stores", "settings", "remedy", "consents"),
    [
        ((store(BLOCKING),), {}, Remedy.FIX, {CONSENT_BLOCK_RULE}),
        ((store(BLOCKING, kind=RuleStore.POLICY),), {}, Remedy.BLOCKED, {None}),
        ((store(BLOCKING, kind=RuleStore.MDM),), {}, Remedy.BLOCKED, {None}),
        ((store(BLOCKING), store(BLOCKING, kind=RuleStore.POLICY)), {}, Remedy.BLOCKED, {None, CONSENT_BLOCK_RULE}),
        ((store(BLOCKING, shared_names=frozenset({"a rule"})),), {}, Remedy.BLOCKED, {None}),
        ((store(rule(name="@FirewallAPI.dll,-1")),), {}, Remedy.BLOCKED, {None}),
        ((store(rule(name="ALL")),), {}, Remedy.BLOCKED, {None}),
        ((store(rule(name=" ")),), {}, Remedy.BLOCKED, {None}),
        ((store(rule(name='a" & echo "b')),), {}, Remedy.BLOCKED, {None}),
        ((store(rule(name="100%PATH%")),), {}, Remedy.BLOCKED, {None}),
        ((store(rule(name="line\nbreak")),), {}, Remedy.BLOCKED, {None}),
        ((store(rule(name="Sperre für Mail (außer VPN)")),), {}, Remedy.BLOCKED, {None}),
        ((), {"default_block": ON}, Remedy.FIX, {None}),
        ((), {"default_block": ON, "local_rules": IGNORED}, Remedy.BLOCKED, {None}),
        ((), {"default_block": POLICY_BLOCK}, Remedy.BLOCKED, {None}),
        ((), {}, Remedy.NONE, set()),
        ((store(MAYBE_BLOCK),), {}, Remedy.NONE, set()),
    ],
)
def test_what_may_be_changed(
    stores: tuple[Store, ...], settings: dict[str, Setting], remedy: Remedy, consents: set[str | None]
) -> None:
    verdict = judge(*stores, **settings)
    assert verdict.remedy is remedy
    assert {obstacle.consent for obstacle in verdict.obstacles} == consents


def test_a_block_rule_over_a_blocking_default_names_both() -> None:
    """Without the rule the default would still cut the port, so a plan has to know both."""
    verdict = judge(store(BLOCKING), default_block=ON)
    assert [obstacle.rule is None for obstacle in verdict.obstacles] == [False, True]
    assert [o.rule is None for o in judge(store(BLOCKING, ALLOWING), default_block=ON).obstacles] == [False]


def test_every_profile_that_counts_is_judged_and_the_worst_speaks() -> None:
    private = rule(profiles=frozenset({Profile.PRIVATE, Profile.PUBLIC}), name="no mail")
    outbound = Outbound(True, "", ON, tuple(state(profile) for profile in Profile), (store(private),))
    verdict = outbound.judge(None, 25, None)
    assert {v.profile: v.passage for v in verdict.profiles} == {
        Profile.DOMAIN: ALLOW,
        Profile.PRIVATE: BLOCK,
        Profile.PUBLIC: BLOCK,
    }
    assert verdict.passage is BLOCK
    assert verdict.why == 'Private/Public: rule "no mail" of the local store blocks it'
    assert len(verdict.obstacles) == 1
    assert verdict.obstacles[0].where == "HKLM\\local\\{1}"


def test_the_host_itself_is_not_filtered() -> None:
    assert judge(store(BLOCKING), host="127.0.0.1").passage is ALLOW
    assert judge(store(BLOCKING), host="localhost").passage is ALLOW


@pytest.mark.parametrize(("filters", "expected"), [(False, ALLOW), (None, UNKNOWN)])
def test_windows_that_cannot_filter_and_windows_that_nobody_knows(filters: bool | None, expected: Passage) -> None:
    verdict = Outbound(filters, "because").judge("msimn.exe", 25, "mail.example")
    assert verdict.passage is expected
    assert "because" in verdict.why
    assert verdict.remedy is Remedy.NONE


RULES = st.sampled_from([ALLOWING, BLOCKING, MAYBE_BLOCK, MAYBE_ALLOW, PLAIN_IPSEC, BYPASS, NARROW])
SETTINGS = st.sampled_from([ON, OFF, DARK])


@given(st.lists(RULES, max_size=4), SETTINGS, SETTINGS, SETTINGS)
def test_what_is_not_known_never_passes(
    rules: list[FirewallRule], enabled: Setting, default: Setting, merge: Setting
) -> None:
    """An "allow" with something unread stays "allow" whatever the unread thing turns out to be; so does a "block"."""
    dark = judge(store(*rules), enabled=enabled, default_block=default, local_rules=merge).passage
    for e in (ON, OFF) if enabled is DARK else (enabled,):
        for d in (ON, OFF) if default is DARK else (default,):
            for m in (MERGED, IGNORED) if merge is DARK else (merge,):
                lit = judge(store(*rules), enabled=e, default_block=d, local_rules=m).passage
                if dark in (ALLOW, BLOCK):
                    assert lit is dark


@given(st.lists(RULES, max_size=5), SETTINGS)
def test_the_order_of_rules_does_not_matter(rules: list[FirewallRule], default: Setting) -> None:
    backwards = judge(store(*rules[::-1]), default_block=default)
    assert judge(store(*rules), default_block=default).passage is backwards.passage
