# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``reg add``, ``reg delete`` and ``reg import``: rows are facts about reg.exe, most from Wine's tests of it."""

from __future__ import annotations

import pytest

from .conftest import Host, MakeHost

KEY = r"HKLM\SOFTWARE\T"
LONG = r"HKEY_LOCAL_MACHINE\SOFTWARE\T"
SECRET = r"HKLM\SOFTWARE\Secret"


def text(value: str) -> bytes:
    return value.encode("utf-16-le")


def values(host: Host, path: str = KEY) -> dict[str, tuple[int, bytes]] | None:
    return host.export(path).get(path.replace("HKLM", "HKEY_LOCAL_MACHINE"))


ADDED = [
    ("/v a /t REG_SZ /d x /f", {"a": (1, text("x\0"))}),
    ('/v "a b" /d "x y" /f', {"a b": (1, text("x y\0"))}),
    ("/f /d x /v a", {"a": (1, text("x\0"))}),
    ("/v a /f", {"a": (1, text("\0"))}),
    ("/ve /d x /f", {"": (1, text("x\0"))}),
    ("/f", {"": (1, text("\0"))}),
    ("", {"": (1, text("\0"))}),
    ("/v a /t reg_expand_sz /d ^%A^% /f", {"a": (2, text("%A%\0"))}),
    ("/v a /t REG_BINARY /d 00fF /f", {"a": (3, b"\0\xff")}),
    ("/v a /t REG_BINARY /f", {"a": (3, b"")}),
    ("/v a /t REG_DWORD /d 10 /f", {"a": (4, b"\x0a\0\0\0")}),
    ("/v a /t REG_DWORD /d 0XFFffffff /f", {"a": (4, b"\xff" * 4)}),
    ("/v a /t REG_DWORD_LITTLE_ENDIAN /d 1 /f", {"a": (4, b"\1\0\0\0")}),
    ("/v a /t REG_DWORD_BIG_ENDIAN /d 1 /f", {"a": (5, b"\1\0\0\0")}),
    (r"/v a /t REG_MULTI_SZ /d a\0bc /f", {"a": (7, text("a\0bc\0\0"))}),
    (r"/v a /t REG_MULTI_SZ /d a\0bc\0 /f", {"a": (7, text("a\0bc\0\0"))}),
    (r"/v a /t REG_MULTI_SZ /s ; /d a\0b;c /f", {"a": (7, text("a\\0b\0c\0\0"))}),
    ('/v a /t REG_MULTI_SZ /d "" /f', {"a": (7, text("\0"))}),
    ("/v a /t REG_NONE /d xy /f", {"a": (0, text("xy\0"))}),
    (r'/v "a\"b" /d "C:\x\\" /f', {'a"b': (1, text("C:\\x\\\0"))}),
]


@pytest.mark.parametrize("os", ["win7-sp1", "xp-sp3"])
@pytest.mark.parametrize(("arguments", "wanted"), ADDED)
def test_add(make_host: MakeHost, os: str, arguments: str, wanted: dict[str, tuple[int, bytes]]) -> None:
    host = make_host(os)
    assert host.say(f"reg add {KEY} {arguments}") == (0, "The operation completed successfully.\r\n\r\n", "")
    assert values(host) == wanted


@pytest.mark.parametrize(
    ("arguments", "new", "old"),
    [
        ("/v a /t REG_QWORD /d 0x10 /f", (11, b"\x10" + bytes(7)), None),
        ("/v a /t REG_BINARY /d abc /f", (3, b"\x0a\xbc"), (3, b"\xab\xc0")),
        ("/v a /t REG_DWORD /d 010 /f", (4, b"\x0a\0\0\0"), (4, b"\x08\0\0\0")),
        ("/v a /t REG_DWORD /f", None, (4, bytes(4))),
    ],
)
def test_xp_differs(
    make_host: MakeHost, arguments: str, new: tuple[int, bytes] | None, old: tuple[int, bytes] | None
) -> None:
    for os, wanted in (("win10-22h2", new), ("xp-sp3", old)):
        host = make_host(os)
        code, _unused, err = host.say(f"reg add {KEY} {arguments}")
        assert (code, values(host)) == ((0, {"a": wanted}) if wanted else (1, None))
        assert bool(err) is (wanted is None)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (f"add {KEY} /v a /v b /f", "Invalid syntax"),
        (f"add {KEY} /v a /ve /f", "Invalid syntax"),
        (f"add {KEY} /d", "Invalid syntax"),
        (f"add {KEY} /x", "Invalid syntax"),
        (f"add {KEY} /v a /t REG_TEXT /f", "Invalid syntax"),
        (f"add {KEY} /v a /t REG_SZ /s ; /f", "Invalid syntax"),
        (f"add {KEY} /v a /t REG_DWORD /d zzz /f", "numeric value"),
        (f"add {KEY} /v a /t REG_DWORD /d -1 /f", "numeric value"),
        (f"add {KEY} /v a /t REG_DWORD /d 4294967296 /f", "numeric value"),
        (f"add {KEY} /v a /t REG_BINARY /d 0xab /f", "numeric value"),
        (rf"add {KEY} /v a /t REG_MULTI_SZ /d a\0\0b /f", "numeric value"),
        ("add HKXX\\a /f", 'Invalid key name.\r\nType "REG ADD /?"'),
        (r"add HKLM\SOFTWARE\\T /f", "Invalid key name"),
        (r"add HKLM\New /f", "parameter is incorrect"),
        (rf"add {KEY}\{'x' * 256} /f", "parameter is incorrect"),
        (rf"add {SECRET} /v a /f", "Access is denied"),
        (rf"add {SECRET}\Sub /v a /f", "Access is denied"),
        (f"delete {KEY} /f", "unable to find"),
        (r"delete HKLM\SOFTWARE\Microsoft /v nope /f", "unable to find"),
        (r"delete HKLM\SOFTWARE\Microsoft /ve /f", "unable to find"),
        (rf"delete {SECRET} /f", "Access is denied"),
        (r"import C:\nope.reg", "Error opening the file"),
        ("import", "Invalid syntax"),
    ],
)
def test_what_reg_exe_refuses(make_host: MakeHost, line: str, says: str) -> None:
    host = make_host(unreadable=[SECRET])
    before = host.export("HKLM")
    code, out, err = host.say(f"reg {line}")
    assert (code, out) == (1, "")
    assert err.startswith("ERROR: ")
    assert says in err
    assert host.export("HKLM") == before
    assert (host.counters.writes, host.counters.written) == (1, [f"reg {line}"])
    assert host.counters.refused == []


@pytest.mark.parametrize("arguments", [f"add {KEY} /v a /d 2", f"delete {KEY} /v a", f"delete {KEY}"])
def test_nobody_can_answer_a_question(host: Host, arguments: str) -> None:
    host.say(f"reg add {KEY} /v a /d 1 /f")
    assert host.say(f"reg {arguments}")[2].startswith("lab: refused: ")
    assert values(host) == {"a": (1, text("1\0"))}


def test_a_value_keeps_the_spelling_of_its_first_name(host: Host) -> None:
    host.say(rf"reg add {KEY}\Sub /v Name /d 1 /f&reg add {KEY}\SUB /v NAME /d 2 /f")
    assert values(host, rf"{KEY}\Sub") == {"Name": (1, text("2\0"))}


def test_delete(host: Host) -> None:
    host.say(rf"reg add {KEY}\A\B /v x /f&reg add {KEY}\A /v y /f&reg add {KEY}\A /v z /f&reg add {KEY}\A /ve /f")
    for arguments, left in (("/v Y /f", {"z", ""}), ("/ve /f", {"z"}), ("/va /f", set())):
        assert host.say(rf"reg delete {KEY}\A {arguments}")[0] == 0
        assert set(values(host, rf"{KEY}\A") or {}) == left
    assert rf"{LONG}\A\B" in host.export(KEY)
    assert host.say(rf"reg delete {KEY}\A /f")[0] == 0
    assert set(host.export(KEY)) == {LONG}


def test_a_tree_with_a_denied_key_stays(make_host: MakeHost) -> None:
    host = make_host(unreadable=[rf"{KEY}\A\B"], reg=f"[{LONG}\\A\\B]\r\n[{LONG}\\A\\C]\r\n")
    assert "denied" in host.say(rf"reg delete {KEY} /f")[2]
    assert rf"{LONG}\A\C" in host.export(KEY)


REG = r"""Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SOFTWARE\T]
"s"="a\\b\"c"
"d"=dword:0000000A
"x"=hex(1):41,00,\
  42,00
"open"=hex(7):41,00,00,00,42,00
"none"=hex(1):
"q"=hex(b):01,00,00,00,00,00,00,00
"odd dword"=hex(4):01
nonsense
"also nonsense"=zzz
@="default"
[HKLM\SOFTWARE\T\Short]
[HKEY_LOCAL_MACHINE\SOFTWARE\T\Empty]
[-HKEY_LOCAL_MACHINE\SOFTWARE\Old]
[HKEY_LOCAL_MACHINE\SOFTWARE\Kept]
"gone"=-
"""
IMPORTED = {
    "s": (1, text('a\\b"c\0')),
    "d": (4, b"\x0a\0\0\0"),
    "x": (1, text("AB\0")),
    "open": (7, text("A\0B\0")),
    "none": (1, b""),
    "q": (11, b"\1" + bytes(7)),
    "odd dword": (4, b"\1"),
    "": (1, text("default\0")),
}


@pytest.mark.parametrize("encoding", ["ascii", "utf-16"])
@pytest.mark.parametrize("os", ["win7-sp1", "xp-sp3"])
def test_import_takes_what_it_can_read(make_host: MakeHost, os: str, encoding: str) -> None:
    host = make_host(os, reg='[HKLM\\SOFTWARE\\Old\\Sub]\r\n[HKLM\\SOFTWARE\\Kept]\r\n"gone"=""\r\n"stays"=""\r\n')
    body = REG.replace(r"[HKLM\SOFTWARE\T\Short]", "")
    host.files.open(r"C:\f.reg", append=False).content = body.replace("\n", "\r\n").encode(encoding)
    assert host.say(r"reg import C:\f.reg") == (0, "", "The operation completed successfully.\r\n\r\n")
    assert host.export(KEY) == {LONG: IMPORTED, rf"{LONG}\Empty": {}}
    assert host.registry.find(r"HKLM\SOFTWARE\Old") is None
    assert list(values(host, r"HKLM\SOFTWARE\Kept") or {}) == ["stays"]


def test_import_says_what_it_had_to_leave_out(make_host: MakeHost) -> None:
    host = make_host(unreadable=[SECRET])
    body = (
        f'REGEDIT4\r\n[{SECRET.replace("HKLM", "HKEY_LOCAL_MACHINE")}]\r\n"a"="1"\r\n[{LONG}]\r\n"m"=hex(7):e4,00\r\n'
    )
    host.files.open(r"C:\f.reg", append=False).content = body.encode()
    assert host.say(r"reg import C:\f.reg") == (1, "", "ERROR: Error accessing the registry.\r\n")
    assert values(host) == {"m": (7, text("ä\0"))}


def test_import_of_something_else(host: Host) -> None:
    host.say(r"echo hello>C:\f.reg")
    assert "not a registry script" in host.say(r"reg import C:\f.reg")[2]


def test_a_file_written_by_echo_is_imported(host: Host) -> None:
    line = (
        r"md %SystemRoot%\MailFleet-01&(echo Windows Registry Editor Version 5.00&echo."
        r'&echo [HKEY_LOCAL_MACHINE\SOFTWARE\T]&echo "a b"=hex^(1^):41,00,00,00)>"%SystemRoot%\MailFleet-01\f.reg"'
        r'&reg import "%SystemRoot%\MailFleet-01\f.reg"&rd /s /q %SystemRoot%\MailFleet-01'
    )
    assert host.say(f"echo off&(for %t in (x:) do ({line})) <nul 2>&1")[0] == 0
    assert values(host) == {"a b": (1, text("A\0"))}
    assert not host.files.exists(r"C:\Windows\MailFleet-01")
    assert [one.split(" ")[0] for one in host.counters.written] == [
        "md",
        '>"C:\\Windows\\MailFleet-01\\f.reg"',
        "reg",
        "rd",
    ]


@pytest.mark.parametrize("language", ["de", "fr", "ru", "ja"])
@pytest.mark.parametrize("os", ["win7-sp1", "xp-sp3"])
def test_other_languages_have_words_for_all_of_it(make_host: MakeHost, language: str, os: str) -> None:
    host = make_host(os, language=language)
    lines = (f"reg add {KEY} /x", f"reg add {KEY} /v a /t REG_DWORD /d z /f", r"reg import C:\x", r"md C:\Windows")
    said = [host.say(line)[2] for line in lines]
    assert all(said)
    assert not any("{" in one or "REG QUERY" in one for one in said)
