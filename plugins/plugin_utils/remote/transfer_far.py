# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
r"""The far side of a transfer: what stands in its folder on the host, and the lines that work on it.

``textN.txt``: text as it comes in, one of a few names, since what broke off may hold its file open for a while.
``partN.bin``: part N decoded. The file itself grows by whole parts, so that its size says which have arrived.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Sequence
from dataclasses import dataclass, field

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import it_said, shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import stage, transfer_script
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_text import TransferError

_TEXTS: t.Final = 4
_SIZE: t.Final = re.compile(r"\[([0-9]{0,15})\]", re.ASCII)
_SUM: t.Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ROOT: t.Final = re.compile(r"\[([A-Za-z]:\\[A-Za-z0-9_~.-]{1,60})\]", re.ASCII)


def insist(found: int | None, wanted: int, what: str, words: str = "") -> None:
    """Raises TransferError unless so many bytes of that are on the host."""
    if found != wanted:
        raise TransferError(
            f"Of {what}, {found or 0} of {wanted} bytes are on the host; its disk is full, or something there cut it"
            f" off: make room and run it again{words}."
        )


@dataclass(slots=True)
class Far:
    """The folder of one transfer. ``target``: the file's path for a command line. ``script``: certutil is no help."""

    exchange: Exchange
    folder: str
    target: str
    script: bool = False
    _staged: bool = field(default=False, repr=False)

    def staged(self, name: str) -> str:
        """The path of a helper file beside it, for a command line."""
        return stage.path(self.folder, name)

    def part(self, number: int) -> str:
        """The path of a decoded part."""
        return self.staged(f"part{number}.bin")

    def _ask(self, commands: Sequence[str], files: Sequence[str] = ()) -> tuple[int | None, ...]:
        """Carry out commands; the sizes of files after that, None where there is none.

        :raises ShellError: the answer is not complete.
        :raises TransferError: it may not be believed.
        """
        # "%~zg" is empty where there is no file; the loop only serves to give the size.
        sizes = [Query(f"SZ{n}", command=f"(for %g in ({file}) do (echo [%~zg]))") for n, file in enumerate(files)]
        done = [Query(f"DO{n}", command=command) for n, command in enumerate(commands)]
        self.exchange.run(section(query.code, query) for query in (*done, *sizes))
        return tuple(self._size(query.code) for query in sizes)

    def _size(self, code: str) -> int | None:
        lines = self.exchange.answers.lines(code)
        found = None if isinstance(lines, Unread) else _SIZE.fullmatch("".join(lines).strip())
        if found is None:
            why = lines.why if isinstance(lines, Unread) else f"it said: {shown(' '.join(lines), 200)}"
            raise TransferError(f"The host does not say how large a file is: {why}.")
        return int(found[1]) if found[1] else None

    def _said(self, code: str) -> tuple[str, ...]:
        lines = self.exchange.answers.lines(code)
        return () if isinstance(lines, Unread) else lines

    def said(self, *commands: str) -> tuple[str, ...]:
        """Carry out commands; the lines that they printed, none where the answer may not be believed.

        :raises ShellError: the answer is not complete.
        """
        self._ask(commands)
        return tuple(line for number in range(len(commands)) for line in self._said(f"DO{number}"))

    def words(self, *codes: str) -> str:
        """What the host said to commands of the last line, for the end of a sentence."""
        return it_said(line for code in codes for line in self._said(code))

    def begin(self) -> tuple[int | None, tuple[str, ...]]:
        """Make the folder. The size of the file as it is, and which names for texts are free."""
        texts = [self.staged(f"text{number}.txt") for number in range(_TEXTS)]
        new = stage.folder_path(self.folder)
        cleaning = "&".join(f"(if exist {text} (del /q {text}))" for text in texts)
        size, *taken = self._ask([f"(if not exist {new} (md {new}))", cleaning], [self.target, *texts])
        return size, tuple(text for text, held in zip(texts, taken, strict=True) if held is None)

    def root(self) -> str:
        """The Windows folder as a path, for those who cannot put in a variable.

        :raises TransferError: it is none.
        """
        lines = self.said("echo [%SystemRoot%]")
        found = _ROOT.fullmatch("".join(lines).strip())
        if found is None:
            raise TransferError(f"The host does not say where its Windows folder is{it_said(lines)}.")
        return found[1]

    def size(self, file: str) -> int | None:
        """The size of one file."""
        return self._ask([], [file])[0]

    def delete(self, *files: str) -> None:
        """Remove files."""
        self._ask([f"(if exist {file} (del /q {file}))" for file in files])

    def write(self, name: str, lines: Sequence[str], what: str) -> None:
        """Put a text file beside it.

        :raises TransferError: it is not there as it should be.
        """
        (there,) = self._ask(stage.written(self.folder, name, lines), [self.staged(name)])
        insist(there, stage.size(lines), what)

    def decode(self, text: str, file: str, wanted: int) -> tuple[int | None, int | None]:
        """Decode a text of so many bytes, if it has so many: (size of the text, size of what came of it).

        :raises TransferError: nothing on the host can decode.
        """
        # What an earlier run left there must not be taken for what comes now.
        fresh = f"(if exist {file} (del /q {file}))"
        if not self.script:
            held, made = self._ask([fresh, f"certutil -f -decode {text} {file}"], [text, file])
            if held != wanted or made is not None:
                return held, made
            self.script = True
        self._stage()
        held, made = self._ask([fresh, self._run(f"decode {text} {file}")], [text, file])
        if held == wanted and made is None:
            raise TransferError(f"Neither certutil nor cscript decodes anything on the host{self.words('DO1')}.")
        return held, made

    def append(self, number: int, text: str) -> int | None:
        """Add a decoded part to the file and remove it, and its text: the size of the file after that."""
        part = self.part(number)
        source = f"{self.target}+{part}" if number else part
        copying = f"copy /y /b {source} {self.target}&(if not errorlevel 1 (del /q {part}))"
        freeing = f"(if exist {text} (del /q {text}))"
        return self._ask([freeing, copying] if text else [copying], [self.target])[0]

    def checksum(self, size: int) -> str:
        """SHA-256 of the file, in small hex digits.

        :raises TransferError: nothing on the host can compute it.
        """
        if not self.script:
            # Before Windows 8.1 or so, there are blanks between the bytes.
            told = self.said(f"certutil -hashfile {self.target} SHA256")
            lines = ("".join(line.split()).lower() for line in told)
            if (found := next(filter(_SUM.fullmatch, lines), None)) is not None:
                return found
        self._stage()
        state = transfer_script.BEGIN
        for begin in range(0, max(size, 1), transfer_script.PIECE):
            told = self.said(self._run(f"hash {self.target} {begin} {transfer_script.PIECE} {state}"))
            state = next((line[4:] for line in told if line.startswith("MFT ")), "")
            if not _SUM.fullmatch(state):
                raise TransferError(
                    f"Neither certutil nor cscript tells the checksum of the file on the host{it_said(told)}."
                )
        return state

    def _stage(self) -> None:
        if not self._staged:
            self.write(transfer_script.NAME, transfer_script.SCRIPT, "the script that decodes")
            self._staged = True

    def _run(self, arguments: str) -> str:
        return f"cscript //nologo //E:JScript {self.staged(transfer_script.NAME)} {arguments}"

    def remove(self) -> bool:
        """Remove the folder with all that is in it; whether it is gone."""
        folder = stage.folder_path(self.folder)
        self._ask([f"(if exist {folder} ({stage.removed(self.folder)}))", f"(if not exist {folder} (echo gone))"])
        return "".join(self._said("DO1")).strip() == "gone"

    def thrown_away(self) -> str:
        """Remove the folder; what became of it, for a sentence."""
        if self.remove():
            return "what is there was thrown away"
        return f"what is there could not be removed, so remove %SystemRoot%\\{self.folder} by hand"
