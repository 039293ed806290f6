# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's reader of ``.reg`` files: a table of what regedit writes, and what it never would."""

from __future__ import annotations

import pytest

from tests.lab import regfile
from tests.lab.regfile import Assignment, RegFileError

HEAD = "Windows Registry Editor Version 5.00\r\n\r\n"


def entries(body: str, encoding: str = "utf-16") -> list[Assignment]:
    return list(regfile.read((HEAD + body).encode(encoding)))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"[HKEY_CURRENT_USER\A b]", Assignment(r"HKEY_CURRENT_USER\A b")),
        (r"[-HKLM\A]", Assignment(r"HKLM\A", delete=True)),
        (r'"n"="a\\b \"q\""', Assignment("K", "n", regfile.REG_SZ, 'a\\b "q"\0'.encode("utf-16-le"))),
        (r'@="x"', Assignment("K", "", regfile.REG_SZ, "x\0".encode("utf-16-le"))),
        (r'"a\"b"=-', Assignment("K", 'a"b', delete=True)),
        ('"n"=dword:FFFFFFFF', Assignment("K", "n", regfile.REG_DWORD, b"\xff\xff\xff\xff")),
        ('"n"=hex:', Assignment("K", "n", regfile.REG_BINARY, b"")),
        ('"n"=hex(2):41,\\\r\n  00,00,00', Assignment("K", "n", regfile.REG_EXPAND_SZ, b"A\0\0\0")),
        ('"n"=hex(b):01,00,00,00,00,00,00,00', Assignment("K", "n", regfile.REG_QWORD, b"\1" + bytes(7))),
        ('"n"="one\r\ntwo"', Assignment("K", "n", regfile.REG_SZ, "one\r\ntwo\0".encode("utf-16-le"))),
        ('"n"="[HKLM\\\\forged]"', Assignment("K", "n", regfile.REG_SZ, "[HKLM\\forged]\0".encode("utf-16-le"))),
    ],
)
def test_line(line: str, expected: Assignment) -> None:
    assert entries(f"[K]\r\n{line}\r\n")[-1] == expected


def test_comments_and_blank_lines_mean_nothing() -> None:
    assert entries("; c\r\n\r\n[K]\r\n; c\r\n") == [Assignment("K")]


def test_regedit4_is_read_in_the_code_page_and_kept_as_utf16() -> None:
    content = 'REGEDIT4\r\n\r\n[K]\r\n"\xe4"="\xfc"\r\n"x"=hex(2):e9,00\r\n'.encode("cp1252")
    _unused, text, expand = regfile.read(content)
    assert (text.name, text.raw.decode("utf-16-le")) == ("\xe4", "\xfc\0")
    assert expand.raw.decode("utf-16-le") == "\xe9\0"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "line 1"),
        (b"[HKLM\\A]\r\n", "line 1"),
        (HEAD.encode() + b'"a"=dword:1\r\n', "line 3: a value before the first key"),
        (HEAD.encode() + b"[K]\r\n\xe2\x80\x9ca\xe2\x80\x9d=dword:1\r\n", "line 4: neither"),
        (HEAD.encode() + b'[K]\r\n"a"=dword:123456789\r\n', "line 4: no data"),
        (HEAD.encode() + b'[K]\r\n"a"=hex:1\r\n', "line 4: hex data"),
    ],
)
def test_what_regedit_would_not_write(content: bytes, why: str) -> None:
    with pytest.raises(RegFileError, match=f"^{why}"):
        list(regfile.read(content))
