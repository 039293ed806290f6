# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Binary proxy settings of WinINET and WinHTTP."""

from __future__ import annotations

import dataclasses
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.proxy import (
    ConnectionSettings,
    WinHttpProxy,
    connection_settings,
    winhttp_settings,
    write_connection_settings,
    write_winhttp_settings,
)


def counted(*texts: str) -> bytes:
    return b"".join(struct.pack("<I", len(text)) + text.encode("latin-1") for text in texts)


DEFAULT = bytes.fromhex("46000000 02000000 09000000") + bytes(44)

WININET = [
    (DEFAULT, ConnectionSettings(0x46, 2, 9, "", "", "", bytes(32)), (False, False, True)),
    (
        struct.pack("<III", 0x46, 7, 3) + counted("proxy:8080", "<local>", "") + bytes(32),
        ConnectionSettings(0x46, 7, 3, "proxy:8080", "<local>", "", bytes(32)),
        (True, False, False),
    ),
    (
        struct.pack("<III", 0x3C, 1, 5) + counted("", "", "http://wpad/x.pac") + b"\4\0\0\0tail",
        ConnectionSettings(0x3C, 1, 5, "", "", "http://wpad/x.pac", b"\4\0\0\0tail"),
        (False, True, False),
    ),
    (
        struct.pack("<III", 0x46, 1, 1) + counted("pröxy", "", ""),
        ConnectionSettings(0x46, 1, 1, "pröxy", "", "", b""),
        (False, False, False),
    ),
]


@pytest.mark.parametrize(("data", "expected", "uses"), WININET)
def test_wininet(data: bytes, expected: ConnectionSettings, uses: tuple[bool, bool, bool]) -> None:
    settings = connection_settings(data)
    assert settings == expected
    assert (expected.uses_proxy, expected.uses_script, expected.detects) == uses
    assert write_connection_settings(expected) == data


WINHTTP = [
    (bytes.fromhex("18000000 00000000 01000000 00000000 00000000"), WinHttpProxy(0x18, 0, 1, "", ""), False),
    (
        struct.pack("<III", 0x18, 0, 3) + counted("p:3128", "*.x;<local>"),
        WinHttpProxy(0x18, 0, 3, "p:3128", "*.x;<local>"),
        True,
    ),
    (
        struct.pack("<III", 0x28, 0, 1) + counted("", "") + bytes(8),
        WinHttpProxy(0x28, 0, 1, "", "", bytes(8)),
        False,
    ),
]


@pytest.mark.parametrize(("data", "expected", "uses_proxy"), WINHTTP)
def test_winhttp(data: bytes, expected: WinHttpProxy, uses_proxy: bool) -> None:
    settings = winhttp_settings(data)
    assert settings == expected
    assert expected.uses_proxy is uses_proxy
    assert write_winhttp_settings(expected) == data


@pytest.mark.parametrize("length", range(24))
def test_cut_off_settings_are_unread(length: int) -> None:
    assert isinstance(connection_settings(DEFAULT[:length]), Unread)
    assert isinstance(winhttp_settings(WINHTTP[1][0][:length]), Unread)


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<III", 0x47, 1, 1) + bytes(12),
        struct.pack("<III", 0x46, 1, 1) + struct.pack("<I", 0xFFFFFFFF) + bytes(40),
        struct.pack("<III", 0x46, 1, 2) + struct.pack("<I", 41) + bytes(40),
        struct.pack("<III", 0x46, 1, 2) + counted("a", "b") + struct.pack("<I", 3) + b"ab",
    ],
)
def test_impossible_settings_are_unread(data: bytes) -> None:
    assert isinstance(connection_settings(data), Unread)
    assert isinstance(winhttp_settings(data), Unread)


@given(st.binary() | st.binary().map(lambda tail: DEFAULT[:12] + tail))
def test_any_bytes_are_read_and_written_back_or_unread(data: bytes) -> None:
    wininet = connection_settings(data)
    assert isinstance(wininet, Unread) or write_connection_settings(wininet) == data
    winhttp = winhttp_settings(data.replace(b"\x46", b"\x18", 1))
    assert isinstance(winhttp, Unread) or write_winhttp_settings(winhttp) == data.replace(b"\x46", b"\x18", 1)


NUMBERS = st.integers(0, 2**32 - 1)
TEXTS = st.text(st.characters(max_codepoint=255))


@given(st.builds(ConnectionSettings, st.sampled_from([0x3C, 0x46]), NUMBERS, NUMBERS, TEXTS, TEXTS, TEXTS, st.binary()))
def test_settings_that_were_written_are_read(settings: ConnectionSettings) -> None:
    assert connection_settings(write_connection_settings(settings)) == settings


@pytest.mark.parametrize("change", [{"proxy": "\u20ac"}, {"counter": 1 << 32}, {"flags": -1}])
def test_what_cannot_be_written_is_refused(change: dict[str, object]) -> None:
    settings = dataclasses.replace(ConnectionSettings(0x46, 1, 1, "", "", ""), **change)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="cannot be written"):
        write_connection_settings(settings)
