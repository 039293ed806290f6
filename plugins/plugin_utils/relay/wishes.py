# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator adds to the audits of a fleet, so that its relays follow from them."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import (
    OptionError,
    choice,
    mapping,
    texts,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.server_options import parse_host
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import fields
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.fields import Network
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import (
    Inbound,
    Relay,
    RelayError,
    read_relays,
)

FIRST_PORT: t.Final = 2500
_INBOUND: t.Final = (Inbound.CLEAR.value, Inbound.LEGACY_TLS.value)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator adds to the audits. ``listen``: the address of all relays, in its usual form.

    ``addresses``: host → the networks that it comes from; ``first_port``: ports are given from there on; ``inbound``:
    None for legacy TLS where a host can and clear where it cannot; ``keep``: relays of before, whose names and ports
    stay theirs; ``names``: what clients may call the machine of the relays, beside its address.
    """

    listen: str
    addresses: Mapping[str, tuple[Network, ...]]
    first_port: int = FIRST_PORT
    inbound: Inbound | None = None
    keep: tuple[Relay, ...] = ()
    names: tuple[str, ...] = ()

    def own(self, server: str) -> bool:
        """True where that is the machine of the relays itself."""
        return server == self.listen or server in self.names


def parse_wish(
    listen: object,
    addresses: object,
    *,
    first_port: object = None,
    inbound: object = None,
    keep: object = None,
    names: object = None,
) -> Wish:
    """The operator's part, checked. ``addresses``: host → CIDR or list of them. Raises RelayError."""
    try:
        networks = {
            host: tuple(fields.network(f"addresses: {shown(host)}", one) for one in _listed(value))
            for host, value in mapping("addresses", addresses).items()
        }
        return Wish(
            listen=str(fields.address("listen", listen)),
            addresses=networks,
            first_port=fields.port("first_port", FIRST_PORT if first_port is None else first_port),
            inbound=None if inbound is None else Inbound(choice("inbound", inbound, _INBOUND)),
            keep=read_relays(keep),
            names=tuple(parse_host("names", one) for one in texts("names", names or (), empty=True)),
        )
    except RelayError:
        raise
    except OptionError as problem:
        raise RelayError(str(problem)) from None


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
