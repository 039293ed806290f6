# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps about firewall rules: the commands of netsh, on the lab's firewall, and what netsh cannot do exactly."""

from __future__ import annotations

import re

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RuleStep, inverse
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import ABSENT, Absent
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.rules import same_rule
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.quote import Unquotable
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.commands import commands, sections
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.pack import new_token, pack
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import LIMITS, cmd
from tests.lab.host import SimulatedHost
from tests.lab.parse import parse
from tests.unit.plugin_utils.remote.stand_ins import entry

FOLDER = "MailFleet-0123456789abcdef"
KEY = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules"
RUN = "20260102T030405Z-0123abcd"
OURS = f"MailFleet {RUN} 1"
ALLOW = "v2.10|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|{}Name={}|"


def adding(fields: str = "RPort=25|", name: str = OURS, key: str = KEY) -> RuleStep:
    return RuleStep(key, "", name, ABSENT, ALLOW.format(fields, name))


ADDS = [
    ("RPort=25|", "protocol=TCP remoteport=25 profile=any enable=yes"),
    ("", "protocol=TCP profile=any enable=yes"),
    (
        "Profile=Private|Profile=Domain|RPort=25|RPort=465|",
        "protocol=TCP remoteport=25,465 profile=domain,private enable=yes",
    ),
    ("RPort2_10=1000-2000|RPort=25|", "protocol=TCP remoteport=1000-2000,25 profile=any enable=yes"),
    (
        r"Profile=Public|RPort=25|App=C:\Program Files\a.exe|",
        r'protocol=TCP remoteport=25 profile=public enable=yes program="C:\Program Files\a.exe"',
    ),
]


@pytest.mark.parametrize(("fields", "expected"), ADDS)
def test_adding(fields: str, expected: str) -> None:
    (command,) = commands(adding(fields), FOLDER)
    assert f'(netsh advfirewall firewall add rule name="{OURS}" dir=out action=allow {expected})' in command
    parse(command)
    assert parse(cmd(command))


def test_other_actions_and_protocols() -> None:
    text = f"v2.10|Action=Block|Active=FALSE|Dir=Out|Protocol=17|RPort=25|Name={OURS}|"
    (command,) = commands(RuleStep(KEY, "", OURS, ABSENT, text), FOLDER)
    assert "action=block protocol=UDP remoteport=25 profile=any enable=no)" in command
    (command,) = commands(RuleStep(KEY, "", OURS, ABSENT, f"v2.10|Action=Allow|Dir=Out|Name={OURS}|"), FOLDER)
    assert "action=allow protocol=any profile=any enable=no)" in command


def test_deleting() -> None:
    wanted = f'netsh advfirewall firewall delete rule name="{OURS}" dir=out'
    assert commands(inverse(adding()), FOLDER) == (wanted,)
    assert commands(RuleStep(KEY, "", OURS, ABSENT, ABSENT), FOLDER) == (wanted,)


BLOCK = "v2.10|Action=Block|Active={}|Dir=Out|Protocol=6|RA4=10.0.0.1|Svc=x|TTK=y|Name={}|Desc=@x.dll,-1|"


def switching(before: str, after: str, name: str = "No mail") -> RuleStep:
    return RuleStep(KEY, "{A}", name, BLOCK.format(before, name), BLOCK.format(after, name))


@pytest.mark.parametrize(
    ("before", "after", "enable"), [("TRUE", "FALSE", "no"), ("FALSE", "TRUE", "yes"), ("TRUE", "TRUE", "yes")]
)
def test_switching(before: str, after: str, enable: str) -> None:
    wanted = f'netsh advfirewall firewall set rule name="No mail" dir=out new enable={enable}'
    assert commands(switching(before, after), FOLDER) == (wanted,)


def rule(before: str | Absent, after: str | Absent, name: str = OURS) -> RuleStep:
    return RuleStep(KEY, "", name, before, after)


PLAIN = ALLOW.format("RPort=25|", OURS)
REFUSED = [
    (adding("RA4=10.0.0.1|"), "because of RA4"),
    (adding("LPort=25|"), "because of LPort"),
    (adding("Svc=x|"), "because of Svc"),
    (adding("Desc=x|"), "because of Desc"),
    (adding("TTK2_22=x|"), "because of TTK2_22"),
    (adding("RPort=RPC|"), "because of RPort"),
    (adding("Profile=Else|"), "because of Profile"),
    (adding("App=%ProgramFiles%\\a.exe|"), "it has a %"),
    (adding(f"App={'{user}'}|"), "means something else in a command"),
    (adding(name="Mail"), "Only firewall rules of ours"),
    (adding(name=f"MailFleet {RUN} 01"), "Only firewall rules of ours"),
    (adding(name=f'MailFleet {RUN} 1" & ver & "'), "Only firewall rules of ours"),
    (inverse(adding(name="Mail")), "Only firewall rules of ours"),
    (rule(ABSENT, "nonsense"), "This is no firewall rule"),
    (rule(ABSENT, PLAIN.replace("Dir=Out", "Dir=In")), "not about outbound"),
    (rule(ABSENT, PLAIN.replace("Dir=Out|", "")), "not about outbound"),
    (rule(ABSENT, PLAIN.replace("Action=Allow", "Action=ByPass")), "because of Action=ByPass"),
    (rule(ABSENT, PLAIN.replace("Protocol=6|", "")), "ports go with TCP and UDP only"),
    (rule(ABSENT, PLAIN.replace("Protocol=6|", "Protocol=1|")), "ports go with TCP and UDP only"),
    (rule(ABSENT, PLAIN.replace(OURS, OURS + "0")), "holds one named"),
    (rule(PLAIN, PLAIN.replace("25", "26")), "not changed otherwise"),
    (switching("TRUE", "FALSE", "all"), "does not know a firewall rule by the name all"),
    (switching("TRUE", "FALSE", "@x.dll,-1"), "does not know a firewall rule by the name @x.dll,-1"),
    (switching("TRUE", "FALSE", 'a"b'), 'it has a "'),
    (switching("TRUE", "FALSE", "a%b"), "it has a %"),
    (switching("TRUE", "FALSE", ""), "it is empty"),
    (adding(key="Lab"), "stand in a key of the registry"),
    (adding(key='HKLM\\a" & b'), "it has a "),
]


@pytest.mark.parametrize(("step", "why"), REFUSED)
def test_what_is_refused(step: RuleStep, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)) as caught:
        commands(step, FOLDER)
    assert str(caught.value).isprintable()


def test_texts_of_hosts_are_refused_as_unquotable() -> None:
    with pytest.raises(Unquotable):
        commands(switching("TRUE", "FALSE", "a & b"), FOLDER)


def carried_out(host: SimulatedHost, *steps: RuleStep, limit: int = LIMITS[0], wrap: bool = False) -> list[str]:
    """The texts of our rules afterwards."""
    for batch in pack(sections(steps, FOLDER), limit):
        text = batch.text(new_token())
        host.run(cmd(text) if wrap else text)
    assert host.counters.refused == []
    key = host.registry.find(KEY)
    assert key is not None
    texts = [value.raw.decode("utf-16-le").rstrip("\0") for value in key.values.values()]
    return sorted(text for text in texts if "Name=MailFleet" in text or "Name=No mail" in text)


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("wrap", [False, True], ids=["plain", "ssh"])
@pytest.mark.parametrize("os", ["win7-sp1", "win10-22h2"])
def test_on_a_firewall(os: str, wrap: bool, limit: int) -> None:
    host = SimulatedHost("host", entry(os), {})
    steps = [adding(fields, f"MailFleet {RUN} {number}") for fields, _text in ADDS for number in (1, 10)][:2]
    steps += [adding(ADDS[number][0], f"MailFleet {RUN} {number}") for number in (2, 3, 4)]
    # Number 10 first: its name must not pass for that of number 1.
    steps = steps[::-1]
    for _unused in range(2):
        found = carried_out(host, *steps, limit=limit, wrap=wrap)
        assert len(found) == len(steps)
        for one in steps:
            assert isinstance(one.after, str)
            assert sum(same_rule(text, one.after) for text in found) == 1
    host.registry.set_text(KEY, "{A}", BLOCK.format("TRUE", "No mail"))
    assert BLOCK.format("FALSE", "No mail") in carried_out(host, switching("TRUE", "FALSE"), limit=limit, wrap=wrap)
    for _unused in range(2):
        assert len(carried_out(host, *map(inverse, steps), limit=limit, wrap=wrap)) == 1


def test_a_firewall_whose_rules_cannot_be_read_gets_none() -> None:
    host = SimulatedHost("host", entry(unreadable=(KEY,)), {})
    for batch in pack(sections([adding()], FOLDER), LIMITS[0]):
        host.run(batch.text(new_token()))
    assert not [command for command in host.counters.executed if command.startswith("netsh")]
