# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text for the standard input of a host's command: a part of a file in base64, with CR LF; and what files may be named.

Only text survives on its way through ``find``, which puts it into a file on the host.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import typing as t
from collections.abc import Iterator

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import stage

#: Bytes of a file in one line, and its characters.
LINE: t.Final = 57
_COLUMNS: t.Final = LINE // 3 * 4
#: Bytes of a file that are sent, decoded and appended at once: 4 MB of text.
PART: t.Final = LINE * 64 * 820
#: Bytes that are in memory as text at once.
_SLICE: t.Final = LINE * 1024

_NAME: t.Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\.[A-Za-z0-9_-]{1,99}){0,6}\.[A-Za-z0-9]{1,4}", re.ASCII)
#: Devices, which are there in every folder, and what the transfer itself puts there.
_NOT_FREE: t.Final = re.compile(
    r"(?:con|nul|prn|aux|com\d|lpt\d)\..*|(?:text|part)\d+\.(?:txt|bin)|transfer\.js", re.IGNORECASE
)


class TransferError(Exception):
    """A file is not on its host. The message is one sentence for people."""


def place(folder: str, name: str) -> str:
    """Where a transferred file is, as text for a command line.

    :raises ValueError: the folder is none of ours, or a file of that name cannot be there.
    """
    if not _NAME.fullmatch(name) or _NOT_FREE.fullmatch(name):
        raise ValueError(f"This is no name for a file to transfer: {shown(name)}")
    return stage.path(folder, "x.x").removesuffix("x.x") + name


def text_size(count: int) -> int:
    """Bytes of the text of so many bytes."""
    return (count + 2) // 3 * 4 + (count + LINE - 1) // LINE * 2


def text(file: t.BinaryIO, begin: int, count: int) -> Iterator[bytes]:
    """So many bytes from there as lines of base64, a few at a time.

    :raises TransferError: the file has become shorter.
    """
    end = begin + count
    for at in range(begin, end, _SLICE):
        coded = base64.b64encode(pread(file, at, min(_SLICE, end - at)))
        # base64.encodebytes would take half as long again.
        yield b"".join([coded[begin : begin + _COLUMNS] + b"\r\n" for begin in range(0, len(coded), _COLUMNS)])


def pread(file: t.BinaryIO, at: int, count: int) -> bytes:
    """Exactly so many bytes.

    :raises TransferError: there are fewer.
    """
    file.seek(at)
    raw = file.read(count)
    if len(raw) != count:
        raise TransferError(f"{shown(str(file.name), 300)} became shorter while it was sent; nothing of it counts.")
    return raw


def measure(file: t.BinaryIO) -> tuple[int, str]:
    """(size, SHA-256 in small hex digits) of a file, read once from its beginning."""
    file.seek(0)
    digest = hashlib.sha256()
    while piece := file.read(1 << 18):
        digest.update(piece)
    return os.fstat(file.fileno()).st_size, digest.hexdigest()
