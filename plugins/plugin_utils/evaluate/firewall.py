# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The outbound firewall and the mail ports: one reading of the host, and the findings about it."""

from __future__ import annotations

import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.clients import client_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.firewall_findings import (
    Connection,
    Judged,
    judge_default,
    judge_merge,
    judge_outcome,
    judge_rules,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.firewall_judge import (
    CONSENT_BLOCK_RULE,
    Obstacle,
    Outbound,
    Passage,
    PortVerdict,
    ProfileVerdict,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.firewall_state import (
    profile_state,
    service,
    stores,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import Profile, RuleStore
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Finding, State

__all__ = [
    "CONSENT_BLOCK_RULE",
    "Obstacle",
    "Outbound",
    "Passage",
    "PortVerdict",
    "ProfileVerdict",
    "evaluate",
    "outbound",
]

_INBOUND_ONLY: t.Final = (
    "the built-in firewall of this Windows filters inbound traffic only; third-party products and IPsec policies, "
    "which could block mail, are not read"
)
_UNKNOWN_RELEASE: t.Final = "the release of Windows is not known, so nobody can tell what its firewall filters"


def outbound(ctx: Context) -> Outbound:
    """Read the outbound firewall out of the image, once; profiles that do not count are left out."""
    if ctx.release is None:
        return Outbound(None, _UNKNOWN_RELEASE)
    if not ctx.release.outbound_firewall:
        return Outbound(False, _INBOUND_ONLY)
    asked = {name.casefold() for name in ctx.options.firewall_profiles}
    counted = [profile for profile in Profile if not asked or profile.value.casefold() in asked]
    states = tuple(profile_state(ctx, profile) for profile in counted)
    return Outbound(True, "", service(ctx), states, stores(ctx))


def evaluate(ctx: Context, firewall: Outbound | None = None) -> tuple[Finding, ...]:
    """Findings on default actions, rules of both kinds of store, merging, and the outcome per profile.

    :param firewall: what :func:`outbound` gave, where the caller has it already.
    """
    firewall = firewall or outbound(ctx)
    if not firewall.filters:
        return (_without_filter(ctx, firewall),)
    connections = _connections(ctx)
    judged: dict[Profile, list[Judged]] = {state.profile: [] for state in firewall.profiles}
    for connection in connections:
        for verdict in firewall.judge(connection.program, connection.port, connection.host).profiles:
            judged[verdict.profile].append(Judged(connection, verdict))
    findings = [judge_default(ctx, firewall, state, judged[state.profile]) for state in firewall.profiles]
    findings.append(judge_rules(ctx, "firewall.rules.local", firewall, connections, (RuleStore.LOCAL,)))
    policy = (RuleStore.POLICY, RuleStore.MDM)
    findings.append(judge_rules(ctx, "firewall.rules.policy", firewall, connections, policy))
    findings.append(judge_merge(ctx, firewall, judged))
    findings += [judge_outcome(ctx, firewall, state, judged[state.profile]) for state in firewall.profiles]
    return tuple(findings)


def _without_filter(ctx: Context, firewall: Outbound) -> Finding:
    unknown = firewall.filters is None
    return ctx.finding(
        "firewall.outbound",
        State.UNKNOWN if unknown else State.NOT_APPLICABLE,
        observed=None,
        effective="unknown" if unknown else "outbound traffic is not filtered",
        wanted="mail ports open",
        where="",
        why=firewall.why,
    )


def _connections(ctx: Context) -> tuple[Connection, ...]:
    """Accounts with their client, servers with any client, then every mail port that these leave over.

    Where nobody named a server and no account was found, every mail port is needed.
    """
    found = {Connection(None, server.port, server.host, True): None for server in ctx.options.servers}
    for account in ctx.accounts:
        program = client_of(ctx.knowledge, account, ctx.clients).program or None
        found[Connection(program, account.port, account.server, True)] = None
    nobody_said = not found
    taken = {(connection.program, connection.port) for connection in found}
    programs = dict.fromkeys(client.client.program for client in ctx.clients if client.client.program)
    for port in ctx.knowledge.ports:
        for program in (None, *programs):
            if (program, port) not in taken:
                found[Connection(program, port, None, nobody_said)] = None
    return tuple(found)
