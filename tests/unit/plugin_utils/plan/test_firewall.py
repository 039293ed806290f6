# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that let mail out: for the program that needs them, where it is known, and for nobody else."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryData
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Plan
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.firewall import changes
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.what_if import after
from tests.support.hosts import ALICE, KNOWLEDGE, TODAY, host
from tests.unit.plugin_utils.plan.generated_hosts import PROFILES

APP_PATHS = KNOWLEDGE.registry["app-paths"].key
BLOCK = {KNOWLEDGE.registry["firewall-public"].key: {"DefaultOutboundAction": 1}}
OUTLOOK: dict[str, dict[str, RegistryData]] = {
    r"HKLM\SOFTWARE\Microsoft\Office\16.0\Outlook\InstallRoot": {"Path": "x"},
    ALICE.root + PROFILES + r"\00000002": {
        "clsid": "{ED475412-B0D6-11D2-8C3B-00104B2A6676}",
        "Account Name": "work",
        "IMAP Server": "mail.example",
        "IMAP Port": 993,
        "IMAP Use SSL": 1,
        "SMTP Server": "mail.example",
        "SMTP Port": 587,
        "SMTP Secure Connection": 2,
    },
}


@pytest.mark.parametrize(
    ("folder", "program"),
    [
        (r"C:\Program Files (x86)\Microsoft Office\Root\Office16" + "\\", True),
        (r"C:\Program Files\Office", True),
        (r"%ProgramFiles%\Office", False),
        (r"C:\a&calc\b", False),
        ('C:\\a" & calc & "', False),
        (r"\\server\share", False),
        ("", False),
        (b"C:\\x", False),
    ],
)
def test_the_rule_names_the_program_where_it_is_known_plainly(folder: RegistryData, program: bool) -> None:
    found = {f"{APP_PATHS}\\OUTLOOK.EXE": {"Path": folder}}
    ctx = host("win10-22h2", BLOCK, OUTLOOK, found, options=AuditOptions(today=TODAY))
    (rule,) = changes(ctx)
    path = f"{str(folder).rstrip(chr(92))}\\OUTLOOK.EXE" if program else None
    assert rule.details["program"] == path
    assert (f"|App={path}|" in rule.details["rule"]) is program
    assert ("App=" in rule.details["rule"]) is program
    assert rule.details["ports"] == [587, 993]
    assert rule.details["profiles"] == ["Public"]
    assert changes(after(ctx, Plan((rule,)))) == ()
