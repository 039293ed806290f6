# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every client of every user to every server: what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import accounts as account_checks
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import firewall, trust
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.clients import ANY_CLIENT, client_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.handshake import (
    Cause,
    ClientHello,
    client_hello,
    meet,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.host_names import canonical
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.verdict import counts, waiver_for
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
        """What happens to the connection: it fails if anything makes it fail, else nobody knows, else it works."""
        found = {cause.outcome for cause in self.causes}
        return next((o for o in (Outcome.FAILS, Outcome.UNKNOWN) if o in found), Outcome.WORKS)

    @property
    def why(self) -> str:
        """All causes, the worst first."""
        order = (Outcome.FAILS, Outcome.UNKNOWN)
        ordered = sorted(self.causes, key=lambda cause: order.index(cause.outcome))
        return "; ".join(clause(cause.why) + (" (waived)" if cause.waived else "") for cause in ordered)

    @property
    def counted(self) -> Judgement:
        """The same without what the operator waived."""
        return Judgement(self.target, tuple(cause for cause in self.causes if not cause.waived))


def targets(ctx: Context) -> tuple[Target, ...]:
    """A target for each leg of each account, and one for each entry of ``servers`` that no account's server matches."""
    found = [_of_account(ctx, leg) for leg in ctx.accounts]
    used = {(canonical(leg.server), leg.protocol) for leg in ctx.accounts}
    left = (server for server in ctx.options.servers if (canonical(server.host), server.protocol) not in used)
    found.extend(_of_server(ctx, server) for server in left)
    return tuple(found)


def _of_account(ctx: Context, leg: MailAccount) -> Target:
    entry = account_checks.declared(ctx, leg)
    same_port = entry if entry is not None and entry.port == leg.port else None
    return Target(
        client=client_of(ctx.knowledge, leg, ctx.clients),
        leg=leg,
        entry=entry,
        host=leg.server,
        port=leg.port,
        protocol=leg.protocol.value,
        security=leg.security,
        accepts=_acceptance(ctx, same_port),
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
        accepts=_acceptance(ctx, server),
    )


def _acceptance(ctx: Context, server: Server | None) -> Acceptance:
    """What is known of a server; for versions that nobody told, what the policy takes for granted."""
    known = server.accepts if server else None
    if known is not None and (known.tls or known.refused or known.error or known.source is Source.PROBE):
        return known
    versions = ctx.knowledge.policies[ctx.options.policy].assumed_server_tls
    tls = frozenset(Protocol(version) for version in versions)
    assumed = known or Acceptance(Source.ASSUMED)
    return replace(assumed, source=Source.ASSUMED, tls=tls, refused=frozenset(Protocol) - tls)


def judge(ctx: Context) -> tuple[Judgement, ...]:
    """Judge every target of this host."""
    hello = client_hello(ctx)
    walls = firewall.outbound(ctx)
    return tuple(Judgement(target, _causes(ctx, hello, walls, target)) for target in targets(ctx))


def _causes(ctx: Context, hello: ClientHello, walls: firewall.Outbound, target: Target) -> tuple[Cause, ...]:
    causes: list[Cause] = []
    encrypted = target.security is not Security.NONE
    if counts(ctx.options, "tls") and encrypted:
        causes.extend(_handshake(ctx, hello, target))
    if counts(ctx.options, "firewall"):
        causes.extend(_firewall(walls, target))
    if counts(ctx.options, "accounts"):
        causes.extend(_account(ctx, target))
    if counts(ctx.options, "trust") and encrypted and target.entry is not None and target.entry.port == target.port:
        causes.extend(_trust(ctx, target.entry))
    return tuple(replace(cause, waived=_waived(ctx, cause)) for cause in causes)


def _waived(ctx: Context, cause: Cause) -> bool:
    return bool(cause.about) and all(waiver_for(ctx.options, *finding) for finding in cause.about)


def _handshake(ctx: Context, hello: ClientHello, target: Target) -> tuple[Cause, ...]:
    stack = target.client.stacks.get(target.protocol, "none")
    if stack != "schannel":
        # Its TLS is not Windows' own: nothing that is read here says what it offers.
        return (Cause(Outcome.UNKNOWN, "tls", f"{target.client.name} uses its own TLS ({stack}), which is not read"),)
    return meet(ctx, hello, target.host, target.security, target.accepts)


def _firewall(walls: firewall.Outbound, target: Target) -> tuple[Cause, ...]:
    """One cause for the profiles that block, and one for those of which nobody can tell."""
    found = walls.judge(target.client.program if target.leg else None, target.port, target.host)
    blocks = tuple(v for v in found.profiles if v.passage is firewall.Passage.BLOCK)
    doubts = tuple(v for v in found.profiles if v.passage in (firewall.Passage.UNKNOWN, firewall.Passage.UNDECIDED))
    causes = []
    for outcome, verdicts in ((Outcome.FAILS, blocks), (Outcome.UNKNOWN, doubts)):
        if verdicts:
            why = firewall.PortVerdict(found.traffic, verdicts).why.replace(".;", ";")
            about = tuple(("firewall.outbound", verdict.profile.value) for verdict in verdicts)
            causes.append(Cause(outcome, "firewall", f"the firewall: {clause(why)}", blocked=True, about=about))
    return tuple(causes)


def _account(ctx: Context, target: Target) -> tuple[Cause, ...]:
    if target.leg is None:
        return _any_client(ctx, target)
    causes = []
    subject = account_checks.subject(target.leg)
    about = (("accounts.security_port", subject),)
    doubt = account_checks.doubtful(ctx, target.leg)
    if account_checks.contradicts(ctx, target.leg):
        why = f"the account uses security {target.security.value} on port {target.port}, which do not go together"
        causes.append(Cause(Outcome.FAILS, "accounts", why, about=about))
    elif doubt:
        causes.append(Cause(Outcome.UNKNOWN, "accounts", doubt, about=about))
    methods, says = account_checks.accepted_auth(ctx, target.host, target.protocol, target.entry)
    if not account_checks.can_sign_in(methods, target.client):
        why = f"{says} wants OAuth 2.0, which {target.client.name} does not have"
        about = (("accounts.auth", subject),)
        causes.append(Cause(Outcome.FAILS, "accounts", why, blocked=True, about=about))
    return tuple(causes)


def _any_client(ctx: Context, target: Target) -> tuple[Cause, ...]:
    """A server that wants OAuth 2.0 only: some client of this host that leaves TLS to SCHANNEL should have that."""
    methods, says = account_checks.accepted_auth(ctx, target.host, target.protocol, target.entry)
    mine = [found.client for found in ctx.clients if found.client.stacks.get(target.protocol) == "schannel"]
    if any(account_checks.can_sign_in(methods, client) for client in mine or [target.client]):
        return ()
    if not mine:
        why = f"{says} wants OAuth 2.0, and no mail client was found that could be asked for it"
        return (Cause(Outcome.UNKNOWN, "accounts", why),)
    names = ", ".join(dict.fromkeys(client.name for client in mine))
    why = f"{says} wants OAuth 2.0, which {names} does not have"
    return (Cause(Outcome.FAILS, "accounts", why, blocked=True),)


def _trust(ctx: Context, server: Server) -> tuple[Cause, ...]:
    causes = []
    for finding in trust.for_server(ctx, server):
        about = ((finding.id, finding.subject),)
        if finding.state is State.FAIL and finding.remedy is not Remedy.NONE:
            blocked = finding.remedy is Remedy.BLOCKED
            causes.append(Cause(Outcome.FAILS, "trust", finding.why, blocked, about=about))
        elif finding.state is State.UNKNOWN:
            causes.append(Cause(Outcome.UNKNOWN, "trust", finding.why, about=about))
    certificate = server.accepts.certificate if server.accepts else None
    if certificate is not None and certificate.trusted is False and not certificate.roots:
        why = f"the controller does not trust the certificate of {server.host}, and which root it needs is not known"
        causes.append(Cause(Outcome.UNKNOWN, "trust", why))
    return tuple(causes)
