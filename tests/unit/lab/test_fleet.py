# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole labs: many hosts, the command line, what is left behind."""

from __future__ import annotations

import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.lab.fleet import Lab

from .test_wsman import connect, run


def test_two_hundred_hosts_start_in_three_seconds() -> None:
    began = time.monotonic()
    with Lab([{"name": "many", "count": 200, "auth": "basic"}]) as lab:
        assert time.monotonic() - began < 3
        assert len({host.address for host in lab.hosts.values()}) == 200
        line = r"reg query HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName /v ComputerName"
        assert run(connect(lab, "many-200"), line)[0].split()[-1] == b"MANY-200"
        assert run(connect(lab, "many-007"), line)[0].split()[-1] == b"MANY-007"
        assert lab.host("many-001").counters.requests == 0


def test_hosts_of_one_entry_do_not_share_what_they_change() -> None:
    with Lab([{"name": "h", "count": 2}]) as lab:
        first = lab.host("h-1").backend
        assert first is not None
        first.registry.set_text(r"HKLM\SOFTWARE\New", "a", "b")  # type: ignore[union-attr]
        assert lab.host("h-1").run(r"reg query HKLM\SOFTWARE\New")[0] == 0
        assert lab.host("h-2").run(r"reg query HKLM\SOFTWARE\New")[0] == 1


def test_nothing_is_left_when_a_lab_ends() -> None:
    with Lab([{"name": "h"}]) as lab:
        host, inventory = lab.host("h"), lab.inventory
        assert inventory.exists()
    assert not inventory.exists()
    for port in (5985, 5986):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host.address, port), 1)


def test_two_labs_side_by_side() -> None:
    fleet = [{"name": "h", "auth": "basic"}]
    with Lab(fleet) as one, Lab(fleet) as two:
        assert one.host("h").address != two.host("h").address
        assert run(connect(one, "h", "ntlm"), "ver")[2] == run(connect(two, "h", "ntlm"), "ver")[2] == 0


@pytest.fixture
def fleet_file(tmp_path: Path) -> Path:
    file = tmp_path / "hosts.yml"
    file.write_text("hosts: [{name: a, os: xp-sp3, auth: basic}, {name: b, count: 3, connection: winrm}]")
    return file


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_line(fleet_file: Path, number: int, repository: Path) -> None:
    inventory = fleet_file.with_name("inventory.yml")
    command = [sys.executable, "-m", "tests.lab", "up", "--hosts", str(fleet_file), "--inventory", str(inventory)]
    with subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as lab:
        assert lab.stdout is not None
        assert lab.stderr is not None
        assert lab.stdout.readline() == b"ready 4 hosts\n"
        hosts = yaml.safe_load(inventory.read_text())["windows"]["hosts"]
        assert stat.S_IMODE(inventory.stat().st_mode) == 0o600
        assert list(hosts) == ["a", "b-1", "b-2", "b-3"]
        assert hosts["a"]["ansible_connection"] == "mailfleet.client.winrs"
        assert hosts["b-2"]["ansible_connection"] == "winrm"
        for host in hosts.values():
            socket.create_connection((host["ansible_host"], host["ansible_port"]), 1).close()
        lab.send_signal(number)
        assert lab.wait(20) == 0
        assert lab.stderr.read() == b""


def test_a_bad_fleet_file_is_one_sentence(tmp_path: Path, repository: Path) -> None:
    file = tmp_path / "hosts.yml"
    file.write_text("hosts: [{name: a, os: win12}]")
    command = [sys.executable, "-m", "tests.lab", "up", "--hosts", str(file), "--inventory", str(tmp_path / "i.yml")]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("lab: host a: unknown os 'win12'; known: ")
    assert done.stderr.count("\n") == 1
