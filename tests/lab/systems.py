# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of Windows systems that the lab can stand for."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from .words import Words

_FILE: t.Final = Path(__file__).parent / "data" / "systems.yml"
_LOADER: t.Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class System:
    """One Windows. ``cv`` is CurrentVersion ("6.3" for all from 8.1 on), ``wininet`` a user's SecureProtocols."""

    id: str
    build: int
    product: str
    type: str
    arch: str
    sp: str
    ubr: int
    installation: str
    wininet: int
    release: str
    display: str
    cv: str = "6.3"
    schannel: str = ""
    winhttp: str = ""
    missing: tuple[str, ...] = ()

    @property
    def nt(self) -> tuple[int, int]:
        """The version of NT: (10, 0) where CurrentVersion still says 6.3."""
        if self.build >= 10240:
            return 10, 0
        major, _unused, minor = self.cv.partition(".")
        return int(major), int(minor)

    @property
    def classic(self) -> bool:
        """True for XP and Server 2003: the old reg.exe, the old profile folders, the old firewall."""
        return self.nt < (6, 0)

    @property
    def envelope(self) -> int:
        """MaxEnvelopeSizekb of the newest WinRM that it came with or gets by an update that all have, in bytes."""
        return (500 if self.nt >= (6, 2) else 150) * 1024

    def version_line(self, words: Words, ubr: int) -> str:
        """What ``ver`` prints; the revision is part of it from 10 1709 on."""
        major, minor = self.nt
        number = f"{major}.{minor}.{self.build}" + (f".{ubr}" if self.build >= 16299 else "")
        name = "Microsoft Windows XP" if self.nt == (5, 1) else "Microsoft Windows"
        return f"{name} [{words['ver']} {number}]"


@functools.cache
def systems() -> Mapping[str, System]:
    """Every system of the table, by OS id."""
    raw = yaml.load(_FILE.read_text("utf-8"), Loader=_LOADER)
    table = {}
    for name, row in raw["systems"].items():
        values = {**raw["defaults"], **row}
        values["missing"] = tuple(values.get("missing", ()))
        table[name] = System(id=name, **values)
    return table
