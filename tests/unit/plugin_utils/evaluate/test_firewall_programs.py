# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for one program, and the accounts that this program serves."""

from __future__ import annotations

import dataclasses

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import firewall
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, InstalledClient
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailAccount, MailProtocol, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Finding, Severity, State
from tests.support.hosts import ALICE, KNOWLEDGE
from tests.unit.plugin_utils.evaluate.firewall_rules import NO_OUTLOOK, RULES, SUBMISSION, windows


def findings(ctx: Context) -> dict[tuple[str, str], Finding]:
    return {(finding.id, finding.subject): finding for finding in firewall.evaluate(ctx)}


def account(port: int) -> MailAccount:
    return MailAccount(
        ALICE.sid, "outlook", "14.0", "alice", "HKU", MailProtocol.SMTP, "mail.example", port, False, Security.STARTTLS
    )


def with_outlook(ctx: Context, *accounts: MailAccount) -> Context:
    client = next(row for row in KNOWLEDGE.clients.values() if row.account_version == "14.0")
    return dataclasses.replace(ctx, clients=(InstalledClient(client, "HKLM"),), accounts=accounts)


def test_a_rule_for_the_program_of_an_account_is_a_fault() -> None:
    """The server is needed by Outlook, and only Outlook is cut."""
    found = findings(with_outlook(windows({RULES: {"a": NO_OUTLOOK}}), account(587)))
    rules = found["firewall.rules.local", ""]
    assert (rules.state, rules.severity) == (State.FAIL, Severity.HIGH)
    assert "587 to mail.example (OUTLOOK.EXE)" in rules.why
    assert found["firewall.outbound", "Public"].why.startswith("587 to mail.example (OUTLOOK.EXE): ")


def test_a_rule_for_an_installed_program_without_an_account_is_told() -> None:
    found = findings(with_outlook(windows({RULES: {"a": NO_OUTLOOK}}, servers=(SUBMISSION,))))
    assert (found["firewall.rules.local", ""].state, found["firewall.rules.local", ""].severity) == (
        State.FAIL,
        Severity.INFO,
    )
    assert findings(windows({RULES: {"a": NO_OUTLOOK}}))["firewall.rules.local", ""].state is State.PASS
