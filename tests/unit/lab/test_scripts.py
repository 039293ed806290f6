# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``regini`` and ``cscript`` of simulated hosts."""

from __future__ import annotations

import pytest

from .conftest import Host, MakeHost

KEY = r"HKEY_LOCAL_MACHINE\SOFTWARE\MailFleet"


@pytest.mark.parametrize("key", [KEY, r"\Registry\Machine\SOFTWARE\MailFleet"])
def test_regini_remembers_access_and_makes_the_key(host: Host, key: str) -> None:
    line = rf'(echo {key} [1 17])>"%SystemRoot%\Temp\acl.txt"&regini "%SystemRoot%\Temp\acl.txt"'
    assert host.say(line) == (0, "", "")
    assert host.access == {KEY: (1, 17)}
    assert host.export(KEY) == {KEY: {}}
    assert host.counters.writes == 2
    host.say(rf"reg delete {KEY} /f")
    assert host.access == {}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (rf"{KEY} x = y", "lab: refused"),
        (rf"{KEY}", "lab: refused"),
        (r"HKLM\SOFTWARE\X [1]", "lab: refused"),
        (r"HKEY_LOCAL_MACHINE\SOFTWARE\Secret [1]", "Access is denied."),
    ],
)
def test_what_regini_does_not_take(make_host: MakeHost, content: str, says: str) -> None:
    host = make_host(unreadable=[r"HKLM\SOFTWARE\Secret"])
    code, _unused, err = host.say(rf"echo {content}>C:\acl.txt&regini C:\acl.txt")
    assert (code, err.startswith(says), host.access) == (1, True, {})


def test_regini_without_its_file(host: Host) -> None:
    assert host.say(r"regini C:\no")[::2] == (1, "The system cannot find the file specified.\r\n")


def test_cscript_is_disabled_unless_the_entry_says_otherwise(make_host: MakeHost) -> None:
    line = r"cscript //nologo C:\x.js"
    code, out, _unused = make_host().say(line)
    assert (code, "Windows Script Host access is disabled" in out) == (1, True)
    assert make_host(cscript="1 0 200").say(line) == (0, "1 0 200\r\n", "")
