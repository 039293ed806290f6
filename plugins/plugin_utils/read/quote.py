# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one door through which a text gets onto a command line.

A text passes if it means nothing to anybody on its way: PowerShell, two interpreters of cmd.exe (of which the outer one
sees inside and outside of quotes swapped), and the C run-time that splits a program's arguments. So no ``"`` and no
``%`` at all, none of ``&|<>^`` although quotes protect them once, and no ``!``, since delayed expansion may be on.
What does not pass travels in a file or not at all.

https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

#: Characters that a text may have; half of what cmd.exe takes in a line, so that a command around it has room.
LONGEST: t.Final = 4000
_HARMLESS: t.Final = re.compile(r"[\w\\.{}~-]+", re.ASCII)
_SAFE: t.Final = re.compile(r"""[ -~]+""")
_SPECIAL: t.Final = re.compile(r'["%&|<>^!]')


class Unquotable(ValueError):
    """A text that must not stand on a command line. The message is one sentence for people."""


def _objection(text: str) -> str | None:
    if not text:
        return "it is empty"
    if len(text) > LONGEST:
        return f"it has {len(text)} characters, and {LONGEST} are the most"
    if not _SAFE.fullmatch(text):
        return "it has characters other than printable ASCII"
    if found := _SPECIAL.search(text):
        return f"it has a {found[0]}"
    return None


def quotable(text: str) -> bool:
    """Whether :func:`quote` takes that text."""
    return _objection(text) is None


def quote(text: str) -> str:
    r"""The text as one argument of a command: bare where it is harmless, else in double quotes.

    ``C:\a b\`` → ``"C:\a b\\"``: a backslash before the closing quote would take it for its own.

    :raises Unquotable: it is empty, too long, or has a character that somebody on the way might act on.
    """
    if objection := _objection(text):
        raise Unquotable(f"This text may not stand on a command line, because {objection}: {shown(text)}")
    if _HARMLESS.fullmatch(text):
        return text
    return f'"{text}{chr(92) * (len(text) - len(text.rstrip(chr(92))))}"'
