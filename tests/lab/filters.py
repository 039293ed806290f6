# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-ins for ``find.exe`` and ``findstr.exe``, as far as the reading of a host uses them."""

from __future__ import annotations

import functools
import re
import typing as t

from .parse import Refused

if t.TYPE_CHECKING:
    from .machine import Streams


def _lines(streams: Streams, program: str) -> list[str]:
    if streams.stdin is None:
        raise Refused(f"{program} without a pipe: it would wait for input for ever")
    lines = streams.stdin.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return [line.rstrip("\r") for line in lines]


def _print(streams: Streams, lines: list[str]) -> int:
    if not lines:
        return 1
    streams.out.append("\r\n".join(lines) + "\r\n")
    return 0


def find(text: str, streams: Streams) -> int:
    """``find [/v] [/i] "TEXT"``; exit code 1 where no line is printed."""
    match = re.fullmatch(r'\s*((?:/[vi]\s+)*)"((?:[^"]|"")*)"\s*', text, re.IGNORECASE)
    if match is None:
        raise Refused(f"find{text}")
    switches = match[1].lower()
    wanted = match[2].replace('""', '"')
    lines = _lines(streams, "find")
    inverted = "/v" in switches
    if not wanted:
        # An empty text is in no line, so that ``find /v ""`` prints what it reads.
        return _print(streams, lines if inverted else [])
    if "/i" in switches:
        wanted = wanted.lower()
        return _print(streams, [line for line in lines if (wanted in line.lower()) is not inverted])
    return _print(streams, [line for line in lines if (wanted in line) is not inverted])


def findstr(arguments: list[str], streams: Streams) -> int:
    """``findstr [/r] [/x] [/i] [/v] /c:"TEXT"``; exit code 1 where no line is printed."""
    switches, patterns = set(), []
    for argument in arguments:
        if argument.lower().startswith("/c:"):
            patterns.append(argument[3:])
        elif argument.lower() in ("/r", "/x", "/i", "/v", "/l"):
            switches.add(argument.lower())
        else:
            raise Refused(f"findstr with {argument}")
    if len(patterns) != 1 or not patterns[0]:
        raise Refused('findstr without exactly one /c:"TEXT"')
    matcher = _matcher(patterns[0], frozenset(switches))
    inverted = "/v" in switches
    return _print(streams, [line for line in _lines(streams, "findstr") if (matcher(line) is not None) is not inverted])


@functools.lru_cache(maxsize=64)
def _matcher(pattern: str, switches: frozenset[str]) -> t.Callable[[str], re.Match[str] | None]:
    translated = _translate(pattern) if "/r" in switches else re.escape(pattern)
    compiled = re.compile(translated, re.IGNORECASE if "/i" in switches else 0)
    return compiled.fullmatch if "/x" in switches else compiled.search


#: The order in which findstr's ranges run: not that of the codes, https://stackoverflow.com/a/8844873
_COLLATION: t.Final = "0123456789" + "".join(f"{letter}{letter.upper()}" for letter in "abcdefghijklmnopqrstuvwxyz")


def _members(inner: str) -> str:
    """The inside of a set for Python: ``[A-Z]`` of findstr has all small letters but ``a`` in it."""
    found: list[str] = []
    at = 0
    while at < len(inner):
        first, last = inner[at], inner[at + 2 : at + 3]
        if inner[at + 1 : at + 2] == "-" and last:
            if first not in _COLLATION or last not in _COLLATION:
                raise Refused(f"findstr with the range [{first}-{last}]")
            found.append(_COLLATION[_COLLATION.index(first) : _COLLATION.index(last) + 1])
            at += 3
        else:
            found.append(first)
            at += 1
    return re.escape("".join(found))


def _translate(pattern: str) -> str:
    """findstr's expressions: ``.``, ``*``, ``[set]``, ``^`` and ``$`` at the ends, all else literal."""
    result, at = [], 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "[":
            end = pattern.find("]", at + 1)
            if end < 0:
                raise Refused(f"findstr with a [ without its ]: {pattern}")
            negated = pattern.startswith("^", at)
            result.append(f"[{'^' if negated else ''}{_members(pattern[at + negated : end])}]")
            at = end + 1
        elif char in ".*" or (char == "^" and at == 1) or (char == "$" and at == len(pattern)):
            result.append(char)
        elif char == "\\":
            raise Refused(f"findstr with a backslash: {pattern}")
        else:
            result.append(re.escape(char))
    return "".join(result)
