# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in behind OpenSSH's own sshd, spoken to by OpenSSH's own client."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.lab import ssh
from tests.lab.fleet import Lab

pytestmark = pytest.mark.needs("sshd", "ssh", "ssh-keygen")


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab([{"name": "h", "os": "xp-sp3", "language": "ru", "connection": "ssh"}]) as running:
        yield running


def over_ssh(lab: Lab, *line: str) -> subprocess.CompletedProcess[bytes]:
    host = lab.host("h")
    options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
    login = ["-F", "/dev/null", "-i", str(lab.ssh_key), "-p", str(host.ssh_port), "-l", ssh.login()]
    command = ["ssh", *options, *login, host.address, *line]
    return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False, timeout=60)


def test_a_line(lab: Lab) -> None:
    done = over_ssh(lab, r'cmd.exe /d /s /c "echo off&(chcp&reg query "HKLM\SOFTWARE\no such") 2>&1"')
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout.decode("cp866").splitlines() == [
        "Текущая кодовая страница: 866",
        "",
        "Ошибка:  Не удается найти указанный раздел или параметр в реестре",
    ]


def test_streams_and_exit_code_are_kept_apart(lab: Lab) -> None:
    done = over_ssh(lab, r"echo a&reg query HKLM\nope")
    assert (done.returncode, done.stdout) == (1, b"a\r\n")
    assert done.stderr.decode("cp866").startswith("\r\nОшибка:")


def test_nothing_but_the_interpreter(lab: Lab) -> None:
    done = over_ssh(lab, "cat /etc/passwd")
    assert done.stdout == b""
    assert done.stderr.startswith(b"lab: refused: the command cat")
    assert over_ssh(lab).returncode == 255


def test_it_counts(lab: Lab) -> None:
    lab.reset()
    over_ssh(lab, "ver")
    assert (lab.host("h").counters.requests, lab.host("h").counters.executed) == (1, ["ver"])
