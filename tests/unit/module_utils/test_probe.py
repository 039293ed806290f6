# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe against real servers on loopback, one kind of server per test."""

from __future__ import annotations

import socket
import threading
import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.module_utils import probe_attempts
from ansible_collections.mailfleet.client.plugins.module_utils.probe import probe, probe_many
from tests.support.tls_servers import (
    IMAP,
    SMTP,
    VERSIONS,
    WORDS,
    Issued,
    Loopback,
    Words,
    expected_states,
    mail_server,
    s_server,
    server_context,
    states,
)

Ask = t.Callable[..., dict[str, t.Any]]
PYTHON = ("TLSv1", "TLSv1_1", "TLSv1_2", "TLSv1_3")


@pytest.mark.parametrize(("low", "high"), [(low, high) for low in range(4) for high in range(low, 4)])
def test_every_range_of_versions(good: Issued, ask: Ask, low: int, high: int) -> None:
    context = server_context(good, low=PYTHON[low], high=PYTHON[high], ciphers="AES128-SHA:AES128-GCM-SHA256")
    with Loopback(mail_server(SMTP, context, implicit=True)) as server:
        result = ask(server.port)
    assert result["error"] is None
    assert states(result) == expected_states(*VERSIONS[low : high + 1])


@pytest.mark.parametrize("protocol", sorted(WORDS))
def test_starttls(good: Issued, ask: Ask, protocol: str) -> None:
    with Loopback(mail_server(WORDS[protocol], server_context(good, low="TLSv1_2"))) as server:
        result = ask(server.port, protocol, "starttls")
    assert (result["error"], result["starttls"], result["injected"]) == (None, True, False)
    assert states(result) == expected_states("TLS 1.2", "TLS 1.3")
    expected = {
        "smtp": ["PLAIN", "LOGIN", "XOAUTH2"],  # the last word had bytes that no mechanism has
        "imap": ["PLAIN", "XOAUTH2", "LOGIN"],
        "pop3": ["PLAIN", "LOGIN", "USER"],
    }
    assert result["auth_advertised"] == expected[protocol]


@pytest.mark.parametrize("protocol", sorted(WORDS))
def test_implicit_asks_for_auth_inside_tls(good: Issued, ask: Ask, protocol: str) -> None:
    with Loopback(mail_server(WORDS[protocol], server_context(good, low="TLSv1_3"), implicit=True)) as server:
        result = ask(server.port, protocol)
    assert result["auth_advertised"][0] == "PLAIN"
    assert result["starttls"] is None


def test_plain_server(ask: Ask) -> None:
    with Loopback(mail_server(IMAP, None)) as server:
        result = ask(server.port, "imap", "none")
    assert (result["error"], result["starttls"], result["auth_advertised"]) == (None, True, [])
    assert (result["suites"], result["accepts"], result["handshakes"], result["versions"]) == (None, None, 0, {})


# -- suites -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ciphers", "expected"),
    [
        ("ECDHE-RSA-AES128-GCM-SHA256", {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"}),
        ("AES128-SHA", {"TLS_RSA_WITH_AES_128_CBC_SHA"}),
        (
            "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305:AES256-SHA256:ECDHE-RSA-AES128-SHA",
            {
                "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                "TLS_RSA_WITH_AES_256_CBC_SHA256",
                "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
            },
        ),
        ("CAMELLIA128-SHA", set()),  # no suite that a SCHANNEL client has, but the version is accepted
    ],
)
def test_suites(good: Issued, ask: Ask, ciphers: str, expected: set[str]) -> None:
    context = server_context(good, low="TLSv1_2", high="TLSv1_2", ciphers=ciphers)
    with Loopback(mail_server(SMTP, context, implicit=True)) as server:
        result = ask(server.port)
    assert states(result) == expected_states("TLS 1.2")
    assert set(result["suites"]["accepted"]) == expected
    never = {"TLS_RSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"}
    offerable = probe_attempts.tls_offer.offerable()
    assert never - offerable <= set(result["suites"]["undetermined"])
    assert set(result["suites"]["undetermined"]).isdisjoint(offerable)
    assert set(result["suites"]["refused"]) == offerable - expected


def test_suites_of_tls10(good: Issued, ask: Ask) -> None:
    context = server_context(good, high="TLSv1", ciphers="AES128-SHA:ECDHE-RSA-AES256-SHA")
    with Loopback(mail_server(SMTP, context, implicit=True)) as server:
        result = ask(server.port)
    assert result["suites"]["accepted"] == ["TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"]
    assert "TLS_RSA_WITH_AES_128_GCM_SHA256" in result["suites"]["refused"]  # TLS 1.2 is refused, and only it has that


def test_tls13_only_has_no_older_suites(good: Issued, ask: Ask) -> None:
    with Loopback(mail_server(SMTP, server_context(good, low="TLSv1_3"), implicit=True)) as server:
        result = ask(server.port)
    assert result["suites"]["accepted"] == []
    assert set(result["suites"]["refused"]) == probe_attempts.tls_offer.offerable()
    assert result["certificate"]["trusted"] is True


def test_number_of_handshakes_is_bounded(good: Issued, ecdsa: Issued, ask: Ask) -> None:
    """A server that takes everything with two certificates: the certificate and every version are looked at first."""
    with Loopback(mail_server(SMTP, server_context(good, ecdsa, ciphers="ALL"), implicit=True)) as server:
        result = ask(server.port)
        assert server.connections == result["handshakes"] <= probe_attempts.MAX_HANDSHAKES
    assert states(result) == expected_states(*VERSIONS)
    assert result["certificate"]["trusted"] is True
    assert set(result["suites"]["accepted"]).isdisjoint(result["suites"]["refused"] + result["suites"]["undetermined"])
    # What was left out for want of handshakes are suites with the certificate that fewer clients can use.
    left_out = set(result["suites"]["undetermined"]) & probe_attempts.tls_offer.offerable()
    assert left_out
    assert not [suite for suite in left_out if "_RSA_" in suite]


# -- OpenSSL's own server ---------------------------------------------------------------------------------------------


@pytest.mark.needs("openssl")
@pytest.mark.parametrize(
    ("options", "versions", "suites"),
    [
        (
            ["-tls1", "-cipher", "AES256-SHA:@SECLEVEL=0"],
            ["TLS 1.0"],
            ["TLS_RSA_WITH_AES_256_CBC_SHA"],
        ),
        (
            ["-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384"],
            ["TLS 1.2"],
            ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
        ),
        (["-tls1_3"], ["TLS 1.3"], []),
        (
            # Accepts every version, but has no suite that TLS 1.1 and older could use: handshake_failure.
            ["-cipher", "ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"],
            ["TLS 1.2", "TLS 1.3"],
            ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
        ),
    ],
)
def test_s_server(good: Issued, ask: Ask, options: list[str], versions: list[str], suites: list[str]) -> None:
    with s_server(good, *options) as port:
        result = ask(port, timeout=10)
    assert result["error"] is None
    assert states(result) == expected_states(*versions)
    assert result["suites"]["accepted"] == suites
    assert result["auth_advertised"] == ["PLAIN"]


# -- several, and arguments -------------------------------------------------------------------------------------------


def test_many_at_once(good: Issued) -> None:
    """Each of the two servers waits, at its first connection, until the other one has one as well."""
    both = threading.Barrier(2)
    serve = mail_server(SMTP, server_context(good, low="TLSv1_3"), implicit=True)

    def handle(connection: socket.socket, number: int) -> None:
        if number == 0:
            both.wait(10)
        serve(connection, number)

    with Loopback(handle) as one, Loopback(handle) as two:
        results = probe_many([_request(one.port, "implicit"), _request(two.port, "implicit")])
    assert [(r["port"], r["error"]) for r in results] == [(one.port, None), (two.port, None)]


def test_the_same_is_asked_once() -> None:
    refuses = Words(SMTP.greeting, SMTP.before, {}, b"502 no\r\n")
    with Loopback(mail_server(refuses, None)) as one, Loopback(mail_server(refuses, None)) as two:
        results = probe_many([_request(port, "starttls") for port in (one.port, two.port, one.port)], workers=1)
        assert (one.connections, two.connections) == (1, 1)
    assert [r["port"] for r in results] == [one.port, two.port, one.port]
    assert probe_many([]) == []


def _request(port: int, security: str) -> dict[str, t.Any]:
    return {"host": "127.0.0.1", "port": port, "protocol": "smtp", "security": security, "timeout": 20.0}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"protocol": "http"}, "protocol 'http'"),
        ({"security": "auto"}, "security 'auto'"),
        ({"port": 0}, "port 0"),
        ({"port": 70000}, "port 70000"),
        ({"timeout": 0}, "timeout 0"),
        ({"host": ""}, "host"),
        ({"host": "a b"}, "'a b'"),
        ({"host": "a\r\nQUIT"}, "'a\\\\r\\\\nQUIT'"),
        ({"server_name": "x" * 300}, "xxx"),
        ({"cafile": "/nonexistent/ca.pem"}, "ca_file"),
    ],
)
def test_bad_arguments(changes: dict[str, t.Any], words: str) -> None:
    arguments = {"host": "127.0.0.1", "port": 25, "protocol": "smtp", "security": "implicit", **changes}
    with pytest.raises(ValueError, match=words):
        probe(**arguments)


def test_names_travel_as_idna(good: Issued, ask: Ask) -> None:
    seen: list[str | None] = []
    context = server_context(good, low="TLSv1_2")
    context.sni_callback = lambda _tls, name, _context: seen.append(name)  # type: ignore[assignment]
    with Loopback(mail_server(SMTP, context, implicit=True)) as server:
        result = ask(server.port, server_name="M\u00fcnchen.example.test.")
    assert set(seen) == {"xn--mnchen-3ya.example.test", None}
    assert result["certificate"]["trusted"] is False
