# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail accounts: port and encryption that contradict each other, clear text, and sign-in that a client cannot do."""

from __future__ import annotations

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.clients import NOT_READ, client_of, unreadable
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, InstalledClient, clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.host_names import canonical
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import MailClient
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.account_files import file_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import (
    MailAccount,
    MailProtocol,
    Security,
    Server,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Finding, Remedy, Severity, State
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import UserHive


def subject(account: MailAccount) -> str:
    """How findings name one leg of an account."""
    return f"{account.user}/{account.account}/{account.protocol.value}"


def place(account: MailAccount) -> str:
    """Where findings say that an account is: a key, or a file."""
    return file_of(account.key) or account.key


def declared(ctx: Context, account: MailAccount) -> Server | None:
    """The operator's entry for an account's server: same port first, else the same host and protocol."""
    fitting = _entries(ctx, account)
    return fitting[0] if fitting else None


def _entries(ctx: Context, account: MailAccount) -> list[Server]:
    host = canonical(account.server)
    fitting = [s for s in ctx.options.servers if s.protocol == account.protocol and canonical(s.host) == host]
    return sorted(fitting, key=lambda server: server.port != account.port)


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
    return not methods or client.oauth or any(method != "oauth2" for method in methods)


def evaluate(ctx: Context) -> tuple[Finding, ...]:
    """One finding for each user and for each client whose accounts cannot be seen, and three for each leg."""
    users = ctx.snapshot.users
    findings = [_nobody(ctx, users)] if isinstance(users, Unread) else [_read(ctx, user) for user in users]
    findings.extend(_unreadable(ctx, found) for found in unreadable(ctx.clients))
    for account in ctx.accounts:
        client = client_of(ctx.knowledge, account, ctx.clients)
        entry = declared(ctx, account)
        findings.append(_security_port(ctx, account, client, entry))
        findings.append(_cleartext(ctx, account, client, entry))
        findings.append(_auth(ctx, account, client, entry))
    return tuple(findings)


def _nobody(ctx: Context, users: Unread) -> Finding:
    return ctx.finding(
        "accounts.read",
        State.UNKNOWN,
        observed=None,
        effective=None,
        wanted="every account",
        where="HKU",
        why=f"Who uses this host could not be read: {clause(users.why)}.",
    )


def _read(ctx: Context, user: UserHive) -> Finding:
    missing = [(what, why) for what, why in ctx.accounts_unread if f"{what}\\".startswith(f"{user.root}\\")]
    return ctx.finding(
        "accounts.read",
        State.UNKNOWN if missing else State.PASS,
        observed=[what for what, _why in missing],
        effective=sum(1 for account in ctx.accounts if account.user == user.sid),
        wanted="every account",
        where=user.root,
        why=f"Accounts of this user could not be read: {clause(missing[0][1])}." if missing else "",
        subject=user.sid,
    )


def _unreadable(ctx: Context, found: InstalledClient) -> Finding:
    """A client that perhaps nobody uses does not make the host unknown, and is named all the same."""
    return ctx.finding(
        "accounts.read",
        State.UNKNOWN,
        observed=found.client.name,
        effective=None,
        wanted="every account",
        where=found.sign,
        why=f"{found.client.name} is installed, and what accounts it has is not known: {NOT_READ}.",
        subject=f"{found.user}/{found.client.id}".removeprefix("/"),
        severity=Severity.LOW,
    )


#: Whether TLS begins with the first byte; AUTO and UNKNOWN may be either.
_TLS_FIRST = {Security.IMPLICIT: True, Security.STARTTLS: False, Security.NONE: False}


def contradicts(ctx: Context, account: MailAccount) -> bool:
    """Encryption and port do not belong together: implicit TLS on a STARTTLS port, or the reverse, or none on 993.

    What the operator says of that very port counts before the table of ports.
    """
    mine = _TLS_FIRST.get(account.security)
    entry = declared(ctx, account)
    port = ctx.knowledge.ports.get(account.port)
    if entry is not None and entry.port == account.port:
        theirs = _TLS_FIRST.get(entry.security)
    elif port is not None and port.protocol == account.protocol.value:
        theirs = port.security == Security.IMPLICIT.value
    else:
        return False
    return None not in (mine, theirs) and mine != theirs


def doubtful(ctx: Context, account: MailAccount) -> str:
    """Why nobody can tell whether encryption and port go together; "" where that can be told."""
    if account.security is Security.UNKNOWN:
        return f"what this client does on port {account.port} with encryption ticked is not known"
    entry = declared(ctx, account)
    plain = entry is not None and entry.port == account.port and entry.security is Security.NONE
    if plain and account.security is Security.STARTTLS:
        return f"the account wants encryption on port {account.port}, where servers names none"
    return ""


def better(ctx: Context, account: MailAccount, client: MailClient) -> tuple[int, Security] | None:
    """Port and encryption that the account should have instead, if the client can store them; None: leave it.

    Only where they contradict each other, or where clear text could be encrypted. Never less encryption than now.
    """
    entries = [(s.port, s.security) for s in _entries(ctx, account)]
    aims = entries if account.security is Security.NONE or contradicts(ctx, account) else []
    if contradicts(ctx, account) and declared(ctx, account) is None:
        aims = _usual(ctx, account)
    return next(((p, s) for p, s in aims if s is not Security.NONE and _storable(client, account, p, s)), None)


def _usual(ctx: Context, account: MailAccount) -> list[tuple[int, Security]]:
    """What goes with the port that the account has, then implicit TLS on the port for that."""
    rows = [row for row in ctx.knowledge.ports.values() if row.protocol == account.protocol.value]
    rows = [row for row in rows if row.port == account.port or row.security == Security.IMPLICIT.value]
    rows.sort(key=lambda row: row.port != account.port)
    return [(row.port, Security(row.security)) for row in rows]


def _storable(client: MailClient, account: MailAccount, port: int, security: Security) -> bool:
    """Outlook Express and its successors store "secure: yes or no", and the port says what that means."""
    if client.starttls_ports is None:
        return True
    starttls = account.protocol is MailProtocol.SMTP and port in client.starttls_ports
    unknown = account.protocol is MailProtocol.SMTP and port in client.starttls_unknown_ports
    return not unknown and security is (Security.STARTTLS if starttls else Security.IMPLICIT)


def _observed(account: MailAccount) -> dict[str, object]:
    return {"server": account.server, "port": account.port, "security": account.security.value}


def _wanted(entry: Server | None) -> dict[str, object] | None:
    return None if entry is None else {"server": entry.host, "port": entry.port, "security": entry.security.value}


def _security_port(ctx: Context, account: MailAccount, client: MailClient, entry: Server | None) -> Finding:
    fail, doubt = contradicts(ctx, account), doubtful(ctx, account)
    if fail:
        why = f"Port {account.port} does not go with security {account.security.value}."
    else:
        why = f"{doubt[:1].upper()}{doubt[1:]}." if doubt else ""
    return ctx.finding(
        "accounts.security_port",
        State.FAIL if fail else State.UNKNOWN if doubt else State.PASS,
        observed=_observed(account),
        effective=account.security.value,
        wanted=_wanted(entry),
        where=place(account),
        why=why,
        subject=subject(account),
        remedy=Remedy.FIX if better(ctx, account, client) else Remedy.RELAY,
    )


def _cleartext(ctx: Context, account: MailAccount, client: MailClient, entry: Server | None) -> Finding:
    clear = account.security is Security.NONE and not contradicts(ctx, account)
    encrypted = entry is not None and entry.security is not Security.NONE
    return ctx.finding(
        "accounts.cleartext",
        State.FAIL if clear else State.PASS,
        observed=_observed(account),
        effective="clear text" if clear else account.security.value,
        wanted=_wanted(entry) if encrypted else "encryption",
        where=place(account),
        why="Mail and password travel in clear text." if clear else "",
        subject=subject(account),
        # Without a word from the operator nobody knows what else the server would take.
        remedy=Remedy.FIX if better(ctx, account, client) else Remedy.NONE,
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
        where=place(account),
        why=why,
        subject=subject(account),
        remedy=Remedy.BLOCKED,
    )
