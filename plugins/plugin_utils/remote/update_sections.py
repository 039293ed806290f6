# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only a run that installs or removes updates reads, besides what an audit does."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.installation import update_id
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.package_commands import record_names
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Group, Query, Section, section

#: A package that was issued again is recorded as KB3055973-v3; none is known beyond that one's number.
_ISSUES: t.Final = ("", "-v2", "-v3", "-v4")


def update_sections(knowledge: Knowledge, removing: Iterable[str] = ()) -> tuple[Section, ...]:
    """All of it.

    :param removing: ids of updates that are to be removed.
    """
    removals = removal_section(knowledge, removing)
    return (updating_section(knowledge), *((removals,) if removals.groups else ()))


def updating_section(knowledge: Knowledge) -> Section:
    """The language of Windows, and whether the host is in a domain: for ``evaluate.install_facts``."""
    places = [knowledge.registry[row] for row in ("install-language", "netlogon-start")]
    queries = (Query(f"UP{number}", row.key, row.value) for number, row in enumerate(places))
    return section("installing", *queries)


def removal_section(knowledge: Knowledge, kbs: Iterable[str]) -> Section:
    """What XP and 2003 recorded for the removal of these updates; later ones need no more than an audit reads.

    Read in ``plan.package_commands``. Updates that are in no table are left out: nothing is known of their names.
    """
    names = [name for kb in kbs for name in _names(knowledge, kb)]
    families = [row.key for row in knowledge.registry.values() if row.id.startswith("updates-")]
    places = [(root, "UninstallCommand") for root in families]
    places.append((knowledge.registry["uninstall"].key, "UninstallString"))
    queries = tuple(Query(f"RM{number}", rf"{root}\{{part}}", value) for number, (root, value) in enumerate(places))
    parts = tuple(dict.fromkeys(names))
    return Section("removals", (Group(queries, parts),) if parts else ())


def _names(knowledge: Knowledge, kb: str) -> tuple[str, ...]:
    try:
        update = knowledge.updates.get(update_id(kb))
    except ValueError:
        update = None
    if update is None:
        return ()
    split = [name.partition("-") for name in record_names(update)]
    return tuple(f"{number}{issue}{dash}{browser}" for number, dash, browser in split for issue in _ISSUES)
