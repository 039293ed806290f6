# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Firewall rules as the registry holds them."""

from __future__ import annotations

import dataclasses
import time
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import (
    Action,
    Direction,
    FirewallRule,
    Profile,
    RuleStore,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.firewall_rule import parse, write

BASE = "v2.10|Action=Block|Active=TRUE|Dir=Out|"


def rule(text: str) -> FirewallRule:
    found = parse("{ID}", text, RuleStore.LOCAL)
    assert isinstance(found, FirewallRule), found
    assert write(found) == text
    return found


def test_a_whole_rule() -> None:
    text = (
        "v2.27|Action=Block|Active=TRUE|Dir=Out|Protocol=6|Profile=Domain|Profile=Public|RPort=25|RPort2_10=465-587|"
        r"LPort=1024|RA4=10.0.0.0/255.0.0.0|RA6=LocalSubnet|LA4=10.0.0.1|App=%ProgramFiles%\x.exe|Svc=y|"
        "Name=@FirewallAPI.dll,-25000|Desc=a=b|EmbedCtxt=g|"
    )
    assert rule(text) == FirewallRule(
        id="{ID}",
        store=RuleStore.LOCAL,
        version="v2.27",
        action=Action.BLOCK,
        active=True,
        direction=Direction.OUT,
        protocol=6,
        profiles=frozenset({Profile.DOMAIN, Profile.PUBLIC}),
        remote_ports=((25, 25), (465, 587)),
        local_ports=((1024, 1024),),
        remote_addresses=("10.0.0.0/255.0.0.0", "LocalSubnet"),
        local_addresses=("10.0.0.1",),
        app=r"%ProgramFiles%\x.exe",
        service="y",
        name="@FirewallAPI.dll,-25000",
        app_container=False,
        authenticated=False,
        users=(),
        opaque=(),
        fields=rule(text).fields,
    )


FIELDS: list[tuple[str, dict[str, t.Any]]] = [
    ("v2.10|Action=Block|", {"active": False, "direction": None, "protocol": None, "profiles": frozenset()}),
    ("v2.10|Action=Block|", {"remote_ports": None, "local_ports": None, "app": None, "service": None, "name": ""}),
    ("V2.0|Action=Block|Dir=in|App=x|", {"version": "V2.0", "direction": Direction.IN, "active": False}),
    ("v2.0|action=BLOCK|active=true|dir=OUT|app=a|", {"action": Action.BLOCK, "active": True, "app": "a"}),
    ("v2.10|Action=ByPass|RMAuth=x|", {"action": Action.BYPASS, "authenticated": True}),
    (BASE, {"active": True, "action": Action.BLOCK, "direction": Direction.OUT}),
    (BASE + "Protocol=0|", {"protocol": 0}),
    (BASE + "Protocol=256|", {"protocol": None}),
    (BASE + "Profile=Private|", {"profiles": frozenset({Profile.PRIVATE})}),
    (BASE + "Profile=Standard|", {"profiles": frozenset(), "opaque": ("Profile",)}),
    (BASE + "Protocol=6|RPort=25|RPort=587|", {"remote_ports": ((25, 25), (587, 587)), "local_ports": None}),
    (BASE + "Protocol=6|RPORT=25|", {"remote_ports": ((25, 25),)}),
    (BASE + "Protocol=6|RPort2_10=0-52|", {"remote_ports": ((0, 52),)}),
    (BASE + "Protocol=6|RPort2_10=443|", {"remote_ports": ((443, 443),)}),
    (BASE + "Protocol=6|RPort2_10=IPHTTPSOut|", {"remote_ports": (), "opaque": ("RPort2_10",)}),
    (BASE + "Protocol=6|RPort2_10=IPTLSOut|RPort=25|", {"remote_ports": ((25, 25),), "opaque": ("RPort2_10",)}),
    (BASE + "Protocol=6|LPort=RPC|LPort=RPC-EPMap|", {"local_ports": (), "opaque": ("LPort",)}),
    (BASE + "Protocol=6|LPort2_24=mDNS|", {"local_ports": (), "opaque": ("LPort2_24",)}),
    (BASE + "Protocol=6|RPort=65536|", {"remote_ports": (), "opaque": ("RPort",)}),
    (BASE + "Protocol=6|RPort2_10=9-3|", {"remote_ports": (), "opaque": ("RPort2_10",)}),
    (BASE + "Protocol=6|RPort=1-3|", {"remote_ports": (), "opaque": ("RPort",)}),
    (BASE + "Protocol=6|RPort=\u0662\u0665|", {"remote_ports": (), "opaque": ("RPort",)}),
    (BASE + "RA42=IntErnet|RA62=IntrAnet|", {"remote_addresses": ("IntErnet", "IntrAnet"), "opaque": ()}),
    (BASE + "AppPkgId=S-1-15-2-1|LUOwn=S-1-5-21-1|", {"app_container": True, "users": ("S-1-5-21-1",)}),
    (BASE + "PFN=x|", {"app_container": True}),
    (BASE + "LUAuth=O:LSD:(A;;CC;;;WD)|LUAuth2_24=T=|", {"users": ("O:LSD:(A;;CC;;;WD)", "T=")}),
    (BASE + "Security=Authenticate|", {"authenticated": True, "opaque": ()}),
    (BASE + "Security2_9=AuthNoEncap|AuthByPassOut=TRUE|", {"authenticated": True, "opaque": ()}),
    (BASE + "SecurityRealmId=x|", {"authenticated": False, "opaque": ("SecurityRealmId",)}),
    (BASE + "TTK=ProxSharing|TTK2_22=WFDPrint|NNm=x|", {"opaque": ("TTK", "TTK2_22", "NNm")}),
    (BASE + "IF={1}|IF={2}|IFType=Lan|", {"opaque": ("IF", "IFType")}),
    (BASE + "Platform=2:6:2|Platform2=GTEQ|SkipVer=2.20|", {"opaque": ("Platform", "Platform2", "SkipVer")}),
    (BASE + "Novelty=x|", {"opaque": ("Novelty",)}),
    (BASE + "Edge=TRUE|Defer=App|LSM=TRUE|LOM=TRUE|PCross=TRUE|ICMP4=8:*|ICMP6=2:*|", {"opaque": ()}),
    (BASE + "Name=a=b|", {"name": "a=b"}),
    (BASE + "Name=|", {"name": ""}),
    (BASE + "Svc=*|", {"service": "*"}),
]


@pytest.mark.parametrize(("text", "expected"), FIELDS)
def test_each_field(text: str, expected: dict[str, t.Any]) -> None:
    found = rule(text)
    assert {name: getattr(found, name) for name in expected} == expected


MALFORMED = [
    ("", "does not begin with a version"),
    ("Action=Block|", "does not begin with a version, but 'Action=Block'"),
    ("v2|Action=Block|", "version"),
    ("v2.10", "does not end with |, but 'v2.10'"),
    ("v2.10|", "it has no action"),
    ("v2.10|Action=Block", "does not end with |, but 'Action=Block'"),
    ("v2.10|Action=Block|Dir=Out|Name=cut o", "does not end with |"),
    ("v2.10|Action=Deny|", "action is 'Deny'"),
    ("v2.10|Action=Block|Action=Allow|", "the field action stands in it more than once"),
    ("v2.10|Action=Allow|app=a|App=b|", "the field app stands"),
    ("v2.10|Action=Allow|Dir=Sideways|", "dir is 'Sideways'"),
    ("v2.10|Action=Allow|Active=1|", "active is '1'"),
    ("v2.10|Action=Allow|Protocol=TCP|", "protocol is 'TCP'"),
    ("v2.10|Action=Allow|Protocol=257|", "protocol is '257'"),
    ("v2.10|Action=Allow|Protocol=-1|", "protocol is '-1'"),
    ("v2.10|Action=Allow||", "'' is no field"),
    ("v2.10|Action=Allow|x|", "'x' is no field"),
    ("v2.10|Action=Allow|=x|", "'=x' is no field"),
    ("v2.10|Action=\x1b[31m|", "action is '\\\\x1b[31m'"),
]


@pytest.mark.parametrize(("text", "why"), MALFORMED)
def test_what_is_no_rule_is_unread(text: str, why: str) -> None:
    found = parse("{ID}", text, RuleStore.POLICY)
    assert isinstance(found, Unread)
    assert why in found.why
    assert "{ID}" in found.why
    assert found.why.isprintable()


FIELD = st.tuples(
    st.sampled_from(["Protocol", "RPort", "RPort2_10", "LPort", "Profile", "App", "Name", "RA4", "TTK", "x"])
    | st.text(st.characters(exclude_characters="|="), min_size=1),
    st.text(st.characters(exclude_characters="|")) | st.sampled_from(["6", "25", "1-5", "Domain", "TRUE"]),
)


@given(st.lists(FIELD))
def test_every_rule_that_is_read_is_written_as_it_was(fields: list[tuple[str, str]]) -> None:
    text = BASE + "".join(f"{name}={value}|" for name, value in fields)
    found = parse("x", text, RuleStore.LOCAL)
    assert isinstance(found, Unread) or write(found) == text


@given(st.text() | st.text(alphabet="v2.10|Action=BlockDirOutTRUE"))
def test_any_text_is_read_or_unread(text: str) -> None:
    found = parse("x", text, RuleStore.LOCAL)
    assert isinstance(found, Unread) or write(found) == text


def test_a_changed_field_is_written() -> None:
    found = rule(BASE + "Name=a|")
    fields = tuple((name, "FALSE" if name == "Active" else value) for name, value in found.fields)
    assert write(dataclasses.replace(found, fields=fields)) == "v2.10|Action=Block|Active=FALSE|Dir=Out|Name=a|"


@pytest.mark.parametrize("text", [BASE + "RPort=25|" * 50_000, "|" * 500_000, BASE + "Name=" + "x" * 1_000_000 + "|"])
def test_hostile_sizes_take_no_time(text: str) -> None:
    start = time.process_time()
    parse("x", text, RuleStore.LOCAL)
    assert time.process_time() - start < 3
