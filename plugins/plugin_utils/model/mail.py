# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail as this project sees it: protocols, servers as the operator names them, accounts as hosts hold them."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class MailProtocol(str, enum.Enum):
    """The mail protocols that are judged."""

    SMTP = "smtp"
    IMAP = "imap"
    POP3 = "pop3"


class Security(str, enum.Enum):
    """How a connection is protected. AUTO (Outlook's value 3) and UNKNOWN only occur in accounts."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"
    AUTO = "auto"
    UNKNOWN = "unknown"


class Protocol(str, enum.Enum):
    """TLS and its ancestors, by the names of the SCHANNEL registry keys, oldest first."""

    SSL2 = "SSL 2.0"
    SSL3 = "SSL 3.0"
    TLS10 = "TLS 1.0"
    TLS11 = "TLS 1.1"
    TLS12 = "TLS 1.2"
    TLS13 = "TLS 1.3"


#: Bits of WinHTTP's DefaultSecureProtocols and WinINET's SecureProtocols.
#: https://learn.microsoft.com/windows/win32/winhttp/option-flags
MASK_BITS = {
    Protocol.SSL2: 0x0008,
    Protocol.SSL3: 0x0020,
    Protocol.TLS10: 0x0080,
    Protocol.TLS11: 0x0200,
    Protocol.TLS12: 0x0800,
    Protocol.TLS13: 0x2000,
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is known of a server's certificate. None means that nobody looked.

    ``names``: DNS names it is valid for; ``key``: "rsa" or "ecdsa"; ``signature``: "sha1", "sha256" ...;
    ``needs_sni``: the server answers with another certificate to a client that sends no server name;
    ``roots``: SHA-1 thumbprints (40 upper-case hex digits) of the roots that would do; ``not_after``: UTC, ISO 8601;
    ``trusted``: the controller's own store accepts chain and name.
    """

    names: tuple[str, ...] | None = None
    key: str | None = None
    signature: str | None = None
    needs_sni: bool | None = None
    roots: tuple[str, ...] | None = None
    thumbprints: tuple[str, ...] = ()
    not_before: str | None = None
    not_after: str | None = None
    trusted: bool | None = None


class Source(str, enum.Enum):
    """Where the knowledge of what a server accepts comes from."""

    PROBE = "probe"
    DECLARED = "declared"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a server accepts.

    A protocol in neither ``tls`` nor ``refused`` is unknown (for example: the controller cannot offer it).
    ``suites``: IANA names accepted with TLS 1.2 and older; None means that nobody looked.
    ``undetermined_suites``: names that could not be offered and may be accepted all the same.
    ``starttls``: None means that nobody looked. ``error``: why a probe learnt nothing at all.
    """

    source: Source
    tls: frozenset[Protocol] = frozenset()
    refused: frozenset[Protocol] = frozenset()
    suites: tuple[str, ...] | None = None
    undetermined_suites: frozenset[str] = frozenset()
    starttls: bool | None = None
    certificate: Certificate | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """One entry of the option ``servers``. ``auth`` is None where the operator did not say.

    ``probe``: to be asked; ``sslyze``: a file of the controller that says what it accepts, "" for none.
    """

    host: str
    port: int
    protocol: MailProtocol
    security: Security
    auth: tuple[str, ...] | None = None
    probe: bool = False
    accepts: Acceptance | None = None
    sslyze: str = ""


@dataclass(frozen=True, slots=True)
class MailAccount:
    """One incoming or outgoing leg of a mail account as a user's hive holds it.

    A POP3 account with SMTP gives two of these. ``port`` is the effective one; ``port_is_default``: no value is
    stored. ``kind``: "outlook", "outlook-express" or "oeaccount". ``client_version``: "14.0" for Outlook 2010, else "".
    ``key``: the registry key (or file) it came from.
    """

    user: str
    kind: str
    client_version: str
    account: str
    key: str
    protocol: MailProtocol
    server: str
    port: int
    port_is_default: bool
    security: Security
    email: str = ""
    spa: bool = False
