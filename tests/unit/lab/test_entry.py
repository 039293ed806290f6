# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host entries and fleet files: what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.entry import EntryError, expand, read_entry
from tests.lab.fleet import read_fleet
from tests.lab.host import SimulatedHost
from tests.lab.wine import WineHost


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({}, "without a name"),
        ({"name": "h", "regsitry": []}, "did you mean 'registry'"),
        ({"name": "h", "kind": "vmware"}, "kind is 'vmware', not one of simulated, wine"),
        ({"name": "h", "auth": "kerberos"}, "auth is 'kerberos'"),
        ({"name": "h", "arch": "mips"}, "arch is 'mips'"),
        ({"name": "h", "registry": ["nope.reg"]}, "no such file"),
        ({"name": "h", "faults": [{"at": "create", "kind": "explode"}]}, "fault kind 'explode'"),
        ({"name": "h", "faults": [{"at": "boot", "kind": "drop"}]}, "fault at 'boot'"),
        ({"name": "h", "os": "win12"}, "unknown os 'win12'"),
        ({"name": "h", "language": "tlh"}, "unknown language 'tlh'"),
    ],
)
def test_bad_entry(entry: dict[str, object], why: str, tmp_path: Path) -> None:
    with pytest.raises(EntryError, match=why):
        SimulatedHost("h", read_entry(entry, tmp_path), {})


@pytest.mark.parametrize(
    "more", [{"unreadable": ["HKLM"]}, {"profiles": {"C:\\x": []}}, {"language": "de"}, {"oem_codepage": 850}]
)
def test_what_wine_cannot_do(more: dict[str, object]) -> None:
    with pytest.raises(EntryError, match="Wine"):
        WineHost("w", read_entry({"name": "w", "kind": "wine", **more}, Path()))


def test_a_reg_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "bad.reg").write_text("hello")
    with pytest.raises(EntryError, match=r"bad\.reg: line 1"):
        SimulatedHost("h", read_entry({"name": "h", "registry": "bad.reg"}, tmp_path), {})


def test_count_makes_many() -> None:
    entries = [read_entry({"name": "a", "count": 10}, Path()), read_entry({"name": "b"}, Path())]
    assert [name for name, _unused in expand(entries)] == [*(f"a-{n:02}" for n in range(1, 11)), "b"]


def test_two_of_the_same_name() -> None:
    entries = [read_entry({"name": "a"}, Path()), read_entry({"name": "a"}, Path())]
    with pytest.raises(EntryError, match="same name: a"):
        expand(entries)


@pytest.mark.parametrize("text", ["hosts: 3", "a: [", "- x"])
def test_bad_fleet_file(text: str, tmp_path: Path) -> None:
    file = tmp_path / "hosts.yml"
    file.write_text(text)
    with pytest.raises(EntryError):
        read_fleet(file)
