# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SCHANNEL's client switches against the policy."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.effective import (
    Effect,
    EffectiveProtocol,
    schannel,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Update
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Protocol
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    RegistryKey,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Finding, Remedy, Severity, State

_CHECKS = {protocol: "tls." + protocol.name.lower() for protocol in Protocol} | {
    Protocol.SSL2: "tls.ssl20",
    Protocol.SSL3: "tls.ssl30",
}
#: Update capabilities that bring a protocol.
_BROUGHT_BY = {Protocol.TLS11: "schannel-tls11", Protocol.TLS12: "schannel-tls12"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the policy makes of one protocol on this host: "on", "off" or "leave", and why."""

    want: str
    why: str


def wish(ctx: Context, protocol: EffectiveProtocol) -> Wish:
    """Turn the policy's word for a protocol into what it means on this release."""
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
    findings = [_judge(ctx, protocol) for protocol in protocols.values()]
    findings.append(_types(ctx, protocols))
    findings.append(_unsupported_keys(ctx, protocols))
    findings.append(_fips(ctx))
    return tuple(findings)


def _judge(ctx: Context, protocol: EffectiveProtocol) -> Finding:
    asked = wish(ctx, protocol)
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
        state = State.UNKNOWN if effect is Effect.UNKNOWN and not _repairable(protocol) else State.NOT_APPLICABLE
        return state, Remedy.NONE, f"{name} is {effect.value}; {asked.why}."
    if effect is Effect.UNKNOWN and _repairable(protocol):
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


def _repairable(protocol: EffectiveProtocol) -> bool:
    """Both values were read (or are absent), the default is known, and only a wrong type stands in the way."""
    switches = (protocol.enabled, protocol.disabled_by_default)
    unread = any(isinstance(switch.read, Unread) for switch in switches)
    return protocol.default is not None and not unread and any(switch.wrong_type for switch in switches)


def _unread(protocol: EffectiveProtocol) -> str:
    for switch in (protocol.enabled, protocol.disabled_by_default):
        if isinstance(switch.read, Unread):
            return f"{switch.name} was not read ({switch.read.why})"
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
    return State.FAIL, Remedy.UPDATE, f"{release} has no {name} without {offered[0].id} ({found.why})."


def _types(ctx: Context, protocols: dict[Protocol, EffectiveProtocol]) -> Finding:
    wrong = [
        f"{protocol.key}\\{switch.name}"
        for protocol in protocols.values()
        for switch in (protocol.enabled, protocol.disabled_by_default)
        if switch.wrong_type
    ]
    unread = all(isinstance(protocol.enabled.read, Unread) for protocol in protocols.values())
    state = State.UNKNOWN if unread else State.FAIL if wrong else State.PASS
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
    image = ctx.snapshot.image
    idle = [
        protocol.key
        for protocol in protocols.values()
        if protocol.effect is Effect.NOT_SUPPORTED and isinstance(image.key(protocol.key), RegistryKey)
    ]
    unread = isinstance(image.key(ctx.path("schannel-protocols")), Unread) or ctx.release is None
    return ctx.finding(
        "tls.unsupported_keys",
        State.UNKNOWN if unread else State.FAIL if idle else State.PASS,
        observed=idle,
        effective="no effect" if idle else None,
        wanted=None,
        where=ctx.path("schannel-protocols"),
        why="This release has no such protocol, whatever the keys say." if idle else "",
        severity=Severity.INFO,
    )


def fips(ctx: Context) -> bool | Unread:
    """Whether Windows is restricted to FIPS algorithms: a key from Vista on, a value of Lsa before."""
    for place in ("fips-key", "fips-value"):
        row = ctx.knowledge.registry[place]
        read = ctx.snapshot.image.value(row.key, row.value or "")
        if isinstance(read, Unread):
            return read
        if isinstance(read, RegistryValue):
            return bool(read.data)
    return False


def _fips(ctx: Context) -> Finding:
    mode = fips(ctx)
    read = ctx.snapshot.image.value(ctx.path("fips-key"), "Enabled")
    return ctx.finding(
        "tls.fips",
        State.UNKNOWN if isinstance(mode, Unread) else State.NOT_APPLICABLE,
        observed=shown(read) if read is not ABSENT else None,
        effective=None if isinstance(mode, Unread) else "on" if mode else "off",
        wanted="leave",
        where=ctx.place("fips-key"),
        why=mode.why if isinstance(mode, Unread) else "FIPS mode removes SSL 3.0 and RC4." if mode else "",
        severity=Severity.INFO,
    )
