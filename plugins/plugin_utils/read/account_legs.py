# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One account as a set of named values, and the legs that it has. Shared by all the places that hold accounts."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailAccount, MailProtocol, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryKey, RegistryType

#: What the names of an account's values begin with.
PREFIX: t.Final = {MailProtocol.POP3: "POP3", MailProtocol.IMAP: "IMAP", MailProtocol.SMTP: "SMTP"}
#: What is not stored.
DEFAULT_PORTS: t.Final = {MailProtocol.POP3: 110, MailProtocol.IMAP: 143, MailProtocol.SMTP: 25}
_LAST_PORT: t.Final = 65535
#: ``SMTP Use Sicily``: 0 none, 1 own name with SPA, 2 as the incoming server, 3 own name without SPA.
_AS_INCOMING: t.Final = 2


@dataclass(frozen=True, slots=True)
class AccountReading:
    """Accounts of one user, as far as they could be read.

    ``others``: accounts that are no legs of SMTP, IMAP or POP3, as "kind: name" (exchange, eas, httpmail).
    ``unread``: (what, why) of what could not be read; the names of keys and values, never data.
    """

    accounts: tuple[MailAccount, ...] = ()
    others: tuple[str, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()

    def __add__(self, other: AccountReading) -> AccountReading:
        """Both readings together."""
        return AccountReading(self.accounts + other.accounts, self.others + other.others, self.unread + other.unread)


class Wrong(Exception):
    """A value is there and is not what it must be. Arguments: name of the value, why."""


def text_of(key: RegistryKey, name: str) -> str:
    """The text of that value, "" where there is none.

    :raises Wrong: its type or its bytes are not those of a text.
    """
    value = key.get(name)
    if value is None:
        return ""
    if isinstance(value.data, str) and value.type in (RegistryType.SZ, RegistryType.EXPAND_SZ):
        return value.data
    if not isinstance(value.data, bytes) or value.type is not RegistryType.BINARY:
        raise Wrong(name, f"is {value.type.value}, which holds no text")
    try:
        return value.data.decode("utf-16-le").partition("\0")[0]
    except UnicodeDecodeError:
        raise Wrong(name, "holds bytes that are not UTF-16") from None


def number_of(key: RegistryKey, name: str) -> int | None:
    """The number of that value, None where there is none.

    :raises Wrong: it is not a REG_DWORD.
    """
    value = key.get(name)
    if value is None:
        return None
    if not isinstance(value.data, int) or value.type is not RegistryType.DWORD:
        raise Wrong(name, f"is {value.type.value}, not a number")
    return value.data


def _port(key: RegistryKey, protocol: MailProtocol) -> tuple[int, bool]:
    """The port, and whether it is the default because none is stored."""
    name = f"{PREFIX[protocol]} Port"
    port = number_of(key, name)
    if port is None:
        return DEFAULT_PORTS[protocol], True
    if not 0 < port <= _LAST_PORT:
        raise Wrong(name, f"is {port}, which is no port")
    return port, False


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one family of clients stores an account."""

    kind: str
    version: str
    email: str
    security: t.Callable[[RegistryKey, MailProtocol, int], Security]
    spa: t.Callable[[RegistryKey, MailProtocol], bool]


def legs(key: RegistryKey, incoming: Iterable[MailProtocol], user: str, dialect: Dialect) -> AccountReading:
    """The incoming legs, and the outgoing one, of the account that is stored in ``key``."""
    reading = AccountReading()
    for protocol in (*incoming, MailProtocol.SMTP):
        try:
            server = text_of(key, f"{PREFIX[protocol]} Server").strip()
            if not server:
                continue
            email = text_of(key, dialect.email)
            port, is_default = _port(key, protocol)
            leg = MailAccount(
                user=user,
                kind=dialect.kind,
                client_version=dialect.version,
                account=text_of(key, "Account Name") or email or key.path.rpartition("\\")[2],
                key=key.path,
                protocol=protocol,
                server=server,
                port=port,
                port_is_default=is_default,
                security=dialect.security(key, protocol, port),
                email=email,
                spa=dialect.spa(key, protocol),
            )
            reading += AccountReading(accounts=(leg,))
        except Wrong as wrong:
            name, why = wrong.args
            reading += AccountReading(unread=((f"{key.path} | {name}", why),))
    return reading


def stored_protocols(key: RegistryKey) -> Iterable[MailProtocol]:
    """The incoming protocols for which the key names a server."""
    return (p for p in (MailProtocol.POP3, MailProtocol.IMAP) if key.get(f"{PREFIX[p]} Server"))


def express_dialect(kind: str, starttls_ports: Iterable[int], unknown_ports: Iterable[int]) -> Dialect:
    """How Outlook Express stores an account, and the clients that came after it.

    They store only whether a connection is "secure". For IMAP and POP3 that is implicit TLS; for SMTP it depends on
    the port, and on some ports nobody knows.

    :param kind: for :attr:`MailAccount.kind`.
    :param starttls_ports: SMTP ports on which "secure" means STARTTLS.
    :param unknown_ports: SMTP ports on which nobody knows what it means.
    """
    starttls, unknown = frozenset(starttls_ports), frozenset(unknown_ports)

    def security(key: RegistryKey, protocol: MailProtocol, port: int) -> Security:
        secure = number_of(key, f"{PREFIX[protocol]} Secure Connection") or 0
        if secure == 0:
            return Security.NONE
        if secure > 1 or (protocol is MailProtocol.SMTP and port in unknown):
            return Security.UNKNOWN
        return Security.STARTTLS if protocol is MailProtocol.SMTP and port in starttls else Security.IMPLICIT

    def spa(key: RegistryKey, protocol: MailProtocol) -> bool:
        used = number_of(key, f"{PREFIX[protocol]} Use Sicily") or 0
        if protocol is MailProtocol.SMTP and used == _AS_INCOMING:
            return any(spa(key, incoming) for incoming in stored_protocols(key))
        return used == 1

    return Dialect(kind, "", "SMTP Email Address", security, spa)
