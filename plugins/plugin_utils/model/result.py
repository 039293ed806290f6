# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit says: findings, routes, changes, the plan, the verdict."""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass


class State(str, enum.Enum):
    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    WAIVED = "waived"
    NOT_APPLICABLE = "not_applicable"


class Severity(str, enum.Enum):
    """How much a failed check matters to mail. INFO never moves the verdict."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Verdict(str, enum.Enum):
    """The first that applies to a host, in this order."""

    UNKNOWN = "unknown"
    BLOCKED = "blocked"
    NEEDS_RELAY = "needs_relay"
    NEEDS_UPDATE = "needs_update"
    FIXABLE = "fixable"
    OK = "ok"


class Remedy(str, enum.Enum):
    """What it would take to turn a failed finding into a passed one; each is also a verdict."""

    NONE = "ok"
    FIX = "fixable"
    UPDATE = "needs_update"
    RELAY = "needs_relay"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one check on one subject.

    ``observed``: the raw thing (None: absent); ``effective``: what it amounts to; ``wanted``: what the policy asks;
    ``where``: the exact key and value; ``why``: one or two sentences; ``source``: where the rule comes from.
    ``needed``: False where no installed client needs this for any route (the finding is then INFO).
    ``blocks``: for firewall findings, the (protocol, port) pairs that are cut, so that routes can look themselves up.
    """

    id: str
    family: str
    state: State
    severity: Severity
    observed: t.Any
    effective: t.Any
    wanted: t.Any
    where: str
    why: str
    source: str
    remedy: Remedy = Remedy.NONE
    needed: bool = True
    subject: str = ""


class Outcome(str, enum.Enum):
    """Would the connection work?"""

    WORKS = "works"
    FAILS = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Route:
    """One client of one user to one server: does it connect now, and after the plan?

    ``via``: "direct" or "relay"; ``remedy``: what it takes if it does not work now.
    """

    user: str
    client: str
    account: str
    server: str
    port: int
    protocol: str
    security: str
    now: Outcome
    after: Outcome
    via: str
    why: str
    remedy: Remedy = Remedy.NONE


class ChangeKind(str, enum.Enum):
    """Kinds of change, in the order in which they are carried out."""

    UPDATE = "update"
    REGISTRY = "registry"
    FIREWALL = "firewall"
    PROXY = "proxy"
    ACCOUNT = "account"
    RELAY = "relay"
    REBOOT = "reboot"


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a plan. ``optional``: no route needs it. ``details`` are of plain types and depend on the kind.

    registry: key, name, type, data, before · update: kb, order, requires · firewall: action, rule / store, name ·
    account: key, server, port, security · relay: server, port, protocol, security, clients · reboot: reasons.
    ``consent``: the name that the operator must list before this is done, or None.
    """

    kind: ChangeKind
    family: str
    why: str
    details: t.Mapping[str, t.Any]
    optional: bool = False
    consent: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The smallest ordered list of changes."""

    changes: tuple[Change, ...] = ()
