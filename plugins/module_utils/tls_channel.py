# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One TCP connection with one deadline, in clear and then perhaps in TLS, and what became of its handshake.

The handshake is pumped through memory buffers, so that the deadline holds for the whole of it (a peer that sends one
byte a second does not reset it), so that the amount of data is bounded, and so that the server's own alert can be read.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import typing as t

from ansible_collections.mailfleet.client.plugins.module_utils.tls_offer import Deadline, ProbeError

#: The most that a server may send on one connection, in bytes. Long certificate chains are about 100 KB.
MAX_RECEIVED = 512 * 1024

#: TLS alerts, RFC 8446 section 6 and RFC 5246 section 7.2.
ALERTS: t.Mapping[int, str] = {
    0: "close_notify",
    10: "unexpected_message",
    40: "handshake_failure",
    42: "bad_certificate",
    47: "illegal_parameter",
    50: "decode_error",
    51: "decrypt_error",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    109: "missing_extension",
    110: "unsupported_extension",
    112: "unrecognized_name",
    116: "certificate_required",
}

#: Versions as they travel. TLS 1.3 calls itself TLS 1.2 here, and is told apart by an extension.
_VERSION_NUMBERS = {b"\x03\x00": "SSL 3.0", b"\x03\x01": "TLS 1.0", b"\x03\x02": "TLS 1.1", b"\x03\x03": "TLS 1.2"}
#: OpenSSL's words for a ServerHello of a version that was not offered.
_ANOTHER_VERSION = ("UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION")
_RECORD_HANDSHAKE, _SERVER_HELLO = b"\x16", b"\x02"
#: Sockets have a time-out of their own class in Python 3.8 and 3.9; taken for a closing, it would look like a refusal.
_TIMEOUTS = (TimeoutError, socket.timeout)
_RECORD_ALERT, _RECORD_TYPES, _FATAL = 21, (20, 21, 22, 23, 24), b"\x02"


def _first_alert(records: bytes) -> int | None:
    """The number of the first fatal alert that was sent in clear, or None."""
    at = 0
    while at + 5 <= len(records):
        size = int.from_bytes(records[at + 3 : at + 5], "big")
        if records[at] == _RECORD_ALERT and size == 2 and records[at + 5 : at + 6] == _FATAL and at + 7 <= len(records):
            return records[at + 6]
        at += 5 + size
    return None


def _chosen_version(records: bytes) -> str | None:
    """The version in the ServerHello, where that is what the server sent first. RFC 5246 7.4.1.3."""
    if records[:1] != _RECORD_HANDSHAKE or records[5:6] != _SERVER_HELLO:
        return None
    return _VERSION_NUMBERS.get(records[9:11])


def _chain(tls: ssl.SSLObject, verified: bool) -> list[bytes]:
    """The chain as sent, or as built to the root; the leaf alone (or nothing) where this Python cannot tell.

    Public from Python 3.13 on, there as a private method from 3.10 on.
    """
    name = "get_verified_chain" if verified else "get_unverified_chain"
    get = getattr(tls, name, None) or getattr(getattr(tls, "_sslobj", None), name, None)
    if get is not None:
        found = [c if isinstance(c, bytes) else ssl.PEM_cert_to_DER_cert(c.public_bytes()) for c in get() or ()]
        if found:
            return found
    leaf = None if verified else tls.getpeercert(binary_form=True)
    return [leaf] if leaf else []


class Channel:
    """One connection. Every method raises ProbeError."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._socket = connection
        self._deadline = deadline
        self._received = 0
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None
        self._handshake_bytes = b""
        self.suite: str | None = None
        self.chain: list[bytes] = []
        self.verified_chain: list[bytes] = []

    def close(self) -> None:
        """Close the connection; says no good-bye."""
        self._socket.close()

    def address_literal(self) -> str:
        """Our own address as RFC 5321 4.1.3 wants it from a client without a name: ``[192.0.2.1]``."""
        address = str(self._socket.getsockname()[0]).partition("%")[0]
        return f"[IPv6:{address}]" if ":" in address else f"[{address}]"

    def _send_raw(self, data: bytes) -> None:
        try:
            self._socket.settimeout(self._deadline.left())
            self._socket.sendall(data)
        except _TIMEOUTS:
            raise ProbeError("timeout", "the server took no more data in time") from None
        except OSError:
            raise ProbeError("closed", "the server closed the connection") from None

    def _receive_raw(self) -> bytes:
        try:
            self._socket.settimeout(self._deadline.left())
            data = self._socket.recv(16384)
        except _TIMEOUTS:
            raise ProbeError("timeout", "the server did not answer in time") from None
        except OSError:
            raise ProbeError("closed", "the server closed the connection") from None
        self._received += len(data)
        if self._received > MAX_RECEIVED:
            raise ProbeError("too_much", f"the server sent more than {MAX_RECEIVED} bytes")
        return data

    def send(self, data: bytes) -> None:
        """Send all of it."""
        if self._tls is None:
            self._send_raw(data)
        else:
            self._tls.write(data)
            self._send_raw(self._outgoing.read())

    def receive(self) -> bytes:
        """Some bytes, at least one."""
        while True:
            try:
                data = self._receive_raw() if self._tls is None else self._tls.read(16384)
            except ssl.SSLWantReadError:
                self._feed()
                continue
            except ssl.SSLError:
                data = b""
            if not data:
                raise ProbeError("closed", "the server closed the connection")
            return data

    def _flush(self) -> None:
        """What the TLS engine has to say, onto the network."""
        data = self._outgoing.read()
        if data:
            self._send_raw(data)

    def _feed(self) -> None:
        """Bytes from the network into the TLS engine."""
        self._flush()
        data = self._receive_raw()
        if not data:
            raise ProbeError("closed", "the server closed the connection")
        self._incoming.write(data)
        if self.suite is None:
            self._handshake_bytes += data

    def start_tls(self, offer: ssl.SSLContext, server_name: str | None) -> None:
        """Do the handshake; afterwards ``suite`` (OpenSSL's name) and the chains are set, and data travels in TLS."""
        try:
            tls = offer.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        except ValueError as error:
            raise ProbeError("local", f"the server name cannot be sent: {error}") from error
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._feed()
                if self._handshake_bytes[0] not in _RECORD_TYPES:
                    raise ProbeError("not_tls", "the server does not answer in TLS") from None
            except ssl.SSLError as error:
                raise self._failure(error) from error
        self.chain = _chain(tls, verified=False)
        self.verified_chain = _chain(tls, verified=True) if offer.verify_mode == ssl.CERT_REQUIRED else []
        cipher = tls.cipher()
        self.suite = cipher[0] if cipher else ""
        self._tls = tls
        self._flush()

    def _failure(self, error: ssl.SSLError) -> ProbeError:
        """Who ended the handshake: the server with an alert, or OpenSSL here."""
        alert = _first_alert(self._handshake_bytes)
        if alert is not None:
            name = ALERTS.get(alert, f"number {alert}")
            return ProbeError("alert", f"the server answered with the alert {name}", alert)
        with contextlib.suppress(ProbeError):  # our own alert: let the server know why
            self._flush()
        if isinstance(error, ssl.SSLCertVerificationError):
            return ProbeError("certificate", str(error.verify_message))
        chosen = _chosen_version(self._handshake_bytes)
        if error.reason in _ANOTHER_VERSION and chosen is not None:
            return ProbeError("version", f"the server answered with {chosen} instead")
        if not self._handshake_bytes:
            return ProbeError("local", f"{ssl.OPENSSL_VERSION} cannot offer it: {error.reason}")
        return ProbeError("local", f"{ssl.OPENSSL_VERSION} could not finish the handshake: {error.reason}")


def resolve(host: str, port: int, deadline: Deadline) -> list[tuple[t.Any, ...]]:
    """What getaddrinfo says, but not later than the deadline (the resolver has no time limit of its own)."""
    answers: list[t.Any] = []

    def ask() -> None:
        try:
            answers.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(deadline.left())
    if not answers:
        raise ProbeError("dns", "the name was not resolved in time")
    if isinstance(answers[0], Exception):
        why = getattr(answers[0], "strerror", None) or answers[0]
        raise ProbeError("dns", f"the name does not resolve: {why}") from answers[0]
    return t.cast("list[tuple[t.Any, ...]]", answers[0])


def connect(addresses: t.Sequence[tuple[t.Any, ...]], deadline: Deadline) -> tuple[Channel, int]:
    """A channel to the first address that answers, and its index."""
    fault = ProbeError("dns", "the name has no address")
    for index, (family, kind, number, _name, address) in enumerate(addresses):
        connection = socket.socket(family, kind, number)
        try:
            connection.settimeout(deadline.left())
            connection.connect(address)
            # Short questions follow the handshake at once: do not let them wait for an acknowledgement.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return Channel(connection, deadline), index
        except _TIMEOUTS:
            fault = ProbeError("timeout", "the server did not accept a connection in time")
        except ConnectionRefusedError:
            fault = ProbeError("refused", "the server refused the connection")
        except OSError as error:
            fault = ProbeError("unreachable", f"the server cannot be reached: {error.strerror or error}")
        except ProbeError:
            connection.close()
            raise
        connection.close()
    raise fault
