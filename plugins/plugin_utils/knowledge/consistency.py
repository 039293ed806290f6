# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Contradictions and dangling references: what no single row can show.

Each problem is one line, ``file: row: field: what is wrong``.
"""

from __future__ import annotations

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import (
    consistency_accounts,
    consistency_changes,
    consistency_errors,
    consistency_mail,
    consistency_updates,
    consistency_windows,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge

_PARTS = (
    consistency_windows.releases,
    consistency_windows.schannel,
    consistency_windows.components,
    consistency_windows.suites,
    consistency_updates.registry,
    consistency_updates.updates,
    consistency_updates.detections,
    consistency_updates.packages,
    consistency_updates.installing,
    consistency_mail.clients,
    consistency_mail.providers,
    consistency_mail.ports,
    consistency_mail.policies,
    consistency_mail.checks,
    consistency_changes.changeable,
    consistency_accounts.account_stores,
    consistency_errors.error_codes,
)


def check(knowledge: Knowledge) -> tuple[str, ...]:
    """Every contradiction and dangling reference; empty: the tables hang together."""
    return tuple(problem for part in _PARTS for problem in part(knowledge))
