# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Wine host: a real installer program, run by a task that nobody waits for, and a restart."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import wine_template
from tests.lab.fleet import Lab, LabHost
from tests.lab.power import BOOT_ID
from tests.lab.wine import WINE_USER, WineHost
from tests.lab.wine_power import REWRITTEN
from tests.support.waiting import until

pytestmark = [pytest.mark.wine, pytest.mark.needs(wine_template.COMPILER)]

FOLDER = r"%SystemRoot%\MailFleet-0123456789abcdef"
CREATE = rf"schtasks /create /ru SYSTEM /sc once /st 00:00 /tn fleet /tr {FOLDER}\run.cmd /f"
KEY = r"HKLM\SOFTWARE\Lab"
INSTALLER = """
#include <windows.h>
int main(int argc, char **argv)
{
    DWORD one = 1;
    HKEY key;
    if (argc < 2 || RegCreateKeyA(HKEY_LOCAL_MACHINE, "SOFTWARE\\\\Lab", &key) != 0)
        return 87;
    Sleep(500);
    RegSetValueExA(key, "Installed", 0, REG_DWORD, (BYTE *)&one, 4);
    return 3010;
}
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab([{"name": "wine", "kind": "wine", "auth": "basic", "restart_ms": 50, "second_ms": 10}]) as running:
        yield running


def backend(host: LabHost) -> WineHost:
    assert isinstance(host.backend, WineHost)
    return host.backend


def boots(host: LabHost) -> int:
    return int.from_bytes(next(iter(host.export(BOOT_ID[0]).values()))[BOOT_ID[1]][1], "little")


def test_an_installer_runs_in_a_task_and_its_exit_code_is_kept(lab: Lab, tmp_path: Path) -> None:
    host = lab.host("wine")
    (tmp_path / "i.c").write_text(INSTALLER)
    host.run(f"echo off&(for %t in (a:) do (md {FOLDER})) <nul 2>&1")
    staged = backend(host).drive / "windows" / "MailFleet-0123456789abcdef"
    subprocess.run([wine_template.COMPILER, "-o", str(staged / "package.exe"), str(tmp_path / "i.c")], check=True)
    (staged / "run.cmd").write_bytes(
        b"@echo off\r\nC:\\windows\\MailFleet-0123456789abcdef\\package.exe /quiet /norestart\r\n"
        b"echo %errorlevel% >C:\\windows\\MailFleet-0123456789abcdef\\code.txt\r\n"
    )
    printed = host.run(f"echo off&(for %t in (a:) do ({CREATE}&schtasks /run /tn fleet&echo done)) <nul 2>&1")
    assert "done" in printed[1]
    until((staged / "code.txt").is_file)
    until(lambda: (staged / "code.txt").read_text().strip())
    assert (staged / "code.txt").read_text().strip() == "3010"
    assert host.export(KEY)[r"HKEY_LOCAL_MACHINE\SOFTWARE\Lab"]["Installed"] == (4, b"\1\0\0\0")
    until(lambda: '"Ready"' in host.run("echo off&(for %t in (a:) do (schtasks /query /tn fleet)) <nul 2>&1")[1])
    assert host.counters.refused == []


def test_a_restart_is_another_wineserver_with_the_same_prefix(lab: Lab) -> None:
    host = lab.host("wine")
    updates = r"HKLM\SOFTWARE\Microsoft\Updates\UpdateExeVolatile"
    host.run(rf"echo off&(for %t in (a:) do (reg add {KEY} /v n /d x /f&reg add {updates} /v Flags /d 1 /f)) <nul 2>&1")
    before = boots(host)
    first = {path: host.export(path) for path in REWRITTEN}
    host.run("echo off&(for %t in (a:) do (shutdown /r /t 5 /f)) <nul 2>&1")
    until(lambda: backend(host).power.restarts == 1 and backend(host).power.up)
    assert boots(host) == before + 1
    assert host.export(KEY)[r"HKEY_LOCAL_MACHINE\SOFTWARE\Lab"]["n"] == (1, "x\0".encode("utf-16-le"))
    assert host.export(updates) == {}
    # Wine would write these anew, as they are on the machine that it runs on, and forget the other users.
    for path, keys in first.items():
        last = host.export(path)
        own = tuple(key for key in keys if WINE_USER in key)
        assert {key: keys[key] for key in keys if key not in own} == {key: last[key] for key in keys if key not in own}
    assert "6.1.7601" in host.run("echo off&(for %t in (a:) do (ver)) <nul 2>&1")[1]
