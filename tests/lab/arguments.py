# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a program takes its command line apart."""

from __future__ import annotations

import re
import typing as t

_PLAIN_ARGUMENT: t.Final = re.compile(r'(?:[^ \t"]|"[^"]*(?:"|\Z))+')


def split_arguments(text: str) -> list[str]:
    """Arguments as the C run-time of reg.exe and others splits them: quotes group, backslashes escape only quotes.

    https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments
    """
    if '"' not in text:
        return [argument for argument in text.replace("\t", " ").split(" ") if argument]
    if '\\"' not in text:
        return [argument.replace('"', "") for argument in _PLAIN_ARGUMENT.findall(text)]
    return _split_escaped(text)


def _split_escaped(text: str) -> list[str]:
    arguments: list[str] = []
    current: str | None = None
    quoted = False
    for slashes, char in re.findall(r"(\\*)([^\\]|\Z)", text, re.DOTALL):
        if char == '"':
            current = (current or "") + "\\" * (len(slashes) // 2)
            if len(slashes) % 2:
                current += '"'
            else:
                quoted = not quoted
            continue
        if slashes:
            current = (current or "") + slashes
        if char and (quoted or char not in " \t"):
            current = (current or "") + char
        elif current is not None and (char or not quoted):
            arguments.append(current)
            current = None
    return arguments if current is None else [*arguments, current]
