# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that the host itself gets: what stands where, and the lines that are said to it meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import stage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_far import Far, insist


@dataclass(slots=True)
class Fetch:
    """One file on its way to ``far``, under its ``name``. ``origin``: its path or URL, as the host names it.

    ``report``: told (bytes that are there, bytes of the file), and at each wait, when the latter may be 0: not known.
    """

    far: Far
    origin: str
    name: str
    report: Callable[[int, int], None]
    clock: Callable[[], float]
    sleep: Callable[[float], None]

    def staged(self, name: str) -> str:
        """The path of a helper file beside it."""
        return stage.path(self.far.folder, name)

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
        self.said(*stage.written(self.far.folder, name, lines))
        insist(self.far.size(self.staged(name)), stage.size(lines), what)

    def delete(self, *names: str) -> None:
        """Remove helper files."""
        files = map(self.staged, names)
        self.said(*(f"(if exist {file} (del /q {file}))" for file in files))
