# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's find and findstr."""

from __future__ import annotations

import pytest

from tests.lab import filters
from tests.lab.builtins import split_arguments
from tests.lab.machine import Streams
from tests.lab.parse import Refused

TEXT = "Alpha\r\nbeta 1\r\n\r\nHKEY_USERS\\S-1-5-21-3\r\nHKEY_USERS\\S-1-5-18_x\r\n"


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        ('"a"', ["Alpha", "beta 1"]),
        ('"A"', ["Alpha"]),
        ('/i "A"', ["Alpha", "beta 1"]),
        ('/v "a"', ["", "HKEY_USERS\\S-1-5-21-3", "HKEY_USERS\\S-1-5-18_x"]),
        ('/v /i "A"', ["", "HKEY_USERS\\S-1-5-21-3", "HKEY_USERS\\S-1-5-18_x"]),
        ('/I "KEY_" ', ["HKEY_USERS\\S-1-5-21-3", "HKEY_USERS\\S-1-5-18_x"]),
        ('"nothing"', []),
    ],
)
def test_find(arguments: str, lines: list[str]) -> None:
    streams = Streams(stdin=TEXT)
    assert filters.find(" " + arguments, streams) == (0 if lines else 1)
    assert "".join(streams.out).split("\r\n")[:-1] == lines


@pytest.mark.parametrize("arguments", ["x", '/c "x"', '"x" file.txt', ""])
def test_find_refuses(arguments: str) -> None:
    with pytest.raises(Refused):
        filters.find(arguments, Streams(stdin=TEXT))


def test_find_without_input_would_hang() -> None:
    with pytest.raises(Refused, match="wait"):
        filters.find(' "x"', Streams())


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["/r", "/x", "/c:HKEY_USERS.S-1-[0-9-]*"], ["HKEY_USERS\\S-1-5-21-3"]),
        (["/r", "/c:^b.*1$"], ["beta 1"]),
        (["/r", "/c:[^a-z0-9 ]"], ["HKEY_USERS\\S-1-5-21-3", "HKEY_USERS\\S-1-5-18_x"]),
        (["/c:."], []),
        (["/x", "/i", "/c:ALPHA"], ["Alpha"]),
        (["/v", "/r", "/c:[A-Za-z]"], [""]),
        # Ranges run aAbBcC: [B-Z] has "b" only as a capital, but all small letters after it.
        (["/r", "/x", "/c:[B-Z].*"], ["HKEY_USERS\\S-1-5-21-3", "HKEY_USERS\\S-1-5-18_x"]),
        (["/r", "/x", "/c:[A-Z].*"], ["Alpha", "beta 1", "HKEY_USERS\\S-1-5-21-3", "HKEY_USERS\\S-1-5-18_x"]),
    ],
)
def test_findstr(arguments: list[str], lines: list[str]) -> None:
    streams = Streams(stdin=TEXT)
    assert filters.findstr(arguments, streams) == (0 if lines else 1)
    assert "".join(streams.out).split("\r\n")[:-1] == lines


@pytest.mark.parametrize("arguments", [["x"], ["/r", "/c:a\\.b"], ["/n", "/c:x"], ["/c:x", "/c:y"], ["/r", "/c:[a"]])
def test_findstr_refuses(arguments: list[str]) -> None:
    with pytest.raises(Refused):
        filters.findstr(arguments, Streams(stdin=TEXT))


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        (r" query HKLM\A /s", ["query", r"HKLM\A", "/s"]),
        (r' query "HKLM\A b" /v "x y"', ["query", r"HKLM\A b", "/v", "x y"]),
        (r' "HKLM\A b\" /s', [r'HKLM\A b" /s']),
        (r' "a\\" b', ["a\\", "b"]),
        (r' a"b c"d ""', ["ab cd", ""]),
        (r' "say \"hi\"" x', ['say "hi"', "x"]),
        ("  a\t b ", ["a", "b"]),
    ],
)
def test_arguments_as_the_c_run_time_splits_them(text: str, arguments: list[str]) -> None:
    assert split_arguments(text) == arguments
