# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``netsh advfirewall firewall ... rule`` against the rules in the registry."""

from __future__ import annotations

import re

import pytest

from tests.lab.netsh import RULES

from .conftest import Host, MakeHost

ADD = 'netsh advfirewall firewall add rule name="MailFleet r 1" dir=out action=allow'


def rules(host: Host) -> dict[str, str]:
    """Name of the value → text of the rule, of those that do not ship."""
    (values,) = host.export(RULES).values()
    texts = {name: raw.decode("utf-16-le").rstrip("\0") for name, (_kind, raw) in values.items()}
    return {name: text for name, text in texts.items() if name.startswith("{")}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("", "Action=Allow|Active=TRUE|Dir=Out|Name=MailFleet r 1|"),
        (
            "protocol=TCP remoteport=25,465,1000-1002 profile=private,domain enable=yes",
            "Action=Allow|Active=TRUE|Dir=Out|Protocol=6|Profile=Domain|Profile=Private|RPort=25|RPort=465|"
            "RPort2_10=1000-1002|Name=MailFleet r 1|",
        ),
        (
            r'program="C:\Program Files\o.exe" profile=any enable=no protocol=udp',
            r"Action=Allow|Active=FALSE|Dir=Out|Protocol=17|App=C:\Program Files\o.exe|Name=MailFleet r 1|",
        ),
        ("profile=domain,private,public", "Action=Allow|Active=TRUE|Dir=Out|Name=MailFleet r 1|"),
    ],
)
def test_add(host: Host, arguments: str, text: str) -> None:
    assert host.say(f"{ADD} {arguments}") == (0, "Ok.\r\n\r\n", "")
    ((name, added),) = rules(host).items()
    assert re.fullmatch(r"\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}", name)
    assert added == f"v2.10|{text}"


@pytest.mark.parametrize(
    ("os", "version"),
    [
        ("vista-sp2", "v2.0"),
        ("win7-sp1", "v2.10"),
        ("win8.1", "v2.22"),
        ("win10-22h2", "v2.30"),
        ("win11-24h2", "v2.30"),
    ],
)
def test_the_version_is_that_of_the_windows(make_host: MakeHost, os: str, version: str) -> None:
    host = make_host(os)
    host.say(ADD)
    assert [text.partition("|")[0] for text in rules(host).values()] == [version]


def test_add_always_appends_and_delete_takes_all_of_the_name(host: Host) -> None:
    host.say(f"{ADD}&{ADD}&{ADD.replace('dir=out', 'dir=in')}&{ADD.replace('r 1', 'r 2')}")
    assert len(rules(host)) == 4
    delete = 'netsh advfirewall firewall delete rule name="mailfleet R 1"'
    assert host.say(f"{delete} dir=out") == (0, "\r\nDeleted 2 rule(s).\r\nOk.\r\n\r\n", "")
    assert host.say(delete)[1].startswith("\r\nDeleted 1 rule(s).")
    assert [text.split("|")[-2] for text in rules(host).values()] == ["Name=MailFleet r 2"]
    assert host.say(delete) == (1, "\r\nNo rules match the specified criteria.\r\n\r\n", "")


def test_set_switches_all_of_the_name(host: Host) -> None:
    host.say(f"{ADD}&{ADD} enable=no&{ADD.replace('dir=out', 'dir=in')} enable=no")
    host.registry.set_text(RULES, "{old}", "v2.0|Action=Block|Dir=Out|RPort=25|Name=MailFleet r 1|")
    switch = 'netsh advfirewall firewall set rule name="MailFleet r 1" dir=out new enable='
    assert host.say(f"{switch}yes")[1].startswith("\r\nUpdated 3 rule(s).")
    assert sorted("|Active=TRUE|" in text for text in rules(host).values()) == [False, True, True, True]
    assert rules(host)["{old}"] == "v2.0|Action=Block|Active=TRUE|Dir=Out|RPort=25|Name=MailFleet r 1|"
    host.say(f"{switch}no")
    assert not any("|Active=TRUE|" in text for text in rules(host).values())
    assert host.say(f"{switch.replace('r 1', 'r 9')}no")[0] == 1


def test_a_resource_is_no_name(host: Host) -> None:
    before = host.export(RULES)
    for verb, more in (("delete", ""), ("set", " new enable=no")):
        line = f'netsh advfirewall firewall {verb} rule name="@FirewallAPI.dll,-25403"{more}'
        assert host.say(line)[0] == 1
    assert host.export(RULES) == before


@pytest.mark.parametrize("os", ["xp-sp3", "server-2003-sp2"])
def test_old_systems_have_no_such_command(make_host: MakeHost, os: str) -> None:
    host = make_host(os)
    code, out, _unused = host.say(ADD)
    assert (code, "not found: advfirewall firewall add rule" in out) == (1, True)


def test_without_its_service_nothing_goes(host: Host) -> None:
    host.registry.set_number(r"HKLM\SYSTEM\CurrentControlSet\Services\MpsSvc", "Start", 4)
    code, out, _unused = host.say(ADD)
    assert (code, "Windows Firewall service" in out, rules(host)) == (1, True, {})


def test_denied(make_host: MakeHost) -> None:
    host = make_host(writes="deny")
    assert host.say(ADD) == (1, "Access is denied.\r\n", "")
    assert (rules(host), host.counters.written) == ({}, [ADD])


@pytest.mark.parametrize(
    "line",
    [
        "netsh interface show interface",
        "netsh advfirewall set allprofiles state off",
        "netsh advfirewall firewall show rule name=all",
        "netsh advfirewall firewall delete rule name=all",
        "netsh advfirewall firewall delete rule dir=out",
        "netsh advfirewall firewall delete rule name=x protocol=tcp",
        "netsh advfirewall firewall set rule name=x new action=block",
        "netsh advfirewall firewall set rule name=x enable=no",
        "netsh advfirewall firewall add rule name=x dir=out",
        "netsh advfirewall firewall add rule name=x dir=out action=allow remoteport=25",
        "netsh advfirewall firewall add rule name=x dir=out action=allow protocol=tcp remoteport=99999",
        "netsh advfirewall firewall add rule name=x dir=out action=allow remoteip=any",
    ],
)
def test_all_else_is_refused(host: Host, line: str) -> None:
    before = host.export("HKLM")
    assert host.say(line)[2].startswith("lab: refused: ")
    assert host.export("HKLM") == before
    assert host.counters.written == [line]
