# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator asked for, checked."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Server


@dataclass(frozen=True, slots=True)
class Waiver:
    """A finding that the operator accepts, with a reason, until a day (inclusive) or for good.

    ``check``: id of a check, or a shell pattern such as ``firewall.*``; ``subject``: a pattern for the subject.
    """

    check: str
    reason: str
    expires: datetime.date | None = None
    subject: str = "*"


@dataclass(frozen=True, slots=True)
class ProxyWish:
    """The proxy that hosts shall have.

    ``state``: "set" (this server, this bypass list, nothing left of an older one) or "off" (no named proxy and no
    script); automatic detection is left alone by both. ``server``: "" for "off", else ``host:port`` or
    ``http=host:port;https=host:port``; ``bypass``: patterns such as ``*.example`` and ``<local>``; ``stacks``: whose
    proxy, of "winhttp" and "wininet".
    """

    state: str
    server: str = ""
    bypass: tuple[str, ...] = ()
    stacks: tuple[str, ...] = ("winhttp", "wininet")

    @property
    def bypass_text(self) -> str:
        """The bypass list as Windows keeps it."""
        return ";".join(self.bypass)


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """Options of one audit, after validation."""

    policy: str = "compat"
    servers: tuple[Server, ...] = ()
    only: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()
    profiles: str = "loaded"
    firewall_profiles: frozenset[str] = frozenset()
    waivers: tuple[Waiver, ...] = ()
    today: datetime.date = datetime.date.min
    proxy: ProxyWish | None = None
