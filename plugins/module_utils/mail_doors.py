# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which protocol and which protection a port stands for, and the other way round. RFC 8314, RFC 6409.

The controller has it from a table (``knowledge/ports.yml``, ``read/server_options.py``), which cannot be had from here:
what runs on Linux hosts takes nothing from ``plugin_utils``. A test compares the two.
"""

from __future__ import annotations

import typing as t

PROTOCOLS = ("smtp", "imap", "pop3")
SECURITIES = ("implicit", "starttls", "none")

_OF_PORT: t.Mapping[int, tuple[str, str]] = {
    25: ("smtp", "starttls"),
    465: ("smtp", "implicit"),
    587: ("smtp", "starttls"),
    110: ("pop3", "starttls"),
    995: ("pop3", "implicit"),
    143: ("imap", "starttls"),
    993: ("imap", "implicit"),
}
_PORT_OF: t.Mapping[tuple[str, str], int] = {
    ("smtp", "implicit"): 465,
    ("smtp", "starttls"): 587,
    ("smtp", "none"): 25,
    ("imap", "implicit"): 993,
    ("imap", "starttls"): 143,
    ("imap", "none"): 143,
    ("pop3", "implicit"): 995,
    ("pop3", "starttls"): 110,
    ("pop3", "none"): 110,
}


class Door(t.NamedTuple):
    """Where and how a server is spoken to."""

    port: int
    protocol: str
    security: str


def door(port: int | None, protocol: str | None, security: str | None) -> Door:
    """All three of them. Raises ValueError, one sentence, where what is missing could mean two things."""
    if port is None:
        if protocol is None or security is None:
            raise ValueError("Without port, both protocol and security are needed.")
        return Door(_PORT_OF[protocol, security], protocol, security)
    if not 1 <= port <= 65535:
        raise ValueError(f"port: {port} is not a port from 1 to 65535.")
    usual_protocol, usual_security = _OF_PORT.get(port, (None, None))
    wanted = protocol or usual_protocol
    if wanted is None:
        raise ValueError("Port {} does not tell the protocol; add protocol ({}).".format(port, ", ".join(PROTOCOLS)))
    level = security or (usual_security if wanted == usual_protocol else None)
    if level is None:
        words = ", ".join(SECURITIES)
        raise ValueError(f"Port {port} with {wanted} does not tell the security; add security ({words}).")
    return Door(port, wanted, level)
