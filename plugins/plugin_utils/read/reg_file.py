# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``.reg`` files: what they say, as data, and back.

Reads version 5 (UTF-16 with BOM, or 8-bit text) and REGEDIT4. Unlike regedit, which skips in silence what it does not
understand, a line that means nothing is an error here; ``reg_lint`` explains such files.
:class:`RegFileError` is the only exception of this module.

https://learn.microsoft.com/troubleshoot/windows-server/performance/distribute-registry-changes-to-multiple-computers
(syntax of .reg files)
"""

from __future__ import annotations

import codecs
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    LONG_HIVES,
    RegistryData,
    RegistryType,
    RegistryValue,
    short_path,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import decode, shown

SIGNATURE_5: t.Final = "Windows Registry Editor Version 5.00"
SIGNATURE_4: t.Final = "REGEDIT4"

#: The types in the order of their numbers in winnt.h, which ``hex(n):`` names.
_TYPES: t.Final = (
    RegistryType.NONE,
    RegistryType.SZ,
    RegistryType.EXPAND_SZ,
    RegistryType.BINARY,
    RegistryType.DWORD,
    RegistryType.DWORD_BIG_ENDIAN,
    RegistryType.LINK,
    RegistryType.MULTI_SZ,
    RegistryType.RESOURCE_LIST,
    RegistryType.FULL_RESOURCE_DESCRIPTOR,
    RegistryType.RESOURCE_REQUIREMENTS_LIST,
    RegistryType.QWORD,
)
TYPE_NUMBERS: t.Final = {kind: number for number, kind in enumerate(_TYPES)}
_STRINGS: t.Final = frozenset({RegistryType.SZ, RegistryType.EXPAND_SZ})
#: Types that hold one little-endian number, and its size in bytes.
_WIDTHS: t.Final = {RegistryType.DWORD: 4, RegistryType.QWORD: 8}
#: regedit folds the bytes of a value at this column.
_COLUMNS: t.Final = 77

_NAME: t.Final = re.compile(r'[ \t]*(?:@|"((?:[^"\\\r\n]|\\[^\r\n])*)")[ \t]*=[ \t]*')
#: A string; regedit writes line breaks inside raw.
_STRING: t.Final = re.compile(r'"((?:[^"\\]|\\[^\r\n])*)"')
_BAD_ESCAPE: t.Final = re.compile(r'(?:[^\\]|\\[\\"])*+(\\.)')
_ESCAPE: t.Final = re.compile(r'\\([\\"])')
_HEX: t.Final = re.compile(r"hex(?:\(([0-9a-f]{1,8})\))?:", re.IGNORECASE)
_DWORD: t.Final = re.compile(r"dword:[ \t]*([0-9a-f]{1,8})", re.IGNORECASE)
#: Where a value goes on in the next line; lines of comment may stand between.
_FOLD: t.Final = re.compile(r"\\[ \t]*\r*\n(?:[ \t]*;[^\n]*\n)*")
_BYTES: t.Final = re.compile(rf"[0-9a-fA-F, \t]*(?:{_FOLD.pattern}[0-9a-fA-F, \t]*)*")
_REST: t.Final = re.compile(r"[ \t]*(?:;[^\n]*|\r*)(?:\n|\Z)")
_HEADER: t.Final = re.compile(r"[ \t]*\[(-?)([^\n]*)\][ \t]*(?:;[^\]\n]*)?\r*(?:\n|\Z)")


class RegFileError(ValueError):
    """This is not a ``.reg`` file, or cannot be written as one. The message is one sentence for people."""


@dataclass(frozen=True, slots=True)
class ValueDeletion:
    """``"name"=-``: the value is to be deleted. ``name`` is "" for the default value."""

    name: str


@dataclass(frozen=True, slots=True)
class RegFileKey:
    """One section: a key and its values, or a key that is to be deleted with all below it.

    ``path`` is brought into short form (``HKLM\\...``) when the object is made.

    :raises RegFileError: the path does not begin with a hive, or a deleted key has values.
    """

    path: str
    values: tuple[RegistryValue | ValueDeletion, ...] = ()
    deleted: bool = False

    def __post_init__(self) -> None:
        hive, separator, rest = short_path(self.path).partition("\\")
        if hive.upper() not in LONG_HIVES or (separator and "" in rest.split("\\")):
            raise RegFileError(f"not the path of a registry key: {shown(self.path)}")
        if self.deleted and self.values:
            raise RegFileError(f"a key to be deleted has values: {shown(self.path)}")
        object.__setattr__(self, "path", hive.upper() + separator + rest)


@dataclass(frozen=True, slots=True)
class RegFile:
    """The sections of a file, in order."""

    keys: tuple[RegFileKey, ...] = ()


class _Reader:
    """Walks through the text of one file."""

    def __init__(self, text: str, code_page: str) -> None:
        self.text = text
        self.position = 0
        self.code_page = code_page
        self.unicode = True

    def error(self, what: str) -> RegFileError:
        return RegFileError(f"line {self.text.count(chr(10), 0, self.position) + 1}: {what}")

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.position)
        if found:
            self.position = found.end()
        return found

    def line(self) -> str:
        """The rest of the line, for messages; never of a value, which may be secret."""
        return shown(self.text[self.position : self.position + 200].partition("\n")[0].strip(), 40)

    def signature(self) -> None:
        while self.text[self.position : self.position + 1] in ("\r", "\n"):
            self.position += 1
        first, _separator, _rest = self.text[self.position :].partition("\n")
        if first.strip() not in (SIGNATURE_5, SIGNATURE_4):
            raise self.error(f"not a .reg file, its first line is {shown(first.strip(), 40)!r}")
        self.unicode = first.strip() == SIGNATURE_5
        self.position += len(first) + 1

    def file(self) -> RegFile:
        self.signature()
        sections: list[tuple[RegFileKey, list[RegistryValue | ValueDeletion]]] = []
        while self.position < len(self.text):
            if self.take(_REST):
                continue
            try:
                if header := _HEADER.match(self.text, self.position):
                    sections.append((RegFileKey(header[2], deleted=bool(header[1])), []))
                    self.position = header.end()
                elif sections and not sections[-1][0].deleted:
                    sections[-1][1].append(self.value())
                else:
                    raise RegFileError("neither a key in brackets nor a comment")
            except RegFileError as problem:
                raise self.error(str(problem)) from None
        return RegFile(tuple(RegFileKey(key.path, tuple(values), key.deleted) for key, values in sections))

    def value(self) -> RegistryValue | ValueDeletion:
        """The value at this position. Errors name the value, never what it holds."""
        found = self.take(_NAME)
        if not found:
            raise RegFileError(f"neither a key in brackets nor a value nor a comment: {self.line()}")
        name = _unescaped(found[1] or "")
        value = self.data(name)
        if value is None or not self.take(_REST):
            raise RegFileError(f"the data of the value {shown(name, 40)!r} cannot be read")
        return value

    def data(self, name: str) -> RegistryValue | ValueDeletion | None:
        if self.text.startswith("-", self.position):
            self.position += 1
            return ValueDeletion(name)
        if found := self.take(_STRING):
            return RegistryValue(name, RegistryType.SZ, _unescaped(found[1]).partition("\0")[0])
        if found := self.take(_DWORD):
            return RegistryValue(name, RegistryType.DWORD, int(found[1], 16))
        found = self.take(_HEX)
        raw = self.take(_BYTES) if found else None
        if not found or not raw:
            return None
        number = int(found[1], 16) if found[1] else TYPE_NUMBERS[RegistryType.BINARY]
        kind = _TYPES[number] if number < len(_TYPES) else RegistryType.NONE
        return RegistryValue(name, kind, self.typed(kind, _bytes(_FOLD.sub("", raw[0]))))

    def typed(self, kind: RegistryType, data: bytes) -> RegistryData:
        if kind in _WIDTHS and len(data) == _WIDTHS[kind]:
            return int.from_bytes(data, "little")
        if kind not in _STRINGS and kind is not RegistryType.MULTI_SZ:
            return data
        if self.unicode:
            text = data[: len(data) & ~1].decode("utf-16-le", "surrogatepass")
        else:
            text = data.decode(self.code_page, "replace")
        if kind in _STRINGS:
            return text.partition("\0")[0]
        items = text.removesuffix("\0").split("\0")
        return tuple(items if items[-1] else items[:-1])


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    if bad := _BAD_ESCAPE.match(text):
        raise RegFileError(f'{shown(bad[1])} stands in a string where \\\\ or \\" must')
    return _ESCAPE.sub(r"\1", text)


def _bytes(text: str) -> bytes:
    digits = [digit.strip() for digit in text.split(",")]
    if not digits[-1]:
        digits.pop()
    if not all(0 < len(digit) <= 2 and " " not in digit and "\t" not in digit for digit in digits):
        raise RegFileError("bytes must be hexadecimal numbers of two digits, with commas between")
    return bytes(int(digit, 16) for digit in digits)


def value_at(text: str, position: int) -> tuple[RegistryValue | ValueDeletion, int]:
    """The value that begins at this position of a version 5 file, and where the next line begins.

    :raises RegFileError: there is none.
    """
    reader = _Reader(text, "cp1252")
    reader.position = position
    value = reader.value()
    return value, reader.position


def parse(data: bytes | str, code_page: str = "cp1252") -> RegFile:
    """Read a ``.reg`` file.

    Strings end at the first NUL. A REG_DWORD or REG_QWORD of the wrong size keeps its bytes. A type number that
    Windows has no name for is read as REG_NONE with its bytes.

    :param code_page: of 8-bit files that are not UTF-8, and of the bytes in REGEDIT4 files.
    :raises RegFileError: with the number of the line.
    """
    text = data.removeprefix("\ufeff") if isinstance(data, str) else decode(data, code_page)
    return _Reader(text.removeprefix("\ufeff"), code_page).file()


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _hex(kind: RegistryType, data: bytes, column: int) -> str:
    """The bytes, folded as regedit folds them; ``column``: where the text begins."""
    text = "hex:" if kind is RegistryType.BINARY else f"hex({TYPE_NUMBERS[kind]:x}):"
    folded, room = [text], _COLUMNS - column - len(text)
    for digit in [f"{byte:02x}," for byte in data]:
        if room < len(digit):
            folded[-1] += "\\"
            folded.append("  ")
            room = _COLUMNS - 2
        folded[-1] += digit
        room -= len(digit)
    return "\r\n".join(folded).removesuffix(",")


def _data(value: RegistryValue, column: int, as_bytes: bool) -> str:
    kind, data = value.type, value.data
    if kind in _WIDTHS and isinstance(data, int) and 0 <= data < 1 << 8 * _WIDTHS[kind]:
        return f"dword:{data:08x}" if kind is RegistryType.DWORD else _hex(kind, data.to_bytes(8, "little"), column)
    if kind in _STRINGS and isinstance(data, str) and "\0" not in data:
        plain = kind is RegistryType.SZ and not as_bytes and not re.search("[\r\n\ud800-\udfff]", data)
        return _quoted(data) if plain else _hex(kind, (data + "\0").encode("utf-16-le", "surrogatepass"), column)
    if kind is RegistryType.MULTI_SZ and isinstance(data, tuple) and not any("\0" in item for item in data):
        raw = "".join(item + "\0" for item in (*data, "")).encode("utf-16-le", "surrogatepass")
        return _hex(kind, raw, column)
    if isinstance(data, bytes) and kind not in {*_STRINGS, RegistryType.MULTI_SZ} and len(data) != _WIDTHS.get(kind):
        return _hex(kind, data, column)
    raise RegFileError(f"the data of {shown(value.name, 40)!r} are none of {kind.value}")


def lines(file: RegFile, *, as_bytes: bool = False) -> list[str]:
    """The file's lines in version 5. ``as_bytes``: texts are written as bytes too, so only names are as they are.

    :raises RegFileError: a name or data that such a file cannot hold: NUL, line breaks in names, data that are not of
        the value's type (numbers too large, bytes of a REG_DWORD that are a number).
    """
    text = [SIGNATURE_5]
    for key in file.keys:
        for name in (key.path, *(value.name for value in key.values)):
            if re.search("[\r\n\0]", name):
                raise RegFileError(f"a .reg file cannot hold the name {shown(name, 40)!r}")
        hive, separator, rest = key.path.partition("\\")
        text += ["", f"[{'-' if key.deleted else ''}{LONG_HIVES[hive]}{separator}{rest}]"]
        for value in key.values:
            start = (_quoted(value.name) if value.name else "@") + "="
            start += "-" if isinstance(value, ValueDeletion) else _data(value, len(start), as_bytes)
            text += start.split("\r\n")
    return [*text, ""]


def write(file: RegFile) -> bytes:
    """The file in version 5: UTF-16LE with BOM, CR LF. ``parse(write(file)) == file``.

    :raises RegFileError: as :func:`lines`.
    """
    return codecs.BOM_UTF16_LE + "\r\n".join([*lines(file), ""]).encode("utf-16-le", "surrogatepass")
