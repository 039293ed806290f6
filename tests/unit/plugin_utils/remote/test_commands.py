# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps as commands: the text of each kind, what is refused, and how the commands are cut into sections."""

from __future__ import annotations

import re
import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Absent,
    RegistryType,
    RegistryValue,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.quote import Unquotable
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.commands import commands, sections
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.lock import guarded
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.pack import PackError, pack
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, by_code, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import LIMITS
from tests.lab.parse import expand_percent, parse

R = RegistryType
FOLDER = "MailFleet-0123456789abcdef"
FILE = rf"%SystemRoot%\{FOLDER}\value.reg"
KEY = r"HKLM\SOFTWARE\Lab\A b"
LONG = r"HKEY_LOCAL_MACHINE\SOFTWARE\Lab\A b"


def step(
    after: RegistryValue | Absent,
    key: str = KEY,
    name: str | None = None,
    creates: tuple[str, ...] = (),
    removes: tuple[str, ...] = (),
) -> RegistryStep:
    own = after.name if isinstance(after, RegistryValue) else "n"
    return RegistryStep("tls", key, own if name is None else name, ABSENT, after, creates, removes)


def value(kind: RegistryType, data: t.Any, name: str = "n") -> RegistryStep:
    return step(RegistryValue(name, kind, data))


ADDS = [
    (R.DWORD, 1, "REG_DWORD /d 1"),
    (R.DWORD, 0, "REG_DWORD /d 0"),
    (R.DWORD, 0xFFFFFFFF, "REG_DWORD /d 4294967295"),
    (R.SZ, "text", "REG_SZ /d text"),
    (R.SZ, "", 'REG_SZ /d ""'),
    (R.SZ, "a b\\", 'REG_SZ /d "a b\\\\"'),
    (R.SZ, "a\\0b", "REG_SZ /d a\\0b"),
    (R.SZ, "http=a:80;https=b:443", 'REG_SZ /d "http=a:80;https=b:443"'),
    (R.SZ, "0" * 15, "REG_SZ /d " + "0" * 15),
    (R.EXPAND_SZ, "text", "REG_EXPAND_SZ /d text"),
    (R.BINARY, b"\0\xff\x10", "REG_BINARY /d 00ff10"),
    (R.MULTI_SZ, ("a", "b c"), 'REG_MULTI_SZ /s "#" /d "a#b c"'),
    (R.MULTI_SZ, ("a#", "b;"), 'REG_MULTI_SZ /s "," /d "a#,b;"'),
    (R.MULTI_SZ, ("a",), 'REG_MULTI_SZ /s "#" /d a'),
]


@pytest.mark.parametrize(("kind", "data", "expected"), ADDS)
def test_what_a_command_line_carries(kind: RegistryType, data: t.Any, expected: str) -> None:
    assert commands(value(kind, data), FOLDER) == (f'reg add "{KEY}" /v n /t {expected} /f',)


def test_the_default_value() -> None:
    assert commands(value(R.SZ, "x", ""), FOLDER) == (f'reg add "{KEY}" /ve /t REG_SZ /d x /f',)
    assert commands(step(ABSENT, name=""), FOLDER) == (f'reg delete "{KEY}" /ve /f',)


FILES = [
    (R.SZ, 'a"b', "hex^(1^):61,00,22,00,62,00,00,00"),
    (R.SZ, "%A%", "hex^(1^):25,00,41,00,25,00,00,00"),
    (R.SZ, "\r\n", "hex^(1^):0d,00,0a,00,00,00"),
    (R.SZ, "\u20ac", "hex^(1^):ac,20,00,00"),
    (R.SZ, "\ud800", "hex^(1^):00,d8,00,00"),
    (R.SZ, "a&b", "hex^(1^):61,00,26,00,62,00,00,00"),
    (R.SZ, "/f", "hex^(1^):2f,00,66,00,00,00"),
    (R.SZ, "-f", "hex^(1^):2d,00,66,00,00,00"),
    (R.SZ, " a", "hex^(1^):20,00,61,00,00,00"),
    (R.SZ, "a'", "hex^(1^):61,00,27,00,00,00"),
    (R.SZ, "/?", "hex^(1^):2f,00,3f,00,00,00"),
    (R.SZ, "{user}", "hex^(1^):7b,00,75,00,73,00,65,00,72,00,7d,00,00,00"),
    (R.EXPAND_SZ, "%a%", "hex^(2^):25,00,61,00,25,00,00,00"),
    (R.BINARY, b"", "hex:"),
    (R.DWORD, b"\1", "hex^(4^):01"),
    (R.DWORD_BIG_ENDIAN, b"\0\0\0\1", "hex^(5^):00,00,00,01"),
    (R.QWORD, 1, "hex^(b^):01,00,00,00,00,00,00,00"),
    (R.LINK, b"a\0", "hex^(6^):61,00"),
    (R.NONE, b"", "hex^(0^):"),
    (R.NONE, b"\1", "hex^(0^):01"),
    (R.MULTI_SZ, (), "hex^(7^):00,00"),
    (R.MULTI_SZ, ("",), "hex^(7^):00,00,00,00"),
    (R.MULTI_SZ, ("a\\0b",), "hex^(7^):61,00,5c,00,30,00,62,00,00,00,00,00"),
    (R.MULTI_SZ, ("#;,@", "$+=:"), None),
]


@pytest.mark.parametrize(("kind", "data", "expected"), FILES)
def test_what_travels_in_a_file(kind: RegistryType, data: t.Any, expected: str | None) -> None:
    made, written, imported, removed = commands(value(kind, data), FOLDER)
    assert made == rf"md %SystemRoot%\{FOLDER}"
    head = f"(echo Windows Registry Editor Version 5.00&echo.&echo [{LONG}]&echo "
    assert written.startswith(f'{head}"n"=')
    assert expected is None or written == f'{head}"n"={expected}&echo.)>{FILE}'
    assert imported == f"reg import {FILE}"
    assert removed == rf"rd /s /q %SystemRoot%\{FOLDER}"


@pytest.mark.parametrize("name", ["/f", "-f", "it's", " a", "a "])
def test_names_that_reg_exe_might_misread_travel_in_a_file(name: str) -> None:
    adding = commands(value(R.DWORD, 1, name), FOLDER)
    assert f'&echo "{name}"=dword:00000001&' in adding[1]
    deleting = commands(step(ABSENT, name=name), FOLDER)
    assert f'&echo "{name}"=-&' in deleting[1]
    # An import would make the key.
    assert deleting[2] == f'reg query "{KEY}" >nul&(if not errorlevel 1 (reg import {FILE}))'


def test_names_in_files_are_escaped() -> None:
    (_made, written, *_rest) = commands(value(R.QWORD, 1, r"a\b (c)"), FOLDER)
    assert r'&echo "a\\b (c)"=hex^(b^):' in written
    assert r"[HKEY_USERS\S-1 ^(a^)]" in commands(step(RegistryValue("n", R.NONE, b""), r"HKU\S-1 (a)"), FOLDER)[1]


def test_deleting_a_value() -> None:
    assert commands(step(ABSENT), FOLDER) == (f'reg delete "{KEY}" /v n /f',)
    assert commands(step(ABSENT, name="a b"), FOLDER) == (f'reg delete "{KEY}" /v "a b" /f',)


def test_making_an_empty_key() -> None:
    made = commands(step(ABSENT, creates=(r"HKLM\SOFTWARE\Lab", KEY)), FOLDER)
    assert made[1] == f"(echo Windows Registry Editor Version 5.00&echo.&echo [{LONG}]&echo.)>{FILE}"
    assert made[2:] == (f"reg import {FILE}", rf"rd /s /q %SystemRoot%\{FOLDER}", f'reg delete "{KEY}" /v n /f')


def test_reg_add_makes_keys_by_itself() -> None:
    plain = value(R.DWORD, 1)
    assert commands(step(RegistryValue("n", R.DWORD, 1), creates=(KEY,)), FOLDER) == commands(plain, FOLDER)


def test_removing_empty_keys() -> None:
    deleted, removed = commands(step(ABSENT, removes=(r"HKLM\SOFTWARE\Lab", KEY)), FOLDER)
    assert deleted == f'reg delete "{KEY}" /v n /f'
    assert removed.startswith(r'(for %k in ("SOFTWARE\Lab\A b" "SOFTWARE\Lab") do (')
    assert removed.count("reg delete") == 1
    parse(removed)


REFUSED = [
    (value(R.DWORD, 1, 'a"b'), Unquotable, 'because it has a "'),
    (value(R.DWORD, 1, "%a%"), Unquotable, "because it has a %"),
    (value(R.DWORD, 1, "\u00e4"), Unquotable, "printable ASCII"),
    (value(R.DWORD, 1, "a\nb"), Unquotable, "printable ASCII"),
    (value(R.DWORD, 1, "{user}"), Unquotable, "means something else in a command"),
    (step(ABSENT, name="a&b"), Unquotable, "because it has a &"),
    (step(ABSENT, "HKLM\\a\nb"), Unquotable, "printable ASCII"),
    (step(ABSENT, "HKLM\\a\\/?"), Unquotable, "holds /?, which means something else"),
    (value(R.QWORD, 1, "/?"), Unquotable, "holds /?, which means something else"),
    (step(ABSENT, "HKLM"), Unquotable, "below a hive"),
    (step(ABSENT, ""), Unquotable, "not the path of a registry key"),
    (step(ABSENT, r"SOFTWARE\Lab"), Unquotable, "not the path of a registry key"),
    (step(ABSENT, r"\\other\HKLM\SOFTWARE"), Unquotable, "not the path of a registry key"),
    (step(ABSENT, "HKLM\\a\\"), Unquotable, "not the path of a registry key"),
    (step(ABSENT, "HKLM\\a\\\\b"), Unquotable, "not the path of a registry key"),
    (step(ABSENT, "HKLM\\a /f & b"), Unquotable, "because it has a &"),
    (step(ABSENT, r"HKLM\a\*", removes=(r"HKLM\a\*",)), Unquotable, "cannot be removed"),
    (step(ABSENT, removes=(r"HKLM\SOFTWARE\Other",)), ValueError, "may not make or remove"),
    (step(ABSENT, removes=(r"HKLM\SOFTWARE\Lab\A",)), ValueError, "may not make or remove"),
    (step(ABSENT, removes=(KEY + r"\B",)), ValueError, "may not make or remove"),
    (step(ABSENT, creates=(r"HKU\Lab",)), ValueError, "may not make or remove"),
    (step(RegistryValue("m", R.DWORD, 1), name="n"), ValueError, "about the value n holds one named m"),
    (value(R.DWORD, "1"), ValueError, "are none of REG_DWORD"),
    (value(R.DWORD, 1 << 32), ValueError, "are none of REG_DWORD"),
    (value(R.DWORD, -1), ValueError, "are none of REG_DWORD"),
    (value(R.SZ, b"a"), ValueError, "are none of REG_SZ"),
    (value(R.SZ, "a\0b"), ValueError, "are none of REG_SZ"),
    (value(R.MULTI_SZ, ("a\0b",)), ValueError, "are none of REG_MULTI_SZ"),
    (value(R.BINARY, "00"), ValueError, "are none of REG_BINARY"),
]


@pytest.mark.parametrize(("refused", "kind", "why"), REFUSED)
def test_what_is_refused(refused: RegistryStep, kind: type[ValueError], why: str) -> None:
    with pytest.raises(kind, match=re.escape(why)) as caught:
        commands(refused, FOLDER)
    assert str(caught.value).isprintable()


def test_one_section_per_step() -> None:
    made = sections([value(R.DWORD, 1), value(R.SZ, "\n"), step(ABSENT)], FOLDER)
    assert [query.code for item in made for query in item.queries] == ["X0", "X1", "X2"]
    assert [item.name for item in made] == ["step 0", "step 1", "step 2"]
    assert made[1].queries[0].command == "&".join(commands(value(R.SZ, "\n"), FOLDER))


BIG = [value(R.BINARY, bytes(5000)), value(R.SZ, "\u20ac" * 3000), value(R.SZ, "a" * 1400), value(R.SZ, "a" * 3000)]
DEEP = rf"HKU\S-1-5-21-1111111111-2222222222-3333333333-1001\Software\Microsoft\Windows\CurrentVersion\{'x' * 100}"
REMOVING = [step(ABSENT, DEEP, removes=(DEEP.rpartition("\\")[0], DEEP)) for _unused in range(5)]


@pytest.mark.parametrize("limit", LIMITS)
def test_every_section_fits_into_a_line(limit: int) -> None:
    made = sections([*BIG, *REMOVING], FOLDER)
    assert len(by_code(made)) == len(made) > len(BIG) + len(REMOVING)
    assert [query.code for query in made[0].queries] == ["X0"]
    assert [query.code for query in made[1].queries] == ["X0_1"]
    # Each stands in the guard of a run.
    run = "20260102T030405Z-0123abcd"
    around = tuple(section("guarded", Query(q.code, command=guarded(run, q.command))) for s in made for q in s.queries)
    for batch in pack(around, limit):
        parse(expand_percent(batch.text("0123456789abcdef"), {"SYSTEMROOT": r"C:\Windows"}))


def test_a_name_that_fits_into_no_line_is_named_by_the_packer() -> None:
    with pytest.raises(PackError, match='"step 0" does not fit'):
        pack(sections([value(R.DWORD, 1, "n" * 3500)], FOLDER), LIMITS[1])
