# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checksums as operators give them: in a dictionary, in a file of sha256sum, in both."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.checksums import parse_checksums
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError

A, B = "ab" * 32, "cd" * 32


@pytest.mark.parametrize(
    ("given_sums", "text", "found"),
    [
        (None, None, {}),
        ({}, "", {}),
        ({"X.exe": f" {A.upper()} "}, None, {"x.exe": A}),
        ({"pkg/X.exe": A, "C:\\pkg\\y.msu": B}, None, {"x.exe": A, "y.msu": B}),
        (None, f"{A}  X.exe\n{B} *y.msu\n", {"x.exe": A, "y.msu": B}),
        (None, f"\ufeff{A.upper()}  ./pkg/X.exe\r\n\r\n# from the catalogue\r\n", {"x.exe": A}),
        (None, f"SHA256 (pkg/X (1).exe) = {A}\n", {"x (1).exe": A}),
        (None, f"{A}  name with % and \u00fc.txt", {"name with % and \u00fc.txt": A}),
        ({"x.exe": A}, f"{A}  X.EXE\n{A}  sub/x.exe\n", {"x.exe": A}),
    ],
)
def test_sums(given_sums: dict[str, str] | None, text: str | None, found: dict[str, str]) -> None:
    assert parse_checksums(given_sums, text) == found


@pytest.mark.parametrize(
    ("given_sums", "text", "why"),
    [
        ([A], None, "checksums: a list is not a dictionary."),
        ({1: A}, None, "checksums: the key 1 is not a text."),
        ({"x.exe": A[1:]}, None, "checksums: 'x.exe' has 'bababa"),
        ({"x.exe": "z" * 64}, None, "which are 64 hex digits."),
        ({"x.exe": None}, None, "has None for a SHA-256, which are 64 hex digits."),
        ({"x.exe": int("1" * 64)}, None, "which are 64 hex digits, in quotes."),
        ({"x.exe": A + "\n" + A}, None, "64 hex digits."),
        ({"": A}, None, "names no file"),
        ({"folder/": A}, None, "names no file"),
        ({"x.exe": A, "X.EXE": B}, None, "checksums: 'X.EXE': 'x.exe' has two different checksums."),
        ({"x.exe": A}, f"{B}  x.exe", "checksum_file, line 1: 'x.exe' has two different checksums."),
        (None, f"{A}  x.exe\n{A}\n", "checksum_file, line 2: 'abab"),
        (None, f"{A[2:]}  x.exe\n", "line 1: 'abab"),
        (None, f"{A}x.exe\n", "is no SHA-256 with the name of a file, as sha256sum writes it."),
        (None, f"\\{A}  a\\nb\n", "is no SHA-256 with"),
        (None, "<html>\x1b[2J</html>", r"'<html>\x1b[2J</html>'"),
        (None, "d41d8cd98f00b204e9800998ecf8427e  x.exe\n", "line 1"),
        (None, " " * 1_000_001, "it is no such list"),
    ],
)
def test_what_is_none(given_sums: dict[str, str] | None, text: str | None, why: str) -> None:
    with pytest.raises(OptionError) as failure:
        parse_checksums(given_sums, text)
    assert why in str(failure.value)
    assert str(failure.value).isprintable()


def test_what_sha256sum_writes(tmp_path: Path) -> None:
    content = {"a.exe": b"1", "B C.msu": b"22"}
    for name, raw in content.items():
        (tmp_path / name).write_bytes(raw)
    wanted = {name.casefold(): hashlib.sha256(raw).hexdigest() for name, raw in content.items()}
    for switch in ("--text", "--binary", "--tag"):
        command = ["sha256sum", switch, *(f"{tmp_path}/{name}" for name in content)]
        assert (
            parse_checksums(None, subprocess.run(command, capture_output=True, text=True, check=True).stdout) == wanted
        )


_NAMES = st.from_regex(r"[A-Za-z0-9._ -]{0,20}[A-Za-z0-9]", fullmatch=True)


@given(st.dictionaries(_NAMES.map(str.strip).filter(lambda name: bool(name.strip("#"))), st.binary(), max_size=8))
def test_what_is_written_is_read(files: dict[str, bytes]) -> None:
    sums = {name.casefold(): hashlib.sha256(raw).hexdigest() for name, raw in files.items()}
    assert parse_checksums(None, "".join(f"{digest}  {name}\n" for name, digest in sums.items())) == sums
    assert parse_checksums(sums, None) == sums


@given(st.one_of(st.text(), st.builds("".join, st.lists(st.sampled_from([A, "  ", " *", "x", "\n", "/", "\\", "#"])))))
def test_any_text_is_sums_or_a_sentence(text: str) -> None:
    found: dict[str, str] = {}
    message = "checksum_file"
    try:
        found = parse_checksums(None, text)
    except OptionError as error:
        message = str(error)
    assert message.startswith("checksum_file")
    assert message.isprintable()
    assert all(len(digest) == 64 and name == name.casefold() and "/" not in name for name, digest in found.items())
