# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of cipher suites: spelled out by hand, not derived from the tables."""

from __future__ import annotations

import re

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load

K = load()

#: What a suite has to look like to belong to a column of the table of overlaps.
COLUMNS = {
    "ecdhe_gcm": r"TLS_ECDHE_RSA_WITH_AES_\d+_GCM_.*",
    "dhe_gcm": r"TLS_DHE_RSA_WITH_AES_\d+_GCM_.*",
    "rsa_gcm": r"TLS_RSA_WITH_AES_\d+_GCM_.*",
    "ecdhe_cbc_sha2": r"TLS_ECDHE_RSA_WITH_AES_\d+_CBC_SHA(256|384)",
    "ecdhe_cbc_sha1": r"TLS_ECDHE_RSA_WITH_AES_\d+_CBC_SHA",
    "rsa_cbc_sha1": r"TLS_RSA_WITH_AES_\d+_CBC_SHA",
    "3des": r"TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "rc4": r"TLS_RSA_WITH_RC4_128_(SHA|MD5)",
    "tls13": r"TLS_AES_\d+_GCM_.*",
}
#: (release, with these updates) → y or - for each column. A server with an RSA certificate meets these clients.
OVERLAPS = {
    ("xp-sp3", ()): "------yy-",
    ("xp-sp3", ("KB4019276",)): "-----yyy-",
    ("posready-2009", ("KB4019276",)): "-----yyy-",
    ("server-2003-sp2", ()): "------yy-",
    ("server-2003-sp2", ("KB948963",)): "-----yyy-",
    ("xp-x64-sp2", ("KB948963",)): "-----yyy-",
    ("vista-sp2", ()): "----yyyy-",
    ("win7-sp1", ()): "---yyyyy-",
    ("win7-sp1", ("KB3042058",)): "-yyyyyyy-",
    ("server-2008r2-sp1", ("KB3042058",)): "-yyyyyyy-",
    ("win8", ("KB3042058",)): "-yyyyyyy-",
    ("server-2012", ()): "---yyyyy-",
    ("win8.1", ()): "---yyyyy-",
    ("win8.1", ("KB2919355",)): "-yyyyyyy-",
    ("server-2012r2", ("KB2919355",)): "-yyyyyyy-",
    ("win10-1507", ()): "yyyyyyyy-",
    ("win10-1607", ()): "yyyyyyyy-",
    ("server-2016", ()): "yyyyyyyy-",
    ("win10-1703", ()): "yyyyyyyy-",
    ("win10-1709", ()): "yyyyyyy--",
    ("win10-1909", ()): "yyyyyyy--",
    ("server-2019", ()): "yyyyyyy--",
    ("win10-21h2", ()): "yyyyyyy--",
    ("win10-22h2", ()): "y-yyyy---",
    ("server-2022", ()): "yyyyyyy-y",
    ("win11-21h2", ()): "yyyyyyy-y",
    ("win11-22h2", ()): "y-yyyy--y",
    ("win11-24h2", ()): "y-yyyy--y",
    ("server-2025", ()): "y-yyyy--y",
}


@pytest.mark.parametrize(("os_id", "installed"), OVERLAPS)
def test_suites_for_servers_with_an_rsa_certificate(os_id: str, installed: tuple[str, ...]) -> None:
    table = K.suites[K.releases[os_id].suites].suites
    names = [suite.name for suite in table if suite.after in (None, *installed)]
    found = "".join("y" if any(re.fullmatch(form, name) for name in names) else "-" for form in COLUMNS.values())
    assert found == OVERLAPS[(os_id, installed)]


@pytest.mark.parametrize(
    ("suites", "count", "first"),
    [
        ("vista", 16, "TLS_RSA_WITH_AES_128_CBC_SHA"),
        ("win7", 28, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
        ("win7-older", 24, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
        ("win8", 26, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
        ("win8.1", 28, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
        ("win10-1507", 30, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
        ("win10-1607", 30, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
        ("win10-1703", 23, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
        ("win10-1809", 21, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
        ("win10-22h2", 18, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
        ("server-2022", 23, "TLS_AES_256_GCM_SHA384"),
        ("win11-22h2", 20, "TLS_AES_256_GCM_SHA384"),
        ("server-2025", 20, "TLS_AES_256_GCM_SHA384"),
        ("xp", 10, "TLS_RSA_WITH_AES_128_CBC_SHA"),
        ("nt5-older", 8, "TLS_RSA_WITH_RC4_128_MD5"),
    ],
)
def test_suite_lists_are_whole(suites: str, count: int, first: str) -> None:
    """Counted by hand: what is offered without being asked for, curves taken together."""
    table = K.suites[suites].suites
    assert (len(table), table[0].name) == (count, first)


def test_suites_on_explicit_request_are_left_out() -> None:
    modern = [suite.name for name, row in K.suites.items() if name != "vista" for suite in row.suites]
    assert [name for name in modern if "NULL" in name or name.startswith("SSL_CK")] == []


def test_chacha20_is_offered_nowhere() -> None:
    assert [s.name for row in K.suites.values() for s in row.suites if "CHACHA20" in s.name] == []


def test_nothing_before_vista_has_elliptic_curves() -> None:
    for os_id, release in K.releases.items():
        names = [suite.name for suite in K.suites[release.suites].suites]
        assert any("ECDHE" in name for name in names) == release.has_ecc, os_id
