# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixes of users who are not logged on, and of the profile that new users start with; and their rollbacks."""

from __future__ import annotations

import dataclasses
import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import ProxyWish
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.hives import DEFAULT_NAME, DEFAULT_SID
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Refusal
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Output
from tests.support.lab_shell import LabShell, consents
from tests.support.profiles import ALICE, BOB, INTERNET, SECURE, BobsBench

WININET = frozenset({"wininet"})
PROXY = ProxyWish("set", "proxy.example:3128", ("<local>",), ("wininet",))
ANY = consents("own_connection")


class Between(LabShell):
    """Something happens on the host right before a line that holds some words, once."""

    def __init__(self, bench: BobsBench, words: str, act: t.Callable[[], object]) -> None:
        super().__init__(bench.host)
        self.words, self.act = words, act

    def run(self, line: str) -> Output:
        if self.words in line:
            self.words = "\0"
            self.act()
        return super().run(line)


def users(steps: t.Iterable[t.Any]) -> set[str]:
    """The users in whose hives steps are."""
    return {step.key.split("\\")[1] for step in steps if isinstance(step, RegistryStep) and step.key.startswith("HKU")}


@pytest.mark.parametrize("os", ["xp-sp3", "server-2003-sp2", "vista-sp2", "win7-sp1", "win10-22h2", "win11-24h2"])
@pytest.mark.parametrize("profiles", ["all", "default_too"])
def test_absent_users_are_fixed_once_and_put_back_to_the_last_empty_key(tmp_path: Path, os: str, profiles: str) -> None:
    bench = BobsBench(tmp_path, os)
    first = bench.state()
    options: dict[str, t.Any] = {"policy": "standard", "profiles": profiles, "proxy": PROXY, "terms": ANY}
    done = bench.fix(**options)
    assert done.failed == ()
    everybody = {ALICE, BOB} | ({DEFAULT_SID} if profiles == "default_too" else set())
    assert users(done.steps) == everybody
    changed = bench.state()
    assert changed[1] != first[1]
    assert (changed[2] != first[2]) is (profiles == "default_too")
    assert not bench.host.mounted
    again = bench.fix(**options)
    assert (again.steps, again.run) == ((), None)
    undone = bench.roll_back(terms=ANY)
    assert (undone.failed, undone.undo.refused) == ((), ())
    assert bench.state() == first
    assert not bench.host.mounted


def test_nobody_else_is_touched_unasked(tmp_path: Path) -> None:
    bench = BobsBench(tmp_path, "win7-sp1")
    first = bench.state()
    shell = LabShell(bench.host)
    done = bench.fix(shell=shell, policy="standard", terms=ANY)
    assert users(done.steps) == {ALICE}
    assert bench.state()[1:] == first[1:]
    assert not [line for line in shell.lines if "reg load" in line]
    assert len(shell.lines) == 3


def test_the_default_profile_is_called_so_in_the_findings(tmp_path: Path) -> None:
    bench = BobsBench(tmp_path, "win7-sp1")
    done = bench.fix(profiles="default_too", policy="standard", only=WININET)
    masks = [one for one in done.before.audit.findings if one.id == "wininet.mask"]
    assert [one.subject for one in masks] == [ALICE, BOB, DEFAULT_NAME]
    assert DEFAULT_SID in masks[-1].where
    assert not [route for route in done.before.audit.routes if DEFAULT_NAME in str(route)]
    assert done.after is not None
    assert {one.state.value for one in done.after.audit.findings if one.id == "wininet.mask"} == {"pass"}
    assert bench.mask(bench.default) == bench.mask(bench.bob) == 0x800


def test_each_hive_is_loaded_and_unloaded_within_one_line(tmp_path: Path) -> None:
    bench = BobsBench(tmp_path, "win10-22h2")
    shell = LabShell(bench.host)
    bench.fix(shell=shell, profiles="default_too", policy="standard", proxy=PROXY, terms=ANY)
    for line in shell.lines:
        names = re.findall(r"reg load HKU\\(MailFleet-[0-9a-f]{16}) ", line)
        assert re.findall(r"reg unload HKU\\(MailFleet-[0-9a-f]{16})", line) == names
    assert len([line for line in shell.lines if "reg load" in line]) <= 5


@pytest.mark.parametrize("os", ["xp-sp3", "win10-22h2"])
def test_lines_that_must_be_short_take_several_loads(tmp_path: Path, os: str) -> None:
    class Short(LabShell):
        limit = 2900

    bench = BobsBench(tmp_path, os)
    first = bench.state()
    exceptions = tuple(f"host-{number}.intranet.example" for number in range(60))
    wish = dataclasses.replace(PROXY, bypass=exceptions)
    shell = Short(bench.host)
    done = bench.fix(shell=shell, profiles="default_too", policy="standard", proxy=wish, terms=ANY)
    assert (done.failed, users(done.steps)) == ((), {ALICE, BOB, DEFAULT_SID})
    staged = [line for line in shell.lines if "reg load" in line and "reg import" in line]
    assert staged, "a long record travels in a file"
    assert bench.fix(profiles="default_too", policy="standard", proxy=wish, terms=ANY).steps == ()
    undone = bench.roll_back(shell=Short(bench.host), terms=ANY)
    assert (undone.failed, undone.undo.refused) == ((), ())
    assert bench.state() == first


# --- people come and go ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("os", ["xp-sp3", "win10-22h2"])
@pytest.mark.parametrize("words", ["/v Taken", "/d begun"])
def test_a_user_who_logs_on_during_the_fix_is_fixed_directly(tmp_path: Path, os: str, words: str) -> None:
    bench = BobsBench(tmp_path, os)
    first = bench.state()
    shell = Between(bench, words, lambda: bench.host.hives.log_on(BOB, bench.bob))
    done = bench.fix(shell=shell, profiles="all", proxy=PROXY, terms=ANY)
    assert shell.words == "\0"
    assert (done.failed, users(done.steps)) == ((), {ALICE, BOB})
    assert bench.fix(proxy=PROXY, terms=ANY).steps == ()
    bench.host.hives.log_off(BOB)
    assert bench.roll_back(terms=ANY).undo.refused == ()
    assert bench.state() == first


@pytest.mark.parametrize("os", ["xp-sp3", "win10-22h2"])
def test_a_user_who_logs_on_between_fix_and_rollback(tmp_path: Path, os: str) -> None:
    bench = BobsBench(tmp_path, os)
    first = bench.state()
    bench.fix(profiles="all", proxy=PROXY, terms=ANY)
    bench.host.hives.log_on(BOB, bench.bob)
    shell = LabShell(bench.host)
    undone = bench.roll_back(shell=shell, terms=ANY)
    assert (undone.failed, undone.undo.refused) == ((), ())
    assert not [line for line in shell.lines if "reg load" in line]
    bench.host.hives.log_off(BOB)
    assert bench.state() == first


@pytest.mark.parametrize("os", ["xp-sp3", "win10-22h2"])
def test_a_user_who_logs_off_between_fix_and_rollback(tmp_path: Path, os: str) -> None:
    bench = BobsBench(tmp_path, os)
    alice = bench.host.hives.logged_on[ALICE]
    first = bench.state()
    assert ALICE in users(bench.fix(proxy=PROXY, terms=ANY).steps)
    bench.host.hives.log_off(ALICE)
    undone = bench.roll_back(terms=ANY)
    assert (undone.failed, undone.undo.refused) == ((), ())
    bench.host.hives.log_on(ALICE, alice)
    assert bench.state() == first


def test_a_user_who_logs_off_while_the_rollback_looks_is_not_taken_for_put_back(tmp_path: Path) -> None:
    bench = BobsBench(tmp_path, "win10-22h2")
    bench.fix(proxy=PROXY, terms=ANY)
    shell = Between(bench, "TK0", lambda: bench.host.hives.log_off(ALICE))
    undone = bench.roll_back(shell=shell, terms=ANY)
    assert shell.words == "\0"
    assert undone.undo.already == ()
    assert {f"the user {ALICE} is not logged on" in why for why in undone.undo.refused} == {True}
    assert bench.roll_back(terms=ANY).undo.refused == ()


# --- what cannot be loaded ---------------------------------------------------------------------------------------


def taking(bench: BobsBench) -> t.Callable[[], object]:
    """Another program loads Bob's hive."""
    return lambda: bench.host.run(rf'reg load HKU\Somebody "{bench.bob}"')


def test_a_hive_in_use_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    bench = BobsBench(tmp_path, "win7-sp1")
    taking(bench)()
    done = bench.fix(profiles="default_too", policy="standard", only=WININET)
    assert (done.failed, users(done.steps)) == ((), {ALICE, DEFAULT_SID})
    (why,) = [why for who, why in done.before.context.snapshot.unread if BOB in who]
    assert why.startswith("is not logged on, and its hive could not be loaded: ")


def test_a_hive_that_is_taken_away_meanwhile_is_planned_anew(tmp_path: Path) -> None:
    bench = BobsBench(tmp_path, "win7-sp1")
    done = bench.fix(shell=Between(bench, "/v Taken", taking(bench)), profiles="all", policy="standard", only=WININET)
    assert (done.failed, users(done.steps)) == ((), {ALICE})


def test_a_hive_that_is_taken_away_in_the_last_moment_is_an_error_and_undone(tmp_path: Path) -> None:
    bench = BobsBench(tmp_path, "win7-sp1")
    first = bench.state()
    done = bench.fix(shell=Between(bench, "/d begun", taking(bench)), profiles="all", policy="standard", only=WININET)
    (why,) = done.failed
    assert f"the user {BOB} is not logged on, and the registry in {bench.home}\\bob could not be loaded" in why
    (refused,) = bench.roll_back().undo.refused
    assert BOB in refused
    bench.host.run(r"reg unload HKU\Somebody")
    last = bench.roll_back("all")
    assert (last.undo.steps, last.undo.refused) == ((), ())
    assert bench.state()[1:] == first[1:]


@pytest.mark.parametrize(
    ("folder", "words"),
    [(r'C:\Users\a" & echo PWNED & "', "unusual name"), ("C:\\Users\\" + "a" * 200, "more than 200 characters")],
)
def test_a_rollback_finds_the_folder_anew_and_puts_no_strange_one_into_a_command(
    tmp_path: Path, folder: str, words: str
) -> None:
    bench = BobsBench(tmp_path, "win7-sp1")
    bench.fix(profiles="all", policy="standard", only=WININET)
    listing = rf"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\{BOB}"
    bench.host.registry.set_text(listing, "ProfileImagePath", folder)
    undone = bench.roll_back()
    (why,) = undone.undo.refused
    assert f"the user {BOB} is not logged on, and its profile folder has a" in why
    assert words in why
    assert users(undone.undo.steps) == {ALICE}
    assert not [command for command in bench.host.counters.executed if "PWNED" in command]


def test_users_whom_the_host_does_not_have_are_not_believed(tmp_path: Path) -> None:
    bench = BobsBench(tmp_path, "win7-sp1")
    bench.fix(profiles="all", policy="standard", only=WININET)
    bench.host.registry.delete_key(rf"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\{BOB}")
    with pytest.raises(Refusal, match="is in the hive of a user whom this host does not have"):
        bench.roll_back()


def test_the_default_profile_needs_a_sid_that_nobody_has(tmp_path: Path) -> None:
    bench = BobsBench(tmp_path, "win7-sp1")
    listing = rf"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\{DEFAULT_SID}"
    bench.host.registry.set_text(listing, "ProfileImagePath", rf"{bench.home}\nobody")
    done = bench.fix(profiles="default_too", policy="standard", only=WININET)
    assert users(done.steps) == {ALICE, BOB}
    assert DEFAULT_SID in dict(done.before.context.snapshot.unread)[DEFAULT_NAME]


def test_a_host_that_does_not_say_where_the_default_profile_is(tmp_path: Path) -> None:
    bench = BobsBench(tmp_path, "win7-sp1")
    listing = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
    bench.host.registry.delete_value(listing, "Default")
    done = bench.fix(profiles="default_too", policy="standard", only=WININET)
    assert users(done.steps) == {ALICE, BOB}
    assert dict(done.before.context.snapshot.unread)[DEFAULT_NAME] == "its profile folder is unknown"


# --- check mode, journals, drift ---------------------------------------------------------------------------------


def test_check_mode_of_a_rollback_loads_nothing_and_says_so(tmp_path: Path) -> None:
    bench = BobsBench(tmp_path, "win7-sp1")
    bench.fix(profiles="all", policy="standard", only=WININET)
    writes = bench.host.counters.writes
    undone = bench.roll_back(terms=consents(check=True))
    assert bench.host.counters.writes == writes
    assert users(undone.undo.steps) == {ALICE}
    (why,) = undone.undo.refused
    assert f"the user {BOB} is not logged on, and check mode loads no registry" in why


def test_the_journal_of_the_host_alone_is_enough_and_an_undo_can_be_undone(tmp_path: Path) -> None:
    bench = BobsBench(tmp_path, "win10-22h2")
    first = bench.state()
    bench.fix(profiles="default_too", proxy=PROXY, terms=ANY)
    elsewhere = consents("own_connection", "host_journal")
    fixed = bench.state()[1:]
    undone = bench.roll_back(desk=bench.desk("elsewhere"), terms=elsewhere)
    assert undone.undo.refused == ()
    assert bench.state() == first
    assert undone.run is not None
    bench.roll_back(undone.run, desk=bench.desk("elsewhere"), terms=elsewhere)
    assert bench.state()[1:] == fixed


def test_what_drifted_in_a_hive_is_named_and_left(tmp_path: Path) -> None:
    bench = BobsBench(tmp_path, "win7-sp1")
    bench.fix(profiles="all", policy="standard", only=WININET)
    bench.host.hives.log_on(BOB, bench.bob)
    bench.host.registry.set_number(rf"HKU\{BOB}\{INTERNET}", SECURE, 0x28)
    bench.host.hives.log_off(BOB)
    undone = bench.roll_back()
    (why,) = undone.undo.refused
    assert BOB in why
    assert users(undone.undo.steps) == {ALICE}
    assert bench.mask(bench.bob) == 0x28
