# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wine hosts, and the two kinds of host against each other: the same registry, the same line, the same text."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import wine_prefix, wine_template
from tests.lab.fleet import Lab

from .test_wsman import connect, run

pytestmark = [pytest.mark.wine, pytest.mark.needs(wine_template.COMPILER)]

#: Has an odd value of every kind that both reg.exe print alike; names sorted, because Wine sorts values.
REG = r"""Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SOFTWARE\Lab]
@="default"
"a b"="REG_SZ inside    REG_DWORD"
"amp & %OS% ^ ! |"="x & echo PWNED"
"binary"=hex:00,ff,10
"expand"=hex(2):25,00,41,00,25,00,00,00
"number"=dword:00000a80
"z \" quote"="a\"b\\c"

[HKEY_LOCAL_MACHINE\SOFTWARE\Lab\a" & echo PWNED & "b]
"x"="1"

[HKEY_LOCAL_MACHINE\SOFTWARE\Lab\Empty]

[HKEY_LOCAL_MACHINE\SOFTWARE\Lab\Sub\Deep]
"password"="secret"
"plain"="kept"

[HKEY_CURRENT_USER\Software\Lab]
"who"="the user"
"""

T = "0123456789abcdef:"
#: The shape of the lines that read a host: marks, loops over constants and over users, filters.
READING = (
    rf"echo off&(for %t in ({T}) do (echo %tABS&reg query HKLM\{T[:-1]}"
    r"&echo %tLAB&reg query HKLM\SOFTWARE\Lab"
    r'&echo %tALL&reg query HKLM\SOFTWARE\Lab /s|find /v /i "password"'
    r'&(for %k in ("Lab\Empty" Lab\Sub Nope) do (echo %tKEY %~k&reg query "HKLM\SOFTWARE\%~k"))'
    r'&(for %k in (Lab Nope) do (echo %tREG %~k&reg query HKLM\SOFTWARE\%~k|find "REG_"))'
    r'&echo %tVAL&reg query HKLM\SOFTWARE\Lab /v "a b"'
    r'&(for /f "tokens=2 delims=\" %s in '
    r"""('reg query HKU^|findstr /r /x /c:"HKEY_USERS.S-1-[0-9]*-[0-9]*-[0-9-]*"')"""
    r" do (echo %tUSR %s&reg query HKU\%s\Software\Lab))"
    rf"&echo %tEND)) <nul 2>&1"
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    file = tmp_path_factory.mktemp("wine") / "host.reg"
    file.write_text(REG, "utf-16", newline="\r\n")
    shared: dict[str, t.Any] = {"os": "win7-sp1", "auth": "basic", "registry": [file]}
    fleet = [{"name": "wine", "kind": "wine", **shared}, {"name": "simulated", **shared}]
    with Lab(fleet, folder=file.parent) as running:
        yield running


def normal(text: str) -> list[str]:
    """Lines without what may differ: the words for absent, the user's SID, blank lines."""
    text = re.sub(r"(?m)^(reg: Unable to find|ERROR: The system was unable to find).*$", "<absent>", text)
    text = re.sub(r"S-1-5-21-[0-9-]+", "<user>", text)
    return [line for line in text.replace("\r", "").split("\n") if line]


def test_the_same_line_reads_the_same_on_both(lab: Lab) -> None:
    wine = lab.host("wine").run(READING)[1]
    simulated = lab.host("simulated").run(READING)[1]
    assert normal(wine) == normal(simulated)
    assert normal(wine)[-1] == f"{T}END"
    assert "the user" in wine
    assert "secret" not in wine
    assert f"\n{T}KEY Nope\n<absent>\n{T}REG Lab\n" in "\n".join(["", *normal(wine), ""])
    assert lab.host("wine").counters.refused == lab.host("simulated").counters.refused == []


def test_a_hostile_name_runs_on_neither(lab: Lab) -> None:
    """It is printed, and only where the registry is printed: a command that ran would print PWNED alone."""
    for name in ("wine", "simulated"):
        lines = [line.strip() for line in lab.host(name).run(READING)[1].splitlines()]
        assert "PWNED" not in lines
        assert any("echo PWNED" in line for line in lines)


def test_over_the_wire(lab: Lab) -> None:
    line = r"echo off&(ver&reg query HKLM\SOFTWARE\Lab /v number) <nul 2>&1"
    out, err, code = run(connect(lab, "wine"), line)
    assert (err, code) == (b"", 0)
    assert b"Microsoft Windows 6.1.7601" in out
    assert b"    number    REG_DWORD    0xa80\r\n" in out


def test_errors_go_past_the_filter_as_on_windows(lab: Lab) -> None:
    code, out, err = lab.host("wine").run(r'reg query HKLM\nope|find "x"')
    assert (out, err) == ("", "reg: Unable to find the specified registry key\r\n")
    assert code in (0, 1)


@pytest.mark.parametrize(
    ("line", "out"),
    [
        ('echo abc|find /v "b"', ""),
        ('echo abc|find /i "B"', "abc\r\n"),
        ('echo abc|findstr /r /x /c:"[a-c]*"', "abc\r\n"),
        ('echo abc|findstr /r /c:"b$"', ""),
        ("chcp", "Active code page: 437\r\n"),
    ],
)
def test_what_the_lab_answers_itself(lab: Lab, line: str, out: str) -> None:
    program = re.split(r"[| ]", line.partition("|")[2] or line)[0]
    assert wine_template.ANSWERED_BY[program] == "lab"
    assert lab.host("wine").run(line)[1] == out


@pytest.mark.parametrize("program", sorted(wine_template.ANSWERED_BY))
def test_who_answers_which_command(lab: Lab, program: str) -> None:
    """The lab's programs are native files in the prefix, built from our source; the others are Wine's or are absent."""
    prefix = t.cast(Path, lab.host("wine").backend._prefix)  # type: ignore[union-attr]
    system = prefix / "drive_c" / "windows" / "system32"
    found = [file for folder in (system, system / "wbem") for file in folder.glob(f"{program}.*")]
    owners = {"wine" if b"Wine builtin DLL" in file.read_bytes()[:256] else "lab" for file in found}
    told = wine_template.ANSWERED_BY[program].partition(",")[0]
    if program == "reg":
        assert owners == {"lab"}
        assert (system / "winereg.exe").read_bytes() != (system / "reg.exe").read_bytes()
    elif program in ("cmd", "find", "findstr", "chcp", "regini", "schtasks", "shutdown", "certutil"):
        assert owners == {told}
    elif program == "cscript":  # Wine's own, with another mark
        assert owners == {"lab"}
        assert b"Wine, but native" in (system / "cscript.exe").read_bytes()[:256]
    elif program == "netsh":  # Wine's stub, which no line reaches
        assert (owners, told) == ({"wine"}, "nobody: refused")
    else:
        assert owners == set()


def test_what_the_lab_refuses_wine_never_sees(lab: Lab) -> None:
    for line in ("echo a && echo b", "echo x > x.txt", "(echo"):
        assert lab.host("wine").run(line)[2].startswith("lab: refused: ")
    assert lab.host("wine").run("echo " + "x" * 8190)[2] == "The command line is too long.\r\n"


def test_nothing_is_left(tmp_path: Path) -> None:
    with Lab([{"name": "w", "kind": "wine"}]) as lab:
        host = lab.host("w").backend
        prefix, server = t.cast(Path, host._prefix), host._server.pid  # type: ignore[union-attr]
        assert prefix.exists()
        lab.host("w").run("ver")
        assert len(wine_prefix.processes(prefix)) > 1
        assert Path(f"/proc/{server}").exists()
    assert not prefix.exists()
    assert wine_prefix.processes(prefix) == []
    assert not Path(f"/proc/{server}").exists()
