# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders and files of a simulated host, as cmd.exe makes and removes them."""

from __future__ import annotations

import threading

import pytest

from .conftest import Host, MakeHost


@pytest.mark.parametrize(
    ("line", "printed", "left"),
    [
        (r"md C:\a\b", "", [r"C:\a\b"]),
        (r'md "C:\a b\"', "", [r"C:\A B"]),
        (r"mkdir C:\a&rmdir C:\a", "", []),
        (r"md C:\a&md C:\A", "A subdirectory or file C:\\A already exists.\r\n", [r"C:\a"]),
        (r"md Q:\a", "The system cannot find the path specified.\r\n", []),
        (r"md C:\Windows\System32\schannel.dll\x", "The system cannot find the path specified.\r\n", []),
        (r"md C:\a\b&rd C:\a", "The directory is not empty.\r\n", [r"C:\a\b"]),
        (r"md C:\a\b&rd /s /q C:\a", "", []),
        (r'md C:\a\b&rd /q /S "C:\a"', "", []),
        (r"rd C:\a", "The system cannot find the file specified.\r\n", []),
        (r"rd C:\a\b", "The system cannot find the path specified.\r\n", []),
        (r"rd /s /q C:\Windows", "Access is denied.\r\n", [r"C:\Windows\System32\schannel.dll"]),
        (r"echo x>C:\a&rd C:\a", "The directory name is invalid.\r\n", [r"C:\a"]),
        (r"echo x>C:\a&del C:\A", "", []),
        (r"del C:\a", "Could Not Find C:\\a\r\n", []),
        (r"echo x>C:\a&del /f /q C:\a", "", []),
        (r"del C:\Windows\System32\schannel.dll", "Access is denied.\r\n", [r"C:\Windows\System32\schannel.dll"]),
        (r"echo x>C:\no\a", "The system cannot find the path specified.\r\n", []),
        (r"echo x>C:\Windows", "Access is denied.\r\n", [r"C:\Windows"]),
        (r"echo x>Q:\a", "The system cannot find the path specified.\r\n", []),
        (r"type C:\no", "The system cannot find the file specified.\r\n", []),
    ],
)
def test_folders_and_files(host: Host, line: str, printed: str, left: list[str]) -> None:
    _code, out, err = host.say(line)
    assert (out, err) == ("", printed)
    assert host.counters.refused == []
    for path in (r"C:\a", r"C:\a\b", r"C:\a b"):
        expected = any(f"{one}\\".casefold().startswith(f"{path}\\".casefold()) for one in left)
        assert host.files.exists(path) is expected
    assert all(host.files.exists(path) for path in left)


@pytest.mark.parametrize(
    ("line", "content"),
    [
        (r"echo a>C:\f", "a\r\n"),
        (r"echo a >C:\f", "a \r\n"),
        (r"echo a> C:\f", "a\r\n"),
        (r"(echo a&echo b)>C:\f", "a\r\nb\r\n"),
        (r"(echo a )>C:\f", "a \r\n"),
        (r"echo a>C:\f&echo b>C:\f", "b\r\n"),
        (r"echo a>C:\f&echo b>>C:\f", "a\r\nb\r\n"),
        (r"(echo.&echo.x&echo. y&echo.on)>C:\f", "\r\nx\r\n y\r\non\r\n"),
        (r"(echo ^(1^)^&^|^<^>^^&echo a^b)>C:\f", "(1)&|<>^\r\nab\r\n"),
        (r'(echo "a&b|c<d>e^f")>"C:\f"', '"a&b|c<d>e^f"\r\n'),
        (r"(echo on&echo off)>C:\f", ""),
        (r"(for %k in (a b) do (echo %k))>C:\f", "a\r\nb\r\n"),
        (r"for %k in (C:\f) do (echo 1>>%k)", None),
        (r"echo x^1>C:\f", "x1\r\n"),
        (r"(reg query HKLM\nope)>C:\f", ""),
        (r'(ver|find "7601")>C:\f', "Microsoft Windows [Version 6.1.7601]\r\n"),
    ],
)
def test_what_a_redirection_writes(host: Host, line: str, content: str | None) -> None:
    host.say(f"echo off&({line})")
    if content is None:
        assert "redirection" in host.counters.refused[0]
    else:
        assert host.files.read(r"C:\f") == content.encode()
        assert host.say(r"type C:\f")[1] == content


def test_a_file_is_in_the_code_page_of_the_shell(make_host: MakeHost) -> None:
    host = make_host(language="ru")
    host.say(r"reg query HKLM\SOFTWARE /ve>C:\oem", 866)
    host.say(r"reg query HKLM\SOFTWARE /ve>C:\utf", 65001)
    assert "(по умолчанию)".encode("cp866") in host.files.read(r"C:\oem")
    assert "(по умолчанию)".encode() in host.files.read(r"C:\utf")


def test_md_is_a_lock(host: Host) -> None:
    taken = r"(if not errorlevel 1 (echo mine&echo x>C:\Windows\MailFleet.lock\f))"
    line = rf'echo off&(md "%SystemRoot%\MailFleet.lock"&{taken})'
    assert [host.say(line)[1] for _number in range(3)] == ["mine\r\n", "", ""]
    host.say(r"rd /s /q %SystemRoot%\MailFleet.lock")
    assert host.say(line)[1] == "mine\r\n"


def test_errorlevel_after_rd_and_del_says_nothing(host: Host) -> None:
    line = r"ver|find {}&rd C:\no&del C:\no&(if errorlevel 1 (echo one))"
    assert host.say(line.format('"7601"') + r"&rd C:\no&(if errorlevel 1 (echo two))")[1].count("\r\n") == 1
    assert host.say(r'ver|find "nope"&rd C:\no&(if errorlevel 1 (echo one))')[1] == "one\r\n"


def test_a_command_whose_file_does_not_open_does_not_run(host: Host) -> None:
    host.say(r"(md C:\ran&echo x)>C:\no\f&(if errorlevel 1 (md C:\next))")
    assert not host.files.exists(r"C:\ran")
    assert host.files.exists(r"C:\next")


@pytest.mark.parametrize("line", [r"md C:\x", r"rd C:\x", r"del C:\x", r"echo a>C:\x", r"(ver)>>C:\x"])
def test_denied_writes_change_nothing_and_are_counted(make_host: MakeHost, line: str) -> None:
    host = make_host(writes="deny")
    assert host.say(line)[1:] == ("", "Access is denied.\r\n")
    assert not host.files.exists(r"C:\x")
    assert host.counters.writes == len(host.counters.written) == 1


def test_lines_of_two_controllers_alternate_and_commands_do_not_break(make_host: MakeHost) -> None:
    host = make_host(command_ms=100)
    line = r"echo off&(md C:\lock&(if not errorlevel 1 (echo mine&reg add HKLM\SOFTWARE\T /v n /t REG_DWORD /d 1 /f)))"
    said: list[str] = []
    together = threading.Barrier(6)

    def run() -> None:
        together.wait()
        said.append(host.say(line)[1])

    threads = [threading.Thread(target=run) for _number in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum("mine" in one for one in said) == 1
    assert host.counters.lines == together.parties
    assert host.counters.executed[:2] == ["echo off"] * 2  # another line's, before the first one has gone on
