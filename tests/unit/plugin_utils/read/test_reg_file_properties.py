# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``.reg`` files: what holds for all of them, hostile ones too."""

from __future__ import annotations

import time
import typing as t
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryType, RegistryValue
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_file import (
    RegFile,
    RegFileError,
    RegFileKey,
    ValueDeletion,
    lines,
    parse,
    write,
)

R = RegistryType
V5 = "Windows Registry Editor Version 5.00\r\n\r\n"
V4 = "REGEDIT4\r\n\r\n"
KEY = "[HKEY_LOCAL_MACHINE\\A]\r\n"

CHARACTERS = st.characters(codec="utf-16", exclude_characters="\0")
TEXTS = st.text(CHARACTERS)
NAMES = st.text(st.characters(codec="utf-16", exclude_characters="\0\r\n"))
PARTS = st.text(st.characters(codec="utf-16", exclude_characters="\0\r\n\\"), min_size=1)
PATHS = st.builds(
    lambda hive, parts: "\\".join([hive, *parts]), st.sampled_from(["HKLM", "HKU", "HKCU"]), st.lists(PARTS)
)
DATA: dict[RegistryType, st.SearchStrategy[t.Any]] = {
    R.SZ: TEXTS,
    R.EXPAND_SZ: TEXTS,
    R.MULTI_SZ: st.lists(TEXTS).map(tuple),
    R.DWORD: st.integers(0, 2**32 - 1) | st.binary(max_size=3),
    R.QWORD: st.integers(0, 2**64 - 1) | st.binary(min_size=9),
} | {kind: st.binary() for kind in (R.NONE, R.BINARY, R.LINK, R.DWORD_BIG_ENDIAN, R.RESOURCE_LIST)}
VALUE = st.one_of(st.builds(RegistryValue, NAMES, st.just(kind), data) for kind, data in DATA.items())
KEYS = st.builds(RegFileKey, PATHS, st.lists(VALUE | st.builds(ValueDeletion, NAMES)).map(tuple)) | st.builds(
    RegFileKey, PATHS, deleted=st.just(True)
)


@given(st.lists(KEYS).map(lambda keys: RegFile(tuple(keys))))
def test_what_was_written_is_read(file: RegFile) -> None:
    assert parse(write(file)) == file


ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126))


@given(st.lists(VALUE, max_size=5), st.lists(ASCII, min_size=5, max_size=5))
def test_as_bytes_only_names_may_be_other_than_ascii(values: list[RegistryValue], names: list[str]) -> None:
    named = tuple(replace(value, name=name) for value, name in zip(values, names, strict=False))
    file = RegFile((RegFileKey("HKLM\\A", named),))
    text = lines(file, as_bytes=True)
    assert all(line.isascii() and (line.isprintable() or not line) for line in text)
    assert parse("\r\n".join(text)) == file


PIECES = st.sampled_from(
    [
        V5,
        V4,
        KEY,
        '"n"=',
        "hex",
        "(7)",
        ":",
        "00,",
        "\\\r\n",
        "\r\n",
        '"',
        "dword:",
        "-",
        "@",
        "[",
        "]",
        ";",
        "\\",
        "\0",
        " ",
    ]
)


@given(st.binary() | st.text() | st.lists(PIECES).map(lambda pieces: V5 + KEY + "".join(pieces)))
def test_anything_is_read_or_refused(data: bytes | str) -> None:
    try:
        file = parse(data)
    except RegFileError:
        return
    assert parse(write(file)) == file


HOSTILE = [
    '"a"="x\r\n' * 50_000,
    "@=" * 200_000,
    '"n"=hex:' + "00,\\\r\n" * 100_000,
    '"n"=hex:' + "\\\r\n;" * 100_000,
    '"n"="' + "\\\\" * 500_000 + "\\x",
    "[HKEY_USERS\\" + "]" * 300_000 + "x",
    "[HKEY_USERS\\" + "] " * 300_000 + "x",
    '"a"=dword:1\r\n' * 60_000,
    '"n"=hex:' + " " * 500_000 + "x",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_sizes_take_no_time(text: str) -> None:
    start = time.process_time()
    assert len(str(outcome(V5 + KEY + text))) < 20_000_000
    assert time.process_time() - start < 3


def outcome(text: str) -> RegFile | RegFileError:
    try:
        return parse(text)
    except RegFileError as problem:
        return problem
