# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Handshakes of the controller, with real servers on loopback."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import (
    Acceptance,
    Protocol,
    Security,
    Source,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.verification import ControllerAnswer, VerifyTarget
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.controller_handshake import shake, shake_all
from tests.support.tls_servers import (
    DAY,
    NOW,
    WORDS,
    Authority,
    Handler,
    Issued,
    Loopback,
    mail_server,
    server_context,
)

TLS12, TLS13 = Protocol.TLS12, Protocol.TLS13


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("servers"))


@pytest.fixture(scope="module")
def good(authority: Authority) -> Issued:
    return authority.issue("good", names=("127.0.0.1",))


@pytest.fixture
def cafile(authority: Authority) -> str:
    return str(authority.root.chain)


def target(port: int, security: Security, protocol: str = "imap", server: str = "127.0.0.1") -> VerifyTarget:
    return VerifyTarget(server, port, protocol, security, Acceptance(Source.ASSUMED), ())


def asked(handler: Handler, security: Security, protocol: str, cafile: str | None) -> tuple[ControllerAnswer, int]:
    """(what the controller saw, how many connections it took)."""
    with Loopback(handler) as server:
        return shake(target(server.port, security, protocol), 3, cafile), server.connections


@pytest.mark.parametrize("protocol", ["smtp", "imap", "pop3"])
@pytest.mark.parametrize("security", [Security.IMPLICIT, Security.STARTTLS, Security.AUTO])
def test_a_good_server(protocol: str, security: Security, good: Issued, cafile: str) -> None:
    context = server_context(good, high="TLSv1_2")
    handler = mail_server(WORDS[protocol], context, implicit=security is Security.IMPLICIT)
    found, connections = asked(handler, security, protocol, cafile)
    assert (found.error, found.versions, connections) == (None, (TLS12,), 1)
    assert found.suite.startswith("TLS_ECDHE_RSA_WITH_")
    assert found.certificate is not None
    assert (found.certificate.trusted, found.certificate.thumbprint) == (True, good.sha1)
    assert found.certificate.names == ("127.0.0.1",)


@pytest.mark.parametrize(("low", "versions"), [("TLSv1_2", (TLS13, TLS12)), ("TLSv1_3", (TLS13,))])
def test_what_is_behind_tls_13(low: str, versions: tuple[Protocol, ...], good: Issued, cafile: str) -> None:
    handler = mail_server(WORDS["imap"], server_context(good, low=low), implicit=True)
    found, connections = asked(handler, Security.IMPLICIT, "imap", cafile)
    assert (found.versions, connections) == (versions, 2)


def test_bad_certificates_are_still_handshakes(authority: Authority, good: Issued, cafile: str) -> None:
    expired = authority.issue("expired", names=("127.0.0.1",), start=NOW - 9 * DAY, end=NOW - DAY)
    other = authority.issue("other", names=("other.example",))
    for issued, roots, word in ((expired, cafile, "expired"), (other, cafile, "mismatch"), (good, None, "self-signed")):
        handler = mail_server(WORDS["imap"], server_context(issued, high="TLSv1_2"), implicit=True)
        found, connections = asked(handler, Security.IMPLICIT, "imap", roots)
        assert (found.error, found.versions, connections) == (None, (TLS12,), 2)
        assert found.certificate is not None
        assert not found.certificate.trusted
        assert word in found.certificate.trust_error


def test_errors_are_sentences(good: Issued, tmp_path: Path) -> None:
    plain = mail_server(WORDS["imap"], None)
    old = mail_server(WORDS["imap"], server_context(good, high="TLSv1"), implicit=True)
    cases: list[tuple[Handler, Security, str, str]] = [
        (plain, Security.IMPLICIT, "imap", "not answer in TLS"),
        (old, Security.IMPLICIT, "imap", "protocol_version"),
        (plain, Security.STARTTLS, "smtp", "does not answer in SMTP"),
        (lambda _connection, _number: time.sleep(5), Security.NONE, "imap", "in time"),
    ]
    for handler, security, protocol, word in cases:
        with Loopback(handler) as server:
            found = shake(target(server.port, security, protocol), 1)
        assert found.error is not None
        assert word in found.error
        assert (found.versions, found.certificate, found.tried) == ((), None, True)


def test_clear_text_greets() -> None:
    found, connections = asked(mail_server(WORDS["pop3"], None), Security.NONE, "pop3", None)
    assert (found.stack, found.error, found.versions, connections) == ("clear text", None, (), 1)


@pytest.mark.parametrize(
    ("server", "port", "security"),
    [
        ("a b", 993, Security.IMPLICIT),
        ("", 993, Security.IMPLICIT),
        ("a\0b", 993, Security.NONE),
        ("-", 993, Security.IMPLICIT),
        ("127.0.0.1", 0, Security.IMPLICIT),
        ("127.0.0.1", 1 << 20, Security.NONE),
        ("127.0.0.1", 993, Security.UNKNOWN),
    ],
)
def test_what_is_no_server_is_not_tried(server: str, port: int, security: Security) -> None:
    found = shake(target(port, security, server=server), 1)
    assert not found.tried
    assert found.error


def test_silent_servers_are_waited_for_together() -> None:
    with Loopback(lambda _connection, _number: time.sleep(5)) as server:
        started = time.monotonic()
        answers = shake_all([target(server.port, Security.IMPLICIT)] * 8, 1)
    assert time.monotonic() - started < 3
    assert [answer.error for answer in answers] == ["the server did not answer in time"] * 8
    assert shake_all([]) == ()
