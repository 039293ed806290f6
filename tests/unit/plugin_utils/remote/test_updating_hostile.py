# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attacks on runs of packages: hosts that lie or restart, clocks that jump, two controllers, files that change."""

from __future__ import annotations

import dataclasses
import re
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.package_commands import removal
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.package_source import parse_source
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import job_records, update_desk
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.job_records import JobRecord
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Interrupted, Refusal
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Output, ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.updates import updated
from tests.lab.host import SimulatedHost
from tests.lab.power import BOOT_ID, SHUTDOWN_TIME
from tests.support.hosts import KNOWLEDGE, host
from tests.support.lab_shell import CODEPAGE, LabShell
from tests.support.update_bench import UpdateBench, xp
from tests.support.waiting import until

KB, SECOND_KB = "KB4019276", "KB4467770"
NAME, SECOND_NAME = (f"windowsxp-{kb.lower()}-x86-embedded-deu.exe" for kb in (KB, SECOND_KB))
TAKING, CREATING = "/v Taken /t REG_SZ", "schtasks /create"
LOCK = r"reg delete HKLM\SOFTWARE\MailFleet\Lock"


class Between(LabShell):
    """Before the first line with these words of the run itself something else happens."""

    def __init__(self, host: SimulatedHost, words: str, act: Callable[[], object]) -> None:
        super().__init__(host)
        self.words, self.act = words, act

    def _send(self, line: str, stdin: bytes | None) -> Output:
        if self.words and self.words in line:
            self.words = ""
            self.act()
        return super()._send(line, stdin)


def flagged(folder: Path, **entry: t.Any) -> UpdateBench:
    """A German XP with the POSReady flag, so that a run takes the lock for its packages only."""
    bench = xp(folder, **entry)
    bench.host.registry.set_number(r"HKLM\SYSTEM\WPA\PosReady", "Installed", 1)
    return bench


def back(bench: UpdateBench) -> None:
    """The host restarts, and is there again."""
    bench.host.power.restart()
    until(lambda: bench.host.power.up)


def no_traceback(run: Callable[[], object]) -> None:
    try:
        run()
    except (Refusal, ShellError, Interrupted):
        return


@pytest.mark.parametrize("words", ["copy /y /b", CREATING])
def test_a_host_that_restarted_by_itself_before_the_installer_is_restarted_after_it(tmp_path: Path, words: str) -> None:
    bench = flagged(tmp_path)
    done = bench.update(KB, shell=Between(bench.host, words, lambda: back(bench)), reboot=True)
    assert done.after is not None
    assert presence(done.after.context, KB).present or updated(done)["reboot_required"] or done.failed


@pytest.mark.parametrize(
    "entry", [{"installers": {SECOND_KB: {"exit_code": 112}}}, {"installers": {SECOND_KB: {"hangs": True}}}, {}]
)
def test_what_is_installed_and_waits_is_told_whatever_fails_then(tmp_path: Path, entry: dict[str, t.Any]) -> None:
    bench = flagged(tmp_path, **entry, ignores_shutdown=True)
    done = bench.update(SECOND_KB, install_timeout=30, reboot=not entry, reboot_timeout=60)
    assert done.packages[0].outcome == "needs_reboot"
    assert done.failed
    assert updated(done)["reboot_required"]


def test_no_second_restart_for_what_ended_before_the_last_one(tmp_path: Path) -> None:
    """Its exit code says 3010; the host was restarted since, and its record names the boot before."""
    bench = flagged(tmp_path, installers={KB: {"seconds": 200}})
    assert bench.update(KB, install_timeout=20).packages[0].outcome == "running"
    until(lambda: not any(one.installer for one in bench.host.processes.images()))
    back(bench)
    done = bench.update(KB, reboot=True)
    assert (done.failed, done.restarts) == ((), 0)


def test_a_transfer_that_fails_restarts_nothing(tmp_path: Path) -> None:
    bench = flagged(tmp_path)
    shell = Between(bench.host, CREATING, (bench.packages / SECOND_NAME).unlink)
    done = bench.update(SECOND_KB, shell=shell, reboot=True)
    assert "cannot be read here" in done.failed[0]
    assert bench.host.power.restarts == 0


def test_a_restart_that_cannot_be_leaves_no_lock(tmp_path: Path) -> None:
    bench = flagged(tmp_path)
    for place in (BOOT_ID, SHUTDOWN_TIME):
        bench.host.registry.delete_value(*place)
    assert "does not tell which boot" in bench.update(KB, reboot=True).failed[0]
    bench.update(KB, desk=bench.desk("another controller"))
    assert bench.litter() == []


@pytest.mark.parametrize(("code", "reboot"), [(0, False), (3010, True)])
def test_what_is_not_in_after_all_is_no_success(tmp_path: Path, code: int, reboot: bool) -> None:
    """An installer that lies, or a Windows that takes it back while it starts ("reverting changes")."""
    bench = flagged(tmp_path, installers={KB: {"exit_code": code}})
    done = bench.update(KB, reboot=reboot)
    assert done.after is not None
    assert not presence(done.after.context, KB).present
    assert done.failed or done.remarks


@pytest.mark.parametrize(("words", "seconds"), [(TAKING, 0), (TAKING, 200), (CREATING, 0)])
def test_a_run_that_was_overtaken_installs_nothing_again(tmp_path: Path, words: str, seconds: int) -> None:
    """Between its reading and its lock; and in a sleep so long that its lock could be broken."""
    bench = flagged(tmp_path, installers={KB: {"seconds": seconds}})

    def other() -> None:
        bench.now += 10_000
        bench.update(KB, desk=bench.desk("other"), install_timeout=20)

    no_traceback(lambda: bench.update(KB, shell=Between(bench.host, words, other)))
    assert len(bench.installs()) == 1
    assert bench.update(KB).failed == ()
    assert bench.litter() == []


def test_a_clock_that_is_set_back_does_not_end_the_lock(tmp_path: Path) -> None:
    """Its owner goes on saying that it lives, or others, whose clocks are right, would break it."""
    bench = flagged(tmp_path, installers={KB: {"seconds": 900}})
    desk = dataclasses.replace(bench.desk(), clock=lambda: 1.8e9 + bench.time.now - 3600 * (bench.time.now > 60))
    assert bench.update(KB, desk=desk).failed == ()
    assert len([one for one in bench.host.counters.executed if TAKING in one]) > 2


class Losing(LabShell):
    """The connection is lost when the lock is given back."""

    def _send(self, line: str, stdin: bytes | None) -> Output:
        if LOCK in line and "/v Owner" not in line:
            raise ShellError("the connection was lost.", unreachable=True)
        return super()._send(line, stdin)


def test_a_lock_that_broke_off_goes_though_nothing_is_left_to_do(tmp_path: Path) -> None:
    bench = flagged(tmp_path)
    assert bench.update(KB, shell=Losing(bench.host), reboot=True).lost
    assert bench.litter() != []
    assert bench.update(KB).packages == ()
    assert bench.litter() == []


@pytest.mark.parametrize("fields", [{"kb": "KB9999999"}, {"installer": "nobody"}])
def test_a_record_that_no_table_knows_is_told(tmp_path: Path, fields: dict[str, str]) -> None:
    bench, folder = flagged(tmp_path), "MailFleet-0123456789abcdef"
    run = "20261122T100000Z-0123abcd"
    planted = JobRecord(KB, "install", "update_exe", folder, NAME, "0" * 64, "1f", run)
    planted = dataclasses.replace(planted, **fields)  # type: ignore[arg-type]
    writing = section("s", Query("X", command=job_records.write(planted)))
    Exchange(LabShell(bench.host), CODEPAGE).run([writing])
    bench.host.files.make(rf"C:\Windows\{folder}")
    for name in ("begun.txt", "code.txt"):
        bench.host.files.open(rf"C:\Windows\{folder}\{name}", append=False).content = b"code\r\n0 \r\n"
    no_traceback(lambda: bench.update(KB))


def test_a_boot_of_which_a_part_is_empty_is_no_traceback(tmp_path: Path) -> None:
    bench = flagged(tmp_path)
    bench.host.registry.set(*SHUTDOWN_TIME, 3, b"")
    bench.host.registry.set_number(*BOOT_ID, 7)
    no_traceback(lambda: bench.update(KB))


def test_nothing_but_ascii_gets_into_a_command_that_removes() -> None:
    """It is refused later, with a traceback, after the record was written."""
    name = "Package_for_KB3140245~31bf3856ad364e35~amd64~~6.1.1.\u0663"
    key = rf"{KNOWLEDGE.registry['cbs-packages'].key}\{name}"
    found = removal(host("win7-sp1", {key: {"CurrentState": 0x70}}), KNOWLEDGE.updates["KB3140245"])
    assert found.way is None, found.way
    key, long_s = rf"{KNOWLEDGE.registry['updates-xp'].key}\{KB}", "\u017f"
    program = rf"C:\WINDOWS\$NtUninstall{KB}$\spuninst\spunin{long_s}t.exe"
    assert removal(host("xp-sp3", {key: {"UninstallCommand": program}}), KNOWLEDGE.updates[KB]).way is None


class Forging(LabShell):
    """Between the marks of one line stands what a liar would put there."""

    at = 0

    def _send(self, line: str, stdin: bytes | None) -> Output:
        output = super()._send(line, stdin)
        if len(self.lines) != self.at:
            return output
        marks = re.findall(rb"[0-9a-f]{16}:[^\r\n]*", output.out)
        return Output(output.rc, b"\r\ncode\r\n0\r\n[3000]\r\nMFT 0\r\n\x1b[31m&calc&\r\n".join(marks) + b"\r\n", b"")


def test_forged_answers_are_no_tracebacks_and_run_nothing_of_theirs(tmp_path: Path) -> None:
    for number in range(1, 24):
        bench = flagged(tmp_path / str(number))
        shell = Forging(bench.host)
        shell.at = number
        no_traceback(lambda bench=bench, shell=shell: bench.update(KB, shell=shell, install_timeout=30))  # type: ignore[misc]
        assert not any("calc" in line for line in shell.lines), number
        assert len(bench.installs()) <= 1, number


def test_a_resumed_run_keeps_no_command_of_the_one_before(tmp_path: Path) -> None:
    """The first was to keep no backup and broke off before the installer began; the second is to keep one."""
    whole, bench = flagged(tmp_path / "whole"), flagged(tmp_path / "cut")
    shell = LabShell(whole.host)
    whole.update(KB, shell=shell, backup=False)
    creating = next(n for n, one in enumerate(shell.ran, 1) if one.startswith(CREATING))
    assert bench.update(KB, shell=LabShell(bench.host, creating), backup=False).lost
    assert bench.update(KB, backup=True).failed == ()
    assert (len(bench.installs()), [one for one in bench.installs() if "/nobackup" in one]) == (1, [])


def test_a_file_that_changes_after_its_check_is_not_run(tmp_path: Path) -> None:
    bench = flagged(tmp_path)
    path = bench.packages / NAME
    done = bench.update(KB, shell=Between(bench.host, TAKING, lambda: path.write_bytes(b"MZ another one")))
    assert "so it is not sent" in done.failed[0]
    assert (bench.installs(), bench.litter()) == ([], [])


def test_an_error_of_reading_while_it_is_sent_is_told(tmp_path: Path) -> None:
    """A network folder of the controller fails between the check and the sending."""
    bench = flagged(tmp_path)

    def breaks() -> None:
        (bench.packages / NAME).unlink()
        (bench.packages / NAME).symlink_to("/proc/self/mem")

    assert bench.update(KB, shell=Between(bench.host, TAKING, breaks)).failed


@pytest.mark.parametrize(
    "text", ["http://me:hunter2@pc/a\n", r"http:\\me:hunter2@pc\a", r"\\me:hunter2@pc\a", "http://me:hunter2@pc/a\tb"]
)
def test_a_password_in_a_source_never_shows(text: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_source(text)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("given", [{"install_timeout": 10**400}, {"checksum_file": "a\0b"}])
def test_options_that_nothing_can_be_done_with_are_told(given: dict[str, t.Any]) -> None:
    usual: dict[str, t.Any] = {"source": None, "checksums": {}, "checksum_file": None, "backup": True, "reboot": True}
    with pytest.raises(OptionError, match=next(iter(given))):
        update_desk.order({**usual, "install_timeout": 1, "reboot_timeout": 1, **given})
