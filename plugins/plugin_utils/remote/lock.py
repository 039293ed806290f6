# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time per host: the folder ``MailFleet.lock`` with another one in it that is named after the run.

It is made elsewhere and renamed, which is atomic and fails where the folder is there already; so a lock never stands
without its owner's name. ``rd`` removes empty folders only: whoever breaks a stale lock, or gives back his own, can
never remove that of somebody who took it meanwhile. What else is to be known of a run stands in the registry.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RUN, begun
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryImage,
    RegistryKey,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.own import JOURNALS, LOCKS
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, Section, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.stage import folder_of, removed

_NAME: t.Final = "MailFleet.lock"
_TAKEN: t.Final = re.compile(r"[0-9]{1,12}")
FOLDER: t.Final = rf"%SystemRoot%\{_NAME}"


@dataclass(frozen=True, slots=True)
class Record:
    """One run that holds, or wants, the lock. ``taken``: seconds since 1970 by its controller's clock, or None.

    ``owner``: it got the lock, as it says; what counts is the folder.
    """

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
        owner = key.get("Owner") is not None
        found.append(Record(run, _text(key, "Boot"), _taken(key, run), owner))
    return tuple(found)


def _taken(key: RegistryKey, run: str) -> int | None:
    """When the lock was taken. Whoever reads while a record is being written may not see that yet: the run knows it."""
    if key.get("Taken") is None:
        return begun(run)
    text = _text(key, "Taken")
    return int(text) if _TAKEN.fullmatch(text) else None


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
    if record.taken is None or abs(now - record.taken) >= timeout:
        # Also one that says that it was taken in the future: nobody would ever get past it.
        return f"it is older than {timeout} seconds"
    return "its process on this controller is gone" if dead(record.run) else None


def taking(run: str, boot: str, now: int, broken: tuple[Record, ...]) -> tuple[Section, ...]:
    """Break what is stale, then try to take the lock."""
    key, new = f"{LOCKS}\\{run}", rf"%SystemRoot%\MailFleet.{run}"
    boots = f"&reg add {key} /v Boot /t REG_SZ /d {boot} /f" if boot else ""
    own = f"reg add {key} /v Owner /t REG_DWORD /d 1 /f"
    command = (
        f"reg add {key} /v Taken /t REG_SZ /d {now} /f{boots}"
        f'&rd "{FOLDER}"&md "{new}\\{run}"&ren "{new}" {_NAME}&rd "{new}\\{run}"&rd "{new}"'
        f"&{guarded(run, own)}"
    )
    breaking = (
        section("break a lock", Query(f"LB{number}", command=_breaking(record.run)))
        for number, record in enumerate(broken)
    )
    return (*breaking, section("take the lock", Query("LCK", command=command)))


def _breaking(run: str) -> str:
    """Delete the journal of a dead run that never began, so that nobody takes it for one that did; then its lock."""
    journal = f"{JOURNALS}\\{run}"
    state = f"reg query {journal} /v State"
    never = f'({state}|find "done")&(if errorlevel 1 (reg delete {journal} /f))'
    return (
        f'({state}|find "begun")&(if errorlevel 1 ({never}))'
        f'&rd "{_mark(run)}"&rd "{FOLDER}"&{removed(folder_of(run))}&reg delete {LOCKS}\\{run} /f'
    )


def _mark(run: str) -> str:
    return f"{FOLDER}\\{run}"


def guarded(run: str, command: str) -> str:
    """The command, to be carried out only while that run holds the lock."""
    return f'(if exist "{_mark(run)}" ({command}))'


def beginning(run: str, command: str) -> Section:
    """A command that must not fail: where it does, the lock goes, and so nothing that is guarded is done."""
    return section("begin", Query("LCB", command=guarded(run, f'{command}&(if errorlevel 1 (rd "{_mark(run)}"))')))


def renewing(run: str, boot: str, now: int) -> Section:
    """Say that the run lives, if it still holds the lock; if not, that it does not."""
    key = f"{LOCKS}\\{run}"
    boots = f"reg add {key} /v Boot /t REG_SZ /d {boot} /f&" if boot else ""
    command = guarded(run, f"{boots}reg add {key} /v Taken /t REG_SZ /d {now} /f")
    lost = f'(if not exist "{_mark(run)}" (reg delete {key} /v Owner /f))'
    return section("renew the lock", Query("LCN", command=f"{command}&{lost}"))


def releasing(run: str) -> Section:
    """Give the lock back, if that run holds it; and delete its record in any case."""
    command = f'rd "{_mark(run)}"&rd "{FOLDER}"&reg delete {LOCKS}\\{run} /f'
    return section("release the lock", Query("LCR", command=command))


def holds(image: RegistryImage, run: str) -> bool | Unread:
    """Whether that run holds the lock."""
    found = records(image)
    return found if isinstance(found, Unread) else any(one.run == run and one.owner for one in found)
