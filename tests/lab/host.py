# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated host: its registry, its words, its counters, and ``run``: one line in, what it printed out."""

from __future__ import annotations

import functools
import threading
import time
import typing as t
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from . import baseline, firewall_baseline, regfile
from .cmd import run_line
from .entry import EntryError, HostEntry
from .files import FileSystem
from .hives import Hives, stamped
from .registry import Key, Registry
from .systems import System, systems
from .words import Words, all_words, encoded

#: How many commands, refusals and writes a host remembers by name; the counters go on.
_REMEMBERED: t.Final = 5_000

_NO_SCRIPTS: t.Final = (
    "CScript Error: Windows Script Host access is disabled on this machine. Contact your administrator for details."
)


@dataclass(slots=True)
class Counters:
    """What a host was asked and what it did; ``executed``, ``refused`` and ``written`` in words."""

    requests: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    lines: int = 0
    writes: int = 0
    shells_open: int = 0
    shells_most: int = 0
    executed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, t.Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Printed:
    """What a line printed, in the shell's code page."""

    code: int
    out: bytes
    err: bytes


def system_of(entry: HostEntry) -> System:
    """The row of the table for that entry; raises EntryError."""
    if entry.os not in systems():
        raise EntryError(f"host {entry.name}: unknown os {entry.os!r}; known: {', '.join(systems())}")
    return systems()[entry.os]


def arch_of(entry: HostEntry) -> str:
    return entry.arch or system_of(entry).arch


def words_of(entry: HostEntry) -> Words:
    if entry.language not in all_words():
        raise EntryError(f"host {entry.name}: unknown language {entry.language!r}; known: {', '.join(all_words())}")
    return Words(entry.language, system_of(entry).classic)


@functools.lru_cache(maxsize=128)
def _base(os: str, arch: str, language: str, user: str, files: tuple[tuple[Path, int], ...]) -> Registry:
    """The registry that hosts of the same entry share. The files' times are part of the key: edits are seen."""
    words = Words(language, systems()[os].classic)
    registry = baseline.build(systems()[os], arch, words, user)
    for path, _unused in files:
        try:
            registry.apply(regfile.read(path.read_bytes(), f"cp{words.ansi}"))
        except (regfile.RegFileError, UnicodeDecodeError) as error:
            raise EntryError(f"{path}: {error}") from None
    return registry


def registry_of(entry: HostEntry, user: str | None = None) -> Registry:
    """A registry of its own for a host of that entry: the baseline of its OS, its files over it. Raises EntryError."""
    base = _base(entry.os, arch_of(entry), entry.language, user or entry.user, stamped(entry.registry))
    return base.fork(entry.unreadable, entry.readable)


class SimulatedHost:
    """One stand-in without Wine. It is what :class:`~.machine.Machine` asks for."""

    def __init__(self, name: str, entry: HostEntry, memory: dict[t.Any, t.Any]) -> None:
        self.name, self.entry = name, entry
        self.system = system_of(entry)
        self.words = words_of(entry)
        self.language = entry.language
        self.memory = memory
        self.mounted: dict[str, str] = {}
        self.access: dict[str, tuple[int, ...]] = {}
        self.lock = threading.RLock()
        #: A line takes a millisecond: the endpoints run it where they are, one after another, unless it is slowed down.
        self.blocking = entry.command_ms > 0
        self.missing = frozenset(self.system.missing) | frozenset(one.lower() for one in entry.missing)
        self.counters = Counters()
        self.registry = registry_of(entry)
        self.hives = Hives(entry, self.system, self.registry, self.mounted)
        self.environment = environment_of(entry, name)
        self._versions = _folded_files(self.system, entry)
        self._add_own_values()

    def ran(self, command: str) -> None:
        if self.entry.command_ms:
            time.sleep(self.entry.command_ms / 1000)
        if len(self.counters.executed) >= _REMEMBERED:
            del self.counters.executed[: _REMEMBERED // 2]
        self.counters.executed.append(command)

    @property
    def codepage(self) -> int:
        """The OEM code page of the host."""
        return self.entry.oem_codepage or self.words.oem

    def _add_own_values(self) -> None:
        """What differs between hosts of one entry: the name. And the code page, the profiles of absent users."""
        control = r"HKLM\SYSTEM\CurrentControlSet\Control"
        named = self.registry.find(rf"{control}\ComputerName\ComputerName") if not self.entry.unreadable else None
        shipped = named.values.get("computername") if named else None
        if shipped is not None and shipped.raw == "STANDIN\0".encode("utf-16-le"):
            for key in ("ComputerName", "ActiveComputerName"):
                self.registry.set_text(rf"{control}\ComputerName\{key}", "ComputerName", self.name.upper()[:15])
        if self.entry.oem_codepage:
            self.registry.set_text(rf"{control}\Nls\CodePage", "OEMCP", str(self.entry.oem_codepage))
        listing = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
        for file, profile in self.entry.profiles.items():
            if profile.sid:
                folder = file.rpartition("\\")[0]
                self.registry.set_text(rf"{listing}\{profile.sid}", "ProfileImagePath", folder, regfile.REG_EXPAND_SZ)

    def run(self, line: str, codepage: int = 0) -> Printed:
        """What ``cmd /c LINE`` prints in a shell of that code page (0 for the host's own)."""
        codepage = codepage or self.codepage
        with self.lock:
            self.counters.lines += 1
        outcome = run_line(self, line, codepage)
        if outcome.refused:
            self.counters.refused.append(outcome.refused)
        return Printed(outcome.code, encoded(outcome.out, codepage), encoded(outcome.err, codepage))

    def version_line(self) -> str:
        ubr = None
        if not self.registry.guards:
            key = self.registry.find(r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion")
            ubr = key.values.get("ubr") if key else None
        return self.system.version_line(self.words, int.from_bytes(ubr.raw, "little") if ubr else self.system.ubr)

    def may_write(self, what: str) -> bool:
        with self.lock:
            self.counters.writes += 1
        if len(self.counters.written) >= _REMEMBERED:
            del self.counters.written[: _REMEMBERED // 2]
        self.counters.written.append(what)
        return self.entry.writes != "deny"

    def hive(self, file: str) -> Key | t.Literal["in use"] | None:
        return self.hives.find(file)

    def keep(self, file: str, hive: Key) -> None:
        self.hives.keep(file, hive)

    def file_version(self, path: str) -> str | None:
        return self._versions.get(path.casefold())

    @functools.cached_property
    def files(self) -> FileSystem:
        """Made when it is first asked for: most hosts of a large fleet never are."""
        folders = (r"C:\Windows\Temp", r"C:\Windows\System32", r"C:\Program Files", self.environment["USERPROFILE"])
        return FileSystem((*self._versions, *self.hives.shipped), folders)

    @property
    def ansi(self) -> int:
        """The code page of files without a mark."""
        return self.words.ansi

    @property
    def rule_version(self) -> str:
        return firewall_baseline.rule_version(self.system)

    @property
    def script_answer(self) -> tuple[str, int]:
        return (self.entry.cscript, 0) if self.entry.cscript else (_NO_SCRIPTS, 1)

    def export(self, *roots: str) -> dict[str, dict[str, tuple[int, bytes]]]:
        """Long path → {name of value: (type, bytes)} of all keys at and below ``roots``, access denied or not."""
        return {
            path: {value.name: (value.type, value.raw) for value in key.values.values()}
            for root in roots
            for path, key in self.registry.walk(self.registry.long_path(root), denied_too=True)
        }


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


def _folded_files(system: System, entry: HostEntry) -> Mapping[str, str]:
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
