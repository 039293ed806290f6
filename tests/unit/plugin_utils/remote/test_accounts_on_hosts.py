# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts of simulated hosts are repointed by the commands that are sent, and put back to the byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.gather import context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.undo import undo
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.collect import collect
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.commands import sections
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.stage import new_folder
from tests.support.hosts import KNOWLEDGE, TODAY
from tests.unit.plugin_utils.plan.accounts_of import (
    IDENTITY,
    IMPLICIT,
    MANAGER,
    POP3,
    SECTION,
    SMTP,
    K,
    ends,
    planned,
    relay,
    utf16,
)
from tests.unit.plugin_utils.plan.runs_on_images import FIRST, journal
from tests.unit.plugin_utils.remote.stand_ins import SimulatedShell, entry, plan, reg

ME = "HKEY_CURRENT_USER"
RELAYS = (relay(110, POP3, 2110), relay(25, SMTP, 465, IMPLICIT), relay(587, SMTP, 465, IMPLICIT))


def text(name: str, data: str, binary: bool) -> str:
    return f'"{name}"=hex:{utf16(data).hex(",")}\n' if binary else f'"{name}"="{data}"\n'


def outlook(root: str, profile: str, binary: bool) -> str:
    return (
        rf"[{ME}\{K[root].key}\{profile}\{SECTION}\00000002]"
        + '\n"clsid"="{ED475411-B0D6-11D2-8C3B-00104B2A6676}"\n'
        + text("Account Name", "work", binary)
        + text("POP3 Server", "mail.example", binary)
        + text("SMTP Server", "mail.example", binary)
        + '"POP3 Password"=hex:01,02\n"SMTP Port"=dword:0000024b\n"SMTP Secure Connection"=dword:00000002\n\n'
    )


EXPRESS = (
    '"Account Name"="home"\n"POP3 Server"="mail.example"\n"SMTP Server"="mail.example"\n"POP3 Password2"=hex:01\n\n'
)
BODY = (
    rf"[{ME}\{MANAGER}\Accounts\00000001]" + f"\n{EXPRESS}"
    rf"[{ME}\{K['outlook-express-identities'].key}\{IDENTITY}\{MANAGER}\Accounts\0000000B]" + f"\n{EXPRESS}"
)
HOSTS = [
    ("xp-sp3", outlook("outlook-profiles-mapi", "Outlook", binary=True)),
    ("win7-sp1", outlook("outlook-profiles-15", "My Profile (old)", binary=True)),
    ("win10-1709", outlook("outlook-profiles-16", "Outlook", binary=False)),
]


def seen(shell: SimulatedShell) -> Context:
    return context(KNOWLEDGE, AuditOptions(today=TODAY), collect(shell, plan()))


def carry_out(shell: SimulatedShell, steps: tuple[Step, ...]) -> None:
    Exchange(shell).run(sections(steps, new_folder()))


@pytest.mark.parametrize(("os", "more"), HOSTS)
def test_accounts_of_a_host_go_to_the_relay_and_back(os: str, more: str, tmp_path: Path) -> None:
    shell = SimulatedShell(entry(os, registry=(reg(tmp_path, BODY + more),)))
    first = shell.host.export("HKU")
    ctx = seen(shell)
    assert len(ctx.accounts) == 6
    done = planned(ctx, *RELAYS)
    assert done.withheld == ()
    carry_out(shell, done.steps)
    moved = seen(shell)
    assert {end[2:] for end in ends(moved)} == {("relay.example", 2110, "none"), ("relay.example", 465, "implicit")}
    assert planned(moved, *RELAYS).steps == ()
    changed = {path for path, values in shell.host.export("HKU").items() if values != first[path]}
    assert len(changed) == 3
    back = undo((journal(FIRST, done.steps),), moved.snapshot.image)
    assert back.refused == ()
    carry_out(shell, back.steps)
    assert shell.host.export("HKU") == first
