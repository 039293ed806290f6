# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a line must look like for Wine's cmd.exe, and what in it writes.

Wine 8 takes the redirection behind a group for a command of its own. So ``(a&b)>F`` becomes ``(>F a&>>F b)``, which is
the same for commands that print and do nothing else with F. Only plain commands can stand in such a group here.
And it fills in variables twice, the second time without the carets: in such a group, ``^%`` becomes a word that a
program of the lab replaces in the file; elsewhere it is refused. The same program puts groups into a file, where such
lines are what is written into a batch file, in those words (``wine_tools/batch.c``).
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping

from .grammar import Group, Redirect, Refused, Sequence, Simple
from .parse import expand_percent, places

#: Commands that change a host; those of reg that only read do not.
_WRITERS: t.Final = frozenset(
    "md mkdir rd rmdir del erase copy xcopy move ren rename netsh regini attrib icacls takeown "
    "schtasks shutdown".split()
)
_READS: t.Final = frozenset({"query"})
_WORDS: t.Final = re.compile(r'[^\s,;="]+')
#: Put in by the lab, so that it can read the paths; all other variables are for Wine to put in.
_FOLDERS: t.Final = {"SYSTEMROOT": r"C:\windows", "WINDIR": r"C:\windows"}

#: What writes ``%``, and what stands for it until ``labbatch`` has been there; what writes the end of a group.
_ESCAPED, _MARK, _INTO = "^%", "{LAB-PERCENT}", "^)^>"

Placed = tuple[t.Union[Simple, Group], int, int]


def to_file(redirects: tuple[Redirect, ...]) -> tuple[Redirect, ...]:
    """Those that go to a file."""
    return tuple(one for one in redirects if one.handle == 1 and one.target != "nul")


def writes(line: str, environment: Mapping[str, str]) -> list[str]:
    """What in a line changes the host, in the order of the line; raises Refused or SyntaxFault."""
    found = []
    for node, begin, _end in sorted(places(expand_percent(line, environment)), key=lambda place: place[1]):
        found += [(begin, f"{'>>' if one.append else '>'}{one.target}") for one in to_file(node.redirects)]
        if isinstance(node, Simple) and _writes(node.text):
            found.append((begin, node.text.strip()))
    return [text for _begin, text in sorted(found)]


def program(text: str) -> str:
    """The lower-case name of a command, without ``.exe``."""
    first = _WORDS.search(text)
    return first[0].lower().removesuffix(".exe") if first else ""


def _writes(text: str) -> bool:
    words = _WORDS.findall(text)
    if program(text) == "reg":
        return len(words) > 1 and words[1].lower() not in _READS
    if program(text) == "certutil":
        return "-decode" in words
    return program(text) in _WRITERS


def for_wine(line: str) -> str:
    """The line as Wine's cmd.exe understands it; raises Refused for what it cannot be told."""
    line = expand_percent(line, _FOLDERS)
    every = places(line)
    for node, begin, end in sorted(every, key=lambda place: -place[1]):
        if isinstance(node, Group) and to_file(node.redirects):
            line = line[:begin] + _spread(node, begin, end, every, line) + line[end:]
    if _ESCAPED in line:
        raise Refused("^% outside of a group into a file, which Wine's cmd cannot be told")
    return line


def for_batch(line: str) -> bytes:
    """The same as a ``.cmd`` file, for a line that reads standard input; raises Refused."""
    told = for_wine(line)
    if "%" in told:
        raise Refused("a variable in a line with input")
    return f"{told}\r\n".encode()


def _spread(group: Group, begin: int, end: int, every: list[Placed], line: str) -> str:
    items = group.body.items if isinstance(group.body, Sequence) else (group.body,)
    redirect, *more = group.redirects
    if more or not all(isinstance(one, Simple) and not one.redirects for one in items):
        raise Refused("a group into a file that Wine's cmd cannot be told: plain commands, one redirection")
    inside = sorted((first, last) for _node, first, last in every if begin < first and last <= end)
    arrows = [">>" if redirect.append or number else ">" for number in range(len(inside))]
    told = (f"{arrow}{redirect.target} {line[a:b]}" for arrow, (a, b) in zip(arrows, inside, strict=True))
    text = "&".join(told)
    if _ESCAPED in text or _INTO in text:
        text = f"{text.replace(_ESCAPED, _MARK)}&labbatch {redirect.target}"
    return f"({text})"
