# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that people have open, and what lists them."""

from __future__ import annotations

import typing as t

import pytest

from tests.lab.entry import DEFAULT_USER, EntryError

from .conftest import MakeHost

OTHER = "S-1-5-21-9-9-9-1009"


def test_what_runs_is_listed_and_itself_too(make_host: MakeHost) -> None:
    host = make_host("xp-sp3", running=["OUTLOOK.EXE", {"image": "msimn.exe", "user": OTHER}])
    code, out, _err = host.say("tasklist /fo csv /nh")
    assert code == 0
    names = [line.split(",")[0] for line in out.splitlines()]
    assert names == ['"System"', '"OUTLOOK.EXE"', '"msimn.exe"', '"cmd.exe"', '"tasklist.exe"']


def test_the_owners_of_programs_are_told_by_sid(make_host: MakeHost) -> None:
    host = make_host(running=["OUTLOOK.EXE", {"image": "msimn.exe", "user": OTHER}])
    out = host.say("wmic process where \"name='outlook.exe' or name='msimn.exe'\" call GetOwnerSid")[1]
    assert [line.strip() for line in out.splitlines() if "Sid = " in line] == [
        f'Sid = "{DEFAULT_USER}";',
        f'Sid = "{OTHER}";',
    ]
    assert out.count('Win32_Process.Handle="') == 2
    none = host.say("wmic process where \"name='x.exe'\" call GetOwnerSid")
    assert (none[0], none[1], bool(none[2])) == (0, "", True)


@pytest.mark.parametrize(
    "line",
    ["tasklist", "tasklist /v /fo csv /nh", 'wmic process where "pid=4" call GetOwnerSid', "wmic process list"],
)
def test_other_questions_are_refused(make_host: MakeHost, line: str) -> None:
    host = make_host()
    host.say(line)
    assert len(host.counters.refused) == 1


@pytest.mark.parametrize("wrong", [7, "", {"user": OTHER}, {"image": "a", "pid": 7}])
def test_an_entry_names_programs(make_host: MakeHost, wrong: t.Any) -> None:
    with pytest.raises(EntryError, match=r"running: .* is neither the name of a program nor a mapping"):
        make_host(running=[wrong])
