# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the lab reads a line of cmd.exe. Each row is a fact about cmd.exe's command-line mode."""

from __future__ import annotations

import pytest

from tests.lab.parse import (
    For,
    Group,
    If,
    Node,
    Pipe,
    Redirect,
    Refused,
    Sequence,
    Simple,
    SyntaxFault,
    expand_percent,
    parse,
)


@pytest.mark.parametrize(
    ("line", "tree"),
    [
        ("echo a b", Simple("echo a b")),
        ("ver&ver", Sequence((Simple("ver"), Simple("ver")))),
        ('echo "a&b|c>d"', Simple('echo "a&b|c>d"')),
        ("echo a^&b", Simple("echo a&b")),
        ('echo "a^&b"', Simple('echo "a^&b"')),
        ("(ver) <nul 2>&1", Group(Simple("ver"), (Redirect(0, "nul"), Redirect(2, "&1")))),
        ("reg query X 2>nul", Simple("reg query X ", (Redirect(2, "nul"),))),
        ("echo a2>&1", None),
        (r"echo a>C:\x\y.txt", Simple("echo a", (Redirect(1, r"C:\x\y.txt"),))),
        (
            r'(ver)>>"C:\a b.txt"&ver',
            Sequence((Group(Simple("ver"), (Redirect(1, r'"C:\a b.txt"', True),)), Simple("ver"))),
        ),
        (r"echo a ^2>C:\x", Simple("echo a 2", (Redirect(1, r"C:\x"),))),
        (r"echo a 1>C:\x b", Simple("echo a  b", (Redirect(1, r"C:\x"),))),
        ('ver|find "x"', Pipe(Simple("ver"), Simple('find "x"'))),
        ("a|b|c", Pipe(Simple("a"), Pipe(Simple("b"), Simple("c")))),
        ("echo a)b", Simple("echo a)b")),
        ("(echo a)&b", Sequence((Group(Simple("echo a")), Simple("b")))),
        ('for %k in (a "b c") do (echo %k)', For("k", 'a "b c"', Group(Simple("echo %k")))),
        (
            r"""for /f "tokens=2 delims=\" %s in ('reg query HKU^|find "x"') do (echo %s)""",
            For("s", """'reg query HKU|find "x"'""", Group(Simple("echo %s")), True, "tokens=2 delims=\\"),
        ),
        ("for %k in (a) do ver&ver", For("k", "a", Sequence((Simple("ver"), Simple("ver"))))),
        ("if not errorlevel 1 (ver)", If("errorlevel", True, "1", Group(Simple("ver")))),
        (r'if exist "C:\a b" (ver)', If("exist", False, r'"C:\a b"', Group(Simple("ver")))),
        ("echo ^%errorlevel^%", Simple("echo %errorlevel%")),
        (
            "for %g in (a) do (if %~zg==5 (ver))",
            For("g", "a", Group(If("size", False, "%~zg==5", Group(Simple("ver"))))),
        ),
        ("if not %~zg lss 9 (ver)", If("size", True, "%~zg lss 9", Group(Simple("ver")))),
        ("  ", Sequence(())),
    ],
)
def test_tree(line: str, tree: Node | None) -> None:
    if tree is None:  # a digit that follows a letter is no handle: ">&1" is then of handle 1, which nobody needs
        with pytest.raises(Refused, match="redirection 1>&1"):
            parse(line)
    else:
        assert parse(line) == tree


@pytest.mark.parametrize(
    "line",
    [
        "ver && ver",
        "ver || ver",
        "echo a > file.txt",
        "echo a >> file.txt",
        "more < file.txt",
        "more < C:\\file.txt",
        "ver 2>C:\\file.txt",
        "ver >>nul",
        "ver >C:\\*.txt",
        'ver >"C:\\a b"c',
        "ver >C:file.txt",
        "rem x",
        "@echo off",
        ":label",
        "if defined X (ver)",
        'if "a"=="a" (ver)',
        "if a==a (ver)",
        "if %~zg==%~zh (ver)",
        "if %~zg gtr 5 (ver)",
        "for /l %i in (1,1,5) do (ver)",
        "for /r %i in (a) do (ver)",
        "echo a\necho b",
        "for %k in (a) do (ver)&ver",
        "if exist x (ver)&ver",
    ],
)
def test_refused(line: str) -> None:
    with pytest.raises(Refused):
        parse(line)


@pytest.mark.parametrize(
    "line",
    [
        "ver &",
        "& ver",
        "ver & & ver",
        "(ver",
        "()",
        "(ver) more",
        "|ver",
        "for %k (a) do (ver)",
        "for %%k in (a) do (ver)",
        "for %k in (a) do",
        "for /f %k in ('a|b') do (ver)",
    ],
)
def test_syntax_errors_of_cmd_itself(line: str) -> None:
    if line == "ver &":  # the one that cmd.exe forgives
        assert parse(line) == Simple("ver ")
    else:
        with pytest.raises(SyntaxFault):
            parse(line)


@pytest.mark.parametrize(
    ("line", "expanded"),
    [
        ("%WINDIR%", r"C:\Windows"),
        ("%windir%\\x", r"C:\Windows\x"),
        ("%NOPE%", "%NOPE%"),
        ("100%", "100%"),
        ("%%WINDIR%%", r"%C:\Windows%"),
        ("%k in (%WINDIR%)", r"%k in (C:\Windows)"),
        (r"%WINDIR:\=\\%", r"C:\\Windows"),
        ("%windir:WINDOWS=X%", r"C:\X"),
        ("^%errorlevel^%", "^%errorlevel^%"),
        ("^%windir^%", "^%windir^%"),
    ],
)
def test_percent(line: str, expanded: str) -> None:
    assert expand_percent(line, {"WINDIR": r"C:\Windows"}) == expanded


@pytest.mark.parametrize("name", ["errorlevel", "CD", "time", "Random"])
def test_variables_that_cmd_makes_up_are_refused(name: str) -> None:
    with pytest.raises(Refused, match="the variable"):
        expand_percent(f"echo %{name}%", {})
