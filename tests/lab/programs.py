# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that people have open on a host (entry option ``running``), and what lists them: ``tasklist``, ``wmic``.

``running: [OUTLOOK.EXE]`` runs for the host's user, ``{image: msimn.exe, user: SID}`` for another one. What the lab
itself runs (installers, see :mod:`processes`) runs for SYSTEM.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .arguments import split_arguments
from .grammar import Refused

if t.TYPE_CHECKING:
    from .machine import Machine, Shell, Streams

_SYSTEM: t.Final = "S-1-5-18"
_FIRST_PID: t.Final = 400
_OWNERS: t.Final = re.compile(r'\s*process\s+where\s+"([^"]*)"\s+call\s+getownersid\s*', re.IGNORECASE)
_CLAUSE: t.Final = re.compile(r"\s*name\s*=\s*'([^']*)'\s*", re.IGNORECASE)
_GUESTS: t.Final = ("image", "user")


class ProgramError(ValueError):
    """An item of ``running`` that is none, in words for the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Program:
    """One program that somebody has open."""

    image: str
    user: str = ""


def program(raw: t.Any) -> Program:
    """One item of ``running``; raises ProgramError."""
    if isinstance(raw, Program):
        return raw
    if isinstance(raw, str) and raw:
        return Program(raw)
    if isinstance(raw, dict) and raw.get("image") and not set(raw) - set(_GUESTS):
        return Program(str(raw["image"]), str(raw.get("user", "")))
    raise ProgramError(f"{raw!r} is neither the name of a program nor a mapping of {', '.join(_GUESTS)}")


def _all(machine: Machine) -> list[tuple[str, int, str]]:
    """(image, pid, SID) of everything that runs."""
    opened = [(one.image, one.user or machine.entry.user) for one in machine.entry.running]
    rows = [(image, _FIRST_PID + 4 * number, user) for number, (image, user) in enumerate(opened)]
    return [("System", 4, _SYSTEM), *rows, *((one.image, one.pid, _SYSTEM) for one in machine.processes.images())]


def tasklist(shell: Shell, rest: str, streams: Streams) -> int:
    """``tasklist /fo csv /nh``: not all that a Windows has, but itself, as the real one does."""
    if sorted(one.lower() for one in split_arguments(rest)) != ["/fo", "/nh", "csv"]:
        raise Refused(f"tasklist{rest}")
    for image, pid, _user in (*_all(shell.machine), ("cmd.exe", 300, _SYSTEM), ("tasklist.exe", 304, _SYSTEM)):
        name, session = ("Services", 0) if shell.machine.system.nt >= (6, 0) else ("Console", 0)
        streams.out.append(f'"{image}","{pid}","{name}","{session}","4,096 K"\r\n')
    return 0


def owners(shell: Shell, rest: str, streams: Streams) -> int | None:
    """``wmic process where "name='a' or name='b'" call GetOwnerSid``; None where it is about something else."""
    match = _OWNERS.fullmatch(rest)
    if match is None:
        return None
    clauses = [_CLAUSE.fullmatch(clause) for clause in re.split(r"\bor\b", match[1], flags=re.IGNORECASE)]
    if not all(clauses):
        raise Refused(f"wmic{rest}")
    wanted = {clause[1].lower() for clause in clauses if clause}
    found = [(pid, user) for image, pid, user in _all(shell.machine) if image.lower() in wanted]
    if not found:
        streams.err.append(shell.machine.words["wmic_none"] + "\r\n")
    for pid, user in found:
        streams.out.append(
            f'Executing (\\\\STANDIN\\ROOT\\CIMV2:Win32_Process.Handle="{pid}")->GetOwnerSid()\r\r\n'
            "Method execution successful.\r\r\nOut Parameters:\r\r\ninstance of __PARAMETERS\r\r\n{\r\r\n"
            f'\tReturnValue = 0;\r\r\n\tSid = "{user}";\r\r\n}};\r\r\n\r\r\n'
        )
    return 0
