# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a registry to what the firewall does to mail, and to the findings about it."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import firewall
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.firewall import Passage
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import Profile
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailProtocol, Security, Server
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import (
    Finding,
    Remedy,
    Severity,
    State,
)
from tests.support.hosts import KNOWLEDGE, TODAY, Keys, host

LOCAL = KNOWLEDGE.registry["firewall-local"].key
POLICY = KNOWLEDGE.registry["firewall-policy"].key
RULES, POLICY_RULES, MDM_RULES = LOCAL + r"\FirewallRules", POLICY + r"\FirewallRules", LOCAL + r"\Mdm\FirewallRules"
SERVICE = KNOWLEDGE.registry["firewall-service"].key
MAIL_PORTS = (25, 110, 143, 465, 587, 993, 995)
SUBMISSION = Server("mail.example", 587, MailProtocol.SMTP, Security.STARTTLS)
#: A fresh Windows: its local profiles hold nothing but EnableFirewall.
FRESH: Keys = {rf"{LOCAL}\{name}Profile": {"EnableFirewall": 1} for name in ("Domain", "Standard", "Public")}

NO_587 = "v2.10|Action=Block|Active=TRUE|Dir=Out|Protocol=6|RPort=587|Name=no submission|"
ALLOW_587 = "v2.10|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|RPort=587|Name=submission|"
NO_OUTLOOK = r"v2.10|Action=Block|Active=TRUE|Dir=Out|App=C:\Office\OUTLOOK.EXE|Name=no outlook|"

ALLOW, BLOCK, UNDECIDED, UNKNOWN = Passage.ALLOW, Passage.BLOCK, Passage.UNDECIDED, Passage.UNKNOWN


def windows(
    *layers: Keys, os_id: str = "win7-sp1", servers: tuple[Server, ...] = (), profiles: str = "", **fields: t.Any
) -> Context:
    options = AuditOptions(today=TODAY, servers=servers, firewall_profiles=frozenset(profiles.split()))
    return host(os_id, FRESH, *layers, options=options, **fields)


def passages(ctx: Context, program: str | None = None, port: int = 587) -> dict[str, Passage]:
    verdict = firewall.outbound(ctx).judge(program, port, "mail.example")
    return {found.profile.value: found.passage for found in verdict.profiles}


def findings(ctx: Context) -> dict[tuple[str, str], Finding]:
    return {(finding.id, finding.subject): finding for finding in firewall.evaluate(ctx)}


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


DOMAIN, PRIVATE, PUBLIC, STANDARD = (rf"{POLICY}\{name}Profile" for name in ("Domain", "Private", "Public", "Standard"))
LOCAL_PRIVATE = LOCAL + r"\StandardProfile"
OUTBOUND, ENABLE, MERGE = "DefaultOutboundAction", "EnableFirewall", "AllowLocalPolicyMerge"


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
    assert (only.id, only.state) == ("firewall.outbound", State.NOT_APPLICABLE)
    assert "IPsec" in only.why
    assert "third-party" in only.why


def test_an_unknown_windows_is_unknown() -> None:
    ctx = windows(environment={}, os_id="win7-sp1")
    nameless = Context(ctx.knowledge, ctx.options, ctx.snapshot, ctx.host.__class__(None, "unknown", "", "7.7"))
    (only,) = firewall.evaluate(nameless)
    assert only.state is State.UNKNOWN
    assert firewall.outbound(nameless).judge(None, 587, None).passage is UNKNOWN


def test_findings_of_a_host_in_order() -> None:
    found = findings(windows())
    assert {finding.state for finding in found.values()} == {State.PASS}
    assert [key for key in found if key[0] == "firewall.outbound"] == [
        ("firewall.outbound", name) for name in ("Domain", "Private", "Public")
    ]
    assert set(found) == {
        *((check, p.value) for check in ("firewall.default_outbound", "firewall.outbound") for p in Profile),
        *((check, "") for check in ("firewall.rules.local", "firewall.rules.policy", "firewall.local_merge")),
    }


@pytest.mark.parametrize(
    ("layer", "states", "remedy"),
    [
        ({RULES: {"a": NO_587}}, {"rules.local": State.FAIL, "rules.policy": State.PASS}, Remedy.FIX),
        ({POLICY_RULES: {"a": NO_587}}, {"rules.local": State.PASS, "rules.policy": State.FAIL}, Remedy.BLOCKED),
        ({MDM_RULES: {"a": NO_587}}, {"rules.local": State.PASS, "rules.policy": State.FAIL}, Remedy.BLOCKED),
        (
            {RULES: {"a": NO_587, "b": NO_587.replace("587", "1-1000").replace("RPort", "RPort2_10")}},
            {"rules.local": State.FAIL, "rules.policy": State.PASS},
            Remedy.BLOCKED,  # two different rules of one name: netsh cannot tell them apart
        ),
        ({RULES: {"a": NO_587, "b": NO_587}}, {"rules.local": State.FAIL, "rules.policy": State.PASS}, Remedy.FIX),
        (
            {RULES: {"a": NO_587, "b": NO_587.replace("Protocol=6", "Protocol=17")}},
            {"rules.local": State.FAIL, "rules.policy": State.PASS},
            Remedy.BLOCKED,
        ),
    ],
)
def test_a_block_rule_as_a_finding(layer: Keys, states: dict[str, State], remedy: Remedy) -> None:
    found = findings(windows(layer, servers=(SUBMISSION,)))
    assert {name: found[f"firewall.{name}", ""].state for name in states} == states
    guilty = next(found[f"firewall.{name}", ""] for name, state in states.items() if state is State.FAIL)
    assert guilty.remedy is remedy
    assert guilty.severity is Severity.HIGH
    assert "Domain/Private/Public" in guilty.why
    assert "587 to mail.example" in guilty.why
    for profile in Profile:
        assert found["firewall.outbound", profile.value].state is State.FAIL
        assert found["firewall.outbound", profile.value].remedy is remedy


def test_a_cut_port_that_nothing_needs_is_told_and_moves_nothing() -> None:
    found = findings(windows({RULES: {"a": NO_587.replace("587", "25")}}, servers=(SUBMISSION,)))
    for check in (("firewall.rules.local", ""), ("firewall.outbound", "Public")):
        assert (found[check].state, found[check].severity) == (State.FAIL, Severity.INFO)


def test_without_servers_and_accounts_every_mail_port_is_needed() -> None:
    found = findings(windows({RULES: {"a": NO_587.replace("587", "25")}}))
    assert found["firewall.rules.local", ""].severity is Severity.HIGH


def test_the_port_of_a_server_is_a_mail_port_whatever_its_number() -> None:
    odd = Server("mail.example", 2525, MailProtocol.SMTP, Security.STARTTLS)
    found = findings(windows({RULES: {"a": NO_587.replace("587", "2525")}}, servers=(odd,)))
    assert found["firewall.rules.local", ""].state is State.FAIL


@pytest.mark.parametrize(
    ("layer", "state", "remedy", "effective"),
    [
        ({LOCAL_PRIVATE: {OUTBOUND: 1}}, State.FAIL, Remedy.FIX, "block"),
        ({PRIVATE: {OUTBOUND: 1}}, State.FAIL, Remedy.BLOCKED, "block"),
        ({LOCAL_PRIVATE: {OUTBOUND: 1}, PRIVATE: {MERGE: 0}}, State.FAIL, Remedy.BLOCKED, "block"),
        ({LOCAL_PRIVATE: {OUTBOUND: 1, ENABLE: 0}}, State.PASS, Remedy.NONE, "block"),
        ({LOCAL_PRIVATE: {OUTBOUND: 5}}, State.UNKNOWN, Remedy.NONE, "unknown"),
        (
            {LOCAL_PRIVATE: {OUTBOUND: 1}, RULES: {"a": ALLOW_587.replace("RPort=587|", "")}},
            State.PASS,
            Remedy.NONE,
            "block",
        ),
        ({LOCAL_PRIVATE: {OUTBOUND: 1}, RULES: {"a": ALLOW_587 + "RA4=LocalSubnet|"}}, State.FAIL, Remedy.FIX, "block"),
        (
            {LOCAL_PRIVATE: {OUTBOUND: 1}, RULES: {"a": ALLOW_587.replace("RPort=587|", "RA4=LocalSubnet|")}},
            State.UNKNOWN,
            Remedy.NONE,
            "block",
        ),
    ],
)
def test_default_action_as_a_finding(layer: Keys, state: State, remedy: Remedy, effective: str) -> None:
    found = findings(windows(layer))
    private = found["firewall.default_outbound", "Private"]
    assert (private.state, private.remedy, private.effective) == (state, remedy, effective)
    assert found["firewall.default_outbound", "Public"].state is State.PASS


@pytest.mark.parametrize(
    ("layer", "state"),
    [
        ({}, State.PASS),
        ({PUBLIC: {MERGE: 1}}, State.PASS),
        ({PUBLIC: {MERGE: 0}}, State.PASS),
        ({PUBLIC: {MERGE: 0, OUTBOUND: 1}}, State.FAIL),
        ({PUBLIC: {MERGE: 0, OUTBOUND: 1, ENABLE: 0}}, State.PASS),
        ({PUBLIC: {MERGE: "0"}}, State.UNKNOWN),
    ],
)
def test_merging_as_a_finding(layer: Keys, state: State) -> None:
    merge = findings(windows(layer))["firewall.local_merge", ""]
    assert merge.state is state
    assert (merge.remedy is Remedy.BLOCKED) == (state is State.FAIL)


def test_only_the_profiles_that_the_operator_names_count() -> None:
    ctx = windows({RULES: {"a": NO_587 + "Profile=Public|"}}, servers=(SUBMISSION,), profiles="domain private")
    assert passages(ctx) == {"Domain": ALLOW, "Private": ALLOW}
    assert {finding.state for finding in firewall.evaluate(ctx)} == {State.PASS}


def test_an_unread_policy_is_unknown_and_the_local_store_is_told_apart() -> None:
    found = findings(windows(unread={r"HKLM\SOFTWARE\Policies": "access denied"}))
    assert found["firewall.rules.local", ""].state is State.PASS
    assert found["firewall.rules.policy", ""].state is State.UNKNOWN
    assert found["firewall.local_merge", ""].state is State.UNKNOWN
    for profile in Profile:
        assert found["firewall.outbound", profile.value].state is State.UNKNOWN
        default = found["firewall.default_outbound", profile.value]
        assert default.state is State.UNKNOWN
        assert "access denied" in default.why


def test_a_rule_that_may_cut_mail_is_no_pass() -> None:
    found = findings(windows({RULES: {"a": NO_587 + "IFType=Wireless|"}}, servers=(SUBMISSION,)))
    rules = found["firewall.rules.local", ""]
    assert rules.state is State.UNKNOWN
    assert "IFType" in rules.why
    assert rules.observed[0]["rule"] == "a"


@pytest.mark.realdata
def test_real_rules_that_cut_mail_and_their_near_misses(realdata: Path) -> None:
    text = (realdata / "hosts" / "firewall-rule-strings.txt").read_text("utf-8")
    rows = [line.partition("=") for line in text.splitlines() if line.startswith("{")]
    assert len(rows) == 4
    for number, (rule_id, _, rule) in enumerate(rows):
        ctx = windows({POLICY_RULES: {rule_id: rule}}, os_id="win10-1709")
        for program in (None, "OUTLOOK.EXE"):
            cut = [port for port in MAIL_PORTS if BLOCK in passages(ctx, program, port).values()]
            assert cut == (list(MAIL_PORTS) if number == 0 else [])
        state = findings(ctx)["firewall.rules.policy", ""].state
        assert state is (State.FAIL if number == 0 else State.PASS)
