# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From findings and routes to one word per host, and waivers before that."""

from __future__ import annotations

import fnmatch
from dataclasses import replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions, Waiver
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import (
    Finding,
    Outcome,
    Remedy,
    Route,
    Severity,
    State,
    Verdict,
)

#: Findings below this level never move the verdict.
_COUNTS = (Severity.MEDIUM, Severity.HIGH)
_REMEDIES = (Remedy.BLOCKED, Remedy.RELAY, Remedy.UPDATE, Remedy.FIX)


def counts(options: AuditOptions, family: str) -> bool:
    """Whether a family counts, by the options ``only`` and ``skip``."""
    return (not options.only or family in options.only) and family not in options.skip


def waive(findings: tuple[Finding, ...], options: AuditOptions) -> tuple[Finding, ...]:
    """Failed and unknown findings that a waiver in force names become waived, with its reason."""
    return tuple(_waived(finding, options) for finding in findings)


def _waived(finding: Finding, options: AuditOptions) -> Finding:
    if finding.state not in (State.FAIL, State.UNKNOWN):
        return finding
    waiver = waiver_for(options, finding.id, finding.subject)
    if waiver is None:
        return finding
    until = f" until {waiver.expires.isoformat()}" if waiver.expires else ""
    found = f" ({clause(finding.why)})" if finding.why else ""
    why = f"Waived{until}: {clause(waiver.reason)}{found}."
    return replace(finding, state=State.WAIVED, remedy=Remedy.NONE, why=why)


def waiver_for(options: AuditOptions, check: str, subject: str = "") -> Waiver | None:
    """The waiver in force for that check and subject. What is waived is neither judged nor planned."""
    for waiver in options.waivers:
        if _fits(check, waiver.check) and _fits(subject, waiver.subject) and _in_force(waiver, options):
            return waiver
    return None


def _in_force(waiver: Waiver, options: AuditOptions) -> bool:
    return waiver.expires is None or waiver.expires >= options.today


def _fits(text: str, pattern: str) -> bool:
    # Names of hosts and profiles know no case.
    return fnmatch.fnmatchcase(text.casefold(), pattern.casefold())


def judge(findings: tuple[Finding, ...], routes: tuple[Route, ...], recognised: bool) -> Verdict:
    """The first verdict that applies. ``recognised``: the release of Windows is in the tables."""
    if not recognised or _undecided(findings, routes):
        return Verdict.UNKNOWN
    asked = {route.remedy for route in routes}
    asked |= {finding.remedy for finding in findings if _moves(finding, bool(routes))}
    return next((Verdict(remedy.value) for remedy in _REMEDIES if remedy in asked), Verdict.OK)


def _moves(finding: Finding, there_are_routes: bool) -> bool:
    if finding.state is not State.FAIL or finding.severity not in _COUNTS:
        return False
    # That a release will never have TLS 1.2 matters to a server that wants it, and then its route says so.
    return not (there_are_routes and finding.family == "tls" and finding.remedy is Remedy.RELAY)


def _undecided(findings: tuple[Finding, ...], routes: tuple[Route, ...]) -> bool:
    if any(Outcome.UNKNOWN in (route.now, route.after) for route in routes):
        return True
    # Routes speak for themselves; a check that no route depends on still must not pass unread.
    return any(finding.state is State.UNKNOWN and finding.severity in _COUNTS for finding in findings)
