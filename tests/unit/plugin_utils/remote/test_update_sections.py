# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run that installs or removes updates reads besides."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.pack import pack
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import by_code
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.sections import reading
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.signs import signs_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_sections import (
    removal_section,
    update_sections,
    updating_section,
)
from tests.lab.parse import parse
from tests.support.hosts import KNOWLEDGE

UNINSTALL = KNOWLEDGE.registry["uninstall"].key


def test_what_an_installation_reads() -> None:
    (only,) = update_sections(KNOWLEDGE)
    assert only == updating_section(KNOWLEDGE)
    rows = ("install-language", "netlogon-start")
    assert [(root, query.value) for query, _argument, root in only.marks()] == [
        (KNOWLEDGE.registry[row].key, KNOWLEDGE.registry[row].value) for row in rows
    ]


@pytest.mark.parametrize(
    ("kbs", "names"),
    [
        (["KB4019276"], {"KB4019276", "KB4019276-v2", "KB4019276-v3", "KB4019276-v4"}),
        (["kb4019276", "4019276"], {"KB4019276", "KB4019276-v2", "KB4019276-v3", "KB4019276-v4"}),
        (["KB4230450"], {"KB4230450-IE8", "KB4230450-v2-IE8", "KB4230450-v3-IE8", "KB4230450-v4-IE8"}),
        (["KB9999999", "x & calc", ""], set()),
        ([], set()),
    ],
)
def test_the_records_of_what_is_removed(kbs: list[str], names: set[str]) -> None:
    found = removal_section(KNOWLEDGE, kbs)
    read = {(root.rpartition("\\")[0], root.rpartition("\\")[2], query.value) for query, _a, root in found.marks()}
    families = {row.key for row in KNOWLEDGE.registry.values() if row.id.startswith("updates-")}
    assert read == {(root, name, "UninstallCommand") for root in families for name in names} | {
        (UNINSTALL, name, "UninstallString") for name in names
    }
    assert len(update_sections(KNOWLEDGE, kbs)) == (2 if names else 1)


@pytest.mark.parametrize("limit", [8000, 2900])
def test_all_updates_at_once_are_lines_of_their_own(limit: int) -> None:
    """They stand in no line of an audit, and each is one that cmd.exe takes."""
    sections = update_sections(KNOWLEDGE, KNOWLEDGE.updates)
    by_code((*reading(signs_of(KNOWLEDGE)), *sections))
    for batch in pack(sections, limit):
        parse(batch.text("0" * 16))
