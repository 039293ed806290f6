# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host entries: what a fleet file says of each stand-in, checked, with every default filled in.

::

    hosts:
      - name: xp
        os: xp-sp3
        registry: [xp.reg, xp-updates.reg]     # over the baseline of the OS; relative to the fleet file
        unreadable: ['HKLM\\SOFTWARE']          # "access denied", below everything ...
        readable: ['HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion']   # ... but these
        profiles: {'C:\\Users\\bob\\NTUSER.DAT': {sid: S-1-5-21-1-2-3-1002, registry: [bob.reg]}}
        files: {'C:\\Windows\\System32\\winhttp.dll': 6.1.7601.23375}
        shares: {'\\\\srv\\packages': packages}    # a folder of this machine, relative to the fleet file
        faults: [{at: receive, kind: truncate}]
"""

from __future__ import annotations

import difflib
import re
import typing as t
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from .programs import Program, ProgramError, program

#: The user of a host's registry where the entry names none.
DEFAULT_USER: t.Final = "S-1-5-21-1004336348-1177238915-682003330-1001"

#: "drop" and "reset" end the connection before the host does anything; "lost" when it has done all of it.
FAULT_KINDS: t.Final = (
    "drop",
    "reset",
    "lost",
    "http500",
    "garbage",
    "truncate",
    "timeout",
    "denied",
    "fault_access_denied",
    "not_windows",
    "disk_full",
)
OPERATIONS: t.Final = ("any", "create", "command", "receive", "signal", "send", "delete")
AUTHS: t.Final = ("ntlm", "ntlm-https", "basic", "basic-https")
CONNECTIONS: t.Final = ("mailfleet.client.winrs", "winrm", "ssh")
ARCHITECTURES: t.Final = ("x86", "amd64", "arm64")


class EntryError(ValueError):
    """A host entry that cannot be, in one sentence that names it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong: ``at`` the request of that number (from 1), or at every one of an operation."""

    at: int | str
    kind: str
    #: How long a ``timeout`` holds the answer back.
    seconds: float = 60.0
    #: How often it happens; 0 for always.
    times: int = 0


@dataclass(frozen=True, slots=True)
class Profile:
    """A user who is not logged on: the files whose HKEY_CURRENT_USER is the content of that NTUSER.DAT."""

    registry: tuple[Path, ...]
    sid: str | None = None


@dataclass(frozen=True, slots=True)
class Installer:
    """What one package does on that host: how long it takes, in seconds of the host; that it never ends; its exit code.

    With ``exit_code`` it changes nothing.
    """

    seconds: float = 0
    hangs: bool = False
    exit_code: int | None = None
    #: Nothing else installs until the restart.
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class HostEntry:
    """One stand-in. What the design names, and a few more, each with a default."""

    name: str
    os: str = "win7-sp1"
    kind: str = "simulated"
    registry: tuple[Path, ...] = ()
    arch: str = ""
    user: str = DEFAULT_USER
    unreadable: tuple[str, ...] = ()
    readable: tuple[str, ...] = ()
    language: str = "en"
    oem_codepage: int = 0
    count: int = 1
    latency_ms: float = 0
    #: How long each command of a line takes; with it, lines that come at the same time alternate command by command.
    command_ms: float = 0
    chunk: int = 0
    faults: tuple[Fault, ...] = ()
    auth: str = "ntlm"
    writes: str = "count"
    connection: str = CONNECTIONS[0]
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    #: How long a second of the host takes where it waits: for a restart, an installer, the start of a task.
    second_ms: float = 1000
    #: How long a host that restarts is away.
    restart_ms: float = 500
    #: It goes down and stays down.
    never_returns: bool = False
    #: It takes the request to restart, and never does.
    ignores_shutdown: bool = False
    #: KB id → what its package does.
    installers: Mapping[str, Installer] = field(default_factory=dict)
    #: ``\\\\server\\share``, casefolded → the folder that it stands for. SYSTEM may read it, see :mod:`shares`.
    shares: Mapping[str, Path] = field(default_factory=dict)
    #: Remote sessions may read the shares, too.
    second_hop: bool = False
    #: Programs that people have open: a name, or ``{image:, user:}`` for another user than the host's.
    running: tuple[Program, ...] = ()
    #: What ``cscript`` prints, with exit code 0; "" for a host where Windows Script Host is disabled.
    cscript: str = ""
    not_windows: bool = False
    #: Bytes that files on it may take in all; 0 for no limit.
    disk_bytes: int = 0
    #: MaxShellsPerUser; 0 for no limit.
    max_shells: int = 0
    #: A host that nobody answers for: an address in the inventory, no endpoint.
    unreachable: bool = False
    #: More variables for the inventory.
    vars: Mapping[str, t.Any] = field(default_factory=dict)


_TUPLES: t.Final = ("registry", "unreadable", "readable", "missing")
_CHOICES: t.Final = {
    "kind": ("simulated", "wine"),
    "arch": ("", *ARCHITECTURES),
    "auth": AUTHS,
    "connection": CONNECTIONS,
    "writes": ("count", "deny"),
}


def read_entry(raw: Mapping[str, t.Any], folder: Path) -> HostEntry:
    """One entry of a fleet file; raises EntryError. Paths are relative to ``folder``."""
    name = str(raw.get("name") or "")
    if not name:
        raise EntryError(f"a host entry without a name: {dict(raw)}")
    known = {one.name for one in fields(HostEntry)}
    for key in raw:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            raise EntryError(f"host {name}: unknown key {key!r}" + (f" (did you mean {near[0]!r}?)" if near else ""))
    values = {key: value for key, value in raw.items() if value is not None}
    for key, allowed in _CHOICES.items():
        if str(values.get(key, allowed[0])) not in allowed:
            raise EntryError(f"host {name}: {key} is {values[key]!r}, not one of {', '.join(filter(None, allowed))}")
    for key in _TUPLES:
        if key in values:
            values[key] = tuple([values[key]] if isinstance(values[key], (str, Path)) else values[key])
    values["registry"] = _paths(values.get("registry", ()), folder, name)
    values["faults"] = tuple(_fault(one, name) for one in values.get("faults", ()))
    values["files"] = {str(path): str(version) for path, version in (values.get("files") or {}).items()}
    values["shares"] = dict(_share(str(share), folder / at, name) for share, at in (values.get("shares") or {}).items())
    values["installers"] = {str(kb): _installer(one, name) for kb, one in (values.get("installers") or {}).items()}
    values["running"] = tuple(_program(one, name) for one in values.get("running", ()))
    values["profiles"] = {
        str(file): _profile(one, folder, name) for file, one in (values.get("profiles") or {}).items()
    }
    return HostEntry(**values)


def _paths(raw: Iterable[str | Path], folder: Path, name: str) -> tuple[Path, ...]:
    paths = tuple((folder / one).resolve() for one in raw)
    for path in paths:
        if not path.is_file():
            raise EntryError(f"host {name}: no such file: {path}")
    return paths


def _program(raw: t.Any, name: str) -> Program:
    try:
        return program(raw)
    except ProgramError as error:
        raise EntryError(f"host {name}: running: {error}") from None


_SHARE: t.Final = re.compile(r"\\\\[\w.-]+\\[\w.$ -]+", re.ASCII)


def _share(share: str, folder: Path, name: str) -> tuple[str, Path]:
    if not _SHARE.fullmatch(share):
        raise EntryError(f"host {name}: {share} is no share")
    if not folder.is_dir():
        raise EntryError(f"host {name}: no such folder: {folder}")
    return share.casefold(), folder.resolve()


def _profile(raw: t.Any, folder: Path, name: str) -> Profile:
    if isinstance(raw, Mapping):
        files, sid = raw.get("registry", ()), raw.get("sid")
    else:
        files, sid = raw, None
    return Profile(_paths([files] if isinstance(files, (str, Path)) else files, folder, name), sid)


def _installer(raw: t.Any, name: str) -> Installer:
    try:
        return raw if isinstance(raw, Installer) else Installer(**raw)
    except TypeError:
        known = ", ".join(one.name for one in fields(Installer))
        raise EntryError(f"host {name}: installers: {raw!r} is no mapping of {known}") from None


def _fault(raw: Mapping[str, t.Any], name: str) -> Fault:
    fault = Fault(**raw)
    if fault.kind not in FAULT_KINDS:
        raise EntryError(f"host {name}: fault kind {fault.kind!r}, not one of {', '.join(FAULT_KINDS)}")
    if not isinstance(fault.at, int) and fault.at not in OPERATIONS:
        raise EntryError(f"host {name}: fault at {fault.at!r}, not a number or one of {', '.join(OPERATIONS)}")
    return fault


def expand(entries: Iterable[HostEntry]) -> list[tuple[str, HostEntry]]:
    """(name, entry) of every host: an entry with ``count: N`` gives ``name-1`` ... ``name-N``."""
    hosts: list[tuple[str, HostEntry]] = []
    for entry in entries:
        if entry.count == 1:
            hosts.append((entry.name, entry))
        else:
            width = len(str(entry.count))
            hosts += [(f"{entry.name}-{number:0{width}}", entry) for number in range(1, entry.count + 1)]
    names = [name for name, _unused in hosts]
    twice = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
    if twice:
        raise EntryError(f"two hosts of the same name: {', '.join(sorted(twice))}")
    return hosts
