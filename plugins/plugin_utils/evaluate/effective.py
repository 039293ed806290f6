# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Windows would really do: OS default + update + registry value + policy.

A missing value means the default of this release with these updates, per value and not per key: on Windows 7
``TLS 1.2\\Client`` ``Enabled=1`` alone changes nothing, since DisabledByDefault is built in as 1 there.
https://learn.microsoft.com/windows-server/security/tls/tls-registry-settings
"""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import (
    ComponentDefaults,
    ProtocolDefault,
    SchannelDefaults,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MASK_BITS, Protocol
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Absent,
    RegistryType,
    RegistryValue,
    Unread,
)

_Row = t.TypeVar("_Row", SchannelDefaults, ComponentDefaults)


class Effect(str, enum.Enum):
    """What a protocol is to a caller of SCHANNEL that names no protocols."""

    ON = "on"
    OFF_BY_DEFAULT = "off by default"
    DISABLED = "disabled"
    NOT_SUPPORTED = "not supported"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Switch:
    """One of the two values of a protocol: what was read, and what counts (None: nobody can tell)."""

    name: str
    read: RegistryValue | Absent | Unread
    counts: bool | None

    @property
    def wrong_type(self) -> bool:
        """A value is there that SCHANNEL does not read, for example a REG_SZ "1"."""
        return isinstance(self.read, RegistryValue) and self.read.type is not RegistryType.DWORD


@dataclass(frozen=True, slots=True)
class EffectiveProtocol:
    """One protocol of SCHANNEL's client. ``default`` None: the release, or its updates, are not known."""

    protocol: Protocol
    key: str
    effect: Effect
    enabled: Switch
    disabled_by_default: Switch
    default: ProtocolDefault | None
    why: str

    @property
    def unread(self) -> Switch | None:
        """The first of the two values that could not be read."""
        return next((s for s in (self.enabled, self.disabled_by_default) if isinstance(s.read, Unread)), None)

    @property
    def wrong_type(self) -> bool:
        """All was read, the default is known, and only a value of a wrong type makes the effect unknown."""
        known = self.default is not None and self.unread is None
        return known and (self.enabled.wrong_type or self.disabled_by_default.wrong_type)


def _row_in_force(ctx: Context, rows: tuple[_Row, ...]) -> tuple[_Row | None, _Row | None, str]:
    """(row, other, why): the row that counts; ``other`` where nobody knows whether its update is in."""
    row, maybe, why = None, None, "as the release shipped"
    for later in rows:
        if later.after is None:
            row = later
            continue
        found = presence(ctx, later.after)
        if found.present:
            row, maybe, why = later, None, f"with {later.after} ({found.why})"
        elif found.present is None:
            maybe, why = later, f"{later.after}: {found.why}"
    return row, maybe, why


def schannel(ctx: Context) -> dict[Protocol, EffectiveProtocol]:
    """The client side of every protocol, as a caller meets it that names none."""
    base, maybe, why = _row_in_force(ctx, lookup.schannel_rows(ctx.knowledge, ctx.host.os))
    found = {}
    for protocol in Protocol:
        default = base.protocols[protocol.value] if base else None
        if maybe and maybe.protocols[protocol.value] != default:
            default = None
        found[protocol] = _protocol(ctx, protocol, default, why)
    return found


def _protocol(ctx: Context, protocol: Protocol, default: ProtocolDefault | None, why: str) -> EffectiveProtocol:
    key = f"{ctx.path('schannel-protocols')}\\{protocol.value}\\Client"
    enabled = _switch(ctx, key, "Enabled", default.enabled if default else None)
    by_default = _switch(ctx, key, "DisabledByDefault", default.disabled_by_default if default else None)
    return EffectiveProtocol(protocol, key, _effect(default, enabled, by_default), enabled, by_default, default, why)


def _switch(ctx: Context, key: str, name: str, default: bool | None) -> Switch:
    read = ctx.snapshot.image.value(key, name)
    if isinstance(read, RegistryValue):
        # Any number but 0 is true: some tools write 0xffffffff.
        return Switch(name, read, bool(read.data) if read.type is RegistryType.DWORD else None)
    return Switch(name, read, default if read is ABSENT else None)


def _effect(default: ProtocolDefault | None, enabled: Switch, by_default: Switch) -> Effect:
    if default is not None and not default.supported:
        return Effect.NOT_SUPPORTED
    if default is None or isinstance(enabled.read, Unread) or isinstance(by_default.read, Unread):
        return Effect.UNKNOWN
    if enabled.counts is False:
        return Effect.DISABLED
    if by_default.counts:
        return Effect.OFF_BY_DEFAULT  # whatever Windows makes of an Enabled of a wrong type
    return Effect.ON if enabled.counts and by_default.counts is False else Effect.UNKNOWN


@dataclass(frozen=True, slots=True)
class EffectiveMask:
    """The protocols that WinHTTP or WinINET offers. ``mask`` None: nobody can tell.

    ``place``: key and value that decides; ``policy``: a group policy decides, and nothing below it counts.
    ``honoured``: this release, with its updates, reads the value at all (None: nobody can tell).
    """

    mask: int | None
    read: RegistryValue | Absent | Unread
    place: str
    policy: bool
    honoured: bool | None
    why: str


def protocols_in(mask: int) -> tuple[Protocol, ...]:
    """The protocols whose bits are set in a mask of WinHTTP or WinINET, oldest first."""
    return tuple(protocol for protocol, bit in MASK_BITS.items() if mask & bit)


def _mask(
    ctx: Context, component: t.Literal["winhttp", "wininet"], places: tuple[tuple[str, str, bool], ...]
) -> EffectiveMask:
    """``places``: (key, value name, is policy) in the order in which Windows looks."""
    row, maybe, why = _row_in_force(ctx, lookup.component_rows(ctx.knowledge, component, ctx.host.os))
    honoured: bool | None = row.honours_registry if row else None
    if maybe and row and maybe.honours_registry != row.honours_registry:
        honoured = None
    unread: Unread | None = None
    for key, name, policy in places:
        read = ctx.snapshot.image.value(key, name)
        if isinstance(read, Unread):
            unread = unread or read
        if isinstance(read, RegistryValue):
            number = read.data if read.type is RegistryType.DWORD and isinstance(read.data, int) else None
            if number is None:
                why = f"the value is of type {read.type.value}"
            if unread is not None or honoured is None:
                number, why = None, clause(unread.why) if unread else why
            elif honoured is False:
                number = row.mask if row else None
            return EffectiveMask(number, read, f"{key}\\{name}", policy, honoured, why)
    key, name, _policy = places[-1] if component == "winhttp" else places[-2]
    if unread is not None:
        return EffectiveMask(None, unread, f"{key}\\{name}", False, honoured, clause(unread.why))
    default = row.mask if row and (maybe is None or maybe.mask == row.mask) else None
    return EffectiveMask(default, ABSENT, f"{key}\\{name}", False, honoured, why)


def winhttp(ctx: Context, view: str) -> EffectiveMask:
    """WinHTTP's mask for callers that set none. ``view``: "native" or "wow6432"."""
    if view == "wow6432" and ctx.host.architecture == "unknown":
        # A 32-bit Windows has no such view, and a plan must not make one there.
        why = Unread("whether this Windows has 64 bits is not known")
        return EffectiveMask(None, why, ctx.place(f"winhttp-{view}"), False, None, why.why)
    return _mask(ctx, "winhttp", ((ctx.path(f"winhttp-{view}"), "DefaultSecureProtocols", False),))


def wininet(ctx: Context, user_root: str) -> EffectiveMask:
    """WinINET's mask for the user whose hive is at ``user_root``: policies first, then the user, then the machine."""
    return _mask(
        ctx,
        "wininet",
        (
            (ctx.path("wininet-machine-policy"), "SecureProtocols", True),
            (f"{user_root}\\{ctx.path('wininet-user-policy')}", "SecureProtocols", True),
            (f"{user_root}\\{ctx.path('wininet-user')}", "SecureProtocols", False),
            (ctx.path("wininet-machine"), "SecureProtocols", False),
        ),
    )
