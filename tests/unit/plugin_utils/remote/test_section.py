# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries, groups and sections as text for cmd.exe."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import (
    USER_LOOP,
    Group,
    Query,
    Section,
    by_code,
    commands,
    joined,
    section,
)


@pytest.mark.parametrize(
    ("query", "quoted", "text"),
    [
        (Query("A", r"HKLM\X"), False, r"reg query HKLM\X"),
        (Query("A", r"HKLM\X Y"), False, r'reg query "HKLM\X Y"'),
        (Query("A", r"HKLM\X"), True, r'reg query "HKLM\X"'),
        (Query("A", r"HKLM\X", recursive=True), False, r"reg query HKLM\X /s"),
        (Query("A", r"HKLM\X", "Store Root"), False, r'reg query HKLM\X /v "Store Root"'),
        (Query("A", r"HKLM\X", "Start"), False, r"reg query HKLM\X /v Start"),
        (Query("A", r"HKLM\X", filters=('find "a"', 'find /v "b"')), False, r'reg query HKLM\X|find "a"|find /v "b"'),
        (Query("A", r"HKLM\X (x86)", "a(b"), False, r'reg query "HKLM\X (x86)" /v "a(b"'),
        (Query("A", command="ver"), True, "ver"),
    ],
)
def test_text_of_a_query(query: Query, quoted: bool, text: str) -> None:
    assert query.text(quoted) == text


def test_a_value_is_what_its_query_covers() -> None:
    assert Query("A", r"HKLM\X", "Start").asked == {"start"}
    assert Query("A", r"HKLM\X", names=frozenset({"a"})).asked == {"a"}
    assert Query("A", r"HKLM\X").asked is None


def test_commands_of_a_section_without_parts() -> None:
    made = section("s", Query("A", r"HKLM\X"), Query("B", command="ver"))
    assert commands(made) == (r"echo %tA&reg query HKLM\X", "echo %tB&ver")
    assert list(made.marks()) == [(made.queries[0], "", r"HKLM\X"), (made.queries[1], "", "")]


def test_commands_of_a_section_with_parts() -> None:
    bracket = section("s", Query("A", r"HKLM\{part}"), parts=("p(q)",))
    assert commands(bracket) == (r'for %k in ("p(q)") do (echo %tA %~k&reg query "HKLM\%~k")',)
    made = section("s", Query("A", r"HKLM\{part}\X"), parts=("p", "q r"))
    assert commands(made) == (r'for %k in (p "q r") do (echo %tA %~k&reg query "HKLM\%~k\X")',)
    assert [(argument, root) for _query, argument, root in made.marks()] == [("p", r"HKLM\p\X"), ("q r", r"HKLM\q r\X")]


def test_commands_for_all_users_and_for_one() -> None:
    made = Section("s", (Group((Query("A", r"HKU\{user}\{part}"),), ("p",)), Group((Query("B", r"HKU\{user}"),))), True)
    body = r"(for %k in (p) do (echo %tA %s %~k&reg query HKU\%s\%~k))&echo %tB %s&reg query HKU\%s"
    assert commands(made) == ("echo %tUSR s", f"{USER_LOOP} do ({body})")
    assert commands(made, "one") == (
        r"for %k in (p) do (echo %tA one %~k&reg query HKU\one\%~k)",
        r"echo %tB one&reg query HKU\one",
    )
    assert [argument for _query, argument, _root in made.marks("one")] == ["one p", "one"]


def test_a_loop_takes_in_nothing_that_follows_it() -> None:
    assert joined(["for %k in (a) do (b)", "c"]) == "(for %k in (a) do (b))&c"
    assert joined(["c", "for %k in (a) do (b)"]) == "c&for %k in (a) do (b)"


def test_two_queries_may_not_share_a_code() -> None:
    one, same, other = (section("s", Query("A", root)) for root in (r"HKLM\X", r"HKLM\X", r"HKLM\Y"))
    assert list(by_code((one, same))) == ["A"]
    with pytest.raises(ValueError, match="have the code A"):
        by_code((one, other))
