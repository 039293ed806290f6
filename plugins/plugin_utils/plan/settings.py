# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that can be set on a host as it is, without any update: registry, firewall, proxies, accounts."""

from __future__ import annotations

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Change, Plan
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import accounts, firewall, proxy, registry_changes
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.what_if import after


def changes(ctx: Context) -> tuple[Change, ...]:
    """In the order in which they are carried out; the firewall is opened for the ports that accounts will have."""
    registry = registry_changes.changes(ctx)
    ctx = after(ctx, Plan(registry))
    moves = accounts.changes(ctx)
    return (*registry, *firewall.changes(after(ctx, Plan(moves))), *proxy.changes(ctx), *moves)
