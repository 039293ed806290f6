# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``servers``: tables of what is taken and of what is refused, in which words."""

from __future__ import annotations

import re
import typing as t

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import (
    MailProtocol,
    Security,
    Server,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.server_options import parse_host, parse_servers

IMAPS: dict[str, t.Any] = {"host": "mail.example.test", "port": 993}


def _one(**changes: t.Any) -> Server:
    (server,) = parse_servers([{**IMAPS, **changes}])
    return server


@pytest.mark.parametrize(
    ("entry", "port", "protocol", "security"),
    [
        ({"port": 25}, 25, "smtp", "starttls"),
        ({"port": 465}, 465, "smtp", "implicit"),
        ({"port": 587}, 587, "smtp", "starttls"),
        ({"port": 110}, 110, "pop3", "starttls"),
        ({"port": 995}, 995, "pop3", "implicit"),
        ({"port": 143}, 143, "imap", "starttls"),
        ({"port": "993"}, 993, "imap", "implicit"),
        ({"port": 25, "security": "none"}, 25, "smtp", "none"),
        ({"port": 993, "security": "starttls"}, 993, "imap", "starttls"),
        ({"protocol": "smtp", "security": "implicit"}, 465, "smtp", "implicit"),
        ({"protocol": "SMTP", "security": "StartTLS"}, 587, "smtp", "starttls"),
        ({"protocol": "smtp", "security": "none"}, 25, "smtp", "none"),
        ({"protocol": "imap", "security": "implicit"}, 993, "imap", "implicit"),
        ({"protocol": "pop3", "security": "starttls", "port": None}, 110, "pop3", "starttls"),
        ({"port": 2525, "protocol": "smtp", "security": "starttls"}, 2525, "smtp", "starttls"),
        ({"port": 65535, "protocol": "imap", "security": "none"}, 65535, "imap", "none"),
    ],
)
def test_door(entry: dict[str, t.Any], port: int, protocol: str, security: str) -> None:
    (server,) = parse_servers([{"host": "a.test", **entry}])
    assert server == Server("a.test", port, MailProtocol(protocol), Security(security))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, "servers[0]: without a port, 'a.test' needs protocol and security."),
        ({"protocol": "smtp"}, "servers[0]: without a port, 'a.test' needs protocol and security."),
        ({"security": "implicit"}, "servers[0]: without a port, 'a.test' needs protocol and security."),
        ({"port": 2525}, "servers[0]: port 2525 does not tell the protocol; add protocol (smtp, imap, pop3)."),
        (
            {"port": 993, "protocol": "smtp"},
            "servers[0]: port 993 with smtp does not tell the security; add security (implicit, starttls, none).",
        ),
        ({"port": 0}, "servers[0].port: 0 is not a port from 1 to 65535."),
        ({"port": 65536}, "servers[0].port: 65536 is not a port from 1 to 65535."),
        ({"port": -1}, "servers[0].port: -1 is not a port from 1 to 65535."),
        ({"port": True}, "servers[0].port: True is not a port from 1 to 65535."),
        ({"port": 25.5}, "servers[0].port: 25.5 is not a port from 1 to 65535."),
        ({"port": "imaps"}, "servers[0].port: 'imaps' is not a port from 1 to 65535."),
        ({"port": "\u0669\u0669\u0663"}, "servers[0].port: '\u0669\u0669\u0663' is not a port from 1 to 65535."),
        ({"port": [993]}, "servers[0].port: a list is not a port from 1 to 65535."),
        ({"port": 993, "protocol": "http"}, "servers[0].protocol: 'http' is not one of smtp, imap or pop3."),
        ({"port": 993, "protocol": 3}, "servers[0].protocol: 3 is not one of smtp, imap or pop3."),
        ({"port": 993, "security": "auto"}, "servers[0].security: 'auto' is not one of implicit, starttls or none."),
        ({"port": 993, "security": "ssl"}, "servers[0].security: 'ssl' is not one of implicit, starttls or none."),
        (
            {"port": 993, "auth": ["kerberos"]},
            "servers[0].auth: 'kerberos' is not one of password, app_password or oauth2.",
        ),
        ({"port": 993, "auth": "password"}, "servers[0].auth: 'password' is not a list."),
        ({"port": 993, "auth": []}, "servers[0].auth: the list is empty; leave the key out where nothing is known."),
        ({"port": 993, "auth": ["oauth2", "OAuth2"]}, "servers[0].auth: 'oauth2' is named twice."),
        ({"port": 993, "probe": "maybe"}, "servers[0].probe: 'maybe' is neither true nor false."),
        ({"port": 993, "probe": 1}, "servers[0].probe: 1 is neither true nor false."),
        (
            {"port": 993, "probe": True, "accepts": {"tls": ["1.2"]}},
            "servers[0]: probe and accepts exclude each other, and 'a.test' has both.",
        ),
        (
            {"port": 993, "sslyze": "report.json", "accepts": {"tls": ["1.2"]}},
            "servers[0]: accepts and sslyze exclude each other, and 'a.test' has both.",
        ),
        (
            {"port": 993, "sslyze": "report.json", "probe": True},
            "servers[0]: probe and sslyze exclude each other, and 'a.test' has both.",
        ),
        (
            {"port": 25, "security": "none", "sslyze": "report.json"},
            "servers[0]: sslyze can say nothing of 'a.test' without TLS; leave it out.",
        ),
        ({"port": 993, "sslyze": ""}, "servers[0].sslyze: '' is not the path of a file."),
        ({"port": 993, "sslyze": ["r.json"]}, "servers[0].sslyze: a list is not the path of a file."),
        (
            {"port": 993, "Host": "b.test"},
            "servers[0]: there is no key 'Host' here, only host, port, protocol, security, auth, probe, accepts"
            " or sslyze.",
        ),
        ({"port": 993, 5: "b.test"}, "servers[0]: the key 5 is not a text."),
    ],
)
def test_refused_entries(entry: dict[t.Any, t.Any], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_servers([{"host": "a.test", **entry}])
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("mail.example.test", "servers: 'mail.example.test' is not a list."),
        ({"host": "a.test"}, "servers: a dict is not a list."),
        (["mail.example.test"], "servers[0]: 'mail.example.test' is not a dictionary."),
        ([IMAPS, None], "servers[1]: None is not a dictionary."),
        ([{"port": 993}], "servers[0]: the key host is missing."),
        ([{"host": None, "port": 993}], "servers[0]: the key host is missing."),
        (
            [IMAPS, {"host": "a.test", "port": 993}, {"host": "MAIL.example.test.", "port": "993"}],
            "servers[2]: 'mail.example.test' port 993 is in servers[0] already.",
        ),
    ],
)
def test_refused_lists(raw: object, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_servers(raw)
    assert str(caught.value) == message


def test_nothing() -> None:
    assert parse_servers(None) == parse_servers([]) == ()


def test_everything() -> None:
    server = _one(protocol="imap", security="implicit", auth=["app_password", "oauth2"], probe="yes")
    assert (server.auth, server.probe, server.accepts) == (("app_password", "oauth2"), True, None)


# -- hosts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "host"),
    [
        ("Mail.Example.TEST", "mail.example.test"),
        ("mail.example.test.", "mail.example.test"),
        ("mail", "mail"),
        ("1and1.test", "1and1.test"),
        ("a" * 63 + ".test", "a" * 63 + ".test"),
        ("b\u00fccher.test", "xn--bcher-kva.test"),
        ("xn--bcher-kva.test", "xn--bcher-kva.test"),
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
    ],
)
def test_host(raw: str, host: str) -> None:
    assert parse_host("host", raw) == host
    assert parse_host("host", host) == host


@pytest.mark.parametrize(
    "raw",
    [
        "", ".", "a..b", "-a.test", "a-.test", "a" * 64 + ".test", ".".join(["a" * 60] * 5), "a_b.test", "a b.test",
        "mail.test:993", "https://mail.test", "user@mail.test", "*.test", "mail.test\n", "mail\x00.test",
        "a\u202eb.test", "mail\u200b.test", "a\u00adb.test", "mail.test;id", "$(id)", "{{ x }}", "1.2.3", "256.1.1.1",
        "192.0.2.1/24", "fe80::1%eth0", "[192.0.2.1]", "[mail.test]", "::g", "\ud800", "x" * 100000,
        5, True, ["a"], b"a.test",
    ],
)  # fmt: skip
def test_refused_host(raw: object) -> None:
    with pytest.raises(
        OptionError, match=r"^servers\[0\]\.host: .* is neither a DNS name nor an IP address\.$"
    ) as caught:
        parse_servers([{"host": raw, "port": 993}])
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 150


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_for_a_host(raw: str) -> None:
    try:
        host = parse_host("host", raw)
    except OptionError:
        return
    assert re.fullmatch(r"[a-z0-9.:-]{1,253}", host)
    assert parse_host("host", host) == host


_keys = st.sampled_from(["host", "port", "protocol", "security", "auth", "probe", "accepts", "tls", "suites", "x"])
_plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(["a.test", "1.2", "imap"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=5),
    max_leaves=12,
)


@settings(deadline=None)
@given(_plain)
def test_any_value_is_taken_or_refused_in_one_line(raw: object) -> None:
    for value in (raw, [raw], [{"host": "a.test", "port": 993, "accepts": raw}]):
        try:
            parse_servers(value)
        except OptionError as error:
            message = str(error)
            assert message.startswith("servers"), message
            assert message.isprintable(), message
