# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From findings and routes to one word per host, and waivers before that."""

from __future__ import annotations

import fnmatch
from dataclasses import replace

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
    for waiver in options.waivers:
        if _names(waiver, finding) and (waiver.expires is None or waiver.expires >= options.today):
            until = f" until {waiver.expires.isoformat()}" if waiver.expires else ""
            return replace(
                finding,
                state=State.WAIVED,
                remedy=Remedy.NONE,
                why=f"Waived{until}: {waiver.reason} ({finding.why})",
            )
    return finding


def _names(waiver: Waiver, finding: Finding) -> bool:
    return fnmatch.fnmatchcase(finding.id, waiver.check) and fnmatch.fnmatchcase(finding.subject, waiver.subject)


def judge(findings: tuple[Finding, ...], routes: tuple[Route, ...], recognised: bool) -> Verdict:
    """The first verdict that applies. ``recognised``: the release of Windows is in the tables."""
    if not recognised or _undecided(findings, routes):
        return Verdict.UNKNOWN
    asked = {route.remedy for route in routes}
    asked |= {finding.remedy for finding in findings if finding.state is State.FAIL and finding.severity in _COUNTS}
    return next((Verdict(remedy.value) for remedy in _REMEDIES if remedy in asked), Verdict.OK)


def _undecided(findings: tuple[Finding, ...], routes: tuple[Route, ...]) -> bool:
    if any(Outcome.UNKNOWN in (route.now, route.after) for route in routes):
        return True
    # Routes speak for themselves; a check that no route depends on still must not pass unread.
    return any(finding.state is State.UNKNOWN and finding.severity in _COUNTS for finding in findings)
