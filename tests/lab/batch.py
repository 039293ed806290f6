# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``.cmd`` files: how cmd.exe reads a line of a batch file, which is not how it reads one that is typed.

``%%`` is a ``%``, an undefined ``%NAME%`` is nothing, ``%errorlevel%`` is that of the command before, ``%0`` ... ``%9``
are arguments. Known are plain lines, ``@``, ``rem``, ``::``, and ``exit``; labels, ``goto``, and groups over several
lines are refused. https://stackoverflow.com/a/4095133
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping

from .grammar import BLANKS, Refused


class Exit(Exception):
    """``exit``: ends cmd.exe, with ``/b`` only the batch file."""

    def __init__(self, code: int, batch_only: bool) -> None:
        super().__init__(code)
        self.code, self.batch_only = code, batch_only


#: Variables that cmd.exe itself makes up: nobody should send a line that depends on them.
_MADE_UP: t.Final = frozenset({"CD", "DATE", "TIME", "RANDOM", "CMDCMDLINE", "CMDEXTVERSION"})
_PIECE: t.Final = re.compile(r"%%|%~|%[0-9*]|%([^%:\r\n]+)(:[^%]*)?%|%")
_IGNORED: t.Final = re.compile(r"(?:rem(?=[\s,;=]|$)|::).*", re.IGNORECASE)


def lines(content: bytes | bytearray, codec: str) -> list[str]:
    """The lines that do something; raises Refused for labels."""
    found = []
    for line in content.split(b"\x1a", 1)[0].decode(codec, "replace").splitlines():
        text = line.strip(BLANKS).removeprefix("@").strip(BLANKS)
        if text and not _IGNORED.fullmatch(text):
            if text.startswith(":"):
                raise Refused(f"a label in a batch file: {text}")
            found.append(text)
    return found


def expand(line: str, environment: Mapping[str, str], errorlevel: int, path: str) -> str:
    """One line with its variables filled in. ``environment`` has upper-case names; ``path``: of the batch file."""

    def value(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        if match[0] == "%0":
            return path
        name = (match[1] or "").upper()
        if match[0] in ("%~", "%") or match[2] or name in _MADE_UP:
            raise Refused(f"{match[0]} in a batch file: {line[:200]}")
        if name == "ERRORLEVEL":
            return environment.get(name, str(errorlevel))
        return environment.get(name, "")

    return _PIECE.sub(value, line)
