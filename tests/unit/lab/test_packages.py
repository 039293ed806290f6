# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Update packages of simulated hosts: exit codes, records, versions of files, and what refuses to be installed."""

from __future__ import annotations

import time
import typing as t

import pytest

from tests.lab import packages
from tests.lab.packages import package

from .conftest import Host, MakeHost

FILE = r"C:\Windows\MailFleet-0123456789abcdef\package"
POSREADY = '[HKEY_LOCAL_MACHINE\\SYSTEM\\WPA\\PosReady]\r\n"Installed"=dword:00000001\r\n'
IE8 = '[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Internet Explorer]\r\n"Version"="8.0.6001.18702"\r\n'
UPDATES = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Updates"
VOLATILE = rf"{UPDATES}\UpdateExeVolatile"
CV = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion"
CBS = rf"{CV}\Component Based Servicing"
SCHANNEL = r"C:\Windows\System32\schannel.dll"
WINHTTP = r"C:\Windows\System32\winhttp.dll"


def put(host: Host, ending: str, content: bytes) -> str:
    host.files.make(FILE.rpartition("\\")[0], exists_ok=True)
    host.files.open(FILE + ending, append=False).content = content
    return FILE + ending


def run(host: Host, kb: str, os: str, arch: str = "x86", switches: str = "/quiet /norestart", **more: t.Any) -> int:
    """Exit code of a package for XP or 2003."""
    return host.say(f"{put(host, '.exe', package(kb, os, arch, **more))} {switches}")[0]


def run_as_system(host: Host, line: str) -> int:
    """Exit code of a line in a task."""
    host.files.open(r"C:\Windows\t.cmd", append=False).content = f"{line}\r\n".encode()
    host.say(r"schtasks /create /ru SYSTEM /sc once /st 00:00 /tn t /tr C:\Windows\t.cmd /f&schtasks /run /tn t")
    task = host.tasks.find("t")
    assert task is not None
    while task.job is not None:
        time.sleep(0.005)
    return task.result


def number(host: Host, key: str, name: str) -> int:
    return int.from_bytes(host.export(key)[key][name][1], "little")


def log(host: Host, path: str) -> str:
    return bytes(host.files.read(path)).decode()


def test_an_update_of_xp_is_in_force_after_the_restart(make_host: MakeHost) -> None:
    host = make_host("xp-sp3", reg=POSREADY, restart_ms=1)
    assert run(host, "KB4019276", "xp-sp3", switches=r"/quiet /norestart /log:C:\Windows\my.log") == 3010
    keys = host.export(UPDATES)
    key = rf"{UPDATES}\Windows XP\SP4\KB4019276"
    assert "UninstallCommand" in keys[key]
    listed = [
        values["FileName"][1].decode("utf-16-le") for path, values in keys.items() if "Filelist" in path and values
    ]
    assert "schannel.dll\0" in listed
    assert number(host, VOLATILE, "Flags") == 1
    assert host.file_version(SCHANNEL) == "5.1.2600.5512"
    assert "was installed" in log(host, r"C:\Windows\my.log")
    host.restart()
    assert host.file_version(SCHANNEL) == "5.1.2600.7346"
    assert host.export(VOLATILE) == {}
    assert run(host, "KB4019276", "xp-sp3") == 0  # again: nothing to do
    assert host.counters.refused == []


@pytest.mark.parametrize(
    ("os", "reg", "kb", "header", "code", "says"),
    [
        ("xp-sp3", "", "KB4019276", {}, 1603, "returned FALSE"),
        ("xp-sp2", POSREADY, "KB4019276", {"os": "xp-sp3"}, 1603, "another version"),
        ("server-2003-sp2", POSREADY, "KB4019276", {"os": "xp-sp3"}, 1603, "another version"),
        ("xp-sp3", POSREADY, "KB4019276", {"lang": "deu"}, 1603, "language"),
        ("xp-x64-sp2", "", "KB948963", {"arch": "x86"}, 1603, "processor"),
        ("xp-sp3", POSREADY, "KB4230450-IE8", {}, 1603, "returned FALSE"),
        ("xp-sp3", POSREADY + IE8, "KB4230450-IE8", {}, 3010, "was installed"),
        ("posready-2009", "", "KB4467770", {"os": "xp-sp3"}, 3010, "was installed"),
        ("server-2003-sp2", "", "KB948963", {}, 3010, "was installed"),
        ("xp-x64-sp2", "", "KB948963", {"arch": "amd64"}, 3010, "was installed"),
    ],
)
def test_what_update_exe_takes(
    make_host: MakeHost, os: str, reg: str, kb: str, header: dict[str, str], code: int, says: str
) -> None:
    host = make_host(os, reg=reg)
    before = host.export("HKLM")
    given = {"os": os, "arch": "x86", **header}
    assert run(host, kb, **given) == code
    assert says in log(host, rf"C:\Windows\{kb}.log")
    assert (host.export("HKLM") == before) is (code == 1603)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (package("KB948963", "xp-x64-sp2", "amd64"), 193),
        (b"MZ", 193),
        (package("KB4019276", "xp-sp3", "x86")[:99], 1603),
    ],
)
def test_files_that_are_no_packages_for_that_host(make_host: MakeHost, content: bytes, code: int) -> None:
    host = make_host("xp-sp3", reg=POSREADY)
    assert host.say(f"{put(host, '.exe', content)} /quiet /norestart")[0] == code


def test_spuninst_takes_it_away_with_the_next_restart(make_host: MakeHost) -> None:
    host = make_host("xp-sp3", reg=POSREADY, restart_ms=1)
    before = host.export(r"HKLM\SOFTWARE")
    run(host, "KB4019276", "xp-sp3")
    host.restart()
    assert host.say(r"%windir%\$NtUninstallKB4019276$\spuninst\spuninst.exe /quiet /norestart")[0] == 3010
    assert host.file_version(SCHANNEL) == "5.1.2600.7346"
    host.restart()
    assert host.file_version(SCHANNEL) == "5.1.2600.5512"
    left = {path: values for path, values in host.export(r"HKLM\SOFTWARE").items() if values}
    assert left == {path: values for path, values in before.items() if values}
    assert host.counters.refused == []


def test_without_a_backup_nothing_takes_it_away(make_host: MakeHost) -> None:
    host = make_host("xp-sp3", reg=POSREADY)
    assert run(host, "KB4019276", "xp-sp3", switches="/quiet /norestart /nobackup") == 3010
    assert "UninstallCommand" not in host.export(UPDATES)[rf"{UPDATES}\Windows XP\SP4\KB4019276"]
    assert host.say(r"%windir%\$NtUninstallKB4019276$\spuninst\spuninst.exe /quiet /norestart")[0] == 1


def test_without_norestart_the_host_goes_down(make_host: MakeHost) -> None:
    host = make_host("xp-sp3", reg=POSREADY, restart_ms=1, second_ms=1)
    assert run(host, "KB4019276", "xp-sp3", switches="/quiet") == 1641
    for _unused in range(400):
        if host.power.restarts:
            break
        time.sleep(0.01)
    assert host.power.restarts == 1


@pytest.mark.parametrize(
    ("how", "code"), [({"exit_code": 112}, 112), ({"exit_code": 1618}, 1618), ({"seconds": 20}, 3010)]
)
def test_the_entry_says_what_a_package_does(make_host: MakeHost, how: dict[str, int], code: int) -> None:
    host = make_host("xp-sp3", reg=POSREADY, installers={"KB4019276": how}, second_ms=10)
    before, began = host.export("HKLM"), time.monotonic()
    assert run(host, "KB4019276", "xp-sp3") == code
    assert (time.monotonic() - began > 0.15) is (code == 3010)
    assert (host.export("HKLM") == before) is (code != 3010)


def test_one_that_blocks_needs_a_restart_before_the_next(make_host: MakeHost) -> None:
    host = make_host("xp-sp3", reg=POSREADY, installers={"KB4019276": {"blocks": True}}, restart_ms=1)
    assert run(host, "KB4019276", "xp-sp3") == 3010
    assert run(host, "KB4467770", "xp-sp3") == 1603
    assert "restart" in log(host, r"C:\Windows\KB4467770.log")
    host.restart()
    assert run(host, "KB4467770", "xp-sp3") == 3010


KB3140245 = "Package_for_KB3140245~31bf3856ad364e35~amd64~~6.1.1.1"


def test_wusa_is_for_system_only(make_host: MakeHost) -> None:
    host = make_host("win7-sp1", restart_ms=1)
    line = f"wusa.exe {put(host, '.msu', package('KB3140245', 'win7-sp1', 'amd64'))} /quiet /norestart"
    assert host.say(line)[0] == 5
    assert run_as_system(host, line) == 3010
    assert number(host, rf"{CBS}\Packages\{KB3140245}", "CurrentState") == 0x60
    assert rf"{CBS}\RebootPending" in host.export(CBS)
    assert host.file_version(WINHTTP) == "6.1.7601.17514"
    host.restart()
    assert number(host, rf"{CBS}\Packages\{KB3140245}", "CurrentState") == 0x70
    assert rf"{CBS}\RebootPending" not in host.export(CBS)
    assert host.file_version(WINHTTP) == host.file_version(WINHTTP.replace("System32", "SysWOW64")) == "6.1.7601.23375"
    assert run_as_system(host, line) == 2359302
    assert run_as_system(host, "wusa.exe /uninstall /kb:3140245 /quiet /norestart") == 3010
    host.restart()
    assert host.file_version(WINHTTP) == "6.1.7601.17514"
    assert rf"{CBS}\Packages\{KB3140245}" not in host.export(CBS)


@pytest.mark.parametrize(
    ("os", "entry", "header", "wusa", "dism"),
    [
        ("win7-sp1", {}, {"arch": "x86"}, 0x80240017, 0x800F081E),
        ("win7-sp1", {"files": {r"System32\winhttp.dll": "6.1.7601.24000"}}, {}, 3010, 3010),
        ("win8.1", {}, {}, 0x80240017, 0x800F081E),
        ("win7-sp1", {}, {"kb": "KB4474419"}, 0x80240017, 0x800F0823),
    ],
)
def test_what_servicing_takes(
    make_host: MakeHost, os: str, entry: dict[str, t.Any], header: dict[str, str], wusa: int, dism: int
) -> None:
    content = package(**{"kb": "KB3140245", "os": "win7-sp1", "arch": "amd64", **header})
    host, other = make_host(os, **entry), make_host(os, **entry)
    code = run_as_system(host, f"wusa {put(host, '.msu', content)} /quiet /norestart")
    assert code & 0xFFFFFFFF == wusa
    code = other.say(f"dism /online /add-package /packagepath:{put(other, '.cab', content)} /quiet /norestart")[0]
    assert code & 0xFFFFFFFF == dism


def test_a_rollup_that_carries_newer_files_stands_in_for_it(make_host: MakeHost) -> None:
    names = [rf"{folder}\{name}.dll" for folder in ("System32", "SysWOW64") for name in ("winhttp", "webio")]
    host = make_host("win7-sp1", files=dict.fromkeys(names, "6.1.7601.24000"))
    file = put(host, ".msu", package("KB3140245", "win7-sp1", "amd64"))
    assert run_as_system(host, f"wusa {file} /quiet /norestart") == 0x80240017 - (1 << 32)


def test_dism_and_the_cabinet_in_the_msu(make_host: MakeHost) -> None:
    host = make_host("win7-sp1", restart_ms=1)
    folder = FILE.rpartition("\\")[0]
    file = put(host, ".msu", package("KB3140245", "win7-sp1", "amd64"))
    assert host.say(rf"md {folder}\x&expand -f:* {file} {folder}\x")[0] == 0
    line = rf"dism /online /add-package /packagepath:{folder}\x\package.cab /quiet /norestart"
    assert host.say(line)[0] == 3010
    host.restart()
    assert host.say(line)[0] == 0
    assert host.file_version(WINHTTP) == "6.1.7601.23375"
    assert host.say(f"dism /online /remove-package /packagename:{KB3140245} /quiet /norestart")[0] == 3010


def test_pkgmgr_of_vista_has_to_be_waited_for(make_host: MakeHost) -> None:
    host = make_host("vista-sp2", restart_ms=1)
    line = f"pkgmgr /ip /m:{put(host, '.cab', package('KB4019276', 'vista-sp2', 'x86'))} /quiet /norestart"
    assert "start /w" in host.say(line)[2]
    assert host.say(f"start /w {line}")[0] == 3010
    host.restart()
    assert host.file_version(SCHANNEL) == "6.0.6002.24129"


@pytest.mark.parametrize("program", ["wusa", "dism", "pkgmgr"])
def test_xp_has_none_of_them(make_host: MakeHost, program: str) -> None:
    assert "not recognized" in make_host("xp-sp3").say(f"{program} /x")[2]


def test_denied_writes_install_nothing(make_host: MakeHost) -> None:
    host = make_host("xp-sp3", reg=POSREADY, writes="deny")
    before = host.export("HKLM")
    host.files.open(r"C:\Windows\p.exe", append=False).content = package("KB4019276", "xp-sp3", "x86")
    assert host.say(r"C:\Windows\p.exe /quiet /norestart")[0] == 5
    assert host.export("HKLM") == before


def test_every_row_of_the_table_can_be_installed(make_host: MakeHost) -> None:
    for row in packages.table()[0]:
        assert row.family or row.package
        assert bool(row.family) is not bool(row.package)


def test_dism_writes_its_log_where_it_is_told(make_host: MakeHost) -> None:
    host = make_host("win8.1")
    file = put(host, ".cab", package("KB3140245", "win7-sp1", "amd64"))
    line = f"dism /online /add-package /packagepath:{file} /quiet /norestart"
    host.say(line + r" /logpath:C:\Windows\my.log")
    assert "HRESULT=800F081E" in log(host, r"C:\Windows\my.log")
    assert not host.files.exists(r"C:\Windows\Logs\DISM\dism.log")
    host.say(line)
    assert "HRESULT=800F081E" in log(host, r"C:\Windows\Logs\DISM\dism.log")
