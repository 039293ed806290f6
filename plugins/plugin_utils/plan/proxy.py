# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxy settings that are not as the operator wishes, damaged, or in contradiction to each other."""

from __future__ import annotations

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import proxy, proxy_repair, proxy_wish
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.proxy_edits import Aim, Edit
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.proxy_settings import (
    internet_places,
    winhttp_places,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.verdict import counts, waiver_for
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Change, ChangeKind, Plan
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.what_if import after


def changes(ctx: Context) -> tuple[Change, ...]:
    """What the operator wishes first, then what is still not in order."""
    if not counts(ctx.options, "proxy"):
        return ()
    wished = (*_winhttp(ctx), *_wininet(ctx))
    return (*wished, *_consistent(after(ctx, Plan(wished))))


def _winhttp(ctx: Context) -> tuple[Change, ...]:
    wish = proxy.wish_for(ctx, "winhttp")
    found: list[Change] = []
    for place in winhttp_places(ctx):
        aim = proxy_wish.winhttp(place, wish) if wish else proxy_repair.winhttp(place)
        what = ("set" if wish.state == "set" else "switch off") if wish else "reset"
        optional = not proxy.needed(ctx, wish)
        found += _of(ctx, "proxy.winhttp", place.view, aim, f"{what} the WinHTTP proxy", optional)
    return tuple(found)


def _wininet(ctx: Context) -> tuple[Change, ...]:
    wish = proxy.wish_for(ctx, "wininet")
    places = internet_places(ctx)
    if wish is None or isinstance(places, Unread):
        return ()
    found: list[Change] = []
    for place in places:
        why = f"{'set' if wish.state == 'set' else 'switch off'} the WinINET proxy"
        found += _of(ctx, "proxy.wininet", place.subject, proxy_wish.wininet(place, wish), why, False)
    return tuple(found)


def _consistent(ctx: Context) -> tuple[Change, ...]:
    places = internet_places(ctx)
    optional = not proxy.needed(ctx)
    found: list[Change] = []
    for place in () if isinstance(places, Unread) else places:
        damaged = place.default.damaged
        why = "drop a damaged record, so that Windows makes it anew" if damaged else "say what the binary settings say"
        found += _of(ctx, "proxy.consistent", place.subject, proxy.repair(ctx, place), why, optional)
    return tuple(found)


def _of(ctx: Context, check: str, subject: str, aim: Aim, why: str, optional: bool) -> tuple[Change, ...]:
    if waiver_for(ctx.options, check, subject):
        return ()
    return tuple(_change(edit, why, optional) for edit in aim.edits)


def _change(edit: Edit, why: str, optional: bool) -> Change:
    details = {
        "key": edit.key,
        "name": edit.name,
        "type": edit.type.value,
        "data": edit.data,
        "before": shown(edit.before),
    }
    return Change(ChangeKind.PROXY, "proxy", why, details, optional=optional)
