# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a relay may not be built: a table of reasons, each of one sentence that names relay and field."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from collections.abc import Callable, Collection, Iterator

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.host_names import is_address
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.consents import CLEARTEXT_LEG
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.fields import (
    WILDCARDS,
    Endpoint,
    Network,
    reaches,
    version_of,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import (
    Inbound,
    Relay,
    RelayError,
    read_relays,
)

#: Of those below 1024 only these are given to a relay: any other may be one that the machine lives by.
_MAIL_PORTS: t.Final = load().ports
#: Bits of the widest network of clients, by the version of IP: 10.0.0.0/8 is the widest that is nobody's.
_WIDEST: t.Final = {4: 8, 6: 16}
#: Suites that the front of a relay has, with its RSA certificate. OpenSSL 3 is built without RC4 and 3DES
#: ("no-weak-ssl-ciphers"), and finite-field DH is off.
#: https://github.com/openssl/openssl/blob/openssl-3.0/INSTALL.md
_FRONT: t.Final = re.compile(r"TLS_(?:(?:RSA|ECDHE_RSA)_WITH_)?(?:AES|CHACHA20)_[A-Z0-9_]+")


def parse_relays(raw: object, consents: Collection[str]) -> tuple[Relay, ...]:
    """The entries of ``relays:``, all of which may be built as far as they alone can tell.

    Raises RelayError for the first that may not: one sentence with relay and field.
    """
    relays = read_relays(raw)
    for reason in reasons(relays, consents):
        raise RelayError(reason)
    return relays


def reasons(relays: Collection[Relay], consents: Collection[str]) -> Iterator[str]:
    """Every reason why these relays may not be built."""
    for relay in relays:
        for field, check in _CHECKS:
            why = check(relay)
            if why:
                yield f"relay {relay.name}: {field}: {why}"
        if relay.inbound is Inbound.CLEAR and CLEARTEXT_LEG not in consents:
            yield (
                f"relay {relay.name}: inbound: clear carries the passwords of mailboxes unencrypted from the clients to"
                f' the relay; this needs the consent "{CLEARTEXT_LEG}".'
            )
    yield from _together(tuple(relays))


def lacks(relays: Collection[Relay], consents: Collection[str], certified: Collection[str] | None) -> Iterator[str]:
    """What has to be given, or put right, before these relays can be built: one sentence each.

    :param certified: names of those that get a certificate from elsewhere; None: an authority issues what is missing.
    """
    yield from reasons(relays, consents)
    for relay in relays:
        if certified is not None and relay.legacy and relay.certificate is None and relay.name not in certified:
            yield (
                f"relay {relay.name}: certificate: it has none; let a private authority issue one, give it one, or let"
                " its clients come in clear."
            )


def _together(relays: tuple[Relay, ...]) -> Iterator[str]:
    for number, relay in enumerate(relays):
        for other in relays[:number]:
            if other.name == relay.name:
                yield f"relay {relay.name}: name: two relays have it."
            elif overlap(other.listen, relay.listen):
                yield f"relay {relay.name}: listen: relay {other.name} listens on {other.listen} already."


def overlap(one: Endpoint, other: Endpoint) -> bool:
    """True where two listeners cannot both be there. "::" takes IPv4 too, as Linux has it by default."""
    if one.port != other.port:
        return False
    pair = {one.host, other.host}
    if len(pair) == 1 or "::" in pair:
        return True
    return "0.0.0.0" in pair and not any(":" in host for host in pair)


def _any_address(relay: Relay) -> str:
    if relay.listen.host in WILDCARDS and not relay.any_address:
        return f"{relay.listen.host} is every address of the machine; name one, or say any_address: true."
    return ""


def _port(relay: Relay) -> str:
    if relay.privileged and relay.listen.port not in _MAIL_PORTS:
        mail = ", ".join(map(str, sorted(_MAIL_PORTS)))
        return f"port {relay.listen.port} is below 1024 and not one of mail ({mail}); take one from 1024 on."
    return ""


def _loop(relay: Relay) -> str:
    hosts = WILDCARDS if relay.listen.host in WILDCARDS else ()
    for target in relay.targets:
        if target == relay.listen or (target.port == relay.listen.port and target.host in hosts):
            return f"{target} is the relay itself."
        if is_address(target.host) and (target.host in WILDCARDS or ipaddress.ip_address(target.host).is_multicast):
            return f"{target.host} is not the address of a server."
    return ""


def _nobody(relay: Relay) -> str:
    return "" if relay.allow else "the list is empty, so nobody could connect; name the networks of the clients."


def _everybody(relay: Relay) -> str:
    if relay.any_source:
        return ""
    for version in (4, 6):
        if any(one.prefixlen < _WIDEST[version] for one in collapsed(relay.allow, version)):
            return "it lets in whole parts of the Internet; name the networks of the clients, or say any_source: true."
    return ""


def _family(relay: Relay) -> str:
    for one in relay.allow:
        if not reaches(one, relay.listen.host):
            return f"nobody from {one} can reach {relay.listen.host}, which is IPv{version_of(relay.listen.host)}."
    return ""


def collapsed(networks: Collection[Network], version: int) -> list[Network]:
    """The networks of one version of IP, none within another."""
    return list(ipaddress.collapse_addresses(one for one in networks if one.version == version))  # type: ignore[type-var]


def _fixed(relay: Relay) -> str:
    """What the ports of mail speak is fixed: stunnel would wait for words that never come."""
    row = _MAIL_PORTS.get(relay.port)
    if row is not None and row.protocol != relay.protocol.value:
        return f"port {relay.port} is one of {row.protocol}, not of {relay.protocol.value}."
    if row is not None and row.security != relay.upstream_security.value:
        return f"port {relay.port} speaks {row.security}, not {relay.upstream_security.value}."
    return ""


def _proxy(relay: Relay) -> str:
    if relay.proxy is None:
        return ""
    if relay.upstream_security is Security.STARTTLS:
        return (
            "stunnel cannot ask a proxy for a tunnel and a server for STARTTLS on one connection; use the port of the"
            " server that speaks TLS at once (465, 993, 995)."
        )
    if relay.addresses:
        return "through a proxy there is one way to the upstream, its name; leave out addresses."
    return ""


def _certificate(relay: Relay) -> str:
    if (relay.certificate is None) != (relay.key is None):
        return "certificate and key go together; one of them is missing."
    if relay.certificate is not None and not relay.legacy:
        return "no client of a relay with inbound: clear would ever see a certificate; leave out certificate and key."
    return ""


def _suites(relay: Relay) -> str:
    if not relay.legacy or relay.client_suites is None or usable_suites(relay.client_suites):
        return ""
    return (
        f"{relay.inbound.value} cannot be: the clients offer no cipher suite with AES, and the OpenSSL of a relay has"
        " neither RC4 nor 3DES; install the update that brings AES, or use clear."
    )


def usable_suites(names: Collection[str]) -> tuple[str, ...]:
    """Those suites that a relay with OpenSSL 3 and an RSA certificate has, too."""
    return tuple(name for name in names if _FRONT.fullmatch(name))


#: (field, what is wrong with it or "").
_CHECKS: t.Final[tuple[tuple[str, Callable[[Relay], str]], ...]] = (
    ("listen", _any_address),
    ("listen", _port),
    ("upstream", _loop),
    ("allow", _nobody),
    ("allow", _everybody),
    ("allow", _family),
    ("upstream_security", _fixed),
    ("proxy", _proxy),
    ("certificate", _certificate),
    ("inbound", _suites),
)

_BROKEN: t.Final = "which is broken; let in only clients that know nothing better."
_CAUTIONS: t.Final = {
    Inbound.CLEAR: (
        "passwords of mailboxes and all mail travel unencrypted between the clients and {listen}; keep that way inside"
        " a network that you trust."
    ),
    Inbound.LEGACY_TLS: f"it accepts TLS 1.0 on {{listen}}, {_BROKEN}",
    Inbound.LEGACY_STARTTLS: f"it accepts TLS 1.0 after STARTTLS on {{listen}}, {_BROKEN}",
}


def cautions(relays: Collection[Relay]) -> tuple[str, ...]:
    """What the operator is warned about, though it is built: one sentence for each relay."""
    return tuple(f"relay {one.name}: {_CAUTIONS[one.inbound].format(listen=one.listen)}" for one in relays)
