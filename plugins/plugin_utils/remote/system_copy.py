# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
r"""A file that the host copies from a share as SYSTEM, by a task that is made for it and removed again.

A session over WinRM cannot log on to another computer. SYSTEM can, as the account that the host has in its domain.
A small batch file does it, so that the whole path need not stand in the task, where 261 characters are the most; what
it has done shows by files beside it, not by words of the host.
"""

from __future__ import annotations

import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.quote import quote
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.fetch import FAILED, OR_SAY_SO, Fetch, words
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_text import TransferError

_BATCH, _BEGUN, _SAID, _FAILED, _ENDED = "fetch.cmd", "begun.txt", "said.txt", "failed.txt", "ended.txt"
#: Seconds: until the task has begun, until it has ended; between two looks, growing.
_BEGINS: t.Final = 120
_LONGEST: t.Final = 1800
_FIRST_PAUSE, _LAST_PAUSE = 1.0, 10.0


def copy_as_system(fetch: Fetch, there: int | None) -> None:
    """Copy it from its share.

    :raises TransferError: no task can be made, or it does not copy.
    """
    stop(fetch)
    _write(fetch)
    # XP wants seconds, Vista and later want none. A time of today that is over never comes; /run begins it.
    task = f"schtasks /create /tn {fetch.folder} /ru SYSTEM /sc once /tr {fetch.staged(_BATCH)} /st"
    try:
        lines = fetch.said(
            f"{task} 00:00:00&(if errorlevel 1 ({task} 00:00))&{OR_SAY_SO}",
            f"schtasks /run /tn {fetch.folder}&{OR_SAY_SO}",
        )
        if any(line.strip() == FAILED for line in lines):
            raise TransferError(
                f"{shown(fetch.origin, 400)} can only be read by a task that runs as SYSTEM, and the host makes none"
                f"{words(lines)}; give a source that is a folder of the controller, a URL, or a folder of the host."
            )
        _wait(fetch)
    except TransferError:
        stop(fetch)
        raise
    stop(fetch)


def _write(fetch: Fetch) -> None:
    folder = f"{fetch.far.root()}\\{fetch.folder}"
    lines = (
        f"echo begun>{folder}\\{_BEGUN}",
        f"copy /y /b {quote(fetch.origin)} {folder}\\{fetch.name} >{folder}\\{_SAID} 2>&1",
        f"if errorlevel 1 (echo failed)>{folder}\\{_FAILED}",
        f"echo ended>{folder}\\{_ENDED}",
    )
    fetch.write(_BATCH, lines, "the batch file that copies")


def stop(fetch: Fetch) -> None:
    """Remove the task and its files, also those of a run that was broken off; where there are none, nothing happens."""
    name = fetch.folder
    fetch.said(f"schtasks /end /tn {name}", f"schtasks /delete /tn {name} /f")
    fetch.delete(_BATCH, _BEGUN, _SAID, _FAILED, _ENDED)


def _wait(fetch: Fetch) -> None:
    begin, pause = fetch.clock(), _FIRST_PAUSE
    looks = [f"(if exist {fetch.staged(name)} (echo MFT {name}))" for name in (_BEGUN, _FAILED, _ENDED)]
    while True:
        seen = {line.strip().removeprefix("MFT ") for line in fetch.said(*looks)}
        spent = fetch.clock() - begin
        if _ENDED in seen:
            break
        if spent > (_LONGEST if _BEGUN in seen else _BEGINS):
            why = "has not come to an end" if _BEGUN in seen else "was not begun by the host's scheduler"
            raise TransferError(
                f"The task that copies {shown(fetch.origin, 400)} as SYSTEM {why} in {int(spent)} seconds: see that the"
                " server answers and that the service Task Scheduler runs, or give another source."
            )
        fetch.sleep(pause)
        pause = min(pause * 2, _LAST_PAUSE)
    if _FAILED in seen:
        said = fetch.said(f"type {fetch.staged(_SAID)}")
        raise TransferError(
            f"{shown(fetch.origin, 400)} could not be copied by the host as SYSTEM: it is not there, or the share may"
            f" not be read by the host's account in its domain, or the disk is full{words(said)}."
        )
