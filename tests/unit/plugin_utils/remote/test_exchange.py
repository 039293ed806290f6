# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines are made before any is sent, and an answer is whole or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryValue
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.pack import PackError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Output, ShellError
from tests.support.hosts import NT
from tests.support.lab_shell import CODEPAGE, Bench, LabShell

VERSION = section("version", Query("VSN", NT, "CurrentVersion"))
BUILD = section("build", Query("BLD", NT, "CurrentBuildNumber"))
TOO_LONG = section("long", Query("LNG", command="rem " + "x" * LabShell.limit))


@pytest.fixture
def shell(tmp_path: Path) -> LabShell:
    return LabShell(Bench(tmp_path, os="win7-sp1").host)


def test_what_was_packed_before_is_sent_as_it_is(shell: LabShell) -> None:
    exchange = Exchange(shell)
    lines = exchange.packed((VERSION, BUILD))
    assert shell.lines == []
    image = exchange.send(lines)
    assert [len(line) for line in shell.lines] == [len(line) for line in lines]
    assert exchange.codepage == CODEPAGE
    for name in ("CurrentVersion", "CurrentBuildNumber"):
        assert isinstance(image.value(NT, name), RegistryValue)
    assert exchange.run((VERSION, BUILD)) == image
    assert ["chcp" in line for line in shell.lines] == [True, False]


def test_a_section_that_fits_into_no_line_keeps_all_others_from_being_sent(shell: LabShell) -> None:
    for use in (Exchange(shell).run, Exchange(shell).packed):
        with pytest.raises(PackError, match='the section "long" does not fit'):
            use((VERSION, TOO_LONG))
    assert shell.lines == []


@pytest.mark.parametrize(
    ("output", "says"),
    [
        (Output(0, b"Access is\r\ndenied.", b""), r"its last words were: Access is denied\."),
        (Output(1, b"", b""), "its last words were: nothing"),
        (Output(0, b"", b"", cut="The connection was lost."), "The connection was lost"),
    ],
)
def test_half_an_answer_is_none(output: Output, says: str, shell: LabShell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "run", lambda line: output)
    with pytest.raises(ShellError, match=says) as caught:
        Exchange(shell).run((VERSION,))
    assert caught.value.unreachable == bool(output.cut)
