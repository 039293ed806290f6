# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which update packages a host needs, in the order of installation, and not one more."""

from __future__ import annotations

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import components, release, routes
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.effective import EffectiveMask, winhttp, wininet
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.tls import evaluate as tls_findings
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.tls import offered_for
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.verdict import counts
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Update
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import (
    Change,
    ChangeKind,
    Outcome,
    Plan,
    Remedy,
    State,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import registry_changes
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.what_if import after

_TLS_CAPABILITIES = ("schannel-tls12", "schannel-tls11")


def changes(ctx: Context) -> tuple[Change, ...]:
    """Service pack first, then packages that routes need, then optional ones."""
    if not counts(ctx.options, "updates"):
        return ()
    packs = _service_packs(ctx)
    ctx = after(ctx, Plan(packs))
    needed = _closed(ctx, _for_protocols(ctx))
    needed = _closed(ctx, (*needed, *_for_routes(_with(ctx, needed))))
    optional = [u for u in _closed(ctx, _for_components(_with(ctx, needed))) if u not in needed]
    ordered = sorted(needed, key=lambda u: u.order), sorted(optional, key=lambda u: u.order)
    return (
        *packs,
        *(_change(ctx, update, False) for update in ordered[0]),
        *(_change(ctx, update, not components.needed(ctx)) for update in ordered[1]),
    )


def _with(ctx: Context, updates: tuple[Update, ...]) -> Context:
    """The host with these updates and the registry values that they make possible."""
    ctx = after(ctx, Plan(tuple(_change(ctx, update, False) for update in updates)))
    return after(ctx, Plan(registry_changes.changes(ctx)))


def _service_packs(ctx: Context) -> tuple[Change, ...]:
    found: list[Change] = []
    while ctx.release is not None and any(f.remedy is Remedy.UPDATE for f in release.evaluate(ctx)):
        newer = str(ctx.release.upgrade_to)
        name = ctx.knowledge.releases[newer].name
        step = Change(ChangeKind.UPDATE, "os", f"go to {name} first", {"release": newer, "name": name})
        found.append(step)
        ctx = after(ctx, Plan((step,)))
    return tuple(found)


def _for_protocols(ctx: Context) -> tuple[Update, ...]:
    if not any(f.state is State.FAIL and f.remedy is Remedy.UPDATE for f in tls_findings(ctx)):
        return ()
    bringing = [offered_for(ctx, capability)[:1] for capability in _TLS_CAPABILITIES]
    return tuple(dict.fromkeys(update for updates in bringing for update in updates))


def _for_routes(ctx: Context) -> tuple[Update, ...]:
    """Packages without which a route would still fail: each is tried, and kept only if it helps."""
    found: list[Update] = []
    failing = _failing(ctx)
    for update in _missing(ctx):
        if not failing:
            break
        tried = _with(ctx, (update,))
        still = _failing(tried)
        if len(still) < len(failing):
            found.append(update)
            ctx, failing = tried, still
    return tuple(found)


def _failing(ctx: Context) -> tuple[str, ...]:
    return tuple(f"{j.target.host}:{j.target.port}" for j in routes.judge(ctx) if j.outcome is Outcome.FAILS)


def _missing(ctx: Context) -> tuple[Update, ...]:
    return tuple(update for update in offered_for(ctx) if not presence(ctx, update.id).present)


def _for_components(ctx: Context) -> tuple[Update, ...]:
    users = ctx.snapshot.users if isinstance(ctx.snapshot.users, tuple) else ()
    masks: list[tuple[str, EffectiveMask]] = []
    if counts(ctx.options, "winhttp"):
        masks.extend(("winhttp", winhttp(ctx, view)) for view in components.views(ctx))
    if counts(ctx.options, "wininet"):
        masks.extend(("wininet", wininet(ctx, user.root)) for user in users)
    found: list[Update] = []
    for component, mask in masks:
        _bits, add, _drop = components.asked(ctx, component, mask.mask)
        if mask.mask is not None and add and mask.honoured is False and not mask.policy:
            found.extend(offered_for(ctx, f"{component}-mask")[:1])
    return tuple(dict.fromkeys(found))


def _closed(ctx: Context, updates: tuple[Update, ...]) -> tuple[Update, ...]:
    """With everything that these require and that is not in yet."""
    found: dict[str, Update] = {}
    todo = list(updates)
    while todo:
        update = todo.pop(0)
        if update.id not in found and not presence(ctx, update.id).present:
            found[update.id] = update
            todo.extend(ctx.knowledge.updates[i] for i in update.requires)
    return tuple(found.values())


def _change(ctx: Context, update: Update, optional: bool) -> Change:
    release = ctx.release
    needs = lookup.prerequisites(update, release) if release else ()
    files = [package.file for package in lookup.packages(update, ctx.host.os, ctx.host.architecture)]
    details = {
        "kb": update.id,
        "title": update.title,
        "order": update.order,
        "requires": list(update.requires),
        "prerequisites": list(needs),
        "files": files,
    }
    return Change(ChangeKind.UPDATE, "updates", f"brings {', '.join(update.enables)}", details, optional=optional)
