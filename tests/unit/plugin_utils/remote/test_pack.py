# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packer: order kept, no line over the limit, no section split."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.pack import Batch, PackError, new_token, pack
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import (
    Group,
    Query,
    Section,
    commands,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.sections import reading
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.signs import signs_of
from tests.lab.parse import parse

KEYS = st.text("abc XYZ", min_size=1, max_size=60).map(str.strip).filter(bool).map(r"HKLM\S\{}".format)
SECTIONS = st.builds(
    lambda number, roots, parts, per_user: Section(
        f"s{number}",
        (Group(tuple(Query(f"Q{number}x{i}", root) for i, root in enumerate(roots)), tuple(parts)),),
        per_user,
    ),
    st.integers(0, 10**6),
    st.lists(KEYS, min_size=1, max_size=5),
    st.lists(st.text("pq r", min_size=1, max_size=9).map(str.strip).filter(bool), max_size=3, unique=True),
    st.booleans(),
)


@given(st.lists(SECTIONS, max_size=12), st.integers(300, 3000), st.sampled_from([None, "MailFleet-0123456789abcdef"]))
def test_order_is_kept_no_line_is_too_long_and_no_section_is_split(
    sections: list[Section], limit: int, user: str | None
) -> None:
    try:
        batches = pack(sections, limit, user)
    except PackError:
        assert any(len(Batch((section,), user)) > limit for section in sections)
        return
    assert [section for batch in batches for section in batch.sections] == sections
    for batch in batches:
        line = batch.text(new_token())
        assert len(line) == len(batch) <= limit
        parse(line)
    for one, following in itertools.pairwise(batches):
        assert len(Batch((*one.sections, following.sections[0]), user)) > limit


def test_a_section_that_fits_nowhere_is_named() -> None:
    section = Section("long", (Group((Query("A", "HKLM\\" + "x" * 500),)),))
    with pytest.raises(PackError, match='"long" does not fit into a line of 400 characters'):
        pack([section], 400)


def test_a_line_begins_with_the_words_for_absent_and_ends_with_a_mark() -> None:
    line = Batch((Section("s", (Group((Query("A", r"HKLM\X"),)),)),)).text("0123456789abcdef")
    assert line == (
        "echo off&(for %t in (0123456789abcdef:) do (echo %tABS&reg query HKLM\\0123456789abcdef"
        "&reg query HKLM\\SYSTEM /v 0123456789abcdef"
        '&echo %tPIP&reg query HKLM\\0123456789abcdef|find "REG_"'
        "&echo %tA&reg query HKLM\\X&echo %tEND)) <nul 2>&1"
    )


def test_short_forms_stand_for_the_same_commands() -> None:
    batch = pack(reading(signs_of(load())), 8000)[0]
    line = batch.text("0123456789abcdef")
    for variable, key in (
        ("%c", r"HKLM\SYSTEM\CurrentControlSet"),
        ("%p", r"HKLM\SOFTWARE\Policies\Microsoft"),
        ("%m", r"HKLM\SOFTWARE\Microsoft"),
        ("%w", r"HKLM\SOFTWARE\Wow6432Node"),
        ("%~i", r"Windows\CurrentVersion\Internet Settings"),
    ):
        assert line.count(key) == 1, key
        line = line.replace(variable, key)
    for section in batch.sections:
        for command in commands(section):
            assert command in line


def test_tokens_are_fresh() -> None:
    tokens = {new_token() for _unused in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == 16 for token in tokens)
