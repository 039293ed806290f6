# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wrapped form of a line, as both cores that we support send it."""

from __future__ import annotations

import base64

import pytest

from .conftest import Host

PREFIX = "-NoProfile -NonInteractive -ExecutionPolicy Unrestricted -EncodedCommand"


def wrapped(script: str, program: str = "powershell") -> str:
    return f"{program} {PREFIX} {base64.b64encode(script.encode('utf-16-le')).decode()}"


@pytest.mark.parametrize("program", ["powershell", "PowerShell"])
@pytest.mark.parametrize(
    ("script", "code", "printed"),
    [
        ("cmd.exe /d /s /c 'echo off&(echo a&echo ''b'')'", 0, "a\r\n'b'\r\n"),
        (r"cmd.exe /d /s /c 'reg query HKLM\nope'", 1, ""),
        ("cmd.exe /d /s /c 'ver|find \"x\"'; exit $LASTEXITCODE", 1, ""),
        ("ver", 0, "\r\nMicrosoft Windows [Version 6.1.7601]\r\n"),
    ],
)
def test_line(host: Host, program: str, script: str, code: int, printed: str) -> None:
    assert host.say(wrapped(script, program))[:2] == (code, printed)
    assert host.counters.refused == []


@pytest.mark.parametrize(
    "line",
    [
        wrapped("Get-Item x"),
        wrapped("cmd.exe /d /s /c 'ver'; Get-Item x"),
        wrapped("cmd.exe /d /s /c 'a' + 'b'"),
        wrapped("cmd.exe /d /s /c 'echo \u2019'"),
        wrapped("cmd.exe /c ver"),
        f"powershell {PREFIX} !!!",
        "powershell -Command ver",
        "powershell",
    ],
)
def test_no_other_powershell(host: Host, line: str) -> None:
    assert host.say(line)[2].startswith("lab: refused: ")


def test_the_wrapped_line_counts_for_the_limit_of_cmd(host: Host) -> None:
    assert host.say(wrapped("cmd.exe /d /s /c 'echo " + "x" * 3040 + "'"))[2] == "The command line is too long.\r\n"
