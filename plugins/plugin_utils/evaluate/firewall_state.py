# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of the Windows Firewall: service, profiles and rule stores, with the policy merged over local settings.

A value of the policy store wins over the local one; rules of all stores are joined, unless the policy says that local
rules do not count (``AllowLocalPolicyMerge``): [MS-GPFAS] 2.2.3, 3.2.5.
https://learn.microsoft.com/openspecs/windows_protocols/ms-gpfas/
Not read: profile settings that a device management server (MDM) made, IPsec policies, third-party products.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.firewall_match import concerns_mail
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import (
    Direction,
    FirewallRule,
    Profile,
    RuleStore,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Absent,
    RegistryData,
    RegistryKey,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read import firewall_rule

#: Rows of the table of registry paths.
_SERVICE: t.Final = "firewall-service"
_LOCAL: t.Final = {
    Profile.DOMAIN: "firewall-domain",
    Profile.PRIVATE: "firewall-private",
    Profile.PUBLIC: "firewall-public",
}
_POLICY: t.Final = {
    Profile.DOMAIN: "firewall-policy-domain",
    Profile.PRIVATE: "firewall-policy-private",
    Profile.PUBLIC: "firewall-policy-public",
}
_POLICY_LEGACY: t.Final = "firewall-policy-standard"
_STORES: t.Final = {
    RuleStore.POLICY: "firewall-policy-rules",
    RuleStore.MDM: "firewall-mdm-rules",
    RuleStore.LOCAL: "firewall-rules",
}
_DISABLED_SERVICE: t.Final = 4

Origin = t.Literal["policy", "local", "default", "unread"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One switch. ``value`` None: nobody can tell, and ``why`` says for what reason.

    ``where``: key and value name of what decides; ``policy``, ``local``: the raw data of both stores (None: absent,
    "unread: ..."); ``without_policy``: what would count if there were no policy (None: nobody can tell).
    """

    value: bool | None
    origin: Origin
    where: str
    policy: RegistryData | None = None
    local: RegistryData | None = None
    why: str = ""
    without_policy: bool | None = None

    @property
    def observed(self) -> dict[str, RegistryData | None]:
        """Both stores as results show them."""
        return {"policy": self.policy, "local": self.local}


@dataclass(frozen=True, slots=True)
class ProfileState:
    """What counts in one profile. ``local_rules`` False: the policy says that local rules are ignored."""

    profile: Profile
    enabled: Setting
    default_block: Setting
    local_rules: Setting


@dataclass(frozen=True, slots=True)
class Store:
    """One store of rules, cut down to those that can concern a mail client.

    ``unread``: what could not be read, in words; while there is any, nobody may say that nothing blocks.
    ``shared_names``: casefolded names that several, different, active outbound rules have (of all programs and
    protocols): netsh changes all rules of a name. ``total``: how many rules were read.
    """

    store: RuleStore
    key: str
    rules: tuple[FirewallRule, ...] = ()
    unread: tuple[str, ...] = ()
    shared_names: frozenset[str] = frozenset()
    total: int = 0


def service(ctx: Context) -> Setting:
    """Whether the firewall service may run. A disabled service filters nothing; any other start type is "may run"."""
    key = ctx.path(_SERVICE)
    read = ctx.snapshot.image.value(key, "Start")
    where = f"{key}\\Start"
    if isinstance(read, RegistryValue) and read.type is RegistryType.DWORD:
        return Setting(read.data != _DISABLED_SERVICE, "local", where, local=read.data)
    why = read.why if isinstance(read, Unread) else "the service has no start type"
    return Setting(None, "unread", where, local=shown(read), why=why)


def profile_state(ctx: Context, profile: Profile) -> ProfileState:
    """The three switches of that profile, policy over local over built-in default."""
    return ProfileState(
        profile,
        enabled=_effective(ctx, profile, "EnableFirewall", default=True),
        default_block=_effective(ctx, profile, "DefaultOutboundAction", default=False),
        local_rules=_effective(ctx, profile, "AllowLocalPolicyMerge", default=True, policy_only=True),
    )


def _effective(ctx: Context, profile: Profile, name: str, *, default: bool, policy_only: bool = False) -> Setting:
    image = ctx.snapshot.image
    policy_key, local_key = _policy_key(ctx, profile, name), ctx.path(_LOCAL[profile])
    policy = policy_key if isinstance(policy_key, Unread) else image.value(policy_key, name)
    local = ABSENT if policy_only else image.value(local_key, name)
    policy_place = f"{ctx.path(_POLICY[profile]) if isinstance(policy_key, Unread) else policy_key}\\{name}"
    local_value, local_why = (default, "") if local is ABSENT else _switch(local)
    if policy is not ABSENT:
        value, why = _switch(policy)
        origin: Origin = "unread" if value is None else "policy"
        return Setting(value, origin, policy_place, shown(policy), shown(local), why, local_value)
    place = policy_place if policy_only else f"{local_key}\\{name}"
    origin = "unread" if local_value is None else "default" if local is ABSENT else "local"
    return Setting(local_value, origin, place, None, shown(local), local_why, local_value)


def _switch(read: RegistryValue | Absent | Unread) -> tuple[bool | None, str]:
    """A switch that is there: 0 or 1; or None, and why nobody can tell what Windows makes of it."""
    if isinstance(read, RegistryValue):
        if read.type is RegistryType.DWORD and read.data in (0, 1):
            return read.data == 1, ""
        return None, f"{read.type.value} {read.data!r} means nothing here"
    return None, read.why if isinstance(read, Unread) else "there is no such value"


def _policy_key(ctx: Context, profile: Profile, name: str) -> str | Unread:
    """The policy key that speaks for a profile.

    The key ``StandardProfile``, from the days of XP, speaks for private and public while neither has a key of its own,
    and of the three switches it may hold only EnableFirewall: [MS-GPFAS] 2.2.3.
    """
    own = ctx.path(_POLICY[profile])
    if profile is Profile.DOMAIN or name != "EnableFirewall":
        return own
    for modern in (Profile.PRIVATE, Profile.PUBLIC):
        key = ctx.snapshot.image.key(ctx.path(_POLICY[modern]))
        if isinstance(key, Unread):
            return key
        if key is not ABSENT:
            return own
    return ctx.path(_POLICY_LEGACY)


def stores(ctx: Context) -> tuple[Store, ...]:
    """All stores whose rules count for desktop programs: group policy, device management, local."""
    return tuple(_store(ctx, store, ctx.path(path)) for store, path in _STORES.items())


def _store(ctx: Context, store: RuleStore, path: str) -> Store:
    key = ctx.snapshot.image.key(path)
    if isinstance(key, Unread):
        return Store(store, path, unread=(f"the rules could not be read: {key.why}",))
    if not isinstance(key, RegistryKey):
        return Store(store, path)
    rules, unread = [], []
    for value in key.values:
        rule = _rule(value, store)
        if isinstance(rule, Unread):
            unread.append(rule.why)
        else:
            rules.append(rule)
    mine = tuple(rule for rule in rules if concerns_mail(rule))
    return Store(store, path, mine, tuple(unread), _shared_names(rules), len(rules))


def _shared_names(rules: list[FirewallRule]) -> frozenset[str]:
    """Names that do not single out one rule, or copies of one rule."""
    seen: dict[str, set[tuple[tuple[str, str], ...]]] = {}
    for rule in rules:
        if rule.active and rule.direction is not Direction.IN:
            seen.setdefault(rule.name.strip().casefold(), set()).add(rule.fields)
    return frozenset(name for name, contents in seen.items() if len(contents) > 1)


def _rule(value: RegistryValue, store: RuleStore) -> FirewallRule | Unread:
    if not isinstance(value.data, str):
        return Unread(f"the firewall rule {value.name} is {value.type.value} and not text")
    return firewall_rule.parse(value.name, value.data, store)
