# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``schtasks``, in XP's dialect and in that of later ones, and the tasks it keeps: batch files that run as SYSTEM.

XP wants seconds in ``/st`` and knows no ``/f`` on ``/create``; only from Vista on ``/query`` takes ``/tn``.
https://learn.microsoft.com/previous-versions/orphan-topics/ws.10/cc772785(v=ws.10) A task runs in the background, also
when nobody is connected any more, until it is done, ended, or the host restarts. Start times are by the clock of the
machine that the lab runs on.
"""

from __future__ import annotations

import re
import threading
import time
import typing as t
from dataclasses import dataclass

from .arguments import split_arguments
from .grammar import Refused
from .processes import Ended, Job

if t.TYPE_CHECKING:
    from .machine import Machine, Shell, Streams

_DAY: t.Final = 86_400
#: HRESULTs of the scheduler, as "last result" shows them: it runs, it has not run yet.
_RUNNING, NEVER = 0x41301, 0x41303
_SYSTEM: t.Final = frozenset({"system", r"nt authority\system"})
_NAME: t.Final = re.compile(r"\\?[A-Za-z0-9 ._-]{1,200}")


@dataclass(slots=True, eq=False)
class Task:
    """One task. ``result``: exit code of its last run."""

    name: str
    command: str
    job: Job | None = None
    timer: threading.Timer | None = None
    result: int = NEVER


class Tasks:
    """The scheduler of one host. ``run(command, job)``: runs a command line; its exit code."""

    def __init__(self, machine: Machine, run: t.Callable[[str, Job], int]) -> None:
        self._machine, self._run = machine, run
        self._tasks: dict[str, Task] = {}

    def find(self, name: str) -> Task | None:
        return self._tasks.get(name.lstrip("\\").casefold())

    def all(self) -> list[Task]:
        return sorted(self._tasks.values(), key=lambda task: task.name.casefold())

    def create(self, name: str, command: str, seconds: float) -> None:
        """``seconds``: until it starts; less than 0: it never does by itself."""
        self.delete(name)
        task = Task(name.lstrip("\\"), command)
        self._tasks[task.name.casefold()] = task
        if seconds >= 0:
            task.timer = threading.Timer(seconds * self._machine.processes.second, self.start, (task,))
            task.timer.daemon = True
            task.timer.start()

    def delete(self, name: str) -> bool:
        """What runs goes on running."""
        task = self._tasks.pop(name.lstrip("\\").casefold(), None)
        if task is not None and task.timer is not None:
            task.timer.cancel()
        return task is not None

    def start(self, task: Task) -> None:
        """Runs it in the background, unless it runs already."""
        if task.job is None and self._machine.power.up:
            started = threading.Event()
            threading.Thread(target=self._work, args=(task, started), name=f"task {task.name}", daemon=True).start()
            started.wait()

    def _work(self, task: Task, started: threading.Event) -> None:
        with self._machine.processes.job(system=True) as job:
            task.job, task.result = job, _RUNNING
            started.set()
            try:
                task.result = self._run(task.command, job)
            except Ended:
                task.result = 1
            finally:
                task.job = None

    def stop(self) -> None:
        """The host goes down: no timer survives in memory; a start time that passes meanwhile is missed."""
        for task in self._tasks.values():
            if task.timer is not None:
                task.timer.cancel()


def schtasks(shell: Shell, rest: str, streams: Streams) -> int:
    """``schtasks /create|/run|/end|/query|/delete``."""
    arguments = split_arguments(rest)
    verb = arguments[0].lower() if arguments else ""
    if verb not in _VERBS:
        raise Refused(f"schtasks{rest}")
    if verb != "/query" and not shell.machine.may_write(f"schtasks{rest}"):
        return _error(streams, shell.machine.words["denied"])
    known, act = _VERBS[verb]
    given = _given(arguments[1:])
    for switch in given:
        if switch not in known(shell.machine):
            return _error(streams, f'Invalid argument/option - "{switch}".\r\nType "SCHTASKS {verb} /?" for usage.')
    return act(shell.machine, given, streams)


def _given(arguments: list[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        switch = rest.pop(0).lower()
        bare = switch in ("/f", "/nh", "/v")
        if not switch.startswith("/") or switch in given or not (bare or rest):
            raise Refused(f"schtasks ... {' '.join(arguments)}")
        given[switch] = "" if bare else rest.pop(0)
    return given


def _error(streams: Streams, text: str) -> int:
    streams.err.append(f"ERROR: {text}\r\n")
    return 1


def _missing(streams: Streams, name: str) -> int:
    return _error(streams, f'The specified task name "{name}" does not exist in the system.')


def _seconds(machine: Machine, text: str) -> float | None:
    """From now to that time of today; None where this Windows does not take it."""
    classic_xp = machine.system.nt == (5, 1)
    match = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", text)
    if match is None or (classic_xp and not match[3]) or (machine.system.nt >= (6, 0) and match[3]):
        return None
    now = time.localtime()
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return (hours - now.tm_hour) * 3600 + (minutes - now.tm_min) * 60 + seconds - now.tm_sec


def _create(machine: Machine, given: dict[str, str], streams: Streams) -> int:
    name, command = given.get("/tn", ""), given.get("/tr", "")
    if given.get("/sc", "").lower() != "once" or given.get("/ru", "").lower() not in _SYSTEM:
        raise Refused(f"schtasks /create with /sc {given.get('/sc')} /ru {given.get('/ru')}")
    if not _NAME.fullmatch(name) or not command or len(command) > 261:
        raise Refused(f"schtasks /create /tn {name} /tr {command}")
    seconds = _seconds(machine, given.get("/st", ""))
    if seconds is None:
        return _error(streams, 'Invalid syntax. Invalid value for "/ST".')
    if machine.tasks.find(name) and "/f" not in given:
        if machine.system.nt == (5, 1):
            return _error(streams, "The specified task name already exists in the system.")
        raise Refused("schtasks /create without /f, which asks: the task is there")
    if seconds < 0:
        streams.err.append("WARNING: The scheduled task may not run because /ST is earlier than current time.\r\n")
    machine.tasks.create(name, command, seconds)
    streams.out.append(f'SUCCESS: The scheduled task "{name}" has successfully been created.\r\n')
    return 0


def _run(machine: Machine, given: dict[str, str], streams: Streams) -> int:
    task = machine.tasks.find(given.get("/tn", ""))
    if task is None:
        return _missing(streams, given.get("/tn", ""))
    machine.tasks.start(task)
    streams.out.append(f'SUCCESS: Attempted to run the scheduled task "{task.name}".\r\n')
    return 0


def _end(machine: Machine, given: dict[str, str], streams: Streams) -> int:
    task = machine.tasks.find(given.get("/tn", ""))
    if task is None:
        return _missing(streams, given.get("/tn", ""))
    job = task.job
    if job is not None:
        machine.processes.end(job)
    streams.out.append(f'SUCCESS: The scheduled task "{task.name}" has been terminated successfully.\r\n')
    return 0


def _delete(machine: Machine, given: dict[str, str], streams: Streams) -> int:
    if "/f" not in given:
        raise Refused("schtasks /delete without /f, which asks")
    if not machine.tasks.delete(given.get("/tn", "")):
        return _missing(streams, given.get("/tn", ""))
    streams.out.append(f'SUCCESS: The scheduled task "{given["/tn"]}" was successfully deleted.\r\n')
    return 0


def _query(machine: Machine, given: dict[str, str], streams: Streams) -> int:
    wanted = given.get("/tn")
    found = machine.tasks.all() if wanted is None else [one for one in [machine.tasks.find(wanted)] if one]
    if wanted is not None and not found:
        return _error(streams, "The system cannot find the file specified.")
    if given.get("/fo", "table").lower() not in ("csv", "table"):
        raise Refused(f"schtasks /query /fo {given['/fo']}")
    classic = machine.words.classic
    for task in found:
        state = machine.words["task_running"] if task.job else ("" if classic else machine.words["task_ready"])
        fields = [task.name if classic else f"\\{task.name}", "N/A", state]
        if "/v" in given:
            fields.append(str(task.result))
        csv = given.get("/fo", "").lower() == "csv"
        streams.out.append(
            ",".join(f'"{one}"' for one in fields) if csv else f"{fields[0]:<40} {fields[1]:<22} {state}"
        )
        streams.out.append("\r\n")
    return 0


def _for_create(machine: Machine) -> frozenset[str]:
    known = {"/ru", "/sc", "/st", "/tn", "/tr"}
    return frozenset(known if machine.system.nt == (5, 1) else known | {"/f"})


def _for_query(machine: Machine) -> frozenset[str]:
    known = {"/fo", "/nh", "/v"}
    return frozenset(known if machine.words.classic else known | {"/tn"})


def _always(*switches: str) -> t.Callable[[Machine], frozenset[str]]:
    return lambda _unused: frozenset(switches)


_VERBS: t.Final = {
    "/create": (_for_create, _create),
    "/run": (_always("/tn"), _run),
    "/end": (_always("/tn"), _end),
    "/query": (_for_query, _query),
    "/delete": (_always("/tn", "/f"), _delete),
}
