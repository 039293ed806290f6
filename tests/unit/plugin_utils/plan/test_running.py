# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts of programs that run, or may, are left alone."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.repointing import repointings
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.running import Running, without_running
from tests.support.hosts import ALICE, KNOWLEDGE
from tests.unit.plugin_utils.model.journals import ADDED, SWITCH
from tests.unit.plugin_utils.plan.accounts_of import MAIN, NEW, POP3, SMTP, express, outlook, pc, planned, relay

OE, OUTLOOK = "msimn.exe", "outlook.exe"
NOBODY: frozenset[str] = frozenset()
HERS = frozenset({ALICE.sid})
HIS = frozenset({"S-1-5-21-1-2-3-1002"})
UNKNOWN = Unread("who knows")

#: (owners, logged on, keys that are left).
WHO: list[tuple[dict[str, frozenset[str] | Unread], frozenset[str] | None, set[str]]] = [
    ({OE: NOBODY, OUTLOOK: NOBODY}, HERS, set()),
    ({OE: HERS, OUTLOOK: NOBODY}, HERS, {MAIN}),
    ({OE: NOBODY, OUTLOOK: HERS | HIS}, HERS, {NEW}),
    ({OE: HIS, OUTLOOK: HIS}, HERS | HIS, set()),
    ({OE: UNKNOWN, OUTLOOK: NOBODY}, HERS, {MAIN}),
    ({OE: UNKNOWN, OUTLOOK: HERS}, HIS, set()),
    ({OE: NOBODY, OUTLOOK: HERS}, None, {NEW}),
    ({OUTLOOK: NOBODY}, HERS, {MAIN}),
    ({}, None, {MAIN, NEW}),
    ({}, NOBODY, set()),
]


@pytest.mark.parametrize(("owners", "logged_on", "left"), WHO)
def test_whose_program_runs(
    owners: dict[str, frozenset[str] | Unread], logged_on: frozenset[str] | None, left: set[str]
) -> None:
    ctx = pc({MAIN: express(), NEW: outlook()}, version="16.0")
    found = repointings(ctx, (relay(110, POP3, 2110), relay(25, SMTP, 2525)))
    running = Running(owners, logged_on)
    kept = without_running(KNOWLEDGE, found, running)
    assert {MAIN, NEW} - {change.details["key"] for change in kept.changes} == left
    assert len(kept.left) == len(left)
    assert all("runn" in why and why.endswith(".") and ALICE.sid in why for why in kept.left)
    steps = planned(ctx, relay(110, POP3, 2110)).steps
    assert {step.key for step in steps if running.hindrance_of(KNOWLEDGE, step)} == left


def test_steps_that_are_about_no_account_wait_for_no_program() -> None:
    assert [Running().hindrance_of(KNOWLEDGE, step) for step in (SWITCH, ADDED)] == ["", ""]
