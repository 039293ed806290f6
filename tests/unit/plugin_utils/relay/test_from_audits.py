# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the audits of a fleet to its relays: who goes through which, and who gets none."""

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import audit
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.relay_ends import relay_ends
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.server_options import parse_servers
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.refusals import CLEARTEXT_LEG, parse_relays
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import RelayError
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.wishes import parse_wish
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.result import result
from tests.support.hosts import TODAY, host
from tests.unit.plugin_utils.relay.fleets import AES, BASE, OLD, audited, change, fleet


def test_one_relay_for_all_hosts_of_one_kind() -> None:
    found = fleet({"pc1": audited(change(), suites=OLD), "pc2": audited(change(), suites=OLD)})
    assert found.left_out == ()
    assert found.relays == (
        {
            "name": "smtp-mail-example-test",
            "upstream": "mail.example.test",
            "port": 587,
            "protocol": "smtp",
            "upstream_security": "starttls",
            "listen": "192.0.2.10:2500",
            "inbound": "clear",
            "allow": ["192.0.2.81/32", "192.0.2.82/32"],
        },
    )
    assert [(use.host, use.relay, use.relay_address, use.relay_port) for use in found.uses] == [
        ("pc1", "smtp-mail-example-test", BASE, 2500),
        ("pc2", "smtp-mail-example-test", BASE, 2500),
    ]


def test_who_can_tls_does_not_share_the_clear_text_of_who_cannot() -> None:
    results = {"xp": audited(change(), suites=OLD), "win7": audited(change(), suites=AES), "dark": audited(change())}
    found = fleet(results)
    by_host = {use.host: (use.inbound, use.relay, use.relay_port) for use in found.uses}
    assert by_host == {
        "xp": ("clear", "smtp-mail-example-test", 2500),
        "dark": ("clear", "smtp-mail-example-test", 2500),
        "win7": ("legacy_tls", "smtp-mail-example-test-2", 2501),
    }
    assert [relay["allow"] for relay in found.relays] == [["192.0.2.81/32", "192.0.2.83/32"], ["192.0.2.82/32"]]


@pytest.mark.parametrize(
    ("fields", "upstream_security"),
    [
        ({"port": 465, "security": "implicit"}, "implicit"),
        ({"port": 465, "security": "starttls"}, "implicit"),
        ({"port": 25, "security": "none"}, "starttls"),
        ({"port": 587, "security": "auto"}, "starttls"),
        ({"port": 2525, "security": "starttls"}, "starttls"),
        ({"port": 993, "protocol": "imap", "security": "implicit"}, "implicit"),
        ({"port": 110, "protocol": "pop3", "security": "none"}, "starttls"),
    ],
)
def test_what_the_upstream_speaks(fields: dict[str, t.Any], upstream_security: str) -> None:
    (relay,) = fleet({"pc1": audited(change(**fields))}).relays
    assert relay["upstream_security"] == upstream_security
    assert parse_relays([relay], [CLEARTEXT_LEG])


@pytest.mark.parametrize(
    ("fields", "wishes", "why"),
    [
        ({"port": 2525, "security": "none"}, {}, "Whether port 2525 of mail.example.test speaks TLS at once or after"),
        ({"port": 2525, "security": "auto"}, {}, "write it by hand."),
        (
            {"server": "imap.live.com", "port": 993, "protocol": "imap"},
            {},
            "Outlook.com, Hotmail, Live takes OAuth 2.0 only",
        ),
        (
            {"server": "outlook.office365.com", "port": 995, "protocol": "pop3"},
            {},
            "cannot sign in for Outlook Express",
        ),
        ({}, {"addresses": {}}, "Its address is not among the addresses given"),
        ({}, {"addresses": {"pc1": "2001:db8::1"}}, "It has no IPv4 address to reach 192.0.2.10 from."),
        ({}, {"inbound": "legacy_tls"}, "It offers no cipher suite that a relay with legacy_tls has."),
        ({"server": "a\nb"}, {}, "Its audit names no mail server: server: 'a\\nb' is neither"),
        ({"server": None}, {}, "Its audit names no mail server"),
        ({"port": 70000}, {}, "Its audit names no mail server: port: 70000 is not a port"),
        ({"protocol": "http"}, {}, "Its audit names no mail server: protocol"),
        ({"port": 143}, {}, "Port 143 is one of imap, and its account says smtp; correct the account."),
    ],
)
def test_what_is_left_out_is_named(fields: dict[str, t.Any], wishes: dict[str, t.Any], why: str) -> None:
    found = fleet({"pc1": audited(change(**fields), suites=OLD)}, **wishes)
    assert (found.relays, found.uses) == ((), ())
    (left,) = found.left_out
    assert left.host == "pc1"
    assert why in left.why
    assert left.why.isprintable()


def test_one_that_is_left_out_does_not_take_the_others_along() -> None:
    oauth = change(server="imap.live.com", port=993, protocol="imap", security="implicit")
    found = fleet({"pc1": audited(oauth, change()), "pc2": {"failed": True}, "pc3": audited()})
    assert [relay["upstream"] for relay in found.relays] == ["mail.example.test"]
    assert [(left.host, left.server) for left in found.left_out] == [("pc1", "imap.live.com")]


def test_an_app_password_is_one_that_a_relay_can_carry() -> None:
    (relay,) = fleet({"pc1": audited(change(server="imap.gmail.com", port=993, protocol="imap"))}).relays
    assert relay["upstream"] == "imap.gmail.com"


def test_clients_with_a_tls_of_their_own_are_not_judged_by_that_of_windows() -> None:
    assert fleet({"pc1": audited(change(clients=["thunderbird"]), suites=AES)}).relays[0]["inbound"] == "clear"
    assert fleet({"pc1": audited(change(clients=["schannel"]), suites=AES)}).relays[0]["inbound"] == "legacy_tls"


def test_where_hosts_come_from_may_stand_in_the_inventory() -> None:
    results = dict.fromkeys(("pc1", "pc2", "192.0.2.83", "pc4"), audited(change()))
    inventory = {"pc1": "192.0.2.81", "pc2": "pc2.example.test", "192.0.2.83": "", "pc4": "192.0.2.84"}
    found = fleet(results, {"pc4": ["198.51.100.0/24"]}, inventory=inventory)
    assert found.relays[0]["allow"] == ["192.0.2.81/32", "192.0.2.83/32", "198.51.100.0/24"]
    assert [(left.host, left.why) for left in found.left_out] == [
        ("pc2", "Its address is not among the addresses given, so no relay would let it in.")
    ]


def test_what_accounts_are_told() -> None:
    result = audited(change(), suites=AES)
    (use,) = fleet({"pc1": result}, names=["Relay.example.test", "mx.example.test"]).uses
    assert use.end == {
        "server": "mail.example.test",
        "port": 587,
        "protocol": "smtp",
        "host": "relay.example.test",
        "listen_port": 2500,
        "security": "implicit",
    }
    assert fleet({"pc1": result}).uses[0].relay_host == BASE
    assert [end.host for end in relay_ends([use.end])] == ["relay.example.test"]


def test_more_is_said_of_a_server_than_its_audits_know() -> None:
    more = {"addresses": ["192.0.2.25", "192.0.2.26"], "ca_file": "/etc/ssl/ours.pem"}
    found = fleet(
        {"pc1": audited(change())}, upstreams={"Mail.example.test": more, "other.example.test": {"proxy": "p:1"}}
    )
    assert {key: found.relays[0][key] for key in more} == more
    assert parse_relays(list(found.relays), [CLEARTEXT_LEG])
    assert fleet({"pc1": audited(change())}, keep=list(found.relays)).relays[0]["name"] == found.relays[0]["name"]


def test_the_same_for_people() -> None:
    results = {f"pc{number:02}": audited(change(), suites=OLD) for number in range(22)}
    addresses = {name: f"192.0.2.{number + 1}" for number, name in enumerate(results)}
    found = fleet({**results, "pc\n99": audited(change(port=2525, security="none"))}, {**addresses, "pc\n99": BASE})
    first, second = found.lines
    assert first.startswith(
        "relay smtp-mail-example-test: smtp, clear on 192.0.2.10:2500, to mail.example.test port 587 by starttls TLS,"
        " for pc00, pc01, "
    )
    assert first.endswith("pc19 and 2 more")
    assert second.startswith("no relay for pc\\n99 to mail.example.test port 2525: Whether port 2525 of")


def test_ports_begin_where_the_operator_says_and_end_somewhere() -> None:
    three = audited(*(change(server=f"{name}.example.test") for name in "abc"))
    assert [one["listen"] for one in fleet({"pc1": three}, first_port=65533).relays] == [
        f"192.0.2.10:{port}" for port in (65533, 65534, 65535)
    ]
    with pytest.raises(RelayError, match="first_port: from 65534 on there are not enough ports"):
        fleet({"pc1": three}, first_port=65534)


def test_over_ipv6() -> None:
    found = fleet({"pc1": audited(change())}, {"pc1": ["192.0.2.1", "2001:db8::/64"]}, listen="2001:DB8::10")
    assert [(one["listen"], one["allow"]) for one in found.relays] == [("[2001:db8::10]:2500", ["2001:db8::/64"])]
    assert parse_relays(list(found.relays), [CLEARTEXT_LEG])


@pytest.mark.parametrize(
    ("arguments", "wishes", "words"),
    [
        (("mail.example.test", {}), {}, "listen: 'mail.example.test' is not an IP address"),
        ((BASE, []), {}, "addresses: a list is not a dictionary."),
        ((BASE, {"pc1": "192.0.2.1/24"}), {}, "addresses: pc1: '192.0.2.1/24' is an address inside"),
        ((BASE, {"pc1": [None]}), {}, "addresses: pc1: None is not a network"),
        ((BASE, {}), {"first_port": 0}, "first_port: 0 is not a port"),
        ((BASE, {}), {"inbound": "legacy_starttls"}, "inbound: 'legacy_starttls' is not one of clear or legacy_tls."),
        ((BASE, {}), {"keep": [{"name": "x"}]}, "relay x: upstream: it is missing."),
        (
            (BASE, {}),
            {"before": [{"host": "pc1", "relay": "x"}]},
            "before[0]: it needs a host, and the name of a relay",
        ),
        ((BASE, {}), {"prune": "maybe"}, "prune: 'maybe' is neither true nor false."),
        ((BASE, {}), {"upstreams": {"a.test": {"port": 1}}}, "upstreams: a.test: "),
        ((BASE, {}), {"upstreams": {"a.test": {"ca_file": "x"}}}, "upstreams: a.test: ca_file: 'x' is not an absolute"),
        (
            (BASE, {}),
            {"upstreams": {"a.test": {"addresses": ["a b"]}}},
            "upstreams: a.test: addresses: 'a b' is neither",
        ),
    ],
)
def test_wishes_that_are_refused(arguments: t.Any, wishes: dict[str, t.Any], words: str) -> None:
    with pytest.raises(RelayError) as caught:
        parse_wish(*arguments, **wishes)
    assert words in str(caught.value)


def test_real_audits_end_to_end() -> None:
    """Stock XP against a server with TLS 1.2 and ECDHE only: clear; Windows 7 against the same: TLS it can."""
    accepts = {"tls": ["1.2"], "suites": ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]}
    raw = [{"host": "mail.example.test", "port": 465, "accepts": accepts}]
    options = AuditOptions(today=TODAY, servers=parse_servers(raw))
    contexts = {name: host(os_id, options=options) for name, os_id in (("xp", "xp-sp3"), ("win7", "win7-sp1"))}
    results = {name: json.loads(json.dumps(result(ctx, audit(ctx)))) for name, ctx in contexts.items()}
    assert {one["verdict"] for one in results.values()} == {"needs_relay"}
    found = fleet(results)
    by_host = {use.host: (use.inbound, use.security) for use in found.uses}
    assert by_host == {"xp": ("clear", "none"), "win7": ("legacy_tls", "implicit")}
    assert len(parse_relays(list(found.relays), [CLEARTEXT_LEG])) == 2


PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=12)
JSON = st.recursive(
    PLAIN, lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=5), x, max_size=3), max_leaves=6
)
SERVERS = st.sampled_from(
    ["mail.example.test", "a" * 60 + ".test", "192.0.2.25", "2001:db8::25", "x\n[y]", "imap.live.com"]
)
HOSTILE = st.fixed_dictionaries(
    {},
    optional={
        "server": SERVERS | JSON,
        "port": st.sampled_from([25, 465, 993, 143, 2525]) | JSON,
        "protocol": st.sampled_from(["smtp", "imap"]) | JSON,
        "security": st.sampled_from(["implicit", "starttls", "none"]) | JSON,
        "clients": JSON,
    },
)
RESULTS = st.builds(
    lambda fields, suites: audited(*({**change(), **one} for one in fields), suites=suites),
    st.lists(HOSTILE, max_size=4),
    st.sampled_from([AES, OLD, None]) | JSON,
)


@given(st.dictionaries(st.sampled_from(["pc1", "pc2", "pc3"]), RESULTS | JSON))
def test_whatever_results_say_what_comes_out_may_be_built(results: dict[str, t.Any]) -> None:
    found = fleet(results)
    assert len(parse_relays(list(found.relays), [CLEARTEXT_LEG])) == len(found.relays)
    assert {use.relay for use in found.uses} == {one["name"] for one in found.relays}


@pytest.mark.parametrize(
    "server",
    ["127.0.0.1", "127.8.8.8", "::1", "localhost", "x.localhost", "0.0.0.0", "::", "224.0.0.1", "169.254.1.1"],
)
def test_no_host_makes_the_machine_of_the_relays_talk_to_itself(server: str) -> None:
    found = fleet({"pc1": audited(change(server=server)), "pc2": audited(change())})
    assert [relay["upstream"] for relay in found.relays] == ["mail.example.test"]
    assert [(one.host, "not the address of a mail server" in one.why) for one in found.left_out] == [("pc1", True)]


def test_an_address_within_another_is_no_server() -> None:
    found = fleet({"pc1": audited(change(server=f"::ffff:{BASE}"))})
    assert (found.relays, len(found.left_out)) == ((), 1)


def test_one_host_does_not_use_up_all_ports() -> None:
    changes = [change(server=f"mail{number}.example.test") for number in range(60)]
    found = fleet({"pc1": audited(*changes)})
    assert (len(found.relays), len(found.left_out)) == (50, 10)


def test_a_result_of_a_strange_shape_is_left_out() -> None:
    found = fleet({"pc1": audited(change(protocol=[], clients=["schannel"], server="x.example.test"))})
    assert (found.relays, len(found.left_out)) == ((), 1)
