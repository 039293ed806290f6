# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts are undone as a whole, and journals about them are believed only where a plan could have made them."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep, Step, inverse
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Absent,
    RegistryType,
    RegistryValue,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.account_places import is_host_name, store_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.account_steps import without_part_accounts
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.steps import after_steps
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.undo import undo
from tests.support.hosts import ALICE, KNOWLEDGE, value
from tests.unit.plugin_utils.plan.accounts_of import MAIN, NEW, OLD, OTHER, POP3, express, pc, planned, relay, utf16
from tests.unit.plugin_utils.plan.runs_on_images import FIRST, content, journal
from tests.unit.plugin_utils.plan.trusted import fix, judged, rollback

ENDS = (relay(110, POP3, 2110),)
DRIFTS = [
    ("POP3 Port", value("POP3 Port", 2111)),
    ("POP3 Port", None),
    ("POP3 Server", value("POP3 Server", "new.example")),
]


@pytest.mark.parametrize(("name", "drift"), DRIFTS)
def test_an_account_that_drifted_in_part_is_left_as_a_whole(name: str, drift: RegistryValue | None) -> None:
    ctx = pc({MAIN: express(POP3_Port=995), OTHER: express()})
    done = planned(ctx, relay(995, POP3, 2110), relay(110, POP3, 2111)).steps
    fixed = after_steps(ctx.snapshot.image, done)
    moved = fixed.without_value(MAIN, name) if drift is None else fixed.with_value(MAIN, drift)
    back = undo((journal(FIRST, done),), moved)
    assert {step.key for step in back.steps} == {OTHER}
    assert len(back.refused) == 2
    assert any("has changed since run" in why for why in back.refused)
    assert any("it belongs to" in why and "which must be left" in why for why in back.refused)
    kept = after_steps(moved, back.steps)
    assert kept.key(MAIN) == moved.key(MAIN)


def test_what_stands_in_the_way_of_an_undo_keeps_the_account_whole() -> None:
    ctx = pc({MAIN: express()})
    done = planned(ctx, *ENDS).steps
    fixed = after_steps(ctx.snapshot.image, done)
    back = undo((journal(FIRST, done),), fixed, hindrance=lambda step: "it runs" if step.name == "POP3 Port" else "")
    assert back.steps == ()
    assert len(back.refused) == 2
    assert any(why.endswith("it runs.") for why in back.refused)
    already = undo((journal(FIRST, done),), ctx.snapshot.image, hindrance=lambda step: "it runs")
    assert (already.steps, already.refused) == ((), ())
    assert content(after_steps(fixed, undo((journal(FIRST, done),), fixed).steps)) == content(ctx.snapshot.image)


def test_an_account_of_which_one_step_is_taken_out_is_taken_out() -> None:
    ctx = pc({MAIN: express(), OTHER: express()})
    done = planned(ctx, *ENDS).steps
    left = without_part_accounts(done, done[:1])
    assert {step.key for step in left} == {OTHER}
    assert without_part_accounts(done, ()) == done


def step(key: str, name: str, before: t.Any, after: t.Any, **more: t.Any) -> RegistryStep:
    sides = (one if isinstance(one, (RegistryValue, Absent)) else value(name, one) for one in (before, after))
    return replace(RegistryStep("accounts", key, name, *sides), **more)


SERVER, PORT, SECURE = "SMTP Server", "SMTP Port", "SMTP Secure Connection"
GOOD: list[Step] = [
    step(MAIN, SERVER, "mail.example", "relay.example"),
    step(OTHER.upper(), "SMTP SERVER", "10.0.0.1", "relay"),
    step(OLD, SERVER, utf16("mail.example"), utf16("relay.example")),
    step(OLD, SERVER, "mail.example".encode("utf-16-le"), utf16("relay.example")),
    step(NEW, "IMAP Port", ABSENT, 65535),
    step(NEW, SECURE, 3, 2),
    step(MAIN, SECURE, ABSENT, 1),
    step(NEW, "POP3 Use SSL", 1, 0),
]


@pytest.mark.parametrize("entry", GOOD)
def test_a_journal_about_an_account_may_be_followed(entry: Step) -> None:
    assert judged(fix(entry)) == ()
    assert judged(rollback(inverse(entry))) == ()


PLACE = "is no place that a plan changes"
HOLDS = "holds what no plan puts into an account"
SZ, EXPAND = RegistryType.SZ, RegistryType.EXPAND_SZ
BAD: list[tuple[Step, str]] = [
    (step(MAIN, "SMTP Password2", b"a", b"b"), PLACE),
    (step(MAIN, "SMTP User Name", "a", "b"), PLACE),
    (step(MAIN, "SMTP Use SSL", 0, 1), PLACE),
    (step(NEW, "Mini UID", 1, 2), PLACE),
    (step(MAIN + r"\x", SERVER, "a", "b"), PLACE),
    (step(MAIN.rpartition("\\")[0], SERVER, "a", "b"), PLACE),
    (step(MAIN.replace("00000001", "0000000g"), SERVER, "a", "b"), PLACE),
    (step(OLD.replace("Outlook", "a&calc"), SERVER, "a", "b"), PLACE),
    (step(OLD.replace("Outlook", "{part}"), SERVER, "a", "b"), PLACE),
    (step(OLD.replace("Outlook", "a%b"), SERVER, "a", "b"), PLACE),
    (step(OLD.replace("Outlook", "\u017fet"), SERVER, "a", "b"), PLACE),
    (step(OTHER.replace("{0F", "{zz"), SERVER, "a", "b"), PLACE),
    (step(MAIN.replace(ALICE.root, "HKLM"), SERVER, "a", "b"), PLACE),
    (step(MAIN.replace(ALICE.sid, "S-1-5-18"), SERVER, "a", "b"), "is not in the hive of a user"),
    (step(MAIN.replace(ALICE.sid, "S-1-5-21-9-9-9-9"), SERVER, "a", "b"), "whom this host does not have"),
    (step(MAIN, SERVER, "mail.example", "relay & calc"), HOLDS),
    (step(MAIN, SERVER, "mail.example", "-relay"), HOLDS),
    (step(MAIN, SERVER, "mail.example", "relay\n"), HOLDS),
    (step(MAIN, SERVER, "mail.example", "me:secret@relay"), HOLDS),
    (step(MAIN, SERVER, "mail.example", "a." * 127 + "example"), HOLDS),
    (step(MAIN, SERVER, "mail.example", ""), HOLDS),
    (step(MAIN, SERVER, "mail.example", ABSENT), HOLDS),
    (step(MAIN, SERVER, ABSENT, "relay.example"), HOLDS),
    (step(MAIN, SERVER, "mail_1", "relay.example"), HOLDS),
    (step(MAIN, SERVER, utf16("mail.example"), utf16("relay.example")), HOLDS),
    (step(OLD, SERVER, utf16("mail.example"), utf16("relay.example") + b"calc"), HOLDS),
    (step(OLD, SERVER, utf16("mail.example"), b"\0\xd8"), HOLDS),
    (step(OLD, SERVER, utf16("mail.example"), "relay.example"), "changes the type"),
    (step(MAIN, SERVER, RegistryValue(SERVER, SZ, "a"), RegistryValue(SERVER, EXPAND, "%x%")), HOLDS),
    (step(MAIN, PORT, 25, 0), HOLDS),
    (step(MAIN, PORT, 25, 65536), HOLDS),
    (step(MAIN, PORT, 25, "26"), HOLDS),
    (step(MAIN, SECURE, 0, 2), HOLDS),
    (step(NEW, SECURE, 0, 4), HOLDS),
    (step(MAIN, PORT, 25, 26, family="tls"), "is of the family accounts, not tls"),
    (step(MAIN, PORT, 25, 26, creates=(MAIN,)), "keys come or go"),
    (step(MAIN, PORT, 25, 26, removes=(MAIN,)), "keys come or go"),
]


@pytest.mark.parametrize(("entry", "why"), BAD)
def test_a_journal_may_do_nothing_else_to_an_account(entry: Step, why: str) -> None:
    for told in (fix(entry), rollback(entry), rollback(inverse(entry))):
        if told.kind == "fix" and isinstance(entry, RegistryStep) and entry.removes:
            continue
        (found,) = judged(told)
        assert why in found


def test_a_fix_deletes_nothing_of_an_account() -> None:
    entry = step(MAIN, PORT, 2525, ABSENT)
    assert "is deleted, which no fix does" in judged(fix(entry))[0]
    assert judged(rollback(entry)) == ()


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("mail.example", True),
        ("mail.example.", False),
        ("a", True),
        ("1.2.3.4", True),
        ("1.2.3.256", False),
        ("1.2.3", False),
        ("xn--bcher-kva.example", True),
        ("b\u00fccher.example", False),
        ("a..b", False),
        ("a b", False),
        ("%x%", False),
        ("a" * 63, True),
        ("a" * 64, False),
    ],
)
def test_names_of_hosts(name: str, good: bool) -> None:
    assert is_host_name(name) is good


def test_keys_of_accounts() -> None:
    stores = [store_of(KNOWLEDGE, key) for key in (MAIN, OTHER, OLD, NEW)]
    assert [store.id if store else "" for store in stores] == ["outlook-express"] * 2 + ["outlook"] * 2
    assert store_of(KNOWLEDGE, ALICE.root) is None
