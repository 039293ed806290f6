# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe against servers that hang, lie, flood, close, or come and go."""

from __future__ import annotations

import socket
import time
import typing as t

import pytest

from tests.support import tls_servers
from tests.support.tls_servers import (
    SMTP,
    WORDS,
    Issued,
    Loopback,
    Words,
    expected_states,
    mail_server,
    server_context,
    states,
)

Ask = t.Callable[..., dict[str, t.Any]]


def _hang(_connection: socket.socket, _number: int) -> None:
    time.sleep(5)


def _drip(connection: socket.socket, _number: int) -> None:
    for _unused in range(50):
        connection.sendall(b"2")
        time.sleep(0.1)


def _drip_tls(connection: socket.socket, _number: int) -> None:
    connection.sendall(b"\x16\x03\x03\x40\x00")
    _drip(connection, _number)


def _shut(connection: socket.socket, _number: int) -> None:
    connection.recv(10)


def _leave(_connection: socket.socket, _number: int) -> None:
    pass


def _flood(connection: socket.socket, _number: int) -> None:
    while True:
        connection.sendall(b"220-" + b"x" * 65536)


def _flood_tls(connection: socket.socket, _number: int) -> None:
    connection.recv(2000)
    while True:
        # A client ignores HelloRequest while it shakes hands, however often it hears it (RFC 5246 7.4.1.1).
        connection.sendall(b"\x16\x03\x03\x00\x04\x00\x00\x00\x00" * 1000)


def _alert(number: int) -> tls_servers.Handler:
    def handle(connection: socket.socket, _number: int) -> None:
        connection.recv(2000)
        connection.sendall(bytes([21, 3, 1, 0, 2, 2, number]))

    return handle


@pytest.mark.parametrize(
    ("handler", "security", "kind"),
    [
        (_hang, "implicit", "timeout"),
        (_hang, "starttls", "timeout"),
        (_drip, "starttls", "timeout"),
        (_drip_tls, "implicit", "timeout"),
        (_shut, "implicit", "closed"),
        (_leave, "starttls", "closed"),
        (_flood, "starttls", "too_much"),
        (mail_server(SMTP, None), "implicit", "not_tls"),
        (_alert(80), "implicit", "alert"),
    ],
)
def test_faults(ask: Ask, handler: tls_servers.Handler, security: str, kind: str) -> None:
    with Loopback(handler) as server:
        result = ask(server.port, security=security, timeout=0.3 if kind == "timeout" else 20)
    assert result["error_kind"] == kind
    assert result["error"].startswith("the server ")
    assert set(states(result).values()) == {"undetermined"}
    assert result["seconds"] < 4  # the server would go on for 5
    assert result["accepts"] is None


def test_nothing_but_suites_that_cannot_be_offered(ask: Ask) -> None:
    """Server 2003 has RC4 and 3DES only and answers handshake_failure: nobody may call that a refusal of TLS 1.0."""
    with Loopback(_alert(40)) as server:
        result = ask(server.port)
    found = states(result)
    assert {found.pop("TLS 1.3"), *found.values()} == {"refused", "undetermined"}
    assert set(found.values()) == {"undetermined"}
    assert "could not be offered" in result["versions"]["TLS 1.0"]["why"]
    assert result["suites"]["accepted"] == result["suites"]["refused"] == []


def test_every_version_refused(ask: Ask) -> None:
    with Loopback(_alert(70)) as server:
        result = ask(server.port)
    assert result["error"] is None
    assert states(result) == expected_states()
    assert result["certificate"] is None
    assert result["accepts"]["tls"] == []


def _offers_old(connection: socket.socket) -> bool:
    """True for a ClientHello of TLS 1.1 or older: the version stands after two headers of 5 and 4 bytes."""
    return connection.recv(11, socket.MSG_PEEK | socket.MSG_WAITALL)[9:] < b"\x03\x03"


def test_closing_on_old_versions_is_a_refusal(good: Issued, ask: Ask) -> None:
    serve = mail_server(SMTP, server_context(good, ciphers="AES128-SHA"), implicit=True)

    def handle(connection: socket.socket, number: int) -> None:
        if not _offers_old(connection):
            serve(connection, number)

    with Loopback(handle) as server:
        result = ask(server.port)
    assert states(result) == expected_states("TLS 1.2", "TLS 1.3")


def test_closing_on_everything_later_is_no_refusal(good: Issued, ask: Ask) -> None:
    """Whoever limits connections closes them too: two went well, then none does."""
    serve = mail_server(SMTP, server_context(good), implicit=True)

    def handle(connection: socket.socket, number: int) -> None:
        if number < 2:
            serve(connection, number)

    with Loopback(handle) as server:
        result = ask(server.port)
    found = states(result)
    assert (found["TLS 1.2"], found["TLS 1.3"]) == ("accepted", "accepted")
    assert (found["TLS 1.0"], found["TLS 1.1"]) == ("undetermined", "undetermined")
    assert result["suites"]["refused"] == []
    assert result["certificate"]["trusted"] is None


def test_server_that_goes_away(good: Issued, ask: Ask) -> None:
    serve = mail_server(SMTP, server_context(good), implicit=True)
    servers: list[Loopback] = []

    def handle(connection: socket.socket, number: int) -> None:
        if number == 1:
            servers[0].stop_listening()
        serve(connection, number)

    with Loopback(handle) as server:
        servers.append(server)
        result = ask(server.port)
    found = states(result)
    assert found["TLS 1.2"] == "accepted"
    assert found["TLS 1.0"] == "undetermined"
    assert "refused" not in found.values()
    assert result["suites"]["refused"] == []


@pytest.mark.parametrize(
    ("words", "kind", "starttls"),
    [
        (Words(SMTP.greeting, {b"EHLO": b"250 x\r\n"}, {}, b""), "starttls_missing", False),
        (Words(SMTP.greeting, SMTP.before, {}, b"502 no\r\n"), "starttls_refused", False),
        (Words(SMTP.greeting, SMTP.before, {}, b"454 not now\r\n"), "starttls_unavailable", None),
        (Words(b"554 go away\r\n", {}, {}, b""), "greeting", None),
        (Words(b"SSH-2.0-OpenSSH_9.2\r\n", {}, {}, b""), "protocol", None),
        (Words(SMTP.greeting, {}, {}, b""), "starttls_missing", False),
        (Words(SMTP.greeting, {b"EHLO": b"421 too many\r\n"}, {}, b""), "greeting", None),
        (Words(SMTP.greeting, {b"EHLO": b"250-x\r\n"}, {}, b""), "timeout", None),
    ],
)
def test_starttls_faults(ask: Ask, words: Words, kind: str, starttls: bool | None) -> None:
    with Loopback(mail_server(words, None)) as server:
        result = ask(server.port, security="starttls", timeout=0.3 if kind == "timeout" else 20)
        assert server.connections == 1
    assert (result["error_kind"], result["starttls"]) == (kind, starttls)
    assert set(states(result).values()) == {"undetermined"}


@pytest.mark.parametrize("protocol", sorted(WORDS))
def test_closed_after_starttls(ask: Ask, protocol: str) -> None:
    words = WORDS[protocol]
    with Loopback(mail_server(words, None)) as server:
        result = ask(server.port, protocol, "starttls")
    assert (result["error_kind"], result["starttls"], result["injected"]) == ("closed", True, False)


@pytest.mark.parametrize("protocol", sorted(WORDS))
def test_text_injected_after_starttls_is_thrown_away(good: Issued, ask: Ask, protocol: str) -> None:
    """What was sent in clear must not count as the answer to what is asked inside TLS."""
    words = WORDS[protocol]
    evil = {"smtp": b"250 AUTH EVIL\r\n", "imap": b"* CAPABILITY AUTH=EVIL\r\n", "pop3": b"+OK\r\nSASL EVIL\r\n.\r\n"}
    injected = Words(words.greeting, words.before, words.after, words.starttls + evil[protocol])
    with Loopback(mail_server(injected, server_context(good, low="TLSv1_2"))) as server:
        result = ask(server.port, protocol, "starttls")
    assert (result["error"], result["injected"]) == (None, True)
    assert result["auth_advertised"]
    assert "EVIL" not in result["auth_advertised"]


def test_text_injected_a_moment_later(ask: Ask) -> None:
    def handle(connection: socket.socket, number: int) -> None:
        mail_server(SMTP, None)(connection, number)
        time.sleep(0.05)
        connection.sendall(b"250 AUTH EVIL\r\n")

    with Loopback(handle) as server:
        result = ask(server.port, security="starttls")
    assert (result["error_kind"], result["injected"]) == ("not_tls", True)


def test_endless_handshake_is_bounded(ask: Ask) -> None:
    with Loopback(_flood_tls) as server:
        result = ask(server.port)
    assert result["error_kind"] == "too_much"
    assert set(states(result).values()) == {"undetermined"}


def test_refused_connection(ask: Ask) -> None:
    with Loopback(_shut) as server:
        port = server.port
    result = ask(port)
    assert (result["error_kind"], result["handshakes"]) == ("refused", 0)


@pytest.mark.parametrize("slow", [False, True])
def test_name_that_does_not_resolve(ask: Ask, monkeypatch: pytest.MonkeyPatch, slow: bool) -> None:
    def getaddrinfo(*_arguments: object, **_options: object) -> t.NoReturn:
        time.sleep(3 if slow else 0)
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    result = ask(25, timeout=0.2)
    assert result["error_kind"] == "dns"
    assert result["seconds"] < 2
