# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about the outbound firewall, each out of the same judged connections."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.firewall_judge import (
    Obstacle,
    Outbound,
    Passage,
    ProfileVerdict,
    rule_obstacle,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.firewall_match import (
    Match,
    Traffic,
    match_rule,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.firewall_state import (
    ProfileState,
    Setting,
    Store,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import (
    Action,
    FirewallRule,
    Profile,
    RuleStore,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Finding, Remedy, State


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection that is looked at. ``needed``: an account or an entry of ``servers`` is behind it.

    ``program``, ``host``: None for any. Written as ``587 to mail.example (OUTLOOK.EXE)``.
    """

    program: str | None
    port: int
    host: str | None
    needed: bool

    def __str__(self) -> str:
        to = f" to {self.host}" if self.host else ""
        return f"{self.port}{to} ({self.program})" if self.program else f"{self.port}{to}"


@dataclass(frozen=True, slots=True)
class Judged:
    """A connection and what the firewall does to it in one profile."""

    connection: Connection
    verdict: ProfileVerdict


@dataclass(slots=True)
class _Reach:
    """What one rule reaches: profiles and connections, and why that is not sure."""

    profiles: dict[str, None] = field(default_factory=dict)
    connections: dict[Connection, None] = field(default_factory=dict)
    why: str = ""

    def add(self, profile: Profile, connection: Connection, why: str) -> None:
        self.profiles[profile.value] = None
        self.connections[connection] = None
        self.why = self.why or why


def _worst(obstacles: Iterable[Obstacle]) -> Remedy:
    found = {obstacle.remedy for obstacle in obstacles}
    return Remedy.BLOCKED if Remedy.BLOCKED in found else Remedy.FIX if found else Remedy.NONE


def _observed(state: ProfileState) -> dict[str, t.Any]:
    return {"EnableFirewall": state.enabled.observed, "DefaultOutboundAction": state.default_block.observed}


def _action(default: Setting) -> str:
    """The default outbound action; where only the policy is not known, what the host itself says, too."""
    words = {None: "unknown", True: "block", False: "allow"}
    if default.value is None and default.without_policy is not None:
        return f"unknown (without a policy: {words[default.without_policy]})"
    return words[default.value]


def _names(judged: Iterable[Judged]) -> str:
    return ", ".join(dict.fromkeys(str(item.connection) for item in judged))


# --- one profile -------------------------------------------------------------------------------------------------


def judge_default(ctx: Context, firewall: Outbound, state: ProfileState, judged: Sequence[Judged]) -> Finding:
    """The default outbound action; a default of "block" is a fault only where no rule opens a mail port."""
    default = state.default_block
    cut = [item for item in judged if any(obstacle.rule is None for obstacle in item.verdict.obstacles)]
    obstacles = [obstacle for item in cut for obstacle in item.verdict.obstacles if obstacle.rule is None]
    verdict, why = _default_state(firewall, state, judged, cut)
    return ctx.finding(
        "firewall.default_outbound",
        verdict,
        observed=_observed(state),
        effective=_action(default),
        wanted="allow, or rules that allow the mail ports",
        where=default.where,
        why=why,
        subject=state.profile.value,
        remedy=_worst(obstacles),
        needed=verdict is State.PASS or _decides(cut or judged),
    )


def _decides(judged: Iterable[Judged]) -> bool:
    """Whether something that is needed does not simply get out: what nothing depends on moves no verdict."""
    return any(item.connection.needed and item.verdict.passage is not Passage.ALLOW for item in judged)


def _default_state(
    firewall: Outbound, state: ProfileState, judged: Sequence[Judged], cut: Sequence[Judged]
) -> tuple[State, str]:
    default, enforced = state.default_block, firewall.enforced(state)
    if enforced is False:
        return State.PASS, "the firewall is off in this profile"
    if default.value is None:
        return State.UNKNOWN, f"the default outbound action is unknown: {default.why}"
    if default.value is False:
        return State.PASS, "the firewall lets out what no rule names"
    if cut:
        return State.FAIL, f"the default outbound action is to block, and no rule allows {_names(cut)}"
    if enforced is None:
        return State.UNKNOWN, "the default is to block, and whether the firewall is on is unknown"
    if any(item.verdict.passage in (Passage.UNKNOWN, Passage.UNDECIDED) for item in judged):
        return State.UNKNOWN, "the default is to block, and which rules open mail ports is not known"
    return State.PASS, "the default is to block, but rules decide about every mail port"


def judge_outcome(ctx: Context, firewall: Outbound, state: ProfileState, judged: Sequence[Judged]) -> Finding:
    """Can the mail clients get out while this profile is active? What is needed decides before the rest."""
    by_passage = {passage: [item for item in judged if item.verdict.passage is passage] for passage in Passage}
    verdict, deciding, needed = _outcome(by_passage, judged)
    obstacles = [obstacle for item in deciding for obstacle in item.verdict.obstacles]
    why = deciding[0].verdict.why if deciding else "no connection was to be judged"
    return ctx.finding(
        "firewall.outbound",
        verdict,
        observed=_observed(state),
        effective={passage.value: _names(items) for passage, items in by_passage.items() if items},
        wanted="mail ports open",
        where="; ".join(dict.fromkeys(o.where for o in obstacles)) or state.default_block.where,
        why=why if verdict is State.PASS else f"{_names(deciding)}: {why}",
        subject=state.profile.value,
        remedy=_worst(obstacles),
        needed=needed,
    )


def _outcome(
    by_passage: Mapping[Passage, Sequence[Judged]], judged: Sequence[Judged]
) -> tuple[State, Sequence[Judged], bool]:
    """(state, the connections that decide it, whether they are needed)."""
    doubtful = [*by_passage[Passage.UNKNOWN], *by_passage[Passage.UNDECIDED]]
    for needed in (True, False):
        for state, items in ((State.FAIL, by_passage[Passage.BLOCK]), (State.UNKNOWN, doubtful)):
            chosen = [item for item in items if item.connection.needed is needed]
            if chosen:
                return state, chosen, needed
    return State.PASS, judged[:1], True


# --- stores ------------------------------------------------------------------------------------------------------


def judge_rules(
    ctx: Context, check: str, firewall: Outbound, connections: Sequence[Connection], kinds: tuple[RuleStore, ...]
) -> Finding:
    """The block rules of some stores that cut a mail port in a profile that counts."""
    mine = [store for store in firewall.stores if store.store in kinds]
    sure: dict[Obstacle, _Reach] = {}
    doubtful: dict[Obstacle, _Reach] = {}
    for obstacle, profile, connection, doubt in _blocks(firewall, mine, connections):
        (doubtful if doubt else sure).setdefault(obstacle, _Reach()).add(profile, connection, doubt)
    doubtful = {obstacle: reach for obstacle, reach in doubtful.items() if obstacle not in sure}
    verdict, why = _rules_state(firewall, mine, sure, doubtful)
    found = sure or doubtful
    return ctx.finding(
        check,
        verdict,
        observed=[_described(obstacle) for obstacle in found],
        effective=[_effect(obstacle, reach) for obstacle, reach in found.items()],
        wanted="no active rule blocks a mail port",
        where="; ".join([obstacle.where for obstacle in found] or [store.key for store in mine]),
        why=why,
        remedy=_worst(sure),
        needed=not found or any(connection.needed for reach in found.values() for connection in reach.connections),
    )


def _blocks(
    firewall: Outbound, stores: Sequence[Store], connections: Sequence[Connection]
) -> Iterator[tuple[Obstacle, Profile, Connection, str]]:
    """(block rule, profile, connection, doubt): every rule that cuts a connection, or may cut it, as "doubt" says."""
    for state in firewall.profiles:
        counting = [store for store in firewall.counting_stores(state) if store in stores]
        if firewall.enforced(state) is False:
            continue
        for store in counting:
            for rule in store.rules:
                if rule.action is not Action.BLOCK:
                    continue
                for connection in connections:
                    doubt = _doubt(firewall, state, rule, connection)
                    if doubt is not None:
                        yield rule_obstacle(store, rule), state.profile, connection, doubt


def _doubt(firewall: Outbound, state: ProfileState, rule: FirewallRule, connection: Connection) -> str | None:
    """Why it is not sure that a block rule cuts a connection: "" where it is sure, None where it does not."""
    matching = match_rule(rule, Traffic(connection.program, connection.port, connection.host), state.profile)
    if matching.match is Match.NO:
        return None
    if rule.store is RuleStore.LOCAL and state.local_rules.value is None:
        return f"whether local rules count is unknown: {state.local_rules.why}"
    if firewall.enforced(state) is None:
        return "whether the firewall is on is unknown"
    return matching.why


def _rules_state(
    firewall: Outbound, mine: Sequence[Store], sure: Mapping[Obstacle, _Reach], doubtful: Mapping[Obstacle, _Reach]
) -> tuple[State, str]:
    if sure:
        first = next(iter(sure))
        more = f", and {len(sure) - 1} more" if len(sure) > 1 else ""
        return State.FAIL, f"{_effect(first, sure[first])}{more}; {first.why}"
    unread = [why for store in mine for why in store.unread]
    states = [state for state in firewall.profiles if firewall.enforced(state) is not False]
    if not states:
        return State.PASS, "the firewall is off in every profile that counts"
    local = all(store.store is RuleStore.LOCAL for store in mine)
    if local and not any(state.local_rules.value is not False for state in states):
        return State.PASS, "local rules do not count: a group policy ignores them in every profile"
    if unread:
        return State.UNKNOWN, unread[0] + (f" ({len(unread)} such)" if len(unread) > 1 else "")
    if doubtful:
        first = next(iter(doubtful))
        return State.UNKNOWN, f"{_effect(first, doubtful[first])} may be cut: {doubtful[first].why}"
    return State.PASS, f"{sum(store.total for store in mine)} rules were read, and none of them cuts a mail port"


def _described(obstacle: Obstacle) -> dict[str, t.Any]:
    """A rule as results show it: enough to find it again."""
    rule = obstacle.rule
    return {"store": rule.store.value, "rule": rule.id, "name": rule.name, "program": rule.app} if rule else {}


def _effect(obstacle: Obstacle, reach: _Reach) -> str:
    name = obstacle.rule.name if obstacle.rule else ""
    ports = ", ".join(dict.fromkeys(str(connection) for connection in reach.connections))
    return f'rule "{name}" ({"/".join(reach.profiles)}): {ports}'


def judge_merge(ctx: Context, firewall: Outbound, judged: Mapping[Profile, Sequence[Judged]]) -> Finding:
    """Do local rules count? That they do not is a fault only where the default cuts mail: no rule of ours can help."""
    states = {state.profile.value: state for state in firewall.profiles}
    ignored = [name for name, state in states.items() if state.local_rules.value is False]
    unread = [state.local_rules for state in firewall.profiles if state.local_rules.value is None]
    cut = [
        item
        for name in ignored
        for item in judged[states[name].profile]
        if any(obstacle.rule is None for obstacle in item.verdict.obstacles)
    ]
    if cut:
        verdict, why = State.FAIL, f"{'/'.join(ignored)}: local rules are ignored, so none can open {_names(cut)}"
    elif unread:
        verdict, why = State.UNKNOWN, f"whether local rules count is unknown: {unread[0].why}"
    elif ignored:
        verdict, why = State.PASS, f"{'/'.join(ignored)}: local rules are ignored, which stands in no mail port's way"
    else:
        verdict, why = State.PASS, "local rules count"
    return ctx.finding(
        "firewall.local_merge",
        verdict,
        observed={name: state.local_rules.policy for name, state in states.items()},
        effective={name: state.local_rules.value for name, state in states.items()},
        wanted="local rules count where one has to open a mail port",
        where="; ".join(state.local_rules.where for state in firewall.profiles),
        why=why,
        remedy=Remedy.BLOCKED,
        needed=verdict is State.PASS or _decides(cut or [item for items in judged.values() for item in items]),
    )
