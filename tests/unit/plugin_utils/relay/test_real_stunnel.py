# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configurations in a real stunnel, between real clients and real TLS servers."""

from __future__ import annotations

import ssl
import tempfile
import typing as t
from pathlib import Path

import pytest

from tests.support.relays import ASK, SIGN_IN, ask, old_client, running, signs_in
from tests.support.tls_servers import (
    DAY,
    NOW,
    WORDS,
    Authority,
    Issued,
    Loopback,
    mail_server,
    server_context,
)

pytestmark = pytest.mark.needs("stunnel", "openssl")


@pytest.mark.parametrize("inbound", ["clear", "legacy_tls", "legacy_starttls"])
@pytest.mark.parametrize("security", ["implicit", "starttls"])
@pytest.mark.parametrize("protocol", ["smtp", "imap", "pop3"])
@pytest.mark.parametrize("lowest", ["TLSv1_2", "TLSv1_3"])
def test_every_way_in_reaches_every_kind_of_modern_server(
    authority: Authority, leaf: Issued, front: dict[str, str], inbound: str, security: str, protocol: str, lowest: str
) -> None:
    server = mail_server(WORDS[protocol], server_context(leaf, low=lowest), implicit=security == "implicit")
    fields = {"protocol": protocol, "upstream_security": security, "inbound": inbound}
    fields |= front if inbound != "clear" else {}
    with (
        Loopback(server) as upstream,
        running(port=upstream.port, addresses=["127.0.0.1"], ca_file=str(authority.root.chain), **fields) as one,
    ):
        assert signs_in(ask(one, protocol, inbound)), one.log()


@pytest.mark.parametrize("inbound", ["legacy_tls", "legacy_starttls"])
def test_an_old_client_cannot_do_without_the_relay(leaf: Issued, inbound: str) -> None:
    starttls = inbound == "legacy_starttls"
    server = mail_server(WORDS["smtp"], server_context(leaf, low="TLSv1_2"), implicit=not starttls)
    options = ("-starttls", "smtp") if starttls else ()
    with Loopback(server) as upstream:
        direct = old_client(("127.0.0.1", upstream.port), *options, words=ASK["smtp"], until=SIGN_IN)
        assert upstream.connections == 1
    assert direct == b""


def foreign(_authority: Authority) -> ssl.SSLContext:
    with tempfile.TemporaryDirectory() as folder:
        return server_context(Authority(Path(folder)).issue("foreign"))


#: Label → the context of a server that no relay may accept.
BAD_SERVERS: dict[str, t.Callable[[Authority], ssl.SSLContext]] = {
    "name": lambda ca: server_context(ca.issue("wrong", names=("other.example.test",))),
    "wildcard": lambda ca: server_context(ca.issue("wide", names=("*.test",))),
    "expired": lambda ca: server_context(ca.issue("expired", start=NOW - 9 * DAY, end=NOW - DAY)),
    "early": lambda ca: server_context(ca.issue("early", start=NOW + DAY)),
    "self-signed": lambda ca: server_context(ca.issue("own", self_signed=True)),
    "foreign": foreign,
    "TLS 1.0": lambda ca: server_context(ca.issue("another"), high="TLSv1"),
    "TLS 1.1": lambda ca: server_context(ca.issue("another"), high="TLSv1_1"),
}


@pytest.mark.parametrize("security", ["implicit", "starttls"])
@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("name", "Subject checks failed"),
        ("wildcard", "Subject checks failed"),
        ("expired", "certificate has expired"),
        ("early", "certificate is not yet valid"),
        ("self-signed", "self-signed certificate"),
        ("foreign", "certificate signature failure"),
        ("TLS 1.0", "alert protocol version"),
        ("TLS 1.1", "alert protocol version"),
    ],
)
def test_a_server_that_is_not_what_it_should_be_gets_nothing(
    authority: Authority, front: dict[str, str], bad: str, reason: str, security: str
) -> None:
    context = BAD_SERVERS[bad](authority)
    server = mail_server(WORDS["smtp"], context, implicit=security == "implicit")
    common = {"addresses": ["127.0.0.1"], "ca_file": str(authority.root.chain), "upstream_security": security}
    for inbound, more in (("clear", {}), ("legacy_tls", front)):
        with (
            Loopback(server) as upstream,
            running(port=upstream.port, inbound=inbound, **common, **more) as one,
        ):
            assert not signs_in(ask(one, "smtp", inbound))
            assert reason in one.log_with(reason)
            assert upstream.connections == 1
