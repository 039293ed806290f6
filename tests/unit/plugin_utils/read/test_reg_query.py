# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``reg query`` output of well-meaning hosts, in both dialects."""

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
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_query import absent_words, parse
from tests.unit.plugin_utils.read.reg_text import Dialect, long_path, query, value_line

R = RegistryType
ROOT = r"HKLM\SOFTWARE\Example"
LONG = r"HKEY_LOCAL_MACHINE\SOFTWARE\Example"
ABSENT_WORDS = ("ERROR: The system was unable to find the specified registry key or value.",)


def read(lines: t.Iterable[str], root: str = ROOT, **options: t.Any) -> Region:
    return parse(lines, root, **({"recursive": False, "absent_words": ABSENT_WORDS} | options))


def keys_of(region: Region) -> dict[str, RegistryKey]:
    assert isinstance(region.keys, dict), region.keys
    return region.keys


def only_value(line: str, xp: bool = False) -> RegistryValue:
    (value,) = keys_of(read([*(["! REG.EXE VERSION 3.0", ""] if xp else []), LONG, line]))[ROOT.casefold()].values
    return value


VALUES = [
    (R.SZ, "text", "text"),
    (R.SZ, "", ""),
    (R.SZ, "   three blanks before", "   three blanks before"),
    (R.EXPAND_SZ, "%SystemRoot%\\x", "%SystemRoot%\\x"),
    (R.DWORD, "0x0", 0),
    (R.DWORD, "0xa80", 0xA80),
    (R.DWORD, "0xffffffff", 0xFFFFFFFF),
    (R.QWORD, "0x8000000000000001", 0x8000000000000001),
    (R.DWORD_BIG_ENDIAN, "0x1", b"\0\0\0\1"),
    (R.BINARY, "46000000FF", b"F\0\0\0\xff"),
    (R.BINARY, "", b""),
    (R.NONE, "0102", b"\1\2"),
    (R.MULTI_SZ, r"a\0b", ("a", "b")),
    (R.MULTI_SZ, r"a\0b\0\0", ("a", "b")),
    (R.MULTI_SZ, "", ()),
    (R.MULTI_SZ, r"\0\0", ()),
    (R.SZ, "text\0garbage", "text"),
    (R.MULTI_SZ, "a\\0b\0garbage", ("a", "b")),
    (R.DWORD, "0x100000000", "0x100000000"),
    (R.DWORD, "(null)", "(null)"),
    (R.QWORD, "", ""),
    (R.BINARY, "4600G", "4600G"),
    (R.LINK, r"\Registry\Machine", r"\Registry\Machine"),
]


@pytest.mark.parametrize("dialect", ["xp", "vista"])
@pytest.mark.parametrize(("kind", "text", "data"), VALUES)
def test_data_of_each_type(dialect: Dialect, kind: RegistryType, text: str, data: object) -> None:
    line = value_line(RegistryValue("a name", kind, text), dialect)
    assert only_value(line) == RegistryValue("a name", kind, t.cast(t.Any, data))


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("    (Default)    REG_SZ    x", ""),
        ("    (Standard)    REG_SZ    x", ""),
        ("    (par défaut)    REG_SZ    x", ""),
        ("    (по умолчанию)    REG_SZ    x", ""),
        ("    <NO NAME>\tREG_SZ\tx", ""),
        ("    My REG_SZ value    REG_SZ    x", "My REG_SZ value"),
        ("    My REG_SZ value\tREG_SZ\tx", "My REG_SZ value"),
        ("    REG_DWORD    REG_SZ    x", "REG_DWORD"),
        ("    a    REG_DWORD    b    REG_SZ    x", "a    REG_DWORD    b"),
        ("     a     REG_SZ    x", " a "),
        ("    {ED475418-B0D6-11D2-8C3B-00104B2A6676}    REG_SZ    x", "{ED475418-B0D6-11D2-8C3B-00104B2A6676}"),
    ],
)
def test_names(line: str, name: str) -> None:
    assert only_value(line) == RegistryValue(name, R.SZ, "x")


@pytest.mark.parametrize("line", ["    n  REG_SZ  x", "    n REG_SZ x"])
def test_xp_with_other_blanks(line: str) -> None:
    assert only_value(line, xp=True) == RegistryValue("n", R.SZ, "x")
    assert isinstance(read([LONG, line]).keys, Unread)


@pytest.mark.parametrize("line", ["    n    REG_SZ", "    n    REG_SZ    ", "    n\tREG_SZ\t", "    n\tREG_SZ"])
def test_empty_data(line: str) -> None:
    assert only_value(line) == RegistryValue("n", R.SZ, "")


def test_a_plain_query_lists_subkeys() -> None:
    region = read(["", LONG, "    a    REG_SZ    x", "", LONG + r"\One", LONG + r"\Two words"])
    assert keys_of(region) == {
        ROOT.casefold(): RegistryKey(ROOT, (RegistryValue("a", R.SZ, "x"),), ("One", "Two words"))
    }
    assert RegistryImage((region,)).key(ROOT + r"\three") is ABSENT


@pytest.mark.parametrize("lines", [[], [""], ["", ""], ["! REG.EXE VERSION 3.0", "", LONG, ""], ["", LONG]])
def test_an_empty_key(lines: list[str]) -> None:
    assert keys_of(read(lines)) == {ROOT.casefold(): RegistryKey(ROOT)}


def test_a_key_without_values_prints_no_header() -> None:
    assert keys_of(read(["", LONG + r"\One"])) == {ROOT.casefold(): RegistryKey(ROOT, (), ("One",))}


def test_a_recursive_query_knows_all_ancestors() -> None:
    region = read(["", LONG + r"\A\B", "    x    REG_DWORD    0x1", ""], recursive=True)
    assert {key.path: key.subkeys for key in keys_of(region).values()} == {
        ROOT: ("A",),
        ROOT + r"\A": ("B",),
        ROOT + r"\A\B": (),
    }
    assert RegistryImage((region,)).key(ROOT + r"\A\C") is ABSENT


def test_the_host_spells_its_own_keys() -> None:
    region = read(
        ["", LONG.replace("Example", "eXAMPLE"), "    x    REG_SZ    1"], root=LONG.lower().replace("hkey", "HKEY")
    )
    assert next(iter(keys_of(region).values())).path == r"HKLM\SOFTWARE\eXAMPLE"


def test_hives_of_users() -> None:
    root = r"HKU\S-1-5-21-1-2-3-1001\Software\X"
    region = read([long_path(root), "    x    REG_SZ    1"], root=root)
    assert RegistryImage((region,)).value(root, "X") == RegistryValue("x", R.SZ, "1")


def test_the_list_of_users() -> None:
    lines = ["", r"HKEY_USERS\.DEFAULT", r"HKEY_USERS\S-1-5-21-1-2-3-1001", r"HKEY_USERS\S-1-5-18"]
    region = read(lines, root="HKU", keys_only=True)
    assert keys_of(region)["hku"].subkeys == (".DEFAULT", "S-1-5-21-1-2-3-1001", "S-1-5-18")


def test_only_values() -> None:
    region = read(["    a    REG_SZ    x", "    b    REG_DWORD    0x1"], values_only=True)
    assert [value.name for value in keys_of(region)[ROOT.casefold()].values] == ["a", "b"]
    assert not region.lists_subkeys
    assert keys_of(read([], values_only=True)) == {ROOT.casefold(): RegistryKey(ROOT)}


def test_only_keys() -> None:
    region = read([LONG, "    a    REG_SZ    x", "    a    REG_SZ    y", LONG + r"\B"], keys_only=True)
    assert keys_of(region) == {ROOT.casefold(): RegistryKey(ROOT, (), ("B",))}
    assert isinstance(RegistryImage((region,)).value(ROOT, "a"), Unread)


def test_only_named_values() -> None:
    region = read([LONG, "    A    REG_SZ    x", "    b    REG_SZ    y"], names=frozenset({"a", "C"}))
    image = RegistryImage((region,))
    assert image.value(ROOT, "a") == RegistryValue("A", R.SZ, "x")
    assert image.value(ROOT, "c") is ABSENT
    assert isinstance(image.value(ROOT, "b"), Unread)


@pytest.mark.parametrize("name", ["POP3 Password", "SMTP Password2", "password", "IMAPPASSWORDx"])
def test_passwords_are_dropped(name: str) -> None:
    region = read([LONG, f"    {name}    REG_BINARY    01000000D08C9DDF", "    a    REG_SZ    x"])
    assert [value.name for value in keys_of(region)[ROOT.casefold()].values] == ["a"]
    assert "D08C9DDF" not in repr(region)


@pytest.mark.parametrize(
    "lines",
    [
        list(ABSENT_WORDS),
        ["", ABSENT_WORDS[0] + "  ", ""],
        ["! REG.EXE VERSION 3.0", "", *ABSENT_WORDS],
        [*ABSENT_WORDS, *ABSENT_WORDS],
    ],
)
def test_the_words_of_the_host_for_absent(lines: list[str]) -> None:
    region = read(lines)
    assert region.keys is ABSENT
    assert RegistryImage((region,)).value(ROOT, "x") is ABSENT


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["ERROR: Access is denied."], "ERROR: Access is denied."),
        (["FEHLER: Zugriff verweigert", ""], "FEHLER: Zugriff verweigert"),
        (["", "ОШИБКА: Отказано в доступе."], "ОШИБКА: Отказано в доступе."),
        ([*ABSENT_WORDS, "ERROR: Access is denied."], None),
        (["'reg' is not recognized", "as an internal command"], "'reg' is not recognized as an internal command"),
        (["\x1b[2J" + "x" * 200], "\\x1b[2J" + "x" * 70 + "..."),
    ],
)
def test_other_words_mean_unread(lines: list[str], why: str | None) -> None:
    region = read(lines)
    assert isinstance(region.keys, Unread)
    assert why is None or region.keys.why == why
    assert len(region.keys.why) <= 80


def test_without_a_canary_nothing_is_absent() -> None:
    assert isinstance(read(list(ABSENT_WORDS), absent_words=()).keys, Unread)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["", *ABSENT_WORDS, ""], ABSENT_WORDS),
        (["! REG.EXE VERSION 3.0", "", "Error:  The system was unable"], ("Error:  The system was unable",)),
        (["reg: no such key", "", "reg: no such value"], ("reg: no such key", "reg: no such value")),
        (["two", "lines"], ("two", "lines")),
        ([""], ()),
        (["x", LONG], ()),
        (["x", "    a    REG_SZ    x"], ()),
    ],
)
def test_what_the_canary_teaches(lines: list[str], words: tuple[str, ...]) -> None:
    assert absent_words(lines) == words


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\\\0\n\r()<>", exclude_categories=["Cs"]), min_size=1)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\n\r", exclude_categories=["Cs"]))


def values() -> st.SearchStrategy[RegistryValue]:
    data = {
        R.SZ: TEXTS,
        R.EXPAND_SZ: TEXTS,
        R.DWORD: st.integers(0, 2**32 - 1),
        R.QWORD: st.integers(0, 2**64 - 1),
        R.BINARY: st.binary(),
        R.MULTI_SZ: st.lists(TEXTS.filter(lambda text: text and "\\" not in text)).map(tuple),
    }
    names = (NAMES | st.just("")).filter(lambda name: name.isspace() is False or not name)
    return st.one_of(
        st.builds(RegistryValue, names, st.just(kind), strategy) for kind, strategy in data.items()
    ).filter(lambda value: "password" not in value.name.casefold() and "REG_" not in f"{value.name}{value.data!r}")


@given(st.lists(values(), unique_by=lambda value: value.name.casefold()), st.sampled_from(["xp", "vista"]))
def test_what_was_printed_is_read(found: list[RegistryValue], dialect: Dialect) -> None:
    found = [value for value in found if "\t" not in value.name]
    lines = query([RegistryKey(ROOT, tuple(found))], dialect, recursive=False)
    assert keys_of(read(lines))[ROOT.casefold()].values == tuple(found)


@given(st.lists(st.text(), max_size=20), st.booleans(), st.booleans(), st.booleans())
def test_any_text_gives_a_region(lines: list[str], recursive: bool, keys_only: bool, values_only: bool) -> None:
    region = read(lines, recursive=recursive, keys_only=keys_only, values_only=values_only)
    if isinstance(region.keys, dict):
        root, *others = sorted(region.keys)
        assert root == ROOT.casefold()
        assert not others or recursive
        assert all(path.startswith(root + "\\") for path in others)


def test_eighty_kilobytes_take_no_time() -> None:
    rule = "v2.10|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|Profile=Domain|App=System|Name=@FirewallAPI.dll,-25000|"
    lines = [LONG, *(f"    Rule-{number}    REG_SZ    {rule}" for number in range(640))]
    assert sum(map(len, lines)) > 80_000
    best = min(timed(lines) for _unused in range(5))
    assert best < 0.02


def timed(lines: list[str]) -> float:
    start = time.process_time()
    assert len(keys_of(read(lines))[ROOT.casefold()].values) == 640
    return time.process_time() - start
