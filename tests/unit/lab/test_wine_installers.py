# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages for Wine hosts, run by a task from a batch file that echo has written, as real ones are run."""

from __future__ import annotations

import hashlib
import shutil
import time
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import power, wine_packages, wine_template
from tests.lab.fleet import Lab, LabHost
from tests.lab.packages import row_of
from tests.lab.wine import WineHost

pytestmark = [pytest.mark.wine, pytest.mark.needs(wine_template.COMPILER)]

TASK = "MailFleet-0123456789abcdef"
FOLDER = rf"%SystemRoot%\{TASK}"
#: What tells how a job stands.
MARKS = ("busy", "begun", "code")
LANGUAGE = r"HKLM\SYSTEM\CurrentControlSet\Control\Nls\Language"
POSREADY = r"HKLM\SYSTEM\WPA\PosReady"
KEYS = {
    "update": r"HKLM\SOFTWARE\Microsoft\Updates\Windows XP\SP4\KB4019276",
    "hotfix": r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\HotFix\KB4019276",
    "uninstall": r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\KB4019276",
}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    entry = {"kind": "wine", "auth": "basic", "restart_ms": 50, "second_ms": 10}
    with Lab([{"name": "xp", "os": "xp-sp3", **entry}, {"name": "win7", "os": "win7-sp1", **entry}]) as running:
        run(running.host("xp"), f"reg add {LANGUAGE} /v InstallLanguage /d 0407 /f")
        yield running


@pytest.fixture
def xp(lab: Lab) -> Iterator[LabHost]:
    host = lab.host("xp")
    run(host, f"md {FOLDER}")
    yield host
    run(host, f"rd /s /q {FOLDER}", f"schtasks /delete /tn {TASK} /f", f"reg delete {POSREADY} /f")
    assert not staged(host).exists()
    assert host.counters.refused == []


@pytest.fixture(scope="module")
def german(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wine_packages.package(tmp_path_factory.mktemp("german"), "KB4019276", "deu", seconds=1.5)


def run(host: LabHost, *commands: str) -> list[str]:
    """The lines that these commands print, in the wrapper in which all lines are sent."""
    return host.run(f"echo off&(for %t in (0123abcd:) do ({'&'.join(commands)})) <nul 2>&1")[1].splitlines()


def staged(host: LabHost) -> Path:
    assert isinstance(host.backend, WineHost)
    return host.backend.drive / "windows" / TASK


def number(host: LabHost, key: str, name: str) -> int:
    values = next(iter(host.export(key).values()), {})
    return int.from_bytes(values.get(name, (4, b""))[1], "little")


def start(host: LabHost, package: Path, *switches: str) -> None:
    """What starts a job: the batch file, the task, and it runs."""
    shutil.copy(package, staged(host))
    words = " ".join((rf"{FOLDER}\{package.name}", *switches, rf"/log:{FOLDER}\log.txt"))
    batch = (
        "@echo off",
        rf"echo begun^>{FOLDER}\begun.txt",
        words,
        rf"echo ^%errorlevel^%^>{FOLDER}\code.tmp",
        rf"ren {FOLDER}\code.tmp code.txt",
    )
    run(host, rf"({'&'.join(f'echo {line}' for line in batch)})>{FOLDER}\run.cmd")
    what = rf'"cmd /c {FOLDER}\run.cmd >{FOLDER}\busy.txt 2>&1"'
    said = run(
        host,
        f"schtasks /create /tn {TASK} /ru SYSTEM /sc once /st 00:00:00 /tr {what}",
        f"schtasks /run /tn {TASK}",
    )
    assert said == [f'SUCCESS: The scheduled task "{TASK}" has successfully been created.']


def look(host: LabHost) -> set[str]:
    """Which marks are there after the output of the job has been deleted, if nobody has it open."""
    questions = (rf"(if exist {FOLDER}\{mark}.txt (echo {mark}))" for mark in MARKS)
    return set(run(host, rf"(if exist {FOLDER}\busy.txt (del /q {FOLDER}\busy.txt))", *questions)) & set(MARKS)


def finished(host: LabHost) -> list[set[str]]:
    """All looks, one after another, until there is a code."""
    looks: list[set[str]] = []
    for _unused in range(100):
        looks.append(look(host))
        if "code" in looks[-1]:
            return looks
        time.sleep(0.1)
    raise AssertionError(looks)


def code(host: LabHost) -> str:
    return (staged(host) / "code.txt").read_text().strip()


def said(host: LabHost) -> str:
    return (staged(host) / "log.txt").read_text()


def allow(host: LabHost) -> None:
    run(host, f"reg add {POSREADY} /v Installed /t REG_DWORD /d 1 /f")


def test_a_package_installs_and_removes_itself(xp: LabHost, german: Path) -> None:
    allow(xp)
    before = xp.export(*KEYS.values())
    start(xp, german, "/quiet", "/norestart")
    looks = finished(xp)
    # While it runs, the file into which its output goes cannot be deleted.
    assert {"busy", "begun"} in looks
    assert (looks[-1], code(xp)) == ({"begun", "code"}, "3010")
    assert "Update for POSReady 2009 (KB4019276) was installed." in said(xp)
    found = xp.export(*KEYS.values())
    installed = {path.rpartition("KB4019276")[2]: texts(values) for path, values in found.items() if "Filelist" in path}
    row = row_of("KB4019276", "xp-sp3")
    assert row is not None
    names = {name.rpartition("\\")[2]: version for name, version in row.files.items()}
    assert {one["FileName"]: one["Version"] for one in installed.values() if one} == names
    assert number(xp, KEYS["hotfix"], "Installed") == number(xp, power.UPDATE_EXE_VOLATILE, "Flags") == 1
    assert power.RENAMES in next(iter(xp.export(power.SESSION_MANAGER).values()))
    (remover,) = (
        one["UninstallCommand"] for one in (texts(values) for values in found.values()) if "UninstallCommand" in one
    )
    run(xp, f"{remover} /quiet /norestart")
    assert xp.export(*KEYS.values()) == before == {}


def texts(values: t.Mapping[str, tuple[int, bytes]]) -> dict[str, str]:
    return {name: raw.decode("utf-16-le").rstrip("\0") for name, (kind, raw) in values.items() if kind == 1}


def test_without_the_flag_it_refuses(xp: LabHost, german: Path) -> None:
    start(xp, german, "/quiet", "/norestart")
    finished(xp)
    assert code(xp) == "1603"
    assert "Condition Check for Line 1 of PreRequisite returned FALSE" in said(xp)
    assert xp.export(*KEYS.values()) == {}


def test_in_another_language_it_refuses(xp: LabHost, tmp_path: Path) -> None:
    allow(xp)
    start(xp, wine_packages.package(tmp_path, "KB4019276", "enu", 0), "/quiet", "/norestart")
    finished(xp)
    assert code(xp) == "1603"
    assert "the language installed on your system is different from the update language" in said(xp)


def test_without_a_word_against_it_it_restarts_the_host(xp: LabHost, tmp_path: Path) -> None:
    allow(xp)
    restarts = until_restarted(xp)
    start(xp, wine_packages.package(tmp_path, "KB4467770", "deu", 0), "/quiet")
    until_restarted(xp, restarts + 1)
    assert code(xp) == "1641"
    assert number(xp, power.UPDATE_EXE_VOLATILE, "Flags") == 0
    assert "PendingFileRenameOperations" not in next(iter(xp.export(power.SESSION_MANAGER).values()))


def test_a_job_that_a_restart_breaks_off_leaves_its_mark(xp: LabHost, tmp_path: Path) -> None:
    allow(xp)
    restarts = until_restarted(xp)
    start(xp, wine_packages.package(tmp_path, "KB4019276", "deu", 60), "/quiet", "/norestart")
    assert look(xp) >= {"busy"}
    run(xp, "shutdown -r -t 5 -f")
    until_restarted(xp, restarts + 1)
    assert look(xp) == {"begun"}
    assert xp.export(*KEYS.values()) == {}


def until_restarted(host: LabHost, wanted: int = 0) -> int:
    """How often the host has restarted, once that is as often as wanted. Lines tell the lab of a request."""
    assert isinstance(host.backend, WineHost)
    for _unused in range(100):
        run(host, "ver")
        if host.backend.power.restarts >= wanted and host.backend.power.up:
            return host.backend.power.restarts
        time.sleep(0.1)
    raise AssertionError("it did not restart")


def test_a_package_is_named_as_microsoft_names_it(tmp_path: Path) -> None:
    file = wine_packages.package(tmp_path, "KB4230450-IE8", "deu", 0, size=300_001)
    digest = hashlib.sha1(file.read_bytes()).hexdigest()
    assert file.name == f"ie8-windowsxp-kb4230450-x86-embedded-deu_{digest}.exe"
    assert file.stat().st_size == 300_001
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("host", "words", "error"),
    [
        ("xp", "/create /tn a /ru SYSTEM /sc once /st 00:00 /tr C:\\x.cmd", 'Invalid syntax. Invalid value for "/ST".'),
        ("xp", "/create /tn a /ru SYSTEM /sc once /st 00:00:00 /tr C:\\x.cmd /f", 'Invalid argument/option - "/f".'),
        ("xp", "/query /tn b", 'Invalid argument/option - "/tn".'),
        ("xp", "/create /tn b /ru SYSTEM /sc once /st 00:00:00 /tr C:\\x.cmd", "already exists in the system."),
        ("win7", "/create /tn a /ru SYSTEM /sc once /st 00:00:00 /tr C:\\x.cmd", 'Invalid value for "/ST".'),
        ("win7", "/create /tn a /ru SYSTEM /sc once /st 00:00 /tr C:\\x.cmd /f", ""),
        ("win7", "/query /tn b", ""),
        ("win7", "/run /tn a", "does not exist"),
    ],
)
def test_schtasks_speaks_the_dialect_of_its_windows(lab: Lab, host: str, words: str, error: str) -> None:
    seconds = ":00" if host == "xp" else ""
    run(lab.host(host), rf"schtasks /create /tn b /ru SYSTEM /sc once /st 00:00{seconds} /tr C:\x.cmd")
    text = "".join(run(lab.host(host), f"schtasks {words}"))
    assert (error in text, "ERROR" in text) == (True, bool(error))
    run(lab.host(host), "schtasks /delete /tn a /f", "schtasks /delete /tn b /f")
