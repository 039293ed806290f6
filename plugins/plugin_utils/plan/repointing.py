# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts whose servers are reached by a relay: server, port and encryption become those of the relay, together.

An account is changed as a whole or left alone, and what is left alone is named. A relay passes the sign-in through as
it is: it cannot help where a server wants OAuth 2.0, and accounts that may use that are not touched.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import accounts as checks
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import routes
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.clients import client_of, express
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.host_names import canonical
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.verdict import counts
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailAccount, MailProtocol, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Change, ChangeKind, Outcome, Plan
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import firewall
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.account_places import (
    is_host_name,
    is_port,
    store_of,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.account_steps import is_unread, unstorable
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.consents import CLEARTEXT_LEG
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.what_if import after
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.account_legs import PREFIX, AccountReading
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.accounts import (
    account_paths,
    outlook_accounts,
    outlook_express_accounts,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import quoted
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

_OAUTH: t.Final = "oauth2"
_LONGEST: t.Final = 200
_OTHERS: t.Final = {
    "exchange": "it is an Exchange account, which speaks HTTP and no protocol of a relay",
    "eas": "it is an Exchange ActiveSync account, which speaks HTTP and no protocol of a relay",
    "httpmail": "it is an HTTP mail account, which speaks no protocol of a relay",
}


@dataclass(frozen=True, slots=True)
class RelayEnd:
    """One relay as an account sees it: what goes to ``server``:``port`` is to go to ``host``:``listen_port`` instead.

    ``security``: how clients talk to the relay.

    :raises ValueError: a name is no host name, a port none, or the security nothing that an account can be set to.
    """

    server: str
    port: int
    protocol: MailProtocol
    host: str
    listen_port: int
    security: Security

    def __post_init__(self) -> None:
        for name in (self.server, self.host):
            if not is_host_name(name):
                raise ValueError(f"A relay needs the name or the IPv4 address of a host, not {quoted(name)}.")
        for port in (self.port, self.listen_port):
            if not is_port(port):
                raise ValueError(f"A relay needs a port from 1 to 65535, not {port!r}.")
        if self.security in (Security.AUTO, Security.UNKNOWN):
            raise ValueError(f"A relay is talked to with security none, implicit or starttls, not {self.security}.")

    def is_upstream_of(self, leg: MailAccount) -> bool:
        """Whether that leg goes to what the relay stands for."""
        return self._fits(leg, self.server, self.port)

    def is_begun_for(self, leg: MailAccount) -> bool:
        """Whether that leg may be left over from a run that broke off: the server is always written first."""
        return self._fits(leg, self.host, self.port)

    def is_end_of(self, leg: MailAccount) -> bool:
        """Whether that leg goes to the relay already, encrypted in whatever way."""
        return self._fits(leg, self.host, self.listen_port)

    def _fits(self, leg: MailAccount, server: str, port: int) -> bool:
        return leg.protocol is self.protocol and leg.port == port and canonical(leg.server) == canonical(server)


@dataclass(frozen=True, slots=True)
class Repointing:
    """``changes``: of kind ACCOUNT, one per leg. ``left``: a sentence for each account that is left alone, and why."""

    changes: tuple[Change, ...] = ()
    left: tuple[str, ...] = ()


def repointings(ctx: Context, relays: tuple[RelayEnd, ...]) -> Repointing:
    """What has to change so that accounts reach their servers through these relays. Of several that fit, the first.

    An account that goes there already is not changed. One that no relay is meant for is not mentioned.
    """
    if not relays:
        return Repointing()
    if not counts(ctx.options, "accounts"):
        return Repointing(left=("Accounts are left as they are: only or skip leave them out.",))
    by_key: dict[str, list[MailAccount]] = {}
    for leg in ctx.accounts:
        by_key.setdefault(leg.key.casefold(), []).append(leg)
    found: list[Change] = []
    left = [*_nobody(ctx), *_others(ctx)]
    for legs in by_key.values():
        aims = [(leg, relay) for leg in legs if (relay := _relay_of(leg, relays))]
        whys = [why for leg, relay in aims if (why := _objection(ctx, leg, relay))] or _nearly(legs, aims, relays)
        left += [f"{_words(legs[0])} is left as it is: {clause(why)}." for why in whys[:1]]
        # Whoever does not consent to one half of an account gets none of it.
        clear = any(relay.security is Security.NONE for _leg, relay in aims)
        found += [] if whys else [_change(leg, relay, CLEARTEXT_LEG if clear else None) for leg, relay in aims]
    blocked = _blocked(ctx, found)
    left += [
        f"{account_words(c.details)} is left as it is: {clause(blocked[_key(c)])}." for c in _first(found, blocked)
    ]
    return Repointing(tuple(change for change in found if _key(change) not in blocked), tuple(left))


def repointed(ctx: Context, found: Repointing) -> Context:
    """The host with these accounts: what else it needs then (a firewall rule for the relay's port) is seen there."""
    return after(ctx, Plan(found.changes))


def account_words(details: Mapping[str, t.Any]) -> str:
    """How sentences name the account that a change is about."""
    return _named(str(details["account"]), str(details["user"]))


def _words(leg: MailAccount) -> str:
    return _named(leg.account, leg.user)


def _named(account: str, user: str) -> str:
    return f"The account {shown(account, _LONGEST)!r} of {user}"


def _key(change: Change) -> str:
    return str(change.details["key"]).casefold()


def _first(changes: Iterable[Change], keys: Iterable[str]) -> list[Change]:
    """The first change of each of these accounts."""
    firsts: dict[str, Change] = {}
    for change in changes:
        firsts.setdefault(_key(change), change)
    return [firsts[key] for key in keys]


def _relay_of(leg: MailAccount, relays: tuple[RelayEnd, ...]) -> RelayEnd | None:
    """The relay that this leg is to go to and does not, or not with the right encryption; None: leave it."""
    end = next((relay for relay in relays if relay.is_end_of(leg)), None)
    if end is not None:
        return None if leg.security is end.security else end
    begun = _begun(leg, relays)
    fitting = [relay for relay in relays if relay.is_upstream_of(leg)] or (begun if len(begun) == 1 else [])
    return fitting[0] if fitting else None


def _begun(leg: MailAccount, relays: tuple[RelayEnd, ...]) -> list[RelayEnd]:
    """The relays to which a run that broke off may have wanted to bring that leg."""
    return [relay for relay in relays if relay.is_begun_for(leg) and not any(one.is_end_of(leg) for one in relays)]


def _nearly(legs: list[MailAccount], aims: object, relays: tuple[RelayEnd, ...]) -> list[str]:
    """Where no relay fits, but one is for the same server: people ask why that account was not touched."""
    if aims:
        return []
    torn = (
        "an earlier run that broke off changed its server, and which relay it was to go to cannot be told: roll it back"
    )
    if any(_begun(leg, relays) for leg in legs):
        return [torn]
    return [
        f"it uses port {leg.port} of {shown(leg.server)}, and the relay stands for port {relay.port}"
        for leg in legs
        for relay in relays
        if leg.protocol is relay.protocol
        and canonical(leg.server) == canonical(relay.server)
        and not relay.is_end_of(leg)
    ]


def _nobody(ctx: Context) -> list[str]:
    """What could not be read at all."""
    users = ctx.snapshot.users
    found = [f"No account was looked at: {clause(users.why)}."] if isinstance(users, Unread) else []
    return found + [
        f"Nothing is changed in {shown(what, _LONGEST)}: {clause(why)}." for what, why in ctx.accounts_unread
    ]


def _others(ctx: Context) -> list[str]:
    """Accounts that speak no protocol of a relay."""
    paths = account_paths(ctx.knowledge.registry)
    found = []
    for user in ctx.snapshot.users if not isinstance(ctx.snapshot.users, Unread) else ():
        reading: AccountReading = outlook_accounts(ctx.snapshot.image, user, paths)
        reading += outlook_express_accounts(ctx.snapshot.image, user, paths, express(ctx.knowledge))
        for kind, _colon, name in (other.partition(": ") for other in reading.others):
            found.append(f"{_named(name, user.sid)} is left as it is: {_OTHERS[kind]}.")
    return found


def _objection(ctx: Context, leg: MailAccount, relay: RelayEnd) -> str:
    """Why this leg, and so its account, must be left alone; "": nothing speaks against it."""
    if store_of(ctx.knowledge, leg.key) is None:
        return "it stands in a key in which no account is changed, or whose name no command may hold"
    if is_unread(ctx, leg.key):
        return "a part of it could not be read"
    if not is_host_name(leg.server):
        return f"its server {shown(leg.server)!r} is not the name of a host, so it could not be put back for sure"
    client = client_of(ctx.knowledge, leg, ctx.clients)
    methods, says = _sign_in(ctx, leg, relay)
    if methods and not checks.can_sign_in(methods, client):
        return f"{says} wants OAuth 2.0, which {client.name} does not have, and a relay does not add it"
    if methods and _OAUTH in methods and (client.oauth or set(methods) == {_OAUTH}):
        return f"{says} takes OAuth 2.0, and whether this account uses it cannot be told (auth in servers says so)"
    return unstorable(ctx, client, leg, relay.listen_port, relay.security)


def _sign_in(ctx: Context, leg: MailAccount, relay: RelayEnd) -> tuple[tuple[str, ...] | None, str]:
    """What the server behind the relay accepts: of a leg that is half done, too."""
    original = replace(leg, server=relay.server, port=relay.port)
    return checks.accepted_auth(ctx, relay.server, leg.protocol.value, checks.declared(ctx, original))


def _change(leg: MailAccount, relay: RelayEnd, consent: str | None) -> Change:
    details = {
        "key": leg.key,
        "name": f"{PREFIX[leg.protocol]} Server",
        "user": leg.user,
        "account": leg.account,
        "protocol": leg.protocol.value,
        "server": relay.host,
        "port": relay.listen_port,
        "security": relay.security.value,
        "before": {"server": leg.server, "port": leg.port, "security": leg.security.value},
    }
    why = f"reach {relay.server} port {relay.port} through the relay {relay.host} port {relay.listen_port}"
    why += "; mail and password travel to the relay in clear text" if relay.security is Security.NONE else ""
    return Change(ChangeKind.ACCOUNT, "accounts", why, details, consent=consent)


def _blocked(ctx: Context, changes: list[Change]) -> dict[str, str]:
    """Accounts that a firewall would keep from the relay, whatever we may change of it; key → why."""
    if not changes:
        return {}
    moved = after(ctx, Plan(tuple(changes)))
    then = routes.judge(after(moved, Plan(firewall.changes(moved))))
    legs = {(str(change.details["key"]), change.details["protocol"]) for change in changes}
    found: dict[str, str] = {}
    for judgement in then:
        leg = judgement.target.leg
        if leg is not None and (leg.key, leg.protocol.value) in legs:
            for cause in judgement.causes:
                if cause.family == "firewall" and cause.outcome is Outcome.FAILS and not cause.waived:
                    found.setdefault(leg.key.casefold(), cause.why)
    return found
