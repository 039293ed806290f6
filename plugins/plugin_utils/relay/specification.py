# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a relay is to do, as the operator writes it in ``relays:``: read, completed, or refused with the reason."""

from __future__ import annotations

import enum
import re
import typing as t
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailProtocol, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import (
    OptionError,
    boolean,
    choice,
    entries,
    only_keys,
    quoted,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.server_options import parse_host
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import fields
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.fields import Endpoint, Network, Reader, several


class RelayError(OptionError):
    """One sentence that names the relay and the field. Nothing was written."""


class Inbound(str, enum.Enum):
    """What clients speak to the relay. LEGACY: TLS 1.0 or newer, at once or after STARTTLS."""

    CLEAR = "clear"
    LEGACY_TLS = "legacy_tls"
    LEGACY_STARTTLS = "legacy_starttls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """One relay. Upstream it always speaks TLS 1.2 or newer and verifies chain and name.

    ``upstream``: DNS name (IDNA, lower case) or IP address, and the name that the certificate must have;
    ``addresses``: where to connect instead of asking DNS, the first that answers; ``ca_file``, ``certificate``,
    ``key``: absolute paths on the relay, None for the system's roots and for a leaf of the private CA;
    ``proxy``: an HTTP proxy that knows CONNECT; ``client_suites``: IANA names of what the clients offer, where known.
    """

    name: str
    upstream: str
    port: int
    protocol: MailProtocol
    upstream_security: Security
    listen: Endpoint
    inbound: Inbound
    allow: tuple[Network, ...]
    addresses: tuple[str, ...] = ()
    ca_file: str | None = None
    certificate: str | None = None
    key: str | None = None
    proxy: Endpoint | None = None
    any_address: bool = False
    any_source: bool = False
    client_suites: tuple[str, ...] | None = None

    @property
    def legacy(self) -> bool:
        """True where clients come with TLS of their own."""
        return self.inbound is not Inbound.CLEAR

    @property
    def privileged(self) -> bool:
        """True where the port is one that only root, or a capability, may listen on."""
        return self.listen.port < 1024

    @property
    def targets(self) -> tuple[Endpoint, ...]:
        """Where to connect for the upstream, best first."""
        return tuple(Endpoint(host, self.port) for host in self.addresses or (self.upstream,))


_REQUIRED: t.Final = ("name", "upstream", "port", "protocol", "upstream_security", "listen", "inbound", "allow")
_MOST_NETWORKS: t.Final = 5000
_MOST_ADDRESSES: t.Final = 16
_PROTOCOLS: t.Final = tuple(one.value for one in MailProtocol)
_INBOUND: t.Final = tuple(one.value for one in Inbound)
_UPSTREAM_SECURITY: t.Final = (Security.IMPLICIT.value, Security.STARTTLS.value)


def _one_of(kind: t.Any, words: Collection[str]) -> Reader:
    return lambda option, raw: kind(choice(option, raw, words))


#: Field → what reads it, in the order in which they are refused.
_READERS: t.Final[Mapping[str, Reader]] = {
    "upstream": parse_host,
    "port": fields.port,
    "protocol": _one_of(MailProtocol, _PROTOCOLS),
    "upstream_security": _one_of(Security, _UPSTREAM_SECURITY),
    "listen": fields.listener,
    "inbound": _one_of(Inbound, _INBOUND),
    "allow": several(fields.network, _MOST_NETWORKS),
    "addresses": several(parse_host, _MOST_ADDRESSES),
    "ca_file": fields.path,
    "certificate": fields.path,
    "key": fields.path,
    "proxy": fields.endpoint,
    "any_address": boolean,
    "any_source": boolean,
    "client_suites": several(fields.suite, 200),
}
KEYS: t.Final = ("name", *_READERS)


def read_relays(raw: object) -> tuple[Relay, ...]:
    """The entries of ``relays:``, in their order, each by itself; None is an empty list.

    Whether they may be built is said by ``refusals``: nearly everybody wants ``parse_relays``. Raises RelayError.
    """
    try:
        return tuple(_relay(f"relays[{number}]", entry) for number, entry in enumerate(entries("relays", raw)))
    except RelayError:
        raise
    except OptionError as problem:
        raise RelayError(str(problem)) from None


def _relay(option: str, entry: Mapping[str, t.Any]) -> Relay:
    name = entry.get("name")
    if not isinstance(name, str) or not fields.NAME.fullmatch(name):
        wanted = "1 to 32 of a-z, 0-9 and -, not beginning with -"
        raise RelayError(f"{option}: name: {quoted(name)} is no name of a relay: {wanted}.")
    about = f"relay {name}"
    given = {key: value for key, value in entry.items() if value is not None}
    only_keys(about, given, KEYS)
    for key in _REQUIRED:
        if key not in given:
            raise RelayError(f"{about}: {key}: it is missing.")
    read = {key: reader(f"{about}: {key}", given[key]) for key, reader in _READERS.items() if key in given}
    return Relay(name=str(name), **read)


_NOT_NAME: t.Final = re.compile(r"[^a-z0-9]+")


def name_of(*words: str) -> str:
    """A name for a relay out of words that come from elsewhere: at most 32 of a-z, 0-9 and -; may be "relay"."""
    text = _NOT_NAME.sub("-", "-".join(words).lower()).strip("-")
    return text[:32].strip("-") or "relay"
