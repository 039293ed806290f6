# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registry values that a policy asks for: the smallest set, per value."""

from __future__ import annotations

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import components, suites
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.effective import (
    Effect,
    EffectiveMask,
    EffectiveProtocol,
    schannel,
    winhttp,
    wininet,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.tls import Wish, check_of, wishes
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.verdict import counts, waiver_for
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Change, ChangeKind, Remedy


def _set(family: str, key: str, name: str, data: int, before: object, why: str, *, optional: bool = False) -> Change:
    details = {"key": key, "name": name, "type": "REG_DWORD", "data": data, "before": shown(before)}
    return Change(ChangeKind.REGISTRY, family, why, details, optional=optional)


def changes(ctx: Context) -> tuple[Change, ...]:
    """All registry changes for SCHANNEL, WinHTTP, WinINET and .NET that the counted families ask for."""
    found: list[Change] = []
    if counts(ctx.options, "tls"):
        protocols = schannel(ctx)
        for protocol, asked in wishes(ctx, protocols).items():
            if not waiver_for(ctx.options, check_of(protocol)):
                found.extend(_schannel(protocols[protocol], asked))
        found.extend(_suites(ctx))
    if counts(ctx.options, "winhttp"):
        for view in components.views(ctx):
            found.extend(_mask(ctx, "winhttp", view, winhttp(ctx, view)))
    if counts(ctx.options, "wininet"):
        for user in ctx.snapshot.users if isinstance(ctx.snapshot.users, tuple) else ():
            found.extend(_mask(ctx, "wininet", user.sid, wininet(ctx, user.root)))
    if counts(ctx.options, "dotnet"):
        for view in components.views(ctx):
            found.extend(_dotnet(ctx, view))
    # Users without a value of their own share the machine's.
    return tuple({(change.details["key"], change.details["name"]): change for change in found}.values())


def _schannel(protocol: EffectiveProtocol, asked: Wish) -> tuple[Change, ...]:
    enabled, by_default = protocol.enabled, protocol.disabled_by_default
    if protocol.unread or protocol.default is None or protocol.effect is Effect.NOT_SUPPORTED:
        return ()
    found = []
    if asked.want == "on" and protocol.effect is not Effect.ON:
        why = f"offer {protocol.protocol.value}"
        if by_default.counts is not False:
            found.append(_set("tls", protocol.key, by_default.name, 0, by_default.read, why))
        if enabled.counts is not True:
            found.append(_set("tls", protocol.key, enabled.name, 1, enabled.read, why))
    if asked.want == "off" and protocol.effect in (Effect.ON, Effect.UNKNOWN):
        why = f"stop offering {protocol.protocol.value}"
        found.append(_set("tls", protocol.key, by_default.name, 1, by_default.read, why))
    return tuple(found)


def _dotnet(ctx: Context, view: str) -> tuple[Change, ...]:
    if waiver_for(ctx.options, "dotnet.strong_crypto", view):
        return ()
    why = "scripts and add-ins follow Windows"
    places = ((*place.rpartition("\\"), read) for place, read in components.dotnet_shortfalls(ctx, view).items())
    return tuple(_set("dotnet", key, name, 1, read, why, optional=True) for key, _slash, name, read in places)


def _mask(ctx: Context, component: str, subject: str, found: EffectiveMask) -> tuple[Change, ...]:
    wanted, add, drop = components.asked(ctx, component, found.mask)
    if waiver_for(ctx.options, f"{component}.mask", subject):
        return ()
    if found.mask is None or found.policy or not found.honoured or not (add or drop):
        return ()
    key, _slash, name = found.place.rpartition("\\")
    why = ", ".join([f"add {p.value}" for p in add] + [f"drop {p.value}" for p in drop])
    return (_set(component, key, name, wanted, found.read, why, optional=not components.needed(ctx, component)),)


def _suites(ctx: Context) -> tuple[Change, ...]:
    """The local list of cipher suites, where the policy wants another one. A list set by group policy stays."""
    (finding,) = suites.evaluate(ctx)
    if finding.remedy is not Remedy.FIX or waiver_for(ctx.options, finding.id):
        return ()
    row = ctx.knowledge.registry["suites-local"]
    details = {
        "key": row.key,
        "name": row.value,
        "type": row.type,
        "data": tuple(finding.wanted),
        "before": shown(ctx.snapshot.image.value(row.key, row.value or "")),
    }
    return (Change(ChangeKind.REGISTRY, "tls", "offer modern cipher suites only", details),)
