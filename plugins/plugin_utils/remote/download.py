# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that the host downloads itself, a piece at a time."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.quote import quote
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import it_said, shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import download_script
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.fetch import Fetch
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_far import insist
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_text import TransferError

_PIECE: t.Final = "piece.bin"
_ANSWER: t.Final = re.compile(r"MFT (\d{3}) (\d{1,15}) (\d{1,15})", re.ASCII)
_WHOLE, _PART, _NOT_THERE, _BEYOND = 200, 206, (404, 410), 416
_LOGON: t.Final = (401, 403, 407)
#: How often a piece is asked for, and the seconds between.
_TRIES: t.Final = 3
#: No package is so large; a server that says so would fill the disk.
_LARGEST: t.Final = 4 << 30
_PAUSE: t.Final = 3.0


def download(fetch: Fetch, there: int = 0) -> None:
    """Fetch the URL into the target.

    :param there: bytes of it, whole pieces, that are there from an earlier run.
    :raises TransferError: the server does not give it, or the host has no room for it.
    """
    fetch.far.write(download_script.NAME, download_script.SCRIPT, "the script that downloads")
    piece, script = fetch.far.staged(_PIECE), fetch.far.staged(download_script.NAME)
    done = there
    while True:
        status, count, total = _asked(fetch, piece, done)
        if status == _BEYOND and done:
            break
        if status == _WHOLE:
            done, total = 0, count
        _append(fetch, piece, done, count)
        done += count
        fetch.report(done, total)
        if done >= total:
            break
    fetch.far.delete(piece, script)


def _asked(fetch: Fetch, piece: str, done: int) -> tuple[int, int, int]:
    """(status, bytes that are in the piece, bytes of the whole); tries again where the connection broke."""
    script, most = fetch.far.staged(download_script.NAME), download_script.PIECE
    command = f"cscript //nologo //E:JScript {script} {quote(fetch.origin)} {piece} {done} {most}"
    lines: tuple[str, ...] = ()
    for number in range(_TRIES):
        if number:
            fetch.sleep(_PAUSE)
            fetch.report(done, 0)
        lines = fetch.far.said(f"(if exist {piece} (del /q {piece}))", command)
        answer = next(filter(None, (_ANSWER.fullmatch(line.strip()) for line in lines)), None)
        if answer is None:
            continue
        status, count, total = map(int, answer.groups())
        if max(count, total) > _LARGEST:
            raise TransferError(f"{shown(fetch.origin, 400)} is no package: the server says that it has {total} bytes.")
        if status not in (_WHOLE, _PART) and not (status == _BEYOND and done):
            raise _refused(fetch.origin, status)
        if status != _PART or (total > done and count == min(most, total - done)):
            return status, count, total
    raise TransferError(
        f"The host cannot fetch {shown(fetch.origin, 400)}: no answer of its server came through to the end"
        f"{it_said(line for line in lines if not line.startswith('MFT '))}{_advice(fetch.origin)}."
    )


def _advice(url: str) -> str:
    if url.startswith("https:"):
        return "; if it is about the security of the connection, give a source with http, for the checksum is compared"
    return ""


def _refused(url: str, status: int) -> TransferError:
    about = shown(url, 400)
    if status in _NOT_THERE:
        return TransferError(f"{about} is not there ({status}): put the file there, under that name in small letters.")
    if status in _LOGON:
        return TransferError(
            f"The host is refused {about} ({status}): the server, and the machine's proxy if there is one, have to"
            " give it without a logon."
        )
    return TransferError(f"The server answers the host's request for {about} with {status}: look into its log.")


def _append(fetch: Fetch, piece: str, done: int, count: int) -> None:
    """Add a piece to what is there; the first one replaces it."""
    target = fetch.far.target
    insist(fetch.far.size(piece), count, f"a piece of {fetch.name}")
    parts = f"{target}+{piece}" if done else piece
    lines = fetch.far.said(f"copy /y /b {parts} {target}")
    insist(fetch.far.size(target), done + count, fetch.name, it_said(lines))
