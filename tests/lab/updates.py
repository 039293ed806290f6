# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What installed updates leave on one simulated host: registry keys, versions of files, marks of a pending restart.

The keys are those of the facts, 5.1 (update.exe) and 5.2 (component based servicing). Files come into force with the
restart.
"""

from __future__ import annotations

import functools
import time
import typing as t

from . import packages, power
from .files import File
from .packages import Header, Row, version
from .regfile import REG_MULTI_SZ

if t.TYPE_CHECKING:
    from .host import SimulatedHost

_CV: t.Final = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion"
_HOTFIX: t.Final = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\HotFix"
_PACKAGES: t.Final = rf"{power.CBS}\Packages"
_LANGUAGE: t.Final = r"HKLM\SYSTEM\CurrentControlSet\Control\Nls\Language"
#: Either makes the test of the embedded packages true, facts 1.3.
_EMBEDDED: t.Final = (r"HKLM\SYSTEM\WPA\PosReady", r"HKLM\SYSTEM\WPA\WES")

ABSENT, UNINSTALL_PENDING, SUPERSEDED, INSTALL_PENDING, INSTALLED, PERMANENT = 0, 5, 0x50, 0x60, 0x70, 0x80


class Updates:
    """The updates of one host."""

    def __init__(self, host: SimulatedHost) -> None:
        self._host = host
        self._registry = host.registry
        #: An update that lets nothing else in until the restart.
        self._blocked = False
        #: kb → versions of its files as they were before.
        self._before: dict[str, dict[str, str | None]] = {}
        self._coming: dict[str, str] = {}

    def refusal(self, header: Header, row: Row | None) -> str | None:
        """Why that package cannot be installed, in one word; None where it can."""
        arch = self._host.architecture
        if not header.whole:
            return "damaged"
        if row is None or self._host.entry.os not in row.os:
            return "os"
        if header.arch != arch:
            return "architecture"
        if row.classic and self._language() != packages.table()[1].get(header.lang):
            return "language"
        missing = next((need for need in row.needs if not self._holds(need)), None)
        if missing:
            return "servicing" if missing.startswith("KB") else "prerequisite"
        if self._blocked:
            return "restart"
        if not row.classic and self.state(self.name(row)) in (INSTALLED, INSTALL_PENDING, PERMANENT):
            return "installed"
        if not row.classic and row.files and all(self._newer(path, row.files[name]) for name, path in self._each(row)):
            return "superseded"
        return None

    def _text(self, path: str, name: str) -> str:
        value = self._value(path, name)
        return value.decode("utf-16-le", "replace").split("\0", 1)[0]

    def _value(self, path: str, name: str) -> bytes:
        """Read as the system does: access lists of others do not matter."""
        key = next((key for _path, key in self._registry.walk(path, denied_too=True)), None)
        value = key.values.get(name.casefold()) if key else None
        return value.raw if value else b""

    def machine_guid(self) -> str:
        """The id of the host, where its registry has one."""
        return self._text(r"HKLM\SOFTWARE\Microsoft\Cryptography", "MachineGuid")

    def _language(self) -> str:
        return self._text(_LANGUAGE, "InstallLanguage").casefold()

    def _holds(self, need: str) -> bool:
        if need == "posready":
            return any(self._value(path, "Installed") == b"\1\0\0\0" for path in _EMBEDDED)
        if need == "ie8":
            return version(self._text(r"HKLM\SOFTWARE\Microsoft\Internet Explorer", "Version"))[:1] >= (8,)
        prefix = f"package_for_{need.casefold()}~"
        return any(
            path.rpartition("\\")[2].casefold().startswith(prefix)
            and self.state(path.rpartition("\\")[2]) >= SUPERSEDED
            for path, _key in list(self._registry.walk(_PACKAGES, denied_too=True))
        )

    def _newer(self, path: str, wanted: str) -> bool:
        have = self._coming.get(path.casefold()) or self._host.file_version(path)
        return have is not None and version(have) >= version(wanted)

    def _each(self, row: Row) -> list[tuple[str, str]]:
        """(name in the row, whole path) of every file of it."""
        folders = ["System32"] if self._host.architecture == "x86" else ["System32", "SysWOW64"]
        return [(name, rf"C:\Windows\{folder}\{name}") for folder in folders for name in row.files]

    def name(self, row: Row) -> str:
        """Its name in component based servicing."""
        return row.package.format(arch=self._host.architecture)

    def state(self, package: str) -> int:
        """CurrentState of a package; 0 where there is none."""
        return int.from_bytes(self._value(rf"{_PACKAGES}\{package}", "CurrentState"), "little")

    def install(self, row: Row, backup: bool = True, blocks: bool = False) -> bool:
        """Writes what an installation writes; True: it needs a restart. ``blocks``: before anything else."""
        before = {path: self._host.file_version(path) for _name, path in self._each(row)}
        self._before.setdefault(row.kb, before)
        new = {path: row.files[name] for name, path in self._each(row) if not self._newer(path, row.files[name])}
        if row.classic:
            self._record(row, backup)
        else:
            key = rf"{_PACKAGES}\{self.name(row)}"
            self._registry.set_number(key, "CurrentState", INSTALL_PENDING if new else INSTALLED)
            self._registry.set_number(key, "Visibility", 1)
            self._registry.set_text(key, "InstallName", f"{self.name(row)}.mum")
        if not new:
            return False
        self._coming |= {path.casefold(): number for path, number in new.items()}
        self._blocked = self._blocked or blocks
        self._pend(row, functools.partial(self._finish, row, new))
        return True

    def _finish(self, row: Row, files: dict[str, str | None]) -> None:
        self._blocked = False
        self._coming.clear()
        for path, number in files.items():
            self._host.set_file_version(path, number)
        if not row.classic and self.state(self.name(row)) == INSTALL_PENDING:
            self._registry.set_number(rf"{_PACKAGES}\{self.name(row)}", "CurrentState", INSTALLED)

    def _pend(self, row: Row, then: t.Callable[[], None]) -> None:
        """The marks of a pending restart, and what comes with it."""
        self._host.power.at_restart.append(then)
        if not row.classic:
            self._registry.create(rf"{power.CBS}\RebootPending")
            self._registry.create(power.WINDOWS_UPDATE)
            return
        self._registry.set_number(power.UPDATE_EXE_VOLATILE, "Flags", 1)
        renames = "".join(f"\\??\\C:\\Windows\\$hf_mig$\\{row.kb}\\{name}\0!\\??\\{p}\0" for name, p in self._each(row))
        raw = (renames + "\0").encode("utf-16-le")
        self._registry.set(power.SESSION_MANAGER, power.RENAMES, REG_MULTI_SZ, raw)

    def _record(self, row: Row, backup: bool) -> None:
        """update.exe: its family's key with the list of files, the key of the hotfix, and how to remove it."""
        remover = rf"{row.backup}\spuninst\spuninst.exe"
        key = rf"{power.UPDATES}\{row.family}\{row.kb}"
        texts = {"Description": row.title, "InstalledBy": "audit", "InstalledDate": time.strftime("%m/%d/%Y")}
        texts |= {"Type": "Update", "PackageName": row.title, "PackageVersion": "1"}
        for name, text in (texts | ({"UninstallCommand": remover} if backup else {})).items():
            self._registry.set_text(key, name, text)
        for number, (name, path) in enumerate(self._each(row)):
            listed = rf"{key}\Filelist\{number}"
            self._registry.set_text(listed, "FileName", name.rpartition("\\")[2])
            self._registry.set_text(listed, "Version", row.files[name])
            self._registry.set_text(listed, "Location", path.rpartition("\\")[0])
        self._registry.set_number(rf"{_HOTFIX}\{row.kb}", "Installed", 1)
        self._registry.set_text(rf"{_HOTFIX}\{row.kb}", "Comments", row.title)
        self._registry.set_text(rf"{_HOTFIX}\{row.kb}", "Fix Description", row.title)
        self._registry.set_text(rf"{_HOTFIX}\{row.kb}", "Service Pack", row.family.rpartition("SP")[2])
        if backup:
            self._registry.set_text(rf"{_CV}\Uninstall\{row.kb}", "DisplayName", row.title)
            self._registry.set_text(rf"{_CV}\Uninstall\{row.kb}", "UninstallString", f'"{remover}"')
            folder = self._host.files.make(rf"{row.backup}\spuninst", exists_ok=True)
            folder.entries["spuninst.exe"] = File("spuninst.exe", f"MAILFLEET-LAB-REMOVER {row.kb}".encode())

    def remove(self, row: Row) -> None:
        """Undoes it; the files go back with the restart."""
        if row.classic:
            for key in (
                rf"{power.UPDATES}\{row.family}\{row.kb}",
                rf"{_HOTFIX}\{row.kb}",
                rf"{_CV}\Uninstall\{row.kb}",
            ):
                self._registry.delete_key(key)
            self._host.files.remove(row.backup, tree=True)
        else:
            self._registry.set_number(rf"{_PACKAGES}\{self.name(row)}", "CurrentState", UNINSTALL_PENDING)
        self._pend(row, functools.partial(self._gone, row, self._before.pop(row.kb, {})))

    def _gone(self, row: Row, files: dict[str, str | None]) -> None:
        self._finish(row, t.cast(t.Any, files))
        if not row.classic and self.state(self.name(row)) == UNINSTALL_PENDING:
            self._registry.delete_key(rf"{_PACKAGES}\{self.name(row)}")
