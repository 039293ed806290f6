# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Firewall changes that open the way for a route: an allow rule, or a local block rule switched off with consent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import firewall, routes
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.clients import program_path
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.firewall_judge import Obstacle
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.verdict import counts, waiver_for
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import FirewallRule, Profile
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Change, ChangeKind, Remedy
from ansible_collections.mailfleet.client.plugins.plugin_utils.read import firewall_rule

#: Names of rules that a plan adds; the run's id takes the place of "plan" when it is carried out.
_NAME = "MailFleet plan {}"


def changes(ctx: Context) -> tuple[Change, ...]:
    """What it takes to let everything through that only changeable obstacles stop."""
    if not counts(ctx.options, "firewall"):
        return ()
    walls = firewall.outbound(ctx)
    disabled: dict[str, Change] = {}
    allowed: dict[tuple[str | None, tuple[Profile, ...]], dict[int, None]] = {}
    for program, port, host in _wanted(ctx):
        verdict = walls.judge(program, port, host)
        blocks = [v for v in verdict.profiles if v.passage is firewall.Passage.BLOCK and not _waived(ctx, v.profile)]
        if any(o.remedy is not Remedy.FIX for v in blocks for o in v.obstacles):
            continue
        for obstacle in (o for v in blocks for o in v.obstacles):
            if obstacle.rule:
                disabled.setdefault(obstacle.where, _disable(obstacle, obstacle.rule))
        profiles = tuple(v.profile for v in blocks if any(o.rule is None for o in v.obstacles))
        if profiles:
            path = program_path(ctx.knowledge, ctx.snapshot.image, program) if program else None
            allowed.setdefault((path, profiles), {})[port] = None
    needs = _without_repetition(allowed)
    rules = (_allow(ctx, n, ports, profiles, path) for n, (path, profiles, ports) in enumerate(needs, 1))
    return (*disabled.values(), *rules)


def _without_repetition(
    allowed: Mapping[tuple[str | None, tuple[Profile, ...]], Mapping[int, None]],
) -> list[tuple[str | None, tuple[Profile, ...], list[int]]]:
    """(program, profiles, ports) of each rule; what every program may do needs no rule for one of them."""
    found = []
    for (path, profiles), ports in allowed.items():
        anybody = allowed.get((None, profiles), {}) if path else {}
        rest = sorted(port for port in ports if port not in anybody)
        if rest:
            found.append((path, profiles, rest))
    return found


def _wanted(ctx: Context) -> Iterator[tuple[str | None, int, str | None]]:
    """(program, port, server) of every target; where there is none, every mail port for whatever is installed."""
    targets = routes.targets(ctx)
    for target in targets:
        yield target.client.program if target.leg else None, target.port, target.host
    if not targets:
        programs = dict.fromkeys(found.client.program for found in ctx.clients if found.client.program)
        for port in ctx.knowledge.ports:
            for program in (None, *programs):
                yield program, port, None


def _waived(ctx: Context, profile: Profile) -> bool:
    return waiver_for(ctx.options, "firewall.outbound", profile.value) is not None


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


def _allow(ctx: Context, number: int, ports: list[int], profiles: tuple[Profile, ...], path: str | None) -> Change:
    name = _NAME.format(number)
    scope = "".join(f"Profile={profile.value}|" for profile in profiles)
    to = "".join(f"RPort={port}|" for port in ports) + (f"App={path}|" if path else "")
    details = {
        "action": "add_rule",
        "store": "local",
        "key": ctx.path("firewall-rules"),
        "id": name,
        "name": name,
        "ports": ports,
        "profiles": [profile.value for profile in profiles],
        "program": path,
        "rule": f"v2.10|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|{scope}{to}Name={name}|",
    }
    why = f"let mail out to {'ports' if len(ports) > 1 else 'port'} {', '.join(map(str, ports))}"
    return Change(ChangeKind.FIREWALL, "firewall", why, details)
