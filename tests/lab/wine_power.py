# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Wine host restarts: its wineserver ends with all that runs, and a new one starts with the same prefix.

``shutdown.exe`` of the lab leaves word in a file. After the restart the boot identity is another one, and the marks of
a pending restart are gone.
"""

from __future__ import annotations

import time
import typing as t
from collections.abc import Mapping
from pathlib import Path

from . import power, wine_prefix

#: What Wine writes anew with each wineserver, or has in memory only.
REWRITTEN: t.Final = (
    r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName",
    rf"{power.SESSION_MANAGER}\Environment",
    "HKU",
)
#: Where shutdown.exe leaves word, below drive C: of a prefix.
WORD: t.Final = "windows/lab-shutdown"


def asked(prefix: Path) -> float | None:
    """Seconds until the restart that somebody asked for; None where nobody did."""
    try:
        return float((prefix / "drive_c" / WORD).read_text())
    except (OSError, ValueError):
        return None


def kept(export: Mapping[str, Mapping[str, tuple[int, bytes]]], own: tuple[str, ...]) -> str:
    """The body of a ``.reg`` file with what a new wineserver would lose or write anew. ``own``: users that it keeps."""
    lines = []
    for path, values in export.items():
        if not any(user in path for user in own):
            lines += [f"[{path}]", *(wine_prefix.reg_line(name, *value) for name, value in values.items()), ""]
    return "\r\n".join([*lines, ""])


def start_text(boots: int) -> str:
    """The ``.reg`` file of a start: its boot identity, and no pending restart."""
    lines = ["Windows Registry Editor Version 5.00", ""]
    lines += [f"[-{_long(key)}]" for key in power.VOLATILE_KEYS]
    for key, value in power.VOLATILE_VALUES:
        lines += [f"[{_long(key)}]", f'"{value}"=-'] if key == power.SESSION_MANAGER else []
    stamp = power.filetime(time.time()).hex(",")
    for (key, name), data in ((power.BOOT_ID, f"dword:{boots:08x}"), (power.SHUTDOWN_TIME, f"hex:{stamp}")):
        lines += [f"[{_long(key)}]", f'"{name}"={data}']
    return "\r\n".join([*lines, ""])


def _long(key: str) -> str:
    return key.replace("HKLM", "HKEY_LOCAL_MACHINE", 1)
