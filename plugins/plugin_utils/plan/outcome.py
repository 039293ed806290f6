# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole judgement of one host: findings, plan, routes before and after it, verdict."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import (
    accounts,
    clock,
    components,
    firewall,
    proxy,
    reboot,
    release,
    routes,
    suites,
    tls,
    trust,
    updates_needed,
    verdict,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.routes import Judgement
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import (
    Change,
    ChangeKind,
    Finding,
    Outcome,
    Plan,
    Remedy,
    Route,
    Verdict,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import accounts as account_plan
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import firewall as firewall_plan
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import registry_changes
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import updates as update_plan
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.what_if import after

_CHECKS = (
    release.evaluate,
    tls.evaluate,
    suites.evaluate,
    components.evaluate,
    updates_needed.evaluate,
    firewall.evaluate,
    proxy.evaluate,
    accounts.evaluate,
    trust.evaluate,
    clock.evaluate,
    reboot.evaluate,
)


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit of one host says."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    routes: tuple[Route, ...]
    plan: Plan


def audit(ctx: Context) -> Audit:
    """Judge one host. Pure: the same context gives the same answer."""
    everything = (finding for check in _CHECKS for finding in check(ctx))
    counted = tuple(f for f in everything if f.family == "os" or verdict.counts(ctx.options, f.family))
    findings = verdict.waive(counted, ctx.options)
    plan = build(ctx)
    found = _routes(ctx, plan)
    relays = _relays(found)
    steps = (*plan.changes, *relays)
    return Audit(
        verdict=verdict.judge(findings, found, ctx.release is not None),
        findings=findings,
        routes=found,
        plan=Plan((*steps, *_reboot(ctx, steps))),
    )


def build(ctx: Context) -> Plan:
    """All changes on the host itself, in the order in which they are carried out."""
    if ctx.release is None:
        return Plan()
    changes: list[Change] = list(update_plan.changes(ctx))
    ctx = after(ctx, Plan(tuple(changes)))
    for step in (registry_changes.changes, firewall_plan.changes, account_plan.changes):
        found = step(ctx)
        changes.extend(found)
        ctx = after(ctx, Plan(found))
    return Plan(tuple(changes))


def _routes(ctx: Context, plan: Plan) -> tuple[Route, ...]:
    needed = tuple(change for change in plan.changes if not change.optional)
    without_updates = Plan(tuple(change for change in needed if change.kind is not ChangeKind.UPDATE))
    now, later = routes.judge(ctx), routes.judge(after(ctx, Plan(needed)))
    fixed = routes.judge(after(ctx, without_updates)) if len(without_updates.changes) < len(needed) else later
    return tuple(_route(*three) for three in zip(now, fixed, later, strict=True))


def _route(now: Judgement, fixed: Judgement, later: Judgement) -> Route:
    target = now.target
    remedy = _remedy(now, fixed, later)
    return Route(
        user=target.user,
        client=target.client.id,
        account=target.account,
        server=target.host,
        port=target.port,
        protocol=target.protocol,
        security=target.security.value,
        now=now.outcome,
        after=later.outcome,
        via="relay" if remedy is Remedy.RELAY else "direct",
        why=now.why or later.why,
        remedy=remedy,
    )


def _remedy(now: Judgement, fixed: Judgement, later: Judgement) -> Remedy:
    if later.outcome is Outcome.FAILS:
        return Remedy.BLOCKED if any(cause.blocked for cause in later.causes) else Remedy.RELAY
    if now.outcome is not Outcome.FAILS:
        return Remedy.NONE
    return Remedy.FIX if fixed.outcome is not Outcome.FAILS else Remedy.UPDATE


def _relays(found: tuple[Route, ...]) -> tuple[Change, ...]:
    """One relay for each server that no change on the host can reach."""
    wanted: dict[tuple[str, int], list[Route]] = {}
    for route in found:
        if route.via == "relay":
            wanted.setdefault((route.server, route.port), []).append(route)
    return tuple(_relay(routes_of_one) for routes_of_one in wanted.values())


def _relay(same: list[Route]) -> Change:
    first = same[0]
    details = {
        "server": first.server,
        "port": first.port,
        "protocol": first.protocol,
        "security": first.security,
        "clients": sorted({route.client for route in same}),
    }
    return Change(ChangeKind.RELAY, "relay", first.why, details)


def _reboot(ctx: Context, steps: tuple[Change, ...]) -> tuple[Change, ...]:
    reasons = []
    if any(change.kind is ChangeKind.UPDATE and not change.optional for change in steps):
        reasons.append("updates take effect after a reboot")
    if any(change.kind is ChangeKind.REGISTRY and change.family == "tls" for change in steps):
        reasons.append("programs read SCHANNEL's switches when they start; a reboot is the safe way")
    pending = reboot.reasons(ctx)
    if steps and not isinstance(pending, Unread):
        reasons.extend(pending)
    if not reasons:
        return ()
    return (Change(ChangeKind.REBOOT, "reboot", "; ".join(reasons), {"reasons": reasons}),)
