# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which update packages a host needs, in the order of installation, and not one more."""

from __future__ import annotations

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import components, release, routes
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.effective import EffectiveMask, winhttp, wininet
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.standing import alternative, standing
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.tls import evaluate as tls_findings
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.tls import offered_for
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.verdict import counts, waiver_for
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
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import settings
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.what_if import after

_CHECK = "updates.needed"
#: Families of what updates bring, and their own.
_ABOUT_UPDATES = ("updates", "tls", "winhttp", "wininet")
_TLS_CAPABILITIES = ("schannel-tls12", "schannel-tls11")


def waiting(ctx: Context) -> tuple[Update, ...]:
    """Updates that are installed and wait for a reboot: nothing has to be installed again.

    They matter to settings, too, so that they count where only those are asked for. Another one that does the same and
    waits counts as well.
    """
    if not any(counts(ctx.options, family) for family in _ABOUT_UPDATES):
        return ()
    ctx = after(ctx, Plan(_service_packs(ctx)))
    return tuple(update for update in offered_for(ctx) if standing(ctx, update).waits)


def serves_routes(ctx: Context, update: Update) -> bool:
    """Whether any route could need it; what only HTTP needs is optional, unless an account speaks HTTP."""
    return any(
        not capability.endswith("-mask") or components.needed(ctx, capability.removesuffix("-mask"))
        for capability in update.enables
    )


def changes(ctx: Context) -> tuple[Change, ...]:
    """Service pack first, then packages that routes need, then optional ones."""
    if not counts(ctx.options, "updates"):
        return ()
    packs = _service_packs(ctx)
    ctx = after(ctx, Plan(packs))
    needed = _closed(ctx, _for_protocols(ctx))
    needed = _closed(ctx, (*needed, *_for_routes(ctx, needed)))
    for_http = _for_components(_with(ctx, needed))
    required = _closed(ctx, tuple(update for update in for_http if serves_routes(ctx, update)))
    needed = tuple(dict.fromkeys((*needed, *required)))
    optional = tuple(update for update in _closed(ctx, for_http) if update not in needed)
    return (
        *packs,
        *(_change(ctx, update, False) for update in sorted(needed, key=lambda u: u.order)),
        *(_change(ctx, update, True) for update in sorted(optional, key=lambda u: u.order)),
    )


def _with(ctx: Context, updates: tuple[Update, ...]) -> Context:
    """The host with these updates and with the settings that they make possible."""
    ctx = after(ctx, Plan(tuple(_change(ctx, update, False) for update in _closed(ctx, updates))))
    return after(ctx, Plan(settings.changes(ctx)))


def _service_packs(ctx: Context) -> tuple[Change, ...]:
    if waiver_for(ctx.options, "os.service_pack"):
        return ()
    found: list[Change] = []
    while ctx.release is not None and any(f.remedy is Remedy.UPDATE for f in release.evaluate(ctx)):
        newer = str(ctx.release.upgrade_to)
        name = ctx.knowledge.releases[newer].name
        step = Change(ChangeKind.UPDATE, "os", f"go to {name} first", {"release": newer, "name": name})
        found.append(step)
        ctx = after(ctx, Plan((step,)))
    return tuple(found)


def _installable(ctx: Context, update: Update) -> bool:
    """Not in, in no other guise either, fit for this architecture, and not waived."""
    found = presence(ctx, update.id)
    if found.present or found.pending or alternative(ctx, update) or waiver_for(ctx.options, _CHECK, update.id):
        return False
    unknown = ctx.host.architecture == "unknown"
    return unknown or not update.packages or bool(lookup.packages(update, ctx.host.os, ctx.host.architecture))


def _bringing(ctx: Context, capability: str) -> tuple[Update, ...]:
    """The first update that brings it, if it can be installed here."""
    return tuple(update for update in offered_for(ctx, capability)[:1] if _installable(ctx, update))


def _for_protocols(ctx: Context) -> tuple[Update, ...]:
    missing = [f for f in tls_findings(ctx) if f.state is State.FAIL and f.remedy is Remedy.UPDATE]
    if all(waiver_for(ctx.options, finding.id) for finding in missing):
        return ()
    bringing = [_bringing(ctx, capability) for capability in _TLS_CAPABILITIES]
    return tuple(dict.fromkeys(update for updates in bringing for update in updates))


def _for_routes(ctx: Context, needed: tuple[Update, ...]) -> tuple[Update, ...]:
    """The fewest further packages with which as many routes work as with all of them."""
    kept = tuple(update for update in offered_for(ctx) if update not in needed and _installable(ctx, update))
    if not kept or not (failing := _failing(_with(ctx, needed))):
        return ()
    best = _failing(_with(ctx, (*needed, *kept)))
    if best == failing:
        return ()
    for update in reversed(kept):
        fewer = tuple(one for one in kept if one is not update)
        if _failing(_with(ctx, (*needed, *fewer))) == best:
            kept = fewer
    return kept


def _failing(ctx: Context) -> frozenset[int]:
    """The targets that fail, by their place in the list, which no plan changes."""
    judged = enumerate(routes.judge(ctx))
    return frozenset(number for number, found in judged if found.counted.outcome is Outcome.FAILS)


def _for_components(ctx: Context) -> tuple[Update, ...]:
    users = ctx.snapshot.users if isinstance(ctx.snapshot.users, tuple) else ()
    masks: list[tuple[str, str, EffectiveMask]] = []
    if counts(ctx.options, "winhttp"):
        masks.extend(("winhttp", view, winhttp(ctx, view)) for view in components.views(ctx))
    if counts(ctx.options, "wininet"):
        masks.extend(("wininet", user.sid, wininet(ctx, user.root)) for user in users)
    found: list[Update] = []
    for component, subject, mask in masks:
        _bits, add, _drop = components.asked(ctx, component, mask.mask)
        if waiver_for(ctx.options, f"{component}.mask", subject):
            continue
        if mask.mask is not None and add and mask.honoured is False and not mask.policy:
            found.extend(_bringing(ctx, f"{component}-mask"))
    return tuple(dict.fromkeys(found))


def _closed(ctx: Context, updates: tuple[Update, ...]) -> tuple[Update, ...]:
    """With everything that these require and that is not in yet."""
    found: dict[str, Update] = {}
    todo = list(updates)
    while todo:
        update = todo.pop(0)
        known = presence(ctx, update.id)
        if update.id not in found and not known.present and not known.pending:
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
