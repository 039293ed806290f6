# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fix that sends accounts through a relay, and the rollback that puts them back, on simulated hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.relay_ends import relay_ends
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import Fixed
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.fixing import fix
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Terms, Visit
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_reading import update_reading
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.runs import fixed
from tests.support.hosts import KNOWLEDGE, TODAY
from tests.support.lab_shell import Bench, LabShell, consents

ACCOUNT = r"Software\Microsoft\Internet Account Manager\Accounts\00000001"
FILE = rf"""Windows Registry Editor Version 5.00

[HKEY_CURRENT_USER\{ACCOUNT}]
"Account Name"="till"
"POP3 Server"="pop.example.com"
"POP3 Port"=dword:000003e3
"POP3 Secure Connection"=dword:00000001
"POP3 Password2"=hex:01,00,00,00
"SMTP Server"="smtp.example.com"
"SMTP Port"=dword:000001d1
"SMTP Secure Connection"=dword:00000001
"""
RELAYS = relay_ends(
    [
        {"server": "pop.example.com", "port": 995, "protocol": "pop3", "host": "10.0.7.2"}
        | {"listen_port": 1110, "security": "none"},
        {"server": "smtp.example.com", "port": 465, "protocol": "smtp", "host": "10.0.7.2"}
        | {"listen_port": 1025, "security": "none"},
    ]
)


def bench(folder: Path, *running: str) -> Bench:
    """A stock XP with an account of Outlook Express."""
    (folder / "oe.reg").write_bytes(b"\xff\xfe" + FILE.encode("utf-16-le"))
    return Bench(folder, os="xp-sp3", registry=["oe.reg"], running=list(running))


def repoint(host: Bench, terms: Terms) -> Fixed:
    options = AuditOptions(today=TODAY, only=frozenset({"accounts"}))
    visit = Visit(LabShell(host.host), KNOWLEDGE, options, update_reading(KNOWLEDGE), host.desk(), terms)
    return fix(visit, relays=RELAYS)


def account(host: Bench) -> dict[str, object]:
    return next(
        {name: data for name, (_type, data) in values.items()}
        for path, values in host.registry().items()
        if path.endswith(ACCOUNT)
    )


def wide(text: str) -> bytes:
    return f"{text}\0".encode("utf-16-le")


def test_an_account_goes_to_the_relay_and_back(tmp_path: Path) -> None:
    host = bench(tmp_path)
    before = host.registry()
    done = repoint(host, consents("cleartext_leg"))
    assert (done.failed, done.left) == ((), ())
    now = account(host)
    assert (now["POP3 Server"], now["SMTP Server"]) == (wide("10.0.7.2"), wide("10.0.7.2"))
    assert (now["POP3 Port"], now["SMTP Port"]) == ((1110).to_bytes(4, "little"), (1025).to_bytes(4, "little"))
    assert now["POP3 Secure Connection"] == now["SMTP Secure Connection"] == bytes(4)
    assert now["POP3 Password2"] == b"\1\0\0\0"
    assert repoint(host, consents("cleartext_leg")).steps == ()
    undone = host.roll_back()
    assert (undone.failed, undone.undo.refused) == ((), ())
    assert host.registry() == before


def test_without_consent_it_is_withheld_as_a_whole(tmp_path: Path) -> None:
    host = bench(tmp_path)
    before = host.registry()
    done = repoint(host, consents())
    assert done.steps == ()
    assert {one.consent for one in done.withheld} == {"cleartext_leg"}
    assert host.registry() == before


def test_check_mode_foresees_it(tmp_path: Path) -> None:
    host = bench(tmp_path)
    before = host.registry()
    foreseen = repoint(host, consents("cleartext_leg", check=True))
    assert host.registry() == before
    assert fixed(repoint(host, consents("cleartext_leg")))["changes"] == fixed(foreseen)["changes"] != []


@pytest.mark.parametrize("direction", ["there", "back"])
def test_not_while_the_program_runs(tmp_path: Path, direction: str) -> None:
    host = bench(tmp_path, *(["msimn.exe"] if direction == "there" else []))
    done = repoint(host, consents("cleartext_leg"))
    if direction == "there":
        assert done.steps == ()
        assert "msimn.exe is running for this user" in done.left[0]
        assert fixed(done)["accounts_left"] == list(done.left)
        return
    (tmp_path / "other").mkdir()
    object.__setattr__(host.host.entry, "running", bench(tmp_path / "other", "msimn.exe").host.entry.running)
    undone = host.roll_back()
    assert undone.undo.steps == ()
    assert any("msimn.exe is running for this user" in why for why in undone.undo.refused)
