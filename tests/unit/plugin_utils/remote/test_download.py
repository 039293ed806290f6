# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A package that a simulated host downloads: in pieces, again after a break, and what servers say instead."""

from __future__ import annotations

import hashlib
import random
import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.packages import PackageFile
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from tests.lab.host import SimulatedHost
from tests.support.delivery import (
    CONTENT,
    NAME,
    PIECE,
    WHERE,
    bring,
    put_on,
    refused,
    there,
)
from tests.support.lab_shell import LabShell
from tests.support.web_folder import WebFolder

Make = t.Callable[..., SimulatedHost]
pytestmark = pytest.mark.usefixtures("small_pieces")


@pytest.mark.parametrize("os", ["xp-sp3", "server-2003-sp2"])
def test_no_https_on_xp(make: Make, os: str) -> None:
    shell = LabShell(make(os))
    refused(shell, "https://127.0.0.1/x", "they know no TLS", "give a source with http; the checksum proves")
    assert shell.lines == []


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "is not there (404): put the file there"),
        (403, "is refused http://127.0.0.1"),
        (407, "without a logon"),
        (500, "with 500: look into its log"),
        (416, "with 416"),
        (302, "with 302"),
    ],
)
def test_what_the_server_answers(make: Make, web: WebFolder, status: int, words: str) -> None:
    web.statuses[NAME] = status
    refused(make(), web.url, words)
    assert len(web.asked) == 1


def test_what_the_host_cannot_reach(make: Make, web: WebFolder) -> None:
    refused(make(), "http://packages.example", "cannot fetch", "name or address could not be resolved")
    with WebFolder() as gone:
        url = gone.url
    refused(make(), url, "A connection with the server could not be established")
    refused(make("win7-sp1"), "https://127.0.0.1", "security error", "give a source with http")
    refused(make(missing=["cscript"]), web.url, "'cscript' is not recognized")


def test_a_download_is_made_of_pieces_and_a_cut_one_is_asked_for_again(make: Make, web: WebFolder) -> None:
    told: list[tuple[int, int]] = []
    web.cuts = 2
    bring(make(), web.url, report=lambda *done: told.append(done))
    first = f"bytes=0-{PIECE - 1}"
    assert web.asked == [first, first, first, f"bytes={PIECE}-{2 * PIECE - 1}", f"bytes={2 * PIECE}-{3 * PIECE - 1}"]
    assert [done for done, total in told if total] == [PIECE, 2 * PIECE, len(CONTENT), len(CONTENT)]
    web.cuts = 3
    refused(make(), web.url, "no answer of its server came through to the end", "terminated abnormally")


@pytest.mark.parametrize("size", [1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
@pytest.mark.parametrize("ranges", [True, False])
def test_servers_with_and_without_ranges(make: Make, web: WebFolder, size: int, ranges: bool) -> None:
    content = random.Random(size).randbytes(size)
    web.files[NAME], web.ranges = content, ranges
    host = make("win7-sp1")
    bring(host, web.url, PackageFile(NAME, None, hashlib.sha256(content).hexdigest()))
    assert there(host) == {NAME: content}
    assert len(web.asked) == (-(-size // PIECE) if ranges else 1)


@pytest.mark.parametrize("whole", ["*", "-1", "7", "99999999999999", "12345678901234567", "1 MFT 200 1 1"])
def test_a_server_that_lies_about_the_length(make: Make, web: WebFolder, whole: str) -> None:
    web.whole = whole
    refused(make("win7-sp1"), web.url, web.url)
    assert len(web.asked) <= 3


@pytest.mark.parametrize("before", [True, False])
def test_a_download_goes_on_after_a_lost_connection(make: Make, web: WebFolder, before: bool) -> None:
    whole = LabShell(make("win7-sp1"))
    bring(whole, web.url)
    for number in range(1, len(whole.lines) + 1):
        host = make("win7-sp1")
        with pytest.raises(ShellError, match="lost"):
            bring(LabShell(host, lost_at=number, before=before), web.url)
        bring(host, web.url)
        assert there(host)[NAME] == CONTENT


def test_what_has_come_is_not_fetched_again(make: Make, web: WebFolder) -> None:
    host = make("win7-sp1")
    put_on(host, rf"{WHERE}\{NAME}", CONTENT[: 2 * PIECE])
    bring(host, web.url)
    assert web.asked == [f"bytes={2 * PIECE}-{3 * PIECE - 1}"]
    web.ranges, web.asked = False, []
    put_on(host, rf"{WHERE}\{NAME}", bytes(PIECE))
    bring(host, web.url)
    assert there(host)[NAME] == CONTENT
    web.ranges = True
    put_on(host, rf"{WHERE}\{NAME}", bytes(4 * PIECE))
    refused(host, web.url, "has the SHA-256")


@pytest.mark.parametrize("room", [100, 2_000, PIECE + 2_000, 2 * PIECE + 2_000])
def test_a_full_disk_in_a_download(make: Make, web: WebFolder, room: int) -> None:
    host = make("win7-sp1", disk_bytes=room)
    message = refused(host, web.url)
    assert "bytes are on the host; its disk is full" in message or "ADODB.Stream" in message
    host.files.room = 0
    bring(host, web.url)
    assert there(host)[NAME] == CONTENT
