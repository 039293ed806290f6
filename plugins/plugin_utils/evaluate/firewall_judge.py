# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the Windows Firewall let a mail client out?

Order: authenticated bypass, then block, then allow, then the profile's default. Among rules that conflict only the
action decides, never which one is more specific: [MS-FASP] 2.2.34.
https://learn.microsoft.com/openspecs/windows_protocols/ms-fasp/702e3c23-c9d8-43db-8380-b4c670dd7f7d
"""

from __future__ import annotations

import enum
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.firewall_match import (
    Match,
    Matching,
    Traffic,
    is_bypass,
    is_loopback,
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
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Remedy
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.firewall_rule import nameable

#: The consent under which a plan may disable a rule that somebody made.
CONSENT_BLOCK_RULE: t.Final = "firewall_block_rule"


class Passage(str, enum.Enum):
    """What happens to a connection. UNDECIDED: all was read, and a rule's limits cannot be decided here."""

    ALLOW = "allow"
    UNDECIDED = "undecided"
    UNKNOWN = "unknown"
    BLOCK = "block"


_WORST_FIRST: t.Final = (Passage.BLOCK, Passage.UNKNOWN, Passage.UNDECIDED, Passage.ALLOW)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that cuts a connection: a block rule, or (``rule`` None) the default action of a profile.

    ``where``: its key and value name; ``remedy``: FIX where a plan may change it, else BLOCKED;
    ``consent``: what the operator must name for that.
    """

    store: RuleStore
    where: str
    rule: FirewallRule | None
    remedy: Remedy
    why: str
    consent: str | None = None


@dataclass(frozen=True, slots=True)
class ProfileVerdict:
    """What one profile does to a connection, and why."""

    profile: Profile
    passage: Passage
    why: str
    obstacles: tuple[Obstacle, ...] = ()


@dataclass(frozen=True, slots=True)
class PortVerdict:
    """What the firewall does to one connection, over all profiles that count."""

    traffic: Traffic
    profiles: tuple[ProfileVerdict, ...]

    @property
    def passage(self) -> Passage:
        """The worst of the profiles: block, unknown, undecided, allow."""
        found = {verdict.passage for verdict in self.profiles}
        return next((passage for passage in _WORST_FIRST if passage in found), Passage.ALLOW)

    @property
    def worst(self) -> tuple[ProfileVerdict, ...]:
        """The profiles that make the passage what it is."""
        passage = self.passage
        return tuple(verdict for verdict in self.profiles if verdict.passage is passage)

    @property
    def obstacles(self) -> tuple[Obstacle, ...]:
        """Everything that cuts the connection in some profile, without repetition."""
        return tuple(dict.fromkeys(o for verdict in self.profiles for o in verdict.obstacles))

    @property
    def remedy(self) -> Remedy:
        """NONE unless the connection is cut; BLOCKED as soon as one obstacle may not be changed by us."""
        if self.passage is not Passage.BLOCK:
            return Remedy.NONE
        return Remedy.BLOCKED if any(o.remedy is Remedy.BLOCKED for o in self.obstacles) else Remedy.FIX

    @property
    def why(self) -> str:
        """One sentence that names the profiles."""
        reasons: dict[str, list[str]] = {}
        for verdict in self.worst:
            reasons.setdefault(verdict.why, []).append(verdict.profile.value)
        return "; ".join(f"{'/'.join(names)}: {why}" for why, names in reasons.items())


@dataclass(frozen=True, slots=True)
class _Hit:
    """A rule that applies, or may apply, to a connection. ``unsure``: nobody could read whether local rules count."""

    store: Store
    rule: FirewallRule
    matching: Matching
    unsure: bool


@dataclass(frozen=True, slots=True)
class _Hits:
    block: tuple[_Hit, ...]
    allow: tuple[_Hit, ...]
    bypass: tuple[_Hit, ...]
    unread: tuple[str, ...]

    @property
    def sure_blocks(self) -> tuple[_Hit, ...]:
        return tuple(hit for hit in self.block if hit.matching.match is Match.YES and not hit.unsure)


@dataclass(frozen=True, slots=True)
class Outbound:
    """The outbound side of the Windows Firewall of one host.

    ``filters``: False where this Windows cannot filter outbound traffic (XP, 2003), None where the release is not
    known; ``why`` says so. ``profiles``: those that count. ``running``: whether the service may run.
    """

    filters: bool | None
    why: str
    running: Setting | None = None
    profiles: tuple[ProfileState, ...] = ()
    stores: tuple[Store, ...] = ()

    def judge(self, program: str | None, port: int, remote_host: str | None) -> PortVerdict:
        """What happens to a TCP connection of that program to that port of that server.

        :param program: path or file name of the client; None: any client, so rules for a named program do not apply.
        :param remote_host: name or address; None: any server. Names are never looked up.
        """
        traffic = Traffic(program, port, remote_host)
        if not self.filters:
            passage = Passage.UNKNOWN if self.filters is None else Passage.ALLOW
            return PortVerdict(traffic, tuple(ProfileVerdict(profile, passage, self.why) for profile in Profile))
        if is_loopback(remote_host):
            # Loopback traffic of desktop programs is exempt from the built-in firewall [own].
            why = "the firewall does not filter connections to the host itself"
            return PortVerdict(traffic, tuple(ProfileVerdict(s.profile, Passage.ALLOW, why) for s in self.profiles))
        return PortVerdict(traffic, tuple(self._in_profile(state, traffic) for state in self.profiles))

    def enforced(self, state: ProfileState) -> bool | None:
        """Whether the firewall works at all in that profile; None where nobody can tell."""
        switches = (self.running.value if self.running else None, state.enabled.value)
        return False if False in switches else None if None in switches else True

    def _in_profile(self, state: ProfileState, traffic: Traffic) -> ProfileVerdict:
        enforced = self.enforced(state)
        if enforced is False:
            return ProfileVerdict(state.profile, Passage.ALLOW, "the firewall is off")
        passage, why, obstacles = self._if_enforced(state, self._hits(state, traffic))
        if enforced is None and passage is not Passage.ALLOW:
            off = self.running if self.running and self.running.value is None else state.enabled
            return ProfileVerdict(state.profile, Passage.UNKNOWN, f"whether the firewall is on is unknown: {off.why}")
        return ProfileVerdict(state.profile, passage, why, obstacles)

    def _hits(self, state: ProfileState, traffic: Traffic) -> _Hits:
        block: list[_Hit] = []
        allow: list[_Hit] = []
        bypass: list[_Hit] = []
        unread: list[str] = []
        for store in self.counting_stores(state):
            unread += [f"{store.store.value} rules: {why}" for why in store.unread]
            unsure = store.store is RuleStore.LOCAL and state.local_rules.value is None
            for rule in store.rules:
                matching = match_rule(rule, traffic, state.profile)
                if matching.match is not Match.NO:
                    kind = bypass if is_bypass(rule) else block if rule.action is Action.BLOCK else allow
                    kind.append(_Hit(store, rule, matching, unsure))
        return _Hits(tuple(block), tuple(allow), tuple(bypass), tuple(unread))

    def counting_stores(self, state: ProfileState) -> Iterator[Store]:
        """The stores whose rules count in that profile (the local one also where nobody knows whether it does)."""
        for store in self.stores:
            if store.store is not RuleStore.LOCAL or state.local_rules.value is not False:
                yield store

    def _if_enforced(self, state: ProfileState, hits: _Hits) -> tuple[Passage, str, tuple[Obstacle, ...]]:
        if hits.sure_blocks:
            if hits.bypass:
                return Passage.UNDECIDED, _doubt("a bypass rule", hits.bypass[0]), ()
            obstacles = [rule_obstacle(hit.store, hit.rule) for hit in hits.sure_blocks]
            if state.default_block.value and not hits.allow:
                obstacles.append(default_obstacle(state))
            return Passage.BLOCK, obstacles[0].why, tuple(obstacles)
        if hits.unread:
            return Passage.UNKNOWN, hits.unread[0], ()
        if hits.block:
            return _passage_of_doubt(state, "a block rule", hits.block)
        return self._by_default(state, hits)

    @staticmethod
    def _by_default(state: ProfileState, hits: _Hits) -> tuple[Passage, str, tuple[Obstacle, ...]]:
        """No block rule applies: allow rules, then the default action."""
        default = state.default_block
        if default.value is False:
            return Passage.ALLOW, "no rule blocks it, and the default is to allow", ()
        for hit in hits.allow:
            if hit.matching.match is Match.YES and not hit.unsure:
                return Passage.ALLOW, f'rule "{hit.rule.name}" of the {hit.store.store.value} store allows it', ()
        if default.value is None:
            return Passage.UNKNOWN, f"the default outbound action is unknown: {default.why}", ()
        if hits.allow or hits.bypass:
            return _passage_of_doubt(state, "an allow rule", hits.allow or hits.bypass)
        obstacle = default_obstacle(state)
        return Passage.BLOCK, obstacle.why, (obstacle,)


def _passage_of_doubt(
    state: ProfileState, kind: str, hits: tuple[_Hit, ...]
) -> tuple[Passage, str, tuple[Obstacle, ...]]:
    for hit in hits:
        if hit.unsure:
            return Passage.UNKNOWN, f"whether local rules count is unknown: {state.local_rules.why}", ()
    return Passage.UNDECIDED, _doubt(kind, hits[0]), ()


def _doubt(kind: str, hit: _Hit) -> str:
    return f'{kind}, "{hit.rule.name}" of the {hit.store.store.value} store, may apply: {hit.matching.why}'


def rule_obstacle(store: Store, rule: FirewallRule) -> Obstacle:
    """A block rule as an obstacle, with what may be done about it."""
    where = f"{store.key}\\{rule.id}"
    label = f'rule "{rule.name}" of the {store.store.value} store blocks it'
    if store.store is not RuleStore.LOCAL:
        return Obstacle(store.store, where, rule, Remedy.BLOCKED, label)
    hindrance = _not_by_name(store, rule)
    if hindrance:
        return Obstacle(store.store, where, rule, Remedy.BLOCKED, f"{label}; {hindrance}")
    return Obstacle(store.store, where, rule, Remedy.FIX, label, CONSENT_BLOCK_RULE)


def _not_by_name(store: Store, rule: FirewallRule) -> str:
    """Why netsh cannot be pointed at exactly this rule: it knows rules by name, and takes all of that name."""
    name = rule.name.strip()
    if not nameable(rule.name):
        return "its name does not single it out for netsh"
    return "other rules have the same name" if name.casefold() in store.shared_names else ""


def default_obstacle(state: ProfileState) -> Obstacle:
    """The default action "block" of a profile. A local one gives way to an allow rule, if local rules count."""
    default, why = state.default_block, "the default outbound action is to block, and no rule allows it"
    if default.origin == "policy":
        return Obstacle(RuleStore.POLICY, default.where, None, Remedy.BLOCKED, f"{why} (group policy)")
    if state.local_rules.value is not True:
        return Obstacle(RuleStore.LOCAL, default.where, None, Remedy.BLOCKED, f"{why}; local rules do not count")
    return Obstacle(RuleStore.LOCAL, default.where, None, Remedy.FIX, why)
