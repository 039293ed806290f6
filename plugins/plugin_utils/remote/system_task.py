# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
r"""Lines of cmd.exe on one host, run as SYSTEM by a scheduled task: they outlive our shell, connection and controller.

How far they are, no text of Windows has to tell. ``go.cmd``, which the task runs, runs ``run.cmd`` with its output
going into ``busy.txt``: nobody can delete that file as long as anything that may still print has it open. ``run.cmd``
first writes ``begun.txt``, then runs the lines, then writes the exit code of the last one as ``code.tmp`` and renames
that to ``code.txt``. Both begin nothing once there is ``begun.txt``: nothing is run twice.

What whoever comes after a run that broke off finds, and what he has to do:

==============  ============================================================================================
standing        what has happened
==============  ============================================================================================
WAITING         it was not told to begin, or is about to: :func:`start` again
RUNNING, ENDED  :func:`look` again; judge the code
BROKEN          a restart, or somebody, ended it: look at the host, remove what is there, begin afresh
==============  ============================================================================================

A batch file gets its name once it is whole, and is run only if this very :func:`start` wrote it.
"""

from __future__ import annotations

import enum
import re
import secrets
import typing as t
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import it_said
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import stage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, Section, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError

_NUMBER: t.Final = re.compile(r"-?[0-9]{1,10}", re.ASCII)
#: Our own words in the answer to :func:`start`.
_WHOLE, _NONE, _MADE, _TOLD, _HOLDS = (f"MailFleet: {word}" for word in ("whole", "none", "made", "told", "holds"))
_FILES: t.Final = (
    *("go.tmp", "go.cmd", "run.tmp", "run.cmd"),
    *("begun.txt", "busy.txt", "output.txt", "code.tmp", "code.txt"),
)


class Standing(enum.Enum):
    """How far a task is."""

    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Look:
    """How far a task is. ``code``: unsigned, of one that ENDED; None where the host could not write it down."""

    standing: Standing
    code: int | None = None


class TaskError(Exception):
    """A task was not run. The message goes on after "was not run:" and ends with a full stop."""


@dataclass(frozen=True, slots=True)
class SystemTask:
    """``folder``: a staging folder, which also names the task. ``kind``: with which the names of its files begin."""

    folder: str
    kind: str = ""

    def at(self, name: str) -> str:
        """The path of one of its files, for a command line."""
        return stage.path(self.folder, self.kind + name)


@dataclass(frozen=True, slots=True)
class Condition:
    """What has to hold for anything to be begun. ``around``: puts it around a command; ``error``: where it does not."""

    around: Callable[[str], str]
    error: Exception


def start(exchange: Exchange, task: SystemTask, lines: Sequence[str], conditions: Sequence[Condition] = ()) -> None:
    """Let the host run these lines. May be repeated; a task that has begun is left alone.

    Where none has, what an earlier call left is ended and removed first: what runs is what this call wrote.

    :param lines: as :mod:`stage` writes them, with ``%SystemRoot%`` as it is.
    :raises TaskError: the host does not take it.
    :raises Exception: that of a condition which does not hold.
    :raises ShellError: the answer was lost, so it may run: look.
    :raises ValueError: a line cannot be written; nothing was sent.
    """
    mark = secrets.token_hex(8)
    script = _script(task, mark, lines)

    def guarded(command: str) -> str:
        for one in conditions:
            command = one.around(command)
        return f"(if not exist {task.at('begun.txt')} ({command}))"

    held = "&".join(one.around(f"echo {_HOLDS} {number}") for number, one in enumerate(conditions))
    begin = Query("JBT", command=guarded(_beginning(task, mark)))
    exchange.run(
        (
            section("before", Query("JBB", command=guarded(f"{ending(task)}&{deleting(task, 'go.cmd', 'run.cmd')}"))),
            # A part of this one line is no command: a ( without its ).
            _file(task, "JBG", "go", _go(task), 'find "1)" >nul', guarded),
            _file(task, "JBR", "run", script, script, guarded),
            section("task", begin, *([Query("JBH", command=held)] if held else [])),
            _look_section(task),
        )
    )
    _insist_on(exchange, conditions)
    if _looked(exchange).standing is Standing.WAITING:
        _insist(exchange, task)


def _go(task: SystemTask) -> list[str]:
    begun, run, busy = (task.at(name) for name in ("begun.txt", "run.cmd", "busy.txt"))
    return [f'if not exist {begun} (cmd /d /s /c "{run}" >{busy} 2>&1)']


def _script(task: SystemTask, mark: str, lines: Sequence[str]) -> list[str]:
    """The lines of run.cmd. In a batch file, cmd.exe also waits for programs that have windows."""
    begun, draft = task.at("begun.txt"), task.at("code.tmp")
    # Only one at a time has busy.txt, so of two that go.cmd let pass the second one ends here. The blank before a ">":
    # a digit there would be the number of a stream. (Wine knows no "(...)>" in batch files.)
    first = ["@echo off", f"if exist {begun} exit", f"echo {mark} >{begun}"]
    return [*first, *lines, f"echo %errorlevel% >{draft}", f"ren {draft} {task.kind}code.txt"]


def _file(
    task: SystemTask,
    code: str,
    name: str,
    lines: Sequence[str],
    proof: str | Sequence[str],
    guarded: Callable[[str], str],
) -> Section:
    """A batch file, which gets its name once it is whole. ``proof``: what finds its end, or its lines."""
    draft, folder = task.at(f"{name}.tmp"), stage.folder_path(task.folder)
    naming = f"ren {draft} {task.kind}{name}.cmd"
    known = not isinstance(proof, str)
    writing = stage.written(task.folder, f"{task.kind}{name}.tmp", lines, late=known)[1:]
    if isinstance(proof, str):
        check = f"type {draft}|{proof}&(if not errorlevel 1 ({naming}))"
    else:
        check = f"(for %g in ({draft}) do (if %~zg=={stage.size(proof)} ({naming})))"
    return section(
        f"{name}.cmd",
        Query(code, command=guarded("&".join((f"(if not exist {folder} (md {folder}))", *writing, check)))),
    )


def _beginning(task: SystemTask, mark: str) -> str:
    """Create the task and tell it to begin, if both files are there and ``run.cmd`` is the one with that mark."""
    creating = f"schtasks /create /tn {task.folder} /ru SYSTEM /sc once /tr {task.at('go.cmd')} /st"
    # XP wants seconds, Vista and later want none. A time of today that is over never comes; /run begins it.
    creating = f"{creating} 00:00:00&(if errorlevel 1 ({creating} 00:00))&(if errorlevel 9009 (echo {_NONE}))"
    telling = f"schtasks /run /tn {task.folder}&{_if_done(f'echo {_TOLD}')}"
    making = f"echo {_WHOLE}&{creating}&{_if_done(f'echo {_MADE}&{telling}')}"
    ours = f'type {task.at("run.cmd")}|find "{mark}" >nul&(if not errorlevel 1 ({making}))'
    return f"(if exist {task.at('go.cmd')} (if exist {task.at('run.cmd')} ({ours})))"


def _if_done(command: str) -> str:
    return f"(if errorlevel 0 (if not errorlevel 1 ({command})))"


def ending(task: SystemTask) -> str:
    """The command that ends and removes the task; its files stay."""
    return f"schtasks /end /tn {task.folder} >nul 2>nul&schtasks /delete /tn {task.folder} /f >nul 2>nul"


def deleting(task: SystemTask, *names: str) -> str:
    """The command that deletes files of the task; all where none are named."""
    files = (task.at(name) for name in names or _FILES)
    return "&".join(f"(if exist {file} (del /q {file}))" for file in files)


def _insist_on(exchange: Exchange, conditions: Sequence[Condition]) -> None:
    """Raises the error of the last condition that does not hold: the outermost one."""
    lines = [line.strip() for line in _lines(exchange, "JBH")] if conditions else []
    for number, one in reversed([*enumerate(conditions)]):
        if f"{_HOLDS} {number}" not in lines:
            raise one.error


def _insist(exchange: Exchange, task: SystemTask) -> None:
    """Raises TaskError unless the task was told to begin."""
    lines = [line.strip() for line in _lines(exchange, "JBT")]
    said = it_said(line for line in lines if not line.startswith("MailFleet: "))
    if _WHOLE not in lines:
        why = it_said((*_lines(exchange, "JBG"), *_lines(exchange, "JBR")))
        raise TaskError(
            f"the batch files that run it could not be written into %SystemRoot%\\{task.folder}; is the disk full, or"
            f" may the account not write there{why}."
        )
    if _NONE in lines:
        raise TaskError(
            "this Windows has no schtasks (XP Home has none), so it cannot be run as SYSTEM; do it at the machine"
            " itself."
        )
    if _MADE not in lines:
        raise TaskError(
            "the host made no scheduled task; is the account an administrator there, and does the service Task"
            f" Scheduler (Schedule) run{said}."
        )
    if _TOLD not in lines:
        raise TaskError(f"the host has the task and does not begin it{said}.")


def look(exchange: Exchange, task: SystemTask) -> Look:
    """How far it is.

    :raises ShellError: nothing of use came back; that says nothing about the task.
    """
    exchange.run((_look_section(task),))
    return _looked(exchange)


def _look_section(task: SystemTask) -> Section:
    """In this order: what had begun before nobody had busy.txt any more, and left no code, broke off."""
    begun, busy, said, code = (task.at(name) for name in ("begun.txt", "busy.txt", "output.txt", "code.txt"))
    # (Wine lets a file be renamed that somebody has open, so it is copied for the last words, and deleted.)
    away = f"copy /y /b {busy} {said} >nul&del {busy}&(if exist {busy} (echo busy))"
    return section(
        "look",
        Query("JLB", command=f"(if exist {begun} (echo begun))"),
        Query("JLO", command=f"(if exist {busy} ({away}))"),
        Query("JLC", command=f"(if exist {code} (echo code&type {code}&echo.))"),
    )


def _looked(exchange: Exchange) -> Look:
    begun, busy, code = ([line.strip() for line in _lines(exchange, one)] for one in ("JLB", "JLO", "JLC"))
    if "code" in code:
        number = next((int(line) for line in code if _NUMBER.fullmatch(line)), None)
        # cmd.exe writes 0x80240017 as a negative number.
        return Look(Standing.ENDED, None if number is None else number & 0xFFFFFFFF)
    if "busy" in busy:
        return Look(Standing.RUNNING)
    return Look(Standing.BROKEN if "begun" in begun else Standing.WAITING)


def _lines(exchange: Exchange, code: str) -> tuple[str, ...]:
    lines = exchange.answers.lines(code)
    if isinstance(lines, Unread):
        raise ShellError(f"How far the task on the host is cannot be told: {lines.why}.")
    return lines
