# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of releases, SCHANNEL, WinHTTP and WinINET: spelled out by hand, not derived from the tables."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import OsRelease, ProtocolDefault

K = load()

#: Version, product, build, service pack (None: whatever), POSReady flag → id.
HOSTS = [
    ("5.1", "client", 2600, 0, False, "xp-rtm"),
    ("5.1", "client", 2600, 1, False, "xp-sp1"),
    ("5.1", "client", 2600, 2, False, "xp-sp2"),
    ("5.1", "client", 2600, 3, False, "xp-sp3"),
    ("5.1", "client", 2600, 3, True, "posready-2009"),
    ("5.2", "client", 3790, 1, False, "xp-x64-sp1"),
    ("5.2", "client", 3790, 2, False, "xp-x64-sp2"),
    ("5.2", "server", 3790, 0, False, "server-2003-rtm"),
    ("5.2", "server", 3790, 1, False, "server-2003-sp1"),
    ("5.2", "server", 3790, 2, False, "server-2003-sp2"),
    ("6.0", "client", 6000, None, False, "vista-rtm"),
    ("6.0", "client", 6001, None, False, "vista-sp1"),
    ("6.0", "client", 6002, None, False, "vista-sp2"),
    ("6.0", "client", 6003, None, False, "vista-sp2"),
    ("6.0", "server", 6001, None, False, "server-2008-rtm"),
    ("6.0", "server", 6002, None, False, "server-2008-sp2"),
    ("6.0", "server", 6003, None, False, "server-2008-sp2"),
    ("6.1", "client", 7600, None, False, "win7-rtm"),
    ("6.1", "client", 7601, None, False, "win7-sp1"),
    ("6.1", "server", 7600, None, False, "server-2008r2-rtm"),
    ("6.1", "server", 7601, None, False, "server-2008r2-sp1"),
    ("6.2", "client", 9200, None, False, "win8"),
    ("6.2", "server", 9200, None, False, "server-2012"),
    ("6.3", "client", 9600, None, False, "win8.1"),
    ("6.3", "server", 9600, None, False, "server-2012r2"),
    ("10.0", "client", 10240, None, False, "win10-1507"),
    ("10.0", "client", 10586, None, False, "win10-1511"),
    ("10.0", "client", 14393, None, False, "win10-1607"),
    ("10.0", "server", 14393, None, False, "server-2016"),
    ("10.0", "client", 15063, None, False, "win10-1703"),
    ("10.0", "client", 16299, None, False, "win10-1709"),
    ("10.0", "client", 17134, None, False, "win10-1803"),
    ("10.0", "client", 17763, None, False, "win10-1809"),
    ("10.0", "server", 17763, None, False, "server-2019"),
    ("10.0", "client", 18362, None, False, "win10-1903"),
    ("10.0", "client", 18363, None, False, "win10-1909"),
    ("10.0", "client", 19041, None, False, "win10-2004"),
    ("10.0", "client", 19042, None, False, "win10-20h2"),
    ("10.0", "client", 19043, None, False, "win10-21h1"),
    ("10.0", "client", 19044, None, False, "win10-21h2"),
    ("10.0", "client", 19045, None, False, "win10-22h2"),
    ("10.0", "server", 19045, None, False, "win10-22h2"),
    ("10.0", "server", 20348, None, False, "server-2022"),
    ("10.0", "server", 25398, None, False, "server-2022-23h2"),
    ("10.0", "client", 22000, None, False, "win11-21h2"),
    ("10.0", "client", 22621, None, False, "win11-22h2"),
    ("10.0", "client", 22631, None, False, "win11-23h2"),
    ("10.0", "client", 26100, None, False, "win11-24h2"),
    ("10.0", "server", 26100, None, False, "server-2025"),
    ("10.0", "client", 26200, None, False, "win11-25h2"),
]


def fits(row: OsRelease, version: str, product: str, build: int, pack: int | None, posready: bool) -> bool:
    return (
        row.version == version
        and row.product in ("any", product)
        and row.builds[0] <= build <= row.builds[1]
        and (row.service_packs is None or pack in row.service_packs)
        and row.posready == posready
    )


@pytest.mark.parametrize(("version", "product", "build", "pack", "posready", "os_id"), HOSTS)
def test_each_release_is_told_by_its_numbers(
    version: str, product: str, build: int, pack: int | None, posready: bool, os_id: str
) -> None:
    assert [r.id for r in K.releases.values() if fits(r, version, product, build, pack, posready)] == [os_id]


def test_there_is_no_other_release() -> None:
    assert set(K.releases) == {os_id for *_numbers, os_id in HOSTS}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("xp-rtm", "xp-sp3"),
        ("xp-sp2", "xp-sp3"),
        ("xp-x64-sp1", "xp-x64-sp2"),
        ("server-2003-sp1", "server-2003-sp2"),
        ("vista-sp1", "vista-sp2"),
        ("server-2008-rtm", "server-2008-sp2"),
        ("win7-rtm", "win7-sp1"),
        ("server-2008r2-rtm", "server-2008r2-sp1"),
    ],
)
def test_old_service_packs_lead_to_the_last(old: str, new: str) -> None:
    assert (K.releases[old].supported, K.releases[old].upgrade_to) == (False, new)


def test_what_came_with_vista() -> None:
    for row in K.releases.values():
        modern = not row.version.startswith("5.")
        assert (row.outbound_firewall, row.sends_sni, row.has_ecc) == (modern, modern, modern), row.id


E, D, N = "E", "D", "N"
#: Release → what its client does with SSL 2.0, SSL 3.0, TLS 1.0, 1.1, 1.2, 1.3 when the registry is silent.
SCHANNEL = {
    ("xp-sp3", None): "EEENNN",
    ("posready-2009", None): "EEENNN",
    ("xp-sp3", "KB4019276"): "EEEDDN",
    ("posready-2009", "KB4019276"): "EEEDDN",
    ("xp-x64-sp2", None): "EEENNN",
    ("server-2003-sp2", None): "EEENNN",
    ("vista-rtm", None): "DEENNN",
    ("vista-sp1", None): "DEENNN",
    ("server-2008-rtm", None): "DEENNN",
    ("vista-sp2", None): "DEENNN",
    ("server-2008-sp2", None): "DEENNN",
    ("vista-sp2", "KB4019276"): "DEEDDN",
    ("server-2008-sp2", "KB4019276"): "DEEDDN",
    ("win7-sp1", None): "DEEDDN",
    ("server-2008r2-sp1", None): "DEEDDN",
    ("win8", None): "DEEEEN",
    ("server-2012", None): "DEEEEN",
    ("win8.1", None): "DEEEEN",
    ("server-2012r2", None): "DEEEEN",
    ("win10-1507", None): "DEEEEN",
    ("win10-1511", None): "DEEEEN",
    ("win10-1607", None): "NDEEEN",
    ("server-2016", None): "NDEEEN",
    ("win10-1709", None): "NDEEEN",
    ("server-2019", None): "NDEEEN",
    ("win10-22h2", None): "NDEEEN",
    ("server-2022", None): "NDEEEE",
    ("win11-21h2", None): "NDEEEE",
    ("win11-24h2", None): "NDEEEE",
    ("server-2025", None): "NDEEEE",
}


def letter(default: ProtocolDefault) -> str:
    if not default.supported:
        return N
    assert default.enabled
    return D if default.disabled_by_default else E


@pytest.mark.parametrize(("os_id", "after"), SCHANNEL)
def test_schannel_defaults(os_id: str, after: str | None) -> None:
    (row,) = (row for row in K.schannel if os_id in row.os and row.after == after)
    assert "".join(letter(default) for default in row.protocols.values()) == SCHANNEL[(os_id, after)]


def test_windows_7_has_tls_12_and_does_not_offer_it() -> None:
    (row,) = (row for row in K.schannel if "win7-sp1" in row.os)
    assert row.protocols["TLS 1.2"] == ProtocolDefault(supported=True, enabled=True, disabled_by_default=True)


@pytest.mark.parametrize("os_id", ["xp-x64-sp1", "xp-x64-sp2", "server-2003-rtm", "server-2003-sp1", "server-2003-sp2"])
def test_no_update_brings_tls_12_to_nt_52(os_id: str) -> None:
    rows = [row for row in K.schannel if os_id in row.os]
    assert [row.after for row in rows] == [None]
    assert not rows[0].protocols["TLS 1.2"].supported
    assert [u.id for u in K.updates.values() if os_id in u.os and "schannel-tls12" in u.enables] == []


def test_only_windows_11_and_server_2022_have_tls_13() -> None:
    having = {os for row in K.schannel if row.protocols["TLS 1.3"].supported for os in row.os}
    assert having == {
        "server-2022",
        "server-2022-23h2",
        "server-2025",
        "win11-21h2",
        "win11-22h2",
        "win11-23h2",
        "win11-24h2",
        "win11-25h2",
    }


#: (component, release, update) → (mask, whether the registry counts).
COMPONENTS: dict[tuple[str, str, str | None], tuple[int, bool]] = {
    ("winhttp", "xp-sp3", None): (0x0A0, False),
    ("winhttp", "xp-sp3", "KB4467770"): (0x0A0, True),
    ("winhttp", "posready-2009", "KB4467770"): (0x0A0, True),
    ("winhttp", "xp-x64-sp2", None): (0x0A0, False),
    ("winhttp", "server-2003-sp2", None): (0x0A0, False),
    ("winhttp", "vista-sp2", None): (0x0A0, False),
    ("winhttp", "server-2008-sp2", None): (0x0A0, False),
    ("winhttp", "win7-sp1", None): (0x0A0, False),
    ("winhttp", "win7-sp1", "KB3140245"): (0x0A0, True),
    ("winhttp", "server-2008r2-sp1", "KB3140245"): (0x0A0, True),
    ("winhttp", "win8", None): (0x0A0, False),
    ("winhttp", "win8", "KB3140245"): (0x0A0, True),
    ("winhttp", "server-2012", None): (0x0A0, False),
    ("winhttp", "server-2012", "KB3140245"): (0x0A0, True),
    ("winhttp", "win8.1", None): (0xAA0, True),
    ("winhttp", "server-2012r2", None): (0xAA0, True),
    ("winhttp", "win10-1507", None): (0xAA0, True),
    ("winhttp", "server-2016", None): (0xAA0, True),
    ("winhttp", "win10-1809", None): (0xAA0, True),
    ("winhttp", "win10-1809", "KB5017811"): (0x800, True),
    ("winhttp", "server-2019", "KB5017811"): (0x800, True),
    ("winhttp", "win10-21h2", "KB5017811"): (0x800, True),
    ("winhttp", "win10-22h2", None): (0x800, True),
    ("winhttp", "win11-21h2", None): (0x2800, True),
    ("winhttp", "win11-24h2", None): (0x2800, True),
    ("wininet", "xp-sp3", None): (0x0A0, False),
    ("wininet", "xp-sp3", "KB4230450"): (0x0A0, True),
    ("wininet", "xp-x64-sp2", None): (0x0A0, False),
    ("wininet", "server-2003-sp2", None): (0x0A0, False),
    ("wininet", "vista-sp2", None): (0x0A0, True),
    ("wininet", "win7-sp1", None): (0x0A0, True),
    ("wininet", "win8.1", None): (0xAA0, True),
    ("wininet", "win10-1507", None): (0xAA0, True),
    ("wininet", "win10-1709", None): (0xA80, True),
    ("wininet", "server-2019", None): (0xA80, True),
    ("wininet", "server-2019", "KB5017811"): (0x800, True),
    ("wininet", "win10-22h2", None): (0x800, True),
    ("wininet", "win11-23h2", None): (0x2800, True),
}


@pytest.mark.parametrize(("component", "os_id", "after"), COMPONENTS)
def test_component_defaults(component: str, os_id: str, after: str | None) -> None:
    (row,) = (r for r in K.components if r.component == component and os_id in r.os and r.after == after)
    assert (row.mask, row.honours_registry) == COMPONENTS[(component, os_id, after)]


def test_what_a_missing_mask_of_wininet_means_is_nobodys_measurement() -> None:
    """Hives show the values that users have, and not what counts where there is none."""
    assert {row.confidence for row in K.components if row.component == "wininet"} == {"own"}


def test_only_the_releases_of_the_article_lost_tls_10_by_an_update() -> None:
    losing = {os for row in K.components if row.after == "KB5017811" for os in row.os}
    assert losing == {"win10-1809", "server-2019", "win10-20h2", "win10-21h1", "win10-21h2"}
