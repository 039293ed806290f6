# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator adds to the audits of a fleet, so that its relays follow from them."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import (
    OptionError,
    boolean,
    choice,
    entries,
    mapping,
    only_keys,
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


#: What the operator may add to every relay of a server → what reads one word of it.
_UPSTREAM: t.Final[Mapping[str, Callable[[str, t.Any], object]]] = {
    "addresses": parse_host,
    "ca_file": fields.path,
    "proxy": fields.endpoint,
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator adds to the audits. ``listen``: the address of all relays, in its usual form.

    ``addresses``: host → the networks that it comes from; ``first_port``: ports are given from there on; ``inbound``:
    None for legacy TLS where a host can and clear where it cannot; ``keep``: relays of before, whose names and ports
    stay theirs; ``before``: which host used which of them; ``prune``: not any more where its audit shows no account
    that does; ``names``: what clients may call the machine of the relays, beside its address; ``upstreams``: server →
    more fields of its relays; ``consent``, ``certified``: see ``refusals.lacks``, None where nobody asks for that.
    """

    listen: str
    addresses: Mapping[str, tuple[Network, ...]]
    first_port: int = FIRST_PORT
    inbound: Inbound | None = None
    keep: tuple[Relay, ...] = ()
    before: tuple[tuple[str, Relay], ...] = ()
    prune: bool = False
    names: tuple[str, ...] = ()
    upstreams: Mapping[str, Mapping[str, t.Any]] = field(default_factory=dict)
    consent: tuple[str, ...] | None = None
    certified: tuple[str, ...] | None = None

    @property
    def host(self) -> str:
        """What accounts are to call the machine of the relays: its first name, or its address where it has none."""
        return self.names[0] if self.names else self.listen

    def own(self, server: str) -> bool:
        """True where that is the machine of the relays itself."""
        return server == self.listen or server in self.names


def parse_wish(listen: object, addresses: object, **more: t.Any) -> Wish:
    """The operator's part, checked. Raises RelayError.

    :param addresses: host → CIDR or list of them.
    :param more: what the filter ``relays_from_audits`` documents; None is the same as left out.
    """
    try:
        return _wish(listen, addresses, **more)
    except RelayError:
        raise
    except OptionError as problem:
        raise RelayError(str(problem)) from None


def _wish(
    listen: object,
    addresses: object,
    *,
    first_port: object = None,
    inbound: object = None,
    keep: object = None,
    before: object = None,
    prune: object = None,
    names: object = None,
    inventory: object = None,
    upstreams: object = None,
    consent: object = None,
    certified: object = None,
) -> Wish:
    given = {
        host: tuple(fields.network(f"addresses: {shown(host)}", one) for one in _listed(value))
        for host, value in mapping("addresses", addresses).items()
    }
    kept = read_relays(keep)
    return Wish(
        listen=str(fields.address("listen", listen)),
        addresses={**_known(mapping("inventory", inventory or {})), **given},
        first_port=fields.port("first_port", FIRST_PORT if first_port is None else first_port),
        inbound=None if inbound is None else Inbound(choice("inbound", inbound, _INBOUND)),
        keep=kept,
        before=tuple(_before(kept, entries("before", before))),
        prune=boolean("prune", prune or False),
        names=tuple(parse_host("names", one) for one in texts("names", names or (), empty=True)),
        upstreams=dict(_upstream(*item) for item in mapping("upstreams", upstreams or {}).items()),
        consent=None if consent is None else tuple(texts("consent", consent, empty=True)),
        certified=None if certified is None else tuple(texts("certified", certified, empty=True)),
    )


#: What can be wished for besides, by name.
WISHES: t.Final = tuple(_wish.__kwdefaults__ or ())


def _known(inventory: Mapping[str, t.Any]) -> dict[str, tuple[Network, ...]]:
    """Hosts whose ``ansible_host``, or else name, is an address: where others come from is not known."""
    found: dict[str, tuple[Network, ...]] = {}
    for host, address in inventory.items():
        with contextlib.suppress(OptionError):
            found[host] = (fields.network("inventory", str(fields.address("inventory", str(address or host)))),)
    return found


def _before(kept: tuple[Relay, ...], uses: Iterable[Mapping[str, t.Any]]) -> Iterator[tuple[str, Relay]]:
    relays = {relay.name: relay for relay in kept}
    for number, use in enumerate(uses):
        host, name = use.get("host"), use.get("relay")
        if not isinstance(host, str) or name not in relays:
            raise RelayError(f"before[{number}]: it needs a host, and the name of a relay of keep.")
        yield host, relays[str(name)]


def _upstream(name: str, raw: object) -> tuple[str, dict[str, t.Any]]:
    """The server's name, and what its relays get: of plain types, in its usual form."""
    option = f"upstreams: {shown(name)}"
    given = mapping(option, raw)
    only_keys(option, given, tuple(_UPSTREAM))
    read = {
        key: [str(_UPSTREAM[key](f"{option}: {key}", one)) for one in _listed(value)] for key, value in given.items()
    }
    return parse_host("upstreams", name), {
        key: words if key == "addresses" else words[0] for key, words in read.items() if words
    }


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
