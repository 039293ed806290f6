# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text for the standard input of a host's command: a part of a file in base64, with CR LF; and what files may be named.

Only text survives on its way through ``find``, which puts it into a file on the host.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import stat
import typing as t
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.package_names import FILE_NAME
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import stage

#: Bytes of a file in one line, and its characters.
LINE: t.Final = 57
_COLUMNS: t.Final = LINE // 3 * 4
#: Bytes of a file that are sent, decoded and appended at once: 4 MB of text.
PART: t.Final = LINE * 64 * 820
#: Bytes that are in memory as text at once.
_SLICE: t.Final = LINE * 1024


class TransferError(Exception):
    """A file is not on its host. The message is one sentence for people."""


def place(folder: str, name: str) -> str:
    """Where a transferred file is, as text for a command line.

    :raises ValueError: the folder is none of ours, or a file of that name cannot be there.
    """
    if not FILE_NAME.fullmatch(name):
        raise ValueError(f"This is no name for a file to transfer: {shown(name)}")
    return f"{stage.folder_path(folder)}\\{name}"


def text_size(count: int) -> int:
    """Bytes of the text of so many bytes."""
    return (count + 2) // 3 * 4 + (count + LINE - 1) // LINE * 2


def text(file: t.BinaryIO, begin: int, count: int) -> Iterator[bytes]:
    """So many bytes from there as lines of base64, a few at a time.

    :raises TransferError: as :func:`pread`.
    """
    end = begin + count
    for at in range(begin, end, _SLICE):
        coded = base64.b64encode(pread(file, at, min(_SLICE, end - at)))
        # base64.encodebytes would take half as long again.
        yield b"".join([coded[begin : begin + _COLUMNS] + b"\r\n" for begin in range(0, len(coded), _COLUMNS)])


@contextlib.contextmanager
def opened(path: Path) -> Iterator[t.BinaryIO]:
    """A plain file of the controller, for reading.

    :raises TransferError: it is none, or cannot be opened.
    """
    with _readable(path):
        # Whatever stands there: nobody waits for the other end of a pipe.
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with open(number, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise TransferError(f"{shown(str(path), 300)} is no plain file any more; put the package back.")
        yield file


@contextlib.contextmanager
def _readable(path: Path | str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise TransferError(f"{shown(str(path), 300)} cannot be read here ({why}).") from error


def pread(file: t.BinaryIO, at: int, count: int) -> bytes:
    """Exactly so many bytes.

    :raises TransferError: there are fewer, or they cannot be read.
    """
    with _readable(str(file.name)):
        file.seek(at)
        raw = file.read(count)
    if len(raw) != count:
        raise TransferError(f"{shown(str(file.name), 300)} became shorter while it was sent; nothing of it counts.")
    return raw


class Measured(t.NamedTuple):
    """Bytes of a file, and its checksums in small hex digits. A SHA-1 proves nothing: it ends the names of packages."""

    size: int
    sha256: str
    sha1: str


def measure(file: t.BinaryIO) -> Measured:
    """A file read once from its beginning.

    :raises TransferError: it cannot be read.
    """
    sha256, sha1, size = hashlib.sha256(), hashlib.sha1(usedforsecurity=False), 0
    with _readable(str(file.name)):
        file.seek(0)
        while piece := file.read(1 << 18):
            size += len(piece)
            sha256.update(piece)
            sha1.update(piece)
    return Measured(size, sha256.hexdigest(), sha1.hexdigest())
