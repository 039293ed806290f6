# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small answers of a host."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import FileVersion
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import lines_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.versions import (
    code_page,
    environment,
    file_versions,
    ver_text,
)

TABLE = (
    "Name                                Version             \r\r\n"
    "c:\\windows\\system32\\schannel.dll    6.1.7601.23375      \r\r\n"
    "C:\\Windows\\SysWOW64\\winhttp.dll     6.1.7601.17514      \r\r\n"
    "c:\\windows\\system32\\drivers\\ksecdd.sys  5.1.2600.7346  \r\r\n"
    "d:\\other folder\\x.dll               1.2                 \r\r\n"
    "c:\\windows\\system32\\none.dll                            \r\r\n"
    "\r\r\n"
)
EXPECTED = {
    r"system32\schannel.dll": "6.1.7601.23375",
    r"syswow64\winhttp.dll": "6.1.7601.17514",
    r"system32\drivers\ksecdd.sys": "5.1.2600.7346",
    r"d:\other folder\x.dll": "1.2",
}


@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        TABLE.replace("\r\r\n", "\r\n"),
        ("\ufeff" + TABLE).encode("utf-16-le").decode("cp437"),
        TABLE.encode("utf-16-le").decode("cp850"),
        "\r\r\n" + TABLE,
    ],
)
def test_file_versions(text: str) -> None:
    versions = file_versions(lines_of(text))
    assert isinstance(versions, Mapping)
    assert {name: str(version) for name, version in versions.items()} == EXPECTED


def test_a_version_is_numbers() -> None:
    assert file_versions(["Name  Version", "c:\\x  10.0.19041.1"]) == {"c:\\x": FileVersion((10, 0, 19041, 1))}


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "wmic printed nothing"),
        (["", " "], "wmic printed nothing"),
        (["'wmic' is not recognized as an internal command"], "'wmic' is not recognized"),
        (["Keine Instanzen verfügbar."], "Keine Instanzen verfügbar."),
        (["Name  Version", "c:\\a  1.2", "ERROR:"], "ambiguous: text among"),
        (["warning", "Name  Version", "c:\\a  1.2"], "warning"),
        (["Name  Version", "c:\\windows\\system32\\a  1.2", "C:\\WINNT\\System32\\A  1.3"], "appears twice"),
        (["Name  Version", "a  1.2"], "ambiguous"),
        (["Node,Name,Version", "x"], "Node,Name,Version x"),
    ],
)
def test_what_is_no_table_is_unread(lines: list[str], why: str) -> None:
    found = file_versions(lines)
    assert isinstance(found, Unread)
    assert why in found.why


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["PROCESSOR_ARCHITECTURE=x86"], {"PROCESSOR_ARCHITECTURE": "x86"}),
        (
            ["PROCESSOR_ARCHITECTURE=x86", "PROCESSOR_ARCHITEW6432=AMD64", ""],
            {"PROCESSOR_ARCHITECTURE": "x86", "PROCESSOR_ARCHITEW6432": "AMD64"},
        ),
        (["processor_architecture=ARM64"], {"PROCESSOR_ARCHITECTURE": "ARM64"}),
        (["PROCESSOR_ARCHITECTURE=x86", "PROCESSOR_ARCHITECTURE=AMD64"], {}),
        (["PROCESSOR_ARCHITECTURE=x86", "PROCESSOR_ARCHITECTURE=x86"], {"PROCESSOR_ARCHITECTURE": "x86"}),
        (["PROCESSOR_ARCHITECTURE=a b", "PATH=x", "PROCESSOR_ARCHITECTURE", "=", ""], {}),
    ],
)
def test_environment(lines: list[str], expected: dict[str, str]) -> None:
    assert environment(lines) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["Active code page: 437"], 437),
        (["Aktive Codepage: 850."], 850),
        (["", "Page de codes active : 1252", ""], 1252),
        (["Текущая кодовая страница: 866"], 866),
        (["65001"], 65001),
        (["1 code page: 437"], None),
        (["Active code page: 0"], None),
        (["Active code page: 99999"], None),
        (["Active code page: " + "9" * 5000], None),
        (["nothing"], None),
        ([], None),
    ],
)
def test_code_page(lines: list[str], expected: int | None) -> None:
    assert code_page(lines) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["", "Microsoft Windows [Version 6.1.7601]"], "Microsoft Windows [Version 6.1.7601]"),
        (["Microsoft Windows XP [Version 5.1.2600]", ""], "Microsoft Windows XP [Version 5.1.2600]"),
        (["Microsoft Windows [Versión 10.0.19045.1]"], "Microsoft Windows [Versión 10.0.19045.1]"),
        (["Microsoft Windows [Version 6.1.7601]\x1b[2J"], "Microsoft Windows [Version 6.1.7601]\\x1b[2J"),
        (["Linux"], Unread("Linux")),
        ([], Unread("ver printed nothing")),
    ],
)
def test_ver(lines: list[str], expected: str | Unread) -> None:
    assert ver_text(lines) == expected


@given(st.lists(st.text()))
def test_any_text_gives_an_answer(lines: list[str]) -> None:
    assert isinstance(file_versions(["Name  Version", *lines]), Mapping | Unread)
    assert isinstance(environment(lines), Mapping)
    assert code_page(lines) is None or lines
    assert isinstance(ver_text(lines), str | Unread)


def test_hostile_sizes_take_no_time() -> None:
    start = time.process_time()
    file_versions(["Name  Version", "c:\\" + " " * 500_000 + "x", "c:\\" + "1." * 200_000])
    environment(["PROCESSOR_ARCHITECTURE" * 50_000])
    code_page(["1" * 500_000])
    ver_text(["1." * 500_000])
    assert time.process_time() - start < 2
