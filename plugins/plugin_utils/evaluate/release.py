# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the release of Windows known, and is its service pack the last one?"""

from __future__ import annotations

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.verdict import counts
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Finding, Remedy, Severity, State


def evaluate(ctx: Context) -> tuple[Finding, ...]:
    """Two findings on the release itself."""
    release = ctx.release
    recognised = ctx.finding(
        "os.recognised",
        State.PASS if release else State.UNKNOWN,
        observed=ctx.host.raw_version,
        effective=ctx.host.os,
        wanted="a release of the table",
        where=ctx.path("current-version"),
        why="" if release else f"{ctx.host.why[:1].upper()}{ctx.host.why[1:]}.",
        severity=Severity.HIGH,
    )
    # Without the updates nobody asks for the service pack that they need.
    if release is None or not (counts(ctx.options, "updates") or "os" in ctx.options.only):
        return (recognised,)
    newer = ctx.knowledge.releases[release.upgrade_to].name if release.upgrade_to else ""
    old = not release.supported and bool(newer)
    return recognised, ctx.finding(
        "os.service_pack",
        State.FAIL if old else State.PASS,
        observed=release.name,
        effective=release.id,
        wanted=release.upgrade_to or release.id,
        where=ctx.path("service-pack"),
        why=f"{newer} is needed before any of the updates for mail." if old else "",
        remedy=Remedy.UPDATE,
    )
