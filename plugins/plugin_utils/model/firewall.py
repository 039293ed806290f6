# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows Firewall rules as data. Grammar: [MS-GPFAS] 2.2.2.19, meaning: [MS-FASP] 2.2.37.

https://learn.microsoft.com/openspecs/windows_protocols/ms-gpfas/
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class RuleStore(str, enum.Enum):
    """Where a rule was found."""

    LOCAL = "local"
    MDM = "mdm"
    POLICY = "policy"
    SERVICE = "service"


class Direction(str, enum.Enum):
    IN = "In"
    OUT = "Out"


class Action(str, enum.Enum):
    ALLOW = "Allow"
    BLOCK = "Block"
    BYPASS = "ByPass"


class Profile(str, enum.Enum):
    """Firewall profiles. The registry calls the local private profile ``StandardProfile``."""

    DOMAIN = "Domain"
    PRIVATE = "Private"
    PUBLIC = "Public"


@dataclass(frozen=True, slots=True)
class FirewallRule:
    """One rule. ``fields`` keeps every field in order, repeated ones too, so that writing it back gives the same text.

    ``protocol`` None: any. ``profiles`` empty: all. ``remote_ports`` are inclusive ranges; None: any port;
    ``opaque`` names fields that limit the rule in a way nobody here can decide (keywords, TTK*, NNm, ...).
    """

    id: str
    store: RuleStore
    version: str
    action: Action
    active: bool
    direction: Direction | None
    protocol: int | None
    profiles: frozenset[Profile]
    remote_ports: tuple[tuple[int, int], ...] | None
    local_ports: tuple[tuple[int, int], ...] | None
    remote_addresses: tuple[str, ...]
    local_addresses: tuple[str, ...]
    app: str | None
    service: str | None
    name: str
    app_container: bool
    authenticated: bool
    users: tuple[str, ...]
    opaque: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
