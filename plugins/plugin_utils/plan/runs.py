# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs that change hosts give: one look at a host, a fix, a rollback."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import Audit
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.selection import Withheld
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.undo import Undo


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a host."""

    context: Context
    audit: Audit


@dataclass(frozen=True, slots=True)
class Fixed:
    """What a fix did.

    ``run`` None: nothing was to be done, or only planned (then ``after`` is None where there are ``steps``).
    ``failed``: a sentence for each step that did not take; ``broken``: for each stale lock that was broken.
    """

    before: Seen
    after: Seen | None
    steps: tuple[Step, ...]
    withheld: tuple[Withheld, ...]
    run: str | None = None
    failed: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What a rollback did. ``undone``: the runs it is about; ``undo``: its steps, and what was refused and why.

    ``run`` None: nothing was to be done, or it was only planned, or refused as a whole. ``forgot``: the host keeps no
    journals of these runs any more; ``notes``: a sentence for what is left to be known.
    """

    undone: tuple[str, ...]
    undo: Undo
    run: str | None = None
    failed: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    forgot: bool = False

    @property
    def complete(self) -> tuple[str, ...]:
        """The runs of which nothing is left: none where something was refused."""
        return () if self.undo.refused else self.undone
