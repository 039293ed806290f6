# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which mail programs run on a host, and for whom, told without a word of any language.

``tasklist /fo csv /nh`` prints names of files and numbers; whoever may ask it sees the processes of all users. An
answer counts only if it names tasklist.exe itself: one that is cut off, denied, or of a host without the program (XP
Home) names nothing, and then any program may run. Whose a process is, tasklist tells by names of accounts only, in a
line that ends with the title of a window, which anybody may choose. So where a mail program runs, wmic is asked for
the SID (``Sid`` and ``Handle`` are names of WMI, the same everywhere). Where there is no wmic (Windows 11 24H2), the
program counts as running for all who are logged on.

No key of the registry is known that is there only while Outlook or Outlook Express runs, so none is asked.
https://learn.microsoft.com/windows-server/administration/windows-commands/tasklist
https://learn.microsoft.com/windows/win32/cimwin32prov/getownersid-method-in-class-win32-process
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable, Iterable, Mapping

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryImage, Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import Snapshot, UserHive
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.account_places import is_about_account
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.running import Running
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import hives
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, Section, section

#: Codes of the two questions.
PROGRAMS, OWNERS = "TKL", "TKO"

_SELF: t.Final = "tasklist.exe"
_ROW: t.Final = re.compile(r'"([^"]+)","(\d{1,10})","[^"]*","\d{1,10}","[^"]*" *')
_PROGRAM: t.Final = re.compile(r"[A-Za-z0-9_-]+\.exe", re.IGNORECASE)
_HANDLE: t.Final = re.compile(r'Win32_Process\.Handle="(\d{1,10})"')
_SID: t.Final = re.compile(r'\s*Sid = "(S-1-\d{1,15}(?:-\d{1,10}){1,15})";\s*')
_RESULT: t.Final = re.compile(r"\s*ReturnValue = (\d{1,10});\s*")
#: Processes of an honest host; more are not looked at.
_MOST_ROWS: t.Final = 20_000

#: Casefolded file name → ids of processes.
Processes = Mapping[str, frozenset[str]]


def programs_of(knowledge: Knowledge) -> tuple[str, ...]:
    """File names of the programs that keep accounts in the registry, as they may stand in a command."""
    stores = knowledge.account_stores
    found = (client.program for client in knowledge.clients.values() if client.account_store in stores)
    return tuple(dict.fromkeys(name for name in found if _PROGRAM.fullmatch(name)))


def programs_section() -> Section:
    """Asks what runs. Some ten kilobytes; thousands of processes of a terminal server are a hundred."""
    return section("programs that run", Query(PROGRAMS, command="tasklist /fo csv /nh"))


def owners_section(programs: Iterable[str]) -> Section:
    """Asks for whom these programs run."""
    clause = " or ".join(f"name='{program}'" for program in programs)
    return section("owners of programs", Query(OWNERS, command=f'wmic process where "{clause}" call GetOwnerSid'))


def running_clients(exchange: Exchange, knowledge: Knowledge, snapshot: Snapshot) -> Running:
    """Ask a host which mail programs run, and for whom. Never raises for what it answers: unknown is part of it.

    :param snapshot: a reading of the host that lists the hives which Windows has loaded.
    :raises ShellError: an answer is not complete.
    """
    present = logged_on(snapshot)
    users = snapshot.users if isinstance(snapshot.users, tuple) else ()
    if present is not None and present.isdisjoint(user.root.rpartition("\\")[2] for user in users):
        return Running({}, present)
    programs = programs_of(knowledge)
    exchange.run((programs_section(),))
    found = processes(exchange.answers.lines(PROGRAMS))
    if isinstance(found, Unread):
        return Running({name.casefold(): found for name in programs}, present)
    busy = [name for name in programs if found.get(name.casefold())]
    owners: Mapping[str, str] = {}
    if busy:
        exchange.run((owners_section(busy),))
        owners = owners_in(exchange.answers.lines(OWNERS))
    return Running(
        {name.casefold(): _of(found.get(name.casefold(), frozenset()), owners) for name in programs}, present
    )


def hindrance(
    exchange: Exchange, knowledge: Knowledge, image: RegistryImage, steps: Iterable[Step]
) -> Callable[[Step], str] | None:
    """Why steps must be left for now: accounts while their programs run. None: no step is about an account.

    :param image: a reading that lists the hives which Windows has loaded.
    :raises ShellError: an answer is not complete.
    """
    if not any(map(is_about_account, steps)):
        return None
    users = tuple(UserHive(sid, f"HKU\\{sid}") for sid in hives.subkeys(image, "HKU"))
    nobody = Unread("was not asked for")
    running = running_clients(exchange, knowledge, Snapshot(image, nobody, nobody, nobody, users))
    return lambda step: running.hindrance_of(knowledge, step)


def logged_on(snapshot: Snapshot) -> frozenset[str] | None:
    """The users whose hives Windows has loaded; None where that could not be read."""
    if isinstance(snapshot.users, Unread):
        return None
    found = hives.subkeys(snapshot.image, "HKU")
    return frozenset(found) if found else None


def processes(lines: Iterable[str] | Unread) -> Processes | Unread:
    """What ``tasklist /fo csv /nh`` printed: every line must be a process, and one of them tasklist itself."""
    if isinstance(lines, Unread):
        return lines
    found: dict[str, set[str]] = {}
    for number, line in enumerate(line for line in lines if line.strip()):
        row = _ROW.fullmatch(line)
        if row is None or number >= _MOST_ROWS:
            return Unread("the host does not list its programs in a way that can be read")
        found.setdefault(row[1].casefold(), set()).add(row[2])
    if _SELF not in found:
        return Unread("the host did not list its programs")
    return {name: frozenset(ids) for name, ids in found.items()}


def owners_in(lines: Iterable[str] | Unread) -> Mapping[str, str]:
    """Id of a process → SID, out of what ``wmic process ... call GetOwnerSid`` printed; only those that are sure.

    It names a process, then what the method gave: a return value of 0 and one SID.
    """
    said: dict[str, list[str]] = {}
    handle = ""
    for line in () if isinstance(lines, Unread) else lines:
        if process := _HANDLE.search(line):
            handle = process[1]
            # A process that is named twice is nobody's.
            said.setdefault(handle, []).append("process")
        elif handle and (result := _RESULT.fullmatch(line)):
            said[handle].append(f"returned {int(result[1])}")
        elif handle and (sid := _SID.fullmatch(line)):
            said[handle].append(sid[1])
    return {
        process: words[2]
        for process, words in said.items()
        if len(words) == 3 and words[:2] == ["process", "returned 0"]
    }


def _of(ids: frozenset[str], owners: Mapping[str, str]) -> frozenset[str] | Unread:
    """For whom the processes with these ids run; one whose owner is not known may be anybody's."""
    if any(one not in owners for one in ids):
        return Unread("it runs on this host, and for whom could not be told")
    return frozenset(owners[one] for one in ids)
