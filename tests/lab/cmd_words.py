# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of cmd.exe: the name of a command, the values and options of ``for``."""

from __future__ import annotations

import functools
import re
import typing as t

from .grammar import Refused

_ECHO_DOT: t.Final = re.compile(r"\s*echo\.", re.IGNORECASE)
FIRST_WORD: t.Final = re.compile(r'\s*("[^"]*"|[^\s,;=/"]+)')


def split_command(text: str) -> tuple[str, str]:
    """(name without folder and .exe, the rest with its leading blank)."""
    if dot := _ECHO_DOT.match(text):
        return "echo.", text[dot.end() :]
    match = FIRST_WORD.match(text)
    return (_program(match[1]), text[match.end() :]) if match else ("", text)


@functools.lru_cache(maxsize=512)
def _program(word: str) -> str:
    folder, _unused, name = word.strip('"').lower().rpartition("\\")
    if folder and not folder.endswith(("\\system32", "\\sysnative", "\\system32\\wbem")):
        name = f"{folder}\\{name}"
    return name.removesuffix(".exe").removesuffix(".com")


def plain_values(inside: str) -> list[str]:
    values = re.findall(r'"[^"]*"|[^\s,;="]+', inside)
    if any("*" in value or "?" in value for value in values):
        raise Refused(f"for over file names: {inside}")
    return values


def options(options: str) -> tuple[int, str]:
    """(number of the token, delimiters) of ``for /f``."""
    match = re.fullmatch(r"tokens=(\d)(?:\s+delims=(.*))?", options)
    if match is None:
        raise Refused(f'for /f "{options}": only "tokens=N" and "tokens=N delims=..."')
    return int(match[1]), " \t" if match[2] is None else match[2]


def size_holds(condition: str) -> bool:
    """``5==5`` and ``5 lss 6``, once the sizes are filled in; texts are compared where one of them is no number."""
    same = re.fullmatch(r"(\d*)==(\d+)", condition)
    if same is not None:
        return same[1] == same[2]
    less = re.fullmatch(r"(\d*) lss (\d+)", condition, re.IGNORECASE)
    if less is None:
        raise Refused(f"if {condition}")
    return int(less[1]) < int(less[2]) if less[1] else True
