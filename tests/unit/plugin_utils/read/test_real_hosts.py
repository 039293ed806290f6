# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parsers on exports of real Windows hosts, against what somebody read out of them by hand."""

from __future__ import annotations

import time
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.clients import express
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import FirewallRule, RuleStore
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailAccount, MailProtocol, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Region,
    RegistryImage,
    RegistryKey,
    RegistryType,
    RegistryValue,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import UserHive
from ansible_collections.mailfleet.client.plugins.plugin_utils.read import firewall_rule, proxy, reg_query
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.accounts import (
    AccountReading,
    account_paths,
    outlook_accounts,
    outlook_express_accounts,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_file import RegFileError, parse, write
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_image import image_of
from tests.unit.plugin_utils.read.reg_text import query

pytestmark = pytest.mark.realdata

SID = "S-1-5-21-2734969515-1644526556-1039763013-1001"
USER = UserHive(SID, f"HKU\\{SID}")
WIN7, WIN10, XP = "win7sp1-shieldbase.reg", "win10-1709-office16.reg", "winxp-user-only.reg"
FIREWALL = r"HKLM\SYSTEM\CurrentControlSet\services\SharedAccess\Parameters\FirewallPolicy"
RULES, APP_ISO, STATIC = (
    rf"{FIREWALL}\{name}"
    for name in ("FirewallRules", r"RestrictedServices\AppIso\FirewallRules", r"RestrictedServices\Static\System")
)
SETTINGS = rf"HKU\{SID}\Software\Microsoft\Windows\CurrentVersion\Internet Settings"


@cache
def image(folder: Path, name: str) -> RegistryImage:
    return image_of([parse((folder / "hosts" / name).read_bytes())], USER.root)


@cache
def rules(folder: Path, name: str, path: str) -> list[FirewallRule]:
    key = image(folder, name).key(path)
    assert isinstance(key, RegistryKey)
    found = []
    for value in key.values:
        assert isinstance(value.data, str)
        rule = firewall_rule.parse(value.name, value.data, RuleStore.LOCAL)
        assert isinstance(rule, FirewallRule), rule
        assert firewall_rule.write(rule) == value.data
        found.append(rule)
    return found


def census(found: list[FirewallRule]) -> dict[tuple[str, str, bool], int]:
    return dict(
        Counter((rule.direction.value if rule.direction else "", rule.action.value, rule.active) for rule in found)
    )


def test_every_export_is_read_and_written(realdata: Path) -> None:
    paths = sorted((realdata / "hosts").glob("*.reg"))
    assert len(paths) >= 6
    for path in paths:
        file = parse(path.read_bytes())
        assert sum(len(key.values) for key in file.keys) > 0
        assert parse(write(file)) == file


def test_a_megabyte_takes_no_time(realdata: Path) -> None:
    data = (realdata / "hosts" / WIN10).read_bytes()
    start = time.process_time()
    parse(data)
    assert time.process_time() - start < 1


@pytest.mark.parametrize("name", [WIN7, WIN10])
@pytest.mark.parametrize("path", [RULES, STATIC])
def test_all_rules_are_written_as_they_were_read(realdata: Path, name: str, path: str) -> None:
    assert len(rules(realdata, name, path)) > 100


def test_the_census_of_windows_7(realdata: Path) -> None:
    found = rules(realdata, WIN7, RULES)
    assert Counter(rule.version for rule in found) == {"v2.10": 323}
    assert census(found) == {
        ("In", "Allow", False): 119,
        ("In", "Allow", True): 69,
        ("Out", "Allow", False): 80,
        ("Out", "Allow", True): 55,
    }
    static = rules(realdata, WIN7, STATIC)
    assert len(static) == 109
    assert "V2.0" in {rule.version for rule in static}
    assert not any(rule.active for rule in static)


def test_the_census_of_windows_10(realdata: Path) -> None:
    found = rules(realdata, WIN10, RULES)
    assert Counter(rule.version for rule in found) == {"v2.0": 5, "v2.27": 438}
    assert census(found) == {
        ("In", "Allow", False): 147,
        ("In", "Allow", True): 97,
        ("Out", "Allow", False): 90,
        ("Out", "Allow", True): 109,
    }
    isolated = rules(realdata, WIN10, APP_ISO)
    blocking = [rule for rule in isolated if (rule.direction, rule.action) == ("Out", "Block")]
    assert (len(isolated), len(blocking)) == (277, 69)
    assert all(rule.app_container and rule.app is None and rule.remote_ports is None for rule in blocking)
    assert len(rules(realdata, WIN10, STATIC)) == 186


@pytest.mark.parametrize("name", [WIN7, WIN10])
def test_no_outbound_rule_names_a_mail_port(realdata: Path, name: str) -> None:
    ports = [
        ports for rule in rules(realdata, name, RULES) if rule.direction == "Out" for ports in rule.remote_ports or ()
    ]
    assert ports
    assert not [port for port in (25, 465, 587, 110, 995, 143, 993) if any(a <= port <= b for a, b in ports)]


def test_rules_of_a_policy_that_cut_mail(realdata: Path) -> None:
    lines = (realdata / "hosts" / "firewall-rule-strings.txt").read_text(encoding="utf-8").splitlines()
    found = []
    for line in lines:
        if line.startswith("{"):
            name, _separator, text = line.partition("=")
            rule = firewall_rule.parse(name, text, RuleStore.POLICY)
            assert isinstance(rule, FirewallRule)
            assert firewall_rule.write(rule) == text
            found.append(rule)
    assert [(rule.protocol, rule.app) for rule in found] == [
        (6, None),
        (17, None),
        (6, r"%SystemRoot%\System32\svchost.exe"),
        (None, r"%SystemRoot%\explorer.exe"),
    ]
    assert found[0].remote_ports == ((0, 52), (54, 66), (69, 79), (82, 442), (444, 1000))
    assert found[3].remote_ports is None


def accounts(folder: Path, name: str) -> AccountReading:
    paths = account_paths(load().registry)
    found = image(folder, name)
    return outlook_accounts(found, USER, paths) + outlook_express_accounts(found, USER, paths, express(load()))


def test_the_account_of_windows_7(realdata: Path) -> None:
    reading = accounts(realdata, WIN7)
    key = (
        rf"HKU\{SID}\Software\Microsoft\Windows NT\CurrentVersion\Windows Messaging Subsystem\Profiles\Outlook"
        r"\9375CFF0413111d3B88A00104B2A6676\00000003"
    )
    me = "nfury@stark-research-labs.com"

    def leg(protocol: MailProtocol, port: int) -> MailAccount:
        server = "controller.shieldbase.local"
        return MailAccount(SID, "outlook", "", me, key, protocol, server, port, True, Security.NONE, me)

    assert reading == AccountReading((leg(MailProtocol.POP3, 110), leg(MailProtocol.SMTP, 25)))


@pytest.mark.parametrize("name", [WIN10, XP])
def test_users_without_accounts(realdata: Path, name: str) -> None:
    assert accounts(realdata, name) == AccountReading()


@pytest.mark.parametrize(("name", "length", "counters"), [(WIN7, 184, (6, 312)), (WIN10, 56, (2, 3))])
def test_proxy_settings(realdata: Path, name: str, length: int, counters: tuple[int, int]) -> None:
    for value_name, counter in zip(("DefaultConnectionSettings", "SavedLegacySettings"), counters, strict=True):
        value = image(realdata, name).value(SETTINGS + r"\Connections", value_name)
        assert isinstance(value, RegistryValue)
        assert isinstance(value.data, bytes)
        blob = proxy.connection_settings(value.data)
        assert isinstance(blob, proxy.ConnectionSettings)
        assert (len(value.data), blob.version, blob.counter, blob.flags) == (length, 0x46, counter, 9)
        assert (blob.proxy, blob.bypass, blob.script) == ("", "", "")
        assert proxy.write_connection_settings(blob) == value.data


def test_masks_and_protocols(realdata: Path) -> None:
    schannel = r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL"
    seven, ten = image(realdata, WIN7), image(realdata, WIN10)
    dword = RegistryType.DWORD
    assert seven.value(SETTINGS, "SecureProtocols") == RegistryValue("SecureProtocols", dword, 0xA0)
    assert ten.value(SETTINGS, "SecureProtocols") == RegistryValue("SecureProtocols", dword, 0xA80)
    client = rf"{schannel}\Protocols\SSL 2.0\Client"
    assert seven.value(client, "DisabledByDefault") == RegistryValue("DisabledByDefault", dword, 1)
    assert seven.value(client, "Enabled") is ABSENT
    assert ten.key(rf"{schannel}\Protocols") == RegistryKey(rf"{schannel}\Protocols")


def test_no_password_is_in_an_image(realdata: Path) -> None:
    assert "POP3 Password" in str(parse((realdata / "hosts" / WIN7).read_bytes()))
    assert "POP3 Password'" not in repr(image(realdata, WIN7))


def printable(key: RegistryKey) -> RegistryKey:
    """The key with what reg.exe can print: no binary numbers of a wrong size, no empty last strings."""
    values = []
    for value in key.values:
        data = value.data
        if isinstance(data, tuple):
            data = tuple(data[: data.index("")] if "" in data else data)
        if not isinstance(data, str) or not {"\r", "\n"} & set(data):
            values.append(RegistryValue(value.name, value.type, data))
    return RegistryKey(key.path, tuple(values), key.subkeys)


@pytest.mark.parametrize("dialect", ["xp", "vista"])
@pytest.mark.parametrize("name", [WIN7, WIN10, XP])
def test_real_keys_printed_and_read(realdata: Path, name: str, dialect: str) -> None:
    """Every key of a real host, printed as reg.exe would, comes back as it was."""
    keys = [printable(key) for region in image(realdata, name).regions for key in dict(region.keys).values()]  # type: ignore[call-overload]
    assert len(keys) > 50
    for key in keys:
        lines = query([key], "xp" if dialect == "xp" else "vista", recursive=False)
        region = reg_query.parse(lines, key.path, recursive=False, absent_words=())
        assert region == Region(key.path, False, {key.path.casefold(): key})


@settings(max_examples=60)
@given(data=st.data())
def test_mutated_exports_are_read_or_refused(realdata: Path, data: st.DataObject) -> None:
    text = (realdata / "hosts" / XP).read_bytes().decode("utf-16")[:6000]
    for _unused in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 60))
        text = text[:start] + data.draw(st.text(max_size=5) | st.just('"')) + text[start + length :]
    try:
        file = parse(text)
    except RegFileError:
        return
    assert parse(write(file)) == file


@settings(max_examples=60)
@given(data=st.data())
def test_mutated_rules_are_read_or_unread(realdata: Path, data: st.DataObject) -> None:
    rule = data.draw(st.sampled_from(rules(realdata, WIN7, RULES)[:40]))
    text = firewall_rule.write(rule)
    start = data.draw(st.integers(0, len(text)))
    text = text[:start] + data.draw(st.text(max_size=3) | st.just("|")) + text[start + data.draw(st.integers(0, 9)) :]
    found = firewall_rule.parse("x", text, RuleStore.LOCAL)
    assert not isinstance(found, FirewallRule) or firewall_rule.write(found) == text
