# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which mail programs run: on simulated hosts, and out of answers that lie."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryImage, Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import Snapshot, UserHive
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.running import Running
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.collect import collect
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.pack import pack
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.running_clients import (
    logged_on,
    owners_in,
    owners_section,
    processes,
    programs_of,
    programs_section,
    running_clients,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from tests.lab.programs import Program
from tests.support.hosts import KNOWLEDGE
from tests.unit.plugin_utils.remote.stand_ins import USER, SimulatedShell, entry, plan

OTHER = "S-1-5-21-9-9-9-1009"
OE, OUTLOOK = "msimn.exe", "outlook.exe"
NOBODY: frozenset[str] = frozenset()
#: What nobody has open in any of these.
FILES: dict[str, frozenset[str]] = {"winmail.exe": NOBODY, "wlmail.exe": NOBODY}
OPEN: list[tuple[str, tuple[Program, ...], dict[str, frozenset[str]]]] = [
    ("xp-sp3", (), {OE: NOBODY, OUTLOOK: NOBODY}),
    ("xp-sp3", (Program("msimn.exe"), Program("notepad.exe")), {OE: frozenset({USER}), OUTLOOK: NOBODY}),
    ("win7-sp1", (Program("OUTLOOK.EXE", OTHER),), {OE: NOBODY, OUTLOOK: frozenset({OTHER})}),
    (
        "win10-1709",
        (Program("OUTLOOK.EXE", OTHER), Program("Outlook.exe")),
        {OE: NOBODY, OUTLOOK: frozenset({USER, OTHER})},
    ),
    ("win7-sp1", (Program("wlmail.exe"),), {OE: NOBODY, OUTLOOK: NOBODY, "wlmail.exe": frozenset({USER})}),
    ("win10-1709", (Program("not msimn.exe"), Program("msimn.exe.bak")), {OE: NOBODY, OUTLOOK: NOBODY}),
]


def asked(os: str, **fields: t.Any) -> tuple[SimulatedShell, Running]:
    """A host is read, and asked what runs."""
    shell = SimulatedShell(entry(os, **fields))
    snapshot = collect(shell, plan())
    return shell, running_clients(Exchange(shell, snapshot.codepage), KNOWLEDGE, snapshot)


@pytest.mark.parametrize(("os", "programs", "owners"), OPEN)
@pytest.mark.parametrize("language", ["en", "de"])
def test_simulated_hosts_tell_whose_programs_run(
    os: str, programs: tuple[Program, ...], owners: dict[str, frozenset[str]], language: str
) -> None:
    shell, found = asked(os, running=programs, language=language)
    assert found.owners == {**FILES, **owners}
    assert found.logged_on is not None
    assert USER in found.logged_on
    assert OTHER not in found.logged_on
    wmic = any("GetOwnerSid" in line for line in shell.lines)
    assert wmic == any(owners.values())
    assert shell.host.counters.writes == 0


@pytest.mark.parametrize(
    ("missing", "programs", "unknown"),
    [
        (("tasklist", "wmic"), (), {OE, OUTLOOK, *FILES}),
        (("wmic",), (Program("OUTLOOK.EXE"),), {OUTLOOK}),
        (("wmic",), (), set()),
    ],
)
def test_a_host_without_the_programs_knows_nothing(
    missing: tuple[str, ...], programs: tuple[Program, ...], unknown: set[str]
) -> None:
    _shell, found = asked("xp-sp3", running=programs, missing=missing)
    assert {name for name, owners in found.owners.items() if isinstance(owners, Unread)} == unknown


def test_where_nobody_is_logged_on_nobody_is_asked() -> None:
    shell = SimulatedShell(entry("xp-sp3"))
    snapshot = collect(shell, plan())
    away = replace(snapshot, users=(UserHive(OTHER, f"HKU\\{OTHER}"),))
    count = len(shell.lines)
    assert running_clients(Exchange(shell), KNOWLEDGE, away).owners == {}
    assert len(shell.lines) == count


def test_who_is_logged_on_may_not_be_known() -> None:
    empty = Snapshot(RegistryImage(), Unread("x"), Unread("x"), Unread("x"), (), 437)
    assert logged_on(empty) is None
    assert logged_on(replace(empty, users=Unread("x"))) is None


def test_an_answer_that_is_cut_off_is_an_error_of_the_connection() -> None:
    shell = SimulatedShell(entry("win7-sp1"))
    snapshot = collect(shell, plan())
    shell.twist = lambda answer, token: answer[:200]
    with pytest.raises(ShellError):
        running_clients(Exchange(shell, snapshot.codepage), KNOWLEDGE, snapshot)


SELF = '"tasklist.exe","304","Services","0","4.096 K"'
ROW = '"OUTLOOK.EXE","1234","Console","1","123\xa0456 K"'
LISTS: list[tuple[list[str], dict[str, set[str]] | None]] = [
    ([SELF], {"tasklist.exe": {"304"}}),
    (["", ROW, SELF, ROW.replace("1234", "8"), ""], {"outlook.exe": {"1234", "8"}, "tasklist.exe": {"304"}}),
    ([ROW], None),
    ([], None),
    (["ERROR: Access is denied."], None),
    ([SELF, "INFO: No tasks are running"], None),
    ([SELF, '"a","b","c","d","e"'], None),
    ([SELF, f"{ROW} {ROW}"], None),
    ([SELF, f"{ROW},{SELF}"], None),
    ([SELF, ROW + "\x1b"], None),
    (['"tasklist.exe.exe","304","Services","0","4.096 K"'], None),
    ([SELF] * 20_001, None),
]


@pytest.mark.parametrize(("lines", "wanted"), LISTS)
def test_lists_of_programs(lines: list[str], wanted: dict[str, set[str]] | None) -> None:
    found = processes(lines)
    assert (None if isinstance(found, Unread) else {name: set(ids) for name, ids in found.items()}) == wanted


def test_a_list_that_nobody_may_believe_stays_so() -> None:
    assert processes(Unread("forged")) == Unread("forged")
    assert owners_in(Unread("forged")) == {}


def told(pid: str, *words: str) -> list[str]:
    return [f'(\\\\PC\\ROOT\\CIMV2:Win32_Process.Handle="{pid}")->GetOwnerSid()', "Erfolgreich.", "{", *words, "};"]


OK, SID = "\tReturnValue = 0;", f'\tSid = "{OTHER}";'
OWNERS: list[tuple[list[str], dict[str, str]]] = [
    (told("8", OK, SID), {"8": OTHER}),
    ([*told("8", OK, SID), *told("9", OK, SID.replace("1009", "7"))], {"8": OTHER, "9": OTHER.replace("1009", "7")}),
    (told("8", "\tReturnValue = 2;"), {}),
    (told("8", "\tReturnValue = 2;", SID), {}),
    (told("8", SID), {}),
    (told("8", SID, OK), {}),
    (told("8", OK, SID, SID), {}),
    (told("8", OK, '\tSid = "S-1-5";'), {}),
    (told("8", OK, '\tSid = "Administrator";'), {}),
    ([*told("8", OK, SID), *told("8", OK, SID)], {}),
    ([OK, SID], {}),
    ([SID, *told("8")], {}),
    (["No Instance(s) Available."], {}),
]


@pytest.mark.parametrize(("lines", "wanted"), OWNERS)
def test_owners_of_programs(lines: list[str], wanted: dict[str, str]) -> None:
    assert owners_in(lines) == wanted


@given(st.lists(st.sampled_from([SELF, ROW, OK, SID, *told("8"), "", "x"]) | st.text(max_size=40), max_size=12))
def test_no_answer_is_an_error(lines: list[str]) -> None:
    owners_in(lines)
    found = processes(lines)
    assert isinstance(found, Unread) or "tasklist.exe" in found


def test_the_questions_hold_nothing_but_names_of_the_tables() -> None:
    assert programs_of(KNOWLEDGE) == ("OUTLOOK.EXE", "msimn.exe", "WinMail.exe", "wlmail.exe")
    (query,) = owners_section(programs_of(KNOWLEDGE)).queries
    names = " or ".join(f"name='{name}'" for name in programs_of(KNOWLEDGE))
    assert query.command == f'wmic process where "{names}" call GetOwnerSid'
    assert len(pack((programs_section(), owners_section(programs_of(KNOWLEDGE))), 2000)) == 1
