# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A finding for each update that has to do with mail on this release."""

from __future__ import annotations

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.standing import standing
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.tls import offered_for
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.verdict import counts
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Update
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Finding, Remedy, Severity, State

#: Capabilities that SMTP, IMAP and POP3 depend on. The others (WinHTTP, WinINET) carry Autodiscover and the like.
_TLS12 = "schannel-tls12"
_FOR_MAIL = (_TLS12, "schannel-aes", "sha2-certificates")


def evaluate(ctx: Context) -> tuple[Finding, ...]:
    """Whether each offered update of this release is in. What follows from that is said by the checks it enables."""
    return tuple(_finding(ctx, update) for update in offered_for(ctx))


def _finding(ctx: Context, update: Update) -> Finding:
    stands = standing(ctx, update)
    found = stands.own
    if stands.instead is not None:
        state, why = State.NOT_APPLICABLE, f"{stands.instead} does the same"
    elif stands.coming is not None:
        state, why = State.FAIL, f"{stands.coming} does the same, and waits for a reboot"
    elif found.present is None:
        state, why = State.UNKNOWN, found.why
    else:
        state, why = (State.PASS if found.present else State.FAIL), found.why
    return ctx.finding(
        "updates.needed",
        state,
        observed=found.why,
        effective="pending a reboot" if stands.waits else found.present,
        wanted=True,
        where=ctx.path("cbs-packages"),
        why=f"{why[:1].upper()}{why[1:]}.",
        subject=update.id,
        remedy=Remedy.FIX if stands.waits else Remedy.UPDATE,
        severity=_severity(ctx, update),
    )


def _severity(ctx: Context, update: Update) -> Severity:
    """The verdict follows from what an update would enable, unless nobody asks for that (``only: [updates]``)."""
    if _TLS12 in update.enables and not counts(ctx.options, "tls"):
        return Severity.HIGH
    return Severity.LOW if any(capability in _FOR_MAIL for capability in update.enables) else Severity.INFO
