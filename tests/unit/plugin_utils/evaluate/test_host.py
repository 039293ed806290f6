# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which release of Windows a host runs."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.host import identify
from tests.support.hosts import KNOWLEDGE, NT, Keys, snapshot


@pytest.mark.parametrize("os_id", list(KNOWLEDGE.releases))
def test_every_release_is_recognised_by_its_own_values(os_id: str) -> None:
    assert identify(KNOWLEDGE, snapshot(os_id)).os == os_id


@pytest.mark.parametrize(
    ("os_id", "layer", "expected"),
    [
        # XP keeps nonsense in CurrentBuild.
        ("xp-sp3", {NT: {"CurrentBuild": "1.511.1 () (Obsolete data - do not use)"}}, "xp-sp3"),
        # Windows 11 still calls itself Windows 10 there.
        ("win11-23h2", {NT: {"ProductName": "Windows 10 Pro"}}, "win11-23h2"),
        # Server 2008 shows 6003 from a rollup of 2019 on.
        ("server-2008-sp2", {NT: {"CurrentBuildNumber": "6003"}}, "server-2008-sp2"),
        ("win10-22h2", {NT: {"CurrentBuildNumber": "19046"}}, "unknown"),
        ("win7-sp1", {NT: {"CurrentVersion": "6.9"}}, "unknown"),
    ],
)
def test_traps(os_id: str, layer: Keys, expected: str) -> None:
    found = identify(KNOWLEDGE, snapshot(os_id, layer))
    assert found.os == expected
    assert found.raw_version


def test_an_unknown_release_shows_its_raw_version() -> None:
    found = identify(KNOWLEDGE, snapshot("win7-sp1", {NT: {"CurrentBuildNumber": "12345"}}))
    assert (found.os, found.release) == ("unknown", None)
    assert "12345" in found.raw_version
    assert "no row" in found.why


def test_unread_version_values_leave_what_ver_printed() -> None:
    seen = snapshot("win7-sp1", unread={r"HKLM\SOFTWARE": "Access is denied."}, ver="Microsoft Windows [6.1.7601]")
    found = identify(KNOWLEDGE, seen)
    assert (found.os, found.raw_version) == ("unknown", "Microsoft Windows [6.1.7601]")


def test_a_32_bit_view_is_seen() -> None:
    environment = {"PROCESSOR_ARCHITECTURE": "x86", "PROCESSOR_ARCHITEW6432": "AMD64"}
    found = identify(KNOWLEDGE, snapshot("win7-sp1", environment=environment))
    assert (found.architecture, found.bits32_view) == ("amd64", True)


def test_windows_for_many_sessions_is_a_client() -> None:
    kind = {r"HKLM\SYSTEM\CurrentControlSet\Control\ProductOptions": {"ProductType": "ServerNT"}}
    many = snapshot("win11-24h2", kind, {NT: {"InstallationType": "Client"}})
    assert identify(KNOWLEDGE, many).os == "win11-24h2"
