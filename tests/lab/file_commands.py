# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cmd.exe and files: ``md``, ``rd``, ``del``, ``type``, and output redirected into a file.

What they leave in ERRORLEVEL is odd, and modelled: a failed ``rd`` leaves it as it was, ``del`` always clears it,
https://stackoverflow.com/a/34987886 and https://stackoverflow.com/a/34937706
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable

from . import shares
from .cmd_text import substitute
from .files import IN_USE, File, FileFault
from .parse import Redirect, Refused
from .words import codec, encoded

if t.TYPE_CHECKING:
    from .machine import Machine, Shell, Streams

_ONE_PATH: t.Final = re.compile(r'\s+(?:"([^"]+)"|([^\s",;=]+))\s*')


def _path(verb: str, rest: str) -> str:
    match = _ONE_PATH.fullmatch(rest)
    if match is None:
        raise Refused(f"{verb}{rest}: exactly one path is known to the lab")
    return match[1] or match[2]


def _switches(rest: str) -> tuple[set[str], str]:
    """(lower-case switches, what follows them)."""
    match = re.match(r"(?:\s*/[a-z](?![^\s/]))*", rest, re.IGNORECASE)
    assert match is not None
    return set(re.findall(r"/[a-z]", match[0].lower())), rest[match.end() :]


def complain(machine: Machine, streams: Streams, word: str, path: str = "") -> None:
    """One of the messages of cmd.exe."""
    said = machine.words[word].format(path)
    # The same sentence as reg.exe's, without what that puts before it.
    streams.err.append((said.partition(":")[2].strip() if word == IN_USE else said) + "\r\n")


def md(shell: Shell, rest: str, streams: Streams) -> int:
    """Makes one folder and those above it; exit code 1 where it is there already, so it can be a lock."""
    path = _path("md", rest)
    if not shell.machine.may_write(f"md{rest}"):
        complain(shell.machine, streams, "denied")
        return 1
    try:
        shell.machine.files.make(path)
    except FileFault as fault:
        complain(shell.machine, streams, fault.word, fault.path)
        return 1
    return 0


def rd(shell: Shell, rest: str, streams: Streams) -> int:
    """Removes a folder: an empty one, or with ``/s /q`` any."""
    switches, after = _switches(rest)
    if switches not in (set(), {"/s", "/q"}):
        raise Refused(f"rd{rest}: it asks, or the lab does not know it")
    path = _path("rd", after if after[:1].isspace() else " " + after)
    if not shell.machine.may_write(f"rd{rest}"):
        complain(shell.machine, streams, "denied")
        return shell.errorlevel
    try:
        shell.machine.files.remove(path, tree="/s" in switches)
    except FileFault as fault:
        complain(shell.machine, streams, fault.word, fault.path)
    return shell.errorlevel


_RENAMED: t.Final = re.compile(r'\s+(?:"([^"]+)"|([^\s",;=]+))\s+([A-Za-z0-9._-]+)\s*')


def ren(shell: Shell, rest: str, streams: Streams) -> int:
    """Renames one file or folder; exit code 1 where the new name is taken."""
    match = _RENAMED.fullmatch(rest)
    if match is None:
        raise Refused(f"ren{rest}: a path and a plain name are known to the lab")
    if not shell.machine.may_write(f"ren{rest}"):
        complain(shell.machine, streams, "denied")
        return 1
    try:
        shell.machine.files.rename(match[1] or match[2], match[3])
    except FileFault as fault:
        complain(shell.machine, streams, fault.word, fault.path)
        return 1
    return 0


def delete(shell: Shell, rest: str, streams: Streams) -> int:
    """Deletes one file; no wildcards."""
    switches, after = _switches(rest)
    if switches - {"/q", "/f"}:
        raise Refused(f"del{rest}")
    path = _path("del", after if after[:1].isspace() else " " + after)
    if not shell.machine.may_write(f"del{rest}"):
        complain(shell.machine, streams, "denied")
        return 0
    try:
        shell.machine.files.delete(path)
    except FileFault as fault:
        complain(shell.machine, streams, fault.word, fault.path)
    return 0


def type_(shell: Shell, rest: str, streams: Streams) -> int:
    """Prints a file: UTF-16 where it begins with its mark, else the bytes as they are."""
    try:
        content = shell.machine.files.read(_path("type", rest))
    except FileFault as fault:
        complain(shell.machine, streams, fault.word, fault.path)
        return 1
    if content.startswith(b"\xff\xfe"):
        streams.out.append(content[2:].decode("utf-16-le", "replace"))
    else:
        streams.out.append(content.decode(codec(shell.codepage), "replace"))
    return 0


_ONE_OF_COPY: t.Final = r'(?:"[^"+]+"|[^\s",;=/+]+)'
_COPY: t.Final = re.compile(
    rf"(?:\s+/[yb])*\s+(?P<from>{_ONE_OF_COPY}(?:\+{_ONE_OF_COPY})*)\s+(?P<to>{_ONE_OF_COPY})\s*", re.IGNORECASE
)


def copy(shell: Shell, rest: str, streams: Streams) -> int:
    """``copy /y /b A[+B] C``: bytes as they are; ``A+B A`` adds to A, as the real one does, without writing A anew.

    A and B may be on shares, too.
    """
    match = _COPY.fullmatch(rest)
    if match is None or not {"/y", "/b"} <= set(rest.lower().split()):
        raise Refused(f"copy{rest}: copy /y /b with whole paths is known to the lab")
    machine = shell.machine
    if not machine.may_write(f"copy{rest}"):
        complain(machine, streams, "denied")
        return 1
    first, *more = (one.strip('"') for one in match["from"].split("+"))
    target = match["to"].strip('"')
    adds = first.casefold() == target.casefold()
    if target.casefold() in map(str.casefold, more):
        raise Refused(f"copy{rest}: the target among the later sources is lost")
    try:
        contents = [shares.read(shell, p) if shares.is_share(p) else machine.files.read(p) for p in (first, *more)]
        file = machine.files.open(target, append=adds)
        for content in contents[adds:]:
            machine.files.append(file, content)
    except FileFault as fault:
        complain(machine, streams, fault.word, fault.path)
        return 1
    streams.out.append(machine.words["copied"].format(1) + "\r\n")
    return 0


class _Printed(list[str]):
    """What is printed into a file, which has it at once: whoever looks while the command runs sees it."""

    def __init__(self, shell: Shell, file: File) -> None:
        super().__init__()
        self.file = file
        self.fault: FileFault | None = None
        self._shell = shell

    def append(self, text: str) -> None:
        machine = self._shell.machine
        with machine.lock:
            try:
                machine.files.append(self.file, encoded(text, self._shell.codepage))
            except FileFault as fault:
                self.fault = fault

    def extend(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.append(text)


class Opened:
    """Streams behind redirections; :meth:`close` says where a file could not take what was printed."""

    def __init__(self, shell: Shell, streams: Streams, redirects: tuple[Redirect, ...]) -> None:
        """Opens the files, as cmd does before it runs anything. Raises FileFault."""
        self.streams = type(streams)(streams.out, streams.err, streams.stdin)
        self._shell, self._outside = shell, streams
        self._printed: list[_Printed] = []
        for redirect in redirects:
            if redirect.target == "&1":
                self.streams.err = self.streams.out
            elif redirect.handle == 0:
                self.streams.stdin = ""
            elif redirect.handle == 2:
                self.streams.err = []
            elif redirect.target == "nul":
                self.streams.out = []
            else:
                self.streams.out = printed = _Printed(shell, _open(shell, redirect))
                self._printed.append(printed)
        for printed in self._printed:
            printed.file.held = True

    def close(self) -> None:
        for printed in self._printed:
            printed.file.held = False
            if printed.fault:
                complain(self._shell.machine, self._outside, printed.fault.word)
                self._shell.errorlevel = 1


def _open(shell: Shell, redirect: Redirect) -> File:
    target = substitute(redirect.target, shell.variables)
    if not shell.machine.may_write(f"{'>>' if redirect.append else '>'}{target}"):
        raise FileFault("denied")
    return shell.machine.files.open(target.strip('"'), redirect.append)
