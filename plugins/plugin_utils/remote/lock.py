# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time per host: a folder, since ``md`` is atomic, and a record in the registry that says whose it is.

The record comes before the folder and goes after it, so a folder never stands without a record. Whoever breaks a stale
lock first deletes its record, which only one of several can do, and only then the folder.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RUN
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryImage,
    RegistryKey,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.own import JOURNALS, LOCKS
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, Section, section

FOLDER: t.Final = r"%SystemRoot%\MailFleet.lock"


@dataclass(frozen=True, slots=True)
class Record:
    """One run that holds, or wants, the lock. ``taken``: seconds since 1970 by its controller's clock, or None."""

    run: str
    boot: str
    taken: int | None
    owner: bool


def records(image: RegistryImage) -> tuple[Record, ...] | Unread:
    """The records on the host."""
    keys = image.below(LOCKS)
    if isinstance(keys, Unread):
        return keys
    found = []
    for key in keys if isinstance(keys, tuple) else ():
        run = key.path.rpartition("\\")[2]
        if not RUN.fullmatch(run):
            return Unread(f"{LOCKS} holds {shown(run)}, which is no run of ours; look at it and delete it")
        taken = _text(key, "Taken")
        owner = key.get("Owner") is not None
        found.append(Record(run, _text(key, "Boot"), int(taken) if taken.isdecimal() else None, owner))
    return tuple(found)


def _text(key: RegistryKey, name: str) -> str:
    value = key.get(name)
    return value.data if isinstance(value, RegistryValue) and isinstance(value.data, str) else ""


def stale(record: Record, boot: str, now: int, timeout: int, dead: Callable[[str], bool]) -> str | None:
    """Why the lock of that record may be broken; None where it may not.

    :param boot: of the host as it runs now; "" where that is unknown.
    :param timeout: seconds after which any lock may be broken.
    :param dead: whether a run is one of this controller and its process is gone.
    """
    if boot and record.boot and record.boot != boot:
        return "the host has been restarted since"
    if record.taken is None or now - record.taken >= timeout:
        return f"it is older than {timeout} seconds"
    return "its process on this controller is gone" if dead(record.run) else None


def taking(run: str, boot: str, now: int, broken: tuple[Record, ...]) -> Section:
    """Break what is stale, then try to take the lock."""
    key = f"{LOCKS}\\{run}"
    breaking = "".join(f"({_breaking(record.run)})&" for record in broken)
    boots = f"reg add {key} /v Boot /t REG_SZ /d {boot} /f&" if boot else ""
    own = f"reg add {key} /v Owner /t REG_DWORD /d 1 /f"
    command = (
        f'{breaking}{boots}reg add {key} /v Taken /t REG_SZ /d {now} /f&md "{FOLDER}"&(if not errorlevel 1 ({own}))'
    )
    return section("take the lock", Query("LCK", command=command))


def _breaking(run: str) -> str:
    """Delete the journal of a dead run that never began, so that nobody takes it for one that did; then its lock."""
    journal = f"{JOURNALS}\\{run}"
    state = f"reg query {journal} /v State"
    never = f'({state}|find "done")&(if errorlevel 1 (reg delete {journal} /f))'
    return (
        f'({state}|find "begun")&(if errorlevel 1 ({never}))'
        f'&reg delete {LOCKS}\\{run} /f&(if not errorlevel 1 (rd "{FOLDER}"))'
    )


def guarded(run: str, command: str) -> str:
    """The command, to be carried out only while that run holds the lock."""
    return f'(reg query {LOCKS}\\{run} /v Owner|find "REG_DWORD")&(if not errorlevel 1 ({command}))'


def releasing(run: str) -> Section:
    """Give the lock back, if that run holds it; and delete its record in any case."""
    key = f"{LOCKS}\\{run}"
    command = guarded(run, f'rd "{FOLDER}"')
    return section("release the lock", Query("LCR", command=f"{command}&reg delete {key} /f"))


def holds(image: RegistryImage, run: str) -> bool | Unread:
    """Whether that run holds the lock."""
    found = records(image)
    return found if isinstance(found, Unread) else any(one.run == run and one.owner for one in found)
