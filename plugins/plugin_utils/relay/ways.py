# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What relays of a fleet serve, and the names and ports that they get for it."""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import fields
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import (
    Relay,
    RelayError,
    name_of,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.wishes import Wish


@dataclass(frozen=True, slots=True, order=True)
class Way:
    """What one relay can serve."""

    server: str
    port: int
    protocol: str
    security: str
    inbound: str

    def is_like(self, other: Way) -> bool:
        """Whether both lead to the same server."""
        return (self.server, self.port, self.protocol) == (other.server, other.port, other.protocol)


def way_of(relay: Relay) -> Way:
    """What that relay serves."""
    security = relay.upstream_security.value
    return Way(relay.upstream, relay.port, relay.protocol.value, security, relay.inbound.value)


def named(wish: Wish, hosts: Mapping[Way, Collection[str]]) -> Iterator[tuple[Way, dict[str, t.Any], int]]:
    """Each way with its relay, as an entry of ``relays:``, and its port. Names and ports of before stay.

    :param hosts: who goes which way.
    :raises RelayError: the ports do not suffice.
    """
    kept = {way_of(relay): relay for relay in wish.keep if relay.listen.host == wish.listen}
    names = {relay.name for relay in wish.keep}
    ports = {relay.listen.port for relay in wish.keep}
    for way in sorted(hosts):
        if way in kept:
            name, port = kept[way].name, kept[way].listen.port
        else:
            name, port = _free_name(way, names), _free_port(wish.first_port, ports)
        names.add(name)
        ports.add(port)
        yield way, _entry(wish, way, name, port, hosts[way]), port


def _free_name(way: Way, names: set[str]) -> str:
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


def _entry(wish: Wish, way: Way, name: str, port: int, hosts: Collection[str]) -> dict[str, t.Any]:
    networks = {one for host in hosts for one in wish.addresses[host]}
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
        **wish.upstreams.get(way.server, {}),
    }
