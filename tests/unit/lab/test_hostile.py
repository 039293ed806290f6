# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that want to be commands. The lab must fall for what a real cmd.exe falls for, or it proves nothing."""

from __future__ import annotations

import pytest

from .conftest import Host, MakeHost

#: The loop that no reading may use: over names that anybody may have given.
OVER_NAMES = r"""echo off&(for /f "tokens=3 delims=\" %k in ('reg query HKCU\Software') do """
#: Tried on a real cmd.exe: this name ran in a nested ``for /f``.
EVIL = 'a" & echo PWNED & "b'


@pytest.fixture
def evil(make_host: MakeHost) -> Host:
    host = make_host(user="S-1-5-21-7")
    host.registry.set_text(rf"HKCU\Software\{EVIL}", 'v" & echo PWNED & "', "x & echo PWNED")
    host.registry.set_text(r"HKCU\Software\%OS%", "x", "%OS%")
    return host


def pwned(host: Host) -> bool:
    return any(command.startswith("echo PWNED") for command in host.counters.executed)


def test_a_nested_for_f_runs_the_name(evil: Host) -> None:
    line = OVER_NAMES + r"""(for /f "tokens=1" %v in ('reg query "HKCU\Software\%k"') do (echo %v)))"""
    evil.say(line)
    assert pwned(evil)


def test_echo_on_one_side_of_a_pipe_runs_the_name(evil: Host) -> None:
    evil.registry.create(r"HKCU\Software\x&echo PWNED")
    evil.say(OVER_NAMES + r"""(echo %k|find "x"))""")
    assert pwned(evil)


def test_a_group_on_one_side_of_a_pipe_expands_variables_in_the_name(evil: Host) -> None:
    line = OVER_NAMES + r"""((echo [%k])|find "Windows_NT"))"""
    evil.registry.delete_key(rf"HKCU\Software\{EVIL}")
    assert "[Windows_NT]" in evil.say(line)[1]


@pytest.mark.parametrize(
    "line",
    [
        r"reg query HKCU\Software /s",
        r'reg query HKCU\Software /s|find /v /i "password"',
        OVER_NAMES + r"""(echo %k))""",
        r"""echo off&(for /f "tokens=2 delims=\" %s in """
        r"""('reg query HKU^|findstr /r /x /c:"HKEY_USERS.S-1-[0-9]*-[0-9]*-[0-9-]*"') do (reg query HKU\%s /s))""",
    ],
)
def test_these_ways_of_reading_never_run_it(evil: Host, line: str) -> None:
    evil.registry.create(r"HKU\S-1-5-21-7&echo PWNED")
    _unused, out, _unused = evil.say(line)
    assert "PWNED" in out
    assert evil.counters.refused == []
    assert not pwned(evil)


@pytest.mark.parametrize("body", [r'(reg query "HKCU\X %k"))', r'(reg query "HKCU\X %k"|find "x"))'])
def test_the_arguments_of_a_program_are_not_parsed_again(evil: Host, body: str) -> None:
    evil.say(OVER_NAMES + body)
    assert rf'reg query "HKCU\X {EVIL}"' in evil.counters.executed
    assert not pwned(evil)


def test_what_an_injected_program_would_do_is_recorded_and_refused(evil: Host) -> None:
    evil.registry.create(r"HKCU\Software\y&format c:")
    _unused, _unused, err = evil.say(OVER_NAMES + r"""(echo %k|find "y"))""")
    assert "format c:" in evil.counters.executed
    assert "lab: refused: the command format c:" in err


def test_line_breaks_in_values_are_printed_as_they_are(evil: Host) -> None:
    forged = "\r\nHKEY_LOCAL_MACHINE\\SYSTEM\\forged\r\n"
    evil.registry.set_text(r"HKCU\Software\Z", "v", f"x\r\n{forged}    a    REG_SZ    b")
    assert forged in evil.say(r"reg query HKCU\Software\Z")[1]
