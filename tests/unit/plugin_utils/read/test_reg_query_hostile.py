# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``reg query`` output of hosts whose users write values in order to be misread."""

from __future__ import annotations

import time
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Region,
    RegistryImage,
    RegistryKey,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_query import parse
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import lines_of
from tests.unit.plugin_utils.read.reg_text import Dialect, long_path, query

USER = r"HKU\S-1-5-21-1-2-3-1001\Software\Mail"
HEADER = long_path(USER)
WORDS = ("ERROR: not there",)


def read(text: str, **options: t.Any) -> Region:
    return parse(lines_of(text), USER, **({"recursive": True, "absent_words": WORDS} | options))


AMBIGUOUS = [
    pytest.param(
        f"{HEADER}\n    a    REG_SZ    x\n\nHKEY_LOCAL_MACHINE\\SYSTEM\\Protocols\n    Enabled    REG_DWORD    0x0\n",
        "a key outside of",
        id="a-value-that-speaks-about-the-machine",
    ),
    pytest.param(f"{HEADER}x\n", "a key outside of", id="a-key-whose-name-only-begins-like-the-root"),
    pytest.param("HKEY_USERS\\S-1-5-21-1-2-3-1002\\Software\\Mail\n", "a key outside of", id="another-user"),
    pytest.param("HKEY_USERS\n", "a key outside of", id="above-the-root"),
    pytest.param(
        f"{HEADER}\n    a    REG_DWORD    0x1\n    b    REG_SZ    x\n    A    REG_DWORD    0x0\n",
        "a value that appears twice: A",
        id="a-forged-value",
    ),
    pytest.param(
        f"{HEADER}\n    (Default)    REG_SZ    x\n    (Standard)    REG_SZ    y\n",
        "a value that appears twice",
        id="two-defaults",
    ),
    pytest.param(
        f"{HEADER}\\A\n    x    REG_SZ    1\n\n{HEADER}\\B\n\n{HEADER}\\a\n    z    REG_SZ    1\n",
        "a key that is printed twice",
        id="a-forged-key",
    ),
    pytest.param(
        f"{HEADER}\n    a    REG_SZ    x\n\n    b    REG_DWORD    0x0\n",
        "a value that belongs to no key",
        id="a-value-after-a-blank-line",
    ),
    pytest.param("    b    REG_DWORD    0x0\n", "a value that belongs to no key", id="a-value-before-any-key"),
    pytest.param(
        f"{HEADER}\n    a    REG_SZ    x\nsecond line of a\n",
        "text among keys and values",
        id="a-value-of-two-lines",
    ),
    pytest.param(
        f"{HEADER}\n    a    REG_SZ    x\n    second line of a\n",
        "text among keys and values",
        id="a-second-line-with-blanks",
    ),
    pytest.param(
        f"{HEADER}\n    a    REG_SZ    x\n{WORDS[0]}\n", "text among keys and values", id="the-words-for-absent-forged"
    ),
    pytest.param(f"{WORDS[0]}\n{HEADER}\n", "text among keys and values", id="the-words-for-absent-and-a-key"),
    pytest.param(
        f"{HEADER}\n    a    REG_SZ    b    REG_SZ    c\n",
        "a value that can be read in two ways",
        id="type-word-in-name-or-data",
    ),
    pytest.param(
        f"{HEADER}\n    a\tREG_SZ\tb\tREG_DWORD\t0x1\n", "a value that can be read in two ways", id="the-same-with-tabs"
    ),
    pytest.param(
        f"{HEADER}\n    Port    REG_DWORD    x    REG_DWORD    y\n", "in two ways", id="two-readings-that-do-not-fit"
    ),
    pytest.param(f"{HEADER}\n{'    REG_DWORD' * 40}\n", "more type words", id="nothing-but-type-words"),
    pytest.param(f"{HEADER}\n    a\0b    REG_SZ    x\n", "text among keys and values", id="nul-in-a-name"),
    pytest.param(f"{HEADER}\\a\0b\n", "a key that cannot be", id="nul-in-a-key"),
    pytest.param(f"{HEADER}\\\\b\n", "a key that cannot be", id="a-key-without-a-name"),
    pytest.param(f"{HEADER}\\\n", "a key that cannot be", id="a-key-that-ends-with-a-backslash"),
    pytest.param(
        f"{HEADER}{chr(92)}a{chr(92)}a{chr(92)}" + "b\\" * 5000 + "c\n", "a key that cannot be", id="too-deep"
    ),
    pytest.param(f"{HEADER}\n        REG_SZ    x\n", "text among keys and values", id="a-value-without-a-name"),
    pytest.param(f"{HEADER}\n    a    REG_ODD    x\n", "text among keys and values", id="a-type-that-nobody-knows"),
    pytest.param(f"{HEADER}\n    unk    (null)    (null)\n", "text among keys and values", id="a-type-without-a-name"),
]


@pytest.mark.parametrize(("text", "why"), AMBIGUOUS)
def test_what_has_two_meanings_is_unread(text: str, why: str) -> None:
    region = read(text)
    assert isinstance(region.keys, Unread)
    assert region.keys.why.startswith("ambiguous: ")
    assert why in region.keys.why
    assert region.keys.why.isprintable()
    assert len(region.keys.why) < 130


PLAIN = [
    pytest.param(f"{HEADER}\\A\\B\n", {}, "a key that was not asked for", id="two-levels-down"),
    pytest.param(f"{HEADER}\\A\n    x    REG_SZ    1\n", {}, "a value of a key that was not asked for", id="subkey"),
    pytest.param(f"{HEADER}\\A\n", {"values_only": True}, "a key that was not asked for", id="values-only"),
    pytest.param("    a    REG_SZ    x\n    a    REG_SZ    y\n", {"values_only": True}, "appears twice", id="twice"),
    pytest.param("    a    REG_SZ    x\nmore\n", {"values_only": True}, "text among", id="values-only-and-text"),
    pytest.param(f"{HEADER}\\A\ntext\n", {"keys_only": True}, "text among", id="keys-only-and-text"),
]


@pytest.mark.parametrize(("text", "options", "why"), PLAIN)
def test_plain_queries(text: str, options: dict[str, t.Any], why: str) -> None:
    region = read(text, recursive=False, **options)
    assert isinstance(region.keys, Unread)
    assert why in region.keys.why


@pytest.mark.parametrize("inside", ["\r", "\f", "\v", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"])
def test_separators_within_data_forge_nothing(inside: str) -> None:
    data = f"x{inside}HKEY_LOCAL_MACHINE\\SOFTWARE{inside}    Enabled    REG_BINARY    zz"
    region = read(f"{HEADER}\n    a    REG_SZ    {data}\n")
    assert RegistryImage((region,)).value(USER, "a") == RegistryValue("a", RegistryType.SZ, data)
    assert RegistryImage((region,)).value(USER, "Enabled") is ABSENT


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\n    POP3 Password    REG_BINARY    D08C9DDF\n    POP3 Password    REG_BINARY    0D08C9DDF0\n",
        f"{HEADER}\n    POP3 Password    REG_SZ    D08C9DDF    REG_SZ    x\n",
        f"{HEADER}\n    a    REG_SZ    x\nPOP3 Password is D08C9DDF\n",
        "POP3 Password is D08C9DDF\n",
        f"{HEADER}\n    a    REG_SZ    x\nbob:D08C9DDF@proxy:80\n",
        f"{HEADER}\n    a    REG_SZ    x\n    D08C9DDF\n",
        f"{HEADER}\n    ProxyServer    REG_SZ    D08C9DDF    REG_SZ    x@proxy:80\n",
        "bob:D08C9DDF@proxy:80\n",
        "bob:D08C9DDF%40proxy:80\n",
        f"{HEADER}\n    D08C9DDF@    REG_SZ    x\n    D08C9DDF@    REG_SZ    x\n",
        f"{HEADER}\n    POP3 Password    REG_BINARY    D08C9DDFZ\n",
    ],
)
def test_no_message_holds_a_password(text: str) -> None:
    assert "D08C9DDF" not in repr(read(text))


def test_a_key_listed_and_then_printed_is_one_key() -> None:
    region = read(f"{HEADER}\\A\n{HEADER}\\B\n\n{HEADER}\\A\n    x    REG_SZ    1\n")
    assert isinstance(region.keys, dict)
    assert [key.path for key in region.keys.values()] == [USER, USER + "\\A", USER + "\\B"]


HUGE = [
    pytest.param(f"{HEADER}\n    a    REG_SZ    {'x' * 2_000_000}\n", id="long-data"),
    pytest.param(f"{HEADER}\n    a    REG_BINARY    {'00' * 1_000_000}g\n", id="long-bytes"),
    pytest.param(f"{HEADER}\n{' ' * 2_000_000}\n", id="blanks"),
    pytest.param(f"! REG.EXE VERSION 3.0\n{HEADER}\n    a{' ' * 1_000_000}b\n", id="blanks-in-xp-text"),
    pytest.param(f"{HEADER}\n{'    REG_DWORD' * 100_000}\n", id="type-words"),
    pytest.param(f"! REG.EXE VERSION 3.0\n{HEADER}\n    {'a REG_DWORD ' * 100_000}\n", id="xp-type-words"),
    pytest.param(f"{HEADER}{chr(92)}a" * 30_000 + "\n", id="one-long-key"),
    pytest.param("".join(f"{HEADER}\\{'a' * 30}{chr(92)}{n}\\{'b' * 2000}\n" for n in range(500)), id="many-keys"),
    pytest.param("x\n" * 500_000, id="lines-of-text"),
    pytest.param("\n" * 1_000_000, id="blank-lines"),
    pytest.param("\r" * 1_000_000, id="carriage-returns"),
]


@pytest.mark.parametrize("text", HUGE)
def test_hostile_sizes_take_no_time(text: str) -> None:
    start = time.process_time()
    read(text)
    assert time.process_time() - start < 3


LOCAL_MACHINE = "HKEY_LOCAL_MACHINE\\SOFTWARE"
PORT = "    Port    REG_DWORD    0x0"
LINES = ["\n", "\r\n", "\n\n", HEADER, LOCAL_MACHINE, PORT, PORT.replace("    ", "\t"), WORDS[0], "x", "    "]
FORGED = st.lists(st.sampled_from(LINES), max_size=8).map("".join)
WITH_KEYS = st.lists(st.sampled_from([*LINES, HEADER + "\\Sub"]), max_size=8).map("".join)


def forged(data: str, dialect: Dialect) -> Region:
    """What is read where a user has written ``data`` into one of two values."""
    values = (RegistryValue("Mine", RegistryType.SZ, data), RegistryValue("Port", RegistryType.DWORD, 25))
    return read("\n".join(query([RegistryKey(USER, values)], dialect, recursive=True)))


@given(FORGED, st.sampled_from(["xp", "vista"]))
def test_no_value_changes_another_one(data: str, dialect: Dialect) -> None:
    """Whatever a user writes into one value, another one is read as it is, or nothing is read at all."""
    port = RegistryImage((forged(data, dialect),)).value(USER, "Port")
    assert isinstance(port, Unread) or port == RegistryValue("Port", RegistryType.DWORD, 25)


@given(WITH_KEYS, st.sampled_from(["xp", "vista"]))
def test_no_value_speaks_about_another_section(data: str, dialect: Dialect) -> None:
    region = forged(data, dialect)
    if isinstance(region.keys, dict):
        assert all(f"{path}\\".startswith(f"{USER}\\".casefold()) for path in region.keys)


def test_who_writes_in_a_section_can_lie_about_it() -> None:
    """The limit: a forged value, and a forged key that swallows the true one. The writer could have written both."""
    image = RegistryImage((forged(f"x\n{PORT}\n\n{HEADER}\\Sub", "vista"),))
    assert image.value(USER, "Port") == RegistryValue("Port", RegistryType.DWORD, 0)
    assert image.value(USER + "\\Sub", "Port") == RegistryValue("Port", RegistryType.DWORD, 25)
