# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the audits of a fleet to the list of relays that it needs, and to who goes through which.

The results may come from files: what they say is read as hostile text, and what is not a server is left out and named.
"""

from __future__ import annotations

import ipaddress
import typing as t
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.clients import ANY_CLIENT
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.host_names import is_address
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailProtocol, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError, choice
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.server_options import parse_host
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import fields
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.checks import SECURITY
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.refusals import usable_suites
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import Inbound, RelayError
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.ways import Way, named, way_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.wishes import Wish

#: Relays that one host may be the reason for.
_MOST: t.Final = 50
_PROTOCOLS: t.Final = tuple(one.value for one in MailProtocol)
#: So many hosts are named in a line.
_NAMED: t.Final = 20


@dataclass(frozen=True, slots=True)
class Use:
    """One host goes through this relay instead of to that server.

    ``relay_host``: what an account is to have as its server; ``security``: what an account is set to for it: none,
    implicit or starttls.
    """

    host: str
    server: str
    port: int
    protocol: str
    relay: str
    relay_host: str
    relay_address: str
    relay_port: int
    inbound: str
    security: str

    @property
    def end(self) -> dict[str, t.Any]:
        """The same as an entry of the option ``relay`` of mail_tls_fix."""
        return {
            "server": self.server,
            "port": self.port,
            "protocol": self.protocol,
            "host": self.relay_host,
            "listen_port": self.relay_port,
            "security": self.security,
        }


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What got no relay, and why: one sentence."""

    host: str
    server: str
    port: int
    why: str

    @property
    def words(self) -> str:
        """The same for people."""
        return f"{shown(self.host)}" + (f" to {self.server} port {self.port}" if self.server else "") + f": {self.why}"


@dataclass(frozen=True, slots=True)
class FleetRelays:
    """``relays``: entries for ``relays:``, by name; ``uses`` and ``left_out`` by host."""

    relays: tuple[dict[str, t.Any], ...]
    uses: tuple[Use, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The same for people: a line for each relay, and one for whatever is left out."""
        found = []
        for relay in self.relays:
            hosts = [shown(use.host) for use in self.uses if use.relay == relay["name"]]
            found.append(
                f"relay {relay['name']}: {relay['protocol']}, {relay['inbound']} on {relay['listen']}, to"
                f" {relay['upstream']} port {relay['port']} by {relay['upstream_security']} TLS, for {_count(hosts)}"
            )
        return (*found, *(f"no relay for {one.words}" for one in self.left_out))


@dataclass(slots=True)
class _Gathering:
    knowledge: Knowledge
    wish: Wish
    hosts: dict[Way, dict[str, None]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)


def relays_from_audits(knowledge: Knowledge, results: Mapping[str, t.Any], wish: Wish) -> FleetRelays:
    """The relays for these hosts; ``results``: host name → audit result, as JSON gives it.

    A relay serves one server for hosts of one kind: those that could speak TLS to it do not share the clear text of
    those that cannot. The same input gives the same answer. Raises RelayError where the ports do not suffice.
    """
    gathering = _Gathering(knowledge, wish)
    needs = [
        (str(host), result, change)
        for host, result in sorted(results.items())
        for change in _listed(result, "plan")
        if change.get("kind") == "relay"
    ]
    for host, result, change in needs:
        if not _is_nobodys(change):
            _take(gathering, host, result, change)
    for host, result in sorted(results.items()):
        for route in _listed(result, "routes"):
            _stay(gathering, str(host), route)
    _go_on(gathering, results)
    served = {(host, way.server, way.protocol) for way, hosts in gathering.hosts.items() for host in hosts}
    for host, result, change in needs:
        # An account that goes to a relay by now leaves its server to nobody: that is no need of its own.
        if _is_nobodys(change) and (host, str(change.get("server")).lower(), str(change.get("protocol"))) not in served:
            _take(gathering, host, result, change)
    found = list(named(wish, gathering.hosts))
    uses = [_use(wish, host, way, relay["name"], port) for way, relay, port in found for host in gathering.hosts[way]]
    return FleetRelays(
        relays=tuple(sorted((relay for _way, relay, _port in found), key=lambda relay: str(relay["name"]))),
        uses=tuple(sorted(uses, key=lambda use: (use.host, use.server, use.port))),
        left_out=tuple(gathering.left_out),
    )


def _count(hosts: list[str]) -> str:
    """Who, as far as a line has room for them."""
    more = len(hosts) - _NAMED
    return ", ".join(hosts[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _use(wish: Wish, host: str, way: Way, relay: str, port: int) -> Use:
    security = SECURITY[Inbound(way.inbound)].value
    where = (wish.host, wish.listen, port)
    return Use(host, way.server, way.port, way.protocol, relay, *where, way.inbound, security)


def _listed(result: t.Any, key: str) -> Iterator[Mapping[str, t.Any]]:
    found = result.get(key) if isinstance(result, Mapping) else None
    return (one for one in found if isinstance(one, Mapping)) if isinstance(found, list) else iter(())


def _is_nobodys(change: Mapping[str, t.Any]) -> bool:
    """Whether only ``servers`` of the audit names that server, and no account."""
    return _clients(change) == (ANY_CLIENT,)


def _stay(gathering: _Gathering, host: str, route: Mapping[str, t.Any]) -> None:
    """A host whose account leads to a relay of before needs it still, though its audit asks for none any more."""
    wish, port = gathering.wish, route.get("port")
    if not wish.own(str(route.get("server")).lower()):
        return
    relays = [relay for relay in wish.keep if (relay.listen.host, relay.listen.port) == (wish.listen, port)]
    if not relays and isinstance(port, int) and port >= wish.first_port:
        leads = f"leads to port {shown(str(port), 20)} of {wish.listen} already, and no relay of before has that port."
        if not wish.keep:
            raise RelayError(
                f"keep: an account of {shown(host)} {leads} Give the list of before, so that nobody loses a relay; or"
                " roll that account back; or leave that host out."
            )
        gathering.left_out.append(LeftOut(shown(host), "", 0, f"An account {leads} Correct the account."))
    for relay in relays:
        if wish.addresses.get(host):
            gathering.hosts.setdefault(way_of(relay), {})[host] = None


def _go_on(gathering: _Gathering, results: Mapping[str, t.Any]) -> None:
    """Who used a relay goes on: a host that is off, or a user who is not logged on, shows in no audit."""
    wish = gathering.wish
    for host, relay in wish.before:
        seen = isinstance(results.get(host), Mapping) and isinstance(results[host].get("routes"), list)
        way = way_of(relay)
        other = any(way.is_like(one) and host in hosts for one, hosts in gathering.hosts.items())
        if wish.addresses.get(host) and not other and not (wish.prune and seen):
            gathering.hosts.setdefault(way, {})[host] = None


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
    way = Way(server, port, protocol, security, inbound.value)
    if way not in gathering.hosts and sum(host in hosts for hosts in gathering.hosts.values()) >= _MOST:
        gathering.left_out.append(LeftOut(shown(host), server, port, f"It has {_MOST} relays, which is enough."))
        return
    gathering.hosts.setdefault(way, {})[host] = None


def _clients(change: Mapping[str, t.Any]) -> tuple[str, ...]:
    raw = change.get("clients")
    return tuple(sorted({str(one) for one in raw})) if isinstance(raw, list) else ()


def _no_relay(gathering: _Gathering, host: str, server: str, protocol: str, clients: tuple[str, ...]) -> str:
    """Why no relay would help, or could let it in; "" where one does."""
    if _is_no_server(server):
        return f"{server} is not the address of a mail server; a relay to it has to be written by hand."
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


def _is_no_server(host: str) -> bool:
    """Whether that leads to whoever asks, or nowhere: no host may make the relay's machine talk to itself."""
    if not is_address(host):
        return host == "localhost" or host.endswith(".localhost")
    address = ipaddress.ip_address(host)
    mapped = address.version == 6 and address.ipv4_mapped is not None
    return mapped or any((address.is_unspecified, address.is_multicast, address.is_loopback, address.is_link_local))


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
        one == ANY_CLIENT or (one in known and known[one].stacks.get(protocol) == "schannel") for one in clients
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
