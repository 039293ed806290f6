# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file to a Wine host: find, copy and loops over files by Wine or the lab, base64 and SHA-256 by Wine's libraries."""

from __future__ import annotations

import base64
import hashlib
import random
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import stage, transfer
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Output, ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_far import Far
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_text import TransferError, place
from tests.lab import wine_template
from tests.lab.fleet import Lab
from tests.lab.wine import WineHost

pytestmark = [pytest.mark.wine, pytest.mark.needs(wine_template.COMPILER)]

FOLDER = stage.folder_of("a run")
NAME = "WindowsXP-KB4019276-x86-ENU.exe"
WHERE = rf"C:\windows\{FOLDER}"
#: Two parts and an odd rest.
LARGE = 5_000_001


class WineShell:
    """A :class:`FileShell` over a Wine host.

    ``damages``: on its way, a letter of the input becomes another one. ``lost_at``: the number of the call at which the
    connection goes; input has arrived by half then.
    """

    limit = 8000
    feeds = True

    def __init__(self, host: WineHost, damages: bool = False, lost_at: int = 0) -> None:
        self.host, self.damages, self.lost_at = host, damages, lost_at
        self.calls = self.fed = 0

    def run(self, line: str) -> Output:
        return self._do(line, None)

    def feed(self, line: str, chunks: Iterable[bytes]) -> Output:
        text = b"".join(chunks)
        self.fed += len(text)
        if self.damages:
            text = (b"B" if text[:1] == b"A" else b"A") + text[1:]
        return self._do(line, text[: len(text) // 2] if self.calls + 1 == self.lost_at else text)

    def carry(self, source: Path, target: str) -> None:
        raise AssertionError((source, target))

    def renew(self, patience: int | None = None) -> None:
        """There is no connection."""

    def _do(self, line: str, stdin: bytes | None) -> Output:
        assert len(line) <= self.limit
        self.calls += 1
        printed = self.host.run(line, 437, stdin)
        assert self.host.counters.refused == []
        if self.calls == self.lost_at:
            raise ShellError("lost", unreachable=True)
        return Output(printed.code, printed.out, printed.err)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab([{"name": os, "os": os, "kind": "wine", "auth": "basic"} for os in ("xp-sp3", "win10-1709")]) as running:
        yield running


@pytest.fixture
def host(lab: Lab, request: pytest.FixtureRequest) -> Iterator[WineHost]:
    """XP, unless a test asks for another."""
    backend = lab.host(getattr(request, "param", "xp-sp3")).backend
    assert isinstance(backend, WineHost)
    yield backend
    backend.counters.refused.clear()
    shutil.rmtree(backend.drive / "windows" / FOLDER, ignore_errors=True)
    assert list(backend.drive.glob("lab-*")) == []


def source(folder: Path, size: int) -> Path:
    """A file of that many random bytes."""
    file = folder / "source.exe"
    file.write_bytes(random.Random(size).randbytes(size))
    return file


def staged(host: WineHost) -> dict[str, bytes]:
    """Name → content of what is in the folder."""
    folder = host.drive / "windows" / FOLDER
    return {file.name: file.read_bytes() for file in folder.iterdir()} if folder.is_dir() else {}


@pytest.mark.parametrize(
    ("host", "size"), [("xp-sp3", 0), ("xp-sp3", 57), ("xp-sp3", 1_000_003), ("win10-1709", 1)], indirect=["host"]
)
def test_what_arrives_is_what_was_sent(host: WineHost, tmp_path: Path, size: int) -> None:
    file = source(tmp_path, size)
    assert transfer.put(WineShell(host), file, FOLDER, NAME) == hashlib.sha256(file.read_bytes()).hexdigest()
    assert staged(host) == {NAME: file.read_bytes()}
    assert Far(Exchange(WineShell(host)), FOLDER, place(FOLDER, NAME)).remove()
    assert not (host.drive / "windows" / FOLDER).exists()


def test_a_lost_connection_costs_what_was_under_way(host: WineHost, tmp_path: Path) -> None:
    file = source(tmp_path, LARGE)
    # The second part: begin, size, input, decode, append; then input.
    first, second = WineShell(host, lost_at=6), WineShell(host)
    with pytest.raises(ShellError, match="lost"):
        transfer.put(first, file, FOLDER, NAME)
    begun = staged(host)
    assert begun[NAME] == file.read_bytes()[: transfer.PART]
    transfer.put(second, file, FOLDER, NAME)
    assert staged(host) == {NAME: file.read_bytes()}
    assert second.fed < first.fed
    again = WineShell(host)
    transfer.put(again, file, FOLDER, NAME)
    assert again.fed == 0


def test_what_was_damaged_on_its_way_is_thrown_away(host: WineHost, tmp_path: Path) -> None:
    with pytest.raises(TransferError, match=r"has the checksum [0-9a-f]{64} on the host and [0-9a-f]{64} here"):
        transfer.put(WineShell(host, damages=True), source(tmp_path, 1_001), FOLDER, NAME)
    assert staged(host) == {}


def test_what_is_not_the_right_file_is_not_sent(host: WineHost, tmp_path: Path) -> None:
    shell = WineShell(host)
    with pytest.raises(TransferError, match=r"should have 0{64}, so it is not sent"):
        transfer.put(shell, source(tmp_path, 1_001), FOLDER, NAME, sha256="0" * 64)
    assert shell.calls == 0


# --- the tools alone ---------------------------------------------------------------------------------------------


def test_input_goes_into_a_file_byte_by_byte(host: WineHost) -> None:
    text = base64.encodebytes(bytes(range(256)) * 40).replace(b"\n", b"\r\n")
    host.run(f"md {WHERE}")
    for content in (text, b'a\r\n\r\n%x% & ^ | "y" !z!\r\n'):
        host.run(rf'find /v "" >{WHERE}\text.txt', 437, content)
        assert staged(host)["text.txt"] == content
    assert host.counters.refused == []


@pytest.mark.parametrize("line", [r"echo %x%>C:\f", r'for %g in (a) do (find /v "" >C:\f)', "nonsense >x"])
def test_lines_that_may_not_have_input(host: WineHost, line: str) -> None:
    assert host.run(line, 437, b"x\r\n").err.startswith(b"lab: refused: ")
    assert host.counters.refused


@pytest.mark.parametrize("damage", [b"", b"%%%%\r\n", b"QUJD\r\n*"])
def test_what_is_no_base64_is_not_decoded(host: WineHost, damage: bytes) -> None:
    host.run(f"md {WHERE}")
    (host.drive / "windows" / FOLDER / "text.txt").write_bytes(damage)
    said = host.run(rf"certutil -f -decode {WHERE}\text.txt {WHERE}\x.bin").out
    assert b"FAILED: 0x8007000d" in said
    assert "x.bin" not in staged(host)


def test_a_sum_has_blanks_before_windows_8(lab: Lab, tmp_path: Path) -> None:
    digest = hashlib.sha256(b"abc").digest()
    for name, text in (("xp-sp3", digest.hex(" ")), ("win10-1709", digest.hex())):
        host = lab.host(name)
        assert isinstance(host.backend, WineHost)
        (host.backend.drive / "f.bin").write_bytes(b"abc")
        assert text in host.run(r"certutil -hashfile C:\f.bin SHA256")[1].split("\r\n")
        assert "FAILED" in host.run(r"certutil -hashfile C:\no.bin SHA256")[1]
