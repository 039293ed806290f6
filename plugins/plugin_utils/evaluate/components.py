# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WinHTTP, WinINET and .NET against the policy. None of them carries SMTP, IMAP or POP3.

They carry Autodiscover, EWS and MAPI over HTTP, so they are needed only where an Exchange account is; elsewhere their
findings are of severity info and their changes optional.
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, clause, shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.effective import (
    EffectiveMask,
    protocols_in,
    winhttp,
    wininet,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.tls import offered_for
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MASK_BITS, Protocol
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Absent,
    RegistryKey,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Finding, Remedy, Severity, State

NO_VALUE = "this release, as it is, reads no value"
_DOTNET_VALUES = ("SchUseStrongCrypto", "SystemDefaultTlsVersions")


def needed(ctx: Context, component: str) -> bool:
    """Whether an account on this host speaks HTTP to its server through that component."""
    # Exchange accounts are Outlook's; the table says which stack it uses for HTTP.
    outlook = lookup.clients_of(ctx.knowledge, "outlook")
    return bool(ctx.exchange) and any(client.stacks.get("http") == component for client in outlook)


def views(ctx: Context) -> tuple[str, ...]:
    """The views of HKLM\\SOFTWARE that this host has."""
    return ("native",) if ctx.host.architecture == "x86" else ("native", "wow6432")


def asked(ctx: Context, component: str, mask: int | None) -> tuple[int, tuple[Protocol, ...], tuple[Protocol, ...]]:
    """(mask that the policy wants, protocols to add, protocols to take away); bits it does not name stay."""
    policy = ctx.knowledge.policies[ctx.options.policy]
    words = policy.winhttp if component == "winhttp" else policy.wininet
    now = mask or 0
    add = tuple(p for p in Protocol if words.get(p.value) == "on" and not now & MASK_BITS[p])
    drop = tuple(p for p in Protocol if words.get(p.value) == "off" and now & MASK_BITS[p])
    bits = now
    for protocol in add:
        bits |= MASK_BITS[protocol]
    for protocol in drop:
        bits &= ~MASK_BITS[protocol]
    return bits, add, drop


def evaluate(ctx: Context) -> tuple[Finding, ...]:
    """Findings on WinHTTP (each view), on the fingerprint of a broken import, on WinINET (each user) and on .NET."""
    findings = [_winhttp(ctx, view) for view in views(ctx)]
    findings.append(_stray(ctx))
    users = ctx.snapshot.users
    if isinstance(users, Unread):
        findings.append(_mask_finding(ctx, "wininet", EffectiveMask(None, users, "HKU", False, None, users.why), ""))
    for user in users if isinstance(users, tuple) else ():
        findings.append(_mask_finding(ctx, "wininet", wininet(ctx, user.root), user.sid))
    findings.extend(_dotnet(ctx, view) for view in views(ctx))
    return tuple(findings)


def _winhttp(ctx: Context, view: str) -> Finding:
    return _mask_finding(ctx, "winhttp", winhttp(ctx, view), view)


def _mask_finding(ctx: Context, component: str, found: EffectiveMask, subject: str) -> Finding:
    wanted, add, drop = asked(ctx, component, found.mask)
    state, remedy, why = _mask_state(ctx, component, found, add, drop)
    return ctx.finding(
        f"{component}.mask",
        state,
        observed=shown(found.read) if found.read is not ABSENT else None,
        effective=None if found.mask is None else [p.value for p in protocols_in(found.mask)],
        wanted=None if found.mask is None else f"{wanted:#06x}",
        where=found.place,
        why=why,
        subject=subject,
        remedy=remedy,
        needed=needed(ctx, component),
    )


def _mask_state(
    ctx: Context, component: str, found: EffectiveMask, add: tuple[Protocol, ...], drop: tuple[Protocol, ...]
) -> tuple[State, Remedy, str]:
    if found.mask is None:
        return State.UNKNOWN, Remedy.NONE, f"The mask in force cannot be told: {clause(found.why)}."
    if not add and not drop:
        return State.PASS, Remedy.NONE, f"The mask in force is {found.mask:#06x} ({found.why})."
    lacks = "lacks " + ", ".join(p.value for p in add) if add else "holds " + ", ".join(p.value for p in drop)
    if found.policy:
        return State.FAIL, Remedy.BLOCKED, f"The mask {lacks}, and the group policy at {found.place} decides it."
    if found.honoured is None:
        why = f"The mask {lacks}, and whether this release reads a value cannot be told ({found.why})."
        return State.UNKNOWN, Remedy.NONE, why
    if not found.honoured:
        offered = offered_for(ctx, f"{component}-mask")
        waits = any(presence(ctx, update.id).pending for update in offered)
        remedy = Remedy.FIX if waits else Remedy.UPDATE if offered else Remedy.RELAY
        return State.FAIL, remedy, f"The mask {lacks}, and {NO_VALUE} ({found.why})."
    return State.FAIL, Remedy.FIX, f"The mask {lacks} ({found.why})."


def _stray(ctx: Context) -> Finding:
    key = ctx.path("winhttp-native")
    read = ctx.snapshot.image.value(key, "SecureProtocols")
    state = State.UNKNOWN if isinstance(read, Unread) else State.FAIL if read is not ABSENT else State.PASS
    return ctx.finding(
        "winhttp.stray_value",
        state,
        observed=shown(read),
        effective="no effect",
        wanted=None,
        where=f"{key}\\SecureProtocols",
        why="A .reg file with headers that lack brackets was imported here; its values landed in the wrong key."
        if state is State.FAIL
        else "",
        severity=Severity.INFO,
    )


def _dotnet_reads(ctx: Context, view: str) -> dict[str, RegistryValue | Absent | Unread]:
    """Place → what was read, for each .NET version that is there."""
    image = ctx.snapshot.image
    rows = (row for row in ctx.knowledge.registry.values() if row.id.startswith(f"dotnet-{view}"))
    return {
        f"{row.key}\\{name}": image.value(row.key, name)
        for row in rows
        if isinstance(image.key(row.key), (RegistryKey, Unread))
        for name in _DOTNET_VALUES
    }


def _dotnet_short(reads: Mapping[str, RegistryValue | Absent | Unread]) -> tuple[str, ...]:
    return tuple(place for place, read in reads.items() if not isinstance(read, Unread) and not _is_on(read))


def _is_on(read: RegistryValue | Absent) -> bool:
    return isinstance(read, RegistryValue) and read.type is RegistryType.DWORD and bool(read.data)


def dotnet_shortfalls(ctx: Context, view: str) -> dict[str, RegistryValue | Absent | Unread]:
    """Key and value name of every .NET switch of that view that the policy wants and that is not set: what was read."""
    if ctx.knowledge.policies[ctx.options.policy].dotnet == "leave":
        return {}
    reads = _dotnet_reads(ctx, view)
    return {place: reads[place] for place in _dotnet_short(reads)}


def _dotnet(ctx: Context, view: str) -> Finding:
    policy = ctx.knowledge.policies[ctx.options.policy]
    reads = _dotnet_reads(ctx, view)
    short = _dotnet_short(reads)
    if policy.dotnet == "leave" or not reads:
        state = State.NOT_APPLICABLE
    elif short:
        state = State.FAIL
    else:
        state = State.UNKNOWN if any(isinstance(read, Unread) for read in reads.values()) else State.PASS
    return ctx.finding(
        "dotnet.strong_crypto",
        state,
        observed={place: shown(read) for place, read in reads.items()},
        effective=None,
        wanted=policy.dotnet,
        where=next(iter(reads), ""),
        why=f"Not set: {', '.join(short)}." if state is State.FAIL else "",
        subject=view,
        remedy=Remedy.FIX,
        needed=False,
    )
