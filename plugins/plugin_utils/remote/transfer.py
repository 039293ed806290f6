# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file to a host, whatever the connection: streamed, resumed where it broke off, verified by SHA-256 on the host.

Over a connection that only runs lines, the file goes as base64 on the standard input of ``find``, a few megabytes at a
time; each part is decoded on the host and appended to the file. What has arrived is told by sizes, so that a run that
was broken off goes on from there; what counts in the end is the checksum of the whole, computed on the host.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import it_said, shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import FileShell, ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_far import Far, insist
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_text import (
    PART,
    TransferError,
    measure,
    opened,
    place,
    text,
    text_size,
)

#: Told (bytes that are on the host, bytes of the file) whenever more have arrived.
Report = Callable[[int, int], None]


def put(
    shell: FileShell, source: Path, folder: str, name: str, report: Report | None = None, sha256: str | None = None
) -> str:
    """Bring a file into a staging folder on the host, whole and verified.

    :param folder: as ``stage.folder_of`` gives it; the same for the same file, so that a second run can go on.
    :param name: of the file there.
    :param sha256: in hex digits, what the file must have before anything is sent; None: whatever it has.
    :returns: SHA-256 of the file, in small hex digits.
    :raises TransferError: the file is not there, or not as it should be.
    :raises ShellError: the host could not be talked to; what has arrived stays there for the next run.
    :raises ValueError: a name that cannot be.
    """
    with opened(source) as file:
        size, digest, _unused = measure(file)
        if sha256 is not None and digest != sha256.lower():
            raise TransferError(
                f"{shown(str(source), 300)} has the checksum {digest} and should have {shown(sha256, 64)},"
                " so it is not sent; fetch it again."
            )
        far = Far(Exchange(shell), folder, place(folder, name))
        sending = _Sending(shell, file, size, name, far, report or _nobody)
        if shell.feeds:
            sending.feed()
        else:
            sending.carry(source, folder, name)
        found = far.checksum(size)
    if found != digest:
        raise TransferError(
            f"{name} has the checksum {found} on the host and {digest} here; {far.thrown_away()}: run it again."
        )
    return digest


def _nobody(done: int, total: int) -> None:
    """Nobody wants to know."""


@dataclass(slots=True)
class _Sending:
    shell: FileShell
    file: t.BinaryIO
    size: int
    name: str
    far: Far
    report: Report
    texts: list[str] = field(default_factory=list)
    fresh: bool = False

    def feed(self) -> None:
        """Send what is not there yet."""
        done, texts = self.far.begin()
        self.texts = list(texts)
        if not self.texts:
            raise TransferError(
                f"What broke off before still holds its files on the host, so {self.name} cannot be sent yet;"
                " run it again in a few minutes."
            )
        if self.size == 0:
            self._empty()
            return
        if done is not None and (done > self.size or (done % PART and done != self.size)):
            self.far.delete(self.far.target)  # something broke off in the middle of appending
            done = None
        done = done or 0
        while done < self.size:
            self.report(done, self.size)
            done = self._part(done)
        self.report(done, self.size)

    def _empty(self) -> None:
        self.shell.feed(f'find /v "" >{self.far.target}', ())
        if self.far.size(self.far.target) != 0:
            raise TransferError(f"{self.name} is empty here, and not on the host.")

    def _part(self, done: int) -> int:
        """Send one part; how many bytes are there after that."""
        number, count = done // PART, min(PART, self.size - done)
        file, sent = self.far.part(number), ""
        # A run that broke off may have left the part decoded that it was about to append.
        fresh, self.fresh = self.fresh, True
        if fresh or self.far.size(file) != count:
            sent = self.texts[0]
            output = self.shell.feed(f'find /v "" >{sent}', text(self.file, done, count))
            said = it_said([output.err.decode("ascii", "replace")])
            held, made = self.far.decode(sent, file, text_size(count))
            insist(held, text_size(count), f"part {number + 1} of {self.name}", said)
            insist(made, count, f"part {number + 1} of {self.name}, decoded", self.far.words("DO1"))
        there = self.far.append(number, sent)
        insist(there, done + count, self.name, self.far.words("DO1" if sent else "DO0"))
        return done + count

    def carry(self, source: Path, folder: str, name: str) -> None:
        """Let the connection copy it, unless it is there."""
        done, _texts = self.far.begin()
        if done != self.size:
            self.report(0, self.size)
            target = f"{self.far.root()}\\{folder}\\{name}"
            try:
                self.shell.carry(source, target)
            except ShellError as error:
                if error.unreachable:
                    raise
                raise TransferError(f"{name} could not be copied to the host: {error}") from error
            insist(self.far.size(self.far.target), self.size, name)
        self.report(self.size, self.size)
