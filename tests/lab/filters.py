"""The stand-ins for ``find.exe`` and ``findstr.exe``, as far as the reading of a host uses them."""

from __future__ import annotations

import functools
import re
import typing as t

from .parse import Refused

if t.TYPE_CHECKING:
    from .cmd import Streams


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
        raise Refused("findstr without exactly one /c:\"TEXT\"")
    matcher = _matcher(patterns[0], frozenset(switches))
    inverted = "/v" in switches
    return _print(streams, [line for line in _lines(streams, "findstr") if (matcher(line) is not None) is not inverted])


@functools.lru_cache(maxsize=64)
def _matcher(pattern: str, switches: frozenset[str]) -> t.Callable[[str], re.Match[str] | None]:
    translated = _translate(pattern) if "/r" in switches else re.escape(pattern)
    compiled = re.compile(translated, re.IGNORECASE if "/i" in switches else 0)
    return compiled.fullmatch if "/x" in switches else compiled.search


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
            inner = pattern[at + negated : end].replace("\\", "\\\\").replace("[", "\\[")
            result.append(f"[{'^' if negated else ''}{inner}]")
            at = end + 1
        elif char in ".*" or (char == "^" and at == 1) or (char == "$" and at == len(pattern)):
            result.append(char)
        elif char == "\\":
            raise Refused(f"findstr with a backslash: {pattern}")
        else:
            result.append(re.escape(char))
    return "".join(result)
