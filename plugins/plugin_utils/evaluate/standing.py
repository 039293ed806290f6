# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an update is there, or another one in its place, or only a restart is missing."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import Presence, presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Update


@dataclass(frozen=True, slots=True)
class Standing:
    """How an update stands: by itself (``own``), or by another one that does the same.

    ``instead``: id of another one that is in. ``coming``: id of another one that waits for a reboot, where nothing else
    counts: the update itself neither is in nor waits, and nothing is in instead.
    """

    own: Presence
    instead: str | None
    coming: str | None

    @property
    def waits(self) -> bool:
        """Only a reboot is missing."""
        return self.own.pending or self.coming is not None


def standing(ctx: Context, update: Update) -> Standing:
    """Whether it is in, or another one that does the same, or whether one of them waits for a reboot."""
    own = presence(ctx, update.id)
    instead = None if own.present else alternative(ctx, update)
    there = own.present or own.pending or instead
    return Standing(own, instead, None if there else alternative(ctx, update, pending=True))


def alternative(ctx: Context, update: Update, *, pending: bool = False) -> str | None:
    """The id of another update that is in and enables all that this one does, whether it can still be had or not.

    ``pending``: one that waits for a reboot instead.
    """
    for other in lookup.updates_for(ctx.knowledge, ctx.host.os):
        if other.id != update.id and set(update.enables) <= set(other.enables):
            found = presence(ctx, other.id)
            if found.pending if pending else found.present:
                return other.id
    return None
