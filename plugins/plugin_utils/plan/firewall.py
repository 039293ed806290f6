# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Firewall changes that open the way for a route: an allow rule, or a local block rule switched off with consent."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import firewall, routes
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.firewall_judge import Obstacle, PortVerdict
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.verdict import counts
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import FirewallRule, Profile
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Change, ChangeKind, Remedy
from ansible_collections.mailfleet.client.plugins.plugin_utils.read import firewall_rule

#: Names of rules that a plan adds; the run's id takes the place of "plan" when it is carried out.
_NAME = "MailFleet plan {}"


def changes(ctx: Context) -> tuple[Change, ...]:
    """What it takes to let every target through that only changeable obstacles stop."""
    if not counts(ctx.options, "firewall"):
        return ()
    walls = firewall.outbound(ctx)
    found: dict[tuple[str, ...], Change] = {}
    for target in routes.targets(ctx):
        program = target.client.program if target.leg else None
        verdict = walls.judge(program, target.port, target.host)
        if verdict.remedy is not Remedy.FIX:
            continue
        for obstacle in verdict.obstacles:
            key = (obstacle.where, "" if obstacle.rule else str(target.port))
            if key not in found:
                rule = obstacle.rule
                found[key] = _disable(obstacle, rule) if rule else _allow(ctx, len(found), target.port, verdict)
    return tuple(found.values())


def _disable(obstacle: Obstacle, rule: FirewallRule) -> Change:
    off = tuple((name, "FALSE" if name == "Active" else value) for name, value in rule.fields)
    details = {
        "action": "disable_rule",
        "store": rule.store.value,
        "where": obstacle.where,
        "key": obstacle.where.rpartition("\\")[0],
        "id": rule.id,
        "name": rule.name,
        "rule": firewall_rule.write(replace(rule, fields=off)),
    }
    return Change(ChangeKind.FIREWALL, "firewall", obstacle.why, details, consent=obstacle.consent)


def _allow(ctx: Context, number: int, port: int, verdict: PortVerdict) -> Change:
    profiles = sorted({v.profile for v in verdict.profiles if v.obstacles}, key=list(Profile).index)
    name = _NAME.format(number + 1)
    scope = "".join(f"Profile={profile.value}|" for profile in profiles)
    details = {
        "action": "add_rule",
        "store": "local",
        "key": ctx.path("firewall-rules"),
        "id": name,
        "name": name,
        "port": port,
        "profiles": [profile.value for profile in profiles],
        "rule": f"v2.10|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|{scope}RPort={port}|Name={name}|",
    }
    return Change(ChangeKind.FIREWALL, "firewall", f"let mail out to port {port}", details)
