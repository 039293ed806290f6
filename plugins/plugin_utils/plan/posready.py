# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flag that lets XP take packages which Microsoft made for Windows Embedded POSReady 2009."""

from __future__ import annotations

import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Change, ChangeKind
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.consents import POSREADY

#: The family of the change, as in changeable.yml.
FAMILY: t.Final = "updates"
_WHY: t.Final = "let packages for Windows Embedded POSReady 2009 run on this XP"


def change(ctx: Context) -> Change:
    """Setting the flag: a change of the registry like others, which a journal keeps and a rollback undoes.

    Where it is set already, it gives no step. Whether an update asks for it: ``prerequisites.sets_posready``.
    """
    row = ctx.knowledge.registry["posready"]
    name = row.value or ""
    before = shown(ctx.snapshot.image.value(row.key, name))
    details = {"key": row.key, "name": name, "type": row.type, "data": 1, "before": before}
    return Change(ChangeKind.REGISTRY, FAMILY, _WHY, details, consent=POSREADY)
