# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines that write, on a Wine host and on a simulated one: the same lines must leave the same registry and files."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.lab import wine_template
from tests.lab.fleet import Lab
from tests.lab.grammar import Refused
from tests.lab.wine_lines import for_wine, writes

pytestmark = [pytest.mark.wine, pytest.mark.needs(wine_template.COMPILER)]

KEY = r"HKLM\SOFTWARE\Lab"
FOLDER = r"%SystemRoot%\MailFleet-0123456789abcdef"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    fleet = [{"name": kind, "kind": kind, "auth": "basic"} for kind in ("wine", "simulated")]
    with Lab(fleet) as running:
        yield running


def packed(*commands: str) -> str:
    """Commands in the wrapper in which all lines are sent."""
    return f"echo off&(for %t in (0123abcd:) do ({'&'.join(commands)})) <nul 2>&1"


def both(lab: Lab, line: str) -> tuple[str, str]:
    """What both hosts printed, without what they may say in other words."""
    said = [re.sub(r"(?i)[^\n]*operation completed[^\n]*\n(\r\n)?", "", lab.host(name).run(line)[1]) for name in KINDS]
    assert [lab.host(name).counters.refused for name in KINDS] == [[], []]
    return said[0], said[1]


KINDS = ("wine", "simulated")
#: Echoed with carets where cmd wants them; what stands in the file afterwards.
LINES = (
    ("echo Windows Registry Editor Version 5.00", "Windows Registry Editor Version 5.00"),
    ("echo.", ""),
    (r"echo [HKEY_LOCAL_MACHINE\SOFTWARE\Lab\a b]", r"[HKEY_LOCAL_MACHINE\SOFTWARE\Lab\a b]"),
    ('echo "n n"=hex^(1^):41,00,2e,04,00,00', '"n n"=hex(1):41,00,2e,04,00,00'),
    ('echo "m"=hex^(7^):41,00,00,00,42,00,00,00,00,00', '"m"=hex(7):41,00,00,00,42,00,00,00,00,00'),
    ('echo "open"=hex^(2^):25,00,41,00', '"open"=hex(2):25,00,41,00'),
    ('echo "empty"=hex^(1^):', '"empty"=hex(1):'),
    ('echo "text"="a & b ^ | c"', '"text"="a & b ^ | c"'),
    ('echo "number"=dword:00000a80', '"number"=dword:00000a80'),
    ('echo "q"=hex^(b^):01,02,03,04,05,06,07,08', '"q"=hex(b):01,02,03,04,05,06,07,08'),
    ('echo "none"=hex^(0^):01', '"none"=hex(0):01'),
    ('echo "short"=hex^(4^):01', '"short"=hex(4):01'),
    ("echo @=hex:00,ff", "@=hex:00,ff"),
    (r"echo ;^&^|^<^>^^ 5", ";&|<>^ 5"),
    ("echo.;dot 2", ";dot 2"),
    (r"echo [HKEY_LOCAL_MACHINE\SOFTWARE\Lab\Empty]", r"[HKEY_LOCAL_MACHINE\SOFTWARE\Lab\Empty]"),
)


def test_a_staged_file_is_imported_and_removed(lab: Lab) -> None:
    echoed = "&".join(command for command, _text in LINES)
    half = len(LINES) // 2
    split = ("&".join(one for one, _text in LINES[:half]), "&".join(one for one, _text in LINES[half:]))
    for number, staged in enumerate(
        (f'({echoed})>"{FOLDER}\\f.reg"', rf"({split[0]})>{FOLDER}\f.reg&({split[1]})>>{FOLDER}\f.reg")
    ):
        line = packed(
            f'md "{FOLDER}"',
            staged,
            rf"type {FOLDER}\f.reg",
            rf'reg import "{FOLDER}\f.reg"',
            f"rd {FOLDER}",
            f'rd /s /q "{FOLDER}"',
            f'(if exist "{FOLDER}" (echo still there))',
            "echo %tEND",
        )
        for said in both(lab, line):
            assert "\r\n".join(text for _command, text in LINES) in said
            assert "still there" not in said
            assert said.endswith("0123abcd:END\r\n")
        wine, simulated = (lab.host(name).export(KEY) for name in KINDS)
        assert wine == simulated
        assert set(wine) == {rf"HKEY_LOCAL_MACHINE\SOFTWARE\Lab{below}" for below in ("", r"\a b", r"\Empty")}
        values = wine[r"HKEY_LOCAL_MACHINE\SOFTWARE\Lab\a b"]
        assert len(values) == 10
        assert values["n n"] == (1, "A\u042e\0".encode("utf-16-le")), number
        both(lab, packed(f"reg delete {KEY} /f"))
        assert [lab.host(name).export(KEY) for name in KINDS] == [{}, {}]


ADDS = (
    f"add {KEY} /v s /t REG_SZ /d x /f",
    f'add "{KEY}\\a b" /v "n n" /d "x y" /f',
    f"add {KEY} /v s /d z /f",
    f'add {KEY} /v e /d "" /f',
    f"add {KEY} /v d /t REG_DWORD /d 2688 /f",
    f"add {KEY} /v h /t REG_DWORD /d 0xFFFFFFFF /f",
    f"add {KEY} /v b /t REG_BINARY /d 00fF /f",
    f"add {KEY} /v m /t REG_MULTI_SZ /s ; /d a;bc /f",
    rf"add {KEY} /v m0 /t REG_MULTI_SZ /d a\0bc /f",
    f'add {KEY} /v me /t REG_MULTI_SZ /d "" /f',
    f"add {KEY} /v x /t REG_EXPAND_SZ /d x /f",
    f"add {KEY} /v n /t REG_NONE /d xy /f",
    f"add {KEY} /v be /t REG_DWORD_BIG_ENDIAN /d 1 /f",
    f"add {KEY} /v bad /t REG_DWORD /d zz /f",
    f"add {KEY} /v bad /t REG_MULTI_SZ /d a;;b /s ; /f",
    rf"add {KEY}\Default /f",
    rf"add {KEY}\Ve /ve /d text /f",
    rf"add {KEY}\Gone /v a /f",
    rf"delete {KEY}\Gone /v a /f",
    rf"delete {KEY}\Gone /v a /f",
    rf"add {KEY}\Tree\Sub /v a /f",
    rf"delete {KEY}\Tree /f",
    rf"add {KEY}\All /v a /f",
    rf"delete {KEY}\All /va /f",
    rf"delete {KEY}\Ve /ve /f",
    rf"add {KEY}\Slash /v a /d C:\x\\ /f",
    rf'add {KEY}\Slash /v b /d "C:\x y\\" /f',
)


def test_reg_add_and_delete_leave_the_same(lab: Lab) -> None:
    both(lab, packed(*(f"reg {arguments}" for arguments in ADDS)))
    wine, simulated = (lab.host(name).export(KEY) for name in KINDS)
    assert wine == simulated
    assert wine[r"HKEY_LOCAL_MACHINE\SOFTWARE\Lab\Default"] == {"": (1, b"\0\0")}
    assert lab.host("wine").counters.written[-len(ADDS) :] == lab.host("simulated").counters.written[-len(ADDS) :]
    both(lab, packed(f"reg delete {KEY} /f"))


def test_md_is_a_lock(lab: Lab) -> None:
    lock = r'"%SystemRoot%\MailFleet.lock"'
    line = packed(
        f"md {lock}", rf"(if not errorlevel 1 (echo mine&reg add {KEY} /v Owner /t REG_DWORD /d 1 /f))", "echo %tEND"
    )
    for wanted in (True, False, False):
        assert [("mine" in said, "0123abcd:END" in said) for said in both(lab, line)] == [(wanted, True)] * 2
    both(lab, packed(f"rd {lock}", f"reg delete {KEY} /f"))
    assert ["mine" in said for said in both(lab, line)] == [True, True]
    both(lab, packed(f"rd {lock}", f"reg delete {KEY} /f"))


@pytest.mark.parametrize(
    ("commands", "printed"),
    [
        ((r"md C:\lab\deep\er", r"(if exist C:\lab\deep\er (echo yes))", r"rd /s /q C:\lab"), "yes"),
        ((r"md C:\lab", r"md C:\lab\x", r"rd C:\lab", r"(if exist C:\lab (echo yes))", r"rd /s /q C:\lab"), "yes"),
        (
            (r'echo a5>"C:\lab f.txt"', r'echo b>>"C:\lab f.txt"', r'type "C:\lab f.txt"', r'del "C:\lab f.txt"'),
            "a5\r\nb",
        ),
        ((r"echo a>C:\nolab\f.txt", r"(if exist C:\nolab\f.txt (echo yes))"), ""),
        ((r"(echo a&echo.&echo.b)>>C:\lab.txt", r"type C:\lab.txt", r"del C:\lab.txt"), "a\r\n\r\nb"),
    ],
)
def test_files(lab: Lab, commands: tuple[str, ...], printed: str) -> None:
    complaint = r"(?im)^.*(cannot find|not found|not empty|already exists).*\r\n(\r\n)?"
    wine, simulated = (re.sub(complaint, "", said) for said in both(lab, packed(*commands)))
    assert wine == simulated == (f"{printed}\r\n" if printed else "")


def test_cscript_really_runs(lab: Lab) -> None:
    script = rf"{FOLDER}\x.js"
    stage = rf'(echo WScript.Echo^("hello " + WScript.Arguments^(0^)^);)>{script}'
    said = lab.host("wine").run(
        packed(f"md {FOLDER}", stage, f"cscript //nologo {script} abc", f"rd /s /q {FOLDER}", "echo %tEND")
    )
    assert said[1].splitlines() == ["hello abc", "0123abcd:END"]


def test_regini_is_counted_and_does_nothing(lab: Lab) -> None:
    host = lab.host("wine")
    before, count = host.export(r"HKLM\SOFTWARE"), host.counters.writes
    stage = r"(echo HKEY_LOCAL_MACHINE\SOFTWARE\MailFleet [1 17])>C:\acl.txt"
    assert host.run(packed(stage, r"regini C:\acl.txt", r"del C:\acl.txt", "echo %tEND"))[1] == "0123abcd:END\r\n"
    assert host.counters.writes == count + 3
    assert host.export(r"HKLM\SOFTWARE") == before


def test_netsh_is_refused_and_counted(lab: Lab) -> None:
    host = lab.host("wine")
    line = 'netsh advfirewall firewall delete rule name="x"'
    assert host.run(packed(line))[2].startswith("lab: refused: netsh")
    assert host.counters.written[-1] == line
    host.counters.refused.clear()


def test_an_export_equals_itself_and_sees_an_empty_key(lab: Lab) -> None:
    for name in KINDS:
        host = lab.host(name)
        lines = host.counters.lines
        before = host.export()
        assert host.export() == before
        assert len(before) > 100
        assert host.counters.lines == lines
        host.run(packed(rf"reg add {KEY}\Sub /v x /f", rf"reg delete {KEY}\Sub /v x /f"))
        assert set(host.export()) - set(before) == {
            r"HKEY_LOCAL_MACHINE\SOFTWARE\Lab",
            r"HKEY_LOCAL_MACHINE\SOFTWARE\Lab\Sub",
        }
        host.run(packed(f"reg delete {KEY} /f"))
        assert host.export() == before


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ver&ver", "ver&ver"),
        (r"(echo a&echo b)>C:\f", r"(>C:\f echo a&>>C:\f echo b)"),
        (r'(ver)>>"C:\f g"&ver', r'(>>"C:\f g" ver)&ver'),
        (r"(if exist C:\x ((echo a)>%SystemRoot%\f))", r"(if exist C:\x ((>C:\windows\f echo a)))"),
        (r"echo a>C:\f", r"echo a>C:\f"),
        (
            r"(echo a&echo ^%errorlevel^%^>b)>C:\f",
            r"(>C:\f echo a&>>C:\f echo {LAB-PERCENT}errorlevel{LAB-PERCENT}^>b&labbatch C:\f)",
        ),
    ],
)
def test_what_wine_is_told(line: str, told: str) -> None:
    assert for_wine(line) == told


@pytest.mark.parametrize("line", [r'(ver|find "x")>C:\f', r"((ver)&ver)>C:\f", r"(ver)>C:\f 2>&1"])
def test_what_wine_cannot_be_told(line: str) -> None:
    with pytest.raises(Refused, match="a group into a file"):
        for_wine(line)


@pytest.mark.parametrize("line", ["echo ^%x", r"echo ^%x^%>C:\f", "(echo ^%x)"])
def test_a_percent_sign_is_written_into_files_alone(line: str) -> None:
    with pytest.raises(Refused, match=r"\^% outside of a group into a file"):
        for_wine(line)


def test_a_variable_is_written_for_a_batch_file(lab: Lab) -> None:
    line = packed(
        f"md {FOLDER}",
        rf"(echo @echo off&echo echo ^%errorlevel^%^>{FOLDER}\code.txt)>{FOLDER}\run.cmd",
        rf"(echo rem 100^%&echo ^%a^%^%b^%)>>{FOLDER}\run.cmd",
        rf"type {FOLDER}\run.cmd",
        f"rd /s /q {FOLDER}",
    )
    written = r"@echo off|echo %errorlevel%>C:\Windows\MailFleet-0123456789abcdef\code.txt|rem 100%|%a%%b%|"
    for said in both(lab, line):
        assert said.replace("C:\\windows", "C:\\Windows") == written.replace("|", "\r\n")


def test_a_group_into_a_file_is_written_in_words_of_the_same_length(lab: Lab) -> None:
    lines = (r"^(echo a^)^>C:\x", r"^(echo ^%errorlevel^%^)^>C:\y", r"if exist C:\x ^(echo a^>C:\z^)", "^(ver^)")
    echoed = "&echo.&".join(f"echo {one}" for one in lines)
    line = packed(f"md {FOLDER}", rf"({echoed})>{FOLDER}\run.cmd", rf"type {FOLDER}\run.cmd", f"rd /s /q {FOLDER}")
    wine, simulated = (said.replace("\r\n", "|") for said in both(lab, line))
    assert simulated == r"(echo a)>C:\x||(echo %errorlevel%)>C:\y||if exist C:\x (echo a>C:\z)||(ver)|"
    assert wine == r">C:\x  echo a||>C:\y  echo %errorlevel%||if exist C:\x (echo a>C:\z)||(ver)|"
    assert len(wine) == len(simulated)


def test_writes_of_a_line() -> None:
    line = (
        r"reg query HKLM&(if exist C:\x (reg add HKLM\a /f))&md %SystemRoot%\y&(echo reg delete x)>C:\f&ver >nul 2>&1"
    )
    assert writes(line, {"SYSTEMROOT": r"C:\W"}) == [r"reg add HKLM\a /f", r"md C:\W\y", r">C:\f"]
