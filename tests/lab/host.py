# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated host: its registry, its words, its counters, and ``run``: one line in, what it printed out."""

from __future__ import annotations

import functools
import threading
import time
import typing as t
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path

from . import baseline, firewall_baseline, power, regfile
from .cmd import run_line, run_task
from .entry import EntryError, HostEntry
from .files import File, FileSystem
from .hives import Hives, stamped
from .power import Power
from .processes import Processes
from .reg_command import unmount
from .registry import Key, Registry
from .shipped import arch_of, environment_of, missing_programs, shipped_files, system_of
from .systems import systems
from .tasks import Tasks
from .updates import Updates
from .words import Words, all_words, codec, encoded

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
        self.blocking = entry.command_ms > 0 or bool(entry.installers)
        self.envelope = self.system.envelope
        self.missing = missing_programs(self.system) | frozenset(one.lower() for one in entry.missing)
        self.counters = Counters()
        self.registry = registry_of(entry)
        self.architecture = arch_of(entry)
        self.processes = Processes(entry.second_ms / 1000)
        self.power = Power(entry)
        self.power.listeners.append(self._powered)
        self.updates = Updates(self)
        self.hives = Hives(entry, self.system, self.registry, self.mounted)
        self.environment = environment_of(entry, name)
        self._versions = shipped_files(self.system, entry)
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
        if self.updates.machine_guid() == baseline.MACHINE_GUID:
            guid = str(uuid.uuid5(uuid.NAMESPACE_DNS, self.name))
            self.registry.set_text(r"HKLM\SOFTWARE\Microsoft\Cryptography", "MachineGuid", guid)
        if self.entry.oem_codepage:
            self.registry.set_text(rf"{control}\Nls\CodePage", "OEMCP", str(self.entry.oem_codepage))
        listing = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
        for file, profile in self.entry.profiles.items():
            if profile.sid:
                folder = file.rpartition("\\")[0]
                self.registry.set_text(rf"{listing}\{profile.sid}", "ProfileImagePath", folder, regfile.REG_EXPAND_SZ)

    def run(self, line: str, codepage: int = 0, stdin: bytes | None = None) -> Printed:
        """What ``cmd /c LINE`` prints in a shell of that code page (0 for the host's own), fed with ``stdin``."""
        codepage = codepage or self.codepage
        if not self.power.up:
            return Printed(1, b"", b"")
        with self.lock:
            self.counters.lines += 1
        text = None if stdin is None else stdin.decode(codec(codepage), "replace")
        outcome = run_line(self, line, codepage, text)
        if outcome.refused:
            self.counters.refused.append(outcome.refused)
        return Printed(outcome.code & 0xFFFFFFFF, encoded(outcome.out, codepage), encoded(outcome.err, codepage))

    def refused(self, faults: list[str]) -> None:
        self.counters.refused.extend(faults)

    @functools.cached_property
    def tasks(self) -> Tasks:
        return Tasks(self, lambda command, job: run_task(self, command, self.codepage, job))

    def _powered(self, up: bool) -> None:
        """Down: all that runs ends, loaded hives go into their files. Up: what waited for the restart is in force."""
        if not up:
            self.processes.end()
            with self.lock:
                self.tasks.stop()
                unmount(self)
                power.stamp_shutdown(self.registry)
            return
        with self.lock:
            power.start(self.registry)
            pending, self.power.at_restart = self.power.at_restart, []
            for act in pending:
                act()

    def restart(self) -> None:
        """Restarts at once; returns when it is up again, or when it is down for good."""
        self.power.restart()

    def stop(self) -> None:
        """The lab ends."""
        self.power.close()
        self.processes.end()
        self.tasks.stop()

    def set_file_version(self, path: str, version: str | None) -> None:
        """A file of Windows gets another version, or goes."""
        folder, _unused, name = path.rpartition("\\")
        entries = self.files.make(folder, exists_ok=True).entries
        if version is None:
            self._versions.pop(path.casefold(), None)
            entries.pop(name.casefold(), None)
        else:
            self._versions[path.casefold()] = version
            entries.setdefault(name.casefold(), File(name, shipped=True))

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
        return FileSystem((*self._versions, *self.hives.shipped), folders, self.entry.disk_bytes)

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
