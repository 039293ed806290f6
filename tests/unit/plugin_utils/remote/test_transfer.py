# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file to a simulated host, without the network: whole, resumed, refused. Parts are small here."""

from __future__ import annotations

import hashlib
import random
import typing as t
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import stage, transfer, transfer_script
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_far import Far
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_text import (
    TransferError,
    place,
    text_size,
)
from tests.lab.entry import read_entry
from tests.lab.files import File, Folder
from tests.lab.host import SimulatedHost
from tests.support.lab_shell import CarryingShell, LabShell

FOLDER = stage.folder_of("a run")
NAME = "WindowsXP-KB4019276-x86-ENU.exe"
WHERE = rf"C:\Windows\{FOLDER}"
PART = 57 * 64


Make = t.Callable[..., SimulatedHost]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A function (os, entry) → host."""
    return lambda os="xp-sp3", **entry: SimulatedHost("pc", read_entry({"name": "pc", "os": os, **entry}, tmp_path), {})


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "PART", PART)


def source(folder: Path, size: int) -> Path:
    """A file of that many random bytes."""
    file = folder / "source.exe"
    file.write_bytes(random.Random(size).randbytes(size))
    return file


def entries(host: SimulatedHost) -> dict[str, bytes]:
    """Name → content of what is in the folder."""
    found = host.files.find(WHERE)
    if not isinstance(found, Folder):
        return {}
    return {one.name: bytes(one.content) for one in found.entries.values() if isinstance(one, File)}


SYSTEMS = ("xp-sp3", "server-2003-sp2", "vista-sp2", "win7-sp1", "win10-1709")


@pytest.mark.parametrize("os", SYSTEMS)
@pytest.mark.parametrize("size", [0, 1, 56, 57, 58, PART - 1, PART, PART + 1, 3 * PART, 3 * PART + 5])
def test_what_arrives_is_what_was_sent(make: Make, tmp_path: Path, os: str, size: int) -> None:
    host, file = make(os), source(tmp_path, size)
    told: list[tuple[int, int]] = []
    shell = LabShell(host)
    digest = transfer.put(shell, file, FOLDER, NAME, lambda *done: told.append(done))
    assert digest == hashlib.sha256(file.read_bytes()).hexdigest()
    left = entries(host)
    assert left.pop(NAME) == file.read_bytes()
    assert left.keys() == ({transfer_script.NAME} if os in SYSTEMS[:2] else set())
    assert told == [(done, size) for done in [*range(0, size, PART), size]] * bool(size)
    fed = shell.fed
    transfer.put(shell, file, FOLDER, NAME)
    assert shell.fed == fed, "it is there already"
    far = Far(Exchange(shell), FOLDER, place(FOLDER, NAME))
    assert far.remove()
    assert host.files.find(WHERE) is None
    assert far.remove()


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("os", ["xp-sp3", "win7-sp1"])
def test_a_lost_connection_costs_one_part_wherever_it_happens(
    make: Make, tmp_path: Path, os: str, before: bool
) -> None:
    file = source(tmp_path, 3 * PART + 5)
    whole = LabShell(make(os))
    transfer.put(whole, file, FOLDER, NAME)
    for number in range(1, len(whole.lines) + 1):
        host = make(os)
        first, second = LabShell(host, lost_at=number, before=before), LabShell(host)
        with pytest.raises(ShellError, match="lost"):
            transfer.put(first, file, FOLDER, NAME)
        transfer.put(second, file, FOLDER, NAME)
        assert entries(host)[NAME] == file.read_bytes()
        assert not any(name.startswith("text") for name in entries(host))
        assert first.fed + second.fed <= whole.fed + text_size(PART)


def test_a_file_that_broke_off_between_two_parts_is_begun_anew(make: Make, tmp_path: Path) -> None:
    host, file = make(), source(tmp_path, 2 * PART)
    transfer.put(LabShell(host), file, FOLDER, NAME)
    found = host.files.find(rf"{WHERE}\{NAME}")
    assert isinstance(found, File)
    found.content = found.content[: PART + 7]
    transfer.put(LabShell(host), file, FOLDER, NAME)
    assert entries(host)[NAME] == file.read_bytes()


@pytest.mark.parametrize("os", ["xp-sp3", "win7-sp1"])
@pytest.mark.parametrize("room", [100, 4_500, 12_500, 15_900])
def test_a_full_disk_is_named_and_a_rerun_goes_on(make: Make, tmp_path: Path, os: str, room: int) -> None:
    file = source(tmp_path, 3 * PART)
    host = make(os, disk_bytes=room)
    with pytest.raises(TransferError) as failure:
        transfer.put(LabShell(host), file, FOLDER, NAME)
    text = str(failure.value)
    assert "bytes are on the host; its disk is full" in text
    assert "\n" not in text
    assert entries(host).get(NAME) != file.read_bytes()
    host.files.room = 0
    transfer.put(LabShell(host), file, FOLDER, NAME)
    assert entries(host)[NAME] == file.read_bytes()


def test_other_bytes_of_the_same_size_are_found_and_thrown_away(make: Make, tmp_path: Path) -> None:
    for os in ("xp-sp3", "win7-sp1"):
        host, file = make(os), source(tmp_path, PART + 9)
        transfer.put(LabShell(host), file, FOLDER, NAME)
        found = host.files.find(rf"{WHERE}\{NAME}")
        assert isinstance(found, File)
        found.content = bytes(len(found.content))
        with pytest.raises(TransferError, match=r"has the checksum [0-9a-f]{64} on the host and .* thrown away: run"):
            transfer.put(LabShell(host), file, FOLDER, NAME)
        assert host.files.find(WHERE) is None
        transfer.put(LabShell(host), file, FOLDER, NAME)
        assert entries(host)[NAME] == file.read_bytes()


def test_a_wrong_checksum_or_a_missing_file_sends_nothing(make: Make, tmp_path: Path) -> None:
    shell = LabShell(make())
    with pytest.raises(TransferError, match=r"should have 00, so it is not sent"):
        transfer.put(shell, source(tmp_path, 10), FOLDER, NAME, sha256="00")
    with pytest.raises(TransferError, match=r"no-such cannot be read here \(No such file or directory\)"):
        transfer.put(shell, tmp_path / "no-such", FOLDER, NAME)
    assert shell.lines == []
    file = source(tmp_path, 10)
    transfer.put(shell, file, FOLDER, NAME, sha256=hashlib.sha256(file.read_bytes()).hexdigest().upper())


def test_a_file_that_shrinks_meanwhile_is_told(make: Make, tmp_path: Path) -> None:
    file = source(tmp_path, 3 * PART)
    with pytest.raises(TransferError, match="became shorter while it was sent"):
        transfer.put(LabShell(make()), file, FOLDER, NAME, lambda *_unused: file.write_bytes(b"short"))


@pytest.mark.parametrize("os", ["xp-sp3", "win7-sp1"])
def test_without_certutil_and_cscript_it_says_so(make: Make, tmp_path: Path, os: str) -> None:
    host = make(os, missing=["certutil", "cscript"])
    with pytest.raises(TransferError, match=r"^Neither certutil nor cscript decodes .*'cscript' is not recognized"):
        transfer.put(LabShell(host), source(tmp_path, 10), FOLDER, NAME)
    with pytest.raises(TransferError, match=r"^Neither certutil nor cscript tells the checksum .*'cscript' is not"):
        transfer.put(LabShell(host), source(tmp_path, 0), FOLDER, NAME)


def test_a_sum_over_several_pieces(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer_script, "PIECE", 128)
    for size in (127, 128, 129, 1000):
        host = make()
        transfer.put(LabShell(host), source(tmp_path, size), FOLDER, NAME)
        assert len(entries(host)[NAME]) == size


def test_connections_with_a_copy_of_their_own_use_it(make: Make, tmp_path: Path) -> None:
    host, file = make("win10-1709"), source(tmp_path, 1000)
    shell = CarryingShell(host)
    shell.loses = 1
    with pytest.raises(TransferError, match="999 of 1000 bytes"):
        transfer.put(shell, file, FOLDER, NAME)
    shell.loses = 0
    transfer.put(shell, file, FOLDER, NAME)
    transfer.put(shell, file, FOLDER, NAME)
    assert (entries(host)[NAME], shell.fed) == (file.read_bytes(), 2000)


@pytest.mark.parametrize(
    "name",
    [
        *("", "x", "a b.exe", "nul.exe", "COM1.msu", "..exe", "a..exe", ".exe", "a.exe.", "a/b.exe", "a\\b.exe"),
        *("%a%.exe", "part1.bin", "TEXT0.txt", "transfer.js", "a&b.exe", "a.longer", "é.exe"),
    ],
)
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name for a file to transfer"):
        place(FOLDER, name)


def test_folders_that_are_refused() -> None:
    with pytest.raises(ValueError, match="staging folder"):
        place("Windows", "a.exe")
