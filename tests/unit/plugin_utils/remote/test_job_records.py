# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of packages on a host: written, read again, forgotten; and nothing that has another form is believed."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    Region,
    RegistryImage,
    RegistryKey,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import job_records, stage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.job_records import JobRecord
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.pack import pack
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import wrapped_limit
from tests.lab.entry import read_entry
from tests.lab.host import SimulatedHost
from tests.support.lab_shell import LabShell

UPDATES = r"HKEY_LOCAL_MACHINE\SOFTWARE\MailFleet\Updates"
RECORD = JobRecord(
    "KB4019276",
    "install",
    "update_exe",
    "MailFleet-0123456789abcdef",
    "windowsxp-kb4019276-x86-embedded-enu_3822fc1692076429a7dc051b00213d5e1240ce3d.exe",
    "ab" * 32,
    "1f-80d8e3a1b2c3d401",
    "20261122T100000Z-0123abcd",
)
REMOVING = replace(RECORD, kb="KB3140245", verb="remove", installer="dism", file="", sha256="", boot="")


@pytest.fixture(params=["xp-sp3", "server-2003-sp2", "vista-sp2", "win7-sp1", "win10-22h2"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> SimulatedHost:
    """One of each dialect."""
    return SimulatedHost("pc", read_entry({"name": "pc", "os": request.param}, tmp_path), {})


def do(host: SimulatedHost, *commands: str, shell: LabShell | None = None) -> None:
    sections = [section("s", Query(f"X{n}", command=command)) for n, command in enumerate(commands)]
    Exchange(shell or LabShell(host), 437).run(sections)


def read(host: SimulatedHost) -> tuple[JobRecord, ...] | Unread:
    return job_records.records(Exchange(LabShell(host), 437).run([job_records.records_section()]))


def test_records_come_back_as_they_were_written(host: SimulatedHost) -> None:
    before = host.export(r"HKLM\SOFTWARE")
    assert read(host) == ()
    do(host, job_records.write(RECORD), job_records.write(REMOVING))
    assert read(host) == (REMOVING, RECORD)
    again = replace(RECORD, run="20261123T100000Z-0123abcd")
    do(host, job_records.write(again))
    assert read(host) == (REMOVING, again)
    do(host, job_records.forget("KB4019276"))
    assert read(host) == (REMOVING,)
    do(host, job_records.forget("KB3140245"))
    assert read(host) == ()
    left = host.export(r"HKLM\SOFTWARE")
    assert {path for path in left if path not in before} == {UPDATES.rpartition("\\")[0]}


def test_only_administrators_can_write_them(host: SimulatedHost) -> None:
    do(host, job_records.write(RECORD))
    below = UPDATES.rpartition("\\")[0]
    keys = {path.casefold(): access for path, access in host.access.items()}
    assert {keys[path.casefold()] for path in (below, UPDATES, rf"{UPDATES}\KB4019276")} == {(1, 17)}
    assert not host.files.exists(rf"C:\Windows\{stage.folder_of(RECORD.run)}")


def test_a_half_sent_file_is_not_touched(host: SimulatedHost) -> None:
    host.files.make(rf"C:\Windows\{RECORD.folder}")
    file = rf"C:\Windows\{RECORD.folder}\part0.bin"
    host.files.open(file, append=False).content = b"half"
    do(host, job_records.write(RECORD))
    assert host.files.read(file) == b"half"


def goes_through(host: SimulatedHost, record: JobRecord, shell: LabShell) -> bool:
    """Whether the power was not cut before the record was written."""
    try:
        do(host, job_records.write(record), shell=shell)
    except ShellError:
        return False
    return True


def test_a_power_cut_leaves_the_old_record_or_the_new_one(tmp_path: Path) -> None:
    new = replace(RECORD, boot="20-80d8e3a1b2c3d401")
    seen: set[t.Any] = set()
    for number in range(1, 60):
        host = SimulatedHost("pc", read_entry({"name": "pc", "os": "xp-sp3"}, tmp_path), {})
        do(host, job_records.write(RECORD))
        shell = LabShell(host, cut_at=number)
        if goes_through(host, new, shell):
            break
        seen.add(read(host))
    assert seen == {(RECORD,), (new,)}


def test_a_cut_before_the_first_record_leaves_none(tmp_path: Path) -> None:
    for number in range(1, 60):
        host = SimulatedHost("pc", read_entry({"name": "pc", "os": "win7-sp1"}, tmp_path), {})
        shell = LabShell(host, cut_at=number)
        if goes_through(host, RECORD, shell):
            break
        assert read(host) in ((), (RECORD,)), number
        do(host, job_records.write(RECORD))
        assert read(host) == (RECORD,), number


def image(name: str, data: object, type_: RegistryType = RegistryType.SZ) -> RegistryImage:
    key = RegistryKey(rf"{job_records.UPDATES}\{name}", (RegistryValue("Job", type_, t.cast(t.Any, data)),))
    root = RegistryKey(job_records.UPDATES, (), (name,))
    region = Region(job_records.UPDATES, True, {one.path.casefold(): one for one in (root, key)})
    return RegistryImage((region,))


GOOD = job_records.write(RECORD).partition(" /v Job ")[2].partition('/d "')[2].partition('" /f')[0]


def test_the_good_text_is_good() -> None:
    assert job_records.records(image("KB4019276", GOOD)) == (RECORD,)


BAD_FIELDS = [
    (0, "repair"),
    (1, "cmd&calc"),
    (1, "..\\evil"),
    (2, "MailFleet-0123456789abcdef\\..\\..\\Temp"),
    (2, "System32"),
    (2, "MailFleet-0123456789ABCDEF"),
    (3, "..\\calc.exe"),
    (3, "a&b.exe"),
    (3, "a.cmd"),
    (3, "nul.exe"),
    (3, "a..exe"),
    (3, "%TEMP%.exe"),
    (3, "-"),
    (4, "ab"),
    (4, "-"),
    (4, "AB" * 32),
    (5, "a&b"),
    (6, "now"),
    (6, "-"),
]


@pytest.mark.parametrize(("field", "text"), BAD_FIELDS)
def test_a_field_of_another_form_is_not_believed(field: int, text: str) -> None:
    parts = GOOD.split(" ")
    parts[field] = text
    found = job_records.records(image("KB4019276", " ".join(parts)))
    assert isinstance(found, Unread)
    assert "delete that key" in found.why


@pytest.mark.parametrize(
    ("name", "data", "type_"),
    [
        ("KB4019276", "", RegistryType.SZ),
        ("KB4019276", GOOD + " ", RegistryType.SZ),
        ("KB4019276", GOOD + "\n", RegistryType.SZ),
        ("KB4019276", GOOD.replace(" ", "  "), RegistryType.SZ),
        ("KB4019276", GOOD, RegistryType.EXPAND_SZ),
        ("KB4019276", 5, RegistryType.DWORD),
        ("KB4019276", GOOD.replace("install", "remove"), RegistryType.SZ),
        ("KB4019276\\KB4019276", GOOD, RegistryType.SZ),
        ("kb4019276", GOOD, RegistryType.SZ),
        ("KB1", GOOD, RegistryType.SZ),
        ("\u202eKB4019276", GOOD, RegistryType.SZ),
    ],
)
def test_another_form_of_the_whole_is_not_believed(name: str, data: object, type_: RegistryType) -> None:
    found = job_records.records(image(name, data, type_))
    assert isinstance(found, Unread)
    assert "delete that key" in found.why
    assert found.why.isprintable()


def test_what_could_not_be_read_is_not_absent() -> None:
    denied = RegistryImage((Region(job_records.UPDATES, True, Unread("access is denied")),))
    assert job_records.records(denied) == Unread("access is denied")
    assert isinstance(job_records.records(RegistryImage()), Unread)


@given(st.text(max_size=200) | st.sampled_from(GOOD.split(" ")), st.integers(0, 6))
def test_whatever_stands_there_has_the_form_or_is_not_believed(text: str, field: int) -> None:
    parts = GOOD.split(" ")
    parts[field] = text
    found = job_records.records(image("KB4019276", " ".join(parts)))
    if not isinstance(found, Unread):
        (record,) = found
        assert job_records.objection(record) is None
        assert job_records.write(record).isascii()


@pytest.mark.parametrize(
    "record",
    [
        replace(RECORD, kb="KB1&calc"),
        replace(RECORD, folder="x"),
        replace(RECORD, file=""),
        replace(RECORD, sha256=""),
        replace(RECORD, run="x"),
        replace(REMOVING, file=RECORD.file),
        replace(REMOVING, sha256=RECORD.sha256),
    ],
)
def test_nothing_else_is_written(record: JobRecord) -> None:
    with pytest.raises(ValueError, match="no record of a package"):
        job_records.write(record)


def test_only_updates_are_forgotten() -> None:
    with pytest.raises(ValueError, match="no update"):
        job_records.forget("..")


def test_a_record_fits_into_a_line_over_powershell() -> None:
    longest = replace(RECORD, file=f"{'a' * 100}.{'b' * 95}.exe")
    pack([section("s", Query("X", command=job_records.write(longest)))], wrapped_limit())
