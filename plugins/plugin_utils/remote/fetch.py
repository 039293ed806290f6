# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that the host itself gets: what stands where, and the lines that are said to it meanwhile."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import stage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_far import Far, insist

#: What a line of ours prints where the command before it failed: the host's own words are in its own language.
FAILED: t.Final = "MFT failed"
OR_SAY_SO: t.Final = f"(if errorlevel 1 (echo {FAILED}))"


@dataclass(slots=True)
class Fetch:
    """One file on its way. ``origin``: its path or URL, as the host names it; ``folder``, ``name``: where it goes."""

    far: Far
    origin: str
    folder: str
    name: str
    report: Callable[[int, int], None]
    clock: Callable[[], float]
    sleep: Callable[[float], None]

    def staged(self, name: str) -> str:
        """The path of a helper file beside it."""
        return stage.path(self.folder, name)

    def said(self, *commands: str) -> tuple[str, ...]:
        """Carry out commands; the lines that they printed, none where the answer may not be believed.

        :raises ShellError: the answer is not complete.
        """
        queries = [Query(f"FE{number}", command=command) for number, command in enumerate(commands)]
        exchange = self.far.exchange
        exchange.run(section(query.code, query) for query in queries)
        answers = [exchange.answers.lines(query.code) for query in queries]
        return tuple(line for lines in answers if not isinstance(lines, Unread) for line in lines)

    def write(self, name: str, lines: Sequence[str], what: str) -> None:
        """Put a text file beside it.

        :raises TransferError: it is not there as it should be.
        """
        self.said(*stage.written(self.folder, name, lines))
        insist(self.far.size(self.staged(name)), sum(len(line) + 2 for line in lines), what)

    def delete(self, *names: str) -> None:
        """Remove helper files."""
        files = map(self.staged, names)
        self.said(*(f"(if exist {file} (del /q {file}))" for file in files))


def words(lines: Sequence[str]) -> str:
    """What the host said, for the end of a sentence."""
    said = " ".join(" ".join(line for line in lines if line.strip() != FAILED).split())
    return f"; it said: {shown(said, 300).rstrip('.')}" if said else ""
