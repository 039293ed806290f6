# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a change of an account to the values that say it: server, port and encryption, all of them or none.

What is there keeps its type; a default port that is not stored stays so, and another one is made beside the rest. The
server is written first: an account that was left half done is known by that, and finished by the next run.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Iterator

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.account_rows import AccountStore, AccountValue
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import MailClient
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep, Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailAccount, MailProtocol, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    Absent,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Change, ChangeKind
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.account_places import (
    FAMILY,
    is_about_account,
    is_host_name,
    is_port,
    name_of,
    number_in,
    side_objection,
    store_of,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.selection import Withheld
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.value_steps import (
    Impossible,
    place_words,
    value_now,
    value_step,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.account_legs import DEFAULT_PORTS
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

_PARTS: t.Final = ("server", "port", "security")
_LONGEST: t.Final = 400


def place_of(change: Change) -> tuple[str, ...]:
    """What a change of an account is about: one protocol of it."""
    return str(change.details["key"]).casefold(), str(change.details["protocol"])


def account_steps(ctx: Context, change: Change) -> tuple[RegistryStep, ...]:
    """The steps of one change of kind ACCOUNT, none where everything is there already.

    :raises Impossible: not all of it can be done and undone.
    """
    key, protocol = str(change.details["key"]), MailProtocol(change.details["protocol"])
    store = store_of(ctx.knowledge, key)
    if store is None:
        raise Impossible(f"{shown(key, _LONGEST)} is no key in which a plan changes an account.")
    wanted = _Wanted(str(change.details["server"]), change.details["port"], Security(change.details["security"]))
    if not is_host_name(wanted.server) or not is_port(wanted.port):
        raise Impossible(f"{shown(key, _LONGEST)} is left as it is: it would get a server that no account can have.")
    return tuple(_steps(ctx, store, key, protocol, wanted))


class _Wanted(t.NamedTuple):
    server: str
    port: int
    security: Security


def _steps(
    ctx: Context, store: AccountStore, key: str, protocol: MailProtocol, wanted: _Wanted
) -> Iterator[RegistryStep]:
    said = False
    rows = [row for row in store.values if protocol.value in row.protocols]
    for row in sorted(rows, key=lambda row: _PARTS.index(row.part)):
        name = name_of(row, protocol)
        before = value_now(ctx, key, name)
        if why := side_objection(row, before):
            raise Impossible(f"{place_words(key, name)} is left as it is: it {why}.")
        after = _after(row, name, before, protocol, wanted)
        if store.folders and isinstance(before, Absent) and not isinstance(after, Absent):
            raise Impossible(f"{place_words(key, name)} is left as it is: the file has no such element, and gets none.")
        said |= row.part == "security" and _says(row, after, wanted.security)
        if step := value_step(ctx, FAMILY, key, name, after):
            yield step
    if not said:
        raise Impossible(f"{shown(key, _LONGEST)} is left as it is: it has no value for {wanted.security.value}.")


def _after(
    row: AccountValue, name: str, before: RegistryValue | Absent, protocol: MailProtocol, wanted: _Wanted
) -> RegistryValue | Absent:
    """What that value is to be: as it is where it need not say anything else."""
    kind = before.type if isinstance(before, RegistryValue) else RegistryType(row.types[0])
    if row.part == "server":
        binary = kind is RegistryType.BINARY
        return RegistryValue(name, kind, f"{wanted.server}\0".encode("utf-16-le") if binary else wanted.server)
    if row.part == "port":
        default = isinstance(before, Absent) and wanted.port == DEFAULT_PORTS[protocol]
        return before if default else _with_number(name, kind, before, wanted.port)
    number = (row.numbers or {}).get(wanted.security.value)
    if number is None or (isinstance(before, Absent) and wanted.security.value not in row.added):
        return before
    return _with_number(name, kind, before, number)


def _with_number(name: str, kind: RegistryType, before: RegistryValue | Absent, number: int) -> RegistryValue:
    """The value with that number; one that says it already keeps its spelling."""
    if isinstance(before, RegistryValue) and number_in(before) == number:
        return before
    return RegistryValue(name, kind, f"{number:08x}" if kind is RegistryType.SZ else number)


def _says(row: AccountValue, after: RegistryValue | Absent, security: Security) -> bool:
    """Whether a value about encryption says that word once it is so; what is not there says "none"."""
    if isinstance(after, Absent):
        return security is Security.NONE
    return (row.numbers or {}).get(security.value) == number_in(after)


def unstorable(ctx: Context, client: MailClient, leg: MailAccount, port: int, security: Security) -> str:
    """Why the client could not store that port and encryption, as the rest of a sentence; "": it can."""
    if security is Security.NONE:
        return ""
    store = store_of(ctx.knowledge, leg.key)
    if security is Security.STARTTLS and store is not None and client.account_version in store.without_starttls:
        return f"{client.name} has no setting for STARTTLS"
    if client.starttls_ports is not None:
        return _by_port(client, leg.protocol, port, security)
    rows = (
        [] if store is None else [r for r in store.values if r.part == "security" and leg.protocol.value in r.protocols]
    )
    able = any(
        security.value in (row.numbers or {}) and (security.value in row.added or _there(ctx, leg, row)) for row in rows
    )
    return "" if able else f"this account has no value that could say {security.value} for {leg.protocol.value}"


def _there(ctx: Context, leg: MailAccount, row: AccountValue) -> bool:
    return isinstance(ctx.snapshot.image.value(leg.key, name_of(row, leg.protocol)), RegistryValue)


def _by_port(client: MailClient, protocol: MailProtocol, port: int, security: Security) -> str:
    """Clients that store "secure: yes or no": the port says what that means."""
    smtp = protocol is MailProtocol.SMTP
    if smtp and port in client.starttls_unknown_ports:
        return f"what {client.name} does on port {port} with encryption ticked is not known"
    means = Security.STARTTLS if smtp and port in (client.starttls_ports or ()) else Security.IMPLICIT
    if means is security:
        return ""
    return f"encryption ticked in {client.name} means {means.value} for {protocol.value} on port {port}"


def torn(found: Iterable[tuple[Change, Step]], withheld: Iterable[Withheld]) -> tuple[Withheld, ...]:
    """Changes of accounts of which another part is withheld: an account is changed as a whole or not at all."""
    left = {str(held.change.details["key"]).casefold() for held in withheld if held.change.kind is ChangeKind.ACCOUNT}
    torn_ones: dict[tuple[str, ...], Withheld] = {}
    for change, step in found:
        if change.kind is ChangeKind.ACCOUNT and step.key.casefold() in left:
            why = f"{shown(step.key, _LONGEST)} is left as it is: another part of this account must be left."
            torn_ones.setdefault(place_of(change), Withheld(change, why))
    return tuple(torn_ones.values())


def without_part_accounts(steps: Iterable[Step], left: Iterable[Step]) -> tuple[Step, ...]:
    """The steps without those of accounts of which some step is not carried out.

    :param left: steps that somebody took out.
    """
    keys = {step.key.casefold() for step in left if is_about_account(step)}
    return tuple(step for step in steps if not (is_about_account(step) and step.key.casefold() in keys))


def is_unread(ctx: Context, key: str) -> bool:
    """Whether something of the account in that key could not be read."""
    folded = key.casefold()
    return any(what.casefold().partition(" | ")[0] == folded for what, _why in ctx.accounts_unread) or isinstance(
        ctx.snapshot.image.key(key), Unread
    )
