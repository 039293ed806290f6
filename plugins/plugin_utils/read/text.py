# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of a host, made fit for one line of a message."""

from __future__ import annotations

import codecs
from collections.abc import Iterable


def lines_of(text: str) -> list[str]:
    """The lines of a text, without their ends: LF, CR LF, and CR CR LF as wmic writes it.

    Nothing else ends a line: ``str.splitlines`` also splits at a lone CR, at form feeds, NEL and U+2028, which may
    stand inside a value and would let it forge a line.
    """
    return [line.rstrip("\r") for line in text.split("\n")]


def shown(text: str, limit: int = 80) -> str:
    """The text in at most ``limit`` characters, with all escaped that could act on a console.

    That is what ``str.isprintable`` refuses: controls, bidirectional marks, surrogates, separators of lines.
    """
    out: list[str] = []
    for character in text[: limit + 1]:
        out.append(character if character.isprintable() else character.encode("unicode_escape").decode("ascii"))
    escaped = "".join(out)
    return escaped if len(escaped) <= limit else escaped[: limit - 3] + "..."


def it_said(lines: Iterable[str]) -> str:
    """What a host said, for the end of a sentence without its full stop; "" where it said nothing."""
    said = " ".join(" ".join(lines).split())
    return f"; it said: {shown(said, 200).rstrip('.')}" if said else ""


def decode(data: bytes, code_page: str = "cp1252") -> str:
    """The text of a file. Without a BOM: UTF-16LE if it looks so, else UTF-8, else ``code_page``; never raises."""
    for bom, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(bom):
            return data[2:].decode(encoding, "surrogatepass" if len(data) % 2 == 0 else "replace")
    if data[1:2] == b"\0":
        return data.decode("utf-16-le", "replace")
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(code_page, "replace")
