# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be put back exactly, and what no journal may hold."""

from __future__ import annotations

import time

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    RegistryData,
    RegistryType,
    RegistryValue,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.exactness import objection

SZ, EXPAND, MULTI = RegistryType.SZ, RegistryType.EXPAND_SZ, RegistryType.MULTI_SZ
DWORD, QWORD, BINARY, NONE = RegistryType.DWORD, RegistryType.QWORD, RegistryType.BINARY, RegistryType.NONE
BLOB = b"\x46\0\0\0\x02\0\0\0\x03\0\0\0"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (DWORD, 0),
        (DWORD, 0xFFFFFFFF),
        (QWORD, 1 << 63),
        (BINARY, b""),
        (BINARY, bytes(byte for byte in range(256) if byte != 0x40)),
        (BINARY, b"\x40\0\0\0"),
        (BINARY, bytes(65536)),
        (SZ, "a" * 16384),
        (SZ, ""),
        (SZ, "proxy.example:8080"),
        (SZ, "http=a:1;https=b:2"),
        (SZ, "*.local;<local>;10.*"),
        (EXPAND, r"%SystemRoot%\x"),
        (MULTI, ()),
        (MULTI, ("TLS_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA")),
        (BINARY, BLOB + b"\x12\0\0\0proxy.example:8080\x07\0\0\0<local>\0\0\0\0"),
    ],
)
def test_exact(kind: RegistryType, data: RegistryData) -> None:
    assert objection(RegistryValue("x", kind, data), 850) == ""


@pytest.mark.parametrize(
    ("kind", "data", "why"),
    [
        (SZ, "caf\u00e9", "other characters"),
        (SZ, "a\ufffdb", "other characters"),
        (SZ, "a\tb", "other characters"),
        (SZ, "a\r\nb", "other characters"),
        (SZ, "a\x7f", "other characters"),
        (SZ, " a", "blank"),
        (SZ, "a ", "blank"),
        (SZ, "a?", "code page lacks"),
        (EXPAND, "caf\u00e9", "other characters"),
        (MULTI, ("a", "b\u00e9"), "other characters"),
        (MULTI, ("a", "", "b"), "told apart"),
        (MULTI, (r"a\0b",), "told apart"),
        (MULTI, "a", "does not fit REG_MULTI_SZ"),
        (SZ, b"a", "does not fit REG_SZ"),
        (DWORD, "1", "no REG_DWORD"),
        (DWORD, 1 << 32, "no REG_DWORD"),
        (QWORD, -1, "no REG_QWORD"),
        (BINARY, "0x12", "does not fit REG_BINARY"),
        (NONE, "zz", "of that type cannot be put back"),
        (NONE, b"", "is a REG_NONE, and data of that type cannot be put back"),
        (RegistryType.DWORD_BIG_ENDIAN, b"\0\0\0\1", "of that type cannot be put back"),
        (RegistryType.LINK, b"a", "of that type cannot be put back"),
        (DWORD, b"\x01", "no REG_DWORD"),
        (QWORD, b"\x01\0\0\0", "no REG_QWORD"),
        (BINARY, bytes(65537), "larger than anything"),
        (SZ, "a" * 16385, "larger than anything"),
        (MULTI, ("a" * 99,) * 200, "larger than anything"),
        (SZ, "http=me:se cret@proxy.example:8080", "a user and a password"),
        (SZ, "me:se/secret@proxy.example:8080", "a user and a password"),
        (SZ, "me:secret%40proxy.example:8080", "a user and a password"),
        (NONE, "http://me:secret@proxy.example".encode("utf-16-le"), "a user and a password"),
        (BINARY, "http://me:secret@proxy.example".encode("utf-16-le"), "a user and a password"),
        (RegistryType.LINK, "http://me:secret@proxy.example".encode("utf-16-le"), "a user and a password"),
        (MULTI, ("http://me:secret", "@proxy.example"), "a user and a password"),
        (SZ, "http://me:secret@proxy.example:8080", "a user and a password"),
        (SZ, "http=me:secret@proxy.example:8080", "a user and a password"),
        (SZ, "me:@proxy.example", "a user and a password"),
        (BINARY, b"\x46\0\0\0\x01me:secret@proxy.example", "a user and a password"),
        (BINARY, b"\x99\0\0\0" * 3 + b"me:secret@proxy.example", "a user and a password"),
        (MULTI, ("http://me:secret@proxy.example",), "a user and a password"),
        (BINARY, BLOB + b"\x19\0\0\0me:secret@proxy.example:1\0\0\0\0\0\0\0\0", "a user and a password"),
    ],
)
def test_not_exact(kind: RegistryType, data: RegistryData, why: str) -> None:
    said = objection(RegistryValue("x", kind, data), 850)
    assert why in said
    assert "secret" not in said


def test_a_question_mark_is_sure_where_the_page_has_all_letters() -> None:
    value = RegistryValue("AutoConfigURL", SZ, "http://wpad.example/x.pac?a=1")
    assert "code page" in objection(value, 437)
    assert "code page" in objection(value, None)
    assert objection(value, 65001) == ""


def test_secrets_by_name_and_nothing() -> None:
    assert "password" in objection(RegistryValue("POP3 Password", BINARY, b"x"), 65001)
    assert objection(ABSENT, None) == ""


@pytest.mark.parametrize("piece", ["a", "a:", "%", " "])
def test_hostile_sizes_take_no_time(piece: str) -> None:
    text = piece * (60_000 // len(piece))
    start = time.process_time()
    for kind, data in ((SZ, text), (MULTI, (text,)), (NONE, text.encode()), (SZ, text[:16384])):
        objection(RegistryValue("ProxyServer", kind, data), 850)
    assert time.process_time() - start < 1
