# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script that downloads: a real GET, but to this very machine only (127.0.0.0/8), bounded in time and size."""

from __future__ import annotations

import http.client
import re
import time
import typing as t
from urllib.parse import urlsplit

from .files import FileFault
from .grammar import Refused

if t.TYPE_CHECKING:
    from .machine import Machine

#: SHA-256 of the script, with CR LF; a test compares it with what is sent.
DOWNLOAD_SCRIPT: t.Final = "94ffef6bd78c1d5f5a28962c203e9169595b479852cdd38f71e9090557875484"
_LOOPBACK: t.Final = re.compile(r"127\.\d{1,3}\.\d{1,3}\.\d{1,3}", re.ASCII)
#: Seconds of one request; bytes of one answer.
_LONGEST, _LARGEST = 15.0, 100_000_000
_PIECE: t.Final = 1 << 16
#: What WinHTTP says: 12007, 12029, 12030, 12175.
_NO_NAME: t.Final = "The server name or address could not be resolved"
_NO_SERVER: t.Final = "A connection with the server could not be established"
_BROKEN: t.Final = "The connection with the server was terminated abnormally"
_NO_TLS: t.Final = "A security error occurred"


class DownloadFault(Exception):
    """What the script stops with."""


def run(machine: Machine, what: str, arguments: list[str]) -> str:
    """What it prints after ``MFT``. Raises DownloadFault and FileFault."""
    if len(arguments) != 4 or not all(one.isdigit() for one in arguments[2:]):
        raise Refused(what)
    url, target, begin, count = arguments[0], arguments[1], int(arguments[2]), int(arguments[3])
    status, body, whole = _get(url, begin, count)
    if status in (200, 206):
        if not machine.may_write(what):
            raise FileFault("denied")
        if not body:
            raise DownloadFault("Arguments are of the wrong type, are out of acceptable range, or are in conflict")
        machine.files.append(machine.files.open(target, append=False), body)
    return f"{status} {len(body)} {whole}"


def _get(url: str, begin: int, count: int) -> tuple[int, bytes, str]:
    """(status, bytes, how long the whole is as Content-Range says it)."""
    parts = urlsplit(url)
    if not _LOOPBACK.fullmatch(parts.hostname or ""):
        raise DownloadFault(_NO_NAME)
    if parts.scheme != "http":
        raise DownloadFault(_NO_TLS)
    end = time.monotonic() + _LONGEST
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port or 80, timeout=_LONGEST / 3)
    try:
        connection.request("GET", parts.path, headers={"Range": f"bytes={begin}-{begin + count - 1}"})
        response = connection.getresponse()
        if response.status not in (200, 206):
            return response.status, b"", "0"
        whole = response.headers.get("Content-Range", "/0").rpartition("/")[2] if response.status == 206 else "0"
        return response.status, _body(response, end), whole
    except ConnectionRefusedError:
        raise DownloadFault(_NO_SERVER) from None
    except (OSError, http.client.HTTPException):
        raise DownloadFault(_BROKEN) from None
    finally:
        connection.close()


def _body(response: http.client.HTTPResponse, end: float) -> bytes:
    body = bytearray()
    while piece := response.read(_PIECE):
        body += piece
        if len(body) > _LARGEST or time.monotonic() > end:
            raise TimeoutError
    if response.length:
        raise http.client.IncompleteRead(bytes(body))
    return bytes(body)
