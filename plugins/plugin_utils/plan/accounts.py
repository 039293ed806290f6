# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Account settings that contradict each other, or the operator's entry for the server."""

from __future__ import annotations

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import accounts as checks
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import routes
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.clients import client_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.verdict import counts, waiver_for
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailAccount, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Change, ChangeKind, Outcome, Plan
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import firewall
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.what_if import after


def changes(ctx: Context) -> tuple[Change, ...]:
    """One change per leg whose port and encryption should be others, and can be.

    Clear text stays where this host and that server would not agree on encryption: what works now must not stop.
    """
    if not counts(ctx.options, "accounts"):
        return ()
    found = {number: change for number, leg in enumerate(ctx.accounts) if (change := _change(ctx, leg))}
    if not found:
        return ()
    moved = after(ctx, Plan(tuple(found.values())))
    now, then = routes.judge(ctx), routes.judge(after(moved, Plan(firewall.changes(moved))))
    return tuple(change for number, change in found.items() if not _breaks(now[number], then[number]))


def _breaks(now: routes.Judgement, then: routes.Judgement) -> bool:
    return then.outcome is Outcome.FAILS is not now.outcome


def _change(ctx: Context, leg: MailAccount) -> Change | None:
    aim = checks.better(ctx, leg, client_of(ctx.knowledge, leg, ctx.clients))
    clear = leg.security is Security.NONE and not checks.contradicts(ctx, leg)
    check = "accounts.cleartext" if clear else "accounts.security_port"
    if aim is None or waiver_for(ctx.options, check, checks.subject(leg)):
        return None
    port, security = aim
    what = "clear text" if leg.security is Security.NONE else f"{leg.security.value} on port {leg.port}"
    details = {
        "key": leg.key,
        "user": leg.user,
        "account": leg.account,
        "protocol": leg.protocol.value,
        "server": leg.server,
        "port": port,
        "security": security.value,
        "before": {"port": leg.port, "security": leg.security.value},
    }
    return Change(ChangeKind.ACCOUNT, "accounts", f"{what} → {security.value} on port {port}", details)
