# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two relays of one server, and one of them dies; one relay of a server with several addresses, and one of these dies.

The clients are Python's: they try the addresses of a name in turn. What a mail client of Windows does is not shown.
"""

from __future__ import annotations

import contextlib
import imaplib
import smtplib
import socket
import ssl
import threading
import time
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import stunnel
from tests.support.mail_servers import DOMAIN, PASSWORD, USER, MailServers
from tests.support.relays import Running, ask, free_port, running, signs_in
from tests.support.tls_servers import WORDS, Authority, Handler, Issued, mail_server, server_context
from tests.support.waiting import until

pytestmark = pytest.mark.needs("stunnel", "openssl", "postfix", "dovecot")

#: The name that clients know, and the two machines behind it.
RELAYS = "relay.example.test"
FIRST, SECOND = "127.83.2.1", "127.83.2.2"
#: Addresses of a server; one relay knows them in this order.
ONE, OTHER = "127.83.3.1", "127.83.3.2"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def servers(authority: Authority) -> Iterator[MailServers]:
    with MailServers(authority.issue("server"), "1.2", "127.84.1.6") as both:
        yield both


@pytest.fixture
def name(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of both relays, as DNS would answer for it."""
    ask_dns = socket.getaddrinfo

    def found(host: t.Any, *rest: t.Any, **more: t.Any) -> list[t.Any]:
        if host != RELAYS:
            return ask_dns(host, *rest, **more)
        return [one for address in (FIRST, SECOND) for one in ask_dns(address, *rest, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    return RELAYS


@dataclass(frozen=True)
class Pair:
    """Two relays that differ in nothing but the machine. ``issued``: the certificate of both."""

    servers: MailServers
    authority: Authority
    issued: Issued
    port: int
    protocol: str

    def at(self, address: str) -> contextlib.AbstractContextManager[Running]:
        """One of them."""
        return running(
            listen=f"{address}:{self.port}",
            protocol=self.protocol,
            port=self.servers.ports["submission" if self.protocol == "smtp" else "imaps"],
            upstream_security="starttls" if self.protocol == "smtp" else "implicit",
            addresses=[self.servers.address],
            ca_file=str(self.authority.root.chain),
            inbound="legacy_tls",
            certificate=str(self.issued.chain),
            key=str(self.issued.key),
        )

    @property
    def context(self) -> ssl.SSLContext:
        """Of a client that verifies the relays' certificate and their name."""
        return ssl.create_default_context(cafile=self.authority.root.chain)


@pytest.fixture(params=["smtp", "imap"])
def pair(request: pytest.FixtureRequest, authority: Authority, servers: MailServers) -> Pair:
    issued = authority.issue("relays", names=(RELAYS,))
    return Pair(servers, authority, issued, free_port(FIRST), request.param)


def client(pair: Pair, name: str) -> smtplib.SMTP | imaplib.IMAP4:
    """A new session, signed in."""
    one: smtplib.SMTP | imaplib.IMAP4
    if pair.protocol == "smtp":
        one = smtplib.SMTP_SSL(name, pair.port, timeout=10, context=pair.context)
    else:
        one = imaplib.IMAP4_SSL(name, pair.port, timeout=10, ssl_context=pair.context)
    one.login(USER, PASSWORD)
    return one


def machine(session: smtplib.SMTP | imaplib.IMAP4) -> str:
    """Which of the two it came to."""
    assert session.sock is not None
    return str(session.sock.getpeername()[0])


def hears_the_end(session: smtplib.SMTP | imaplib.IMAP4) -> bool:
    """Whether that session ends, at once."""
    assert session.sock is not None
    start = time.monotonic()
    with contextlib.suppress(ConnectionError, ssl.SSLEOFError):
        while session.sock.recv(4096):
            pass
    session.sock.close()
    return time.monotonic() - start < 1


def test_one_of_two_relays_is_killed_and_comes_back(pair: Pair, name: str) -> None:
    with contextlib.ExitStack() as first, pair.at(SECOND):
        relay = first.enter_context(pair.at(FIRST))
        in_flight = client(pair, name)
        assert machine(in_flight) == FIRST
        relay.process.kill()
        assert hears_the_end(in_flight)
        first.close()
        start = time.monotonic()
        after = client(pair, name)
        assert time.monotonic() - start < 5
        assert machine(after) == SECOND
        with pair.at(FIRST):
            assert after.noop()[0] in (250, "OK")
            back = client(pair, name)
            assert machine(back) == FIRST
        for session in (after, back):
            assert session.sock is not None
            session.sock.close()


def test_messages_go_on_while_relays_die_in_turn(authority: Authority, servers: MailServers, name: str) -> None:
    """A client that sends again what was not taken loses nothing."""
    pair = Pair(servers, authority, authority.issue("relays", names=(RELAYS,)), free_port(FIRST), "smtp")
    sent = set()
    for number in range(4):
        dead = (FIRST, SECOND)[number % 2]
        with contextlib.ExitStack() as stack:
            relays = {address: stack.enter_context(pair.at(address)) for address in (FIRST, SECOND)}
            relays[dead].process.kill()
            # Until it is gone, its kernel goes on accepting for it.
            relays[dead].process.wait()
            session = client(pair, name)
            assert isinstance(session, smtplib.SMTP)
            assert machine(session) != dead
            identity = f"turn-{number}@{DOMAIN}"
            session.sendmail(f"a@{DOMAIN}", [f"b@{DOMAIN}"], f"Message-ID: <{identity}>\r\n\r\nwords\r\n")
            session.quit()
            sent.add(identity)
    until(lambda: sent <= set(servers.message_ids()))
    assert {identity: servers.message_ids()[identity] for identity in sent} == dict.fromkeys(sent, 1)


@contextlib.contextmanager
def serving(address: str, port: int, handler: Handler, seen: list[str]) -> Iterator[None]:
    """A server there, which notes that somebody came."""

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _peer = listener.accept()
                seen.append(address)
                threading.Thread(target=handle, args=(connection,), daemon=True).start()

    def handle(connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            connection.settimeout(10)
            handler(connection, 0)

    with socket.create_server((address, port)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def knowing_both(authority: Authority, port: int) -> contextlib.AbstractContextManager[Running]:
    """A relay that prefers ``ONE`` to ``OTHER``."""
    return running(port=port, addresses=[ONE, OTHER], ca_file=str(authority.root.chain))


def test_an_address_that_refuses_is_passed_over_until_it_answers_again(authority: Authority) -> None:
    server, port = mail_server(WORDS["smtp"], server_context(authority.issue("leaf"))), free_port(ONE)
    seen: list[str] = []
    with serving(OTHER, port, server, seen), knowing_both(authority, port) as relay:
        with serving(ONE, port, server, seen):
            assert signs_in(ask(relay, "smtp"))
        assert signs_in(ask(relay, "smtp"))
        with serving(ONE, port, server, seen):
            assert signs_in(ask(relay, "smtp"))
        assert f"{ONE}:{port}: Connection refused" in relay.log()
    assert seen == [ONE, OTHER, ONE]


def test_an_address_that_is_silent_costs_each_connection_the_time_to_connect(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stunnel, "_UPSTREAM_TIMEOUTS", (("TIMEOUTconnect", "1"),))
    server, port = mail_server(WORDS["smtp"], server_context(authority.issue("leaf"))), free_port(ONE)
    seen: list[str] = []
    with contextlib.ExitStack() as stack:
        stack.enter_context(serving(OTHER, port, server, seen))
        # The kernel does not answer for a listener whose queue is full.
        stack.enter_context(socket.create_server((ONE, port), backlog=0))
        stack.enter_context(socket.create_connection((ONE, port), 5))
        relay = stack.enter_context(knowing_both(authority, port))
        for _time in range(2):
            start = time.monotonic()
            assert signs_in(ask(relay, "smtp"))
            assert 0.9 < time.monotonic() - start < 4
    assert seen == [OTHER, OTHER]


@pytest.mark.parametrize(("label", "names"), [("wrong", ("other.example.test",)), ("own", (DOMAIN,))])
def test_an_address_with_a_bad_certificate_is_not_passed_over(
    authority: Authority, label: str, names: tuple[str, ...]
) -> None:
    """stunnel tries the next address where one cannot be reached, and only there; why it ends is in its log."""
    good = mail_server(WORDS["smtp"], server_context(authority.issue("leaf")))
    bad = mail_server(WORDS["smtp"], server_context(authority.issue(label, names=names, self_signed=label == "own")))
    port, seen = free_port(ONE), list[str]()
    with serving(ONE, port, bad, seen), serving(OTHER, port, good, seen), knowing_both(authority, port) as relay:
        assert [signs_in(ask(relay, "smtp")) for _time in range(2)] == [False, False]
        assert "certificate verify failed" in relay.log_with("certificate verify failed")
    assert seen == [ONE, ONE]
