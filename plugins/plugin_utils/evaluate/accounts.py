# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail accounts: port and encryption that contradict each other, clear text, and sign-in that a client cannot do."""

from __future__ import annotations

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.clients import client_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import MailClient
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailAccount, Security, Server
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Finding, Remedy, State
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import UserHive


def subject(account: MailAccount) -> str:
    """How findings name one leg of an account."""
    return f"{account.user}/{account.account}/{account.protocol.value}"


def declared(ctx: Context, account: MailAccount) -> Server | None:
    """The operator's entry for an account's server: same port first, else the same host and protocol."""
    fitting = [
        server
        for server in ctx.options.servers
        if server.host.casefold() == account.server.casefold() and server.protocol == account.protocol
    ]
    fitting.sort(key=lambda server: server.port != account.port)
    return fitting[0] if fitting else None


def accepted_auth(ctx: Context, host: str, protocol: str, entry: Server | None) -> tuple[tuple[str, ...] | None, str]:
    """(methods that the server takes, who says so): the operator before the table of providers; None if nobody does."""
    if entry is not None and entry.auth is not None:
        return entry.auth, "servers"
    provider = lookup.provider_of(ctx.knowledge, host)
    if provider is not None and protocol in provider.auth:
        return provider.auth[protocol], provider.name
    return None, ""


def can_sign_in(methods: tuple[str, ...] | None, client: MailClient) -> bool:
    """False where the server wants OAuth 2.0 and nothing else, and the client has none."""
    return methods is None or client.oauth or any(method != "oauth2" for method in methods)


def evaluate(ctx: Context) -> tuple[Finding, ...]:
    """One finding for each user whose accounts were asked for, and three for each leg of each account."""
    findings = [_read(ctx, user) for user in ctx.snapshot.users] if isinstance(ctx.snapshot.users, tuple) else []
    for account in ctx.accounts:
        client = client_of(ctx.knowledge, account, ctx.clients)
        entry = declared(ctx, account)
        findings.append(_security_port(ctx, account, entry))
        findings.append(_cleartext(ctx, account, entry))
        findings.append(_auth(ctx, account, client, entry))
    return tuple(findings)


def _read(ctx: Context, user: UserHive) -> Finding:
    missing = [(what, why) for what, why in ctx.accounts_unread if what.startswith(user.root)]
    return ctx.finding(
        "accounts.read",
        State.UNKNOWN if missing else State.PASS,
        observed=[what for what, _why in missing],
        effective=sum(1 for account in ctx.accounts if account.user == user.sid),
        wanted="every account",
        where=user.root,
        why=f"Accounts of this user could not be read: {missing[0][1]}." if missing else "",
        subject=user.sid,
    )


def contradicts(ctx: Context, account: MailAccount) -> bool:
    """Encryption and port do not belong together: implicit TLS on a STARTTLS port, or the reverse, or none on 993."""
    port = ctx.knowledge.ports.get(account.port)
    if port is None or port.protocol != account.protocol.value:
        return False
    if port.security == Security.IMPLICIT.value:
        return account.security in (Security.NONE, Security.STARTTLS)
    return account.security is Security.IMPLICIT


def _observed(account: MailAccount) -> dict[str, object]:
    return {"server": account.server, "port": account.port, "security": account.security.value}


def _wanted(entry: Server | None) -> dict[str, object] | None:
    return None if entry is None else {"server": entry.host, "port": entry.port, "security": entry.security.value}


def _security_port(ctx: Context, account: MailAccount, entry: Server | None) -> Finding:
    unknown = account.security is Security.UNKNOWN
    wrong = contradicts(ctx, account)
    against_entry = (
        entry is not None
        and entry.port == account.port
        and account.security
        not in (
            entry.security,
            Security.AUTO,
            Security.NONE,
        )
    )
    fail = wrong or (against_entry and not unknown)
    why = ""
    if fail:
        why = f"Port {account.port} does not go with security {account.security.value}."
    elif unknown:
        why = f"What this client does on port {account.port} with encryption ticked is not known."
    return ctx.finding(
        "accounts.security_port",
        State.FAIL if fail else State.UNKNOWN if unknown else State.PASS,
        observed=_observed(account),
        effective=account.security.value,
        wanted=_wanted(entry),
        where=account.key,
        why=why,
        subject=subject(account),
        remedy=Remedy.FIX,
    )


def _cleartext(ctx: Context, account: MailAccount, entry: Server | None) -> Finding:
    clear = account.security is Security.NONE and not contradicts(ctx, account)
    better = entry is not None and entry.security is not Security.NONE
    return ctx.finding(
        "accounts.cleartext",
        State.FAIL if clear else State.PASS,
        observed=_observed(account),
        effective="clear text" if clear else account.security.value,
        wanted=_wanted(entry) if better else "encryption",
        where=account.key,
        why="Mail and password travel in clear text." if clear else "",
        subject=subject(account),
        # Without a word from the operator nobody knows what else the server would take.
        remedy=Remedy.FIX if better else Remedy.NONE,
    )


def _auth(ctx: Context, account: MailAccount, client: MailClient, entry: Server | None) -> Finding:
    methods, says = accepted_auth(ctx, account.server, account.protocol.value, entry)
    fine = can_sign_in(methods, client)
    if methods is None:
        state, why = State.NOT_APPLICABLE, "What this server accepts is in no table and in no entry of servers."
    elif fine:
        state, why = State.PASS, ""
    else:
        state, why = State.FAIL, f"{says} wants OAuth 2.0, which {client.name} does not have."
    return ctx.finding(
        "accounts.auth",
        state,
        observed=client.name,
        effective=list(methods) if methods else None,
        wanted="a sign-in that the client can do",
        where=account.key,
        why=why,
        subject=subject(account),
        remedy=Remedy.BLOCKED,
    )
