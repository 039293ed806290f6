# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file from a share to its host, copied by the host as SYSTEM: for those whose own session may go nowhere else.

A session over WinRM cannot log on to another computer. SYSTEM can, as the account that the host has in its domain. A
copy goes on when the connection is lost; whoever comes next waits for its end.
"""

from __future__ import annotations

import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.quote import quote
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import it_said, shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import system_task
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.fetch import Fetch
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.system_task import (
    Look,
    Standing,
    SystemTask,
    TaskError,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_text import TransferError

#: Its files stand beside those of the task that installs.
_KIND: t.Final = "copy"
#: Seconds: until the task has begun, until it has ended; between two looks, growing.
_BEGINS: t.Final = 120
_LONGEST: t.Final = 1800
_FIRST_PAUSE, _LAST_PAUSE = 1.0, 10.0


def settle(fetch: Fetch) -> None:
    """Let a copy that an earlier run began come to its end, and remove what is left of it but the file.

    :raises TransferError: it does not end.
    """
    try:
        if system_task.look(fetch.far.exchange, _task(fetch)).standing is Standing.RUNNING:
            _wait(fetch)
    except TransferError:
        _stop(fetch)
        raise
    _stop(fetch)


def copy_as_system(fetch: Fetch) -> None:
    """Copy it from its share.

    :raises TransferError: no task can be made, or it does not copy.
    """
    try:
        system_task.start(fetch.far.exchange, _task(fetch), [f"copy /y /b {quote(fetch.origin)} {fetch.far.target}"])
        if _wait(fetch).code != 0:
            # Whoever ran it may have its output open for a moment more.
            busy, output = (_task(fetch).at(name) for name in ("busy.txt", "output.txt"))
            said = fetch.far.said(f"(if exist {busy} (type {busy}))&(if not exist {busy} (type {output}))")
            raise TransferError(
                f"{shown(fetch.origin, 400)} could not be copied by the host as SYSTEM: it is not there, or the share"
                f" may not be read by the host's account in its domain, or the disk is full{it_said(said)}."
            )
    except TaskError as error:
        _stop(fetch)
        raise TransferError(
            f"{shown(fetch.origin, 400)} can only be read by a task that runs as SYSTEM, and was not:"
            f" {str(error).rstrip('.')}; or give a source that is a folder of the controller, a URL, or a folder of the"
            " host."
        ) from error
    except TransferError:
        _stop(fetch)
        raise
    _stop(fetch)


def _task(fetch: Fetch) -> SystemTask:
    return SystemTask(fetch.far.folder, _KIND)


def _stop(fetch: Fetch) -> None:
    fetch.far.said(system_task.ending(_task(fetch)), system_task.deleting(_task(fetch)))


def _wait(fetch: Fetch) -> Look:
    """Until it neither waits nor runs."""
    begin, pause = fetch.clock(), _FIRST_PAUSE
    while True:
        look = system_task.look(fetch.far.exchange, _task(fetch))
        spent, running = fetch.clock() - begin, look.standing is Standing.RUNNING
        if not running and look.standing is not Standing.WAITING:
            return look
        if spent > (_LONGEST if running else _BEGINS):
            why = "has not come to an end" if running else "was not begun by the host's scheduler"
            raise TransferError(
                f"The task that copies {shown(fetch.origin, 400)} as SYSTEM {why} in {int(spent)} seconds: see that the"
                " server answers and that the service Task Scheduler runs, or give another source."
            )
        fetch.report(0, 0)
        fetch.sleep(pause)
        pause = min(pause * 2, _LAST_PAUSE)
