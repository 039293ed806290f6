# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a smarthost is to do, as the operator writes it: read, completed, or refused with the reason.

What passes here may stand in a configuration file: every pattern is closed. No sentence ever shows the password.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.host_names import is_address
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailProtocol, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.consents import CLEARTEXT_LEG
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import (
    OptionError,
    boolean,
    choice,
    mapping,
    only_keys,
    quoted,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.server_options import parse_host
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import fields, refusals
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.fields import Endpoint, Network, Reader, several
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import Inbound, Relay, RelayError

_SECURITY: t.Final = (Security.IMPLICIT.value, Security.STARTTLS.value)
#: A line of a table of Postfix ends at a line break, and blanks at its end are lost.
_SECRET: t.Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,500}")
#: Of RFC 5321's atoms: neither what begins a comment nor what Postfix expands or quotes.
_LOCAL: t.Final = re.compile(r"[A-Za-z0-9!%&*+/=?^_{|}~-]+(?:\.[A-Za-z0-9!%&*+/=?^_{|}~-]+)*")
_DIGITS: t.Final = re.compile(r"[0-9]{1,9}")
_MOST: t.Final = 5000
NULL_SENDER: t.Final = "<>"
#: Field → (least, most, where nothing is said).
NUMBERS: t.Final[Mapping[str, tuple[int, int, int]]] = {
    "message_mib": (1, 1024, 50),
    "recipients": (1, 5000, 200),
    "client_connections": (1, 1000, 20),
    "client_messages": (1, 100_000, 300),
    "upstream_connections": (2, 100, 5),
    "queue_days": (1, 30, 5),
    "retry_seconds": (5, 3600, 60),
    "retry_most_seconds": (5, 14_400, 600),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """The provider's server. ``host``: DNS name that its certificate must have; ``addresses``: where to connect instead

    of asking DNS; ``ca_file``: absolute path on the relay, None for the system's roots.
    """

    host: str
    port: int
    security: Security
    user: str
    password: str = field(repr=False)
    ca_file: str | None = None
    addresses: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[Endpoint, ...]:
        """Where to connect, best first."""
        return tuple(Endpoint(host, self.port) for host in self.addresses or (self.host,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Smarthost:
    """One relay that keeps mail. ``senders``: addresses, domains and ``<>`` that may send, () for all.

    ``numbers``: those of NUMBERS, complete; ``hide_clients``: their names and addresses stay out of what is sent on.
    """

    upstream: Upstream
    listen: tuple[Endpoint, ...]
    allow: tuple[Network, ...]
    hostname: str
    senders: tuple[str, ...] = ()
    hide_clients: bool = True
    any_address: bool = False
    any_source: bool = False
    numbers: Mapping[str, int] = field(default_factory=lambda: {name: row[2] for name, row in NUMBERS.items()})


def _number(option: str, raw: object) -> int:
    least, most, _default = NUMBERS[option]
    found = int(raw) if isinstance(raw, str) and raw.isascii() and _DIGITS.fullmatch(raw) else raw
    if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= most:
        raise OptionError(f"{option}: {quoted(raw)} is not a number from {least} to {most}.")
    return found


def _name(option: str, raw: object) -> str:
    """A DNS name: Postfix compares no addresses with a certificate, and greets with no address."""
    found = parse_host(option, raw)
    if is_address(found):
        raise OptionError(f"{option}: {quoted(raw)} is an address; a name is needed.")
    return found


def _ip(option: str, raw: object) -> str:
    return str(fields.address(option, raw))


def _sender(option: str, raw: object) -> str:
    if raw == NULL_SENDER:
        return NULL_SENDER
    local, at, domain = raw.rpartition("@") if isinstance(raw, str) else ("", "", raw)
    if at and (len(local) > 64 or not _LOCAL.fullmatch(local)):
        raise OptionError(f"{option}: {quoted(raw)} is no plain mail address, domain or <>.")
    return f"{local.lower()}{at}{_name(option, domain)}"


def _user(option: str, raw: object) -> str:
    if not isinstance(raw, str) or not _SECRET.fullmatch(raw) or ":" in raw or raw != raw.strip():
        # Not quoted: people mix up the two fields.
        raise OptionError(f"{option}: it is no text, is empty, or has a colon, a line break or blanks at an end.")
    return raw


def _password(option: str, raw: object) -> str:
    if not isinstance(raw, str) or not _SECRET.fullmatch(raw) or raw != raw.rstrip():
        raise OptionError(f"{option}: it is no text of 1 to 500 characters, or has a line break or a blank at its end.")
    return raw


def _security(option: str, raw: object) -> Security:
    return Security(choice(option, raw, _SECURITY))


_UPSTREAM: t.Final[Mapping[str, Reader]] = {
    "host": _name,
    "port": fields.port,
    "security": _security,
    "user": _user,
    "password": _password,
    "ca_file": fields.path,
    "addresses": several(_ip, _MOST),
}
_UPSTREAM_REQUIRED: t.Final = ("host", "port", "security", "user", "password")


def _upstream(option: str, raw: object) -> Upstream:
    if not isinstance(raw, Mapping):
        # Not quoted: a password may be in it.
        raise OptionError(f"{option}: it is not a dictionary.")
    return Upstream(**_read(option, mapping(option, raw), _UPSTREAM, _UPSTREAM_REQUIRED))


_READERS: t.Final[Mapping[str, Reader]] = {
    "upstream": _upstream,
    "listen": several(fields.listener, _MOST),
    "allow": several(fields.network, _MOST),
    "hostname": _name,
    "senders": several(_sender, _MOST),
    "hide_clients": boolean,
    "any_address": boolean,
    "any_source": boolean,
    **dict.fromkeys(NUMBERS, _number),
}
_REQUIRED: t.Final = ("upstream", "listen", "allow", "hostname")
KEYS: t.Final = tuple(_READERS)
UPSTREAM_KEYS: t.Final = tuple(_UPSTREAM)


def _read(
    option: str, raw: Mapping[str, t.Any], readers: Mapping[str, Reader], required: Collection[str]
) -> dict[str, t.Any]:
    """The fields that are there, each by its reader; what is null or empty counts as not there."""
    given = {key: value for key, value in raw.items() if value is not None and value != ""}
    only_keys(option or "smtp_relay", given, tuple(readers))
    prefix = f"{option}." if option else ""
    for key in required:
        if key not in given:
            raise OptionError(f"{prefix}{key}: it is missing.")
    return {key: reader(prefix + key, given[key]) for key, reader in readers.items() if key in given}


def parse_smarthost(raw: object, consents: Collection[str]) -> Smarthost:
    """What is wanted, where it may be built as far as it alone can tell. Raises RelayError: one sentence."""
    try:
        found = _read("", mapping("smtp_relay", raw), _READERS, _REQUIRED)
    except OptionError as problem:
        raise RelayError(f"smtp_relay: {problem}") from None
    numbers = {name: found.pop(name, row[2]) for name, row in NUMBERS.items()}
    wish = Smarthost(**found, numbers=numbers)
    for why in _reasons(wish, consents):
        raise RelayError(why)
    return wish


def _reasons(wish: Smarthost, consents: Collection[str]) -> t.Iterator[str]:
    if not wish.listen:
        yield "smtp_relay: listen: the list is empty; name address:port."
    if CLEARTEXT_LEG not in consents:
        yield (
            "smtp_relay: consent: its clients send mail unencrypted to the relay; this needs the consent"
            f' "{CLEARTEXT_LEG}".'
        )
    yield from refusals.reasons(listeners(wish), (*consents, CLEARTEXT_LEG))
    for one in wish.allow:
        if not any(fields.reaches(one, listen.host) for listen in wish.listen):
            yield f"smtp_relay: allow: nobody from {one} can reach an address of listen."
    if wish.hostname == wish.upstream.host:
        yield f"smtp_relay: hostname: {wish.hostname} is the upstream's; a server that meets its own name sees a loop."
    if wish.numbers["retry_most_seconds"] < wish.numbers["retry_seconds"]:
        yield "smtp_relay: retry_most_seconds: it is less than retry_seconds."


def listeners(wish: Smarthost) -> tuple[Relay, ...]:
    """Each listener as a relay for clear text, for what all relays have in common: reasons to refuse, and the fence."""
    found = []
    for number, listen in enumerate(wish.listen, 1):
        reachable = tuple(one for one in wish.allow if fields.reaches(one, listen.host))
        found.append(
            Relay(
                name="smtp-relay" if number == 1 else f"smtp-relay-{number}",
                upstream=wish.upstream.host,
                port=wish.upstream.port,
                protocol=MailProtocol.SMTP,
                upstream_security=wish.upstream.security,
                listen=listen,
                inbound=Inbound.CLEAR,
                allow=reachable or wish.allow,
                addresses=wish.upstream.addresses,
                any_address=wish.any_address,
                any_source=wish.any_source,
            )
        )
    return tuple(found)
