# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be verified on one host, and what the answers of controller and host amount to together."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.host_names import canonical
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.routes import targets as route_targets
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Security, Source
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Outcome
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.verification import (
    ControllerAnswer,
    HostReport,
    Proof,
    VerifyTarget,
    Wanting,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import Audit

#: Servers that are verified at most: their names come from hosts, and each is a connection to somewhere.
MOST: t.Final = 50

_HOST_OUTCOMES: t.Final = {
    Proof.WORKS: Outcome.WORKS,
    Proof.FAILS: Outcome.FAILS,
    Proof.NOTHING: Outcome.UNKNOWN,
}


def targets(ctx: Context, audit: Audit) -> tuple[tuple[VerifyTarget, ...], tuple[VerifyTarget, ...]]:
    """(to be verified, left out because there are too many): every server of every route of the audit, once."""
    found: dict[tuple[str, int, str, Security], VerifyTarget] = {}
    for wanted, route in zip(route_targets(ctx), audit.routes, strict=True):
        one = Wanting(wanted.user, wanted.client.id, wanted.account, route.now)
        key = (canonical(wanted.host), wanted.port, wanted.protocol, wanted.security)
        known = found.get(key)
        told = known is not None and known.accepts.source is not Source.ASSUMED
        accepts = known.accepts if known is not None and told else wanted.accepts
        others = known.wanted_by if known is not None else ()
        found[key] = VerifyTarget(wanted.host, wanted.port, wanted.protocol, wanted.security, accepts, (*others, one))
    everything = tuple(found.values())
    return everything[:MOST], everything[MOST:]


@dataclass(frozen=True, slots=True)
class Answers:
    """All that came back for the targets of one host.

    ``controller``: one per target, in their order, or None: not asked. ``host``: None: not asked, and ``host_why`` says
    why, if there is a reason. ``refusals``: one per target: why the host could not be asked about it, or "".
    """

    targets: tuple[VerifyTarget, ...]
    left_out: tuple[VerifyTarget, ...]
    controller: tuple[ControllerAnswer, ...] | None
    host: HostReport | None
    refusals: tuple[str, ...]
    host_wanted: bool
    host_why: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What is known of one side of a target: of the controller's or of the host's."""

    outcome: Outcome
    why: str


def of_controller(answer: ControllerAnswer) -> Result:
    """A handshake counts as good only where the certificate is too: a mail client looks at both."""
    if not answer.tried:
        return Result(Outcome.UNKNOWN, answer.error or "")
    if answer.error is not None:
        return Result(Outcome.FAILS, f"from the controller: {answer.error}")
    if answer.certificate is not None and not answer.certificate.trusted:
        why = f"the controller does not trust the certificate: {answer.certificate.trust_error}"
        return Result(Outcome.UNKNOWN, why)
    return Result(Outcome.WORKS, "")


def of_host(proof: Proof, why: str) -> Result:
    """What the host's own answer proves."""
    return Result(_HOST_OUTCOMES[proof], "" if proof is Proof.WORKS else f"from the host: {why}")


def together(controller: Result | None, host: Result | None) -> Result:
    """Both sides of a target; None: that side was not asked.

    What the host proves counts, since it is the host that has to connect. Where it proves nothing, a failure of the
    controller is a failure, but a success is no proof for the host.
    """
    asked = [side for side in (host, controller) if side is not None]
    if not asked:
        return Result(Outcome.UNKNOWN, "nobody was asked")
    if host is not None and host.outcome is not Outcome.UNKNOWN:
        return host
    if controller is not None and controller.outcome is Outcome.FAILS:
        return controller
    unknown = [side for side in asked if side.outcome is Outcome.UNKNOWN]
    return Result(Outcome.UNKNOWN, "; ".join(side.why for side in unknown)) if unknown else asked[0]


#: One word for a host: the first that any of its targets has.
VERDICTS: t.Final = ((Outcome.FAILS, "failed"), (Outcome.UNKNOWN, "unknown"), (Outcome.WORKS, "ok"))


def verdict(outcomes: t.Collection[Outcome], *, complete: bool) -> str:
    """One of failed, unknown and ok. ``complete``: nothing was left out; without any target nothing is known."""
    found = {*outcomes} | (set() if complete and outcomes else {Outcome.UNKNOWN})
    return next(word for outcome, word in VERDICTS if outcome in found)
