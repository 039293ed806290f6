# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lines print on a simulated host."""

from __future__ import annotations

import pytest

from .conftest import Host, MakeHost

ABSENT = "ERROR: The system was unable to find the specified registry key or value.\r\n"


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("echo a  b ", "a  b \r\n"),
        ("echo a&echo b", "a\r\nb\r\n"),
        ("echo %NOPE% %OS%", "%NOPE% Windows_NT\r\n"),
        ("ver", "\r\nMicrosoft Windows [Version 6.1.7601]\r\n"),
        ("chcp", "Active code page: 437\r\n"),
        ("set PROCESSOR_ARCH", "PROCESSOR_ARCHITECTURE=AMD64\r\n"),
        ('echo off&(for %k in (a "b c",d) do (echo [%k][%~k]))', '[a][a]\r\n["b c"][b c]\r\n[d][d]\r\n'),
        ("echo off&(for %t in (x:) do (for %k in (1 2) do (echo %tA%k)))", "x:A1\r\nx:A2\r\n"),
        (
            'echo off&(ver|find "6."&(if not errorlevel 1 (echo six)))',
            "Microsoft Windows [Version 6.1.7601]\r\nsix\r\n",
        ),
        ('echo off&(ver|find "10."&(if errorlevel 1 (echo no)))', "no\r\n"),
        ("if exist C:\\Windows\\System32 (echo yes)", "yes\r\n"),
        ("if not exist C:\\Windows\\System32\\schannel.dll (echo no)", ""),
        ('echo a|find "a"|find /v "b"', "a\r\n"),
        ("C:\\Windows\\System32\\chcp.com", "Active code page: 437\r\n"),
        ('cmd.exe /d /s /c "echo "a"&echo b"', '"a"\r\nb\r\n'),
    ],
)
def test_stdout(host: Host, line: str, printed: str) -> None:
    assert host.say(line)[1:] == (printed, "")
    assert host.counters.refused == []


def test_for_prints_its_commands_while_echo_is_on(host: Host) -> None:
    assert host.say("for %k in (a) do (echo %k)")[1] == "\r\nC:\\Users\\audit>(echo a ) \r\na\r\n"


def test_for_f_takes_the_second_part_of_each_line(make_host: MakeHost) -> None:
    host = make_host(user="S-1-5-21-7")
    line = (
        r"""echo off&(for /f "tokens=2 delims=\" %s in """
        r"""('reg query HKU^|findstr /r /x /c:"HKEY_USERS.S-1-5-21-[0-9]*"') do (echo [%s]))"""
    )
    assert host.say(line)[1] == "[S-1-5-21-7]\r\n"


def test_errors_stay_on_stderr_until_they_are_merged(host: Host) -> None:
    assert host.say(r"reg query HKLM\nope") == (1, "", ABSENT)
    assert host.say(r"(reg query HKLM\nope) <nul 2>&1") == (1, ABSENT, "")
    assert host.say(r'(reg query HKLM\nope|find "x") 2>&1') == (1, ABSENT, "")
    assert host.say(r"reg query HKLM\nope 2>nul") == (1, "", "")


@pytest.mark.parametrize(
    "line",
    [
        "dir",
        "type x",
        "md x",
        "rd /s C:\\x",
        "del C:\\*.txt",
        "del C:\\Windows",
        "echo a /? b",
        "echo a>C:\\nul",
        "powershell -Command Get-Item",
        "netsh interface show interface",
        "reg copy HKLM\\SOFTWARE\\A HKLM\\SOFTWARE\\B /f",
        "reg delete HKLM\\SOFTWARE",
        "reg delete HKLM\\SOFTWARE /f",
        "echo a && echo b",
        'find "x"',
        "echo",
        "set",
        "chcp 65001",
        "ver /x",
        "wmic os get caption",
        r"reg query HKLM\SOFTWARE /reg:64",
        r"reg query HKLM\SOFTWARE /f x",
        r"reg query HKLM\SOFTWARE /s /v x",
        "for %k in (*.txt) do (echo %k)",
        "echo off&(for %k in (a) do (echo %~fk))",
        "for /f \"skip=1\" %k in ('ver') do (echo %k)",
        'for /f "tokens=1" %k in (file.txt) do (echo %k)',
        "C:\\evil\\reg.exe query HKLM",
    ],
)
def test_anything_else_is_refused_loudly_and_recorded(host: Host, line: str) -> None:
    code, _unused, err = host.say(line)
    assert code == 1
    assert err.startswith("lab: refused: ")
    assert len(host.counters.refused) == 1


def test_syntax_errors_run_nothing(host: Host) -> None:
    code, out, err = host.say("echo a&(echo b")
    assert (code, out) == (1, "")
    assert err
    assert host.counters.executed == []
    assert host.counters.refused[0].startswith("syntax: ")


@pytest.mark.parametrize(("length", "runs"), [(8191, True), (8192, False)])
def test_the_longest_line(host: Host, length: int, runs: bool) -> None:
    line = "echo " + "x" * (length - 5)
    code, out, err = host.say(line)
    assert (code == 0, bool(out), err) == (runs, runs, "" if runs else "The command line is too long.\r\n")


def test_a_line_that_grows_too_long_by_expansion(host: Host) -> None:
    assert host.say("echo " + "%WINDIR%" * 1000)[2] == "The command line is too long.\r\n"


@pytest.mark.parametrize(("writes", "err"), [("count", ""), ("deny", "ERROR: Access is denied.\r\n")])
def test_writes_are_counted_or_denied(make_host: MakeHost, writes: str, err: str) -> None:
    host = make_host(writes=writes)
    assert host.say(r"reg add HKLM\SOFTWARE\X /f")[2] == err
    assert (host.counters.writes, host.counters.written) == (1, [r"reg add HKLM\SOFTWARE\X /f"])
    assert (host.registry.find(r"HKLM\SOFTWARE\X") is None) is (writes == "deny")


@pytest.mark.parametrize(
    ("os", "missing"), [("win11-24h2", True), ("server-2025", True), ("win10-22h2", False), ("xp-sp3", False)]
)
def test_wmic_is_not_on_every_windows(make_host: MakeHost, os: str, missing: bool) -> None:
    host = make_host(os)
    line = r"""wmic datafile where "name='C:\\Windows\\System32\\schannel.dll' or name='C:\\x'" get Name,Version"""
    _unused, out, err = host.say(line)
    assert ("not recognized" in err) is missing
    rows = [row.split() for row in out.split("\r\r\n") if row]
    assert [row[0] for row in rows] == ([] if missing else ["Name", "c:\\windows\\system32\\schannel.dll"])


def test_files_of_the_entry(make_host: MakeHost) -> None:
    files = {r"system32\winhttp.dll": "6.1.7601.23375", r"C:\Windows\System32\schannel.dll": "absent"}
    host = make_host(files=files)
    one = r"""wmic datafile where "name='c:\\windows\\system32\\winhttp.dll'" get Name,Version"""
    assert "6.1.7601.23375" in host.say(one)[1]
    assert host.say(one.replace("winhttp", "schannel"))[1:] == ("", "No Instance(s) Available.\r\n")


def test_hives_are_loaded_read_and_unloaded(make_host: MakeHost, tmp_path: object) -> None:
    host = make_host(reg='[HKEY_CURRENT_USER\\Software\\Bob]\r\n"x"="y"\r\n')
    file = r"C:\Users\bob\NTUSER.DAT"
    host = make_host(profiles={file: {"registry": list(host.entry.registry), "sid": "S-1-5-21-9"}})
    assert (
        r"C:\Users\bob"
        in host.say(r'reg query "HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\S-1-5-21-9"')[1]
    )
    _unused, out, err = host.say(
        rf'(reg load HKU\tmp1 "{file}"&reg query HKU\tmp1\Software\Bob&reg unload HKU\tmp1&reg query HKU\tmp1) 2>&1'
    )
    assert out.count("The operation completed successfully.") == 2
    assert "x    REG_SZ    y" in out
    assert out.endswith(ABSENT)
    assert (err, host.counters.writes, host.mounted) == ("", 2, {})


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (r'reg load HKU\t "C:\Users\mail\NTUSER.DAT"', "used by another process"),
        (r'reg load HKU\t "C:\nope"', "cannot find the file"),
        (r'reg load HKU\t\deep "C:\nope"', "parameter is incorrect"),
        (r"reg unload HKU\nope", "parameter is incorrect"),
    ],
)
def test_hives_that_cannot_be_loaded(host: Host, line: str, why: str) -> None:
    code, _unused, err = host.say(line)
    assert code == 1
    assert why in err
