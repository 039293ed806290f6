# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts that are files: which files, elements and texts a journal may be about; how they show; the .reg export."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.account_files import file_key, file_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import Journal, RegistryStep
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal_codec import as_data, journal_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Absent,
    RegistryType,
    RegistryValue,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.account_places import store_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.diff import diff
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.journal_trust import objections
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.reg_export import reg_files
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.quote import Unquotable
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.account_files import commands
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.commands import sections
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.stage import new_folder
from tests.support.hosts import ALICE, KNOWLEDGE
from tests.support.live_mail import FILE
from tests.unit.plugin_utils.model.journals import HOST, RUN
from tests.unit.plugin_utils.plan.trusted import SIDS

KEY = file_key(ALICE.root, FILE)
MAIL = r"C:\Users\a\AppData\Local\Microsoft\Windows Mail\account{1}.oeaccount"


def text(name: str, data: str) -> RegistryValue:
    return RegistryValue(name, RegistryType.SZ, data)


def step(name: str, before: str | None, after: str | None, key: str = KEY, family: str = "accounts") -> RegistryStep:
    sides: list[RegistryValue | Absent] = [ABSENT if one is None else text(name, one) for one in (before, after)]
    return RegistryStep(family, key, name, sides[0], sides[1])


def judged(one: RegistryStep, kind: str = "fix") -> tuple[str, ...]:
    journal = Journal(RUN, kind, HOST, "2026-01-31T23:59:59Z", (one,))
    assert journal_of(as_data(journal)) == journal
    return objections(KNOWLEDGE, journal, HOST, SIDS)


GOOD = [
    step("POP3 Server", "pop.example.com", "10.0.7.2"),
    step("SMTP Port", "000003E3", "00000019"),
    step("IMAP Port", "8f", "0000008f"),
    step("SMTP Secure Connection", "00000001", "00000000"),
    step("SMTP Port", "19", "00000401", file_key(ALICE.root, MAIL)),
]
BAD = [
    step("POP3 Password2", "01", "02"),
    step("POP3 User Name", "a", "b"),
    step("SMTP_Port", "00000019", "0000001a"),
    step("SMTP Port", "00000019", "70000"),
    step("SMTP Port", "25.", "00000019"),
    step("SMTP Port", None, "00000019"),
    step("SMTP Port", "00000019", None),
    step("SMTP Secure Connection", "00000001", "00000002"),
    step("SMTP Server", "a", "a</SMTP_Server><x/>"),
    step("SMTP Server", "a", "a b"),
    step("SMTP Server", "a", "b", family="tls"),
    step("SMTP Server", "a", "b", file_key("HKU\\S-1-5-21-9-9-9-9", FILE)),
    step("SMTP Server", "a", "b", file_key("HKLM\\SOFTWARE", FILE)),
    RegistryStep("accounts", KEY, "SMTP Server", text("SMTP Server", "a"), text("SMTP Server", "b"), (KEY,)),
    RegistryStep(
        "accounts",
        KEY,
        "SMTP Port",
        RegistryValue("SMTP Port", RegistryType.DWORD, 25),
        RegistryValue("SMTP Port", RegistryType.DWORD, 26),
    ),
]


@pytest.mark.parametrize("one", GOOD)
@pytest.mark.parametrize("kind", ["fix", "rollback"])
def test_what_a_plan_could_do_is_followed(one: RegistryStep, kind: str) -> None:
    assert judged(one, kind) == ()


@pytest.mark.parametrize("one", BAD)
@pytest.mark.parametrize("kind", ["fix", "rollback"])
def test_all_else_is_refused(one: RegistryStep, kind: str) -> None:
    assert len(judged(one, kind)) == 1


PATHS = [
    (FILE, True),
    (MAIL, True),
    (r"D:\Windows Live Mail\account{1}.oeaccount", True),
    (r"C:\Users\a\account{1}.oeaccount", False),
    (r"C:\Windows Mail\x.exe", False),
    (r"C:\Windows Mail\..\account{1}.oeaccount", False),
    (r"C:\Windows Mail\a.\account{1}.oeaccount", False),
    (r"C:\Windows Mail \account{1}.oeaccount", False),
    (r"C:\Windows Mail\account{1}.oeaccount\x", False),
    (r"C:\Windows Mail\account{1}.oeaccount:x", False),
    (r"C:\a%b%\Windows Mail\account{1}.oeaccount", False),
    ('C:\\a"&b\\Windows Mail\\account{1}.oeaccount', False),
    ("C:\\\u00e4\\Windows Mail\\account{1}.oeaccount", False),
    (r"\\srv\share\Windows Mail\account{1}.oeaccount", False),
    (r"Windows Mail\account{1}.oeaccount", False),
    ("C:\\" + "a\\" * 120 + r"Windows Mail\account{1}.oeaccount", False),
]


@pytest.mark.parametrize(("path", "taken"), PATHS)
def test_files(path: str, taken: bool) -> None:
    key = file_key(ALICE.root, path)
    assert file_of(key) == path
    assert (store_of(KNOWLEDGE, key) is not None) is taken
    if taken:
        assert commands([step("SMTP Port", "19", "1a", key)], new_folder())


@pytest.mark.parametrize(
    "key", [r"HKU\S-1-5-21-1\account file", r"HKU\S-1\Software\account file\x", r"HKLM\x\account file\C"]
)
def test_keys_of_the_registry_are_no_files(key: str) -> None:
    assert file_of(key) is None


def test_one_script_for_all_elements_of_a_file() -> None:
    steps = [*GOOD[:2], GOOD[4]]
    lines = [query.command for one in sections(steps, new_folder()) for query in one.queries]
    calls = [part for line in lines for part in line.split("&") if part.startswith("cscript")]
    assert len(calls) == 2
    assert calls[0].endswith("POP3_Server pop.example.com 10.0.7.2 SMTP_Port 000003E3 00000019")
    assert not any(part.startswith("reg ") for line in lines for part in line.split("&"))


@pytest.mark.parametrize("bad", ["a b", "", '"', "a&b", "a</x>", "-x", "/?", None, "%a%"])
def test_no_other_text_reaches_the_script(bad: str | None) -> None:
    with pytest.raises(Unquotable):
        commands([step("SMTP Server", "a", bad)], new_folder())


def test_how_it_shows() -> None:
    shown = diff(GOOD[:2])
    assert shown["before"].splitlines() == [f"[{FILE}]", '"POP3 Server"="pop.example.com"', '"SMTP Port"="000003E3"']
    assert shown["after"].splitlines()[1:] == ['"POP3 Server"="10.0.7.2"', '"SMTP Port"="00000019"']


def test_reg_files_leave_it_out_and_say_so() -> None:
    files = reg_files(GOOD[:2])
    assert "oeaccount" not in files.do.decode("utf-16") + files.undo.decode("utf-16")
    assert files.left_out == (f"The account in {FILE} is a file, not registry: nothing of it is changed.",)
