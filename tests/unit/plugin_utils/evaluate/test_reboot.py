# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pending reboots, and what only looks like one."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import reboot
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryData, Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Remedy, Severity, State
from tests.support.hosts import KNOWLEDGE, Keys, host

CBS, WINDOWS_UPDATE, MANAGER, VOLATILE, UPDATES = (
    KNOWLEDGE.registry[row].key
    for row in (
        "reboot-cbs",
        "reboot-windows-update",
        "reboot-renames",
        "reboot-update-exe",
        "reboot-update-exe-value",
    )
)
RENAMES, RENAMES2 = "PendingFileRenameOperations", "PendingFileRenameOperations2"
MOVE = (r"\??\C:\Windows\Temp\a", "")


@pytest.mark.parametrize(
    ("os_id", "layer", "count"),
    [
        ("win7-sp1", {}, 0),
        ("win7-sp1", {CBS: {}}, 1),
        ("win7-sp1", {WINDOWS_UPDATE: {}}, 1),
        ("win7-sp1", {MANAGER: {RENAMES: MOVE}}, 1),
        ("win7-sp1", {MANAGER: {RENAMES2: MOVE}}, 1),
        ("win7-sp1", {MANAGER: {RENAMES: MOVE, RENAMES2: MOVE}}, 1),
        ("win7-sp1", {CBS: {}, WINDOWS_UPDATE: {}, MANAGER: {RENAMES: MOVE}}, 3),
        ("win7-sp1", {MANAGER: {RENAMES: ()}}, 0),
        ("win7-sp1", {MANAGER: {RENAMES: ("", "")}}, 0),
        ("win7-sp1", {MANAGER: {RENAMES: b"\0\0"}}, 0),
        ("win7-sp1", {MANAGER: {RENAMES: (), RENAMES2: MOVE}}, 1),
        ("win7-sp1", {VOLATILE: {"Flags": 1}}, 0),
        ("xp-sp3", {}, 0),
        ("xp-sp3", {VOLATILE: {"Flags": 1}}, 1),
        ("xp-sp3", {VOLATILE: {"Flags": 0}}, 0),
        ("xp-sp3", {VOLATILE: {}}, 0),
        ("xp-sp3", {UPDATES: {"UpdateExeVolatile": 2}}, 1),
        ("xp-sp3", {UPDATES: {"UpdateExeVolatile": 0}}, 0),
        ("xp-sp3", {MANAGER: {RENAMES: MOVE}, VOLATILE: {"Flags": 1}}, 2),
        ("server-2003-sp2", {VOLATILE: {"Flags": 1}}, 1),
    ],
)
def test_reasons(os_id: str, layer: Keys, count: int) -> None:
    ctx = host(os_id, layer)
    found = reboot.reasons(ctx)
    assert not isinstance(found, Unread)
    assert len(found) == count
    (finding,) = reboot.evaluate(ctx)
    assert finding.state is (State.FAIL if count else State.PASS)
    assert finding.remedy is Remedy.NONE


@pytest.mark.parametrize(
    ("os_id", "unread", "layer", "state"),
    [
        ("win7-sp1", CBS, {}, State.UNKNOWN),
        ("win7-sp1", WINDOWS_UPDATE, {}, State.UNKNOWN),
        ("win7-sp1", MANAGER, {}, State.UNKNOWN),
        ("win7-sp1", CBS, {MANAGER: {RENAMES: MOVE}}, State.FAIL),
        ("win7-sp1", VOLATILE, {}, State.PASS),
        ("xp-sp3", VOLATILE, {}, State.UNKNOWN),
        ("xp-sp3", CBS, {}, State.PASS),
        ("xp-sp3", VOLATILE, {UPDATES: {"UpdateExeVolatile": 1}}, State.FAIL),
    ],
)
def test_unread_signs(os_id: str, unread: str, layer: Keys, state: State) -> None:
    ctx = host(os_id, layer, unread={unread: "access denied"})
    (finding,) = reboot.evaluate(ctx)
    assert finding.state is state
    assert (finding.severity is Severity.LOW) == (state is State.UNKNOWN)
    assert isinstance(reboot.reasons(ctx), Unread) == (state is State.UNKNOWN)


@pytest.mark.parametrize("layer", [{CBS: {}}, {VOLATILE: {"Flags": 1}}])
def test_on_a_windows_that_nobody_knows_every_sign_counts(layer: Keys) -> None:
    ctx = host("win7-sp1", layer)
    nameless = dataclasses.replace(ctx, host=dataclasses.replace(ctx.host, release=None, os="unknown"))
    assert reboot.evaluate(nameless)[0].state is State.FAIL


def test_a_finding_names_the_place_of_every_sign() -> None:
    (finding,) = reboot.evaluate(host("win7-sp1", {CBS: {}, MANAGER: {RENAMES2: MOVE}}))
    assert finding.where == f"{CBS}; {MANAGER}\\{RENAMES2}"


@pytest.mark.parametrize(
    ("data", "file", "waits"),
    [
        (("", r"!\??\C:\WINDOWS\system32\a.dll"), r"system32\a.dll", True),
        ((r"\??\C:\WINDOWS\system32\a.dll", ""), r"System32\A.DLL", True),
        ((r"\??\C:\WINDOWS\system32\aa.dll", ""), r"system32\a.dll", False),
        ((r"\??\C:\WINDOWS\system32\a.dll.bak", ""), r"system32\a.dll", False),
        ((), r"system32\a.dll", False),
        (b"x", r"system32\a.dll", False),
    ],
)
def test_files_that_wait_to_be_replaced(data: RegistryData, file: str, waits: bool) -> None:
    assert reboot.replaces(host("xp-sp3", {MANAGER: {RENAMES2: data}}), file) is waits


@pytest.mark.parametrize(
    ("layer", "unread", "waits"),
    [
        ({}, {}, False),
        ({VOLATILE: {"Flags": 1}}, {}, True),
        ({UPDATES: {"UpdateExeVolatile": 1}}, {}, True),
        ({MANAGER: {RENAMES: MOVE}}, {}, False),
        ({}, {VOLATILE: "Denied."}, False),
    ],
)
def test_the_mark_of_update_exe(layer: Keys, unread: dict[str, str], waits: bool) -> None:
    assert reboot.update_exe_waits(host("xp-sp3", layer, unread=unread)) is waits
