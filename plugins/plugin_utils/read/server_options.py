# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``servers``: what an operator says about mail servers, checked and completed."""

from __future__ import annotations

import ipaddress
import re
import typing as t
import unicodedata
from collections.abc import Mapping

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailProtocol, Security, Server
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.acceptance_options import parse_acceptance
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import (
    OptionError,
    boolean,
    choice,
    entries,
    only_keys,
    quoted,
    texts,
)

_KEYS: t.Final = ("host", "port", "protocol", "security", "auth", "probe", "accepts", "sslyze")
_PROTOCOLS: t.Final = tuple(protocol.value for protocol in MailProtocol)
#: Accounts know more kinds of security than an operator may ask for.
_SECURITIES: t.Final = (Security.IMPLICIT.value, Security.STARTTLS.value, Security.NONE.value)
_AUTH: t.Final = ("password", "app_password", "oauth2")

#: Characters of a name as people write it; its form in DNS has at most 253.
_LONGEST: t.Final = 512
_LABEL: t.Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def parse_servers(raw: object) -> tuple[Server, ...]:
    """The entries of the option, in their order; None is an empty list.

    ``port`` follows from protocol and security, both of them from the port, where that is unambiguous. Hosts come out
    in lower case, as DNS carries them (IDNA), without a final dot. Raises OptionError, one sentence with option and
    value.
    """
    servers: list[Server] = []
    for number, entry in enumerate(entries("servers", raw)):
        option = f"servers[{number}]"
        server = _server(option, entry)
        for other, earlier in enumerate(servers):
            if (earlier.host, earlier.port) == (server.host, server.port):
                raise OptionError(f"{option}: '{server.host}' port {server.port} is in servers[{other}] already.")
        servers.append(server)
    return tuple(servers)


def _server(option: str, entry: Mapping[str, t.Any]) -> Server:
    only_keys(option, entry, _KEYS)
    given = {key: value for key, value in entry.items() if value is not None}
    if "host" not in given:
        raise OptionError(f"{option}: the key host is missing.")
    host = parse_host(f"{option}.host", given["host"])
    port, protocol, security = _door(option, given)
    probe = boolean(f"{option}.probe", given.get("probe", False))
    told = [key for key in ("probe", "accepts", "sslyze") if key in given and (probe or key != "probe")]
    if len(told) > 1:
        raise OptionError(f"{option}: {told[0]} and {told[1]} exclude each other, and '{host}' has both.")
    if "sslyze" in given and security == Security.NONE.value:
        raise OptionError(f"{option}: sslyze can say nothing of '{host}' without TLS; leave it out.")
    return Server(
        host=host,
        port=port,
        protocol=MailProtocol(protocol),
        security=Security(security),
        auth=_auth(f"{option}.auth", given["auth"]) if "auth" in given else None,
        probe=probe,
        accepts=parse_acceptance(f"{option}.accepts", given["accepts"]) if "accepts" in given else None,
        sslyze=_path(f"{option}.sslyze", given["sslyze"]) if "sslyze" in given else "",
    )


def _door(option: str, given: Mapping[str, t.Any]) -> tuple[int, str, str]:
    """Port, protocol and security; what is missing is completed, or refused where it could mean two things."""
    port = _port(f"{option}.port", given["port"]) if "port" in given else None
    protocol = choice(f"{option}.protocol", given["protocol"], _PROTOCOLS) if "protocol" in given else None
    security = choice(f"{option}.security", given["security"], _SECURITIES) if "security" in given else None
    if port is None:
        if protocol is None or security is None:
            raise OptionError(f"{option}: without a port, {quoted(given['host'])} needs protocol and security.")
        return _usual_port(protocol, security), protocol, security
    usual = load().ports.get(port)
    wanted = protocol or (usual.protocol if usual else None)
    if wanted is None:
        raise OptionError(f"{option}: port {port} does not tell the protocol; add protocol ({', '.join(_PROTOCOLS)}).")
    # A port that begins in clear is taken for STARTTLS: nobody wants a password to travel in clear.
    level = security or (usual.security if usual and usual.protocol == wanted else None)
    if level is None:
        raise OptionError(
            f"{option}: port {port} with {wanted} does not tell the security; add security ({', '.join(_SECURITIES)})."
        )
    return port, wanted, level


def _usual_port(protocol: str, security: str) -> int:
    """Of the two of SMTP that begin in clear, 25 is the one of old; clients submit with TLS at 587. RFC 6409."""
    begins = Security.STARTTLS.value if security == Security.NONE.value else security
    ports = [row.port for row in load().ports.values() if (row.protocol, row.security) == (protocol, begins)]
    return min(ports) if security == Security.NONE.value else max(ports)


def _port(option: str, raw: object) -> int:
    """Templates turn numbers into texts, so digits will do."""
    number = int(raw) if isinstance(raw, str) and re.fullmatch(r"[0-9]{1,5}", raw) else raw
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= 65535:
        raise OptionError(f"{option}: {quoted(raw)} is not a port from 1 to 65535.")
    return int(number)


def _path(option: str, raw: object) -> str:
    if not isinstance(raw, str) or not raw.strip() or not raw.isprintable():
        raise OptionError(f"{option}: {quoted(raw)} is not the path of a file.")
    return raw


def _auth(option: str, raw: object) -> tuple[str, ...]:
    words = [choice(option, word, _AUTH) for word in texts(option, raw)]
    for word in words:
        if words.count(word) > 1:
            raise OptionError(f"{option}: '{word}' is named twice.")
    return tuple(words)


def parse_host(option: str, raw: object) -> str:
    """A DNS name (lower case, IDNA) or an IP address in its usual form. Raises OptionError."""
    refusal = OptionError(f"{option}: {quoted(raw)} is neither a DNS name nor an IP address.")
    # IDNA would silently drop or map some of what nobody may hide in a name: control and format characters, blanks.
    if not isinstance(raw, str) or len(raw) > _LONGEST or any(unicodedata.category(c)[0] in "CZ" for c in raw):
        raise refusal
    bare = raw[1:-1] if raw.startswith("[") and raw.endswith("]") and ":" in raw else raw
    try:
        # A zone ("fe80::1%eth0") names an interface of this machine, which no other machine has.
        if "%" not in bare:
            return str(ipaddress.ip_address(bare))
    except ValueError:
        pass
    try:
        name = raw.removesuffix(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise refusal from None
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise refusal
    return name
