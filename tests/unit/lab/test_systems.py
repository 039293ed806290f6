# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every Windows of the table tells what the real one tells."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.lab.systems import systems

from .conftest import MakeHost

CV = r'"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"'
SSL2 = r'"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\SSL 2.0\Client"'
SUITES = r"HKLM\SYSTEM\CurrentControlSet\Control\Cryptography\Configuration\Local\SSL\00010002"
FIREWALL = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"


@pytest.mark.parametrize("os", list(systems()))
def test_every_system_answers(make_host: MakeHost, os: str) -> None:
    host = make_host(os)
    system = host.system
    _unused, out, _unused = host.say(f"reg query {CV}")
    values = dict(re.findall(r"(?m)^    (\S+)\s+REG_\S+\s+(.*?)\r?$", out))
    assert values["ProductName"] == system.product
    assert values["CurrentBuildNumber"] == str(system.build)
    assert values["CurrentVersion"] == ("6.3" if system.build >= 9600 else system.cv)
    assert ("UBR" in values) == (system.build >= 9600)
    assert ("CurrentMajorVersionNumber" in values) == (system.build >= 10240)
    assert ("InstallationType" in values) == (system.build >= 7600)
    assert ("Server" in system.product) == (system.type == "ServerNT")
    # SSL 2.0 ships off by default from Vista on, and is gone from 10 1607 on.
    assert (host.say(f"reg query {SSL2}")[0] == 0) == (6000 <= system.build <= 10586)
    assert (host.say(f"reg query {SUITES}")[0] == 0) == (not system.classic)
    assert (host.say(rf"reg query {FIREWALL}\PublicProfile")[0] == 0) == (not system.classic)
    assert f"{'.'.join(map(str, system.nt))}.{system.build}" in host.say("ver")[1]
    assert host.counters.refused == []


def test_the_lab_knows_every_release_that_the_product_knows(repository: Path) -> None:
    rows = yaml.safe_load((repository / "plugins/plugin_utils/knowledge/os_releases.yml").read_text("utf-8"))
    releases = re.findall(r"'id': '([a-z0-9.-]+)'", str(rows))
    assert len(releases) > 40
    assert set(releases) <= set(systems())


def test_windows_11_says_windows_10(make_host: MakeHost) -> None:
    assert "Windows 10 Pro" in make_host("win11-24h2").say(f"reg query {CV} /v ProductName")[1]


def test_the_embedded_flag_is_posreadys_only(make_host: MakeHost) -> None:
    line = r"reg query HKLM\SYSTEM\WPA\PosReady /v Installed"
    assert make_host("posready-2009").say(line)[0] == 0
    assert make_host("xp-sp3").say(line)[0] == 1


@pytest.mark.parametrize(
    ("os", "mask"), [("xp-sp3", "0xa0"), ("win7-sp1", "0xa0"), ("win8.1", "0xaa0"), ("win10-22h2", "0xa80")]
)
def test_wininet_of_the_user(make_host: MakeHost, os: str, mask: str) -> None:
    line = r'reg query "HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings" /v SecureProtocols'
    assert make_host(os).say(line)[1].split()[-1] == mask


@pytest.mark.parametrize(("arch", "wow"), [("x86", 1), ("amd64", 0), ("arm64", 0)])
def test_architecture(make_host: MakeHost, arch: str, wow: int) -> None:
    host = make_host(arch=arch)
    assert host.say("set PROCESSOR_ARCH")[1].strip().split("=")[1].lower() == arch
    assert host.say(r"reg query HKLM\SOFTWARE\Wow6432Node\Microsoft\.NETFramework")[0] == wow


def test_a_32_bit_view_is_an_environment_of_the_entry(make_host: MakeHost) -> None:
    host = make_host(environment={"PROCESSOR_ARCHITECTURE": "x86", "PROCESSOR_ARCHITEW6432": "AMD64"})
    assert host.say("set PROCESSOR_ARCH")[1] == "PROCESSOR_ARCHITECTURE=x86\r\nPROCESSOR_ARCHITEW6432=AMD64\r\n"
