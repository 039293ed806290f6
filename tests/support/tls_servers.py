# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers on loopback for the tests of the probe: mail servers with Python's ssl, OpenSSL's s_server, bad ones.

Certificates are made on the fly, by a certification authority of the test run.
"""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
import subprocess
import threading
import time
import typing as t
import warnings
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

PrivateKey = t.Union[rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey]
Handler = t.Callable[[socket.socket, int], None]

NAME = "mail.example.test"
VERSIONS = ("TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3")
NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Issued:
    """A certificate in files: ``chain`` (leaf first) and ``key``, both PEM, and the objects behind them."""

    chain: Path
    key: Path
    certificate: x509.Certificate
    private_key: PrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def sha1(self) -> str:
        return self.certificate.fingerprint(hashes.SHA1()).hex().upper()


class Authority:
    """A certification authority that writes what it issues below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._ecdsa_key = ec.generate_private_key(ec.SECP256R1())
        self.root = self.issue("root", names=(), authority=True)

    def issue(
        self,
        label: str,
        *,
        names: t.Sequence[str] = (NAME,),
        ecdsa: bool = False,
        authority: bool = False,
        self_signed: bool = False,
        start: datetime.datetime = NOW - DAY,
        end: datetime.datetime = NOW + 30 * DAY,
    ) -> Issued:
        """One more certificate. RSA leaves share a key with each other: making one takes a tenth of a second."""
        key: PrivateKey = self._ecdsa_key if ecdsa else self._rsa_key
        if authority:
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{label}.invalid")])
        own = authority or self_signed
        issuer = subject if own else self.root.certificate.subject
        builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number(), start, end)
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), False)
        certificate = builder.sign(key if own else self.root.private_key, hashes.SHA256())
        return self._write(label, certificate, key, own)

    def _write(self, label: str, certificate: x509.Certificate, key: PrivateKey, own: bool) -> Issued:
        chain, key_file = self._folder / f"{label}.pem", self._folder / f"{label}.key"
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        chain.write_bytes(pem if own else pem + self.root.chain.read_bytes())
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return Issued(chain, key_file, certificate, key)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def server_context(
    *issued: Issued, low: str = "TLSv1", high: str = "TLSv1_3", ciphers: str = "ALL:!aNULL:!eNULL"
) -> ssl.SSLContext:
    """A server's context from version ``low`` to ``high`` (names of ssl.TLSVersion), at OpenSSL's security level 0."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(ciphers + ":@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = getattr(ssl.TLSVersion, low)
        context.maximum_version = getattr(ssl.TLSVersion, high)
    for one in issued:
        context.load_cert_chain(one.chain, one.key)
    return context


class Loopback:
    """A listener on 127.0.0.1 that hands each connection and its number (0, 1, ...) to ``handler``, in a thread."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._open: list[socket.socket] = []
        self.connections = 0
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Loopback:
        return self

    def __exit__(self, *_exception: object) -> None:
        for sock in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def stop_listening(self) -> None:
        """Refuse further connections; those that are open go on."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _peer = self._listener.accept()
                self._open.append(connection)
                number, self.connections = self.connections, self.connections + 1
                threading.Thread(target=self._handle, args=(connection, number), daemon=True).start()

    def _handle(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            connection.settimeout(10)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._handler(connection, number)


@dataclass(frozen=True)
class Words:
    """What a small mail server says. ``{command: answer}``; the command is compared without its IMAP tag."""

    greeting: bytes
    before: t.Mapping[bytes, bytes]
    after: t.Mapping[bytes, bytes]
    starttls: bytes


SMTP = Words(
    greeting=b"220-mail.example.test ESMTP\r\n220 ready\r\n",
    before={b"EHLO": b"250-mail.example.test\r\n250-SIZE 1000\r\n250-StartTLS\r\n250 HELP\r\n"},
    after={b"EHLO": b"250-mail.example.test\r\n250-AUTH PLAIN login XOAUTH2 b\xe9d\x1b[31m\r\n250 HELP\r\n"},
    starttls=b"220 go ahead\r\n",
)
IMAP = Words(
    greeting=b"* OK [CAPABILITY IMAP4rev1] ready\r\n",
    before={b"CAPABILITY": b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n%s OK done\r\n"},
    after={b"CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2\r\n%s OK done\r\n"},
    starttls=b"%s OK begin\r\n",
)
POP3 = Words(
    greeting=b"+OK ready\r\n",
    before={b"CAPA": b"+OK\r\nTOP\r\nSTLS\r\n.\r\n"},
    after={b"CAPA": b"+OK\r\nUSER\r\nSASL PLAIN LOGIN\r\n.\r\n"},
    starttls=b"+OK begin\r\n",
)
WORDS: t.Mapping[str, Words] = {"smtp": SMTP, "imap": IMAP, "pop3": POP3}
_STARTTLS = (b"STARTTLS", b"STLS")


def mail_server(words: Words, context: ssl.SSLContext | None, *, implicit: bool = False) -> Handler:
    """A mail server that greets, answers, and takes STARTTLS (or TLS at once); without a context it stays in clear."""

    def handle(connection: socket.socket, _number: int) -> None:
        if implicit and context is not None:
            with context.wrap_socket(connection, server_side=True) as tls:
                tls.sendall(words.greeting)
                _converse(tls, words, words.after)
            return
        connection.sendall(words.greeting)
        if _converse(connection, words, words.before) and context is not None:
            with context.wrap_socket(connection, server_side=True) as tls:
                _converse(tls, words, words.after)

    return handle


def _converse(connection: socket.socket, words: Words, answers: t.Mapping[bytes, bytes]) -> bool:
    """Answer until the client goes (False) or has been told to begin with TLS (True)."""
    while line := read_line(connection):
        parts = line.split()
        tag = parts.pop(0) if words is IMAP or words.greeting.startswith(b"* ") else b""
        command = parts[0].upper() if parts else b""
        if command in _STARTTLS:
            connection.sendall(words.starttls.replace(b"%s", tag))
            return True
        connection.sendall(answers.get(command, b"500 what?\r\n").replace(b"%s", tag))
    return False


def read_line(connection: socket.socket) -> bytes:
    """One line, byte by byte, so that nothing of what follows is taken."""
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            return b""
        line += byte
    return line


def _talk(words: t.IO[bytes]) -> None:
    """Say the same again and again: nobody tells when s_server has a new client."""
    with contextlib.suppress(OSError, ValueError):
        while True:
            words.write(b"220 hello\n250-hello\n250 AUTH PLAIN\n")
            time.sleep(0.02)


@contextlib.contextmanager
def s_server(issued: Issued, *options: str) -> t.Iterator[int]:
    """OpenSSL's own test server; gives the port. It serves one connection after the other.

    Its standard input goes to whom it is connected to: every client hears the words of an SMTP server from there.
    """
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", str(issued.chain), "-key", str(issued.key)]
    # No buffers: what is left in one when the server is gone could not be flushed.
    with subprocess.Popen(
        [*command, *options], bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        output, words = t.cast("t.IO[bytes]", process.stdout), t.cast("t.IO[bytes]", process.stdin)
        line = next((line for line in output if line.startswith(b"ACCEPT ")), b"")
        threads = [threading.Thread(target=output.read, daemon=True)]
        threads.append(threading.Thread(target=_talk, args=(words,), daemon=True))
        assert line, "openssl s_server did not start"
        for thread in threads:
            thread.start()
        try:
            yield int(line.rpartition(b":")[2])
        finally:
            process.kill()
            for thread in threads:
                thread.join(5)


def states(result: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Version → accepted, refused or undetermined, of a result of ``probe``."""
    return {version: state["state"] for version, state in result["versions"].items()}


def expected_states(*accepted: str) -> dict[str, str]:
    """What no OpenSSL of today can offer is undetermined, all else is accepted or refused."""
    found = {version: "accepted" if version in accepted else "refused" for version in VERSIONS}
    return {"SSL 2.0": "undetermined", "SSL 3.0": "undetermined", **found}
