# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``reg query`` printed, as a region of the registry. Both dialects: XP/2003 and Vista and later.

A user writes the values that we read, and reg.exe prints line breaks inside a value raw. So the text is evidence, not
truth: whatever could have two meanings makes the whole section :class:`Unread` ("ambiguous: ..."), nothing is guessed.

- Text that is the host's own words for "does not exist", and nothing else: ``ABSENT``. Any other text: Unread with it.
- Only blank lines: the key is there and is empty (reg.exe of Vista and later prints no header for such a key).
- A name in parentheses is the default value (``(Default)``, localised), and so is XP's ``<NO NAME>``.
- Data that do not fit their type are kept as the printed text (str): there, of that type, and of no use.
- Strings end at the first NUL. Items of a REG_MULTI_SZ are separated by a printed ``\\0``; empty ones at the end go.
- Values whose names may mean a password are dropped.

What remains possible: a value that forges others and then a key that swallows the true ones, within its own section.
Whoever can write there could have written them, too. Nobody can speak about another section's keys.

https://learn.microsoft.com/windows-server/administration/windows-commands/reg-query
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable
from dataclasses import dataclass, field

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    HIVES,
    Absent,
    Region,
    RegistryData,
    RegistryKey,
    RegistryType,
    RegistryValue,
    Unread,
    is_secret,
    short_path,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.logins import holds_login
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

_TYPES: t.Final = {kind.value: kind for kind in RegistryType}
_XP_HEADER: t.Final = re.compile(r"! REG\.EXE VERSION \d+\.\d+")
_INDENT: t.Final = "    "
_BLANKS: t.Final = " \t"
#: The type word between separators. Vista+: four blanks; XP: a TAB.
_TYPE_WORD: t.Final = re.compile(r"(?:\t| {4})(REG_[A-Z_]+)(?:\t| {4}|\Z)")
#: Only where that finds nothing, on a host of XP's dialect: any blanks (such outputs are on record).
_TYPE_WORD_XP: t.Final = re.compile(r"[ \t](REG_[A-Z_]+)(?:[ \t]|\Z)")
_NUMBER: t.Final = re.compile(r"0x[0-9a-fA-F]{1,16}")
_BYTES: t.Final = re.compile(r"(?:[0-9a-fA-F]{2})*")
_STRINGS: t.Final = frozenset({RegistryType.SZ, RegistryType.EXPAND_SZ})
#: Types printed as one number, and how many characters that has at most.
_NUMBERS: t.Final = {RegistryType.DWORD: 10, RegistryType.QWORD: 18, RegistryType.DWORD_BIG_ENDIAN: 10}
#: How many ways to read a line are looked for: two make it ambiguous.
_ENOUGH: t.Final = 2
#: How many type words a line may hold. No name of a value has so many.
_MOST_TYPE_WORDS: t.Final = 32
#: Windows allows 512 levels of keys; nothing that is read here has so many.
_MOST_LEVELS: t.Final = 64


class _Ambiguous(Exception):
    """The text has more than one meaning."""


@dataclass(slots=True)
class _Draft:
    """A key while it is being read. ``header``: it was printed with values below it."""

    path: str
    header: bool = False
    values: dict[str, RegistryValue] = field(default_factory=dict)
    subkeys: dict[str, str] = field(default_factory=dict)


def _quote(text: str) -> str:
    """A name for a message; none that may mean, or hold, a password."""
    return "(not shown)" if is_secret(text) or holds_login(text) else shown(text, 50)


def _is_key_line(line: str) -> bool:
    return line.startswith("HKEY_") and line.partition("\\")[0] in HIVES


def absent_words(lines: Iterable[str]) -> tuple[str, ...]:
    """This host's words for "does not exist": the lines that the query of an impossible key printed.

    Empty where the output holds anything that looks like a key or a value: then nothing is believed to be absent.
    A canary of several queries (absent key, absent value) gives the words of all of them.
    """
    words: dict[str, None] = {}
    for line in lines:
        if _is_key_line(line) or _TYPE_WORD.search(line):
            return ()
        if line.strip() and not _XP_HEADER.fullmatch(line.strip()):
            words[line.strip()] = None
    return tuple(words)


def _fits(kind: RegistryType, line: str, start: int) -> bool:
    """True where the printed data from ``start`` on are of that type."""
    if kind in _NUMBERS:
        return len(line) - start <= _NUMBERS[kind] and _NUMBER.fullmatch(line, start) is not None
    if kind in _STRINGS or kind is RegistryType.MULTI_SZ:
        return True
    return _BYTES.fullmatch(line, start) is not None


def _data(kind: RegistryType, text: str) -> RegistryData:
    """The data of a type that ``text`` fits."""
    if kind is RegistryType.DWORD_BIG_ENDIAN:
        return int(text, 16).to_bytes(4, "big")
    if kind in _NUMBERS:
        return int(text, 16)
    if kind in _STRINGS:
        return text.partition("\0")[0]
    if kind is RegistryType.MULTI_SZ:
        items = text.partition("\0")[0].split("\\0")
        while items and not items[-1]:
            items.pop()
        return tuple(items)
    return bytes.fromhex(text)


def _readings(line: str, exact: bool) -> list[tuple[str, RegistryType, str, bool]]:
    """The ways to read a value line: name, type, data as text, whether the data fit. Those that fit win."""
    pattern = _TYPE_WORD if exact else _TYPE_WORD_XP
    fitting: list[tuple[str, RegistryType, str, bool]] = []
    other: list[tuple[str, RegistryType, str, bool]] = []
    position, looked = len(_INDENT), 0
    while len(fitting) < _ENOUGH and (found := pattern.search(line, position)):
        looked += 1
        if looked > _MOST_TYPE_WORDS:
            raise _Ambiguous("a value with more type words than anybody can tell apart")
        kind, end, position = _TYPES.get(found[1]), found.end(), found.end(1)
        name = line[len(_INDENT) : found.start()] if exact else line[: found.start()].strip(_BLANKS)
        if kind is None or not name:
            continue
        while not exact and line[end : end + 1] in (" ", "\t"):
            end += 1
        fits = _fits(kind, line, end)
        if fits or len(other) < _ENOUGH:
            (fitting if fits else other).append((name, kind, line[end:], fits))
    return fitting or other


def _value(line: str, xp: bool) -> RegistryValue | None:
    """The value on that line, or None where it is not a value line.

    :raises _Ambiguous: there is more than one way to read it.
    """
    if not line.startswith(_INDENT):
        return None
    readings = _readings(line, exact=True) or (_readings(line, exact=False) if xp else [])
    if not readings:
        return None
    if len(readings) > 1:
        raise _Ambiguous("a value that can be read in two ways")
    name, kind, text, fits = readings[0]
    if "\0" in name:
        return None
    if name == "<NO NAME>" or (name.startswith("(") and name.endswith(")")):
        name = ""
    return RegistryValue(name, kind, _data(kind, text) if fits else text)


class _Reader:
    """Reads one section line by line."""

    def __init__(self, root: str, recursive: bool, keys_only: bool, values_only: bool) -> None:
        self.root = short_path(root)
        self.recursive = recursive
        self.keys_only = keys_only
        self.values_only = values_only
        self.keys: dict[str, _Draft] = {self.root.casefold(): _Draft(self.root)}
        self.texts: list[str] = []
        self.current: _Draft | None = self.keys[self.root.casefold()] if values_only else None
        self.after_header = False
        self.content = False
        self.xp = False

    def read(self, line: str) -> None:
        """:raises _Ambiguous: this line makes the section unbelievable."""
        if not line.strip():
            self.current = self.current if self.values_only else None
        elif _XP_HEADER.fullmatch(line.strip()):
            self.xp = True
        elif _is_key_line(line):
            self._key(short_path(line))
        elif value := _value(line, self.xp):
            if not self.keys_only:
                self._value(value)
        else:
            self.texts.append(line.strip())

    def _key(self, path: str) -> None:
        folded, root = path.casefold(), self.root.casefold()
        levels = [] if folded == root else folded[len(root) + 1 :].split("\\")
        if folded != root and not folded.startswith(root + "\\"):
            raise _Ambiguous(f"a key outside of {shown(self.root, 50)}")
        if levels and (self.values_only or (not self.recursive and len(levels) > 1)):
            raise _Ambiguous("a key that was not asked for")
        if "\0" in path or "" in levels or len(levels) > _MOST_LEVELS:
            raise _Ambiguous("a key that cannot be")
        self.content = self.after_header = True
        if not levels:
            self.keys[root].path = path
        self.current = self._draft(path)

    def _draft(self, path: str) -> _Draft:
        """The draft of that key; its ancestors up to the root get theirs, too."""
        missing: list[str] = []
        while path.casefold() not in self.keys:
            missing.append(path)
            path = path.rpartition("\\")[0]
        draft = self.keys[path.casefold()]
        for path in reversed(missing):
            name = path.rpartition("\\")[2]
            draft.subkeys[name.casefold()] = name
            draft = self.keys[path.casefold()] = _Draft(path)
        return draft

    def _value(self, value: RegistryValue) -> None:
        draft = self.current
        if draft is None:
            raise _Ambiguous("a value that belongs to no key")
        if not self.recursive and draft is not self.keys[self.root.casefold()]:
            raise _Ambiguous("a value of a key that was not asked for")
        if self.after_header and draft.header:
            raise _Ambiguous(f"a key that is printed twice: {_quote(draft.path)}")
        draft.header, self.after_header = True, False
        if value.name.casefold() in draft.values:
            raise _Ambiguous(f"a value that appears twice: {_quote(value.name)}")
        draft.values[value.name.casefold()] = value
        self.content = True

    def finished(self, wanted: t.Callable[[RegistryValue], bool]) -> dict[str, RegistryKey]:
        """The keys that the region covers, with the values that are wanted."""
        root = self.root.casefold()
        covered = self.keys if self.recursive else {root: self.keys[root]}
        return {
            folded: RegistryKey(draft.path, tuple(filter(wanted, draft.values.values())), tuple(draft.subkeys.values()))
            for folded, draft in covered.items()
        }


def parse(
    lines: Iterable[str],
    root: str,
    *,
    recursive: bool,
    absent_words: tuple[str, ...],
    names: frozenset[str] | None = None,
    keys_only: bool = False,
    values_only: bool = False,
) -> Region:
    """Read the lines of one section: the output of one query of ``root``.

    :param lines: as ``transcript.split`` gives them.
    :param root: the key that was asked for; long and short names of hives both do.
    :param recursive: whether ``/s`` was asked for.
    :param absent_words: what :func:`absent_words` gave; empty: nothing is ever ABSENT.
    :param names: value names that were asked for ("" is the default value); None: all. Others are dropped.
    :param keys_only: only the names of the subkeys were asked for; lines of values are skipped.
    :param values_only: the host kept only lines of values, so there are no headers: all belong to ``root``.
    :returns: never raises; what cannot be believed is in ``Region.keys`` as Unread.
    """
    asked = None if names is None else frozenset(name.casefold() for name in names)

    def wanted(value: RegistryValue) -> bool:
        return (asked is None or value.name.casefold() in asked) and not is_secret(value.name)

    reader = _Reader(root, recursive, keys_only, values_only)
    keys: t.Mapping[str, RegistryKey] | Absent | Unread
    try:
        for line in lines:
            reader.read(line)
        keys = _outcome(reader, absent_words) or reader.finished(wanted)
    except _Ambiguous as problem:
        keys = Unread(f"ambiguous: {problem}")
    return Region(reader.root, recursive, keys, names=asked, keys_only=keys_only, lists_subkeys=not values_only)


def _outcome(reader: _Reader, words: tuple[str, ...]) -> Absent | Unread | None:
    """What the text between keys and values says; None where there is none."""
    if not reader.texts:
        return None
    if reader.content:
        # It may be what follows a line break inside a value, so it is not repeated: a password may stand there.
        raise _Ambiguous("text among keys and values")
    if set(reader.texts) <= set(words):
        return ABSENT
    text = " ".join(reader.texts)
    return Unread("(not shown)" if is_secret(text) or holds_login(text) else shown(text))
