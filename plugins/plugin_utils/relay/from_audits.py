# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the audits of a fleet to the list of relays that it needs, and to who goes through which.

The results may come from files: what they say is read as hostile text, and what is not a server is left out and named.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailProtocol, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError, choice
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.server_options import parse_host
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import fields
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.refusals import usable_suites
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import (
    Inbound,
    Relay,
    RelayError,
    name_of,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.wishes import Wish

_PROTOCOLS: t.Final = tuple(one.value for one in MailProtocol)
_SECURITY: t.Final[Mapping[str, str]] = {
    Inbound.CLEAR.value: Security.NONE.value,
    Inbound.LEGACY_TLS.value: Security.IMPLICIT.value,
    Inbound.LEGACY_STARTTLS.value: Security.STARTTLS.value,
}


@dataclass(frozen=True, slots=True)
class Use:
    """One host goes through this relay instead of to that server.

    ``security``: what an account is set to for it: none, implicit or starttls.
    """

    host: str
    server: str
    port: int
    protocol: str
    relay: str
    relay_address: str
    relay_port: int
    inbound: str
    security: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What got no relay, and why: one sentence."""

    host: str
    server: str
    port: int
    why: str


@dataclass(frozen=True, slots=True)
class FleetRelays:
    """``relays``: entries for ``relays:``, by name; ``uses`` and ``left_out`` by host."""

    relays: tuple[dict[str, t.Any], ...]
    uses: tuple[Use, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True, order=True)
class _Way:
    """What one relay can serve."""

    server: str
    port: int
    protocol: str
    security: str
    inbound: str


@dataclass(slots=True)
class _Gathering:
    knowledge: Knowledge
    wish: Wish
    hosts: dict[_Way, dict[str, None]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)


def relays_from_audits(knowledge: Knowledge, results: Mapping[str, t.Any], wish: Wish) -> FleetRelays:
    """The relays for these hosts; ``results``: host name → audit result, as JSON gives it.

    A relay serves one server for hosts of one kind: those that could speak TLS to it do not share the clear text of
    those that cannot. The same input gives the same answer. Raises RelayError where the ports do not suffice.
    """
    gathering = _Gathering(knowledge, wish)
    for host, result in sorted(results.items()):
        for change in _listed(result, "plan"):
            if change.get("kind") == "relay":
                _take(gathering, str(host), result, change)
        for route in _listed(result, "routes"):
            _stay(gathering, str(host), route)
    found = dict(_named(gathering))
    uses = [
        Use(
            host,
            way.server,
            way.port,
            way.protocol,
            relay["name"],
            wish.listen,
            port,
            way.inbound,
            _SECURITY[way.inbound],
        )
        for way, (relay, port) in found.items()
        for host in gathering.hosts[way]
    ]
    return FleetRelays(
        relays=tuple(sorted((relay for relay, _port in found.values()), key=lambda relay: str(relay["name"]))),
        uses=tuple(sorted(uses, key=lambda use: (use.host, use.server, use.port))),
        left_out=tuple(gathering.left_out),
    )


def _listed(result: t.Any, key: str) -> Iterator[Mapping[str, t.Any]]:
    found = result.get(key) if isinstance(result, Mapping) else None
    return (one for one in found if isinstance(one, Mapping)) if isinstance(found, list) else iter(())


def _stay(gathering: _Gathering, host: str, route: Mapping[str, t.Any]) -> None:
    """A host whose account leads to a relay of before needs it still, though its audit asks for none any more."""
    wish = gathering.wish
    for relay in wish.keep:
        same = relay.listen.host == wish.listen and relay.listen.port == route.get("port")
        if same and wish.own(str(route.get("server")).lower()) and wish.addresses.get(host):
            gathering.hosts.setdefault(_way(relay), {})[host] = None


def _take(gathering: _Gathering, host: str, result: Mapping[str, t.Any], change: Mapping[str, t.Any]) -> None:
    """One host's need for one relay: to the others of its kind, or left out."""
    try:
        server = parse_host("server", change.get("server"))
        port = fields.port("port", change.get("port"))
        protocol = choice("protocol", change.get("protocol"), _PROTOCOLS)
    except OptionError as problem:
        gathering.left_out.append(LeftOut(shown(host), "", 0, f"Its audit names no mail server: {problem}"))
        return
    if gathering.wish.own(server):
        return  # it goes there already: see _stay
    clients = _clients(change)
    security = _security(gathering.knowledge, port, str(change.get("security")))
    inbound = _inbound(gathering, result, clients, protocol)
    why = _no_relay(gathering, host, server, protocol, clients) or _contradiction(gathering, port, protocol)
    if not why and security is None:
        why = f"Whether port {port} of {server} speaks TLS at once or after STARTTLS is not known; write it by hand."
    if why or security is None or inbound is None:
        why = why or "It offers no cipher suite that a relay with legacy_tls has."
        gathering.left_out.append(LeftOut(shown(host), server, port, why))
        return
    gathering.hosts.setdefault(_Way(server, port, protocol, security, inbound.value), {})[host] = None


def _clients(change: Mapping[str, t.Any]) -> tuple[str, ...]:
    raw = change.get("clients")
    return tuple(sorted({str(one) for one in raw})) if isinstance(raw, list) else ()


def _no_relay(gathering: _Gathering, host: str, server: str, protocol: str, clients: tuple[str, ...]) -> str:
    """Why no relay would help, or could let it in; "" where one does."""
    provider = lookup.provider_of(gathering.knowledge, server)
    if provider is not None and provider.auth.get(protocol) == ("oauth2",):
        known = gathering.knowledge.clients
        names = [shown(known[one].name if one in known else one) for one in clients]
        return (
            f"{provider.name} takes OAuth 2.0 only for {protocol}; a relay cannot sign in for"
            f" {', '.join(names) or 'its clients'}."
        )
    networks = gathering.wish.addresses.get(host, ())
    if not networks:
        return "Its address is not among the addresses given, so no relay would let it in."
    listen = gathering.wish.listen
    if not any(fields.reaches(one, listen) for one in networks):
        return f"It has no IPv{fields.version_of(listen)} address to reach {listen} from."
    return ""


def _contradiction(gathering: _Gathering, port: int, protocol: str) -> str:
    row = gathering.knowledge.ports.get(port)
    if row is None or row.protocol == protocol:
        return ""
    return f"Port {port} is one of {row.protocol}, and its account says {protocol}; correct the account."


def _security(knowledge: Knowledge, port: int, told: str) -> str | None:
    """What the server speaks: its port tells better than an account that may be wrong about it."""
    row = knowledge.ports.get(port)
    word = row.security if row is not None else told
    return word if word in (Security.IMPLICIT.value, Security.STARTTLS.value) else None


def _inbound(
    gathering: _Gathering, result: Mapping[str, t.Any], clients: tuple[str, ...], protocol: str
) -> Inbound | None:
    """How the clients of this host can come in; None: not in the way that the operator wishes."""
    wished = gathering.wish.inbound
    if wished is Inbound.CLEAR:
        return Inbound.CLEAR
    known = gathering.knowledge.clients
    by_schannel = all(
        one == "schannel" or (one in known and known[one].stacks.get(protocol) == "schannel") for one in clients
    )
    if by_schannel and usable_suites(_suites(result)):
        return Inbound.LEGACY_TLS
    return Inbound.CLEAR if wished is None else None


def _suites(result: Mapping[str, t.Any]) -> tuple[str, ...]:
    """The cipher suites that this host offers, as far as its audit could tell."""
    for finding in _listed(result, "findings"):
        if finding.get("id") == "tls.suites":
            effective = finding.get("effective")
            return tuple(map(str, effective)) if isinstance(effective, list) else ()
    return ()


def _named(gathering: _Gathering) -> Iterator[tuple[_Way, tuple[dict[str, t.Any], int]]]:
    """Each way with its relay; names and ports of before stay, new ones are free."""
    wish = gathering.wish
    kept = {_way(relay): relay for relay in wish.keep if relay.listen.host == wish.listen}
    names = {relay.name for relay in wish.keep}
    ports = {relay.listen.port for relay in wish.keep}
    for way in sorted(gathering.hosts):
        if way in kept:
            name, port = kept[way].name, kept[way].listen.port
        else:
            name, port = _free_name(way, names), _free_port(wish.first_port, ports)
        names.add(name)
        ports.add(port)
        yield way, (_data(gathering, way, name, port), port)


def _way(relay: Relay) -> _Way:
    security = relay.upstream_security.value
    return _Way(relay.upstream, relay.port, relay.protocol.value, security, relay.inbound.value)


def _free_name(way: _Way, names: set[str]) -> str:
    name = name_of(way.protocol, way.server)
    number = 2
    while name in names:
        name = f"{name_of(way.protocol, way.server)[:26].strip('-')}-{number}"
        number += 1
    return name


def _free_port(first: int, ports: set[int]) -> int:
    for port in range(first, 65536):
        if port not in ports:
            return port
    raise RelayError(f"first_port: from {first} on there are not enough ports for all relays.")


def _data(gathering: _Gathering, way: _Way, name: str, port: int) -> dict[str, t.Any]:
    wish = gathering.wish
    networks = {one for host in gathering.hosts[way] for one in wish.addresses[host]}
    fitting = [one for one in networks if fields.reaches(one, wish.listen)]
    return {
        "name": name,
        "upstream": way.server,
        "port": way.port,
        "protocol": way.protocol,
        "upstream_security": way.security,
        "listen": str(fields.Endpoint(wish.listen, port)),
        "inbound": way.inbound,
        "allow": [str(one) for one in sorted(fitting, key=lambda one: (one.version, one))],
    }
