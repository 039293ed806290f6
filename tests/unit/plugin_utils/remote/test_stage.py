# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Staged files: what was to be written stands in the file, and lines that echo cannot write are refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import stage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.pack import compose, pack
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import cmd
from tests.lab.host import SimulatedHost
from tests.unit.plugin_utils.remote.stand_ins import entry

FOLDER = "MailFleet-0123456789abcdef"
TOKEN = "fedcba9876543210"


def content(*lines: str, wrap: bool = False, late: bool = False) -> str:
    """What stands in the file on a simulated host."""
    host = SimulatedHost("host", entry(), {})
    text = compose(stage.written(FOLDER, "a.js", lines, late=late), TOKEN)
    host.run(cmd(text) if wrap else text)
    assert host.counters.refused == []
    return host.files.read(rf"C:\Windows\{FOLDER}\a.js").decode("cp437")


def test_the_commands() -> None:
    where = rf"%SystemRoot%\{FOLDER}"
    assert stage.path(FOLDER, "a.js") == rf"{where}\a.js"
    assert stage.removed(FOLDER) == f"rd /s /q {where}"
    assert stage.written(FOLDER, "a.js", ["x = (1)", "", '"(a)" > b']) == (
        f"md {where}",
        rf'(echo x = ^(1^)&echo.&echo "(a)" ^> b)>{where}\a.js',
    )


def test_a_long_file_is_appended_to_in_pieces_that_fit_into_any_line() -> None:
    first, *others = stage.written(FOLDER, "a.js", ["x" * 50] * 100)[1:]
    assert ")>%" in first
    assert others
    assert all(")>>%" in other for other in others)
    assert all(len(command) < 800 for command in (first, *others))
    assert content(*["x" * 50] * 100) == ("x" * 50 + "\r\n") * 100


LINES = [
    "x",
    "",
    "  indented",
    "ends with a blank ",
    "1",
    "a 2",
    "on and on",
    ";a=b,c",
    "f(a) ? (b & c) | d : e ^ f < g > h",
    '"quoted (a); text" and "" more',
    "2>a",
    "it's",
    "=",
    "C:\\a\\",
    "@echo off",
]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("wrap", [False, True], ids=["plain", "ssh"])
def test_lines_arrive(line: str, wrap: bool) -> None:
    assert content(line, "last", wrap=wrap) == f"{line}\r\nlast\r\n"


ROOT = r"C:\Windows"
VARIABLES = [
    (r"del %SystemRoot%\a", rf"del {ROOT}\a", r"del %SystemRoot%\a"),
    ("(echo %errorlevel%)>a", "(echo %errorlevel%)>a", "(echo %errorlevel%)>a"),
    ("%errorlevel%", "%errorlevel%", "%errorlevel%"),
    (r"%errorlevel% %SystemRoot%\x %errorlevel%", rf"%errorlevel% {ROOT}\x %errorlevel%", None),
    ('"%SystemRoot%" & b', f'"{ROOT}" & b', ""),
    ("%SystemRoot%a", f"{ROOT}a", ""),
    ("on %SystemRoot%", f"on {ROOT}", "on %SystemRoot%"),
]


@pytest.mark.parametrize(("line", "now", "late"), VARIABLES)
@pytest.mark.parametrize("wrap", [False, True], ids=["plain", "ssh"])
def test_variables_arrive_as_what_they_are_or_as_what_they_stand_for(
    line: str, now: str, late: str | None, wrap: bool
) -> None:
    assert content(line, "last", wrap=wrap) == f"{now}\r\nlast\r\n"
    if late == "":
        with pytest.raises(ValueError, match="cannot be written by echo"):
            stage.written(FOLDER, "a.js", [line], late=True)
    else:
        found = content(line, "last", wrap=wrap, late=True)
        assert found == f"{line}\r\nlast\r\n"
        assert len(found) == stage.size([line, "last"])


def test_a_code_is_that_of_the_batch_file_and_not_of_the_line_that_wrote_it() -> None:
    host = SimulatedHost("host", entry(), {})
    lines = [r"reg query HKLM\none >nul 2>&1", rf"(echo %errorlevel%)>%SystemRoot%\{FOLDER}\code.txt"]
    host.run(compose(stage.written(FOLDER, "a.cmd", lines), TOKEN))
    host.run(rf"C:\Windows\{FOLDER}\a.cmd")
    assert host.files.read(rf"C:\Windows\{FOLDER}\code.txt") == b"1\r\n"
    assert host.counters.refused == []


REFUSED = [
    ("%TEMP%", "its characters"),
    ("%systemroot%", "its characters"),
    ("%SystemRoot", "its characters"),
    ("%SystemRoot:a=b%", "its characters"),
    ("%%SystemRoot%%", "its characters"),
    ('"%errorlevel%"', "its quotes"),
    ("%errorlevel%t", "follows a variable"),
    ("%errorlevel%%SystemRoot%", "follows a variable"),
    ("100%", "its characters"),
    ("a!", "its characters"),
    ("\u00e4", "its characters"),
    ("a\tb", "its characters"),
    ("a\nb", "its characters"),
    ('a"b', "its quotes"),
    ('"a&b"', "its quotes"),
    ('"a^b"', "its quotes"),
    ('"a>b"', "its quotes"),
    ("on", "for its own"),
    ("OFF ", "for its own"),
    ("  ", "for its own"),
    ("a /? b", "for its own"),
]


@pytest.mark.parametrize(("line", "why"), REFUSED)
def test_lines_that_echo_cannot_write(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"cannot be written by echo, .*{why}"):
        stage.written(FOLDER, "a.js", [line])


NAMES = ["", "a", "..\\a.js", "a.js ", "a b.js", "a.JS", "a.js\n", "%a%.js", "a" * 33 + ".js"]
FOLDERS = ["", "MailFleet", "MailFleet-0123456789ABCDEF", "..\\MailFleet-0123456789abcdef", FOLDER + "0", FOLDER + "\n"]


@pytest.mark.parametrize(("folder", "name"), [(FOLDER, name) for name in NAMES] + [(one, "a.js") for one in FOLDERS])
def test_only_our_own_names(folder: str, name: str) -> None:
    with pytest.raises(ValueError, match="This is no name of a stag"):
        stage.written(folder, name, [])


@pytest.mark.parametrize("folder", FOLDERS)
def test_only_our_own_folders_are_removed(folder: str) -> None:
    with pytest.raises(ValueError, match="staging folder"):
        stage.removed(folder)


def test_folders_are_fresh() -> None:
    names = {stage.new_folder() for _unused in range(100)}
    assert len(names) == 100
    assert all(re.fullmatch("MailFleet-[0-9a-f]{16}", name) for name in names)


ECHOED = st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126)) | st.text('a1 ()&|<>^"/?'), max_size=9)


@given(ECHOED, st.booleans())
def test_what_is_not_refused_arrives_and_nothing_else_runs(lines: list[str], wrap: bool) -> None:
    host = SimulatedHost("host", entry(), {})
    try:
        parts = stage.written(FOLDER, "a.js", lines)
    except ValueError:
        return
    (batch,) = pack([section("s", Query("X", command="&".join(parts)))], 8000)
    host.run(cmd(batch.text(TOKEN)) if wrap else batch.text(TOKEN))
    assert host.counters.refused == []
    assert {command.split()[0].partition(".")[0] for command in host.counters.executed} <= {
        *("cmd", "echo", "reg", "find", "md")
    }
    wanted = "".join(f"{line}\r\n" for line in lines or [""])
    assert host.files.read(rf"C:\Windows\{FOLDER}\a.js").decode("cp437") == wanted
