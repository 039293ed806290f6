# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text and trees of cmd.exe: the variables of loops put in, and a tree written back as text for a child."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable, Mapping

from .grammar import For, Group, Node, Pipe, Redirect, Refused, Sequence, Simple

_MODIFIERS: t.Final = re.compile(r"[fdpnxsatz]*", re.IGNORECASE)


def substitute(text: str, variables: Mapping[str, str], size: Callable[[str], str] | None = None) -> str:
    """``%k`` and ``%~k`` of the loops around, and ``%~zk``; nothing that comes of it is parsed again here.

    ``size``: tells the size of a file; None where sizes are not known.
    """
    if not variables or "%" not in text:
        return text
    result, at = [], 0
    while (found := text.find("%", at)) >= 0:
        result.append(text[at:found])
        value, at = _variable(text, found, variables, size)
        result.append(value)
    return "".join([*result, text[at:]])


def _variable(text: str, at: int, variables: Mapping[str, str], size: Callable[[str], str] | None) -> tuple[str, int]:
    """(what stands for the variable at that %, where the text goes on). The longest run of modifiers wins."""
    if text[at + 1 : at + 2] != "~":
        name = text[at + 1 : at + 2]
        return (variables[name], at + 2) if name in variables else ("%", at + 1)
    modifiers = _MODIFIERS.match(text, at + 2)
    assert modifiers is not None
    for end in range(modifiers.end(), at + 1, -1):
        name = text[end : end + 1]
        if name in variables:
            value = variables[name]
            bare = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
            modifier = text[at + 2 : end].lower()
            if modifier == "z" and size is not None:
                return size(bare), end + 1
            if modifier:
                raise Refused(f"the modifier {text[at : end + 1]}")
            return bare, end + 1
    return "%", at + 1


def unparse(node: Node, variables: Mapping[str, str]) -> str:
    """The text that cmd.exe hands to the child that runs one side of a pipe. Carets are gone from it by then."""
    if isinstance(node, Simple):
        return substitute(node.text, variables) + _redirect_text(node.redirects)
    if isinstance(node, Group):
        return f"({unparse(node.body, variables)} ){_redirect_text(node.redirects)}"
    if isinstance(node, Sequence):
        return " & ".join(unparse(item, variables) for item in node.items)
    if isinstance(node, Pipe):
        return f"{unparse(node.left, variables)} | {unparse(node.right, variables)}"
    inside = {name: value for name, value in variables.items() if not isinstance(node, For) or name != node.variable}
    if isinstance(node, For):
        switch = f'/f "{node.options}" ' if node.from_command else ""
        head = f"for {switch}%{node.variable} in ({substitute(node.inside, variables)}) do "
    else:
        head = f"if {'not ' if node.negated else ''}{node.test} {substitute(node.operand, variables)} "
    return head + unparse(node.body, inside)


def _redirect_text(redirects: tuple[Redirect, ...]) -> str:
    arrows = {(True, False): "<", (False, False): ">", (False, True): ">>"}
    return "".join(f" {r.handle}{arrows[r.handle == 0, r.append]}{r.target}" for r in redirects)
