# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sections packed into as few lines as a shell's limit allows: order kept, no section split, no line too long."""

from __future__ import annotations

import secrets
import typing as t
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.transcript import END
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import MARK, Section, commands, joined

#: The marks of the words for "absent": as they are, and past a filter.
CANARY: t.Final = "ABS"
FILTERED: t.Final = "PIP"
#: What stands in most commands, by the loop variable that stands for it on the line.
_SHORT: t.Final = {
    "%c": r"HKLM\SYSTEM\CurrentControlSet",
    "%p": r"HKLM\SOFTWARE\Policies\Microsoft",
    "%m": r"HKLM\SOFTWARE\Microsoft",
    "%w": r"HKLM\SOFTWARE\Wow6432Node",
    "%~i": r"Windows\CurrentVersion\Internet Settings",
}
_TOKEN_BYTES: t.Final = 8
#: Stands for the token in a line that is not sent yet, and is as long; no key and no command has it (quote.py).
_NO_TOKEN: t.Final = "<" * 2 * _TOKEN_BYTES


class PackError(ValueError):
    """A section is longer than a line may be."""


def new_token() -> str:
    """16 hex digits that nobody on the host can know before the line arrives there."""
    return secrets.token_hex(_TOKEN_BYTES)


def compose(parts: Sequence[str], token: str) -> str:
    r"""A whole line around some commands.

    It begins with queries that must fail, of a key and of a value that cannot be there: the host's own words for
    "absent", and whether they come past a filter. It ends with a mark, so that an answer that was cut off shows.
    Everything, errors too, goes to standard output; nothing can read from standard input (a tool that asks would wait
    for ever).

    ``%t`` is the token with its colon, and other variables are frequent keys: loops over one constant each, which
    cmd.exe fills in after parsing, save a quarter of the line. Nothing but a letter may follow such a variable at once:
    ``%t:x%`` would be one of the environment.
    """
    absent = f"reg query HKLM\\{token}"
    canary = (
        f'echo {MARK}{CANARY}&{absent}&reg query HKLM\\SYSTEM /v {token}&echo {MARK}{FILTERED}&{absent}|find "REG_"'
    )
    line = joined([canary, *parts, f"echo {MARK}{END}"])
    for variable, key in _SHORT.items():
        if key in line:
            constant = f'"{key}"' if " " in key else key
            line = f"for %{variable[-1]} in ({constant}) do ({line.replace(key, variable)})"
    return f"echo off&(for {MARK} in ({token}:) do ({line})) <nul 2>&1"


@dataclass(frozen=True, slots=True)
class Batch:
    """The sections of one line. ``user``: the one key below HKU that sections per user read; None: all logged on.

    ``template`` is the line around a place for the token: composed once, for all hosts.
    """

    sections: tuple[Section, ...]
    user: str | None = None
    template: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = [part for section in self.sections for part in commands(section, self.user)]
        object.__setattr__(self, "template", compose(parts, _NO_TOKEN))

    def text(self, token: str) -> str:
        """The line. A fresh token for each line: the one before may have been seen on the host."""
        return self.template.replace(_NO_TOKEN, token)

    def __len__(self) -> int:
        return len(self.template)


def pack(sections: Iterable[Section], limit: int, user: str | None = None) -> tuple[Batch, ...]:
    """The lines that read all sections, in their order.

    :param limit: how many characters a line may have.
    :param user: as in :class:`Batch`.
    :raises PackError: a section alone is longer than a line may be.
    """
    batches: list[Batch] = []
    for section in sections:
        alone = Batch((section,), user)
        if len(alone) > limit:
            raise PackError(f'the section "{section.name}" does not fit into a line of {limit} characters')
        joined = Batch((*batches[-1].sections, section), user) if batches else alone
        if batches and len(joined) <= limit:
            batches[-1] = joined
        else:
            batches.append(alone)
    return tuple(batches)
