# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts that are not repointed, and the sentences that say why."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Server
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.repointing import (
    RelayEnd,
    Repointing,
    repointings,
)
from tests.support.hosts import ALICE, host
from tests.unit.plugin_utils.plan.accounts_of import (
    IMAP,
    IMAP_CLASS,
    IMPLICIT,
    MAIN,
    NEW,
    NONE,
    OLD,
    POP3,
    SMTP,
    STARTTLS,
    Values,
    express,
    outlook,
    pc,
    planned,
    relay,
)

STARTTLS_25 = relay(25, SMTP, 25, STARTTLS)
#: (key, account, relay, options, part of the reason).
LEFT: list[tuple[str, Values, RelayEnd, dict[str, t.Any], str]] = [
    (MAIN, express(), relay(25, SMTP, 2525, STARTTLS), {}, "means implicit for smtp on port 2525"),
    (MAIN, express(), relay(25, SMTP, 587, IMPLICIT), {}, "on port 587 with encryption ticked is not known"),
    (MAIN, express(), relay(25, SMTP, 25, IMPLICIT), {}, "means starttls for smtp on port 25"),
    (MAIN, express(), relay(110, POP3, 110, STARTTLS), {}, "means implicit for pop3 on port 110"),
    (NEW, outlook(IMAP_CLASS), relay(143, IMAP, 143, STARTTLS), {}, "no value that could say starttls for imap"),
    (OLD, outlook(), STARTTLS_25, {"version": "11.0"}, "Outlook 2003 has no setting for STARTTLS"),
    (MAIN, express(), relay(465, SMTP, 25), {}, "it uses port 25 of mail.example, and the relay stands for port 465"),
    (MAIN, express(SMTP_Port="25"), relay(110, POP3, 2110), {}, "a part of it could not be read"),
    (MAIN.replace("00000001", "mine"), express(), relay(110, POP3, 110), {}, "a key in which no account is changed"),
    (OLD.replace("Outlook", "100% & more"), outlook(), relay(110, POP3, 110), {}, "whose name no command may hold"),
    (OLD.replace("9375", "1375"), outlook(), relay(110, POP3, 110), {}, "a key in which no account is changed"),
    (
        MAIN,
        express(),
        relay(110, POP3, 110),
        {"servers": (Server("mail.example", 110, POP3, NONE, ("oauth2",)),)},
        "servers wants OAuth 2.0, which Outlook Express 6 does not have",
    ),
    (
        NEW,
        outlook(POP3_Server="pop.gmail.com"),
        relay(110, POP3, 2110, server="pop.gmail.com"),
        {"version": "16.0"},
        "Gmail and Google Workspace takes OAuth 2.0, and whether this account uses it cannot be told",
    ),
]


@pytest.mark.parametrize(("key", "account", "end", "options", "why"), LEFT)
def test_what_cannot_be_repointed_is_left_and_named(
    key: str, account: Values, end: RelayEnd, options: dict[str, t.Any], why: str
) -> None:
    found = repointings(pc({key: account}, **options), (end,))
    assert found.changes == ()
    assert why in found.left[-1]
    assert found.left[-1].startswith(f"The account {account['Account Name']!r} of {ALICE.sid} is left as it is: ")
    assert found.left[-1].endswith(".")


def test_an_account_that_is_left_in_part_is_left_as_a_whole() -> None:
    ctx = pc({MAIN: express()})
    found = repointings(ctx, (relay(110, POP3, 2110), relay(25, SMTP, 2525, STARTTLS)))
    assert (found.changes, len(found.left)) == ((), 1)
    assert len(repointings(ctx, (relay(110, POP3, 2110), relay(25, SMTP, 2525))).changes) == 2


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"SMTP_Secure_Connection": 7}, "is no setting that is known there"),
        ({"SMTP_Server": "mail.example "}, "is not the name of a host"),
    ],
)
def test_what_could_not_be_put_back_withholds_the_whole_account(wrong: dict[str, t.Any], why: str) -> None:
    ctx = pc({MAIN: express(**wrong)})
    done = planned(ctx, relay(110, POP3, 2110), relay(25, SMTP, 2525))
    assert done.steps == ()
    assert [held.change.details["protocol"] for held in done.withheld] == ["smtp", "pop3"]
    assert why in done.withheld[0].why
    assert "another part of this account" in done.withheld[1].why


def test_what_speaks_http_is_named() -> None:
    exchange: Values = {
        "clsid": "{ED475414-B0D6-11D2-8C3B-00104B2A6676}",
        "Service Name": "MSEMS",
        "Account Name": "boss@corp\x1b[2J",
    }
    found = repointings(pc({NEW: exchange}, version="16.0"), (relay(110, POP3, 110),))
    assert found == Repointing(
        left=(
            f"The account {'boss@corp' + chr(92) + 'x1b[2J'!r} of {ALICE.sid} is left as it is: it is an Exchange"
            " account, which speaks HTTP and no protocol of a relay.",
        )
    )


def test_without_relays_nothing_is_said_and_families_may_be_left_out() -> None:
    ctx = pc({MAIN: express()}, skip=frozenset({"accounts"}))
    assert repointings(ctx, ()) == Repointing()
    assert "skip leave them out" in repointings(ctx, (relay(110, POP3, 110),)).left[0]


def test_nobody_could_be_read() -> None:
    ctx = host("win7-sp1", users=Unread("was cut off"))
    assert repointings(ctx, (relay(110, POP3, 110),)).left == ("No account was looked at: was cut off.",)
