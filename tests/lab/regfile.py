# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own reader of ``.reg`` files.

It shares nothing with the product's reader: the lab is a witness, and a witness who copies the product's homework
proves nothing. It takes what regedit writes (version 5 in UTF-16LE or UTF-8, REGEDIT4 in an 8-bit code page) and
raises :class:`RegFileError` on anything else.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, replace

#: Numbers of the value types, https://learn.microsoft.com/windows/win32/sysinfo/registry-value-types
REG_NONE, REG_SZ, REG_EXPAND_SZ, REG_BINARY, REG_DWORD, REG_DWORD_BIG_ENDIAN = range(6)
REG_LINK, REG_MULTI_SZ, REG_RESOURCE_LIST, REG_FULL_RESOURCE_DESCRIPTOR = range(6, 10)
REG_RESOURCE_REQUIREMENTS_LIST, REG_QWORD = 10, 11


class RegFileError(ValueError):
    """A ``.reg`` file that regedit would not have written, with the number of the line."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One line of a ``.reg`` file: a key to make, a value to set (``raw`` bytes), or either to delete.

    ``name`` is None for a line about a key, "" for the default value.
    """

    path: str
    name: str | None = None
    type: int = REG_NONE
    raw: bytes = b""
    delete: bool = False


def decode(content: bytes, codepage: str = "cp1252") -> str:
    """The text of a ``.reg`` file: by its BOM, else UTF-8 for version 5, else the 8-bit code page."""
    if content.startswith(b"\xff\xfe"):
        return content[2:].decode("utf-16-le")
    if content.startswith(b"\xef\xbb\xbf"):
        return content[3:].decode("utf-8")
    if content.lstrip().startswith(b"REGEDIT4"):
        return content.decode(codepage)
    return content.decode("utf-8")


def read(content: bytes, codepage: str = "cp1252") -> t.Iterator[Assignment]:
    """All assignments of a ``.reg`` file, in order; raises RegFileError."""
    text = decode(content, codepage).replace("\r\n", "\n")
    ansi = text.lstrip().startswith("REGEDIT4")
    header, _unused, body = text.lstrip().partition("\n")
    if header.strip() not in ("REGEDIT4", "Windows Registry Editor Version 5.00"):
        raise RegFileError(f"line 1: not the first line of a .reg file: {header[:60]!r}")
    yield from _Reader(body, codepage if ansi else "utf-16-le").assignments()


def read_as_windows(content: bytes, codepage: str) -> t.Iterator[Assignment]:
    """What ``reg import`` makes of a file: by its mark UTF-16, else in that 8-bit code page, whatever its first line.

    Lines that cannot be read are skipped; texts in hex that do not end in a NUL get one. Raises RegFileError for a
    first line that is not that of a ``.reg`` file.
    """
    wide = content.startswith(b"\xff\xfe")
    text = content[2:].decode("utf-16-le", "replace") if wide else content.decode(codepage, "replace")
    header, _unused, body = text.replace("\r\n", "\n").partition("\n")
    if header.strip() not in ("REGEDIT4", "Windows Registry Editor Version 5.00"):
        raise RegFileError(f"line 1: not the first line of a .reg file: {header[:60]!r}")
    encoding = codepage if header.strip() == "REGEDIT4" else "utf-16-le"
    for one in _Reader(body, encoding, lenient=True).assignments():
        yield _closed(one)


def _closed(one: Assignment) -> Assignment:
    if one.type in (REG_SZ, REG_EXPAND_SZ, REG_MULTI_SZ) and one.raw and one.raw[-2:] != b"\0\0":
        return replace(one, raw=one.raw[: len(one.raw) // 2 * 2] + b"\0\0")
    return one


_ENTRY: t.Final = re.compile(r'[ \t]*(@|"(?:[^"\\]|\\.)*")[ \t]*=[ \t]*', re.DOTALL)
_STRING: t.Final = re.compile(r'"((?:[^"\\]|\\.)*)"[ \t]*(?:;[^\n]*)?(?:\n|\Z)', re.DOTALL)
_DWORD: t.Final = re.compile(r"dword:([0-9a-fA-F]{1,8})[ \t]*(?:;[^\n]*)?(?:\n|\Z)")
_HEX: t.Final = re.compile(r"hex(?:\(([0-9a-fA-F]+)\))?:((?:[0-9a-fA-F, \t]|\\[ \t]*\n)*)(?:;[^\n]*)?(?:\n|\Z)")
_ESCAPE: t.Final = re.compile(r"\\(.)", re.DOTALL)


class _Reader:
    """One pass over the body; ``encoding`` is that of hex(1), hex(2) and hex(7) data.

    ``lenient``: a line that cannot be read is skipped, as Windows does.
    """

    def __init__(self, body: str, encoding: str, lenient: bool = False) -> None:
        self._body, self._encoding, self._at = body, encoding, 0
        self._lenient = lenient

    def assignments(self) -> t.Iterator[Assignment]:
        path: str | None = None
        while self._at < len(self._body):
            end = self._body.find("\n", self._at)
            line = self._body[self._at : end if end >= 0 else len(self._body)].strip()
            if not line or line.startswith(";"):
                self._skip_line(end)
            elif line.startswith("[") and line.endswith("]"):
                self._skip_line(end)
                path = line[1:-1]
                deleted = path.startswith("-")
                path = path[1:] if deleted else path
                yield Assignment(path, delete=deleted)
            else:
                began = self._at
                try:
                    if path is None:
                        raise self._error("a value before the first key")
                    yield self._value(path)
                except RegFileError:
                    if not self._lenient:
                        raise
                    self._at = began
                    self._skip_line(end)

    def _skip_line(self, end: int) -> None:
        self._at = end + 1 if end >= 0 else len(self._body)

    def _error(self, why: str) -> RegFileError:
        return RegFileError(f"line {self._body.count(chr(10), 0, self._at) + 2}: {why}")

    def _value(self, path: str) -> Assignment:
        entry = _ENTRY.match(self._body, self._at)
        if entry is None:
            raise self._error("neither a key, a value nor a comment")
        name = "" if entry[1] == "@" else _ESCAPE.sub(r"\1", entry[1][1:-1])
        at = entry.end()
        if self._body.startswith("-", at):
            self._skip_line(self._body.find("\n", at))
            return Assignment(path, name, delete=True)
        if match := _STRING.match(self._body, at):
            self._at = match.end()
            text = _ESCAPE.sub(r"\1", match[1]).replace("\n", "\r\n")
            return Assignment(path, name, REG_SZ, (text + "\0").encode("utf-16-le", "surrogatepass"))
        if match := _DWORD.match(self._body, at):
            self._at = match.end()
            return Assignment(path, name, REG_DWORD, int(match[1], 16).to_bytes(4, "little"))
        if match := _HEX.match(self._body, at):
            kind, raw = self._hex(match)
            self._at = match.end()
            return Assignment(path, name, kind, raw)
        raise self._error(f"no data that regedit would write for the value {name!r}")

    def _hex(self, match: re.Match[str]) -> tuple[int, bytes]:
        kind = int(match[1], 16) if match[1] else REG_BINARY
        try:
            raw = bytes.fromhex(re.sub(r"[\\\s]", "", match[2]).replace(",", " "))
        except ValueError:
            raise self._error("hex data that is no list of bytes") from None
        if kind in (REG_SZ, REG_EXPAND_SZ, REG_MULTI_SZ) and self._encoding != "utf-16-le":
            raw = raw.decode(self._encoding, "replace" if self._lenient else "strict").encode("utf-16-le")
        return kind, raw
