# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``relays:`` as operators write it: what is read, and every refusal with its relay and its field."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailProtocol, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.refusals import (
    cautions,
    parse_relays,
    reasons,
    usable_suites,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import (
    KEYS,
    Inbound,
    RelayError,
    name_of,
    read_relays,
)
from tests.support.relays import CONSENTS, entry, relay

LEGACY = {"inbound": "legacy_tls"}
OLD_SUITES = ["TLS_RSA_WITH_RC4_128_MD5", "TLS_RSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"]
IMPLICIT = {"port": 465, "upstream_security": "implicit"}


def test_a_whole_entry() -> None:
    found = relay(
        **LEGACY,
        upstream="Mail.Example.TEST.",
        port="587",
        listen="[2001:db8::10]:02465",
        allow=["2001:db8::/32", "2001:db8::/32", "2001:DB8:1::1"],
        addresses="192.0.2.7",
        ca_file="/etc/ssl/own-ca.pem",
        certificate="/etc/ssl/relay.pem",
        key="/etc/ssl/private/relay.key",
        client_suites=["TLS_RSA_WITH_AES_128_CBC_SHA"],
    )
    assert (found.upstream, found.port) == ("mail.example.test", 587)
    assert (found.protocol, found.upstream_security) == (MailProtocol.SMTP, Security.STARTTLS)
    assert (found.inbound, found.legacy, found.privileged) == (Inbound.LEGACY_TLS, True, False)
    assert str(found.listen) == "[2001:db8::10]:2465"
    assert [str(one) for one in found.allow] == ["2001:db8::/32", "2001:db8:1::1/128"]
    assert [str(one) for one in found.targets] == ["192.0.2.7:587"]


def test_nothing_at_all() -> None:
    assert parse_relays(None, ()) == parse_relays([], ()) == ()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": None}, "relays[0]: name: None is no name"),
        ({"name": "A"}, "relays[0]: name: 'A' is no name"),
        ({"name": "-a"}, "relays[0]: name:"),
        ({"name": "a" * 33}, "relays[0]: name:"),
        ({"name": "a\n"}, "relays[0]: name: 'a\\n' is no name"),
        ({"name": "a]\n[b"}, "relays[0]: name:"),
        ({"upstream": None}, "relay submission: upstream: it is missing."),
        ({"upstream": "a\nb"}, "relay submission: upstream: 'a\\nb' is neither a DNS name nor an IP address."),
        ({"upstream": "mail.example.test;x"}, "relay submission: upstream:"),
        ({"upstream": "::"}, "relay submission: upstream: :: is not the address of a server."),
        ({"upstream": "192.0.2.10", "port": 2587}, "relay submission: upstream: 192.0.2.10:2587 is the relay itself."),
        ({"addresses": ["127.0.0.1", "192.0.2.10"], "port": 2587}, "relay submission: upstream: 192.0.2.10:2587 is"),
        ({"port": 0}, "relay submission: port: 0 is not a port"),
        ({"port": True}, "relay submission: port: True is not a port"),
        ({"port": "25\n"}, "relay submission: port: '25\\n' is not a port"),
        ({"port": "٢٥"}, "relay submission: port:"),
        ({"port": 465}, "relay submission: upstream_security: port 465 speaks implicit, not starttls."),
        ({"port": 587, "upstream_security": "implicit"}, "upstream_security: port 587 speaks starttls, not implicit."),
        ({"port": 143}, "relay submission: upstream_security: port 143 is one of imap, not of smtp."),
        ({"protocol": "http"}, "relay submission: protocol: 'http' is not one of smtp, imap or pop3."),
        ({"upstream_security": "none"}, "upstream_security: 'none' is not one of implicit or starttls."),
        ({"inbound": "tls"}, "relay submission: inbound: 'tls' is not one of clear, legacy_tls or legacy_starttls."),
        ({"listen": 2587}, "relay submission: listen: 2587 is not host:port"),
        ({"listen": "2587"}, "relay submission: listen: '2587' is not host:port"),
        ({"listen": "mail.example.test:2587"}, "listen: 'mail.example.test' is not an IP address"),
        ({"listen": "::1:2587"}, "relay submission: listen: '::1:2587' is not host:port"),
        ({"listen": "[fe80::1%eth0]:2587"}, "relay submission: listen:"),
        ({"listen": "[::ffff:1.2.3.4]:2587"}, "relay submission: listen:"),
        ({"listen": "224.0.0.1:2587"}, "relay submission: listen: '224.0.0.1' is not an IP address"),
        ({"listen": "192.0.2.10:22"}, "relay submission: listen: port 22 is below 1024"),
        ({"listen": "0.0.0.0:2587"}, "relay submission: listen: 0.0.0.0 is every address of the machine"),
        ({"listen": "[::]:2587"}, "relay submission: listen: :: is every address of the machine"),
        ({"listen": "0.0.0.0:2587", "any_address": "no"}, "relay submission: listen: 0.0.0.0 is every address"),
        ({"allow": None}, "relay submission: allow: it is missing."),
        ({"allow": []}, "relay submission: allow: the list is empty, so nobody could connect"),
        ({"allow": {}}, "relay submission: allow: a dict is not a list."),
        ({"allow": ["192.0.2.1/24"]}, "allow: '192.0.2.1/24' is an address inside a network; write 192.0.2.0/24."),
        ({"allow": ["192.0.2.0/33"]}, "relay submission: allow: '192.0.2.0/33' is not a network"),
        ({"allow": ["all"]}, "relay submission: allow: 'all' is not a network"),
        ({"allow": ["192.0.2.0/24 }"]}, "relay submission: allow: '192.0.2.0/24 }' is not a network"),
        ({"allow": [5]}, "relay submission: allow: 5 is not a network"),
        ({"allow": ["0.0.0.0/0"]}, "relay submission: allow: it lets in whole parts of the Internet"),
        ({"allow": ["0.0.0.0/1", "128.0.0.0/1"]}, "relay submission: allow: it lets in whole parts of the Internet"),
        ({"allow": ["192.0.0.0/3"]}, "relay submission: allow: it lets in whole parts of the Internet"),
        ({"allow": ["12.0.0.0/8", "13.0.0.0/8"]}, "relay submission: allow: it lets in whole parts of the Internet"),
        ({"allow": ["2001:db8::/32"]}, "allow: nobody from 2001:db8::/32 can reach 192.0.2.10, which is IPv4."),
        ({"addresses": ["a b"]}, "relay submission: addresses: 'a b' is neither"),
        ({"addresses": ["192.0.2.1"] * 17}, "relay submission: addresses: 17 entries are more than 16."),
        ({"ca_file": "ca.pem"}, "relay submission: ca_file: 'ca.pem' is not an absolute path"),
        ({"ca_file": "/etc/../x"}, "relay submission: ca_file:"),
        ({"ca_file": "/etc/ca.pem\n[x]"}, "relay submission: ca_file:"),
        ({"ca_file": "/etc/ca.pem ; x"}, "relay submission: ca_file:"),
        ({**LEGACY, "certificate": "/a.pem"}, "relay submission: certificate: certificate and key go together"),
        ({**LEGACY, "key": "/a.pem"}, "relay submission: certificate: certificate and key go together"),
        ({**LEGACY, "certificate": "/a.pem", "key": "/b#"}, "relay submission: key: '/b#' is not an absolute path"),
        ({"certificate": "/a.pem", "key": "/b"}, "certificate: no client of a relay with inbound: clear"),
        ({"proxy": "proxy.example.test"}, "relay submission: proxy: 'proxy.example.test' is not host:port"),
        ({"proxy": "user:word@proxy.example.test:3128"}, "relay submission: proxy:"),
        ({"proxy": "proxy.example.test:3128"}, "relay submission: proxy: stunnel cannot ask a proxy"),
        ({**IMPLICIT, "proxy": "p.test:1", "addresses": ["192.0.2.1"]}, "proxy: through a proxy there is one way"),
        ({**LEGACY, "client_suites": OLD_SUITES}, "inbound: legacy_tls cannot be: the clients offer no cipher suite"),
        ({"client_suites": ["TLS RSA"]}, "relay submission: client_suites: 'TLS RSA' is not the name"),
        ({"any_source": "perhaps"}, "relay submission: any_source: 'perhaps' is neither true nor false."),
        ({"alow": []}, "relay submission: there is no key 'alow' here"),
    ],
)
def test_what_is_refused(fields: dict[str, t.Any], words: str) -> None:
    with pytest.raises(RelayError) as caught:
        parse_relays([entry(**fields)], CONSENTS)
    message = str(caught.value)
    assert words in message
    assert "\n" not in message
    assert message.endswith((".", "..."))


@pytest.mark.parametrize(
    "fields",
    [
        {"listen": "0.0.0.0:2587", "any_address": True},
        {"listen": "[::]:2587", "any_address": True, "allow": ["192.0.2.0/24", "2001:db8::/32"]},
        {"allow": ["0.0.0.0/0"], "any_source": True},
        {"allow": ["10.0.0.0/8", "10.1.0.0/16", "192.168.1.1"]},
        {"listen": "192.0.2.10:25"},
        {**IMPLICIT, "proxy": "proxy.example.test:3128"},
        {**LEGACY, "client_suites": [*OLD_SUITES, "TLS_RSA_WITH_AES_128_CBC_SHA"]},
        {"client_suites": OLD_SUITES},
        {"upstream": "2001:db8::25"},
        {"name": "0" * 32},
    ],
)
def test_what_may_be_built(fields: dict[str, t.Any]) -> None:
    assert len(parse_relays([entry(**fields)], CONSENTS)) == 1


@pytest.mark.parametrize("raw", ["relays", {"name": "a"}, [None], ["a"], [{1: 2}]])
def test_what_is_no_list_of_entries(raw: t.Any) -> None:
    with pytest.raises(RelayError, match=r"^relays"):
        parse_relays(raw, CONSENTS)


def test_clear_text_needs_a_consent_and_old_tls_does_not() -> None:
    with pytest.raises(RelayError, match=r'relay submission: inbound: clear carries .* the consent "cleartext_leg"\.'):
        parse_relays([entry()], ["root_ca"])
    assert parse_relays([entry(**LEGACY)], ())
    assert parse_relays([entry()], ["cleartext_leg"])


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ({}, {"listen": "192.0.2.10:2588"}, "relay submission: name: two relays have it."),
        ({}, {"name": "b"}, "relay b: listen: relay submission listens on 192.0.2.10:2587 already."),
        ({}, {"name": "b", "listen": "0.0.0.0:2587", "any_address": True}, "relay b: listen: relay submission listens"),
        ({"listen": "[::]:2587", "any_address": True}, {"name": "b"}, "relay b: listen: relay submission listens"),
        ({}, {"name": "b", "listen": "192.0.2.11:2587"}, ""),
        ({}, {"name": "b", "listen": "[2001:db8::1]:2587", "allow": ["2001:db8::/32"]}, ""),
        (
            {"listen": "0.0.0.0:2587", "any_address": True},
            {"name": "b", "listen": "[2001:db8::1]:2587", "allow": ["2001:db8::/32"]},
            "",
        ),
    ],
)
def test_two_relays_beside_each_other(first: dict[str, t.Any], second: dict[str, t.Any], words: str) -> None:
    found = list(reasons(read_relays([entry(**first), entry(**second)]), CONSENTS))
    assert bool(found) == bool(words)
    assert all(words in reason for reason in found)


def test_every_caution_names_relay_and_listener() -> None:
    relays = [relay(name=kind.value.replace("_", "-"), inbound=kind.value) for kind in Inbound]
    found = cautions(relays)
    assert [text.split(":")[0] for text in found] == [f"relay {one.name}" for one in relays]
    assert all("192.0.2.10:2587" in text for text in found)
    assert ["TLS 1.0" in text for text in found] == [False, True, True]


@pytest.mark.parametrize(
    ("suite", "usable"),
    [
        ("TLS_RSA_WITH_AES_128_CBC_SHA", True),
        ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", True),
        ("TLS_AES_128_GCM_SHA256", True),
        ("TLS_RSA_WITH_RC4_128_SHA", False),
        ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", False),
        ("TLS_DHE_DSS_WITH_AES_128_CBC_SHA", False),
        ("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", False),
        ("TLS_DHE_RSA_WITH_AES_128_CBC_SHA", False),
        ("TLS_RSA_WITH_NULL_SHA", False),
    ],
)
def test_suites_that_a_relay_has(suite: str, usable: bool) -> None:
    assert usable_suites([suite]) == ((suite,) if usable else ())


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=4))
def test_whatever_comes_is_read_or_refused_in_one_sentence(fields: dict[str, t.Any]) -> None:
    try:
        parse_relays([{**entry(), **fields}], CONSENTS)
    except RelayError as problem:
        message = str(problem)
        assert message.isprintable()
        assert message.startswith(("relay submission: ", "relays[0]: "))


@given(st.lists(st.text(), max_size=3))
def test_a_name_from_elsewhere_is_a_name(words: list[str]) -> None:
    assert relay(name=name_of(*words)).name == name_of(*words)
