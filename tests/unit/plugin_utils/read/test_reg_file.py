# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``.reg`` files: reading and writing."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryType, RegistryValue
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_file import (
    RegFile,
    RegFileError,
    RegFileKey,
    ValueDeletion,
    lines,
    parse,
    value_at,
    write,
)

R = RegistryType
V5 = "Windows Registry Editor Version 5.00\r\n\r\n"
V4 = "REGEDIT4\r\n\r\n"
KEY = "[HKEY_LOCAL_MACHINE\\A]\r\n"


def only(text: str, head: str = V5) -> RegistryValue | ValueDeletion:
    ((value,),) = (key.values for key in parse(head + KEY + text).keys)
    return value


VALUES = [
    ('"n"="text"', R.SZ, "text"),
    ('"n"=""', R.SZ, ""),
    (r'"n"="C:\\Program Files\\\"x\""', R.SZ, r'C:\Program Files\"x"'),
    ('"n"="two\r\nlines"', R.SZ, "two\r\nlines"),
    ('"n"="a" ; comment', R.SZ, "a"),
    ('"n"="; no comment"', R.SZ, "; no comment"),
    ('  "n" = "a"', R.SZ, "a"),
    ('"n"="a\0garbage"', R.SZ, "a"),
    ('"n"="\u201cquoted\u201d \u2028 \f"', R.SZ, "\u201cquoted\u201d \u2028 \f"),
    ('"n"=dword:00000a80', R.DWORD, 0xA80),
    ('"n"=DWORD:FFFFFFFF', R.DWORD, 0xFFFFFFFF),
    ('"n"=dword:1', R.DWORD, 1),
    ('"n"=hex:', R.BINARY, b""),
    ('"n"=hex:46,00,FF', R.BINARY, b"F\0\xff"),
    ('"n"=hex:46,00,\\\r\n  ff', R.BINARY, b"F\0\xff"),
    ('"n"=hex:46,\\ \r\n; comment\r\n  00', R.BINARY, b"F\0"),
    ('"n"=hex(0):01', R.NONE, b"\1"),
    ('"n"=hex(1):61,00,00,00,62,00', R.SZ, "a"),
    ('"n"=hex(1):61,00,62', R.SZ, "a"),
    ('"n"=hex(2):25,00,61,00,25,00,00,00', R.EXPAND_SZ, "%a%"),
    ('"n"=hex(3):01', R.BINARY, b"\1"),
    ('"n"=hex(4):01,00,00,80', R.DWORD, 0x80000001),
    ('"n"=hex(4):01,00', R.DWORD, b"\1\0"),
    ('"n"=hex(5):00,00,00,01', R.DWORD_BIG_ENDIAN, b"\0\0\0\1"),
    ('"n"=hex(6):61,00', R.LINK, b"a\0"),
    ('"n"=hex(7):61,00,00,00,62,00,00,00,00,00', R.MULTI_SZ, ("a", "b")),
    ('"n"=hex(7):61,00,00,00,00,00,00,00', R.MULTI_SZ, ("a", "")),
    ('"n"=hex(7):61,00,00,00', R.MULTI_SZ, ("a",)),
    ('"n"=hex(7):00,00', R.MULTI_SZ, ()),
    ('"n"=hex(7):', R.MULTI_SZ, ()),
    ('"n"=hex(b):01,00,00,00,00,00,00,80', R.QWORD, 0x8000000000000001),
    ('"n"=hex(B):01', R.QWORD, b"\1"),
    ('"n"=hex(ffff0012):01', R.NONE, b"\1"),
]


@pytest.mark.parametrize(("text", "kind", "data"), VALUES)
@pytest.mark.parametrize("ending", ["", "\r\n", "\n\n"])
def test_values(text: str, kind: RegistryType, data: t.Any, ending: str) -> None:
    assert only(text + ending) == RegistryValue("n", kind, data)


def test_names_and_deletions() -> None:
    text = KEY + '@="default"\r\n"a\\"b\\\\c"=dword:1\r\n"gone"=-\r\n@=-\r\n[-HKEY_CURRENT_USER\\B]\r\n'
    assert parse(V5 + text) == RegFile(
        (
            RegFileKey(
                "HKLM\\A",
                (
                    RegistryValue("", R.SZ, "default"),
                    RegistryValue('a"b\\c', R.DWORD, 1),
                    ValueDeletion("gone"),
                    ValueDeletion(""),
                ),
            ),
            RegFileKey("HKCU\\B", deleted=True),
        )
    )


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("[HKEY_LOCAL_MACHINE\\A]", "HKLM\\A"),
        ("[hkey_local_machine\\A]", "HKLM\\A"),
        ("[HKLM\\A b ]", "HKLM\\A b "),
        ("[HKEY_USERS]", "HKU"),
        ("[HKEY_USERS\\a]b]", "HKU\\a]b"),
        ("[HKEY_USERS\\a] ; comment", "HKU\\a"),
        ("  [HKEY_USERS\\a]  ", "HKU\\a"),
    ],
)
def test_headers(line: str, path: str) -> None:
    assert parse(V5 + line) == RegFile((RegFileKey(path),))


TEXT = V5 + KEY + '"ä"="\u20ac"\r\n'


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe" + TEXT.encode("utf-16-le"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.encode(),
        TEXT.encode("cp1252"),
        TEXT,
        "\ufeff" + TEXT,
    ],
)
def test_encodings(data: bytes | str) -> None:
    assert parse(data) == RegFile((RegFileKey("HKLM\\A", (RegistryValue("ä", R.SZ, "\u20ac"),)),))


def test_regedit4_holds_8_bit_strings() -> None:
    assert only('"n"=hex(2):25,61,25,00', V4) == RegistryValue("n", R.EXPAND_SZ, "%a%")
    assert only('"n"=hex(7):61,00,e4,00,00', V4) == RegistryValue("n", R.MULTI_SZ, ("a", "ä"))
    assert parse((V4 + KEY + '"n"="').encode() + b'\x8a"', "cp850").keys[0].values == (RegistryValue("n", R.SZ, "è"),)


BROKEN = [
    ("", "line 1: not a .reg file"),
    ("\r\n\r\n", "line 3: not a .reg file"),
    ("MZ\x90\0\x03", "line 1: not a .reg file, its first line is 'MZ"),
    ("Windows Registry Editor Version 6.00\r\n", "not a .reg file"),
    (V5 + '"a"="b"', "line 3: neither a key in brackets nor a comment"),
    (V5 + "[HKEY_NOWHERE\\A]", "line 3: not the path of a registry key: HKEY_NOWHERE"),
    (V5 + "[HKEY_USERS\\\\A]", "not the path of a registry key"),
    (V5 + "[HKEY_USERS\\A", "neither a key in brackets"),
    (V5 + "HKEY_USERS\\A", "neither a key in brackets"),
    (V5 + '[-HKEY_USERS\\A]\r\n"a"=dword:1', "line 4: neither a key in brackets nor a comment"),
    (V5 + KEY + "\u201cn\u201d=dword:1", "line 4: neither a key in brackets nor a value nor a comment: \u201cn"),
    (V5 + KEY + '"n"=dword:123456789', "line 4: the data of the value 'n' cannot be read"),
    (V5 + KEY + '"n"=dword:x', "cannot be read"),
    (V5 + KEY + '"n"=hex:1,,2', "line 4: bytes must be"),
    (V5 + KEY + '"n"=hex:123', "bytes must be"),
    (V5 + KEY + '"n"=hex:1 2', "bytes must be"),
    (V5 + KEY + '"n"=hex:12,\\', "cannot be read"),
    (V5 + KEY + '"n"=hex(xyz):12', "cannot be read"),
    (V5 + KEY + '"n"="a', "cannot be read"),
    (V5 + KEY + '"n"="a" b', "cannot be read"),
    (V5 + KEY + '"n"="C:\\Program Files"', "line 4: \\P stands in a string where"),
    (V5 + KEY + '"n"=', "cannot be read"),
    (V5 + KEY + '"n', "nor a value"),
    (V5 + KEY + "n=1", "nor a value"),
    (V5 + KEY + '"a"="1\r\n2"\r\n\r\n"n"=x', "line 7:"),
]


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_errors_are_one_sentence_with_the_line(text: str, message: str) -> None:
    with pytest.raises(RegFileError) as caught:
        parse(text)
    assert message in str(caught.value)
    assert str(caught.value).isprintable()


def test_an_error_never_holds_data() -> None:
    with pytest.raises(RegFileError) as caught:
        parse(V5 + KEY + '"POP3 Password"=hex:01,d0,8c,9d,dfx')
    assert "d0" not in str(caught.value)


REFUSED = [
    RegFileKey("HKLM\\a\nb"),
    RegFileKey("HKLM\\a\0b"),
    RegFileKey("HKLM\\a", (RegistryValue("a\r", R.SZ, ""),)),
    RegFileKey("HKLM\\a", (ValueDeletion("a\n"),)),
    RegFileKey("HKLM\\a", (RegistryValue("a", R.SZ, "x\0y"),)),
    RegFileKey("HKLM\\a", (RegistryValue("a", R.MULTI_SZ, ("x\0y",)),)),
    RegFileKey("HKLM\\a", (RegistryValue("a", R.DWORD, 1 << 32),)),
    RegFileKey("HKLM\\a", (RegistryValue("a", R.DWORD, -1),)),
    RegFileKey("HKLM\\a", (RegistryValue("a", R.DWORD, b"1234"),)),
    RegFileKey("HKLM\\a", (RegistryValue("a", R.DWORD, "1"),)),
    RegFileKey("HKLM\\a", (RegistryValue("a", R.SZ, b"1"),)),
    RegFileKey("HKLM\\a", (RegistryValue("a", R.BINARY, 1),)),
]


@pytest.mark.parametrize("key", REFUSED)
def test_what_a_file_cannot_hold_is_refused(key: RegFileKey) -> None:
    with pytest.raises(RegFileError):
        write(RegFile((key,)))


@pytest.mark.parametrize("path", ["", "A", "HKXX\\A", "HKLM\\", "HKLM\\A\\", "HKLM\\\\A", "HKLMA\\B"])
def test_a_key_has_a_path(path: str) -> None:
    with pytest.raises(RegFileError, match="not the path of a registry key"):
        RegFileKey(path)


def test_a_deleted_key_has_no_values() -> None:
    with pytest.raises(RegFileError, match="has values"):
        RegFileKey("HKLM\\A", (ValueDeletion("a"),), deleted=True)


def test_the_form_of_regedit() -> None:
    values = (RegistryValue("", R.SZ, 'a"\\'), RegistryValue("b", R.BINARY, bytes(30)), RegistryValue("c", R.DWORD, 1))
    lines = write(RegFile((RegFileKey("HKCU\\K", values), RegFileKey("HKLM\\D", deleted=True)))).decode("utf-16")
    assert lines.split("\r\n") == [
        "Windows Registry Editor Version 5.00",
        "",
        "[HKEY_CURRENT_USER\\K]",
        '@="a\\"\\\\"',
        '"b"=hex:' + "00," * 23 + "\\",
        "  " + "00," * 6 + "00",
        '"c"=dword:00000001',
        "",
        "[-HKEY_LOCAL_MACHINE\\D]",
        "",
        "",
    ]


def test_all_data_but_numbers_as_bytes() -> None:
    values = (
        RegistryValue("", R.SZ, "a"),
        RegistryValue("e", R.SZ, ""),
        RegistryValue("n", R.DWORD, 1),
        ValueDeletion("g\\"),
        RegistryValue("l", R.SZ, "a" * 20),
    )
    file = RegFile((RegFileKey("HKLM\\A", values),))
    text = lines(file, as_bytes=True)
    assert text == [
        "Windows Registry Editor Version 5.00",
        "",
        "[HKEY_LOCAL_MACHINE\\A]",
        "@=hex(1):61,00,00,00",
        '"e"=hex(1):00,00',
        '"n"=dword:00000001',
        '"g\\\\"=-',
        '"l"=hex(1):' + "61,00," * 11 + "\\",
        "  " + "61,00," * 9 + "00,00",
        "",
    ]
    assert parse("\r\n".join(text)) == file
    assert lines(file) == write(file).decode("utf-16").split("\r\n")[:-1]


def test_line_breaks_in_data_are_written_as_bytes() -> None:
    data = write(RegFile((RegFileKey("HKLM\\A", (RegistryValue("n", R.SZ, "a\n"),)),)))
    assert '"n"=hex(1):61,00,0a,00,00,00\r\n' in data.decode("utf-16")


def test_a_value_in_the_middle() -> None:
    assert value_at('x\r\n"a"=dword:1\r\nrest', 3) == (RegistryValue("a", R.DWORD, 1), 16)
    with pytest.raises(RegFileError):
        value_at("x", 0)
