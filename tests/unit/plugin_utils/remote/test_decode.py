# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Code pages: found in the bytes, and then obeyed."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.decode import codec_of, codepage_of, decode

TOKEN = "0123456789abcdef"


@pytest.mark.parametrize(
    ("said", "codepage"),
    [
        (b"Active code page: 437", 437),
        (b"Aktive Codepage: 850.", 850),
        ("Текущая кодовая страница: 866".encode("cp866"), 866),
        ("現在のコード ページ: 932".encode("cp932"), 932),
        (b"Active code page: 65001", 65001),
        (b"", None),
        (b"is not recognized as an internal or external command", None),
        (b"Active code page: 0", None),
    ],
)
def test_the_code_page_is_found_in_the_bytes(said: bytes, codepage: int | None) -> None:
    answer = b"x 12345\r\n" + f"{TOKEN}:CHC\r\n".encode() + said + f"\r\n{TOKEN}:VER\r\n6.1.7601\r\n".encode()
    assert codepage_of(answer, TOKEN, "CHC") == codepage


def test_no_such_section_names_no_code_page() -> None:
    assert codepage_of(b"Active code page: 437\r\n", TOKEN, "CHC") is None
    assert codepage_of(f"{TOKEN}:CHC\r\nActive code page: 437".encode(), TOKEN, "CHC") == 437


@pytest.mark.parametrize("codepage", [437, 850, 852, 866, 932, 936, 949, 950, 1252, 65001, 20866, 28591, 54936])
def test_code_pages_of_windows_are_known(codepage: int) -> None:
    assert codec_of(codepage)


def test_a_second_byte_that_looks_like_a_backslash_is_none() -> None:
    # In code page 932 the second byte of this letter is 0x5C.
    raw = r"HKLM\表\x".encode("cp932")
    assert raw.count(b"\\") == 3
    assert decode(raw, 932).split("\\") == ["HKLM", "表", "x"]


@pytest.mark.parametrize("codepage", [None, 9999])
def test_an_unknown_code_page_loses_letters_and_says_so(codepage: int | None) -> None:
    assert decode(b"a\x84b\\c", codepage) == "a\ufffdb\\c"


def test_bytes_without_a_meaning_do_not_stop_anything() -> None:
    assert decode(b"\xff\xfe\x00ok", 65001) == "\ufffd\ufffd\0ok"
