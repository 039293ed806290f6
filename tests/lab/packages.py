# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Update packages as data: what a file says that it is, what it needs, what it would bring.

A package of the lab is a file whose first line is
``MAILFLEET-LAB-PACKAGE kb=KB4019276 os=xp-sp3 arch=x86 lang=enu size=100000``; what follows is padding. ``lang`` only
matters for XP and 2003; with ``size``, a shorter file counts as damaged.
"""

from __future__ import annotations

import functools
import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

_FILE: t.Final = Path(__file__).parent / "data" / "packages.yml"
_LOADER: t.Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MARK: t.Final = b"MAILFLEET-LAB-PACKAGE "
_FIELDS: t.Final = re.compile(r"([a-z]+)=([A-Za-z0-9.-]+)")
#: The first line is no longer than this.
_HEAD: t.Final = 400


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``family`` is "" where ``package`` is not, and the other way round."""

    kb: str
    os: tuple[str, ...]
    files: Mapping[str, str]
    title: str = ""
    family: str = ""
    package: str = ""
    folder: str = ""
    needs: tuple[str, ...] = ()

    @property
    def classic(self) -> bool:
        """An update of update.exe, for XP and 2003."""
        return bool(self.family)

    @property
    def backup(self) -> str:
        """The folder of what removes it."""
        return "C:\\Windows\\" + (self.folder or f"$NtUninstall{self.kb}$")


@dataclass(frozen=True, slots=True)
class Header:
    """What the file says. ``whole``: it is as long as it says that it is."""

    kb: str
    os: str
    arch: str
    lang: str
    whole: bool


@functools.cache
def table() -> tuple[tuple[Row, ...], Mapping[str, str]]:
    """(rows, language word → language id)."""
    raw = yaml.load(_FILE.read_text("utf-8"), Loader=_LOADER)
    rows = []
    for row in raw["packages"]:
        lists = {name: tuple(str(row.get(name, "")).split()) for name in ("os", "needs")}
        rows.append(Row(**{**row, **lists}))
    return tuple(rows), raw["languages"]


def row_of(kb: str, os: str) -> Row | None:
    """The row of that update for that Windows."""
    return next((row for row in table()[0] if row.kb.casefold() == kb.casefold() and os in row.os), None)


def package(kb: str, os: str, arch: str, lang: str = "enu", size: int = 1_000) -> bytes:
    """The content of a package file, of that many bytes."""
    head = _MARK + f"kb={kb} os={os} arch={arch} lang={lang} size={size}\r\n".encode()
    return head.ljust(size, b"\0")


def read(content: bytes | bytearray) -> Header | None:
    """The header of a package file, None where it is none."""
    head = bytes(content[:_HEAD])
    if not head.startswith(_MARK):
        return None
    fields = dict(_FIELDS.findall(head.split(b"\n", 1)[0].decode("ascii", "replace")))
    whole = len(content) >= int(fields.get("size", 0))
    try:
        return Header(fields["kb"], fields["os"], fields["arch"], fields.get("lang", "enu"), whole)
    except KeyError:
        return None


def version(text: str) -> tuple[int, ...]:
    """The numbers of a dotted version."""
    return tuple(int(part) for part in re.findall(r"\d+", text))
