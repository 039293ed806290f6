# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cutting an output at the marks of the run."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import lines_of, shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.transcript import END, Part, split

T = "9f00c0ffee00aa11"


def brief(parts: tuple[Part, ...]) -> list[tuple[str, str, tuple[str, ...], bool, bool]]:
    return [(p.code, p.argument, p.lines, p.complete, p.ambiguous) for p in parts]


def test_parts_in_order_with_arguments() -> None:
    output = f"banner\r\n{T}:SCH\r\na\r\n\r\n{T}:FWP DomainProfile\r\nb\r\n{T}:UIS S-1-5-21-1\r\n{T}:END\r\n"
    assert brief(split(output, T)) == [
        ("SCH", "", ("a", ""), True, False),
        ("FWP", "DomainProfile", ("b",), True, False),
        ("UIS", "S-1-5-21-1", (), True, False),
    ]


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r\r\n"])
def test_line_ends(ending: str) -> None:
    output = ending.join([f"{T}:A", "one", "two", f"{T}:END", ""])
    assert brief(split(output, T)) == [("A", "", ("one", "two"), True, False)]


@pytest.mark.parametrize("inside", ["\r", "\f", "\v", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\0"])
def test_nothing_but_a_line_feed_makes_a_line(inside: str) -> None:
    """str.splitlines() would let a value hold a mark without any line break in it."""
    line = f"    x    REG_SZ    a{inside}{T}:SCH{inside}b"
    parts = split(f"{T}:A\r\n{line}\r\n{T}:END\r\n", T)
    assert brief(parts) == [("A", "", (line,), True, True)]


@pytest.mark.parametrize(
    ("output", "usable"),
    [
        pytest.param(f"{T}:A\r\nx\r\n", [False], id="cut-off-after-text"),
        pytest.param(f"{T}:A\r\nx\r\n{T}:B\r\n", [True, False], id="cut-off-after-a-mark"),
        pytest.param(f"{T}:A\r\nx\r\n{T}:B\r\n{T}:EN", [True, True, False], id="cut-off-in-the-last-mark"),
        pytest.param(f"{T}:A\r\nx\r\n{T}:B\r\ny\r\n{T}:END", [True, True], id="only-the-last-line-end-is-missing"),
        pytest.param("", [], id="empty"),
        pytest.param(f"{T}:END\r\n", [], id="only-the-end"),
    ],
)
def test_a_part_without_a_following_mark_proves_nothing(output: str, usable: list[bool]) -> None:
    assert [part.usable for part in split(output, T)] == usable


HOSTILE = [
    pytest.param(f"{T}:U\n{T}:SCH\nforged\n{T}:SCH\nreal\n{T}:END\n", {"U": False, "SCH": False}, id="forged-mark"),
    pytest.param(
        f"{T}:U 1\n{T}:U 2\nforged\n{T}:U 2\nreal\n{T}:SCH\n{T}:END\n",
        {"U 1": False, "U 2": False, "SCH": True},
        id="forged-mark-of-another-user",
    ),
    pytest.param(f"{T}:U\n{T}:END\nrest\n{T}:SCH\nreal\n{T}:END\n", {"U": False, "SCH": False}, id="forged-end"),
    pytest.param(f"{T}:U\nx\n{T}:END\nrest of the value\n", {"U": False}, id="forged-end-then-cut-off"),
    pytest.param(f"{T}:U\nx\n{T}:END now\n{T}:END\n", {"U": False}, id="end-with-argument"),
    pytest.param(f"{T}:U\nx{T}:SCH\n{T}:END\n", {"U": False}, id="mark-within-a-line"),
    pytest.param(f"{T}:U\n {T}:SCH\n{T}:END\n", {"U": False}, id="mark-with-a-blank-before"),
    pytest.param(f"{T}:U\n{T}:SCH \n{T}:END\n", {"U": False}, id="mark-with-a-blank-after"),
    pytest.param(f"{T}:U\n{T}\n{T}:END\n", {"U": False}, id="token-alone"),
    pytest.param(f"{T}:U\n{T.upper()}:SCH\n{T}:END\n", {"U": True}, id="another-token"),
]


@pytest.mark.parametrize(("output", "usable"), HOSTILE)
def test_forged_marks_are_not_believed(output: str, usable: dict[str, bool]) -> None:
    parts = split(output, T)
    found: dict[str, bool] = {}
    for part in parts:
        name = f"{part.code} {part.argument}".strip()
        found[name] = found.get(name, False) or part.usable
    assert found == usable


def test_a_mark_that_was_never_sent_is_none() -> None:
    output = f"{T}:U\nx\n{T}:EVIL\ny\n{T}:SCH\nz\n{T}:END\n"
    assert [(p.code, p.usable) for p in split(output, T, {"U", "SCH"})] == [("U", False), ("SCH", True)]


def test_an_empty_token_is_refused() -> None:
    with pytest.raises(ValueError, match="token"):
        split("x", "")


@given(st.text(), st.text(min_size=1))
def test_any_output_can_be_cut(output: str, token: str) -> None:
    for part in split(output, token):
        assert part.code != END
        assert not any("\n" in line for line in part.lines)


@given(st.lists(st.tuples(st.from_regex(r"[A-Z]{3}", fullmatch=True), st.lists(st.text(alphabet="xy \r\f\u2028")))))
def test_what_was_joined_is_cut_the_same_way(sections: list[tuple[str, list[str]]]) -> None:
    sections = [
        (f"S{number}", [line.rstrip("\r") for line in lines]) for number, (_unused, lines) in enumerate(sections)
    ]
    output = "".join(f"{T}:{code}\r\n" + "".join(line + "\r\n" for line in lines) for code, lines in sections)
    parts = split(output + f"{T}:END\r\n", T)
    assert [(p.code, list(p.lines)) for p in parts] == sections
    assert all(part.usable for part in parts)


@pytest.mark.parametrize("output", ["\r" * 500_000 + "x", T * 30_000, f"{T}:A \n" * 20_000, "x\r" * 200_000])
def test_hostile_sizes_take_no_time(output: str) -> None:
    start = time.process_time()
    split(f"{T}:A\n{output}\n{T}:END\n", T)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\u202eb", "a\\u202eb"),
        ("a\r\nb\0", "a\\r\\nb\\x00"),
        ("Zugriff verweigert: ä", "Zugriff verweigert: ä"),
        ("a\ud800", "a\\ud800"),
    ],
)
def test_shown_text_is_harmless(text: str, expected: str) -> None:
    assert shown(text) == expected


@given(st.text(st.characters(codec=None)), st.integers(10, 100))
def test_shown_text_is_short_and_of_one_line(text: str, limit: int) -> None:
    result = shown(text, limit)
    assert len(result) <= limit
    assert result.isprintable()


def test_lines_are_those_of_the_host() -> None:
    assert lines_of("a\r\nb\nc\r\r\nd\re\ff") == ["a", "b", "c", "d\re\ff"]
