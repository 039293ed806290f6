# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about the outbound firewall."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import firewall
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import Profile
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import (
    MailProtocol,
    Security,
    Server,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import (
    Finding,
    Remedy,
    Severity,
    State,
)
from tests.support.hosts import KNOWLEDGE, Keys
from tests.unit.plugin_utils.evaluate.firewall_rules import (
    ALLOW_587,
    ENABLE,
    LOCAL_PRIVATE,
    MDM_RULES,
    MERGE,
    NO_587,
    OUTBOUND,
    POLICY,
    POLICY_RULES,
    PRIVATE,
    PUBLIC,
    RULES,
    SERVICE,
    SUBMISSION,
    windows,
)


def findings(ctx: Context) -> dict[tuple[str, str], Finding]:
    return {(finding.id, finding.subject): finding for finding in firewall.evaluate(ctx)}


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


@pytest.mark.parametrize(
    ("layer", "state", "word"),
    [
        ({SERVICE: {"Start": 4}, RULES: {"a": NO_587}}, State.PASS, "off"),
        ({SERVICE: {"Start": "2"}, RULES: {"a": NO_587}}, State.UNKNOWN, "whether the firewall is on is unknown"),
        ({SERVICE: {"Start": "2"}}, State.PASS, "0 rules were read"),
        ({RULES: {"a": "rubbish|x"}}, State.UNKNOWN, "cannot be read"),
        ({RULES: {"a": "rubbish|x", "b": "rubbish|x"}}, State.UNKNOWN, "(2 such)"),
        ({RULES: {"a": "rubbish|x", "b": NO_587}}, State.FAIL, "no submission"),
        ({RULES: {"a": NO_587, "b": NO_587}}, State.FAIL, ", and 1 more;"),
        ({RULES: {"a": NO_587}, PUBLIC: {MERGE: "x"}}, State.FAIL, "(Domain/Private): "),
        ({RULES: {"a": NO_587 + "Profile=Public|"}, PUBLIC: {MERGE: "x"}}, State.UNKNOWN, "whether local rules count"),
        ({RULES: {"a": NO_587 + "Profile=Public|"}, PUBLIC: {MERGE: 0}}, State.PASS, "1 rules were read"),
        ({RULES: {"a": ALLOW_587, "b": NO_587.replace("TRUE", "FALSE")}}, State.PASS, "2 rules were read"),
    ],
)
def test_local_rules_as_a_finding(layer: Keys, state: State, word: str) -> None:
    found = findings(windows(layer))["firewall.rules.local", ""]
    assert (found.state, word in found.why) == (state, True), found.why
    assert "0 more" not in found.why
    assert "(1 such)" not in found.why


@pytest.mark.parametrize(("old", "new"), [("TRUE", "FALSE"), ("Dir=Out", "Dir=In")])
def test_a_namesake_that_netsh_would_not_harm_does_no_harm(old: str, new: str) -> None:
    """Asked for outbound rules, netsh leaves inbound ones alone; an inactive rule stays inactive."""
    namesake = NO_587.replace(old, new).replace("587", "25")
    found = findings(windows({RULES: {"a": NO_587, "b": namesake}}))
    assert found["firewall.rules.local", ""].remedy is Remedy.FIX


def test_local_rules_that_count_nowhere_are_no_fault() -> None:
    profiles = {rf"{POLICY}\{name}Profile": {MERGE: 0} for name in ("Domain", "Private", "Public")}
    found = findings(windows({RULES: {"a": NO_587}}, profiles))
    assert found["firewall.rules.local", ""].state is State.PASS
    assert "ignores them" in found["firewall.rules.local", ""].why
    assert found["firewall.rules.policy", ""].why.startswith("0 rules were read")
    assert "Domain/Private/Public: local rules are ignored" in found["firewall.local_merge", ""].why
    assert found["firewall.local_merge", ""].state is State.PASS


def test_the_policy_store_stays_judged_where_local_rules_do_not_count() -> None:
    found = findings(windows({POLICY_RULES: {"a": NO_587 + "Profile=Public|"}, PUBLIC: {MERGE: "x"}}))
    assert found["firewall.rules.policy", ""].state is State.FAIL


@pytest.mark.parametrize(
    ("layer", "check", "where"),
    [
        ({RULES: {"a": NO_587}}, ("firewall.rules.local", ""), f"{RULES}\\a"),
        ({}, ("firewall.rules.local", ""), RULES),
        ({}, ("firewall.rules.policy", ""), f"{POLICY_RULES}; {MDM_RULES}"),
        ({RULES: {"a": NO_587}}, ("firewall.outbound", "Private"), f"{RULES}\\a"),
        ({}, ("firewall.outbound", "Private"), f"{LOCAL_PRIVATE}\\{OUTBOUND}"),
        ({PRIVATE: {OUTBOUND: 1}}, ("firewall.default_outbound", "Private"), f"{PRIVATE}\\{OUTBOUND}"),
    ],
)
def test_a_finding_names_the_exact_place(layer: Keys, check: tuple[str, str], where: str) -> None:
    assert findings(windows(layer))[check].where == where


def test_the_outcome_lists_every_port_by_what_happens_to_it() -> None:
    layer = {
        RULES: {"a": NO_587, "b": NO_587.replace("RPort=587", "RPort=25|RA4=LocalSubnet").replace("no ", "maybe ")}
    }
    outcome = findings(windows(layer))["firewall.outbound", "Public"]
    assert outcome.effective == {"allow": "465, 110, 995, 143, 993", "undecided": "25", "block": "587"}
    assert outcome.why == '587: rule "no submission" of the local store blocks it'
    assert findings(windows())["firewall.outbound", "Public"].why == "no rule blocks it, and the default is to allow"


@pytest.mark.parametrize(
    ("check", "layer"),
    [
        (("firewall.default_outbound", "Private"), {LOCAL_PRIVATE: {OUTBOUND: 5}}),
        (("firewall.local_merge", ""), {PRIVATE: {MERGE: 5}}),
    ],
)
def test_what_nobody_can_tell_and_nothing_depends_on_moves_nothing(check: tuple[str, str], layer: Keys) -> None:
    """A policy rule allows what is needed, whatever the unreadable switch says; without it the switch matters."""
    allowed = findings(windows(layer, {POLICY_RULES: {"a": ALLOW_587}}, servers=(SUBMISSION,)))[check]
    assert (allowed.state, allowed.severity) == (State.UNKNOWN, Severity.INFO)
    local = {**layer, RULES: {"a": NO_587 + "Profile=Private|"}} if check[0] == "firewall.local_merge" else layer
    matters = findings(windows(local, servers=(SUBMISSION,)))[check]
    assert (matters.state, matters.severity) == (State.UNKNOWN, Severity(KNOWLEDGE.checks[check[0]].severity))


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        ({LOCAL_PRIVATE: {OUTBOUND: 1}, SERVICE: {"Start": "2"}}, "whether the firewall is on is unknown"),
        ({LOCAL_PRIVATE: {OUTBOUND: 1, ENABLE: 7}}, "whether the firewall is on is unknown"),
    ],
)
def test_a_blocking_default_of_a_firewall_that_may_be_off(layer: Keys, why: str) -> None:
    found = findings(windows(layer))["firewall.default_outbound", "Private"]
    assert found.state is State.UNKNOWN
    assert why in found.why


def test_a_blocking_default_of_a_firewall_that_is_off() -> None:
    found = findings(windows({LOCAL_PRIVATE: {OUTBOUND: 1, ENABLE: 0}}))["firewall.default_outbound", "Private"]
    assert (found.state, found.why) == (State.PASS, "the firewall is off in this profile")
