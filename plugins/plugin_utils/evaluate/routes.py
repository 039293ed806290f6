# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every client of every user to every server: what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import accounts as account_checks
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import firewall, trust
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.clients import ANY_CLIENT, client_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.effective import schannel
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.handshake import Cause, ClientHello, meet
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.suites import offer
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.verdict import counts
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import MailClient
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import (
    Acceptance,
    MailAccount,
    Protocol,
    Security,
    Server,
    Source,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Outcome, Remedy, State


@dataclass(frozen=True, slots=True)
class Target:
    """One client that wants one server. ``leg`` is None for an entry of ``servers`` that no account names."""

    client: MailClient
    leg: MailAccount | None
    entry: Server | None
    host: str
    port: int
    protocol: str
    security: Security
    accepts: Acceptance

    @property
    def user(self) -> str:
        return self.leg.user if self.leg else "*"

    @property
    def account(self) -> str:
        return self.leg.account if self.leg else ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A target and all that stands in its way; nothing: it works."""

    target: Target
    causes: tuple[Cause, ...]

    @property
    def outcome(self) -> Outcome:
        found = {cause.outcome for cause in self.causes}
        return next((o for o in (Outcome.FAILS, Outcome.UNKNOWN) if o in found), Outcome.WORKS)

    @property
    def why(self) -> str:
        order = (Outcome.FAILS, Outcome.UNKNOWN)
        return "; ".join(cause.why for cause in sorted(self.causes, key=lambda cause: order.index(cause.outcome)))


def targets(ctx: Context) -> tuple[Target, ...]:
    """A target for each leg of each account, and one for each entry of ``servers`` that no account names."""
    found = [_of_account(ctx, leg) for leg in ctx.accounts]
    used = {leg.server.casefold() for leg in ctx.accounts}
    found.extend(_of_server(ctx, server) for server in ctx.options.servers if server.host.casefold() not in used)
    return tuple(found)


def _of_account(ctx: Context, leg: MailAccount) -> Target:
    entry = account_checks.declared(ctx, leg)
    known = entry if entry is not None and entry.port == leg.port else None
    return Target(
        client=client_of(ctx.knowledge, leg, ctx.clients),
        leg=leg,
        entry=entry,
        host=leg.server,
        port=leg.port,
        protocol=leg.protocol.value,
        security=leg.security,
        accepts=(known.accepts if known else None) or _assumed(ctx),
    )


def _of_server(ctx: Context, server: Server) -> Target:
    return Target(
        client=ctx.knowledge.clients[ANY_CLIENT],
        leg=None,
        entry=server,
        host=server.host,
        port=server.port,
        protocol=server.protocol.value,
        security=server.security,
        accepts=server.accepts or _assumed(ctx),
    )


def _assumed(ctx: Context) -> Acceptance:
    """What the policy takes for granted of a server that nobody described or probed."""
    versions = ctx.knowledge.policies[ctx.options.policy].assumed_server_tls
    tls = frozenset(Protocol(version) for version in versions)
    return Acceptance(source=Source.ASSUMED, tls=tls, refused=frozenset(Protocol) - tls)


def judge(ctx: Context) -> tuple[Judgement, ...]:
    """Judge every target of this host."""
    hello = ClientHello(schannel(ctx), offer(ctx))
    walls = firewall.outbound(ctx)
    return tuple(Judgement(target, _causes(ctx, hello, walls, target)) for target in targets(ctx))


def _causes(ctx: Context, hello: ClientHello, walls: firewall.Outbound, target: Target) -> tuple[Cause, ...]:
    causes: list[Cause] = []
    if counts(ctx.options, "tls") and target.security is not Security.NONE:
        causes.extend(_handshake(ctx, hello, target))
    if counts(ctx.options, "firewall"):
        causes.extend(_firewall(walls, target))
    if counts(ctx.options, "accounts"):
        causes.extend(_account(ctx, target))
    if counts(ctx.options, "trust") and target.entry is not None and target.security is not Security.NONE:
        causes.extend(_trust(ctx, target.entry))
    return tuple(causes)


def _handshake(ctx: Context, hello: ClientHello, target: Target) -> tuple[Cause, ...]:
    stack = target.client.stacks.get(target.protocol, "none")
    if stack != "schannel":
        # Its TLS is not Windows' own: nothing that is read here says what it offers.
        return (Cause(Outcome.UNKNOWN, "tls", f"{target.client.name} uses its own TLS ({stack}), which is not read"),)
    return meet(ctx, hello, target.host, target.security, target.accepts)


def _firewall(walls: firewall.Outbound, target: Target) -> tuple[Cause, ...]:
    program = target.client.program if target.leg else None
    found = walls.judge(program, target.port, target.host)
    if found.passage is firewall.Passage.ALLOW:
        return ()
    outcome = Outcome.FAILS if found.passage is firewall.Passage.BLOCK else Outcome.UNKNOWN
    return (Cause(outcome, "firewall", f"the firewall: {found.why}", blocked=True),)


def _account(ctx: Context, target: Target) -> tuple[Cause, ...]:
    causes = []
    if target.leg is not None and account_checks.contradicts(ctx, target.leg):
        causes.append(
            Cause(
                Outcome.FAILS,
                "accounts",
                f"the account uses security {target.security.value} on port {target.port}, which do not go together",
                blocked=True,
            )
        )
    if target.security is Security.UNKNOWN:
        why = f"what {target.client.name} does on port {target.port} with encryption ticked is not known"
        causes.append(Cause(Outcome.UNKNOWN, "accounts", why))
    methods, says = account_checks.accepted_auth(ctx, target.host, target.protocol, target.entry)
    if target.leg is not None and not account_checks.can_sign_in(methods, target.client):
        why = f"{says} wants OAuth 2.0, which {target.client.name} does not have"
        causes.append(Cause(Outcome.FAILS, "accounts", why, blocked=True))
    return tuple(causes)


def _trust(ctx: Context, server: Server) -> tuple[Cause, ...]:
    causes = []
    for finding in trust.for_server(ctx, server):
        if finding.state is State.FAIL and finding.remedy is not Remedy.NONE:
            causes.append(Cause(Outcome.FAILS, "trust", finding.why, finding.remedy is Remedy.BLOCKED))
        elif finding.state is State.UNKNOWN:
            causes.append(Cause(Outcome.UNKNOWN, "trust", finding.why))
    return tuple(causes)
