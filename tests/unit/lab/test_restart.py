# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restarts of simulated hosts: who answers meanwhile, and what is another one afterwards."""

from __future__ import annotations

import socket
import time
import typing as t
from collections.abc import Iterator

import pytest
from winrm.exceptions import WSManFaultError
from winrm.protocol import Protocol

from tests.lab.fleet import Lab
from tests.lab.power import BOOT_ID, SHUTDOWN_TIME
from tests.lab.systems import systems
from tests.support.waiting import until

from .conftest import Host, MakeHost

MACHINE = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Cryptography"


def identity(host: t.Any) -> tuple[bytes, ...]:
    """BootId, ShutdownTime, MachineGuid."""
    places = (BOOT_ID, SHUTDOWN_TIME, (MACHINE, "MachineGuid"))
    return tuple(next(iter(host.export(key).values()))[name][1] for key, name in places)


@pytest.mark.parametrize("os", systems())
def test_every_windows_has_a_boot_identity(make_host: MakeHost, os: str) -> None:
    host = make_host(os, restart_ms=1)
    before = identity(host)
    host.restart()
    after = identity(host)
    assert int.from_bytes(after[0], "little") == int.from_bytes(before[0], "little") + 1
    assert int.from_bytes(after[1], "little") > int.from_bytes(before[1], "little")
    assert after[2] == before[2]


@pytest.mark.parametrize(
    ("os", "line", "code"),
    [
        ("xp-sp3", "shutdown -r -t 600 -f", 0),
        ("xp-sp3", "shutdown /r /t 600", 0),
        ("xp-sp3", "shutdown -r -t 601", 87),
        ("win7-sp1", "shutdown /r /t 601 /f", 0),
        ("win7-sp1", "shutdown /a", 1116),
        ("win7-sp1", "shutdown /r /t 60&shutdown /a", 0),
        ("win7-sp1", "shutdown /r /t 60&shutdown /r /t 60", 1190),
        ("xp-sp3", "shutdown -r -t 60&shutdown -r -t 60", 1115),
        ("win7-sp1", "shutdown /s /t 60", 1),
        ("win7-sp1", "shutdown /r", 1),
    ],
)
def test_exit_codes_of_shutdown(make_host: MakeHost, os: str, line: str, code: int) -> None:
    host = make_host(os)
    assert host.say(line)[0] == code
    host.stop()


def test_what_is_volatile_is_gone_and_the_rest_stays(make_host: MakeHost) -> None:
    host = make_host("xp-sp3", profiles={r"C:\Documents and Settings\bob\NTUSER.DAT": {"registry": []}}, restart_ms=1)
    host.say(
        r'reg load HKU\T "C:\Documents and Settings\bob\NTUSER.DAT"&reg add HKU\T\a /v n /d x /f'
        r"&reg add HKLM\SOFTWARE\Microsoft\Updates\UpdateExeVolatile /v Flags /t REG_DWORD /d 1 /f"
        r"&reg add HKLM\SOFTWARE\MailFleet /v n /d x /f&md C:\Windows\MailFleet.lock"
    )
    acts: list[str] = []
    host.power.at_restart.append(lambda: acts.append("in force"))
    host.restart()
    host.restart()
    assert acts == ["in force"]
    assert host.mounted == host.export(r"HKU\T") == {}
    assert r"HKU\hive\a" in host.hives.export(r"C:\Documents and Settings\bob\NTUSER.DAT")
    assert host.export(r"HKLM\SOFTWARE\Microsoft\Updates\UpdateExeVolatile") == {}
    assert host.export(r"HKLM\SOFTWARE\MailFleet") != {}
    assert host.files.exists(r"C:\Windows\MailFleet.lock")


def test_denied_writes_restart_nothing(make_host: MakeHost) -> None:
    host: Host = make_host(writes="deny")
    assert host.say("shutdown /r /t 0 /f")[0] == 5
    assert host.power.abort() is False


ENTRIES = [
    {"name": "back", "auth": "basic", "restart_ms": 300, "second_ms": 1},
    {"name": "gone", "auth": "basic", "never_returns": True, "second_ms": 1},
    {"name": "deaf", "auth": "basic", "ignores_shutdown": True, "second_ms": 1},
    {"name": "slow", "auth": "basic", "restart_ms": 100, "command_ms": 200, "second_ms": 1},
]


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(ENTRIES) as running:
        yield running


def connect(lab: Lab, name: str) -> Protocol:
    host = lab.host(name)
    return Protocol(
        f"http://{host.address}:{host.port}/wsman",
        "plaintext",
        lab.account.user,
        lab.account.password,
        read_timeout_sec=20,
        operation_timeout_sec=10,
    )


def answers(lab: Lab, name: str) -> bool:
    try:
        socket.create_connection((lab.host(name).address, lab.host(name).port), 1).close()
    except OSError:
        return False
    return True


def simulated(lab: Lab, name: str) -> t.Any:
    return lab.host(name).backend


def test_the_endpoint_goes_away_and_comes_back_without_its_shells(lab: Lab) -> None:
    protocol = connect(lab, "back")
    shell = protocol.open_shell()
    before = identity(lab.host("back"))
    protocol.get_command_output(shell, protocol.run_command(shell, "shutdown /r /t 1 /f"))
    until(lambda: not answers(lab, "back"))
    until(lambda: answers(lab, "back"))
    assert simulated(lab, "back").power.restarts == 1
    assert identity(lab.host("back"))[:2] != before[:2]
    again = connect(lab, "back")
    with pytest.raises(WSManFaultError, match="shell was not found"):
        again.run_command(shell, "ver")
    assert b"6.1.7601" in again.get_command_output(s := again.open_shell(), again.run_command(s, "ver"))[0]


def test_one_that_never_returns_and_one_that_does_not_listen(lab: Lab) -> None:
    for name in ("gone", "deaf"):
        assert lab.host(name).run("shutdown /r /t 1 /f")[0] == 0
    until(lambda: not answers(lab, "gone"))
    time.sleep(0.5)
    assert not answers(lab, "gone")
    assert answers(lab, "deaf")
    assert lab.host("deaf").run("shutdown /r /t 1 /f")[0] == 1190


def test_a_line_that_runs_ends_with_the_host(lab: Lab) -> None:
    protocol = connect(lab, "slow")
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "shutdown /r /t 0 /f&md C:\\a&ver&ver&ver&ver&md C:\\b")
    with pytest.raises(Exception, match=r"(?i)reset|refused|aborted|disconnect|closed"):
        protocol.get_command_output(shell, command)
    until(lambda: simulated(lab, "slow").power.restarts == 1)
    assert not simulated(lab, "slow").files.exists(r"C:\b")
