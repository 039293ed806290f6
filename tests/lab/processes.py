# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on a host at a moment: jobs (a line, a task), and the processes in them that take their time.

A job ends when its line or task is done, when somebody ends it, and when the host restarts; whoever waits in it then
wakes up, and its interpreter does not begin another command.
"""

from __future__ import annotations

import contextlib
import threading
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass, field

from .arguments import split_arguments
from .grammar import Refused

if t.TYPE_CHECKING:
    from .machine import Shell, Streams

#: What taskkill returns where there is no such process.
_NOT_FOUND: t.Final = 128


class Ended(Exception):
    """The job was ended: the host restarts, or somebody killed it. Nobody hears its exit code."""


@dataclass(slots=True, eq=False)
class Job:
    """``system``: whether it runs as SYSTEM, so not as the user of a remote shell."""

    system: bool = False
    ended: bool = False

    def check(self) -> None:
        """Raises Ended where the job was ended."""
        if self.ended:
            raise Ended


@dataclass(slots=True, eq=False)
class Process:
    """One program. ``image``: lower-case name of its file; ``installer``: no other one may run beside it."""

    pid: int
    image: str
    job: Job
    installer: bool = False
    killed: bool = False


@dataclass(slots=True)
class Processes:
    """The jobs and processes of one host. ``second``: how many real seconds one of its seconds takes."""

    second: float = 1.0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _jobs: set[Job] = field(default_factory=set)
    _running: dict[int, Process] = field(default_factory=dict)
    _next: int = 1000

    @contextlib.contextmanager
    def job(self, system: bool = False) -> Iterator[Job]:
        """A job that is over when the block is left."""
        job = Job(system)
        with self._changed:
            self._jobs.add(job)
        try:
            yield job
        finally:
            with self._changed:
                self._jobs.discard(job)

    @contextlib.contextmanager
    def process(self, image: str, job: Job, installer: bool = False) -> Iterator[Process]:
        """A process that is gone when the block is left."""
        with self._changed:
            self._next += 4
            process = self._running[self._next] = Process(self._next, image.lower(), job, installer)
        try:
            yield process
        finally:
            with self._changed:
                del self._running[process.pid]

    def wait(self, process: Process, seconds: float | None) -> bool:
        """True after these seconds of the host's (None: never), False when it was killed. Raises Ended."""
        timeout = None if seconds is None else seconds * self.second
        with self._changed:
            self._changed.wait_for(lambda: process.killed or process.job.ended, timeout)
        process.job.check()
        return not process.killed

    def images(self) -> list[Process]:
        """What runs, in the order in which it began."""
        with self._changed:
            return list(self._running.values())

    def kill(self, image: str) -> list[Process]:
        """Ends all processes of that name; returns them."""
        with self._changed:
            found = [one for one in self._running.values() if one.image == image.lower()]
            for one in found:
                one.killed = True
            self._changed.notify_all()
        return found

    def end(self, job: Job | None = None) -> None:
        """Ends that job, or all of them."""
        with self._changed:
            for one in {job} if job else self._jobs:
                one.ended = True
            self._changed.notify_all()


def taskkill(shell: Shell, rest: str, streams: Streams) -> int:
    """``taskkill /im NAME [/f] [/t]``."""
    machine, arguments = shell.machine, split_arguments(rest)
    switches = [one.lower() for one in arguments]
    if "/im" not in switches[:-1] or len(set(switches) - {"/im", "/f", "/t"}) != 1:
        raise Refused(f"taskkill{rest}")
    image = arguments[switches.index("/im") + 1]
    if not machine.may_write(f"taskkill{rest}"):
        streams.err.append(f"ERROR: {machine.words['denied']}\r\n")
        return 1
    found = machine.processes.kill(image)
    if not found:
        streams.err.append(f'ERROR: The process "{image}" not found.\r\n')
        return _NOT_FOUND
    streams.out.extend(f'SUCCESS: The process "{image}" with PID {one.pid} has been terminated.\r\n' for one in found)
    return 0
