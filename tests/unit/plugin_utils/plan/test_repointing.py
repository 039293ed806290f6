# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts that are brought to a relay, value by value, and what a relay needs besides."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Absent
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import ChangeKind, Plan
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import build, settings_now
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.repointing import (
    CLEARTEXT_LEG,
    RelayEnd,
    Repointing,
    repointed,
    repointings,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.selection import REPOINTING, select
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.steps import Steps
from tests.support.hosts import KNOWLEDGE
from tests.unit.plugin_utils.plan.accounts_of import (
    IMAP,
    IMAP_CLASS,
    IMPLICIT,
    MAIN,
    NEW,
    OLD,
    OTHER,
    POP3,
    SMTP,
    STARTTLS,
    Values,
    express,
    outlook,
    pc,
    planned,
    relay,
    todo,
    utf16,
)


def brief(found: Steps) -> dict[str, tuple[t.Any, t.Any]]:
    """Name of a value → (data before, data after); None: not there."""
    assert found.withheld == ()
    shown = {}
    for step in found.steps:
        assert isinstance(step, RegistryStep)
        sides = (None if isinstance(side, Absent) else side.data for side in (step.before, step.after))
        shown[step.name] = t.cast(tuple[t.Any, t.Any], tuple(sides))
    return shown


RELAYED = ("mail.example", "relay.example")
BYTES = (utf16("mail.example"), utf16("relay.example"))
#: (key, account, relay, what becomes of which value).
REPOINTED: list[tuple[str, Values, RelayEnd, dict[str, tuple[t.Any, t.Any]]]] = [
    (MAIN, express(), relay(110, POP3, 2110), {"POP3 Server": RELAYED, "POP3 Port": (None, 2110)}),
    (MAIN, express(), relay(110, POP3, 110), {"POP3 Server": RELAYED}),
    (OTHER, express(), relay(25, SMTP, 25), {"SMTP Server": RELAYED}),
    (MAIN, express(POP3_Port=110), relay(110, POP3, 110), {"POP3 Server": RELAYED}),
    (MAIN, express(POP3_Port=995), relay(995, POP3, 110), {"POP3 Server": RELAYED, "POP3 Port": (995, 110)}),
    (
        MAIN,
        express(POP3_Port=995, POP3_Secure_Connection=1),
        relay(995, POP3, 2110),
        {"POP3 Server": RELAYED, "POP3 Port": (995, 2110), "POP3 Secure Connection": (1, 0)},
    ),
    (
        MAIN,
        express(SMTP_Port=587, SMTP_Secure_Connection=1),
        relay(587, SMTP, 25, STARTTLS),
        {"SMTP Server": RELAYED, "SMTP Port": (587, 25)},
    ),
    (
        OTHER,
        express(),
        relay(25, SMTP, 465, IMPLICIT),
        {"SMTP Server": RELAYED, "SMTP Port": (None, 465), "SMTP Secure Connection": (None, 1)},
    ),
    (OLD, outlook(binary=True), relay(110, POP3, 2110), {"POP3 Server": BYTES, "POP3 Port": (None, 2110)}),
    (
        OLD,
        outlook(binary=True, SMTP_Secure_Connection=0),
        relay(25, SMTP, 2587, STARTTLS),
        {"SMTP Server": BYTES, "SMTP Port": (None, 2587), "SMTP Secure Connection": (0, 2)},
    ),
    (
        NEW,
        outlook(IMAP_CLASS, IMAP_Port=993, IMAP_Use_SSL=1),
        relay(993, IMAP, 143),
        {"IMAP Server": RELAYED, "IMAP Port": (993, 143), "IMAP Use SSL": (1, 0)},
    ),
    (
        NEW,
        outlook(IMAP_CLASS),
        relay(143, IMAP, 993, IMPLICIT),
        {"IMAP Server": RELAYED, "IMAP Port": (None, 993), "IMAP Use SSL": (None, 1)},
    ),
    (
        NEW,
        outlook(IMAP_CLASS, IMAP_Secure_Connection=1),
        relay(143, IMAP, 143, STARTTLS),
        {"IMAP Server": RELAYED, "IMAP Secure Connection": (1, 2)},
    ),
    (
        NEW,
        outlook(SMTP_Port=587, SMTP_Secure_Connection=3, SMTP_Use_SSL=1),
        relay(587, SMTP, 2525),
        {
            "SMTP Server": RELAYED,
            "SMTP Port": (587, 2525),
            "SMTP Secure Connection": (3, 0),
            "SMTP Use SSL": (1, 0),
        },
    ),
]


@pytest.mark.parametrize(("key", "account", "end", "wanted"), REPOINTED)
def test_server_port_and_encryption_change_together(
    key: str, account: Values, end: RelayEnd, wanted: dict[str, tuple[t.Any, t.Any]]
) -> None:
    version = "16.0" if key == NEW else "14.0"
    assert brief(planned(pc({key: account}, version=version), end)) == wanted


def test_clear_text_needs_a_consent_for_the_whole_account_and_says_what_it_risks() -> None:
    ends = (relay(110, POP3, 2110), relay(25, SMTP, 465, IMPLICIT))
    found = repointings(pc({MAIN: express(), OTHER: express(POP3_Port=1110)}), ends)
    clear, half, encrypted = found.changes
    assert [change.consent for change in found.changes] == [CLEARTEXT_LEG, CLEARTEXT_LEG, None]
    assert "in clear text" in clear.why
    assert "in clear text" not in half.why
    assert select(Plan(found.changes), frozenset(), REPOINTING).chosen == (encrypted,)
    assert select(Plan(found.changes), frozenset({CLEARTEXT_LEG})).chosen == ()


BLOCK = "v2.10|Action=Block|Active=TRUE|Dir=Out|Protocol=6|RPort=2110|Name=No relay|"


def test_a_group_policy_that_keeps_the_relay_out_leaves_the_account() -> None:
    rules = {KNOWLEDGE.registry["firewall-policy-rules"].key: {"{1}": BLOCK}}
    found = repointings(pc({MAIN: express()} | rules), (relay(110, POP3, 2110),))
    assert found.changes == ()
    assert "No relay" in found.left[-1]
    assert repointings(pc({MAIN: express()} | rules), (relay(110, POP3, 2111),)).changes


def test_a_firewall_that_blocks_by_default_gets_a_rule_for_the_port_of_the_relay() -> None:
    wall = {KNOWLEDGE.registry["firewall-public"].key: {"DefaultOutboundAction": 1}}
    ctx = pc({MAIN: express()} | wall)
    found = repointings(ctx, (relay(110, POP3, 2110), relay(25, SMTP, 2525)))
    rules = [c for c in settings_now(repointed(ctx, found)) if c.kind is ChangeKind.FIREWALL]
    assert [change.details["ports"] for change in rules] == [[2110, 2525]]


def test_an_account_that_goes_to_the_relay_is_left_and_its_encryption_set_right() -> None:
    end = relay(995, POP3, 2995, IMPLICIT)
    account = express(POP3_Server="RELAY.example", POP3_Port=2995, POP3_Secure_Connection=1)
    assert repointings(pc({MAIN: account}), (end,)) == Repointing()
    account["POP3 Secure Connection"] = 0
    assert brief(planned(pc({MAIN: account}), end)) == {
        "POP3 Server": ("RELAY.example", "relay.example"),
        "POP3 Secure Connection": (0, 1),
    }


def test_a_broken_run_is_finished_only_where_one_relay_can_be_meant() -> None:
    ctx = pc({MAIN: express(POP3_Server="relay.example")})
    one, other = relay(110, POP3, 2110), relay(110, POP3, 2111, server="other.example")
    assert brief(planned(ctx, one)) == {"POP3 Port": (None, 2110)}
    found = repointings(ctx, (one, other))
    assert found.changes == ()
    assert "roll it back" in found.left[-1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "relay.example & calc"},
        {"host": "relay.example\n"},
        {"host": "1.2.3"},
        {"host": "[::1]"},
        {"host": ""},
        {"server": "a" * 64 + ".example"},
        {"port": 0},
        {"listen": 65536},
        {"security": Security.AUTO},
    ],
)
def test_relays_are_checked(wrong: dict[str, t.Any]) -> None:
    given = {"port": 110, "protocol": POP3, "listen": 2110} | wrong
    with pytest.raises(ValueError, match="relay"):
        relay(**given)


def test_changes_of_accounts_without_a_relay_stay_in_the_plan() -> None:
    ctx = pc({MAIN: express(POP3_Port=995)})
    plan = build(ctx)
    assert [change.details["port"] for change in plan.changes if change.kind is ChangeKind.ACCOUNT] == [995]
    assert [c for c in select(plan, frozenset()).chosen if c.kind is ChangeKind.ACCOUNT] == []
    accounts = Repointing(tuple(c for c in plan.changes if c.kind is ChangeKind.ACCOUNT))
    assert brief(todo(ctx, accounts)) == {"POP3 Secure Connection": (None, 1)}
