# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a text that wants to be a ``.reg`` file, and what regedit makes of each.

Tolerant where ``reg_file`` is strict: it also sees what was meant (typographic quotes, headers without brackets or
behind a semicolon), so that ``reg_lint`` can say where a value lands and where it should have.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import HIVES, RegistryValue, short_path
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_file import (
    SIGNATURE_4,
    SIGNATURE_5,
    RegFileError,
    ValueDeletion,
    value_at,
)

Kind = t.Literal["signature", "comment", "header", "bare header", "value", "broken value", "other"]

#: Quotation marks that word processors and web sites make of ``"``.
TYPOGRAPHIC: t.Final = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb"
_REPAIR: t.Final = str.maketrans(dict.fromkeys(TYPOGRAPHIC, '"'))
_HEADER: t.Final = re.compile(r"\[-?([^\n]*)\][ \t]*(?:;[^\]\n]*)?")
_COMMENTED: t.Final = re.compile(r";[ \t]*\[-?([^\]\n]*)\]")


@dataclass(frozen=True, slots=True)
class Line:
    """One line (a value may take several), counted from 1.

    ``key``: of a header the key it names, of all else the key that regedit is in, in short form; "": in none.
    ``commented``: of a comment, the key that it would name as a header.
    ``repaired``: a value that regedit does not see, because of typographic quotes. ``problem``: of a broken value.
    """

    number: int
    kind: Kind
    text: str
    key: str = ""
    commented: str = ""
    value: RegistryValue | ValueDeletion | None = None
    repaired: bool = False
    problem: str = ""


def _is_key(path: str) -> bool:
    hive, separator, _rest = short_path(path.strip()).partition("\\")
    return hive.upper() in HIVES.values() and separator == "\\"


def _value(text: str, position: int, line: str, number: int, key: str) -> tuple[Line, int]:
    """The value at this position and where the next line begins."""
    repaired = line.lstrip().startswith(tuple(TYPOGRAPHIC))
    after = position + len(line) + 1
    try:
        if repaired:
            value, _end = value_at(line.translate(_REPAIR), 0)
        else:
            value, after = value_at(text, position)
    except RegFileError as problem:
        return Line(number, "broken value", line, key, repaired=repaired, problem=str(problem)), after
    return Line(number, "value", line, key, value=value, repaired=repaired), after


def _plain(line: str, number: int, key: str) -> Line:
    """A line that is no value. ``key``: of the last header that regedit sees."""
    text = line.strip()
    if text.startswith(";"):
        commented = _COMMENTED.match(text)
        meant = short_path(commented[1].strip()) if commented and _is_key(commented[1]) else ""
        return Line(number, "comment", text, key, commented=meant)
    header = _HEADER.fullmatch(text)
    if header and _is_key(header[1]):
        return Line(number, "header", text, short_path(header[1]))
    if _is_key(text):
        return Line(number, "bare header", text, key)
    return Line(number, "signature" if number == 1 and text in (SIGNATURE_4, SIGNATURE_5) else "other", text, key)


def scan(text: str) -> tuple[Line, ...]:
    """All lines that are not blank, in order. Never raises."""
    lines: list[Line] = []
    position, number, key = 0, 1, ""
    while position < len(text):
        end = text.find("\n", position)
        line = text[position : end if end >= 0 else len(text)].rstrip("\r")
        after = len(text) if end < 0 else end + 1
        if line.lstrip().startswith(('"', "@", *TYPOGRAPHIC)):
            found, after = _value(text, position, line, number, key)
            lines.append(found)
        elif line.strip():
            lines.append(_plain(line, number, key))
            key = lines[-1].key if lines[-1].kind == "header" else key
        number += text.count("\n", position, after)
        position = after
    return tuple(lines)
