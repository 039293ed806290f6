# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
r"""One installer on one host, run as SYSTEM by a scheduled task: so it outlives our shell, connection and controller.

How far it is, no text of Windows has to tell. ``go.cmd``, which the task runs, runs ``run.cmd`` with its output going
into ``busy.txt``: nobody can delete that file as long as anything that may still print has it open. ``run.cmd`` first
writes ``begun.txt``, then runs the installer, then writes its exit code as ``code.tmp`` and renames that to
``code.txt``. Both begin nothing once there is ``begun.txt``: no installer is run twice.

What whoever comes after a run that broke off finds, and what he has to do:

=========  =========================  ==============================================================================
stage      standing                   what has happened
=========  =========================  ==============================================================================
sending    WAITING                    nothing was begun: deliver what is missing, verify it, :func:`start`
started    WAITING                    it was not told to begin, or is about to: verify and :func:`start` again
either     RUNNING, ENDED             :func:`look` again; judge the code
either     BROKEN                     a restart, or somebody, ended it: look at the host, :func:`clean`, begin afresh
=========  =========================  ==============================================================================

A batch file gets its name once it is whole: nothing is run by half.
"""

from __future__ import annotations

import enum
import re
import time
import typing as t
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.package_commands import PackageCommand
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import job_records, stage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.job_records import JobRecord
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.job_words import last_words
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, Section, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError

__all__ = ["JobError", "Look", "Standing", "Trouble", "clean", "last_words", "look", "start"]

#: Microsoft's file names end in the SHA-1 of the file; names inside of the file do not.
_SUFFIX: t.Final = re.compile(r"(?:_[0-9a-f]{40})?\.msu$", re.IGNORECASE)
#: A word of a command, filled in: nothing that any program on its way would act on.
_WORD: t.Final = re.compile(r"(?:[A-Za-z0-9$~_.:/\\*=-]|%SystemRoot%)+")
_NUMBER: t.Final = re.compile(r"-?[0-9]{1,10}")
#: Tries to remove a folder: cmd.exe lives on for a moment after it has written the last file.
_TRIES: t.Final = 3
#: Our own words in the answer to :func:`start`.
_WHOLE, _NONE, _MADE, _UNKEPT, _TOLD = (f"MailFleet: {word}" for word in ("whole", "none", "made", "unkept", "told"))


class Standing(enum.Enum):
    """How far a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"
    BROKEN = "broken"


class Trouble(enum.Enum):
    """Why a job was not run."""

    FILES = "its batch files could not be written"
    TASK = "the task could not be created"
    RECORD = "its record could not be written"
    NOT_BEGUN = "the task was created and never began"


class JobError(Exception):
    """A job was not run. The message goes on after "was not run:" and ends with a full stop."""

    def __init__(self, message: str, trouble: Trouble = Trouble.NOT_BEGUN) -> None:
        super().__init__(message)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Look:
    """How far a job is. ``code``: unsigned, of one that ENDED; None where the host could not write it down."""

    standing: Standing
    code: int | None = None


def start(exchange: Exchange, record: JobRecord, command: PackageCommand) -> None:
    """Let the host run that command. May be repeated; one that has begun is left alone.

    Whoever calls it has verified the file in the folder of the record, in the same run. From then on the record says
    "started".

    :raises JobError: the host does not take it; ``trouble`` says how far it came.
    :raises ShellError: the answer was lost, so it may run: look.
    :raises ValueError: the record or a word of the command has not its form; nothing was sent.
    """
    keeping = job_records.keep(replace(record, stage="started"))
    script = _script(record, command)
    task = f"schtasks /create /tn {record.folder} /ru SYSTEM /sc once /tr {_at(record, 'go.cmd')} /st"
    # XP wants seconds, Vista and later want none. A time of today that is over never comes; /run begins it.
    creating = f"{task} 00:00:00&(if errorlevel 1 ({task} 00:00))&(if errorlevel 9009 (echo {_NONE}))"
    telling = f"schtasks /run /tn {record.folder}&(if errorlevel 0 (if not errorlevel 1 (echo {_TOLD})))"
    keeping += f"&(if errorlevel 1 (echo {_UNKEPT}))&(if not errorlevel 1 ({telling}))"
    beginning = (
        # One of the same name is ours, from a line that broke off; XP could not write over it.
        f"echo {_WHOLE}&schtasks /delete /tn {record.folder} /f >nul 2>nul&{creating}"
        f"&(if errorlevel 0 (if not errorlevel 1 (echo {_MADE}&{keeping})))"
    )
    for name in ("go.cmd", "run.cmd"):
        beginning = f"(if exist {_at(record, name)} ({beginning}))"
    exchange.run(
        (
            # A part of this one line is no command: a ( without its ).
            _file(record, "JBG", "go", stage.written(record.folder, "go.tmp", _go(record))[1:], 'find "1)" >nul'),
            _file(record, "JBR", "run", stage.written(record.folder, "run.tmp", script, late=True)[1:], script),
            section("task", Query("JBT", command=f"(if not exist {_at(record, 'begun.txt')} ({beginning}))")),
            _look_section(record),
        )
    )
    if _looked(exchange).standing is Standing.WAITING:
        _insist(exchange, record)


def _go(record: JobRecord) -> list[str]:
    begun, run, busy = (_at(record, name) for name in ("begun.txt", "run.cmd", "busy.txt"))
    return [f'if not exist {begun} (cmd /d /s /c "{run}" >{busy} 2>&1)']


def _script(record: JobRecord, command: PackageCommand) -> list[str]:
    """The lines of run.cmd. In a batch file, cmd.exe also waits for programs that have windows."""
    unpacked = f"{_folder(record)}\\unpacked"
    values = {"log": _at(record, "log.txt"), "folder": unpacked}
    if record.file:
        values["file"] = f"{_folder(record)}\\{record.file}"
        values["cab"] = f"{unpacked}\\{_SUFFIX.sub('', record.file)}.cab"
    install = _checked(command.filled(values))
    # Only one at a time has busy.txt, so of two that go.cmd let pass the second one ends here.
    lines = ["@echo off", f"if exist {_at(record, 'begun.txt')} exit", f"echo begun >{_at(record, 'begun.txt')}"]
    if command.prepare:
        prepare = _checked(replace(command, words=command.prepare).filled(values))
        lines += [f"md {unpacked}", prepare, f"if not errorlevel 1 ({install})"]
    else:
        lines.append(install)
    # The blank: a digit right before the ">" would be the number of a stream. (Wine knows no "(...)>" in batch files.)
    return [*lines, f"echo %errorlevel% >{_at(record, 'code.tmp')}", f"ren {_at(record, 'code.tmp')} code.txt"]


def _checked(words: Sequence[str]) -> str:
    for word in words:
        if not _WORD.fullmatch(word):
            raise ValueError(f"This may not stand in the command of an installer: {shown(word)}")
    return " ".join(words)


def _at(record: JobRecord, name: str) -> str:
    return stage.path(record.folder, name)


def _folder(record: JobRecord) -> str:
    return _at(record, "x.x").removesuffix("\\x.x")


def _file(record: JobRecord, code: str, name: str, writing: Iterable[str], proof: str | Sequence[str]) -> Section:
    """A batch file, which gets its name once it is whole. ``proof``: what finds its end, or its lines."""
    draft, folder = _at(record, f"{name}.tmp"), _folder(record)
    naming = f"ren {draft} {name}.cmd"
    if isinstance(proof, str):
        check = f"type {draft}|{proof}&(if not errorlevel 1 ({naming}))"
    else:
        check = f"(for %g in ({draft}) do (if %~zg=={stage.size(proof)} ({naming})))"
    body = "&".join((f"(if not exist {folder} (md {folder}))", *writing, check))
    return section(f"{name}.cmd", Query(code, command=f"(if not exist {_at(record, f'{name}.cmd')} ({body}))"))


def _insist(exchange: Exchange, record: JobRecord) -> None:
    """Raises JobError unless the task was told to begin."""
    lines = [line.strip() for line in _lines(exchange, "JBT")]
    words = _words(line for line in lines if not line.startswith("MailFleet: "))
    if _WHOLE not in lines:
        why = _words((*_lines(exchange, "JBG"), *_lines(exchange, "JBR")))
        raise JobError(
            f"the batch files that run it could not be written into %SystemRoot%\\{record.folder}; is the disk full, or"
            f" may the account not write there{why}.",
            Trouble.FILES,
        )
    if _NONE in lines:
        raise JobError(
            "this Windows has no schtasks (XP Home has none), and without a scheduled task nothing outlives the"
            " connection; install the package at the machine itself.",
            Trouble.TASK,
        )
    if _MADE not in lines:
        raise JobError(
            "the host made no scheduled task; is the account an administrator there, and does the service Task"
            f" Scheduler (Schedule) run{words}.",
            Trouble.TASK,
        )
    if _UNKEPT in lines:
        raise JobError(f"its record could not be written to {job_records.UPDATES}{words}.", Trouble.RECORD)
    if _TOLD not in lines:
        raise JobError(f"the host has the task and does not begin it{words}.", Trouble.NOT_BEGUN)


def look(exchange: Exchange, record: JobRecord) -> Look:
    """How far it is.

    :raises ShellError: nothing of use came back; that says nothing about the job.
    """
    exchange.run((_look_section(record),))
    return _looked(exchange)


def _look_section(record: JobRecord) -> Section:
    """In this order: what had begun before nobody had busy.txt any more, and left no code, broke off."""
    begun, busy, said, code = (_at(record, name) for name in ("begun.txt", "busy.txt", "output.txt", "code.txt"))
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
        raise ShellError(f"How far the package is cannot be told: {lines.why}.")
    return lines


def _words(lines: Iterable[str]) -> str:
    """What the host said, for the end of a sentence."""
    said = " ".join(" ".join(lines).split())
    return f"; it said: {shown(said, 200).rstrip('.')}" if said else ""


def clean(exchange: Exchange, record: JobRecord, sleep: Callable[[float], None] = time.sleep) -> bool:
    """Remove task, folder, then the record. False: something has a file of it open, so folder and record are left.

    :raises ShellError: the answer was lost.
    """
    folder = _folder(record)
    parts = (
        Query("JCT", command=f"schtasks /delete /tn {record.folder} /f"),
        Query("JCF", command=f"(if exist {folder} ({stage.removed(record.folder)}))"),
        Query("JCR", command=f"(if not exist {folder} ({job_records.forget(record.kb)}))"),
        Query("JCL", command=f"(if exist {folder} (echo left))"),
    )
    for attempt in range(_TRIES):
        exchange.run(section("clean", part) for part in parts)
        if "left" not in (line.strip() for line in _lines(exchange, "JCL")):
            return True
        if attempt + 1 < _TRIES:
            sleep(1)
    return False
