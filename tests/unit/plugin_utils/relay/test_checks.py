# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What probes of a relay answered, and whether it works by that."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.checks import checked, probes
from tests.support.relays import relay

GOOD: dict[str, t.Any] = {"error": None, "security": "none", "auth": ["PLAIN"]}
TLS: dict[str, t.Any] = {**GOOD, "security": "implicit"}
UPSTREAM: dict[str, t.Any] = {
    "error": None,
    "certificate": {"trusted": True, "trust_error": None},
    "versions": {"TLS 1.0": {"state": "refused"}, "TLS 1.2": {"state": "accepted"}},
}
OLD = {"TLS 1.0": {"state": "accepted"}, "TLS 1.2": {"state": "refused"}, "TLS 1.3": {"state": "refused"}}
CLOSED = {"error": "192.0.2.10 port 2587: it closed the connection."}


@pytest.mark.parametrize(
    ("through", "upstream", "why"),
    [
        (GOOD, UPSTREAM, ""),
        (TLS, UPSTREAM, ""),
        # Another of its servers may be the one that answers.
        (GOOD, CLOSED, ""),
        (CLOSED, UPSTREAM, "192.0.2.10 port 2587: it closed the connection."),
        (CLOSED, None, "192.0.2.10 port 2587: it closed the connection."),
        (CLOSED, {"skipped": True}, "192.0.2.10 port 2587: it closed the connection."),
        (CLOSED, {"error": "it refused.\n\x1b"}, "it refused.\\n\\x1b."),
        (
            CLOSED,
            {**UPSTREAM, "certificate": {"trusted": False, "trust_error": "certificate has expired"}},
            "the certificate of mail.example.test port 2525 is not accepted: certificate has expired.",
        ),
        (CLOSED, {**UPSTREAM, "versions": OLD}, "mail.example.test port 2525 accepts neither TLS 1.2 nor TLS 1.3."),
        ({**TLS, "auth": None}, UPSTREAM, "it takes TLS, and no mail server answers behind it."),
        ({**GOOD, "auth": None}, UPSTREAM, ""),
        ({"failed": True, "msg": "no such module"}, UPSTREAM, "no such module."),
        (None, UPSTREAM, "nobody went through it."),
    ],
)
def test_whether_it_works(through: t.Any, upstream: t.Any, why: str) -> None:
    (found,) = checked([relay()], {"submission": {"through": through, "upstream": upstream}})
    assert (found["name"], found["port"], found["works"]) == ("submission", 2587, not why)
    assert found["why"] == (f"relay submission does not work: {why}" if why else "")
    assert found["upstream"] == upstream


def test_one_that_was_not_asked_does_not_work() -> None:
    assert not checked([relay()], {})[0]["works"]


@pytest.mark.parametrize(
    ("fields", "through"),
    [
        ({}, ("192.0.2.10", 2587, "none")),
        ({"inbound": "legacy_tls"}, ("192.0.2.10", 2587, "implicit")),
        ({"inbound": "legacy_starttls"}, ("192.0.2.10", 2587, "starttls")),
        ({"listen": "0.0.0.0:2587"}, ("127.0.0.1", 2587, "none")),
        ({"listen": "[::]:2587", "allow": ["2001:db8::/32"]}, ("::1", 2587, "none")),
    ],
)
def test_what_to_ask(fields: dict[str, t.Any], through: tuple[str, int, str]) -> None:
    asked = probes(relay(any_address=True, **fields))
    assert tuple(asked["through"][key] for key in ("host", "port", "security")) == through
    assert asked["upstream"] == {
        "host": "mail.example.test",
        "address": None,
        "port": 2525,
        "protocol": "smtp",
        "security": "starttls",
        "ca_file": None,
    }


def test_the_server_is_asked_where_the_relay_connects_to() -> None:
    assert probes(relay(addresses=["192.0.2.25", "192.0.2.26"]))["upstream"]["address"] == "192.0.2.25"
    through_proxy = relay(proxy="proxy.example.test:3128", port=465, upstream_security="implicit")
    assert probes(through_proxy)["upstream"] is None
