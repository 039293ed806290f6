# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real stunnel on its way to the upstream: name, address, failover, proxy, ends; trials; what it logs."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import stunnel
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.facts import parse_facts
from tests.support.relays import (
    ASK,
    FACTS,
    READY,
    SIGN_IN,
    ask,
    clear_client,
    relay,
    running,
    signs_in,
    started,
)
from tests.support.tls_servers import (
    WORDS,
    Authority,
    Issued,
    Loopback,
    mail_server,
    read_line,
    server_context,
)
from tests.support.waiting import wait

pytestmark = pytest.mark.needs("stunnel", "openssl")

NOBODY = "127.83.9.9"


def test_the_name_is_sent_to_the_server(authority: Authority, leaf: Issued) -> None:
    seen: list[str | None] = []
    context = server_context(leaf)
    context.sni_callback = lambda _socket, name, _context: seen.append(name)
    with (
        Loopback(mail_server(WORDS["smtp"], context, implicit=True)) as upstream,
        running(
            port=upstream.port,
            addresses=["127.0.0.1"],
            upstream_security="implicit",
            ca_file=str(authority.root.chain),
        ) as one,
    ):
        assert signs_in(ask(one, "smtp"))
    assert seen == ["mail.example.test"]


@pytest.mark.parametrize(("names", "works"), [(("127.0.0.1",), True), (("mail.example.test",), False)])
def test_an_upstream_known_by_its_address(authority: Authority, names: tuple[str, ...], works: bool) -> None:
    context = server_context(authority.issue("address", names=names))
    seen: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: seen.append(name)
    with (
        Loopback(mail_server(WORDS["smtp"], context, implicit=True)) as upstream,
        running(
            upstream="127.0.0.1", port=upstream.port, upstream_security="implicit", ca_file=str(authority.root.chain)
        ) as one,
    ):
        assert signs_in(ask(one, "smtp")) is works, one.log()
    assert seen in ([None], [])


def test_the_next_address_is_taken_where_the_first_is_silent(authority: Authority, leaf: Issued) -> None:
    server = mail_server(WORDS["imap"], server_context(leaf))
    fields = {"protocol": "imap", "ca_file": str(authority.root.chain)}
    with (
        Loopback(server) as upstream,
        running(port=upstream.port, addresses=[NOBODY, "127.83.9.8", "127.0.0.1"], **fields) as one,
    ):
        assert [signs_in(ask(one, "imap")) for _time in range(3)] == [True] * 3, one.log()
        assert upstream.connections == 3
        assert NOBODY in one.log()


def test_no_upstream_at_all_ends_the_connection_and_not_the_relay(authority: Authority, leaf: Issued) -> None:
    with Loopback(mail_server(WORDS["smtp"], server_context(leaf))) as upstream:
        port = upstream.port
    with running(port=port, addresses=["127.0.0.1"], ca_file=str(authority.root.chain)) as one:
        assert ask(one, "smtp") == b""
        assert "Connection refused" in one.log_with("Connection refused")
        assert one.process.poll() is None
    with running(upstream="nowhere.invalid", port=port, ca_file=str(authority.root.chain)) as one:
        assert ask(one, "smtp") == b""
        assert one.process.poll() is None


def connect_proxy(asked: list[bytes], target: int) -> t.Callable[[socket.socket, int], None]:
    """An HTTP proxy that knows CONNECT, and leads all to one port here, whatever name it is asked for."""

    def handle(connection: socket.socket, _number: int) -> None:
        asked.append(read_line(connection).strip())
        while read_line(connection).strip():
            pass
        with socket.create_connection(("127.0.0.1", target), 5) as onward:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(onward, connection), daemon=True)
            back.start()
            pump(connection, onward)
            back.join(5)

    return handle


def pump(source: socket.socket, sink: socket.socket) -> None:
    """All that comes from one to the other, to the end."""
    try:
        while data := source.recv(4096):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_through_a_proxy(authority: Authority, leaf: Issued) -> None:
    asked: list[bytes] = []
    with (
        Loopback(mail_server(WORDS["pop3"], server_context(leaf, low="TLSv1_2"), implicit=True)) as upstream,
        Loopback(connect_proxy(asked, upstream.port)) as proxy,
        running(
            port=995,
            protocol="pop3",
            upstream_security="implicit",
            proxy=f"127.0.0.1:{proxy.port}",
            ca_file=str(authority.root.chain),
        ) as one,
    ):
        assert signs_in(ask(one, "pop3")), one.log()
    assert asked == [b"CONNECT mail.example.test:995 HTTP/1.1"]


@pytest.mark.parametrize("how", ["closed", "reset"])
@pytest.mark.parametrize("inbound", ["clear", "legacy_tls"])
def test_a_client_sees_within_a_second_that_the_upstream_has_gone(
    authority: Authority, leaf: Issued, front: dict[str, str], inbound: str, how: str
) -> None:
    die = threading.Event()

    def server(connection: socket.socket, _number: int) -> None:
        with server_context(leaf).wrap_socket(connection, server_side=True) as tls:
            tls.sendall(b"220 ready\r\n")
            die.wait(10)
            if how == "reset":
                tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    fields = {"inbound": inbound, "upstream_security": "implicit", **(front if inbound != "clear" else {})}
    with (
        Loopback(server) as upstream,
        running(port=upstream.port, addresses=["127.0.0.1"], ca_file=str(authority.root.chain), **fields) as one,
        socket.create_connection(one.address, 5) as plain,
    ):
        plain.settimeout(5)
        client = plain if inbound == "clear" else unverified().wrap_socket(plain)
        assert client.recv(100).startswith(b"220")
        die.set()
        start = time.monotonic()
        assert drained(client)
        assert time.monotonic() - start < 1
        client.close()


def test_a_client_that_waits_for_the_end_of_the_connection_does_not_wait_long(
    authority: Authority, leaf: Issued, front: dict[str, str]
) -> None:
    """SCHANNEL's way: no answer to close_notify."""

    def server(connection: socket.socket, _number: int) -> None:
        with server_context(leaf).wrap_socket(connection, server_side=True) as tls:
            tls.sendall(b"221 bye\r\n")

    fields = {"inbound": "legacy_tls", "upstream_security": "implicit", **front}
    with (
        Loopback(server) as upstream,
        running(port=upstream.port, addresses=["127.0.0.1"], ca_file=str(authority.root.chain), **fields) as one,
        socket.create_connection(one.address, 5) as plain,
    ):
        plain.settimeout(5)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = unverified().wrap_bio(incoming, outgoing)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                plain.sendall(outgoing.read())
                incoming.write(plain.recv(4096))
        plain.sendall(outgoing.read())
        start = time.monotonic()
        assert drained(plain)
        assert time.monotonic() - start < 1


def unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def drained(client: socket.socket) -> bool:
    """True once the connection has ended, in whatever way."""
    try:
        while client.recv(4096):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def test_over_ipv6(authority: Authority, leaf: Issued) -> None:
    server = mail_server(WORDS["smtp"], server_context(leaf))
    with (
        Loopback(server) as upstream,
        running(host="::1", port=upstream.port, addresses=["127.0.0.1"], ca_file=str(authority.root.chain)) as one,
    ):
        assert signs_in(ask(one, "smtp")), one.log()


def test_nothing_of_a_message_is_logged(authority: Authority, leaf: Issued) -> None:
    server = mail_server(WORDS["smtp"], server_context(leaf))
    with (
        Loopback(server) as upstream,
        running(port=upstream.port, addresses=["127.0.0.1"], ca_file=str(authority.root.chain)) as one,
    ):
        words = b"AUTH PLAIN c2VjcmV0\r\nSubject: private\r\n" + ASK["smtp"]
        assert signs_in(clear_client(one.address, words=words, until=SIGN_IN))
        log = one.log_with("Connection closed")
    assert "Connection closed" in log
    assert not any(word in log for word in ("AUTH", "c2VjcmV0", "private", "EHLO"))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, ""),
        ({"ca_file": "/nonexistent/ca.pem"}, "[submission]: Failed to initialize TLS context"),
        ({"inbound": "legacy_tls"}, "/etc/mailfleet-relay/submission/certificate.pem"),
        ({"inbound": "legacy_tls", "certificate": "/nonexistent/c.pem", "key": "/nonexistent/k"}, "/nonexistent/c.pem"),
    ],
)
def test_a_trial_tells_a_bad_configuration_and_disturbs_nobody(
    tmp_path: Path, authority: Authority, fields: dict[str, str], problem: str
) -> None:
    # The listener of the entry is no address of this machine: a trial must not care.
    made = relay(**{"ca_file": str(authority.root.chain), **fields})
    with started(stunnel.trial(made, parse_facts(FACTS)), tmp_path) as (process, log_file):
        if problem:
            assert wait(lambda: process.poll() is not None)
            assert process.returncode == 1
        log = log_file.read_text(encoding="utf-8")
        assert (READY in log) is not bool(problem)
        assert (process.poll() is None) is not bool(problem)
        assert problem in log


def test_a_port_that_is_taken_is_told(tmp_path: Path, authority: Authority) -> None:
    with socket.create_server(("127.83.1.2", 0)) as other:
        port = other.getsockname()[1]
        made = relay(listen=f"127.83.1.2:{port}", allow=["127.0.0.0/8"], ca_file=str(authority.root.chain))
        with started(stunnel.configuration(made, parse_facts(FACTS)), tmp_path) as (process, log_file):
            assert wait(lambda: process.poll() is not None)
            assert "Address already in use" in log_file.read_text(encoding="utf-8")
