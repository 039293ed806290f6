# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of packages: those of Microsoft, and no device, no file of our own, nothing that a shell acts on."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.package_names import FILE_NAME
from tests.support.hosts import KNOWLEDGE


@pytest.mark.parametrize("update", KNOWLEDGE.updates.values(), ids=lambda update: update.id)
def test_every_name_of_the_tables_is_one(update: object) -> None:
    for package in KNOWLEDGE.updates[update.id].packages:  # type: ignore[attr-defined]
        assert FILE_NAME.fullmatch(package.file.replace("*", "enu"))


@pytest.mark.parametrize(
    "name",
    [
        *("", "x", "exe", ".exe", "a..exe", "a.exe.", "a.exe\n", "a b.exe", "a&b.exe", "%a%.exe", "-a.exe", "a/b.exe"),
        *("nul.exe", "COM1.msu", "Con.x.cab", "run.cmd", "code.txt", "transfer.js", "part1.bin", "\u017fetup.exe"),
        f"{'a' * 197}.exe",
    ],
)
def test_others_are_not(name: str) -> None:
    assert not FILE_NAME.fullmatch(name)
