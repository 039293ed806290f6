# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a line of cmd.exe is made of, once it is parsed; and the two ways in which it cannot be."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

#: Characters that separate words for cmd itself.
BLANKS: t.Final = " \t,;=\x0b\x0c\xff"


class Refused(Exception):
    """A construct that the lab does not model; a host must never be sent it."""


class SyntaxFault(Exception):
    """What cmd.exe itself would call a syntax error, in its words."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """``<nul`` is (0, "nul"), ``>nul`` (1, "nul"), ``2>&1`` (2, "&1"); a file is named as in the line, quotes and all.

    ``append`` is True for ``>>``.
    """

    handle: int
    target: str
    append: bool = False


@dataclass(frozen=True, slots=True)
class Simple:
    text: str
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    body: Node
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Pipe:
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class For:
    """``from_command`` is the ``/f`` form; ``inside`` the text between the brackets."""

    variable: str
    inside: str
    body: Node
    from_command: bool = False
    options: str = ""


@dataclass(frozen=True, slots=True)
class If:
    """``size``: ``%~zk==5`` or ``%~zk lss 5``, the operand as it stands in the line."""

    test: t.Literal["exist", "errorlevel", "size"]
    negated: bool
    operand: str
    body: Node


Node = t.Union[Simple, Group, Sequence, Pipe, For, If]
