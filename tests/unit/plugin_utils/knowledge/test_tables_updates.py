# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of updates and registry paths: spelled out by hand, not derived from the tables."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.lookup import packages

K = load()

UPDATES: list[tuple[str, str, t.Any]] = [
    ("KB4019276", "os", {"xp-sp3", "posready-2009", "vista-sp2", "server-2008-sp2"}),
    ("KB4019276", "enables", {"schannel-tls11", "schannel-tls12", "schannel-aes"}),
    ("KB4019276", "prerequisites", {"posready", "sp3", "sp2"}),
    ("KB4019276", "superseded_by", {"KB4056564"}),
    ("KB4019276", "registry_after", {"schannel-tls11-client", "schannel-tls12-client"}),
    ("KB4056564", "os", {"vista-sp2", "server-2008-sp2"}),
    ("KB4467770", "os", {"xp-sp3", "posready-2009"}),
    ("KB4467770", "requires", {"KB4019276"}),
    ("KB4467770", "enables", {"winhttp-mask"}),
    ("KB4230450", "os", {"xp-sp3", "posready-2009"}),
    ("KB4230450", "prerequisites", {"posready", "ie8", "sp3"}),
    ("KB4230450", "enables", {"wininet-mask"}),
    ("KB4316682", "enables", {"wininet-mask"}),
    ("KB4493435", "enables", {"wininet-mask"}),
    ("KB948963", "os", {"server-2003-sp2", "xp-x64-sp2"}),
    ("KB948963", "enables", {"schannel-aes"}),
    ("KB3140245", "os", {"win7-sp1", "server-2008r2-sp1", "win8", "server-2012"}),
    ("KB3140245", "enables", {"winhttp-mask"}),
    ("KB3055973", "superseded_by", {"KB4019276"}),
    ("KB968730", "os", {"server-2003-sp2", "xp-x64-sp2"}),
    ("KB968730", "enables", {"sha2-certificates"}),
    ("KB938397", "enables", {"sha2-certificates"}),
    ("KB5017811", "os", {"win10-1809", "server-2019", "win10-20h2", "win10-21h1", "win10-21h2"}),
    ("KB4490628", "os", {"win7-sp1", "server-2008r2-sp1"}),
    ("KB4493730", "os", {"server-2008-sp2"}),
]


@pytest.mark.parametrize(("kb", "field", "expected"), UPDATES)
def test_updates(kb: str, field: str, expected: set[str]) -> None:
    assert set(getattr(K.updates[kb], field)) == expected


def test_what_is_only_detected_is_never_planned() -> None:
    assert {kb for kb, row in K.updates.items() if row.offered} == {
        "KB4019276",
        "KB4467770",
        "KB4230450",
        "KB948963",
        "KB968730",
        "KB3140245",
        "KB3042058",
        "KB2919355",
    }


@pytest.mark.parametrize(
    ("kb", "os_id", "proof"),
    [
        ("KB4019276", "xp-sp3", ("file_version", "system32\\schannel.dll", "5.1.2600.7346")),
        ("KB4019276", "vista-sp2", ("file_version", "system32\\schannel.dll", "6.0.6002.24129")),
        ("KB4467770", "xp-sp3", ("file_version", "system32\\winhttp.dll", "5.1.2600.7587")),
        ("KB4230450", "xp-sp3", ("hotfix", "KB4230450-IE8", None)),
        ("KB4493435", "xp-sp3", ("hotfix", "KB4493435-IE8", None)),
        ("KB3140245", "win7-sp1", ("file_version", "system32\\winhttp.dll", "6.1.7601.23375")),
        ("KB3140245", "server-2012", ("file_version", "system32\\winhttp.dll", "6.2.9200.21797")),
        ("KB5017811", "server-2019", ("ubr", "KB5017811", "17763.3469")),
        ("KB5017811", "win10-21h2", ("ubr", "KB5017811", "19044.2075")),
        ("KB948963", "server-2003-sp2", ("hotfix", "KB948963", None)),
    ],
)
def test_the_best_proof_of_an_update(kb: str, os_id: str, proof: tuple[str, str, str | None]) -> None:
    way = next(way for way in K.updates[kb].detect if os_id in (way.os or K.updates[kb].os))
    assert (way.kind, way.name, way.at_least) == proof


def test_on_windows_8_only_the_file_proves_kb3140245() -> None:
    update = K.updates["KB3140245"]
    assert [way.kind for way in update.detect if "win8" in (way.os or update.os)] == ["file_version"]


def test_the_bare_number_of_the_ie_update_proves_nothing() -> None:
    names = {way.name for update in K.updates.values() for way in update.detect}
    assert not {"KB4230450", "KB4316682", "KB4493435"} & names


@pytest.mark.parametrize(
    ("kb", "language", "sha1", "sha256"),
    [
        (
            "KB4019276",
            "enu",
            "3822fc1692076429a7dc051b00213d5e1240ce3d",
            "381abded5dd70a02bd54d4e8926e519ca6b306e26cbf10c45bbf1533bf57a026",
        ),
        ("KB4019276", "jpn", "4ec532baa4a67d2906359d8852681baf41b742ec", None),
        ("KB4019276", "chs", "ee3cfa70df143266959b276395529eae17178821", None),
        ("KB4467770", "enu", "f61e16be7e32887953b29ae1b8ba90064f3ef0a5", None),
    ],
)
def test_hashes_of_packages(kb: str, language: str, sha1: str, sha256: str | None) -> None:
    (package,) = (p for p in K.updates[kb].packages if p.language == language)
    assert (package.sha1, package.sha256) == (sha1, sha256)


@pytest.mark.parametrize(
    ("os_id", "architecture", "sha1"),
    [
        ("win7-sp1", "x86", "cdafb409afbe28db07e2254f40047774a0654f18"),
        ("win7-sp1", "amd64", "5b067ffb69a94a6e5f9da89ce88c658e52a0dec0"),
        ("server-2008r2-sp1", "amd64", "5b067ffb69a94a6e5f9da89ce88c658e52a0dec0"),
        ("win8", "x86", "d68690bf0bc828ea9368a6e25dc6a9b1b3adf151"),
        ("win8", "amd64", "b589173ad4afdb12b18606b5f84861fcf20010d0"),
        ("server-2012", "amd64", "b589173ad4afdb12b18606b5f84861fcf20010d0"),
    ],
)
def test_packages_of_kb3140245(os_id: str, architecture: str, sha1: str) -> None:
    (package,) = packages(K.updates["KB3140245"], os_id, architecture)
    assert package.sha1 == sha1


#: Rows of registry_paths.yml → how sure that is. "own": a hypothesis, as the reference calls it.
MARKS = {
    "posready": "2+",
    "wes": "test",
    "wepos": "test",
    "suites-local": "hive",
    "fips-value": "own",
    "schannel-ciphers": "1",
    "schannel-dh-min": "1",
    "winhttp-native": "2+",
    "winhttp-stray-native": "own",
    "wininet-machine": "1",
    "wininet-user-policy": "2+",
    "hotfix": "2+",
    "uninstall": "own",
    "updates-xp-ie8": "1",
    "cbs-packages": "1",
    "reboot-update-exe": "2+",
    "reboot-renames2": "1",
    "proxy-machine-policy": "1",
    "proxy-winhttp-wow6432": "own",
    "w32time-server": "hive",
    "w32time-service": "own",
    "roots-machine": "own",
    "mapi-http": "1",
}


@pytest.mark.parametrize("row", MARKS)
def test_how_sure_a_place_is(row: str) -> None:
    assert K.registry[row].confidence == MARKS[row]


@pytest.mark.parametrize(
    ("row", "key", "value", "kind"),
    [
        (
            "schannel-protocols",
            r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols",
            None,
            None,
        ),
        (
            "schannel-tls12-client",
            r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client",
            "DisabledByDefault",
            "REG_DWORD",
        ),
        (
            "winhttp-native",
            r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp",
            "DefaultSecureProtocols",
            "REG_DWORD",
        ),
        (
            "winhttp-wow6432",
            r"HKLM\SOFTWARE\Wow6432Node\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp",
            "DefaultSecureProtocols",
            "REG_DWORD",
        ),
        ("posready", r"HKLM\SYSTEM\WPA\PosReady", "Installed", "REG_DWORD"),
        (
            "suites-policy",
            r"HKLM\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002",
            "Functions",
            "REG_SZ",
        ),
        (
            "suites-local",
            r"HKLM\SYSTEM\CurrentControlSet\Control\Cryptography\Configuration\Local\SSL\00010002",
            "Functions",
            "REG_MULTI_SZ",
        ),
        ("fips-key", r"HKLM\SYSTEM\CurrentControlSet\Control\Lsa\FipsAlgorithmPolicy", "Enabled", "REG_DWORD"),
        ("fips-value", r"HKLM\SYSTEM\CurrentControlSet\Control\Lsa", "FipsAlgorithmPolicy", "REG_DWORD"),
        (
            "firewall-private",
            r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\StandardProfile",
            None,
            None,
        ),
        ("firewall-policy-private", r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall\PrivateProfile", None, None),
        ("updates-xp-x64", r"HKLM\SOFTWARE\Microsoft\Updates\Windows XP Version 2003\SP3", None, None),
        (
            "proxy-winhttp-native",
            r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections",
            "WinHttpSettings",
            "REG_BINARY",
        ),
    ],
)
def test_registry_paths(row: str, key: str, value: str | None, kind: str | None) -> None:
    found = K.registry[row]
    assert (found.key, found.value, found.type) == (key, value, kind)


def test_policies_and_system_have_no_32_bit_twin() -> None:
    twins = [row.key for row in K.registry.values() if "Wow6432Node" in row.key]
    assert twins
    assert [key for key in twins if "Policies" in key or key.startswith("HKLM\\SYSTEM")] == []
