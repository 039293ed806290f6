# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduled tasks of simulated hosts: the dialects of ``schtasks``, and batch files that run in the background."""

from __future__ import annotations

import pytest

from tests.lab.packages import package
from tests.support.waiting import until

from .conftest import Host, MakeHost

CREATE = r"schtasks /create /ru SYSTEM /sc once /st {} /tn fleet /tr C:\Windows\run.cmd"


def stage(host: Host, *lines: str, path: str = r"C:\Windows\run.cmd") -> None:
    file = host.files.open(path, append=False)
    file.content = "".join(f"{line}\r\n" for line in lines).encode()


def done(host: Host) -> bool:
    task = host.tasks.find("fleet")
    return task is not None and task.job is None


@pytest.mark.parametrize(
    ("os", "line", "code", "says"),
    [
        ("xp-sp3", CREATE.format("00:00:00"), 0, "SUCCESS"),
        ("xp-sp3", CREATE.format("00:00"), 1, "/ST"),
        ("xp-sp3", CREATE.format("00:00:00") + " /f", 1, '"/f"'),
        ("server-2003-sp2", CREATE.format("00:00") + " /f", 0, "SUCCESS"),
        ("server-2003-sp2", CREATE.format("00:00:00") + " /f", 0, "SUCCESS"),
        ("win7-sp1", CREATE.format("00:00") + " /f", 0, "SUCCESS"),
        ("win7-sp1", CREATE.format("00:00:00") + " /f", 1, "/ST"),
        ("xp-sp3", "schtasks /query /tn fleet", 1, '"/tn"'),
        ("win7-sp1", "schtasks /query /tn fleet", 1, "cannot find"),
        ("win7-sp1", "schtasks /run /tn fleet", 1, "does not exist"),
        ("win7-sp1", "schtasks /delete /tn fleet /f", 1, "does not exist"),
        ("win7-sp1", "schtasks /delete /tn fleet", 1, "lab: refused"),
        ("win7-sp1", CREATE.format("00:00").replace("SYSTEM", "bob"), 1, "lab: refused"),
    ],
)
def test_each_windows_has_its_own_dialect(make_host: MakeHost, os: str, line: str, code: int, says: str) -> None:
    said = make_host(os).say(line)
    assert said[0] == code
    assert says in said[1] + said[2]


def test_a_task_runs_a_batch_file_as_system_when_nobody_is_connected(make_host: MakeHost) -> None:
    host = make_host("xp-sp3")
    stage(host, "@echo off", "rem nothing", "md C:\\a&md C:\\a", r"echo %errorlevel% %%x %NONE%[%windir%] >C:\out.txt")
    assert host.say(CREATE.format("00:00:00"))[0] == 0
    assert not host.files.exists(r"C:\out.txt")
    assert host.say("schtasks /run /tn fleet")[0] == 0
    until(lambda: done(host))
    assert host.files.read(r"C:\out.txt") == b"1 %x [C:\\Windows] \r\n"
    assert host.say("schtasks /delete /tn fleet /f")[0] == 0
    assert host.counters.refused == []


def test_errorlevel_is_that_of_the_command_before(make_host: MakeHost) -> None:
    host = make_host(second_ms=1)
    stage(
        host,
        "@echo off",
        r"reg query HKLM\none >nul 2>&1",
        r"(echo %errorlevel%)>C:\a",
        r"(echo %errorlevel%)>C:\b",
        r"(for %%k in (x) do (echo %%k))>C:\c",
        "exit /b 7",
        r"echo never>C:\d",
    )
    host.say(CREATE.format("00:00") + "&schtasks /run /tn fleet")
    until(lambda: done(host))
    assert [host.files.read(rf"C:\{name}") for name in "abc"] == [b"1\r\n", b"1\r\n", b"x\r\n"]
    assert not host.files.exists(r"C:\d")
    task = host.tasks.find("fleet")
    assert task is not None
    assert task.result == 7


@pytest.mark.parametrize("line", ["goto x", ":x", "echo %time%", "echo %~dp0", "(echo x", r"C:\Windows\run.cmd"])
def test_what_a_batch_file_may_not_hold_is_recorded(make_host: MakeHost, line: str) -> None:
    host = make_host()
    stage(host, line)
    host.say(CREATE.format("00:00") + "&schtasks /run /tn fleet")
    until(lambda: done(host))
    assert len(host.counters.refused) == 1


def test_a_task_shows_while_it_runs_and_can_be_ended(make_host: MakeHost) -> None:
    host = make_host("win7-sp1", language="de", installers={"KB3140245": {"hangs": True}})
    hanging(host)
    assert '"Wird ausgeführt"' in host.say("schtasks /query /tn fleet /fo csv /nh")[1]
    assert '"wusa.exe"' in host.say("tasklist /fo csv /nh")[1]
    assert host.say("schtasks /end /tn fleet")[0] == 0
    until(lambda: done(host))
    assert '"Bereit"' in host.say("schtasks /query /fo csv /nh /v")[1]
    assert not host.files.exists(r"C:\code")


def test_killing_the_installer_lets_the_batch_file_go_on(make_host: MakeHost) -> None:
    host = make_host("win7-sp1", installers={"KB3140245": {"hangs": True}})
    assert host.say("taskkill /im wusa.exe /f")[0] == 128
    hanging(host)
    assert host.say("taskkill /f /im WUSA.exe")[0] == 0
    until(lambda: done(host))
    assert host.files.read(r"C:\code") == b"1\r\n"


def test_a_package_that_shows_its_first_page_hangs(make_host: MakeHost) -> None:
    host = make_host("xp-sp3")
    host.files.open(r"C:\Windows\p.exe", append=False).content = package("KB4019276", "xp-sp3", "x86")
    stage(host, r"C:\Windows\p.exe /norestart")
    host.say(CREATE.format("00:00:00") + "&schtasks /run /tn fleet")
    until(host.processes.images)
    assert not done(host)
    assert host.say("taskkill /im p.exe /f")[0] == 0
    until(lambda: done(host))


def hanging(host: Host) -> None:
    """A task whose installer hangs."""
    host.files.open(r"C:\a.msu", append=False).content = package("KB3140245", "win7-sp1", "amd64")
    stage(host, r"wusa C:\a.msu /quiet /norestart", r"(echo %errorlevel%)>C:\code")
    assert host.say(CREATE.format("00:00") + "&schtasks /run /tn fleet")[0] == 0
    until(host.processes.images)


def test_what_runs_ends_with_a_restart_and_the_task_stays(make_host: MakeHost) -> None:
    host = make_host("win7-sp1", installers={"KB3140245": {"hangs": True}}, restart_ms=1)
    hanging(host)
    host.restart()
    until(lambda: done(host))
    assert not host.files.exists(r"C:\code")
    assert host.processes.images() == []


def test_denied_writes_make_no_task(make_host: MakeHost) -> None:
    host = make_host(writes="deny")
    assert host.say(CREATE.format("00:00"))[0] == 1
    assert host.tasks.all() == []
    assert host.counters.writes == 1


IN_USE = "being used by another process"


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        (r"del C:\Windows\j\busy.txt", 0, IN_USE),
        (r"ren C:\Windows\j\busy.txt other.txt", 1, IN_USE),
        (r"(echo x)>C:\Windows\j\busy.txt", 1, IN_USE),
        (r"(echo x)>>C:\Windows\j\busy.txt", 1, IN_USE),
        (r"ren C:\Windows\j k", 1, "Access is denied"),
        (r"rd /s /q C:\Windows\j", 0, IN_USE),
        (r"type C:\Windows\j\busy.txt", 0, ""),
    ],
)
def test_what_a_task_writes_to_is_in_use(make_host: MakeHost, line: str, code: int, says: str) -> None:
    host = make_host("win7-sp1", installers={"KB3140245": {"hangs": True}}, restart_ms=1)
    host.files.make(r"C:\Windows\j\k")
    host.files.open(r"C:\a.msu", append=False).content = package("KB3140245", "win7-sp1", "amd64")
    stage(host, r"wusa C:\a.msu /quiet /norestart", path=r"C:\Windows\j\in.cmd")
    stage(host, r'cmd /d /s /c "C:\Windows\j\in.cmd" >C:\Windows\j\busy.txt 2>&1')
    host.say(CREATE.format("00:00") + "&schtasks /run /tn fleet")
    until(host.processes.images)
    said = host.say(line)
    assert said[0] == code
    assert says in said[2]
    assert host.files.exists(r"C:\Windows\j\busy.txt")
    assert host.files.exists(r"C:\Windows\j\k") is not line.startswith("rd")
    host.restart()
    until(lambda: done(host))
    assert host.say(r"rd /s /q C:\Windows\j")[2] == ""
    assert not host.files.exists(r"C:\Windows\j")
    assert host.counters.refused == []


def test_sizes_of_files_can_be_asked_for(make_host: MakeHost) -> None:
    host = make_host()
    stage(host, "12345", path=r"C:\a")
    line = r"(for %g in (C:\a) do (if {} (echo yes)))"
    says = {"%~zg==7": "yes", "%~zg==8": "", "%~zg lss 8": "yes", "%~zg lss 7": "", "not %~zg lss 7": "yes"}
    assert {text: host.say("echo off&" + line.format(text))[1].strip() for text in says} == says
    gone = line.replace("C:\\a", "C:\\none")
    assert host.say("echo off&" + gone.format("%~zg==0"))[1] == ""
    assert host.say("echo off&" + gone.format("%~zg lss 5"))[1].strip() == "yes", "as texts, nothing comes first"
