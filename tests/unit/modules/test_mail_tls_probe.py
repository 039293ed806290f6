# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module against real servers on loopback: what it returns, what it calls a problem, and when it fails."""

from __future__ import annotations

import json
import socket
import time
import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.modules.mail_tls_probe import ARGUMENT_SPEC, ask
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Protocol, Server
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.server_options import parse_servers
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.servers import resolve
from tests.support.tls_servers import (
    DAY,
    IMAP,
    NAME,
    NOW,
    SMTP,
    WORDS,
    Authority,
    Handler,
    Issued,
    Loopback,
    Words,
    expected_states,
    mail_server,
    server_context,
    states,
)


class Asked(t.NamedTuple):
    """How a test asks: where the servers' own authority is trusted."""

    authority: Authority

    def __call__(self, handler: Handler, **options: t.Any) -> dict[str, t.Any]:
        defaults = {name: spec.get("default") for name, spec in ARGUMENT_SPEC.items()}
        with Loopback(handler) as server:
            asked = {
                **defaults,
                "host": NAME,
                "address": "127.0.0.1",
                "port": server.port,
                "protocol": "smtp",
                "security": "implicit",
                "ca_file": str(self.authority.root.chain),
                "timeout": 20,
                **options,
            }
            return ask(asked, time.time())


@pytest.fixture(scope="module")
def asked(authority: Authority) -> Asked:
    return Asked(authority)


def taken(result: t.Mapping[str, t.Any]) -> Server:
    """What the option ``servers`` makes of ``server``, after it went through JSON as results do."""
    (server,) = parse_servers([json.loads(json.dumps(result["server"]))])
    return server


# -- what is returned --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", sorted(WORDS))
@pytest.mark.parametrize("security", ["implicit", "starttls"])
def test_every_protocol(good: Issued, asked: Asked, protocol: str, security: str) -> None:
    context = server_context(good, low="TLSv1_2", ciphers="ECDHE-RSA-AES128-GCM-SHA256")
    implicit = security == "implicit"
    result = asked(
        mail_server(WORDS[protocol], context, implicit=implicit), protocol=protocol, security=security, name=NAME
    )
    assert (result["error"], result["problems"], result["starttls"]) == (None, [], None if implicit else True)
    assert states(result) == expected_states("TLS 1.2", "TLS 1.3")
    assert result["suites"]["accepted"] == ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]
    assert "PLAIN" in result["auth"]
    server = taken(result)
    assert (server.host, server.port, server.protocol.value, server.security.value) == (
        NAME,
        result["port"],
        protocol,
        security,
    )
    assert server.accepts is not None
    assert server.accepts.tls == {Protocol.TLS12, Protocol.TLS13}
    assert server.accepts.refused == {Protocol.TLS10, Protocol.TLS11}
    assert server.accepts.suites == ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",)


def test_the_certificate(good: Issued, authority: Authority, asked: Asked) -> None:
    found = asked(mail_server(SMTP, server_context(good), implicit=True))["certificate"]
    assert (found["names"], found["covers_name"], found["issuer"]) == ([NAME], True, "CN=root.invalid")
    assert (found["trusted"], found["trust_error"], found["days_left"]) == (True, None, 29)
    assert (found["roots"], found["key_kinds"]) == ([authority.root.sha1], ["rsa"])


def test_a_file_of_roots_is_not_what_hosts_know(good: Issued, asked: Asked) -> None:
    """Else the audit would believe that Windows fetches the root of a private authority by itself."""
    result = asked(mail_server(SMTP, server_context(good, low="TLSv1_2"), implicit=True))
    assert result["certificate"]["trusted"] is True
    certificate = (taken(result).accepts or pytest.fail("nothing was learnt")).certificate
    assert certificate is not None
    assert certificate.trusted is result["certificate"]["public"]
    assert certificate.trusted is not True


@pytest.mark.parametrize("protocol", sorted(WORDS))
def test_the_same_as_probe_true_gives_the_audit(good: Issued, asked: Asked, protocol: str) -> None:
    """``server`` and ``probe: true`` have to lead to the same audit."""
    handler = mail_server(WORDS[protocol], server_context(good, low="TLSv1_1", high="TLSv1_2"))
    with Loopback(handler) as server:
        at = {"host": "127.0.0.1", "port": server.port, "protocol": protocol, "security": "starttls"}
        (probed,) = resolve(parse_servers([{**at, "probe": True}]), timeout=20)
        by_module = ask(
            {**at, "name": None, "address": None, "ca_file": None, "timeout": 20, "full": True}, time.time()
        )
    found = taken(by_module)
    assert (found.accepts, found.auth) == (probed.accepts, probed.auth)


def test_versions_only(good: Issued, asked: Asked) -> None:
    handler = mail_server(SMTP, server_context(good, low="TLSv1_2", high="TLSv1_2"), implicit=True)
    whole, short = asked(handler), asked(handler, full=False)
    assert short["versions"] == whole["versions"]
    assert short["certificate"] == whole["certificate"]
    assert (short["suites"], "suites" in short["accepts"]) == (None, False)
    assert short["handshakes"] < whole["handshakes"]
    accepts = taken(short).accepts
    assert accepts is not None
    assert accepts.suites is None


def test_in_clear(asked: Asked) -> None:
    result = asked(mail_server(IMAP, None), protocol="imap", security="none")
    assert (result["error"], result["accepts"], result["versions"]) == (None, None, {})
    assert (result["certificate"], result["starttls"]) == (None, True)
    assert result["problems"] == ["Nothing protects this connection: passwords and mail travel in clear."]
    assert taken(result).accepts is None


# -- what is called a problem ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("issued", "trusted", "sentence"),
    [
        ({"start": NOW - 9 * DAY, "end": NOW - DAY}, False, f"The certificate expired on {NOW - DAY:%Y-%m-%d}."),
        ({"start": NOW + DAY}, False, "The certificate is not trusted: certificate is not yet valid."),
        ({"end": NOW + 9 * DAY}, True, f"The certificate expires in 8 days, on {NOW + 9 * DAY:%Y-%m-%d}."),
        (
            {"names": ("other.example.test",)},
            False,
            f"The certificate is not for {NAME}, but for other.example.test.",
        ),
        ({"self_signed": True}, False, "The certificate is not trusted: self-signed certificate."),
    ],
)
def test_certificates(
    authority: Authority, asked: Asked, issued: dict[str, t.Any], trusted: bool, sentence: str
) -> None:
    bad = authority.issue("bad", **issued)
    result = asked(mail_server(SMTP, server_context(bad, low="TLSv1_2"), implicit=True), full=False)
    assert result["error"] is None
    assert result["certificate"]["trusted"] is trusted
    assert [line.replace("self signed", "self-signed") for line in result["problems"]] == [sentence]


@pytest.mark.parametrize(
    ("low", "high", "sentences"),
    [
        ("TLSv1_2", "TLSv1_2", []),
        ("TLSv1_3", "TLSv1_3", []),
        (
            "TLSv1",
            "TLSv1_1",
            [
                "It accepts nothing newer than TLS 1.1.",
                "It accepts TLS 1.0 and TLS 1.1, which no server should any more (RFC 8996).",
            ],
        ),
        ("TLSv1_1", "TLSv1_3", ["It accepts TLS 1.1, which no server should any more (RFC 8996)."]),
    ],
)
def test_versions(good: Issued, asked: Asked, low: str, high: str, sentences: list[str]) -> None:
    result = asked(mail_server(SMTP, server_context(good, low=low, high=high), implicit=True), full=False)
    assert result["problems"] == sentences


def test_a_server_that_wants_tokens(good: Issued, asked: Asked) -> None:
    words = Words(SMTP.greeting, SMTP.before, {b"EHLO": b"250-x\r\n250 AUTH XOAUTH2 OAUTHBEARER\r\n"}, SMTP.starttls)
    result = asked(mail_server(words, server_context(good, low="TLSv1_2")), security="starttls", full=False)
    assert result["problems"] == ["It lets nobody sign in with a password, only with a token (XOAUTH2, OAUTHBEARER)."]
    assert taken(result).auth == ("oauth2",)


# -- when nothing is learnt --------------------------------------------------------------------------------------------


def silent(connection: socket.socket, _number: int) -> None:
    """Take what comes and say nothing, until the client goes."""
    while connection.recv(4096):
        pass


@pytest.mark.parametrize(
    ("handler", "security", "kind", "sentence"),
    [
        (silent, "implicit", "timeout", "the server did not answer in time."),
        (silent, "starttls", "timeout", "the server did not answer in time."),
        (lambda _connection, _number: None, "starttls", "closed", "the server closed the connection."),
        (lambda connection, _number: connection.sendall(b"554 go away\r\n"), "starttls", "greeting", "554 go away."),
    ],
)
def test_nothing_learnt(asked: Asked, handler: Handler, security: str, kind: str, sentence: str) -> None:
    result = asked(handler, security=security, timeout=1)
    assert result["error"].startswith(f"{NAME} port {result['port']}: ")
    assert result["error"].endswith(sentence)
    assert (result["error_kind"], result["accepts"], result["server"]) == (kind, None, None)
    assert set(states(result).values()) == {"undetermined"}


def test_no_starttls_is_an_answer(asked: Asked) -> None:
    """The task fails, but what is known is known: an audit can take it."""
    words = Words(SMTP.greeting, {b"EHLO": b"250 hello\r\n"}, {}, b"")
    result = asked(mail_server(words, None), security="starttls")
    assert (result["error_kind"], result["starttls"]) == ("starttls_missing", False)
    accepts = taken(result).accepts
    assert accepts is not None
    assert (accepts.starttls, accepts.tls, accepts.refused) == (False, frozenset(), frozenset())
