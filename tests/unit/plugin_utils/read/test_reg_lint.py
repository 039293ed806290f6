# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The linter of ``.reg`` files: every defect that blogs are known for."""

from __future__ import annotations

import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Severity
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_lint import Defect, lint
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_scan import scan

V5 = "Windows Registry Editor Version 5.00\n\n"
WINHTTP = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp"
WOW = WINHTTP.replace("SOFTWARE", r"SOFTWARE\Wow6432Node")
SETTINGS = WINHTTP.removesuffix(r"\WinHttp")
SCHANNEL = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols"


def codes(text: str) -> list[tuple[int, str]]:
    return [(defect.line, defect.code) for defect in lint(b"\xff\xfe" + text.encode("utf-16-le"))]


GOOD = (
    V5
    + rf"""
; windowsxp-kb4019276-x86-embedded-enu.exe, windowsxp-kb4467770-x86-embedded-enu.exe and KB4230450
[HKEY_LOCAL_MACHINE\SYSTEM\WPA\PosReady]
"Installed"=dword:00000001

[{WINHTTP}]
; 0x00000200 Enable TLS 1.1, 0x00000800 Enable TLS 1.2: KB4467770
"DefaultSecureProtocols"=dword:00000a00
[{WOW}]
"DefaultSecureProtocols"=dword:00000a00

[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Internet Explorer\AdvancedOptions\CRYPTO\TLS1.1]
"OSVersion"="3.5.1.0.0"
[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Internet Explorer\AdvancedOptions\CRYPTO\TLS1.2]
"OSVersion"="3.5.1.0.0"
[{SETTINGS}]
"SecureProtocols"=dword:00000a80
; 0xAA8 is all SSL and TLS up to 1.2

[{SCHANNEL}\TLS 1.2\Client]
"DisabledByDefault"=dword:00000000
"""
)


def test_a_good_file_has_no_defect() -> None:
    assert codes(GOOD) == []


TABLE = [
    (V5 + f"[{SETTINGS}]\n\u201cSecureProtocols\u201d=dword:800", [(4, "typographic-quotes")]),
    (V5 + f"[{SETTINGS}]\n\u00abx\u00bb=\u201ey\u201d", [(4, "typographic-quotes")]),
    (V5 + f';[{WOW}]\n"x"=dword:1', [(3, "commented-header"), (4, "value-without-key")]),
    (V5 + f'[{SETTINGS}]\n; [{WOW}]\n; only\n; comments\n[{SETTINGS}\\A]\n"x"=dword:1', []),
    (V5 + f'[{SETTINGS}]\n{WOW}\n"x"=dword:1', [(4, "header-without-brackets")]),
    (V5 + f"HKLM\\A\n[{SETTINGS}]", [(3, "header-without-brackets")]),
    (V5 + f'[{SETTINGS}]\n"x"=dword:1\n"X"=dword:2', [(5, "duplicate-value")]),
    (V5 + f'[{SETTINGS}]\n"x"=dword:1\n[{SETTINGS.lower().replace("hkey", "HKEY")}]\n"x"=-', [(6, "duplicate-value")]),
    (V5 + f'[{WINHTTP}]\n"SecureProtocols"=dword:800', [(4, "stray-secure-protocols")]),
    (V5 + f'[{WINHTTP}]\n"DefaultSecureProtocols"=dword:800', [(4, "wow6432-missing")]),
    (V5 + f'[{WOW}]\n"DefaultSecureProtocols"=dword:800', []),
    (V5 + f"[{SCHANNEL}\\TLS 1.3\\Client]", [(3, "unsupported-protocol")]),
    (V5 + f"[{SCHANNEL}\\TLS 1.1\\Server]", [(3, "server-side-key")]),
    (V5 + "; dword:00000A80 is all SSL and TLS", [(3, "wrong-mask-claim")]),
    (V5 + "; dword:00000AA8 is all SSL and TLS", []),
    (V5 + "; 0x00000200 Enable TLS 1.2", [(3, "wrong-mask-claim")]),
    (V5 + "; 0xA00 does nothing for Outlook Express", [(3, "mask-is-not-for-mail")]),
    (V5 + "; 0x20 Enable SSL 3.0\n; 0x800 Enable TLS 1.2\n; for KB4467770", [(3, "undocumented-bits")]),
    (V5 + "; 0x20 Enable SSL 3.0\n; 0x800 Enable TLS 1.2\n; for KB3140245", []),
    (V5 + "; windowsxp-kb4019276-x86-embedded-enu_38.exe", [(0, "posready-missing")]),
    (V5 + "some text", [(3, "unknown-line")]),
    (V5 + f'[{SETTINGS}]\n"x"=dword:zz', [(4, "bad-value")]),
    (V5 + f'[{SETTINGS}]\n"x"="C:\\Program"', [(4, "bad-value")]),
    (V5 + '"x"=dword:1', [(3, "value-without-key")]),
    (f'[{SETTINGS}]\n"x"=dword:1', [(1, "no-signature")]),
    ("", [(1, "no-signature")]),
    ("REGEDIT4\n\n[HKEY_USERS\\x]\n", []),
    (V5 + f'[{SETTINGS}]\n"x"=hex:01,\\\n  02\n"y"="two\nlines"\n"x"=-', [(8, "duplicate-value")]),
]


@pytest.mark.parametrize(("text", "expected"), TABLE)
def test_each_defect(text: str, expected: list[tuple[int, str]]) -> None:
    assert codes(text) == expected


def test_a_mask_for_ie_on_xp_needs_more() -> None:
    text = V5 + "; windowsxp-kb4019276-x86-embedded-enu.exe\n" + f'[{SETTINGS}]\n"SecureProtocols"=dword:a80\n'
    assert codes(text) == [(0, "ie8-update-missing"), (0, "osversion-missing"), (0, "posready-missing")]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (V5.encode(), ["not-utf16"]),
        (b"\xef\xbb\xbf" + V5.encode(), ["not-utf16"]),
        (b"REGEDIT4\r\n", []),
        (b"\xff\xfe" + V5.encode("utf-16-le"), []),
    ],
)
def test_encodings(data: bytes, expected: list[str]) -> None:
    assert [defect.code for defect in lint(data)] == expected


def test_typographic_quotes_of_the_ansi_code_page() -> None:
    data = V5.encode() + f"[{SETTINGS}]\n".encode() + b"\x93SecureProtocols\x94=dword:00000800\n"
    assert (4, "typographic-quotes") in [(defect.line, defect.code) for defect in lint(data)]


#: Typographic quotes, as blogs make them.
LEFT, RIGHT = "\u201c", "\u201d"
#: One of each defect, and what it says.
SPOILT = (
    V5
    + rf"""
[{WINHTTP}]
;Bits: 0x00000008 Enable SSL 2.0, those of windowsxp-kb4467770-x86-embedded-enu.exe
{LEFT}DefaultSecureProtocols{RIGHT}=dword:00000800
;{LEFT}DefaultSecureProtocols{RIGHT}=dword:00000A80 stands for all SSL versions and TLS
;[{WOW}]
{LEFT}DefaultSecureProtocols{RIGHT}=dword:00000800
{SETTINGS}
{LEFT}SecureProtocols{RIGHT}=dword:00000A80
[{SCHANNEL}\TLS 1.3\Server]
{LEFT}Enabled{RIGHT}=dword:00000001
"""
)
FOUND = [
    (0, "ie8-update-missing", Severity.MEDIUM, "names none"),
    (0, "osversion-missing", Severity.MEDIUM, "OSVersion"),
    (0, "posready-missing", Severity.MEDIUM, "PosReady"),
    (1, "not-utf16", Severity.LOW, "UTF-16"),
    (5, "undocumented-bits", Severity.LOW, "KB4467770"),
    (6, "typographic-quotes", Severity.HIGH, "sets nothing"),
    (6, "wow6432-missing", Severity.LOW, "Wow6432Node"),
    (7, "wrong-mask-claim", Severity.LOW, "SSL 3.0"),
    (
        8,
        "commented-header",
        Severity.HIGH,
        r"land in HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp",
    ),
    (9, "duplicate-value", Severity.HIGH, "line 6"),
    (9, "typographic-quotes", Severity.HIGH, "sets nothing"),
    (10, "header-without-brackets", Severity.HIGH, r"Internet Settings\WinHttp"),
    (11, "stray-secure-protocols", Severity.HIGH, "trace"),
    (11, "typographic-quotes", Severity.HIGH, "sets nothing"),
    (12, "server-side-key", Severity.INFO, "Server"),
    (12, "unsupported-protocol", Severity.LOW, "Windows 11"),
    (13, "typographic-quotes", Severity.HIGH, "sets nothing"),
]


def test_a_file_with_every_defect() -> None:
    defects = lint(SPOILT.encode())
    assert [(d.line, d.code, d.severity) for d in defects] == [entry[:3] for entry in FOUND]
    for defect, (*_rest, part) in zip(defects, FOUND, strict=True):
        assert part in defect.message


@pytest.mark.realdata
def test_the_file_that_this_linter_grew_from(realdata: Path) -> None:
    text = (realdata.parent / "seeds" / "outlook-express-tls.txt").read_text(encoding="utf-8")
    start = text.index("    Windows Registry Editor Version 5.00")
    file = textwrap.dedent(text[start : text.index("\n  7. ", start)])
    defects = lint(file.encode())

    def lines(code: str) -> list[int]:
        return [defect.line for defect in defects if defect.code == code]

    assert len(lines("typographic-quotes")) == sum(line.startswith("\u201c") for line in file.splitlines()) == 16
    assert lines("commented-header") == [20]
    assert lines("duplicate-value") == [31, 43]
    assert lines("header-without-brackets") == [36, 41]
    assert lines("stray-secure-protocols") == [38, 43]
    assert lines("wrong-mask-claim") == [17, 34]
    assert lines("undocumented-bits") == [5, 22]
    assert lines("unsupported-protocol") == [62, 87]
    assert lines("server-side-key") == [71, 79, 87]
    assert lines("mask-is-not-for-mail") == [15, 32]
    assert lines("wow6432-missing") == [14]
    assert lines("not-utf16") == [1]
    assert [d.code for d in defects if d.line == 0] == ["ie8-update-missing", "osversion-missing", "posready-missing"]
    assert not lines("unknown-line")
    assert not lines("bad-value")


@pytest.mark.realdata
def test_real_exports_are_clean(realdata: Path) -> None:
    for path in sorted((realdata / "hosts").glob("*.reg")):
        assert {defect.code for defect in lint(path.read_bytes())} <= {"server-side-key"}, path.name


PIECES = st.sampled_from(
    [*V5.split("\n"), f"[{WINHTTP}]", f";[{WOW}]", WOW, "\n", '"', "\u201c", "=dword:", "1", "@", ";", "]"]
)


@given(st.binary() | st.lists(PIECES).map("".join).map(str.encode))
def test_anything_can_be_linted(data: bytes) -> None:
    defects = lint(data)
    assert all(isinstance(defect, Defect) and defect.message.isprintable() for defect in defects)
    assert [defect.line for defect in defects] == sorted(defect.line for defect in defects)


@given(st.text())
def test_lines_are_counted_as_an_editor_does(text: str) -> None:
    numbers = [line.number for line in scan(text)]
    assert numbers == sorted(set(numbers))
    assert all(1 <= number <= text.count("\n") + 1 for number in numbers)


@pytest.mark.parametrize(
    "text",
    [
        "HKEY_USERS\\a\n" * 10_000,
        f";[{WOW}]\n" * 5_000,
        '"a"="x\n' * 10_000,
        '"a\n' * 10_000,
        "; windowsxp-kb4019276-" * 30_000,
        "; " + "0x8 " * 200_000,
        "; 0x8" + " " * 500_000,
        "[HKEY_USERS\\" + "]" * 300_000 + "x",
    ],
    ids=range(8),
)
def test_hostile_sizes_take_no_time(text: str) -> None:
    start = time.process_time()
    lint((V5 + text).encode())
    assert time.process_time() - start < 3
