# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text files on a host, written by echo: for what a command line cannot carry, and for scripts.

They stand in a fresh folder directly below %SystemRoot%, where users cannot create anything, under a name that nobody
can know before. No quotes around these paths: they need none, and a quote would change how the rest is read.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import typing as t
from collections.abc import Iterator, Sequence

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

_FOLDER: t.Final = re.compile(r"MailFleet-[0-9a-f]{16}")
_NAME: t.Final = re.compile(r"[A-Za-z0-9]{1,32}\.[a-z]{1,4}")
#: How many characters one command may have, where lines are short enough. Three make a line over PowerShell.
_CHUNK: t.Final = 700
#: What cmd.exe acts on outside of quotes.
_ACTIVE: t.Final = re.compile(r"[()&|<>^]")
#: Inside of quotes these would be active for an outer cmd.exe, which sees inside and outside swapped.
_NOT_IN_QUOTES: t.Final = re.compile(r"[&|<>^]")
#: ``echo`` alone tells whether it is on, these switch it, and with ``/?`` anywhere it explains itself.
_MEANT_FOR_ECHO: t.Final = re.compile(r"\s*(?:on|off)?\s*|.*/\?.*", re.IGNORECASE)


def new_folder() -> str:
    """The name of a folder that nobody can know."""
    return f"MailFleet-{secrets.token_hex(8)}"


def folder_of(run: str) -> str:
    """The one folder of a run, so that whoever finds the run dead can remove it. Only administrators can make such."""
    return f"MailFleet-{hashlib.sha256(run.encode()).hexdigest()[:16]}"


def _below_root(folder: str) -> str:
    if not _FOLDER.fullmatch(folder):
        raise ValueError(f"This is no name of a staging folder: {shown(folder)}")
    return f"%SystemRoot%\\{folder}"


def path(folder: str, name: str) -> str:
    """Where a staged file is, as text for a command line.

    :raises ValueError: the folder's or the file's name is none of ours.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"This is no name of a staged file: {shown(name)}")
    return f"{_below_root(folder)}\\{name}"


def _echo(line: str) -> str:
    """The command that prints that line."""
    if not line:
        return "echo."
    if not (line.isascii() and line.isprintable()) or re.search("[%!]", line):
        raise ValueError(f"This line cannot be written by echo, because of its characters: {shown(line)}")
    parts = line.split('"')
    if len(parts) % 2 == 0 or any(map(_NOT_IN_QUOTES.search, parts[1::2])):
        raise ValueError(f"This line cannot be written by echo, because of its quotes: {shown(line)}")
    if _MEANT_FOR_ECHO.fullmatch(line):
        raise ValueError(f"This line cannot be written by echo, which would take it for its own: {shown(line)}")
    parts[::2] = [_ACTIVE.sub(r"^\g<0>", part) for part in parts[::2]]
    return "echo " + '"'.join(parts)


def _chunks(commands: Sequence[str]) -> Iterator[str]:
    """Commands joined, in pieces that are as long as one may be; a command that is longer is one alone."""
    piece = ""
    for command in commands:
        if piece and len(piece) + 1 + len(command) > _CHUNK:
            yield piece
            piece = ""
        piece += f"&{command}" if piece else command
    if piece:
        yield piece


def written(folder: str, name: str, lines: Sequence[str]) -> tuple[str, ...]:
    """Commands that make the folder and write these lines into a file there, in the host's code page with CR LF.

    They may go in several lines of cmd.exe, in their order: the first ones make the folder and begin the file anew, the
    others append. ``md`` complains where the folder is there, which does no harm.

    :raises ValueError: a line that echo cannot write: ``%``, ``!``, anything but printable ASCII, quotes that are not
        closed or hold one of ``&|<>^``, ``on``, ``off``, ``/?``; or as :func:`path`.
    """
    file = path(folder, name)
    pieces = _chunks([_echo(line) for line in lines] or [_echo("")])
    files = (f"({piece}){'>>' if number else '>'}{file}" for number, piece in enumerate(pieces))
    return (f"md {_below_root(folder)}", *files)


def removed(folder: str) -> str:
    """The command that removes a staging folder with all that is in it.

    :raises ValueError: as :func:`path`.
    """
    return f"rd /s /q {_below_root(folder)}"
