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
#: The only ``%`` that may stand in a line. The shell that writes a file puts the folder of Windows in at once. Behind a
#: caret it finds no variable (its name would end in a caret), lets it stand, and takes the carets away after that: on
#: typed lines, and outside of quotes, only: https://stackoverflow.com/a/4095133
_ROOT, _CODE = "%SystemRoot%", "%errorlevel%"
_TOKEN: t.Final = re.compile(f"{_ROOT}|{_CODE}")
#: Behind a ``%`` that arrives, this could be the variable of a loop around.
_LOOP: t.Final = re.compile(r"[A-Za-z0-9~%]")
#: ``echo`` alone tells whether it is on, these switch it, and with ``/?`` anywhere it explains itself.
_MEANT_FOR_ECHO: t.Final = re.compile(r"\s*(?:on|off)?\s*|.*/\?.*", re.IGNORECASE)


def new_folder() -> str:
    """The name of a folder that nobody can know."""
    return f"MailFleet-{secrets.token_hex(8)}"


def folder_of(run: str) -> str:
    """The one folder of a run, so that whoever finds the run dead can remove it. Only administrators can make such."""
    return f"MailFleet-{hashlib.sha256(run.encode()).hexdigest()[:16]}"


def folder_path(folder: str) -> str:
    """Where a staging folder is, as text for a command line.

    :raises ValueError: its name is none of ours.
    """
    if not _FOLDER.fullmatch(folder):
        raise ValueError(f"This is no name of a staging folder: {shown(folder)}")
    return f"%SystemRoot%\\{folder}"


def path(folder: str, name: str) -> str:
    """Where a staged file is, as text for a command line.

    :raises ValueError: the folder's or the file's name is none of ours.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"This is no name of a staged file: {shown(name)}")
    return f"{folder_path(folder)}\\{name}"


def _echo(line: str, late: bool) -> str:
    """The command that prints that line. ``late``: every token arrives as it is."""
    if not line:
        return "echo."
    if not (line.isascii() and line.isprintable()) or re.search("[%!]", _TOKEN.sub("", line)):
        raise ValueError(f"This line cannot be written by echo, because of its characters: {shown(line)}")
    parts = line.split('"')
    if len(parts) % 2 == 0 or any(_NOT_IN_QUOTES.search(part) or _kept(part, late) for part in parts[1::2]):
        raise ValueError(f"This line cannot be written by echo, because of its quotes: {shown(line)}")
    if any(_LOOP.match(line, token.end()) for token in _kept(line, late)):
        raise ValueError(f"This line cannot be written by echo, because of what follows a variable: {shown(line)}")
    if _MEANT_FOR_ECHO.fullmatch(line):
        raise ValueError(f"This line cannot be written by echo, which would take it for its own: {shown(line)}")
    parts[::2] = [_escaped(part, late) for part in parts[::2]]
    return "echo " + '"'.join(parts)


def _kept(text: str, late: bool) -> list[re.Match[str]]:
    """The tokens that arrive as they are."""
    return [token for token in _TOKEN.finditer(text) if late or token[0] == _CODE]


def _escaped(text: str, late: bool) -> str:
    """What stands outside of quotes, so that cmd.exe prints it."""
    active = _ACTIVE.sub(r"^\g<0>", text)
    for token in (_CODE, _ROOT) if late else (_CODE,):
        active = active.replace(token, f"^%{token[1:-1]}^%")
    return active


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


def written(folder: str, name: str, lines: Sequence[str], *, late: bool = False) -> tuple[str, ...]:
    """Commands that make the folder and write these lines into a file there, in the host's code page with CR LF.

    They may go in several lines of cmd.exe, in their order: the first ones make the folder and begin the file anew, the
    others append. ``md`` complains where the folder is there, which does no harm.

    Two variables may stand in a line. ``%SystemRoot%`` is filled in at once; ``%errorlevel%`` arrives as it is, for a
    batch file. Other programs that are to write such lines would need them in another form.

    :param late: ``%SystemRoot%``, too, arrives as it is: then the size of the file is known (:func:`size`).
    :raises ValueError: a line that echo cannot write: any other ``%``, ``!``, anything but printable ASCII, quotes that
        are not closed or hold one of ``&|<>^`` or a variable that is to arrive, a letter or digit right behind such a
        variable, ``on``, ``off``, ``/?``; or as :func:`path`.
    """
    file = path(folder, name)
    pieces = _chunks([_echo(line, late) for line in lines] or [_echo("", late)])
    files = (f"({piece}){'>>' if number else '>'}{file}" for number, piece in enumerate(pieces))
    return (f"md {folder_path(folder)}", *files)


def size(lines: Sequence[str]) -> int:
    """Bytes of a file of these lines in which nothing was filled in."""
    return sum(len(line) + 2 for line in lines or [""])


def removed(folder: str) -> str:
    """The command that removes a staging folder with all that is in it.

    :raises ValueError: as :func:`path`.
    """
    return f"rd /s /q {folder_path(folder)}"
