# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seam between this project and a host: one line of cmd.exe in, one answer out.

All that talks to a host goes through :class:`Shell`; tests put a fake in its place.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

#: cmd.exe refuses longer lines, on XP and on everything since.
#: https://learn.microsoft.com/troubleshoot/windows-client/shell-experience/command-line-string-limitation
CMD_LIMIT: t.Final = 8191


class ShellError(Exception):
    """A host could not be talked to. The message is one sentence, safe to print.

    ``unreachable``: True where the transport failed, False where a host answered and the answer is of no use.
    """

    def __init__(self, message: str, *, unreachable: bool = False) -> None:
        super().__init__(message)
        self.unreachable = unreachable


@dataclass(frozen=True, slots=True)
class Output:
    """What a line gave. ``rc`` of a joined line means nothing; ``out`` is in the host's code page.

    ``cut``: why ``out`` is not all that the line would have given (a deadline, a limit), or None.
    """

    rc: int
    out: bytes
    err: bytes
    cut: str | None = None


class Shell(t.Protocol):
    """A way to run lines of cmd.exe on one host."""

    @property
    def limit(self) -> int:
        """How many characters a line may have."""

    def run(self, line: str) -> Output:
        """Run one line, without anything on its standard input.

        :raises ShellError: nothing of use came back.
        """


class FileShell(Shell, t.Protocol):
    """A shell that can also bring a file to its host, in one of two ways, and that outlives a restart of its host."""

    @property
    def feeds(self) -> bool:
        """True: by :meth:`feed`. False: by :meth:`carry`."""

    def feed(self, line: str, chunks: Iterable[bytes]) -> Output:
        """Run one line with these bytes on its standard input, never more than a part of them in memory.

        :raises ShellError: nothing of use came back; the line may have got a part of the input.
        """

    def carry(self, source: Path, target: str) -> None:
        """Copy a file to a whole path on the host.

        :raises ShellError: it is not there, or not all of it.
        """

    def renew(self, patience: int | None = None) -> None:
        """Forget the connection, so that the next line connects anew. Raises nothing.

        :param patience: seconds for each answer; None: as usual.
        """
