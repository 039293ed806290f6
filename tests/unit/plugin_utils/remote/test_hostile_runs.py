# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on hosts, and beside controllers and users, that do not mean well or are out of luck."""

from __future__ import annotations

import contextlib
import datetime
import re
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.places import unlike
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import lock
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.journal_files import PrivateFileError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.own import LOCKS, lock_section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Refusal, new_run
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.runs import fixed, rolled_back, unwound
from tests.support.hosts import PROTOCOLS
from tests.support.lab_shell import FIREWALL, Bench, LabShell, consents

JOURNALS = r"HKLM\SOFTWARE\MailFleet\Journal"
RULES = FIREWALL + r"\FirewallRules"
BLOCK = "v2.30|Action=Block|Active={}|Dir=Out|Protocol=6|RPort=993|RPort=587|Name={}|"
SETTINGS = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, os="win10-22h2")


# --- locks -------------------------------------------------------------------------------------------------------


def test_a_lock_that_was_taken_meanwhile_is_not_broken(bench: Bench) -> None:
    """One run waited and died, its owner let go, somebody else took the lock; a third breaks what it saw as stale."""
    first, waiting, second, third = (f"20260102T03040{number}Z-0123abcd" for number in range(4))
    exchange = Exchange(LabShell(bench.host))
    exchange.run(lock.taking(first, "", 1, ()))
    exchange.run(lock.taking(waiting, "", 1, ()))
    exchange.run((lock.releasing(first),))
    exchange.run(lock.taking(second, "", 2, ()))
    exchange.run(lock.taking(third, "", 3, (lock.Record(waiting, "", 1, owner=False),)))
    found = exchange.run((lock_section(),))
    assert (lock.holds(found, second), lock.holds(found, third)) == (True, False)
    exchange.run((lock.releasing(third),))
    assert bench.host.files.exists(r"C:\Windows\MailFleet.lock")
    for run in (second, waiting):
        exchange.run((lock.releasing(run),))
    assert not bench.host.files.exists(r"C:\Windows\MailFleet.lock")


@pytest.mark.parametrize("taken", ["9" * 5000, "99999999999", "\u0661\u0662", "-1", "", "soon"])
def test_a_lock_with_an_absurd_time_does_not_last_for_ever(bench: Bench, taken: str) -> None:
    run = "20260102T030405Z-0123abcd"
    bench.host.registry.set_text(f"{LOCKS}\\{run}", "Taken", taken)
    bench.host.files.make(rf"C:\Windows\MailFleet.lock\{run}")
    done = bench.fix(policy="standard")
    assert done.steps
    assert not bench.host.files.exists(r"C:\Windows\MailFleet.lock")


@pytest.mark.parametrize("value", ["Boot", "Owner"])
def test_a_record_that_is_not_complete_yet_is_as_old_as_its_run(bench: Bench, value: str) -> None:
    """Two controllers at once: one reads between the commands by which the other takes the lock."""
    now = datetime.datetime.fromtimestamp(bench.desk().clock(), tz=datetime.UTC)
    run = new_run(now)
    bench.host.registry.set_text(f"{LOCKS}\\{run}", value, "")
    with pytest.raises(Refusal, match=f"is being changed by run {run}"):
        bench.fix(policy="standard")
    bench.host.registry.delete_key(f"{LOCKS}\\{run}")
    for dead in (new_run(now - datetime.timedelta(days=1)), "99999999T999999Z-0123abcd"):
        bench.host.registry.set_text(f"{LOCKS}\\{dead}", value, "")
    assert bench.fix(policy="standard").steps


def test_a_controller_that_cannot_keep_its_journal_leaves_the_host_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bench.registry()
    desk = bench.desk()

    def full(*_unused: object) -> None:
        raise PrivateFileError("the disk is full.")

    monkeypatch.setattr(type(desk.folder), "write", full)
    with pytest.raises(PrivateFileError):
        bench.fix(desk=desk, policy="standard")
    assert bench.registry() == first
    assert not bench.host.files.exists(r"C:\Windows\MailFleet.lock")


# --- rules -------------------------------------------------------------------------------------------------------


def test_a_rule_with_an_inactive_namesake_is_left_and_the_rest_is_done(bench: Bench) -> None:
    bench.host.registry.set_text(RULES, "{A}", BLOCK.format("TRUE", "No mail"))
    bench.host.registry.set_text(RULES, "{B}", BLOCK.format("FALSE", "No mail").replace("RPort=587|", ""))
    done = bench.fix(policy="standard", terms=consents("firewall_block_rule"))
    assert done.failed == ()
    assert {step.family for step in done.steps} >= {"tls"}
    assert "firewall" not in {step.family for step in done.steps}
    assert any("rules have the name" in held.why for held in done.withheld)


def test_a_rule_whose_name_changed_its_case_is_switched_back(bench: Bench) -> None:
    bench.host.registry.set_text(RULES, "{A}", BLOCK.format("TRUE", "No mail"))
    bench.fix(only=frozenset({"firewall"}), terms=consents("firewall_block_rule"))
    bench.host.registry.set_text(RULES, "{A}", BLOCK.format("FALSE", "No MAIL"))
    undone = bench.roll_back()
    assert (undone.failed, undone.undo.refused) == ((), ())
    key = bench.host.registry.find(RULES)
    assert key is not None
    assert "Active=TRUE" in key.values["{a}"].raw.decode("utf-16-le")


@pytest.mark.parametrize("name", ["/?", "x{part}y", "x{user}y", "a" * 300])
def test_a_rule_with_a_name_for_no_command_never_leaves_a_lock(bench: Bench, name: str) -> None:
    bench.host.registry.set_text(RULES, "{A}", BLOCK.format("TRUE", name))
    with contextlib.suppress(Refusal):
        bench.fix(terms=consents("firewall_block_rule"))
    assert not bench.host.files.exists(r"C:\Windows\MailFleet.lock")


# --- users -------------------------------------------------------------------------------------------------------


def test_a_user_cannot_stop_the_run_by_values_beside_ours(tmp_path: Path) -> None:
    bench = Bench(tmp_path, os="win7-sp1")
    bench.host.registry.set_number(SETTINGS, "SecureProtocols", 0xA0)
    bench.host.registry.set_text(SETTINGS, "Zzz", "x\r\nfoo")
    bench.host.registry.set_text(SETTINGS, "Yyy", f"\r\nHKEY_USERS\\{bench.host.registry.user}\\Software")
    done = bench.fix()
    assert done.failed == ()
    assert {step.family for step in done.steps} >= {"tls", "wininet"}


def test_a_user_who_keeps_changing_a_value_keeps_only_that(tmp_path: Path) -> None:
    bench = Bench(tmp_path, os="win7-sp1")
    values = iter(range(0xA0, 0xFF))

    class Restless(LabShell):
        def run(self, line: str) -> object:  # type: ignore[override]
            bench.host.registry.set_number(SETTINGS, "SecureProtocols", next(values))
            return super().run(line)

    done = bench.fix(shell=Restless(bench.host))
    assert "tls" in {step.family for step in done.steps}
    assert "wininet" not in {step.family for step in done.steps}
    assert any("changes all the time" in held.why for held in done.withheld)


def test_a_listing_of_users_that_cannot_be_believed_loads_nothing(bench: Bench) -> None:
    folder = r'C:\x" & reg add HKLM\SOFTWARE\PWNED /f & echo "'
    sid = bench.host.registry.user
    listing = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
    bench.host.registry.set_text(f"{listing}\\{sid}", "ProfileImagePath", folder)
    shell = LabShell(bench.host)
    real = bench.host.run

    def lying(line: str, codepage: int = 0, stdin: bytes | None = None) -> object:
        printed = real(line, codepage, stdin)
        out = re.sub(rb"(\r\nHKEY_USERS\\\.DEFAULT\r\n)", rb"\1what is this?\r\n", printed.out)
        return type(printed)(printed.code, out, printed.err)

    bench.host.run = lying  # type: ignore[method-assign,assignment]
    with contextlib.suppress(Refusal):
        bench.fix(shell=shell, policy="standard")
    assert bench.host.registry.find(r"HKLM\SOFTWARE\PWNED") is None
    assert not any("reg load" in line for line in shell.lines)


# --- journals ----------------------------------------------------------------------------------------------------


def test_journals_that_cannot_be_read_are_not_taken_for_none(bench: Bench) -> None:
    bench.fix(policy="standard")
    closed = Bench(bench.folder, os="win10-22h2", unreadable=[JOURNALS])
    with pytest.raises(Refusal, match="journals of this host cannot be read"):
        closed.roll_back("all")


@pytest.mark.parametrize("state", ["prepared", "nonsense", None])
def test_the_host_cannot_hide_a_run_that_the_controller_knows(bench: Bench, state: str | None) -> None:
    first = bench.registry()
    run = bench.fix(policy="standard").run
    if state is None:
        bench.host.registry.delete_value(f"{JOURNALS}\\{run}", "State")
    else:
        bench.host.registry.set_text(f"{JOURNALS}\\{run}", "State", state)
    assert bench.roll_back("all").undone == (run,)
    after = {path: values for path, values in bench.registry().items() if "MailFleet" not in path}
    assert after == first


def test_what_undoes_a_rollback_leaves_its_journal_on_the_host(bench: Bench) -> None:
    first = bench.registry()
    bench.fix(policy="standard")
    undone = bench.roll_back()
    assert undone.run is not None
    again = bench.roll_back(undone.run)
    assert bench.host.registry.find(f"{JOURNALS}\\{again.run}") is not None
    bench.roll_back("all")
    assert bench.registry() == first


@pytest.mark.parametrize("limit", [1200, 1400])
def test_what_does_not_fit_into_a_line_keeps_the_first_one_from_being_sent(limit: int, tmp_path: Path) -> None:
    bench = Bench(tmp_path, os="win7-sp1")
    bench.fix()
    before = bench.registry()
    short = LabShell(bench.host)
    short.limit = limit
    with pytest.raises(Refusal, match=r'Nothing was done.* the section "(journal|steps)" does not fit'):
        bench.roll_back(shell=short)
    assert bench.registry() == before
    assert not [line for line in short.lines if "reg add" in line or "reg delete" in line]


def test_many_runs_are_forgotten_over_short_lines_too(bench: Bench) -> None:
    first = bench.registry()
    for number in range(40):
        bench.fix(policy=("compat", "standard")[number % 2], only=frozenset({"tls"}))
        bench.host.registry.delete_key(PROTOCOLS + r"\TLS 1.1")
        bench.host.registry.delete_key(PROTOCOLS + r"\TLS 1.0")
    short = LabShell(bench.host)
    short.limit = 2900
    assert len(bench.roll_back("all", shell=short).undone) > 15
    assert {path for path in bench.registry() if "MailFleet" in path} == set()
    assert first.keys() >= {path for path in bench.registry() if "TLS 1." in path}


def test_a_rollback_through_a_32_bit_shell_is_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path, os="win10-22h2")
    bench.fix(policy="standard")
    bench.host.environment["PROCESSOR_ARCHITEW6432"] = "AMD64"
    with pytest.raises(Refusal, match="32-bit process"):
        bench.roll_back()


def test_a_host_with_an_endless_name_is_refused(bench: Bench) -> None:
    control = r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName"
    bench.host.registry.set_text(control, "ComputerName", "x" * 300)
    with pytest.raises(Refusal):
        bench.fix(policy="standard")
    assert not bench.host.files.exists(r"C:\Windows\MailFleet.lock")


# --- steps that do not take ---------------------------------------------------------------------------------------


class Stubborn(LabShell):
    """A host that forgets one of the values that it is told."""

    def run(self, line: str) -> object:  # type: ignore[override]
        told = "/v DisabledByDefault /t REG_DWORD /d 0 /f"
        return super().run(line.replace(told, told.replace("DisabledByDefault", "Forgotten"), 1))


def test_a_step_that_does_not_take_is_named_and_the_run_can_be_unwound(tmp_path: Path) -> None:
    bench = Bench(tmp_path, os="win7-sp1")
    done = bench.fix(shell=Stubborn(bench.host))
    (why,) = done.failed
    assert "DisabledByDefault is not there" in why
    assert done.run is not None
    undone = bench.roll_back(done.run)
    answer = unwound(fixed(done), done, undone)
    assert (answer["failed"], answer["changed"]) == (True, False)
    assert answer["verdict"] == done.before.audit.verdict.value
    assert done.run in answer["msg"]
    assert rolled_back(undone)["errors"] == []
    assert unlike(Exchange(LabShell(bench.host)).run(()), (), "before") == ()
