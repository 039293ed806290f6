# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
r"""One installer on one host, run as SYSTEM by a scheduled task (:mod:`system_task`), and what is left of it removed.

Nothing is begun unless the run that wrote the record holds the lock of the host, and the package is in its folder.
"""

from __future__ import annotations

import re
import time
import typing as t
from collections.abc import Callable, Sequence
from dataclasses import replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.package_commands import PackageCommand
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import job_records, lock, stage, system_task
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.job_records import JobRecord
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Refusal
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.system_task import (
    Condition,
    Look,
    SystemTask,
    TaskError,
)

#: Microsoft's file names end in the SHA-1 of the file; names inside of the file do not.
_SUFFIX: t.Final = re.compile(r"(?:_[0-9a-f]{40})?\.msu$", re.IGNORECASE | re.ASCII)
#: A word of a command, filled in: nothing that any program on its way would act on.
_WORD: t.Final = re.compile(r"(?:[A-Za-z0-9$~_.:/\\*=-]|%SystemRoot%)+")
#: Tries to remove a folder: cmd.exe lives on for a moment after it has written the last file.
_TRIES: t.Final = 3


def start(exchange: Exchange, record: JobRecord, command: PackageCommand) -> None:
    """Let the host run that command. May be repeated; one that has begun is left alone.

    Whoever calls it has verified the file in the folder of the record, in the same run.

    :param record: ``run`` is the one that holds the lock.
    :raises TaskError: the host does not take it.
    :raises Refusal: another run has taken the lock: nothing of this one may be touched any more.
    :raises ShellError: the answer was lost, so it may run: look.
    :raises ValueError: the record or a word of the command has not its form; nothing was sent.
    """
    job_records.insist(record)
    conditions = [
        Condition(
            lambda command: lock.guarded(record.run, command),
            Refusal(f"Another run has taken the lock of the host, so {record.kb} was not begun; run again after it."),
        )
    ]
    if record.file:
        file = _package(record)
        missing = TaskError("its package is not in its folder on the host any more; run again.")
        conditions.insert(0, Condition(lambda command: f"(if exist {file} ({command}))", missing))
    system_task.start(exchange, SystemTask(record.folder), _lines(record, command), conditions)


def _package(record: JobRecord) -> str:
    return f"{stage.folder_path(record.folder)}\\{record.file}"


def _lines(record: JobRecord, command: PackageCommand) -> list[str]:
    """The lines that run the installer."""
    unpacked = f"{stage.folder_path(record.folder)}\\unpacked"
    values = {"log": stage.path(record.folder, "log.txt"), "folder": unpacked}
    if record.file:
        values["file"] = _package(record)
        values["cab"] = f"{unpacked}\\{_SUFFIX.sub('', record.file)}.cab"
    install = _checked(command.filled(values))
    if not command.prepare:
        return [install]
    prepare = _checked(replace(command, words=command.prepare).filled(values))
    return [f"md {unpacked}", prepare, f"if not errorlevel 1 ({install})"]


def _checked(words: Sequence[str]) -> str:
    for word in words:
        if not _WORD.fullmatch(word):
            raise ValueError(f"This may not stand in the command of an installer: {shown(word)}")
    return " ".join(words)


def look(exchange: Exchange, record: JobRecord) -> Look:
    """How far it is.

    :raises ShellError: nothing of use came back; that says nothing about the job.
    """
    return system_task.look(exchange, SystemTask(record.folder))


def clean(exchange: Exchange, record: JobRecord, sleep: Callable[[float], None] = time.sleep) -> bool:
    """Remove task, folder, then the record. False: something has a file of it open, so folder and record are left.

    :raises ShellError: the answer was lost.
    """
    task, folder = SystemTask(record.folder), stage.folder_path(record.folder)
    parts = (
        # What has begun to install is never ended; what else uses the folder is.
        Query("JCE", command=f"(if not exist {task.at('begun.txt')} ({system_task.ending(task)}))"),
        Query("JCT", command=f"schtasks /delete /tn {record.folder} /f"),
        Query("JCF", command=f"(if exist {folder} ({stage.removed(record.folder)}))"),
        Query("JCR", command=f"(if not exist {folder} ({job_records.forget(record.kb)}))"),
        Query("JCL", command=f"(if exist {folder} (echo left))"),
    )
    for attempt in range(_TRIES):
        exchange.run(section("clean", part) for part in parts)
        left = exchange.answers.lines("JCL")
        if isinstance(left, Unread):
            raise ShellError(f"Whether {record.folder} is gone from the host cannot be told: {left.why}.")
        if "left" not in (line.strip() for line in left):
            return True
        if attempt + 1 < _TRIES:
            sleep(1)
    return False
