# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access to the tables by release."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load

K = load()


@pytest.mark.parametrize(
    ("os_id", "rows"),
    [
        ("xp-sp3", ["nt5", "xp-kb4019276"]),
        ("xp-x64-sp2", ["nt5"]),
        ("vista-sp2", ["vista-sp2", "vista-sp2-kb4019276"]),
        ("win7-sp1", ["win7"]),
        ("no-such-release", []),
    ],
)
def test_schannel_rows_as_shipped_first(os_id: str, rows: list[str]) -> None:
    assert [row.id for row in lookup.schannel_rows(K, os_id)] == rows


def test_rows_follow_the_order_of_installation_whatever_the_order_of_the_file() -> None:
    backwards = dataclasses.replace(K, schannel=K.schannel[::-1], components=K.components[::-1])
    assert [row.after for row in lookup.schannel_rows(backwards, "xp-sp3")] == [None, "KB4019276"]
    assert [row.after for row in lookup.component_rows(backwards, "winhttp", "xp-sp3")] == [None, "KB4467770"]


def test_component_rows_are_of_one_component() -> None:
    assert [row.id for row in lookup.component_rows(K, "wininet", "win7-sp1")] == ["wininet-win7"]


def test_suites_of_a_release() -> None:
    assert lookup.suites_of(K, "server-2019")[0].name == "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"


@pytest.mark.parametrize(
    ("os_id", "capability", "expected"),
    [
        ("xp-sp3", "schannel-tls12", ["KB4019276"]),
        ("vista-sp2", "schannel-tls12", ["KB4019276", "KB4056564"]),
        ("xp-sp3", "wininet-mask", ["KB4316682", "KB4230450", "KB4493435"]),
        ("server-2003-sp2", None, ["KB938397", "KB968730", "KB948963"]),
        ("win11-24h2", None, []),
    ],
)
def test_updates_in_the_order_of_installation(os_id: str, capability: str | None, expected: list[str]) -> None:
    assert [row.id for row in lookup.updates_for(K, os_id, capability)] == expected


@pytest.mark.parametrize(
    ("kb", "os_id", "expected"),
    [
        ("KB4019276", "vista-sp2", ("KB4056564",)),
        ("KB4019276", "xp-sp3", ()),  # the update of that number for XP has other files
        ("KB4230450", "xp-sp3", ("KB4316682", "KB4493435")),
        ("KB3140245", "win7-sp1", ()),
    ],
)
def test_superseding_counts_on_its_own_releases_only(kb: str, os_id: str, expected: tuple[str, ...]) -> None:
    assert lookup.superseding(K, kb, os_id) == expected


@pytest.mark.parametrize(
    ("os_id", "kinds"),
    [("xp-sp3", ["file_version", "filelist", "hotfix"]), ("vista-sp2", ["file_version", "package", "rollup"])],
)
def test_detections_of_a_release(os_id: str, kinds: list[str]) -> None:
    assert [way.kind for way in lookup.detections(K.updates["KB4019276"], os_id)] == kinds


def test_packages_of_a_release_and_architecture() -> None:
    files = [p.file for p in lookup.packages(K.updates["KB3140245"], "server-2008r2-sp1", "amd64")]
    assert files == ["windows6.1-kb3140245-x64_5b067ffb69a94a6e5f9da89ce88c658e52a0dec0.msu"]
    assert lookup.packages(K.updates["KB3140245"], "server-2008r2-sp1", "x86") == ()


@pytest.mark.parametrize(("os_id", "expected"), [("xp-sp3", ("posready", "sp3")), ("vista-sp2", ("sp2",))])
def test_prerequisites_that_are_conditions_there(os_id: str, expected: tuple[str, ...]) -> None:
    assert lookup.prerequisites(K.updates["KB4019276"], K.releases[os_id]) == expected


@pytest.mark.parametrize(
    ("host", "provider"),
    [
        ("imap.gmail.com", "gmail"),
        ("IMAP.GMAIL.COM.", "gmail"),
        ("evil-imap.gmail.com.example", None),
        ("gmail.com.example", None),
        ("smtp.office365.com", "microsoft-365"),
        ("", None),
    ],
)
def test_provider_of_a_host(host: str, provider: str | None) -> None:
    found = lookup.provider_of(K, host)
    assert (found.id if found else None) == provider


def test_the_longest_suffix_wins_and_a_whole_name_beats_it() -> None:
    gmail, yahoo, aol = (K.providers[name] for name in ("gmail", "yahoo", "aol"))
    providers = {
        "short": dataclasses.replace(gmail, id="short", hosts=(".example.com",)),
        "long": dataclasses.replace(yahoo, id="long", hosts=(".mail.example.com",)),
        "whole": dataclasses.replace(aol, id="whole", hosts=("a.mail.example.com",)),
    }
    k = dataclasses.replace(K, providers=providers)
    hosts = ("x.example.com", "b.mail.example.com", "a.mail.example.com", "example.com")
    found = [lookup.provider_of(k, host) for host in hosts]
    assert [row.id if row else None for row in found] == ["short", "long", "whole", None]


def test_clients_of_a_store() -> None:
    assert [row.id for row in lookup.clients_of(K, "outlook", "14.0")] == ["outlook-2010"]
    assert [row.id for row in lookup.clients_of(K, "oeaccount")] == ["windows-mail", "windows-live-mail"]
