# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shares that a simulated host reaches: as SYSTEM, and with credentials of the session, in no other way."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.lab.entry import EntryError, read_entry

from .conftest import Host, MakeHost

SHARE = r"\\Srv\My pkg"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A share with a file."""
    (tmp_path / "share" / "Sub").mkdir(parents=True)
    (tmp_path / "share" / "Sub" / "A.bin").write_bytes(b"abc")
    return tmp_path / "share"


def copied(host: Host, path: str) -> tuple[int, str]:
    code, _unused, err = host.say(rf'copy /y /b "{path}" C:\a.bin')
    return code, err


def test_a_session_with_credentials_reads_it(make_host: MakeHost, folder: Path) -> None:
    host = make_host(shares={SHARE: folder}, second_hop=True)
    assert copied(host, r"\\SRV\my PKG\sub\a.BIN") == (0, "")
    assert bytes(host.files.read(r"C:\a.bin")) == b"abc"
    assert copied(host, rf"{SHARE}\Sub\none")[1].startswith("The system cannot find the file")
    assert copied(host, r"\\srv\other\a.bin")[1].startswith("The system cannot find the path")
    assert copied(host, rf"{SHARE}\Sub") == (1, "Access is denied.\r\n")
    assert copied(host, rf"{SHARE}\..\share\Sub\A.bin")[1].startswith("lab: refused")


def test_a_session_without_them_does_not_and_system_does(make_host: MakeHost, folder: Path) -> None:
    host = make_host("xp-sp3", shares={r"\\srv\pkg": folder}, second_hop=False)
    assert copied(host, r"\\srv\pkg\Sub\A.bin") == (1, "Access is denied.\r\n")
    host.say(r"(echo copy /y /b \\srv\pkg\Sub\A.bin C:\a.bin)>C:\Windows\a.cmd")
    host.say(r'schtasks /create /tn a /ru SYSTEM /sc once /st 00:00:00 /tr "C:\Windows\a.cmd"&schtasks /run /tn a')
    end = time.monotonic() + 5
    while host.files.find(r"C:\a.bin") is None and time.monotonic() < end:
        time.sleep(0.01)
    assert bytes(host.files.read(r"C:\a.bin")) == b"abc"


@pytest.mark.parametrize(
    ("shares", "why"),
    [({r"\\srv": "."}, "is no share"), ({r"C:\x": "."}, "is no share"), ({SHARE: "none"}, "no such folder")],
)
def test_bad_shares(shares: dict[str, str], why: str, tmp_path: Path) -> None:
    with pytest.raises(EntryError, match=why):
        read_entry({"name": "h", "shares": shares}, tmp_path)
