# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration as text: exactly the services and options that were meant, whatever the entry says."""

from __future__ import annotations

import contextlib
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import stunnel
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.facts import parse_facts
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.refusals import parse_relays
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import KEYS, RelayError
from tests.support.relays import CONSENTS, FACTS, entry, relay

FACTS_READ = parse_facts(FACTS)
FOREGROUND = [("foreground", "yes"), ("pid", ""), ("syslog", "no"), ("debug", "notice")]
Parsed = list[tuple[str, list[tuple[str, str]]]]


def parsed(text: str) -> Parsed:
    """The file as stunnel reads it, by its manual: sections with options; the first one, "", is global."""
    found: Parsed = [("", [])]
    for line in text.split("\n"):
        bare = line.strip(" \t")
        if not bare or bare[0] in ";#":
            continue
        if bare[0] == "[":
            assert bare[-1] == "]"
            found.append((bare[1:-1], []))
        else:
            name, equals, value = bare.partition("=")
            assert equals
            found[-1][1].append((name.strip(), value.strip()))
    return found


def made(facts: dict[str, t.Any] = FACTS, **fields: t.Any) -> Parsed:
    return parsed(stunnel.configuration(relay(**fields), parse_facts(facts)))


UPSTREAM = {
    "client": "yes",
    "accept": "192.0.2.10:2587",
    "connect": "mail.example.test:2525",
    "delay": "yes",
    "failover": "prio",
    "protocol": "smtp",
    "sni": "mail.example.test",
    "sslVersionMin": "TLSv1.2",
    "verifyChain": "yes",
    "checkHost": "mail.example.test",
    "CAfile": "/etc/ssl/certs/ca-certificates.crt",
    "TIMEOUTconnect": "10",
    # The last of several.
    "socket": "r:TCP_KEEPCNT=6",
}
FRONT = {
    "client": "no",
    "accept": "192.0.2.10:2587",
    "connect": "/run/mailfleet-relay/submission/upstream.sock",
    "cert": "/etc/mailfleet-relay/submission/certificate.pem",
    "key": "/etc/mailfleet-relay/submission/key.pem",
    "sslVersionMin": "TLSv1",
    "ciphers": "HIGH:!aNULL:!DH:@SECLEVEL=0",
    "TIMEOUTclose": "0",
    "socket": "r:TCP_KEEPCNT=6",
}


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        ({}, UPSTREAM),
        ({"upstream_security": "implicit"}, {k: v for k, v in UPSTREAM.items() if k != "protocol"}),
        ({"ca_file": "/own.pem"}, {**UPSTREAM, "CAfile": "/own.pem"}),
        ({"addresses": ["192.0.2.1"]}, {**UPSTREAM, "connect": "192.0.2.1:2525"}),
        (
            {"listen": "[2001:db8::10]:2587", "allow": ["2001:db8::/32"], "addresses": ["2001:db8::1"]},
            {**UPSTREAM, "accept": "2001:db8::10:2587", "connect": "2001:db8::1:2525"},
        ),
    ],
)
def test_clear_text_in(fields: dict[str, t.Any], options: dict[str, str]) -> None:
    assert [(name, dict(found)) for name, found in made(**fields)] == [("", dict(FOREGROUND)), ("submission", options)]


@pytest.mark.parametrize("inbound", ["clear", "legacy_tls", "legacy_starttls"])
def test_both_ends_of_every_connection_are_asked_whether_they_are_there(inbound: str) -> None:
    for _name, options in made(inbound=inbound)[1:]:
        asked = [value for name, value in options if name == "socket"]
        assert asked == [
            f"{side}:{option}"
            for side in ("l", "r")
            for option in ("SO_KEEPALIVE=yes", "TCP_KEEPIDLE=60", "TCP_KEEPINTVL=10", "TCP_KEEPCNT=6")
        ]


def test_an_upstream_known_by_its_address_is_checked_by_it_and_sent_no_name() -> None:
    options = dict(made(upstream="192.0.2.25")[1][1])
    assert (options["checkIP"], options["sni"], "checkHost" in options) == ("192.0.2.25", "", False)


def test_several_addresses_are_tried_in_their_order() -> None:
    options = made(addresses=["192.0.2.2", "192.0.2.1", "b.example.test"])[1][1]
    ways = [value for name, value in options if name == "connect"]
    assert ways == ["192.0.2.2:2525", "192.0.2.1:2525", "b.example.test:2525"]
    assert ("checkHost", "mail.example.test") in options


def test_through_a_proxy() -> None:
    options = dict(made(port=465, upstream_security="implicit", proxy="proxy.example.test:3128")[1][1])
    assert (options["connect"], options["protocol"]) == ("proxy.example.test:3128", "connect")
    assert options["protocolHost"] == "mail.example.test:465"
    assert (options["sni"], options["checkHost"]) == ("mail.example.test", "mail.example.test")


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        ({"inbound": "legacy_tls"}, FRONT),
        ({"inbound": "legacy_starttls"}, {**FRONT, "protocol": "smtp"}),
        ({"inbound": "legacy_tls", "certificate": "/c.pem", "key": "/k"}, {**FRONT, "cert": "/c.pem", "key": "/k"}),
    ],
)
def test_old_tls_in_is_chained_over_a_socket_of_its_own(fields: dict[str, t.Any], options: dict[str, str]) -> None:
    found = made(**fields)
    assert [name for name, _options in found] == ["", "submission-upstream", "submission"]
    assert dict(found[1][1]) == {**UPSTREAM, "accept": FRONT["connect"]}
    assert dict(found[2][1]) == options


def test_roots_of_the_other_family() -> None:
    assert dict(made({"os_family": "RedHat"})[1][1])["CAfile"] == "/etc/pki/tls/certs/ca-bundle.crt"


def test_only_the_front_of_a_legacy_relay_goes_below_tls_1_2() -> None:
    for inbound in ("clear", "legacy_tls", "legacy_starttls"):
        for _name, options in made(inbound=inbound)[1:]:
            named = dict(options)
            assert named["sslVersionMin"] == ("TLSv1.2" if named["client"] == "yes" else "TLSv1")
            assert ("ciphers" in named) is (named["client"] == "no")


@pytest.mark.parametrize("value", ["a\nb", "a;b", "[a]", "#a", "a#b", "a\rb", "a\x00", " a", "ü", "a\\b"])
def test_the_writer_has_a_lock_of_its_own(value: str) -> None:
    with pytest.raises(ValueError, match="not a value"):
        stunnel.render([stunnel.Service("a", (("connect", value),))])
    with pytest.raises(ValueError, match="not the name"):
        stunnel.render([stunnel.Service(value, ())])


LEAF = {"inbound": "legacy_tls", "certificate": "/c.pem", "key": "/k.pem"}
#: Field → a value that is fine, and what else the entry needs then.
TEXTS: dict[str, tuple[str, dict[str, t.Any]]] = {
    "name": ("submission", {}),
    "upstream": ("mail.example.test", {}),
    "listen": ("192.0.2.10:2587", {}),
    "addresses": ("192.0.2.25", {}),
    "allow": ("192.0.2.0/24", {}),
    "ca_file": ("/etc/ssl/ca.pem", {}),
    "certificate": ("/etc/ssl/relay.pem", LEAF),
    "key": ("/etc/ssl/relay.key", LEAF),
    "proxy": ("proxy.example.test:3128", {"upstream_security": "implicit"}),
    "client_suites": ("TLS_RSA_WITH_AES_128_CBC_SHA", {}),
}
MARKS = [
    "\n",
    "\r",
    "\r\n",
    "\n[x]\n",
    "\nexec = /bin/sh\n",
    ";",
    "#",
    "[",
    "]",
    "=",
    "{",
    "}",
    '"',
    "'",
    "$",
    "\\",
    "%",
    "@",
]
MARKS += [" ", "\t", "\x00", "\x0b", "\x0c", "\x1c", "\x7f", "\x85", "\u2028", "\u2029", "\u200b", "\uff1b"]


@pytest.mark.parametrize("field", TEXTS)
def test_no_field_lets_through_what_ends_a_line_or_a_word(field: str) -> None:
    good, more = TEXTS[field]
    assert parse_relays([{**entry(), **more, field: good}], CONSENTS)
    for mark in MARKS:
        for place in range(len(good) + 1):
            with pytest.raises(RelayError, match=r"^relay(s\[0\]| submission): "):
                parse_relays([{**entry(), **more, field: good[:place] + mark + good[place:]}], CONSENTS)


#: Texts that are nearly what a field wants, with what would break out of a line.
NASTY = st.one_of(
    st.text(max_size=30),
    st.text("\n\r;#[]=: abc1./", max_size=30),
    st.builds(
        lambda good, bad, tail: good + bad + tail,
        st.sampled_from(["mail.example.test", "192.0.2.1", "/etc/a.pem", "192.0.2.0/24", "a", "[::1]:25", "25"]),
        st.sampled_from(["\n", "\r\n", "\n[x]\n", ";", "#", "]", " ", "\x00", "\x85", "\u2028", ""]),
        st.sampled_from(["", "exec = /bin/sh", "x"]),
    ),
)
FIELDS = st.dictionaries(st.sampled_from(KEYS), NASTY | st.lists(NASTY, max_size=2), min_size=1, max_size=3)
INBOUND = st.sampled_from(["clear", "legacy_tls", "legacy_starttls"])


@given(FIELDS, INBOUND)
def test_what_was_meant_is_what_stands_in_the_file(fields: dict[str, t.Any], inbound: str) -> None:
    with contextlib.suppress(RelayError):
        (one,) = parse_relays([{**entry(inbound=inbound), **fields}], CONSENTS)
        doors = stunnel.Doors(stunnel.address(one.listen), "/run/x.sock")
        meant = [(section.name, list(section.options)) for section in stunnel.services(one, FACTS_READ, doors)]
        text = stunnel.render(stunnel.services(one, FACTS_READ, doors))
        assert parsed(text) == [("", FOREGROUND), *meant]
        assert len(text.splitlines()) == text.count("\n")
        names = {name for _section, options in parsed(text)[1:] for name, _value in options}
        assert names <= {*UPSTREAM, *FRONT, "checkIP", "protocolHost"}
        assert not any(mark in value for _s, options in parsed(text) for _n, value in options for mark in ";#[]")


GOOD = st.fixed_dictionaries(
    {
        "name": st.from_regex(r"[a-z0-9][a-z0-9-]{0,31}", fullmatch=True),
        "upstream": st.one_of(
            st.from_regex(r"[a-z]{1,9}(\.[a-z]{1,9}){1,3}", fullmatch=True), st.ip_addresses(v=4).map(str)
        ),
        "port": st.integers(1024, 65535),
        "protocol": st.sampled_from(["smtp", "imap", "pop3"]),
        "upstream_security": st.sampled_from(["implicit", "starttls"]),
        "inbound": INBOUND,
        "addresses": st.lists(st.ip_addresses().map(str), max_size=4),
        "ca_file": st.from_regex(r"(/[A-Za-z0-9_][A-Za-z0-9_.+-]{0,20}){1,4}", fullmatch=True),
    }
)


@given(GOOD)
def test_good_entries_are_written_and_read_back(fields: dict[str, t.Any]) -> None:
    with contextlib.suppress(RelayError):
        (one,) = parse_relays([entry(**fields)], CONSENTS)
        found = dict(parsed(stunnel.configuration(one, FACTS_READ)))
        outer = dict(found[one.name])
        inner = dict(found.get(f"{one.name}-upstream", found[one.name]))
        assert outer["accept"] == "192.0.2.10:2587"
        assert inner["CAfile"] == fields["ca_file"]
        assert fields["upstream"] in (inner.get("checkHost"), inner.get("checkIP"))
        assert len(found) == (2 if fields["inbound"] == "clear" else 3)
