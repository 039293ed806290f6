# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hive files: what is written into one while it is loaded is in it afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.entry import DEFAULT_USER, read_entry
from tests.lab.host import SimulatedHost

BOB = "S-1-5-21-1-2-3-1002"
FILE = r"C:\Users\bob\NTUSER.DAT"
ADD = r"reg add HKU\bob\Software\New /v Name /t REG_DWORD /d 5 /f"


@pytest.fixture
def host(tmp_path: Path) -> SimulatedHost:
    text = "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_CURRENT_USER\\Software\\Old]\r\n"
    (tmp_path / "bob.reg").write_text(text, encoding="utf-16")
    return another(tmp_path)


def another(folder: Path) -> SimulatedHost:
    entry = {"name": "pc", "os": "win7-sp1", "profiles": {FILE: {"sid": BOB, "registry": ["bob.reg"]}}}
    return SimulatedHost("pc", read_entry(entry, folder), {})


def test_a_change_is_kept_when_the_hive_is_unloaded(host: SimulatedHost, tmp_path: Path) -> None:
    first = host.hives.export(FILE)
    assert first == {r"HKU\hive": {}, r"HKU\hive\Software": {}, r"HKU\hive\Software\Old": {}}
    host.run(rf'reg load HKU\bob "{FILE}"&{ADD}&reg unload HKU\bob')
    changed = first | {r"HKU\hive\Software\New": {"Name": (4, b"\x05\0\0\0")}}
    assert host.hives.export(FILE) == changed
    host.run(rf'reg load HKU\bob "{FILE}"&reg delete HKU\bob\Software\New /f&reg unload HKU\bob')
    assert host.hives.export(FILE) == first
    assert another(tmp_path).hives.export(FILE) == first


def test_hosts_do_not_share_what_is_written(host: SimulatedHost, tmp_path: Path) -> None:
    other = another(tmp_path)
    first = other.hives.export(FILE)
    host.run(rf'reg load HKU\bob "{FILE}"&{ADD}&reg unload HKU\bob')
    default = r"C:\Users\Default\NTUSER.DAT"
    untouched = other.hives.export(default)
    host.run(rf'reg load HKU\bob "{default}"&{ADD}&reg unload HKU\bob')
    assert other.hives.export(FILE) == first
    assert other.hives.export(default) == untouched != host.hives.export(default)


def test_a_hive_is_in_one_place_at_a_time(host: SimulatedHost) -> None:
    host.hives.log_on(BOB, FILE)
    assert b"being used" in host.run(rf'reg load HKU\bob "{FILE}"').err
    assert host.registry.find(rf"HKU\{BOB}\Software\Old") is not None
    host.hives.log_off(BOB)
    assert host.registry.find(rf"HKU\{BOB}") is None
    assert host.run(rf'reg load HKU\bob "{FILE}"').code == 0
    with pytest.raises(AssertionError, match="cannot be loaded"):
        host.hives.log_on(BOB, FILE)


def test_who_logs_off_leaves_the_hive_in_its_file(host: SimulatedHost) -> None:
    file = host.hives.logged_on[DEFAULT_USER]
    assert host.hives.find(file) == "in use"
    host.registry.set_number(rf"HKU\{DEFAULT_USER}\Software", "Mine", 1)
    host.hives.log_off(DEFAULT_USER)
    assert host.hives.export(file)[r"HKU\hive\Software"] == {"Mine": (4, b"\x01\0\0\0")}


@pytest.mark.parametrize(
    ("os", "file"),
    [
        ("xp-sp3", r"C:\Documents and Settings\Default User\NTUSER.DAT"),
        ("win10-22h2", r"C:\Users\Default\NTUSER.DAT"),
    ],
)
def test_users_to_come_have_a_hive(os: str, file: str, tmp_path: Path) -> None:
    host = SimulatedHost("pc", read_entry({"name": "pc", "os": os}, tmp_path), {})
    key = r"HKU\hive\Software\Microsoft\Windows\CurrentVersion\Internet Settings"
    assert "SecureProtocols" in host.hives.export(file)[key]
    assert host.files.exists(file)
