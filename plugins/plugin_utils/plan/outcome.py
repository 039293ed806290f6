# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole judgement of one host: findings, plan, routes before and after it, verdict."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, replace

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
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.standing import standing
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Update
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
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import settings
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
    findings = _without_promises(findings, plan)
    found = _routes(ctx, plan, findings)
    recognised = ctx.release is not None
    relays = _relays(tuple(shown for shown, _judged in found)) if recognised else ()
    reboots = tuple(change for change in plan.changes if change.kind is ChangeKind.REBOOT)
    steps = tuple(change for change in plan.changes if change.kind is not ChangeKind.REBOOT)
    return Audit(
        verdict=verdict.judge(findings, tuple(judged for _shown, judged in found), recognised),
        findings=findings,
        routes=tuple(shown for shown, _judged in found),
        plan=Plan((*steps, *relays, *reboots)),
    )


def settings_now(ctx: Context) -> tuple[Change, ...]:
    """Changes of settings that take effect on the host as it is: without any update that is not installed yet."""
    if ctx.release is None:
        return ()
    return settings.changes(_restarted(ctx, update_plan.waiting(ctx)))


def _restarted(ctx: Context, waiting: tuple[Update, ...]) -> Context:
    """The host once these updates, which only wait for a restart, are in effect."""
    return replace(ctx, assume_installed=ctx.assume_installed | {update.id for update in waiting})


def build(ctx: Context) -> Plan:
    """All changes on the host itself, in the order in which they are carried out."""
    if ctx.release is None:
        return Plan()
    waiting = update_plan.waiting(ctx)
    done = _restarted(ctx, waiting)
    updates = update_plan.changes(done)
    changes = (*updates, *settings.changes(after(done, Plan(updates))))
    return Plan((*changes, *_reboot(ctx, changes, waiting)))


def _without_promises(findings: tuple[Finding, ...], plan: Plan) -> tuple[Finding, ...]:
    """An account that no change of the plan mends needs a relay: for its encryption, if it works in clear text."""
    planned = {_subject(c.details) for c in plan.changes if c.kind is ChangeKind.ACCOUNT}
    return tuple(
        replace(finding, remedy=Remedy.RELAY)
        if finding.family == "accounts" and finding.remedy is Remedy.FIX and finding.subject not in planned
        else finding
        for finding in findings
    )


def _subject(details: Mapping[str, t.Any]) -> str:
    """The subject of the findings on the leg that a change is about."""
    return f"{details['user']}/{details['account']}/{details['protocol']}"


def _routes(ctx: Context, plan: Plan, findings: tuple[Finding, ...]) -> tuple[tuple[Route, Route], ...]:
    """Every route as it is, and as it is without what the operator waived: the latter is what the verdict counts."""
    stuck = {f.subject for f in findings if f.family == "accounts" and f.remedy is Remedy.RELAY}
    needed = tuple(change for change in plan.changes if not change.optional)
    without_updates = Plan(tuple(change for change in needed if change.kind is not ChangeKind.UPDATE))
    now, later = routes.judge(ctx), routes.judge(after(ctx, Plan(needed)))
    fixed = routes.judge(after(ctx, without_updates)) if len(without_updates.changes) < len(needed) else later
    found = []
    for three in zip(now, fixed, later, strict=True):
        remedy = _remedy(*(judgement.counted for judgement in three))
        leg = three[0].target.leg
        if remedy is Remedy.NONE and leg is not None and accounts.subject(leg) in stuck:
            remedy = Remedy.RELAY
        shown = _route(three[0], three[2], remedy)
        found.append((shown, replace(shown, now=three[0].counted.outcome, after=three[2].counted.outcome)))
    return tuple(found)


def _route(now: Judgement, later: Judgement, remedy: Remedy) -> Route:
    target = now.target
    # What only the plan breaks, or what it leaves broken, must be seen.
    still = later.outcome is not Outcome.WORKS and later.why != now.why
    reasons = (now.why, f"after the plan: {later.why}" if still else "")
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
        why="; ".join(filter(None, reasons)),
        remedy=remedy,
    )


def _remedy(now: Judgement, fixed: Judgement, later: Judgement) -> Remedy:
    if later.outcome is Outcome.FAILS:
        blocked = any(cause.blocked for cause in later.causes if cause.outcome is Outcome.FAILS)
        return Remedy.BLOCKED if blocked else Remedy.RELAY
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


def _reboot(ctx: Context, changes: tuple[Change, ...], waiting: tuple[Update, ...]) -> tuple[Change, ...]:
    """One reboot at the end, if anything needs it; optional where only optional steps do."""
    needed = [change for change in changes if not change.optional]
    reasons = [f"{standing(ctx, update).coming or update.id} is installed and waits for it" for update in waiting]
    if any(change.kind is ChangeKind.UPDATE for change in needed):
        reasons.append("updates take effect after a reboot")
    if any(change.kind is ChangeKind.REGISTRY and change.family == "tls" for change in needed):
        reasons.append("programs read SCHANNEL's switches when they start; a reboot is the safe way")
    pending = reboot.reasons(ctx)
    if needed and not isinstance(pending, Unread) and verdict.counts(ctx.options, "reboot"):
        reasons.extend(pending)
    if not reasons:
        return ()
    details = {"reasons": reasons, "completes": [update.id for update in waiting]}
    optional = not needed and not any(update_plan.serves_routes(ctx, update) for update in waiting)
    return (Change(ChangeKind.REBOOT, "reboot", "; ".join(reasons), details, optional=optional),)
