# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile text, made safe to show."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.report.neutral import LONGEST, neutral, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain Ünïcode 漢字", "plain Ünïcode 漢字"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\r\nb\tc", "a\\x0d\\x0ab\\x09c"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\u2028", "\\u2028"),
        ("\x9b31m", "\\x9b31m"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
    ],
)
def test_table(text: str, shown: str) -> None:
    assert neutral(text) == shown


@given(st.text())
def test_nothing_unseen_is_left(text: str) -> None:
    for character in neutral(text):
        assert unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(character) not in (
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        )


def test_long_text_is_cut_and_says_so() -> None:
    assert neutral("x" * (LONGEST + 1)).endswith(f"({LONGEST + 1} characters)")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text() | st.binary(), st.lists, max_leaves=20))
def test_plain_is_json(data: object) -> None:
    json.dumps(plain(data))


def test_plain_types() -> None:
    assert plain({"a": (1, b"\x01"), "b": frozenset({"x"})}) == {"a": [1, "01"], "b": ["x"]}
