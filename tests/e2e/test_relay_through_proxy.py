# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real relay that reaches real Postfix and Dovecot through an HTTP proxy, and proxies that will not have it."""

from __future__ import annotations

import contextlib
import imaplib
import smtplib
import socket
import threading
import time
import typing as t
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from tests.support.mail_servers import DOMAIN, NAME, PASSWORD, USER, MailServers
from tests.support.relays import Running, ask, running, signs_in
from tests.support.tls_servers import Authority, Loopback, read_line
from tests.support.waiting import until

pytestmark = pytest.mark.needs("stunnel", "postfix", "dovecot")


@dataclass
class Proxy:
    """An HTTP proxy that knows CONNECT and these names, and what it was asked. ``refusal``: what it says instead."""

    names: Mapping[str, str]
    refusal: bytes = b""
    asked: list[bytes] = field(default_factory=list)

    def __call__(self, connection: socket.socket, _number: int) -> None:
        """Serve one client."""
        self.asked.append(read_line(connection).strip())
        while read_line(connection).strip():
            pass
        if self.refusal:
            connection.sendall(b"HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n" % self.refusal)
            return
        host, _colon, port = self.asked[-1].split()[1].decode().rpartition(":")
        with socket.create_connection((self.names[host], int(port)), 5) as onward:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(onward, connection), daemon=True)
            back.start()
            pump(connection, onward)
            back.join(5)


def pump(source: socket.socket, sink: socket.socket) -> None:
    """All that comes from one to the other, to the end."""
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def servers(authority: Authority) -> Iterator[MailServers]:
    with MailServers(authority.issue("server"), "1.3", "127.84.1.5") as both:
        yield both


def through(
    servers: MailServers, authority: Authority, port: int, protocol: str = "smtp", **fields: t.Any
) -> contextlib.AbstractContextManager[Running]:
    """A relay that knows the way only through the proxy on that port of loopback: no DNS has the server's name."""
    spoken = {"smtp": "submissions", "imap": "imaps"}[protocol]
    return running(
        protocol=protocol,
        port=servers.ports[spoken],
        upstream_security="implicit",
        proxy=f"127.0.0.1:{port}",
        ca_file=str(authority.root.chain),
        **fields,
    )


def test_a_mail_is_sent_and_fetched(servers: MailServers, authority: Authority) -> None:
    proxy = Proxy({NAME: servers.address})
    mail = f"From: <a@{DOMAIN}>\r\nMessage-ID: <proxied@{DOMAIN}>\r\nSubject: x\r\n\r\nwords\r\n"
    with Loopback(proxy) as listener:
        with through(servers, authority, listener.port) as relay, smtplib.SMTP(*relay.address, timeout=20) as client:
            client.login(USER, PASSWORD)
            assert client.sendmail(f"a@{DOMAIN}", [f"b@{DOMAIN}"], mail) == {}
        until(servers.message_ids)
        with (
            through(servers, authority, listener.port, "imap") as relay,
            imaplib.IMAP4(*relay.address, timeout=20) as box,
        ):
            box.login(USER, PASSWORD)
            box.select()
            _ok, found = box.fetch("1", "(BODY[TEXT])")
    assert t.cast("tuple[bytes, bytes]", found[0])[1] == b"words\r\n"
    wanted = [f"CONNECT {NAME}:{servers.ports[port]} HTTP/1.1".encode() for port in ("submissions", "imaps")]
    assert proxy.asked == wanted


@pytest.mark.parametrize("refusal", [b"403 Forbidden", b"407 Proxy Authentication Required", b"503 No"])
@pytest.mark.parametrize("inbound", ["clear", "legacy_tls"])
def test_a_proxy_that_refuses(servers: MailServers, authority: Authority, refusal: bytes, inbound: str) -> None:
    front = authority.issue("front", names=("relay.example.test",))
    fields = {"certificate": str(front.chain), "key": str(front.key)} if inbound != "clear" else {}
    with (
        Loopback(Proxy({}, refusal)) as listener,
        through(servers, authority, listener.port, inbound=inbound, **fields) as relay,
    ):
        assert ask(relay, "smtp", inbound) == b""
        assert "CONNECT request rejected" in relay.log_with("CONNECT request rejected")
        assert relay.process.poll() is None


def test_a_proxy_that_is_down_and_comes_back(servers: MailServers, authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with through(servers, authority, port) as relay:
        assert ask(relay, "smtp") == b""
        assert f"127.0.0.1:{port}: Connection refused" in relay.log_with("Connection refused")
        with socket.create_server(("127.0.0.1", port)) as listener:
            serve = threading.Thread(
                target=lambda: Proxy({NAME: servers.address})(listener.accept()[0], 0), daemon=True
            )
            serve.start()
            assert signs_in(ask(relay, "smtp"))
            serve.join(5)


def test_a_proxy_that_ends_in_mid_session(servers: MailServers, authority: Authority) -> None:
    listener = Loopback(Proxy({NAME: servers.address}))
    with (
        listener,
        through(servers, authority, listener.port) as relay,
        smtplib.SMTP(*relay.address, timeout=20) as client,
    ):
        client.ehlo()
        listener.__exit__()
        start = time.monotonic()
        assert client.sock is not None
        assert client.sock.recv(100) == b""
        assert time.monotonic() - start < 1
        client.close()
