# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and passwords in the settings of proxies, however they are written."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryData,
    RegistryType,
    RegistryValue,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.logins import (
    HIDDEN,
    clean,
    hidden,
    holds_login,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.proxy import (
    ConnectionSettings,
    WinHttpProxy,
    write_connection_settings,
    write_winhttp_settings,
)

LOGINS = [
    "http://bob:S3cret@proxy:8080",
    "http=bob:S3cret@proxy:80",
    "http://bob:S3cr/et@proxy:8080",
    "http=bob:S3cr et@proxy:80",
    "bob:S3cr;et@proxy:8080",
    "http://bob:S3cret%40proxy:8080",
    "bob:@S3cret",
    "bob@proxy",
    "DOM/bob:/S3cret@proxy:80",
    "bob:\u043f\u0430\u0440@\u043f",
]
#: A string of this length has an @ for the first byte of its length.
SIXTY_FOUR = "a" * 64


def wininet(proxy: str = "", bypass: str = "", script: str = "", tail: bytes = bytes(32), counter: int = 2) -> bytes:
    return write_connection_settings(ConnectionSettings(0x46, counter, 3, proxy, bypass, script, tail))


@pytest.mark.parametrize("login", LOGINS)
def test_logins(login: str) -> None:
    for data in (login, ("x", login), *(login.encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be"))):
        assert holds_login(data)
    assert clean(login) == HIDDEN


@pytest.mark.parametrize(
    "data",
    [
        wininet("bob:S3cret@p:1"),
        wininet(bypass="bob:S3cret@p:1"),
        wininet(script="http://bob:S3cret%40p/"),
        wininet(tail=b"bob:S3cret@"),
        wininet(tail="bob:S3cret@p".encode("utf-16-le")),
        wininet("p:1")[:12] + b"\x99\0\0\0bob:S3cret@p",
        b"\x99" + wininet("bob:S3cret@p:1")[1:],
        write_winhttp_settings(WinHttpProxy(0x18, 0, 3, "bob:S3cret@p:1", "")),
    ],
)
def test_logins_in_records(data: bytes) -> None:
    assert holds_login(data)


@pytest.mark.parametrize(
    "data",
    [
        None,
        64,
        "",
        "http=a:1;https=b:2",
        "*.local;<local>;10.*",
        "http://proxy.example/x.pac?a=%20b",
        (),
        ("a", "b"),
        b"",
        b"\x40\0\0\0",
        wininet(SIXTY_FOUR, SIXTY_FOUR, "http://x/p.pac", counter=64),
        wininet(counter=0x4040),
        write_winhttp_settings(WinHttpProxy(0x18, 0, 3, SIXTY_FOUR, "<local>")),
    ],
)
def test_no_logins(data: RegistryData | None) -> None:
    assert not holds_login(data)


@pytest.mark.parametrize(
    ("kind", "data", "is_hidden"),
    [
        (RegistryType.SZ, "p:1", False),
        (RegistryType.EXPAND_SZ, "%p%:1", False),
        (RegistryType.MULTI_SZ, ("p:1",), False),
        (RegistryType.DWORD, 64, False),
        (RegistryType.BINARY, wininet("p:1"), False),
        (RegistryType.SZ, "u:p@p:1", True),
        (RegistryType.MULTI_SZ, ("u:p", "@p:1"), True),
        (RegistryType.BINARY, b"u:p@p:1", True),
        (RegistryType.BINARY, b"u:p@p:1".hex() + "0", True),
    ],
)
def test_values_that_no_result_shows(kind: RegistryType, data: RegistryData, is_hidden: bool) -> None:
    assert hidden(RegistryValue("ProxyServer", kind, data)) is is_hidden


@pytest.mark.parametrize("piece", ["a", "a:", "//", "%4", "%\0004", "\0", "a\0", " "])
def test_hostile_sizes_take_no_time(piece: str) -> None:
    text = piece * (2_000_000 // len(piece))
    start = time.process_time()
    assert not holds_login(text)
    assert not holds_login(text.encode())
    assert time.process_time() - start < 1


@given(st.text(), st.text())
def test_an_at_sign_is_found_wherever_it_stands(before: str, after: str) -> None:
    assert holds_login(f"{before}@{after}")
    assert clean(f"{before}%40{after}") == HIDDEN


@given(st.binary())
def test_no_bytes_are_too_odd(data: bytes) -> None:
    assert holds_login(data) in (True, False)
