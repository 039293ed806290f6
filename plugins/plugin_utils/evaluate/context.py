# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every check is handed: the knowledge, the operator's wishes, and what was read of one host."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import (
    Knowledge,
    MailClient,
    OsRelease,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailAccount
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryData,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import (
    Finding,
    Remedy,
    Severity,
    State,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Host:
    """Which Windows this is.

    ``os`` is the id of the release, or "unknown"; ``raw_version`` is what the host itself says, for people.
    ``bits32_view``: the reading ran as a 32-bit program on a 64-bit Windows.
    """

    release: OsRelease | None
    os: str
    name: str
    raw_version: str
    build: int | None = None
    ubr: int | Unread | None = None
    architecture: str = "unknown"
    bits32_view: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class InstalledClient:
    """A mail client that was found on the host. ``sign``: the key that gave it away."""

    client: MailClient
    sign: str
    user: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """All that the checks of one host may look at. Never changed: what-if questions make a new one.

    ``exchange``: (user SID, account) of Exchange accounts, which need HTTP stacks and no mail port.
    ``assume_installed``: updates that a what-if takes as installed.
    """

    knowledge: Knowledge
    options: AuditOptions
    snapshot: Snapshot
    host: Host
    clients: tuple[InstalledClient, ...] = ()
    accounts: tuple[MailAccount, ...] = ()
    exchange: tuple[tuple[str, str], ...] = ()
    accounts_unread: tuple[tuple[str, str], ...] = ()
    assume_installed: frozenset[str] = field(default=frozenset())

    @property
    def release(self) -> OsRelease | None:
        """The recognised release of Windows, or None."""
        return self.host.release

    def path(self, registry_id: str) -> str:
        """The key of that row of the table of registry paths."""
        return self.knowledge.registry[registry_id].key

    def place(self, registry_id: str) -> str:
        """Key and value of that row, as shown to people."""
        row = self.knowledge.registry[registry_id]
        return row.key if row.value is None else f"{row.key}\\{row.value}"

    def finding(
        self,
        check_id: str,
        state: State,
        *,
        observed: t.Any,
        effective: t.Any,
        wanted: t.Any,
        where: str,
        why: str,
        subject: str = "",
        remedy: Remedy = Remedy.NONE,
        needed: bool = True,
        severity: Severity | None = None,
    ) -> Finding:
        """A finding of that check; family, severity and source come from the catalogue."""
        check = self.knowledge.checks[check_id]
        level = severity or Severity(check.severity)
        return Finding(
            id=check_id,
            family=check.family,
            state=state,
            severity=level if needed else Severity.INFO,
            observed=observed,
            effective=effective,
            wanted=wanted,
            where=where,
            why=re.sub(r"\.{2,}$", ".", why),
            source=check.source,
            remedy=remedy if state is State.FAIL else Remedy.NONE,
            needed=needed,
            subject=subject,
        )


def clause(reason: str) -> str:
    """A reason, often in a host's own words, without its full stop: to stand inside a sentence."""
    return reason.strip().rstrip(".")


def shown(value: object) -> RegistryData | None:
    """A read value as results show it: the data, None for absent, "unread: why" for unread."""
    if isinstance(value, RegistryValue):
        return value.data
    if isinstance(value, Unread):
        return f"unread: {value.why}"
    return None
