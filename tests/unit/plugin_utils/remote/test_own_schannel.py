# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script on the host: what goes onto the command line, what is believed of the answer, what is left behind."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Acceptance, Security, Source
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.verification import Reply, VerifyTarget
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.own_schannel import SCRIPT, address, ask, refusal
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Output, ShellError
from tests.unit.plugin_utils.remote.stand_ins import SimulatedShell, entry, token_of

ANSWERS = "MFV begin\r\nMFV 1 error -2147012744\r\nMFV 2 status 200\r\nMFV end"


def target(server: str = "mail.example", port: int = 993, security: Security = Security.IMPLICIT) -> VerifyTarget:
    return VerifyTarget(server, port, "imap", security, Acceptance(Source.ASSUMED), ())


TWO = (target(), target("192.0.2.7", 465))


class Told:
    """A host that runs scripts: says what it is told for each part, by the code of its mark."""

    def __init__(
        self, run: str | Callable[[str], str], *, gone: bool = True, made: str = "", limit: int = 8000
    ) -> None:
        self.said, self.gone, self.made, self.limit = run, gone, made, limit
        self.lines: list[str] = []

    def run(self, line: str) -> Output:
        assert len(line) <= self.limit
        self.lines.append(line)
        said = self.said if isinstance(self.said, str) else self.said(line)
        words = {"VMK": self.made, "VRN": said, "VGN": "gone" if self.gone else ""}
        out = "".join(
            f"{token_of(line)}:{code}\r\n" + (words.get(code, "") + "\r\n" if words.get(code) else "")
            for code in re.findall(r"echo %t([A-Z]+)", line)
        )
        return Output(0, out.encode(), b"")


def test_the_script_can_be_written_by_echo_and_sets_nothing_that_would_lie() -> None:
    text = "\n".join(SCRIPT)
    assert text.isascii()
    assert not set('%"!<>&|^') & set(text)
    assert max(map(len, SCRIPT)) < 80
    # 9: SecureProtocols, 4: SslErrorIgnoreFlags. https://learn.microsoft.com/windows/win32/winhttp/winhttprequestoption
    assert re.findall(r"Option\((\d+)\)", text) == ["6"]
    assert "SetAutoLogonPolicy(2)" in text
    assert "SetProxy(1)" in text


HOSTILE = (
    "a&md x", 'a"b', "a b", "%COMSPEC%", "a|b", "a^b", "!a!", "-p", "//E:x", "a:1", "a/b", "a\\b", "", ".." + "a" * 253,
    "a\nb", "a\0b", "[::1]", "2001:db8::1", "a_b", "a'b", "a)b", "\uff21&b",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_hostile_names_never_reach_the_host(name: str) -> None:
    told = Told(ANSWERS)
    assert "not sent" in refusal(target(name))
    assert ask(told, 437, (target(name),)).folders == ()
    assert told.lines == []
    with pytest.raises(ValueError, match="not sent"):
        address(target(name))


@given(st.text(max_size=300), st.integers(-5, 70000))
def test_whatever_is_sent_is_harmless(name: str, port: int) -> None:
    if not refusal(target(name, port)):
        assert re.fullmatch(r"[A-Za-z0-9.][A-Za-z0-9.-]*:[1-9][0-9]{0,4}", address(target(name, port)), re.ASCII)


@pytest.mark.parametrize("security", [s for s in Security if s is not Security.IMPLICIT])
def test_winhttp_cannot_do_starttls(security: Security) -> None:
    assert refusal(target(security=security)) == "not possible: WinHTTP speaks TLS from the first byte only"


def test_names_of_other_scripts_go_as_dns_has_them() -> None:
    assert address(target("M\u00fcller.example.")) == "xn--mller-kva.example:993"


def test_answers() -> None:
    told = Told(ANSWERS)
    report = ask(told, 437, TWO, 7)
    (line,) = told.lines
    assert report.reply("mail.example:993") == Reply("error", 0x80072F78)
    assert report.reply("192.0.2.7:465") == Reply("status", 200)
    assert (report.why_unusable, report.left_behind, len(report.folders)) == ("", (), 1)
    script = rf"%SystemRoot%\{report.folders[0]}\verify.js"
    assert f"cscript //nologo //E:JScript //T:43 {script} 7 mail.example:993 192.0.2.7:465&" in line
    assert f"rd /s /q %SystemRoot%\\{report.folders[0]}&" in line
    assert line.index("md ") < line.index("cscript") < line.index("rd ") < line.index("not exist")


def test_every_line_has_a_folder_of_its_own_and_fits() -> None:
    many = tuple(target(f"{'x' * 60}.{'y' * 60}.{'z' * 60}.{number}.example") for number in range(40))
    told = Told("MFV begin\r\nMFV 1 status 200", limit=2900)
    report = ask(told, 437, many)
    assert len(report.folders) == len(set(report.folders)) == len(told.lines) > 4
    asked = re.findall(r"\S+\.example:993", " ".join(told.lines))
    assert asked == [f"{one.server}:993" for one in many]
    assert max(len(re.findall("example:993", line)) for line in told.lines) <= 10


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("CScript Error: Windows Script Host access is disabled on this machine.", "disabled on this machine."),
        ("'cscript' is not recognized\r\nas a command", "'cscript' is not recognized as a command"),
        ("MFV 1 status 200", "MFV 1 status 200"),
        ("evil\x1b[31m", r"evil\x1b[31m"),
        ("MFV begin\r\nMFV 1 object -2147221005", "cannot be made there (0x800401F3)"),
    ],
)
def test_a_host_without_scripts_says_so(said: str, why: str) -> None:
    report = ask(Told(said), 437, TWO)
    assert why in report.why_unusable
    assert report.why_unusable.isprintable()
    assert report.replies == ()


def test_a_host_that_may_not_write_says_so() -> None:
    report = ask(Told("Input Error: Can not find script file.", made="Access is denied."), 437, TWO)
    assert report.why_unusable.endswith("it said: Access is denied. Input Error: Can not find script file.")


def test_a_cscript_that_knows_no_switches_is_asked_without_them() -> None:
    told = Told(lambda line: "" if "//E" in line else ANSWERS)
    report = ask(told, 437, TWO)
    assert (len(told.lines), report.why_unusable, len(report.replies)) == (2, "", 2)
    assert ask(Told(""), 437, TWO).why_unusable == "cscript does not run the script; it said: nothing"


@pytest.mark.parametrize(
    "said",
    [
        "MFV begin\r\nMFV 3 status 200",
        "MFV begin\r\nMFV 0 status 200",
        "MFV begin\r\nMFV 1 status 200 x",
        "MFV begin\r\nMFV 1 status 0x80",
        "MFV begin\r\n MFV 1 status 200",
    ],
)
def test_what_is_no_answer_is_none(said: str) -> None:
    report = ask(Told(said), 437, TWO)
    assert (report.replies, report.why_unusable) == ((), "")


def test_the_first_answer_counts() -> None:
    report = ask(Told("MFV begin\r\nMFV 1 error -2147012739\r\nMFV 1 status 200"), 437, TWO)
    assert report.replies == (("mail.example:993", Reply("error", 0x80072F7D)),)


def test_what_nobody_saw_go_is_removed_again_and_named() -> None:
    told = Told(ANSWERS, gone=False)
    report = ask(told, 437, TWO)
    assert report.left_behind == (f"%SystemRoot%\\{report.folders[0]}",)
    assert len(told.lines) == 2
    assert "rd /s /q" in told.lines[1]
    assert "cscript" not in told.lines[1]
    assert len(report.replies) == 2


def test_an_answer_that_is_cut_off() -> None:
    class Cut(Told):
        def run(self, line: str) -> Output:
            output = super().run(line)
            return Output(258, output.out.split(b"12744")[0], b"", "took too long") if "cscript" in line else output

    report = ask(Cut(ANSWERS), 437, TWO)
    assert (report.replies, report.left_behind) == ((), ())


@pytest.mark.parametrize("dead", [False, True])
def test_a_line_that_fails(dead: bool) -> None:
    class Dying(Told):
        def run(self, line: str) -> Output:
            if dead or "cscript" in line:
                raise ShellError("The connection failed.", unreachable=True)
            return super().run(line)

    report = ask(Dying(ANSWERS), 437, TWO)
    assert report.why_unusable == "the line that runs the script failed: The connection failed."
    assert bool(report.left_behind) is dead


def test_nothing_to_ask() -> None:
    told = Told(ANSWERS)
    assert ask(told, 437, (target(security=Security.STARTTLS),)).folders == ()
    assert told.lines == []


@pytest.mark.parametrize("os_id", ["xp-sp3", "win7-sp1", "win10-22h2"])
@pytest.mark.parametrize("limit", [8000, 2900])
def test_a_simulated_host_runs_the_line_and_is_clean_again(os_id: str, limit: int) -> None:
    shell = SimulatedShell(entry(os_id), limit=limit)
    report = ask(shell, 437, TWO)
    assert "Windows Script Host access is disabled" in report.why_unusable
    assert report.left_behind == ()
    (folder,) = report.folders
    assert shell.host.run(f"if exist %SystemRoot%\\{folder} (echo there)", 437).out == b""
    assert shell.host.run("if exist %SystemRoot% (echo there)", 437).out


def test_a_simulated_host_with_scripts() -> None:
    shell = SimulatedShell(entry("win7-sp1", cscript=ANSWERS))
    assert [reply.number for _address, reply in ask(shell, 437, TWO).replies] == [0x80072F78, 200]
