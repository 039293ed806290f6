# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Firewall rules for tests that do not care how the registry writes them."""

from __future__ import annotations

import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import (
    Action,
    Direction,
    FirewallRule,
    RuleStore,
)


def rule(**changes: t.Any) -> FirewallRule:
    """An active outbound TCP block rule of the local store for every program, port and address, but for ``changes``."""
    fields: dict[str, t.Any] = {
        "id": "{1}",
        "store": RuleStore.LOCAL,
        "version": "v2.10",
        "action": Action.BLOCK,
        "active": True,
        "direction": Direction.OUT,
        "protocol": 6,
        "profiles": frozenset(),
        "remote_ports": None,
        "local_ports": None,
        "remote_addresses": (),
        "local_addresses": (),
        "app": None,
        "service": None,
        "name": "a rule",
        "app_container": False,
        "authenticated": False,
        "users": (),
        "opaque": (),
        "fields": (),
    }
    return FirewallRule(**(fields | changes))
