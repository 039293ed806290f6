# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of an audit as plain data, by the committed schema ``docs/schema/audit-result.schema.json``."""

from __future__ import annotations

import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import (
    Change,
    ChangeKind,
    Finding,
    Outcome,
    Remedy,
    Route,
    Severity,
    State,
    Verdict,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import Audit
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.neutral import plain

#: Version of the shape of the result: the first number changes when a reader could break.
SCHEMA: t.Final = "1.0"

_NEXT: t.Final = {
    Verdict.UNKNOWN: "find out what could not be read, or declare it",
    Verdict.BLOCKED: "talk to whoever owns what blocks it; no change here is planned around it",
    Verdict.NEEDS_RELAY: "send these clients through a TLS relay",
    Verdict.NEEDS_UPDATE: "install",
    Verdict.FIXABLE: "apply the plan",
    Verdict.OK: "nothing",
}


def result(ctx: Context, audit: Audit) -> dict[str, t.Any]:
    """The audit of one host, as plain data that is safe to show. The key ``schema`` names the version of its shape."""
    reason, step = summary(audit)
    shown: dict[str, t.Any] = plain(
        {
            "schema": SCHEMA,
            "verdict": audit.verdict.value,
            "reason": reason,
            "next_step": step,
            "policy": ctx.options.policy,
            "host": _host(ctx),
            "findings": [_finding(finding) for finding in audit.findings],
            "routes": [_route(route) for route in audit.routes],
            "plan": [_change(change) for change in audit.plan.changes],
            "unread": [{"what": what, "why": why} for what, why in (*ctx.snapshot.unread, *ctx.accounts_unread)],
            "writes": list(ctx.snapshot.writes),
        }
    )
    return shown


def summary(audit: Audit) -> tuple[str, str]:
    """(first reason, next step) in words."""
    return _reason(audit), _next_step(audit)


def _reason(audit: Audit) -> str:
    if audit.verdict is Verdict.OK:
        return ""
    # What is waived in part still has its whole story in the routes.
    others = [f"{r.server}:{r.port}: {r.why}" for r in audit.routes if r.why] + [f.why for f in audit.findings]
    if audit.verdict is Verdict.UNKNOWN:
        unsure = [r.why for r in audit.routes if Outcome.UNKNOWN in (r.now, r.after)]
        unsure += [f.why for f in _worst_first(audit) if f.state is State.UNKNOWN]
        return next(filter(None, unsure + others), "")
    remedy = Remedy(audit.verdict.value)
    reasons = [f"{r.server}:{r.port}: {r.why}" for r in audit.routes if r.remedy is remedy and r.why]
    reasons += [f.why for f in _worst_first(audit) if f.state is State.FAIL and f.remedy is remedy and f.needed]
    return next(filter(None, reasons + others), "")


def _worst_first(audit: Audit) -> list[Finding]:
    return sorted(audit.findings, key=lambda finding: -list(Severity).index(finding.severity))


def _next_step(audit: Audit) -> str:
    words = _NEXT[audit.verdict]
    steps = [change for change in audit.plan.changes if not change.optional]
    if audit.verdict is Verdict.NEEDS_UPDATE:
        names = [str(c.details.get("kb") or c.details.get("name")) for c in steps if c.kind is ChangeKind.UPDATE]
        if not names:
            return f"{words} what the findings name"
        return f"{words} {', then '.join(names)}, then apply the rest of the plan"
    if audit.verdict is Verdict.FIXABLE:
        return f"{words} ({len(steps)} {'step' if len(steps) == 1 else 'steps'})"
    return words


def _host(ctx: Context) -> dict[str, t.Any]:
    host = ctx.host
    return {
        "os": host.os,
        "os_name": host.release.name if host.release else None,
        "version": host.raw_version,
        "name": host.name,
        "build": host.build,
        "revision": host.ubr if isinstance(host.ubr, int) else None,
        "architecture": host.architecture,
        "clients": sorted({found.client.id for found in ctx.clients}),
    }


def _finding(finding: Finding) -> dict[str, t.Any]:
    return {
        "id": finding.id,
        "family": finding.family,
        "state": finding.state.value,
        "severity": finding.severity.value,
        "subject": finding.subject,
        "observed": finding.observed,
        "effective": finding.effective,
        "wanted": finding.wanted,
        "where": finding.where,
        "why": finding.why,
        "remedy": finding.remedy.value if finding.state is State.FAIL else None,
        "source": finding.source,
    }


def _route(route: Route) -> dict[str, t.Any]:
    return {
        "user": route.user,
        "client": route.client,
        "account": route.account,
        "server": route.server,
        "port": route.port,
        "protocol": route.protocol,
        "security": route.security,
        "now": route.now.value,
        "after": route.after.value,
        "via": route.via,
        "why": route.why,
    }


def _change(change: Change) -> dict[str, t.Any]:
    return {
        "kind": change.kind.value,
        "family": change.family,
        "optional": change.optional,
        "consent": change.consent,
        "why": change.why,
        **change.details,
    }
