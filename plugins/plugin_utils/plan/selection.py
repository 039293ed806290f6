# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which changes of a plan a fix carries out, and which it withholds because nobody consented."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Change, ChangeKind, Plan
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.consents import lacking

#: The kinds that become steps of a journal. The others stay in the plan, for other verbs and for people.
CARRIED_OUT: t.Final = frozenset({ChangeKind.REGISTRY, ChangeKind.FIREWALL, ChangeKind.PROXY})
#: Where the operator names a relay, and nowhere else: accounts are their users' own, and only then does somebody say
#: what they are to be.
REPOINTING: t.Final = CARRIED_OUT | {ChangeKind.ACCOUNT}


#: How the capabilities of updates begin that bring what the settings of a family are about.
_STACKS: t.Final = {"tls": "schannel"}


@dataclass(frozen=True, slots=True)
class Withheld:
    """A change that is not carried out. ``why``: one sentence; ``consent``: the one that would do, or None."""

    change: Change
    why: str
    consent: str | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """What is carried out, in the plan's order (optional changes too: a policy asks for them), and what is not."""

    chosen: tuple[Change, ...]
    withheld: tuple[Withheld, ...]


def waiting_for_updates(knowledge: Knowledge, plan: Plan, now: Iterable[Change]) -> tuple[Withheld, ...]:
    """Settings of the plan that mean nothing before an update of the plan is installed.

    :param now: the settings that the host can use as it is.
    """
    usable = {_place(change) for change in now}
    waiting = (c for c in plan.changes if c.kind in CARRIED_OUT and _place(c) not in usable)
    return tuple(Withheld(change, _wait(knowledge, plan, change)) for change in waiting)


def _wait(knowledge: Knowledge, plan: Plan, change: Change) -> str:
    """What a setting waits for: a service pack, and the updates that bring what it is a setting of."""
    names = []
    for update in (one.details for one in plan.changes if one.kind is ChangeKind.UPDATE):
        known = knowledge.updates.get(str(update.get("kb")))
        stack = _STACKS.get(change.family, change.family)
        if known is None or any(capability.startswith(stack) for capability in known.enables):
            names.append(str(update.get("kb") or update.get("name")))
    return f"It waits for {', '.join(names) or 'an update'}, without which Windows does not read it."


def _place(change: Change) -> tuple[str, str]:
    return str(change.details.get("key")).casefold(), str(change.details.get("name")).casefold()


def select(plan: Plan, consent: frozenset[str], kinds: frozenset[ChangeKind] = CARRIED_OUT) -> Selection:
    """Sort the changes that a fix could carry out.

    :param consent: ids of the consents that were given.
    :param kinds: of changes that become steps; with :data:`REPOINTING` accounts do, too.
    """
    possible = [change for change in plan.changes if change.kind in kinds]
    missing = {id(change): change.consent for change in possible if change.consent and change.consent not in consent}
    return Selection(
        chosen=tuple(change for change in possible if id(change) not in missing),
        withheld=tuple(
            Withheld(change, lacking(needed), needed) for change in possible if (needed := missing.get(id(change)))
        ),
    )
