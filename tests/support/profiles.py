# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated host with a user who is not logged on."""

from __future__ import annotations

import typing as t
from pathlib import Path

from tests.lab import baseline
from tests.lab.entry import DEFAULT_USER
from tests.lab.systems import systems
from tests.support.lab_shell import Bench, Registry

BOB = "S-1-5-21-1-2-3-1002"
ALICE = DEFAULT_USER
INTERNET = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
SECURE = "SecureProtocols"
#: Below INTERNET: set, of the wrong type, and beside keys that are empty or not there at all.
_BOB = f"""Windows Registry Editor Version 5.00

[HKEY_CURRENT_USER\\{INTERNET}]
"SecureProtocols"=dword:000000a0
"User Agent"="Mozilla"

[HKEY_CURRENT_USER\\Software\\Policies\\Microsoft]

[HKEY_CURRENT_USER\\Environment]
"TEMP"=hex(2):25,00,41,00,25,00,00,00
"""


class BobsBench(Bench):
    """A host on which Alice is logged on and Bob is not. ``bob``, ``default``: files of hives."""

    def __init__(self, folder: Path, os: str, text: str = _BOB, **entry: t.Any) -> None:
        folder.mkdir(exist_ok=True, parents=True)
        self.home = baseline.user_home(systems()[os])
        self.bob = rf"{self.home}\bob\NTUSER.DAT"
        self.default = baseline.default_hive_file(systems()[os])
        (folder / "bob.reg").write_text(text.replace("\n", "\r\n"), encoding="utf-16")
        profiles = {self.bob: {"sid": BOB, "registry": ["bob.reg"]}}
        super().__init__(folder, os=os, profiles=profiles, **entry)

    def state(self) -> tuple[Registry, Registry, Registry]:
        """The host's registry, and the hives of Bob, who is not logged on, and of users to come."""
        return self.registry(), self.host.hives.export(self.bob), self.host.hives.export(self.default)

    def mask(self, file: str) -> int:
        """SecureProtocols in a hive file."""
        return int.from_bytes(self.host.hives.export(file)[rf"HKU\hive\{INTERNET}"][SECURE][1], "little")
