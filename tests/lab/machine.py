# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types that the parts of the interpreter share: the host behind it, its streams, one running cmd.exe."""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Callable
from dataclasses import dataclass, field

from .files import FileSystem
from .power import Power
from .processes import Job, Processes
from .registry import Key, Registry
from .systems import System
from .words import Words

if t.TYPE_CHECKING:
    from .entry import HostEntry
    from .tasks import Tasks
    from .updates import Updates


class Machine(t.Protocol):
    """What the interpreter needs to know of the host that it stands for."""

    registry: Registry
    entry: HostEntry
    system: System
    words: Words
    language: str
    environment: dict[str, str]
    #: Texts of ``reg query`` on keys that can never change, shared by the hosts of a lab.
    memory: dict[t.Any, t.Any]
    #: Hives that ``reg load`` put in place: casefolded key → casefolded file.
    mounted: dict[str, str]
    #: Programs that this Windows does not have.
    missing: frozenset[str]

    #: What ``regini`` gave whom: long path of a key → numbers of its access list.
    access: dict[str, tuple[int, ...]]
    #: What cscript says and returns.
    script_answer: tuple[str, int]
    #: Held while a command runs: commands of two lines alternate, no command is seen half done.
    lock: threading.RLock
    #: Whether lines run in a thread of their own, so that a command may wait.
    blocking: bool
    processes: Processes
    power: Power
    updates: Updates

    @property
    def files(self) -> FileSystem:
        """Its file system."""

    @property
    def tasks(self) -> Tasks:
        """Its scheduler."""

    @property
    def architecture(self) -> str:
        """``x86``, ``amd64`` or ``arm64``."""

    @property
    def ansi(self) -> int:
        """The code page of files without a mark."""

    @property
    def rule_version(self) -> str:
        """The schema version of the rules that its firewall writes; "" for a Windows whose firewall has none."""

    def ran(self, command: str) -> None:
        """Records a command that ran, variables filled in."""

    def refused(self, faults: list[str]) -> None:
        """Records what the lab would not do."""

    def version_line(self) -> str:
        """What ``ver`` prints."""

    def may_write(self, what: str) -> bool:
        """Counts an attempt to change the host; False where the host denies it."""

    def hive(self, file: str) -> Key | t.Literal["in use"] | None:
        """The tree in that file, "in use" for the file of a user who is logged on, None where there is no such file."""

    def keep(self, file: str, hive: Key) -> None:
        """Takes what ``reg unload`` writes back into that file."""

    def file_version(self, path: str) -> str | None:
        """The version of a file as ``wmic datafile`` tells it, None where there is no such file."""


@dataclass(slots=True)
class Streams:
    """Where a command prints, and what it reads: None where nobody feeds it."""

    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)
    stdin: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a line printed, and its exit code. ``refused`` says what the lab would not do, if anything."""

    code: int
    out: str
    err: str
    refused: str | None = None


@dataclass(slots=True)
class Shell:
    """One running cmd.exe: its echo flag, the last exit code, the variables of the loops around.

    ``child(line, streams, waits)`` runs a line in a new cmd.exe and returns its exit code. ``waits``: it waits for
    programs with windows, as it does in batch files and for ``start /w``.
    """

    machine: Machine
    codepage: int
    child: Callable[..., int]
    job: Job
    echo: bool = True
    errorlevel: int = 0
    variables: dict[str, str] = field(default_factory=dict)
    waits: bool = False
