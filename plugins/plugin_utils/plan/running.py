# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail programs that run: they keep an account in memory and write it back, so it is not changed meanwhile.

A program runs for a user only while his hive is loaded by Windows, that is: while he is logged on. Of those who are
not, nobody has to ask. Where it cannot be told whether a program runs, or for whom, it counts as running for everybody
who is logged on.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import ChangeKind
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.account_places import is_about_account, store_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.repointing import Repointing, account_words


@dataclass(frozen=True, slots=True)
class Running:
    """``owners``: casefolded file name of a program → SIDs of those for whom it runs, or why nobody can tell.

    A program that is not named there was not asked about, and may run. ``logged_on``: SIDs whose hives Windows itself
    has loaded; None: of anybody, for all that is known.
    """

    owners: Mapping[str, frozenset[str] | Unread] = field(default_factory=dict)
    logged_on: Container[str] | None = None

    def hindrance(self, knowledge: Knowledge, key: str) -> str:
        """Why the account in that key must be left for now, as a clause; "" where no program is in the way."""
        store = store_of(knowledge, key)
        sid = key.split("\\")[1] if key.count("\\") else ""
        if store is None or (self.logged_on is not None and sid not in self.logged_on):
            return ""
        programs = {c.program.casefold(): c.name for c in knowledge.clients.values() if c.account_store == store.id}
        for program, name in programs.items():
            owners = self.owners.get(program, Unread("nobody asked"))
            if isinstance(owners, Unread):
                return f"{name} may be running for this user ({owners.why})"
            if sid in owners:
                return f"{program} is running for this user, and would write its own settings back"
        return ""

    def hindrance_of(self, knowledge: Knowledge, step: Step) -> str:
        """The same of a step; steps that are about no account have none."""
        return self.hindrance(knowledge, step.key) if is_about_account(step) else ""


def without_running(knowledge: Knowledge, found: Repointing, running: Running) -> Repointing:
    """What can be repointed now: accounts of programs that run, or may, are left, each with a sentence."""
    keys = dict.fromkeys(str(c.details["key"]) for c in found.changes if c.kind is ChangeKind.ACCOUNT)
    busy = {key: why for key in keys if (why := running.hindrance(knowledge, key))}
    left = {}
    for change in found.changes:
        key = str(change.details["key"])
        if key in busy:
            left[key] = f"{account_words(change.details)} is left as it is: {busy[key]}."
    kept = tuple(change for change in found.changes if str(change.details["key"]) not in busy)
    return replace(found, changes=kept, left=(*found.left, *left.values()))
