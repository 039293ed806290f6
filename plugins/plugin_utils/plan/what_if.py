# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host as it would be after a plan: the same data, so that every check can be asked again."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailAccount, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryType, RegistryValue
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Change, ChangeKind, Plan


def after(ctx: Context, plan: Plan) -> Context:
    """The context after every change of the plan, the optional ones too."""
    for change in plan.changes:
        ctx = _STEPS.get(change.kind, _nothing)(ctx, change)
    return ctx


def _nothing(ctx: Context, change: Change) -> Context:
    return ctx


def _update(ctx: Context, change: Change) -> Context:
    newer = ctx.knowledge.releases.get(str(change.details.get("release", "")))
    if newer is not None:
        return replace(ctx, host=replace(ctx.host, release=newer, os=newer.id))
    return replace(ctx, assume_installed=ctx.assume_installed | {str(change.details["kb"])})


def _registry(ctx: Context, change: Change) -> Context:
    value = RegistryValue(str(change.details["name"]), RegistryType(change.details["type"]), change.details["data"])
    image = ctx.snapshot.image.with_value(str(change.details["key"]), value)
    return replace(ctx, snapshot=replace(ctx.snapshot, image=image))


def _proxy(ctx: Context, change: Change) -> Context:
    if change.details["data"] is not None:
        return _registry(ctx, change)
    image = ctx.snapshot.image.without_value(str(change.details["key"]), str(change.details["name"]))
    return replace(ctx, snapshot=replace(ctx.snapshot, image=image))


def _firewall(ctx: Context, change: Change) -> Context:
    value = RegistryValue(str(change.details["id"]), RegistryType.SZ, str(change.details["rule"]))
    image = ctx.snapshot.image.with_value(str(change.details["key"]), value)
    return replace(ctx, snapshot=replace(ctx.snapshot, image=image))


def _account(ctx: Context, change: Change) -> Context:
    def changed(leg: MailAccount) -> MailAccount:
        if (leg.key, leg.protocol.value) != (change.details["key"], change.details["protocol"]):
            return leg
        security = Security(change.details["security"])
        return replace(leg, server=str(change.details["server"]), port=int(change.details["port"]), security=security)

    return replace(ctx, accounts=tuple(changed(leg) for leg in ctx.accounts))


def _reboot(ctx: Context, change: Change) -> Context:
    return replace(ctx, assume_installed=ctx.assume_installed | frozenset(change.details.get("completes", ())))


_STEPS = {
    ChangeKind.UPDATE: _update,
    ChangeKind.REGISTRY: _registry,
    ChangeKind.FIREWALL: _firewall,
    ChangeKind.PROXY: _proxy,
    ChangeKind.ACCOUNT: _account,
    ChangeKind.REBOOT: _reboot,
}
