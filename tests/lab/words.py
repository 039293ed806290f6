# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Windows of some language says."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Mapping
from pathlib import Path

import yaml

_FILE: t.Final = Path(__file__).parent / "data" / "words.yml"
_LOADER: t.Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: Python's names of the code pages whose name is not "cp" and the number.
_CODECS: t.Final = {65001: "utf-8", 28591: "latin-1", 20127: "ascii"}


@functools.cache
def all_words() -> Mapping[str, Mapping[str, t.Any]]:
    """The whole table, by language."""
    table: Mapping[str, Mapping[str, t.Any]] = yaml.load(_FILE.read_text("utf-8"), Loader=_LOADER)
    return table


def codec(codepage: int) -> str:
    """Python's name of a Windows code page."""
    return _CODECS.get(codepage, f"cp{codepage}")


def encoded(text: str, codepage: int) -> bytes:
    """In that code page, "?" for what it lacks. (Python's ASCII is ten times as fast as its code pages.)"""
    return text.encode("ascii") if text.isascii() else text.encode(codec(codepage), "replace")


class Words:
    """The words of one host: ``classic`` for XP and Server 2003."""

    def __init__(self, language: str, classic: bool) -> None:
        self._table = all_words()[language]
        self.classic = classic

    def __getitem__(self, name: str) -> str:
        old = self._table.get(f"xp_{name}") if self.classic else None
        return str(old or self._table[name])

    @property
    def oem(self) -> int:
        """The OEM code page of that language's systems."""
        return int(self._table["oem"])

    @property
    def langid(self) -> str:
        """The language id of that language's systems, four hex digits."""
        return str(self._table["langid"])

    @property
    def ansi(self) -> int:
        return int(self._table["ansi"])
