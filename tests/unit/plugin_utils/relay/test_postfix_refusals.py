# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a smarthost may not be, and that nothing given can say more than it should."""

from __future__ import annotations

import re
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import postfix
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.smarthost import NUMBERS, parse_smarthost
from tests.support.smarthosts import ROOTS, SECRET, wanted, wish


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"upstream": None}, "upstream: it is missing"),
        ({"listen": None}, "listen: it is missing"),
        ({"listen": []}, "listen: the list is empty"),
        ({"allow": []}, "allow: the list is empty"),
        ({"allow": ["0.0.0.0/0"]}, "allow: it lets in whole parts of the Internet"),
        ({"allow": ["0.0.0.0/1", "128.0.0.0/1"]}, "allow: it lets in whole parts of the Internet"),
        ({"allow": ["192.0.2.1/24"]}, "write 192.0.2.0/24"),
        ({"allow": ["2001:db8::/32"]}, "allow: nobody from 2001:db8::/32"),
        ({"allow": ["192.0.2.0/24", "2001:db8::/32"]}, "allow: nobody from 2001:db8::/32"),
        ({"listen": ["0.0.0.0:2525"]}, "listen: 0.0.0.0 is every address"),
        ({"listen": ["relay:2525"]}, "listen: 'relay' is not an IP address"),
        ({"listen": ["192.0.2.10:22"]}, "port 22 is below 1024"),
        (
            {"listen": ["192.0.2.10:2525", "[::]:2525"], "any_address": True, "allow": ["192.0.2.0/24", "::1"]},
            "already",
        ),
        ({"host": "198.51.100.1"}, "upstream.host: '198.51.100.1' is an address; a name is needed"),
        ({"host": "x y"}, "upstream.host"),
        ({"addresses": ["smtp.example.net"]}, "upstream.addresses"),
        ({"addresses": ["192.0.2.10"], "port": 2525}, "192.0.2.10:2525 is the relay itself"),
        ({"port": 465}, "port 465 speaks implicit, not starttls"),
        ({"port": 993, "security": "implicit"}, "port 993 is one of imap"),
        ({"security": "none"}, "upstream.security: 'none'"),
        ({"user": "a:b"}, "upstream.user: it is no text, is empty, or has a colon"),
        ({"user": " a"}, "upstream.user"),
        ({"password": "x\nrelayhost = y"}, "upstream.password: it is no text"),
        ({"password": "x "}, "upstream.password: it is no text"),
        ({"password": 5}, "upstream.password: it is no text"),
        ({"password": ""}, "upstream.password: it is missing"),
        ({"ca_file": "own.pem"}, "upstream.ca_file"),
        ({"ca_file": "/etc/$x"}, "upstream.ca_file"),
        ({"hostname": "192.0.2.10"}, "hostname"),
        ({"hostname": "smtp.example.net"}, "hostname: smtp.example.net is the upstream's"),
        ({"senders": ["a b@example.net"]}, "senders: 'a b@example.net' is no plain mail address"),
        ({"senders": ["#@example.net"]}, "senders"),
        ({"senders": ["a@[192.0.2.1]"]}, "senders"),
        ({"senders": ["@example.net@"]}, "senders"),
        ({"message_mib": 0}, "message_mib: 0 is not a number from 1 to 1024"),
        ({"message_mib": True}, "message_mib"),
        ({"recipients": "5 0"}, "recipients"),
        ({"retry_seconds": 700}, "retry_most_seconds: it is less"),
        ({"hide_clients": "perhaps"}, "hide_clients"),
        ({"nonsense": 1}, "there is no key 'nonsense'"),
    ],
)
def test_what_is_refused(fields: dict[str, t.Any], words: str) -> None:
    with pytest.raises(OptionError, match="^(smtp_relay|relay smtp-relay(-2)?): .*" + re.escape(words)) as problem:
        wish(**fields)
    assert SECRET not in str(problem.value)


def test_clear_text_needs_consent() -> None:
    with pytest.raises(OptionError, match='consent "cleartext_leg"'):
        parse_smarthost(wanted(), ())


HOSTILE = st.text(st.sampled_from("a1.:@/-$#,;='\"{}[]()|\\ \t\n\r\x00\x0b\u2028\u00fc<>%!*"), max_size=20)
FIELDS = ("host", "user", "password", "ca_file", "addresses", "listen", "allow", "hostname", "senders", *NUMBERS)


@given(st.sampled_from(FIELDS), HOSTILE)
def test_nothing_given_says_more_than_it_should(field: str, text: str) -> None:
    """Refused, or the same parameters and services as ever, in files of as many lines as they should have."""
    given_: t.Any = [text] if field in ("addresses", "listen", "allow", "senders") else text
    try:
        one = wish(**{field: given_})
    except OptionError:
        return
    main = postfix.main_cf(one, ROOTS)
    assert main.count("\n") == postfix.main_cf(wish(), ROOTS).count("\n")
    assert [line.split(" =")[0] for line in main.splitlines()] == [
        line.split(" =")[0] for line in postfix.main_cf(wish(), ROOTS).splitlines()
    ]
    assert "$" not in main
    (table,) = postfix.password_table(one).values()
    assert table.splitlines()[1:] == [
        f"[{end.host}]:{end.port}\t{one.upstream.user}:{one.upstream.password}" for end in one.upstream.targets
    ]
    for path, words in postfix.tables(one).items():
        assert len(words.splitlines()) == (1 + len(one.senders) if path.endswith("senders") else 2)


@pytest.mark.parametrize(
    ("name", "value"),
    [("a", "b\nc = d"), ("a", "$b"), ("a", " b"), ("a", "b "), ("a b", "c"), ("", "c"), ("a", "\u00fc"), ("a", "\x7f")],
)
def test_the_writer_trusts_nobody(name: str, value: str) -> None:
    with pytest.raises(OptionError, match="cannot stand in main"):
        postfix.rendered({name: value})
