# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SCHANNEL's client switches against the policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, clause, shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.effective import (
    Effect,
    EffectiveProtocol,
    schannel,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.verdict import waiver_for
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Update
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Protocol
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    Absent,
    RegistryKey,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Finding, Remedy, Severity, State

_CHECKS = {protocol: "tls." + protocol.name.lower() for protocol in Protocol} | {
    Protocol.SSL2: "tls.ssl20",
    Protocol.SSL3: "tls.ssl30",
}
#: Update capabilities that bring a protocol.
#: Switching these off, where nothing newer is there, would leave no TLS at all: not even a relay could be reached.
_LAST_RESORTS = (Protocol.TLS10, Protocol.TLS11)
_BROUGHT_BY = {Protocol.TLS11: "schannel-tls11", Protocol.TLS12: "schannel-tls12"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the policy makes of one protocol on this host: "on", "off" or "leave", and why."""

    want: str
    why: str


def check_of(protocol: Protocol) -> str:
    """The id of the check on that protocol."""
    return _CHECKS[protocol]


def wishes(ctx: Context, protocols: Mapping[Protocol, EffectiveProtocol]) -> dict[Protocol, Wish]:
    """Turn the policy's word for each protocol into what it means on this release."""
    found = {protocol: _wish(ctx, effective) for protocol, effective in protocols.items()}
    if not _newer_will_be_there(ctx, protocols[Protocol.TLS12]):
        for protocol in _LAST_RESORTS:
            if found[protocol].want == "off":
                found[protocol] = Wish("leave", "without it this host, as it is, would have no TLS at all")
    return found


def _newer_will_be_there(ctx: Context, tls12: EffectiveProtocol) -> bool:
    if tls12.effect is Effect.ON:
        return True
    can = tls12.default is not None and tls12.default.supported and tls12.unread is None
    return can and waiver_for(ctx.options, _CHECKS[Protocol.TLS12]) is None


def _wish(ctx: Context, protocol: EffectiveProtocol) -> Wish:
    policy = ctx.knowledge.policies[ctx.options.policy]
    word = policy.schannel.get(protocol.protocol.value, "leave")
    explicit_off = isinstance(protocol.enabled.read, RegistryValue) and protocol.enabled.counts is False
    if word == "on_where_shipped_off":
        default = protocol.default
        if default is None:
            return Wish("leave", "what the release ships is not known")
        if not default.supported or not default.disabled_by_default:
            return Wish("leave", "the policy leaves it as it is on this release")
        word = "on"
    if word == "on" and explicit_off and protocol.protocol.value in policy.keep_explicit_off:
        return Wish("leave", "an administrator disabled it (Enabled=0), which the policy keeps")
    return Wish(word, f"the policy {policy.id} wants it {word}" if word != "leave" else "the policy leaves it as it is")


def offered_for(ctx: Context, capability: str | None = None) -> tuple[Update, ...]:
    """Updates for this release that can be had, in the order of installation; those that bring a capability."""
    return tuple(u for u in lookup.updates_for(ctx.knowledge, ctx.host.os, capability) if u.offered)


def evaluate(ctx: Context) -> tuple[Finding, ...]:
    """Findings on every protocol, on values of a wrong type, on keys that this release does not know, and on FIPS."""
    protocols = schannel(ctx)
    wanted = wishes(ctx, protocols)
    findings = [_judge(ctx, found, wanted[protocol]) for protocol, found in protocols.items()]
    findings.append(_types(ctx, protocols))
    findings.append(_unsupported_keys(ctx, protocols))
    findings.append(_fips(ctx))
    return tuple(findings)


def _judge(ctx: Context, protocol: EffectiveProtocol, asked: Wish) -> Finding:
    state, remedy, why = _state(ctx, protocol, asked)
    switches = (protocol.enabled, protocol.disabled_by_default)
    return ctx.finding(
        _CHECKS[protocol.protocol],
        state,
        observed={switch.name: shown(switch.read) for switch in switches},
        effective=protocol.effect.value,
        wanted=asked.want,
        where=protocol.key,
        why=why,
        remedy=remedy,
    )


def _state(ctx: Context, protocol: EffectiveProtocol, asked: Wish) -> tuple[State, Remedy, str]:
    name, effect = protocol.protocol.value, protocol.effect
    if asked.want == "leave":
        state = State.UNKNOWN if effect is Effect.UNKNOWN and not protocol.wrong_type else State.NOT_APPLICABLE
        return state, Remedy.NONE, f"{name} is {effect.value}; {asked.why}."
    if effect is Effect.UNKNOWN and protocol.wrong_type:
        return State.FAIL, Remedy.FIX, f"{name} is set by a value of a wrong type, which Windows need not read."
    if effect is Effect.UNKNOWN:
        return State.UNKNOWN, Remedy.NONE, f"Whether {name} is on cannot be told: {_unread(protocol)}."
    if asked.want == "off":
        if effect is Effect.ON:
            return State.FAIL, Remedy.FIX, f"{name} is offered to every program that names no protocol."
        return State.PASS, Remedy.NONE, f"{name} is {effect.value} ({protocol.why})."
    if effect is Effect.ON:
        return State.PASS, Remedy.NONE, f"{name} is offered to every program ({protocol.why})."
    if effect is Effect.NOT_SUPPORTED:
        return _unsupported(ctx, protocol)
    reason = "switched off in the registry" if effect is Effect.DISABLED else f"off by default ({protocol.why})"
    return State.FAIL, Remedy.FIX, f"{name} is {reason}: a mail client that names no protocol does not offer it."


def _unread(protocol: EffectiveProtocol) -> str:
    switch = protocol.unread
    if switch and isinstance(switch.read, Unread):
        return f"{switch.name} was not read ({clause(switch.read.why)})"
    return protocol.why


def _unsupported(ctx: Context, protocol: EffectiveProtocol) -> tuple[State, Remedy, str]:
    name = protocol.protocol.value
    release = ctx.release.name if ctx.release else ctx.host.raw_version
    offered = offered_for(ctx, _BROUGHT_BY.get(protocol.protocol, ""))
    if ctx.release and ctx.release.upgrade_to and not offered:
        newer = ctx.knowledge.releases[ctx.release.upgrade_to].name
        return State.FAIL, Remedy.UPDATE, f"{release} has no {name}; {newer} is needed first."
    if not offered:
        return State.FAIL, Remedy.RELAY, f"{release} has no {name}, and no update brings it."
    found = presence(ctx, offered[0].id)
    # What waits for a reboot need not be installed again.
    remedy = Remedy.FIX if found.pending else Remedy.UPDATE
    return State.FAIL, remedy, f"{release} has no {name} without {offered[0].id} ({found.why})."


def _types(ctx: Context, protocols: dict[Protocol, EffectiveProtocol]) -> Finding:
    wrong = [
        f"{protocol.key}\\{switch.name}"
        for protocol in protocols.values()
        for switch in (protocol.enabled, protocol.disabled_by_default)
        if switch.wrong_type
    ]
    unread = any(protocol.unread for protocol in protocols.values())
    state = State.FAIL if wrong else State.UNKNOWN if unread else State.PASS
    return ctx.finding(
        "tls.value_types",
        state,
        observed=wrong,
        effective=None,
        wanted="REG_DWORD",
        where=ctx.path("schannel-protocols"),
        why="Values of another type than REG_DWORD need not be read by SCHANNEL." if wrong else "",
        severity=Severity.LOW,
        remedy=Remedy.NONE,
    )


def _unsupported_keys(ctx: Context, protocols: dict[Protocol, EffectiveProtocol]) -> Finding:
    keys = [(found, ctx.snapshot.image.key(found.key)) for found in protocols.values()]
    there = [(found, read) for found, read in keys if not isinstance(read, Absent)]
    idle = [f.key for f, read in there if f.effect is Effect.NOT_SUPPORTED and isinstance(read, RegistryKey)]
    # A key that could not be read, or one of a protocol that this release may or may not have.
    unread = any(f.effect is Effect.NOT_SUPPORTED or f.default is None for f, _read in there)
    return ctx.finding(
        "tls.unsupported_keys",
        State.FAIL if idle else State.UNKNOWN if unread else State.PASS,
        observed=idle,
        effective="no effect" if idle else None,
        wanted=None,
        where=ctx.path("schannel-protocols"),
        why="This release has no such protocol, whatever the keys say." if idle else "",
        severity=Severity.INFO,
    )


def _fips_place(ctx: Context) -> str:
    """A key from Vista on, a value of Lsa before: what upgrades left in the other place has no effect."""
    return "fips-value" if ctx.release and ctx.release.version.startswith("5.") else "fips-key"


def fips(ctx: Context) -> bool | Unread:
    """Whether Windows is restricted to FIPS algorithms."""
    row = ctx.knowledge.registry[_fips_place(ctx)]
    read = ctx.snapshot.image.value(row.key, row.value or "")
    if isinstance(read, RegistryValue) and read.type is not RegistryType.DWORD:
        return Unread(f"{row.value} is of type {read.type.value}")
    if isinstance(read, RegistryValue):
        return bool(read.data)
    return read if isinstance(read, Unread) else False


def _fips(ctx: Context) -> Finding:
    mode = fips(ctx)
    row = ctx.knowledge.registry[_fips_place(ctx)]
    read = ctx.snapshot.image.value(row.key, row.value or "")
    return ctx.finding(
        "tls.fips",
        State.UNKNOWN if isinstance(mode, Unread) else State.NOT_APPLICABLE,
        observed=shown(read),
        effective=None if isinstance(mode, Unread) else "on" if mode else "off",
        wanted="leave",
        where=ctx.place(row.id),
        why=mode.why if isinstance(mode, Unread) else "FIPS mode removes SSL 3.0 and RC4." if mode else "",
        severity=Severity.INFO,
    )
