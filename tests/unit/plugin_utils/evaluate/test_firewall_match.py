# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One rule against one connection."""

from __future__ import annotations

import ipaddress
import typing as t

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.firewall_match import (
    Match,
    Traffic,
    is_bypass,
    is_loopback,
    match_rule,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import Action, Direction, Profile
from tests.unit.plugin_utils.evaluate.firewall_rules import rule

OUTLOOK = r"C:\Program Files (x86)\Microsoft Office\Office14\OUTLOOK.EXE"
YES, NO, MAYBE = Match.YES, Match.NO, Match.MAYBE


def answer(traffic: Traffic | None = None, profile: Profile = Profile.PUBLIC, **changes: t.Any) -> Match:
    return match_rule(rule(**changes), traffic or Traffic("OUTLOOK.EXE", 587, "mail.example"), profile).match


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, YES),
        ({"active": False}, NO),
        ({"direction": Direction.IN}, NO),
        ({"direction": None}, MAYBE),
        ({"protocol": None}, YES),
        ({"protocol": 256}, YES),
        ({"protocol": 17}, NO),
        ({"protocol": 1}, NO),
        ({"profiles": frozenset({Profile.PUBLIC, Profile.DOMAIN})}, YES),
        ({"profiles": frozenset({Profile.DOMAIN})}, NO),
        ({"remote_ports": ((587, 587),)}, YES),
        ({"remote_ports": ((0, 52), (444, 1000))}, YES),
        ({"remote_ports": ((25, 25), (465, 465))}, NO),
        ({"remote_ports": ()}, NO),
        ({"remote_ports": (), "opaque": ("RPort2_10",), "fields": (("RPort2_10", "IPHTTPSOut"),)}, NO),
        ({"remote_ports": (), "opaque": ("RPort2_99",), "fields": (("RPort2_99", "Mail"),)}, MAYBE),
        ({"remote_ports": ((587, 587),), "opaque": ("RPort2_99",), "fields": (("RPort2_99", "Mail"),)}, YES),
        ({"profiles": frozenset({Profile.DOMAIN}), "opaque": ("Profile",)}, MAYBE),
        ({"local_ports": ((25, 25),)}, NO),
        ({"local_ports": (), "opaque": ("LPort",)}, NO),
        ({"local_ports": ((0, 65535),)}, YES),
        ({"local_ports": ((1024, 30000), (30001, 65535))}, YES),
        ({"local_ports": ((1024, 5000),)}, MAYBE),
        ({"local_ports": ((1024, 65534),)}, MAYBE),
        ({"service": "Dnscache"}, NO),
        ({"service": "*"}, NO),
        ({"app_container": True}, NO),
        ({"users": ("O:LSD:(A;;CC;;;S-1-5-84-0-0-0-0-0)",)}, MAYBE),
        ({"opaque": ("TTK2_22",)}, MAYBE),
        ({"opaque": ("IFType",), "protocol": 17}, NO),
        ({"local_addresses": ("192.0.2.7",)}, MAYBE),
    ],
)
def test_conditions(changes: dict[str, t.Any], expected: Match) -> None:
    assert answer(**changes) is expected


@pytest.mark.parametrize(
    ("app", "program", "expected"),
    [
        (None, None, YES),
        (None, OUTLOOK, YES),
        (OUTLOOK, None, NO),
        (OUTLOOK, "outlook.exe", YES),
        (OUTLOOK, "msimn.exe", NO),
        (OUTLOOK.upper(), OUTLOOK, YES),
        (OUTLOOK, r"D:\Other\OUTLOOK.EXE", NO),
        (r"%ProgramFiles% (x86)\Microsoft Office\Office14\OUTLOOK.EXE", OUTLOOK, YES),
        (r"%ProgramFiles(x86)%\Microsoft Office\Office14\outlook.exe", OUTLOOK, YES),
        (r"%ProgramFiles%\Microsoft Office\Office15\outlook.exe", OUTLOOK, NO),
        (r"%OFFICE%\outlook.exe", OUTLOOK, MAYBE),
        (r"C:\PROGRA~2\MICROS~1\Office14\OUTLOOK.EXE", OUTLOOK, MAYBE),
        (r"%SystemRoot%\System32\svchost.exe", "OUTLOOK.EXE", NO),
        (r"%SystemRoot%\explorer.exe", OUTLOOK, NO),
        ("System", OUTLOOK, NO),
        (r"%windir%\mail.exe", r"D:\WINDOWS\mail.exe", YES),
        ('"C:/Mail/mail.exe"', r"c:\mail\MAIL.EXE", YES),
        ("OUTLOOK.EXE", OUTLOOK, YES),
        (r"C:\a.b\OUTLOOKxEXE", r"C:\a.b\OUTLOOK.EXE", NO),
    ],
)
def test_programs(app: str | None, program: str | None, expected: Match) -> None:
    assert answer(Traffic(program, 587), app=app) is expected


@pytest.mark.parametrize(
    ("limits", "host", "expected"),
    [
        ((), "mail.example", YES),
        (("192.0.2.1",), "192.0.2.1", YES),
        (("192.0.2.1",), "192.0.2.2", NO),
        (("192.0.2.1-192.0.2.9",), "192.0.2.5", YES),
        (("192.0.2.0/24",), "192.0.2.5", YES),
        (("192.0.2.0/255.255.255.0",), "192.0.2.255", YES),
        (("192.0.2.0/255.255.255.0",), "192.0.3.0", NO),
        (("192.0.2.7/24",), "192.0.2.1", YES),
        (("2001:db8::/32",), "2001:db8::25", YES),
        (("2001:db8::/32",), "[2001:db8::25]", YES),
        (("2001:db8::1-2001:db8::9",), "2001:db8::a", NO),
        (("192.0.2.0/24",), "2001:db8::25", NO),
        (("192.0.2.1",), "mail.example", MAYBE),
        (("192.0.2.1",), None, MAYBE),
        (("0.0.0.0-255.255.255.255",), "mail.example", YES),
        (("0.0.0.0/0",), None, YES),
        (("1.0.0.0-126.255.255.255", "128.0.0.0-255.255.255.254"), "mail.example", YES),
        (("0.0.0.0-9.255.255.255", "11.0.0.0-255.255.255.255"), "mail.example", MAYBE),
        (("::/0",), "mail.example", MAYBE),
        (("LocalSubnet",), "192.0.2.1", MAYBE),
        (("LocalSubnet", "192.0.2.1"), "192.0.2.1", YES),
        (("IntErnet",), "mail.example", MAYBE),
        (("192.0.2.1-2001:db8::1",), "192.0.2.1", MAYBE),
        (("rubbish",), "192.0.2.1", MAYBE),
    ],
)
def test_remote_addresses(limits: tuple[str, ...], host: str | None, expected: Match) -> None:
    assert answer(Traffic(None, 587, host), remote_addresses=limits) is expected


@pytest.mark.parametrize(
    ("changes", "bypass", "expected"),
    [
        ({"action": Action.BYPASS, "authenticated": True}, True, MAYBE),
        ({"action": Action.ALLOW, "authenticated": True, "fields": (("AuthByPassOut", "TRUE"),)}, True, MAYBE),
        ({"action": Action.ALLOW, "authenticated": True, "fields": (("AuthByPassOut", "FALSE"),)}, False, NO),
        ({"action": Action.ALLOW, "authenticated": True}, False, NO),
        ({"action": Action.BLOCK, "authenticated": True}, False, MAYBE),
        ({"action": Action.BLOCK, "fields": (("AuthByPassOut", "TRUE"),)}, False, YES),
        ({"action": Action.ALLOW}, False, YES),
    ],
)
def test_authenticated_rules(changes: dict[str, t.Any], bypass: bool, expected: Match) -> None:
    assert is_bypass(rule(**changes)) is bypass
    assert answer(**changes) is expected


def test_a_port_beside_the_named_ones_is_not_met() -> None:
    assert answer(Traffic(None, 443), remote_ports=((25, 25),), fields=(("RPort", "25"),)) is NO


@pytest.mark.parametrize(("port", "expected"), [(443, MAYBE), (587, NO)])
def test_the_keyword_for_ip_over_https_may_be_port_443_and_no_other(port: int, expected: Match) -> None:
    words = {"remote_ports": (), "opaque": ("RPort2_10",), "fields": (("RPort2_10", "IPTLSOut"),)}
    assert answer(Traffic(None, port), **words) is expected


def test_a_doubt_names_every_limit_that_nobody_can_decide() -> None:
    doubtful = rule(users=("O:LS",), opaque=("IF", "Platform"), remote_addresses=("LocalSubnet",))
    why = match_rule(doubtful, Traffic(None, 25), Profile.DOMAIN).why
    assert "IF, Platform" in why
    assert "LocalSubnet" in why
    assert "users" in why


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost.example", False),
        ("192.0.2.1", False),
        (None, False),
    ],
)
def test_loopback(host: str | None, expected: bool) -> None:
    assert is_loopback(host) is expected


addresses = st.integers(0, 2**32 - 1)


@given(addresses, addresses, addresses)
def test_a_range_holds_exactly_what_lies_between(low: int, high: int, host: int) -> None:
    low, high = min(low, high), max(low, high)
    written = f"{ipaddress.IPv4Address(low)}-{ipaddress.IPv4Address(high)}"
    found = answer(Traffic(None, 25, str(ipaddress.IPv4Address(host))), remote_addresses=(written,))
    assert (found is YES) == (low <= host <= high)


@given(st.lists(st.tuples(addresses, addresses), min_size=1, max_size=4))
def test_a_name_is_decided_only_where_every_address_is_covered(spans: list[tuple[int, int]]) -> None:
    """While a list leaves out 10.0.0.1, a server known by name may be met by the rule, or not."""
    assume(not any(min(span) <= 0x0A000001 <= max(span) for span in spans))
    limits = tuple(f"{ipaddress.IPv4Address(min(s))}-{ipaddress.IPv4Address(max(s))}" for s in spans)
    assert answer(Traffic(None, 25, "mail.example"), remote_addresses=limits) is MAYBE


@given(st.text(max_size=30), st.one_of(st.none(), st.text(max_size=30)))
def test_garbage_never_raises(limit: str, host: str | None) -> None:
    answer(Traffic(host, 25, host), remote_addresses=(limit,), app=limit)
