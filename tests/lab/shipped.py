# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Windows of some entry ships: which one it is, the variables of its shells, the versions of its files."""

from __future__ import annotations

from . import baseline
from .entry import EntryError, HostEntry
from .systems import System, systems


def system_of(entry: HostEntry) -> System:
    """The row of the table for that entry; raises EntryError."""
    if entry.os not in systems():
        raise EntryError(f"host {entry.name}: unknown os {entry.os!r}; known: {', '.join(systems())}")
    return systems()[entry.os]


def arch_of(entry: HostEntry) -> str:
    return entry.arch or system_of(entry).arch


def missing_programs(system: System) -> frozenset[str]:
    """What came with a later Windows, and what that one has lost."""
    later = [name for name, nt in (("wusa", (6, 0)), ("pkgmgr", (6, 0)), ("dism", (6, 1))) if system.nt < nt]
    return frozenset((*system.missing, *later))


def environment_of(entry: HostEntry, name: str) -> dict[str, str]:
    """The variables of a shell on that host, upper-case names."""
    system, arch = system_of(entry), arch_of(entry)
    variables = {
        "COMPUTERNAME": name.upper()[:15],
        "COMSPEC": r"C:\Windows\system32\cmd.exe",
        "OS": "Windows_NT",
        "PATH": r"C:\Windows\system32;C:\Windows;C:\Windows\System32\Wbem",
        "PROCESSOR_ARCHITECTURE": "x86" if arch == "x86" else arch.upper(),
        "PROGRAMFILES": r"C:\Program Files",
        "SYSTEMDRIVE": "C:",
        "SYSTEMROOT": r"C:\Windows",
        "USERNAME": "audit",
        "USERPROFILE": baseline.user_home(system) + r"\audit",
        "WINDIR": r"C:\Windows",
    }
    if arch != "x86":
        variables["PROGRAMFILES(X86)"] = r"C:\Program Files (x86)"
    return variables | {key.upper(): str(value) for key, value in entry.environment.items()}


def shipped_files(system: System, entry: HostEntry) -> dict[str, str]:
    """Path → version, casefolded: what ships, then what the entry says; a version of "absent" removes."""
    shipped = {}
    version = f"10.0.{system.build}.{system.ubr}"
    folders = ["System32"] if arch_of(entry) == "x86" else ["System32", "SysWOW64"]
    for folder in folders:
        shipped[rf"C:\Windows\{folder}\schannel.dll"] = system.schannel or version
        shipped[rf"C:\Windows\{folder}\winhttp.dll"] = system.winhttp or version
        if system.nt >= (6, 1):
            shipped[rf"C:\Windows\{folder}\webio.dll"] = system.winhttp or version
    if system.classic:
        shipped[r"C:\Windows\System32\rsaenh.dll"] = system.schannel
    files = {path.casefold(): version for path, version in shipped.items()}
    files |= {_full(path).casefold(): version for path, version in entry.files.items()}
    return {path: version for path, version in files.items() if version != "absent"}


def _full(path: str) -> str:
    return path if path[1:2] == ":" else "C:\\Windows\\" + path.lstrip("\\")
