# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Account settings that contradict each other, or the operator's entry for the server."""

from __future__ import annotations

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import accounts as checks
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.verdict import counts
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailAccount, Security, Server
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Change, ChangeKind


def changes(ctx: Context) -> tuple[Change, ...]:
    """One change per leg whose port and encryption should be others."""
    if not counts(ctx.options, "accounts"):
        return ()
    found = (_change(ctx, leg, checks.declared(ctx, leg)) for leg in ctx.accounts)
    return tuple(change for change in found if change is not None)


def _change(ctx: Context, leg: MailAccount, entry: Server | None) -> Change | None:
    clear = leg.security is Security.NONE
    wrong = checks.contradicts(ctx, leg)
    if entry is not None:
        fits = leg.security in (entry.security, Security.AUTO, Security.UNKNOWN) or entry.security is Security.NONE
        if not wrong and leg.port == entry.port and fits:
            return None
        port, security = entry.port, entry.security
    elif wrong:
        port, security = leg.port, Security(ctx.knowledge.ports[leg.port].security)
    else:
        return None
    what = "clear text" if clear else f"{leg.security.value} on port {leg.port}"
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
