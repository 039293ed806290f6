# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A relay as the configuration file of one stunnel: options are data, and one loop writes them.

What each option does and since when: https://www.stunnel.org/static/stunnel.html. Configurations like these have been
run against real servers, by the tests too.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.host_names import is_address
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import places
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.facts import Facts
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.fields import Endpoint
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import Inbound, Relay

Options = tuple[tuple[str, str], ...]

#: In the foreground, for systemd; messages go to the journal. From level 7 on stunnel would log what passes.
_GLOBAL: t.Final[Options] = (
    ("foreground", "yes"),
    ("pid", ""),
    ("syslog", "no"),
    ("debug", "notice"),
)
#: Without the level 0, OpenSSL 3 refuses the signatures of TLS 1.0. DH goes, since stunnel would make parameters daily.
_LEGACY: t.Final[Options] = (("sslVersionMin", "TLSv1"), ("ciphers", "HIGH:!aNULL:!DH:@SECLEVEL=0"))
#: Seconds. SCHANNEL does not answer a close_notify, and clients that wait for the end of the connection itself would
#: have to wait for a minute: https://www.stunnel.org/static/stunnel.html (TIMEOUTclose).
_FRONT_TIMEOUTS: t.Final[Options] = (("TIMEOUTclose", "0"),)
_UPSTREAM_TIMEOUTS: t.Final[Options] = (("TIMEOUTconnect", "10"),)
#: A machine may go without a word (power, a firewall, a laptop that is closed). stunnel asks for no keepalives by
#: itself, and an idle session would keep its client waiting for TIMEOUTidle, 12 hours. With these it is found out
#: after two minutes: 60 seconds of silence, then six questions, 10 seconds apart. "l" is the client, "r" the upstream.
_KEEPALIVE: t.Final[Options] = tuple(
    ("socket", f"{side}:{option}")
    for side in "lr"
    for option in ("SO_KEEPALIVE=yes", "TCP_KEEPIDLE=60", "TCP_KEEPINTVL=10", "TCP_KEEPCNT=6")
)
#: What a value may be made of: one more lock on the door, after those of ``fields``.
_VALUE: t.Final = re.compile(r"[A-Za-z0-9_.:/@!+-][A-Za-z0-9_.:/@!=+ -]*|")


@dataclass(frozen=True, slots=True)
class Service:
    """One section: its name, and its options in their order (``connect`` may come several times)."""

    name: str
    options: Options


@dataclass(frozen=True, slots=True)
class Doors:
    """Where the services of a relay listen: ``outer`` for clients, ``inner`` between two services."""

    outer: str
    inner: str


def configuration(relay: Relay, facts: Facts) -> str:
    """The file for this relay, ending with a line break."""
    return render(services(relay, facts, Doors(address(relay.listen), places.inner(relay.name))))


def trial(relay: Relay, facts: Facts) -> str:
    """The same file but for its listeners, which are any free ports of the loopback address.

    stunnel has no switch that only checks a file: with this one it ends at once if there is an error in it, or if a
    certificate or key cannot be read, and goes on running if there is none. It serves nobody.
    """
    return render(services(relay, facts, Doors("127.0.0.1:0", "127.0.0.1:0")))


def services(relay: Relay, facts: Facts, doors: Doors) -> tuple[Service, ...]:
    """The sections: one towards the upstream, and before it one that accepts old TLS where that is asked."""
    if not relay.legacy:
        return (Service(relay.name, _upstream(relay, facts, doors.outer)),)
    front = (
        ("client", "no"),
        ("accept", doors.outer),
        # A trial leads nowhere: the port is that of the discard service.
        ("connect", doors.inner if doors.inner.startswith("/") else "127.0.0.1:9"),
        *((("protocol", relay.protocol.value),) if relay.inbound is Inbound.LEGACY_STARTTLS else ()),
        ("cert", relay.certificate or places.certificate(relay.name)),
        ("key", relay.key or places.key(relay.name)),
        *_LEGACY,
        *_FRONT_TIMEOUTS,
        *_KEEPALIVE,
    )
    return (
        Service(f"{relay.name}-upstream", _upstream(relay, facts, doors.inner)),
        Service(relay.name, front),
    )


def _upstream(relay: Relay, facts: Facts, accept: str) -> Options:
    by_address = is_address(relay.upstream)
    return (
        ("client", "yes"),
        ("accept", accept),
        *_way(relay),
        # A server that is known by its address has no name to send (RFC 6066, 3).
        ("sni", "" if by_address else relay.upstream),
        ("sslVersionMin", "TLSv1.2"),
        ("verifyChain", "yes"),
        ("checkIP" if by_address else "checkHost", relay.upstream),
        ("CAfile", relay.ca_file or facts.platform.ca_file),
        *_UPSTREAM_TIMEOUTS,
        *_KEEPALIVE,
    )


def _way(relay: Relay) -> Options:
    """How to get there. Names are looked up for each connection: at start there may be no DNS yet, and it changes."""
    starttls = relay.upstream_security is Security.STARTTLS
    if relay.proxy is not None:
        return (
            ("connect", address(relay.proxy)),
            ("delay", "yes"),
            ("protocol", "connect"),
            ("protocolHost", str(Endpoint(relay.upstream, relay.port))),
        )
    return (
        *(("connect", address(target)) for target in relay.targets),
        ("delay", "yes"),
        ("failover", "prio"),
        *((("protocol", relay.protocol.value),) if starttls else ()),
    )


def address(endpoint: Endpoint) -> str:
    """stunnel takes what stands after the last colon for the port, and knows no brackets."""
    return f"{endpoint.host}:{endpoint.port}"


def render(sections: Iterable[Service]) -> str:
    """The text of a configuration. Raises ValueError for a value that no configuration may hold (a bug, if ever)."""
    lines = ["; Written by mailfleet.client.tls_relay, which overwrites it.", *_lines(_GLOBAL)]
    for section in sections:
        if not _VALUE.fullmatch(section.name):
            raise ValueError(f"not the name of a section: {section.name!r}")
        lines += ["", f"[{section.name}]", *_lines(section.options)]
    return "\n".join(lines) + "\n"


def _lines(options: Options) -> Iterable[str]:
    for name, value in options:
        if not _VALUE.fullmatch(value):
            raise ValueError(f"{name}: not a value: {value!r}")
        yield f"{name} = {value}".rstrip()
