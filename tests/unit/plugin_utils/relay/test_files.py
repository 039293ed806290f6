# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All files of a machine together, and what the role is told about them."""

from __future__ import annotations

import json

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.files import relay_files
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import RelayError
from tests.support.relays import CONSENTS, FACTS, entry

TWO = [
    entry(),
    entry(
        name="old",
        listen="192.0.2.10:993",
        protocol="imap",
        port=993,
        upstream_security="implicit",
        inbound="legacy_tls",
    ),
]


def test_which_files_there_are() -> None:
    found = relay_files(TWO, FACTS, CONSENTS)
    assert sorted(found["files"]) == [
        "/etc/mailfleet-relay/old/stunnel.conf",
        "/etc/mailfleet-relay/relays.nft",
        "/etc/mailfleet-relay/submission/stunnel.conf",
        "/etc/systemd/system/mailfleet-relay-filter.service",
        "/etc/systemd/system/mailfleet-relay@.service",
        "/etc/systemd/system/mailfleet-relay@old.service.d/relay.conf",
        "/etc/systemd/system/mailfleet-relay@submission.service.d/relay.conf",
        "/etc/systemd/system/nftables.service.d/mailfleet-relay.conf",
    ]
    assert all(text.endswith("\n") and text.isascii() for text in found["files"].values())
    assert found == json.loads(json.dumps(found)) == relay_files(TWO, FACTS, CONSENTS)


def test_no_file_is_where_a_distribution_starts_it() -> None:
    assert not any(path.startswith("/etc/stunnel") for path in relay_files(TWO, FACTS, CONSENTS)["files"])


def test_what_the_role_is_told() -> None:
    found = relay_files(
        TWO, {**FACTS, "os_family": "RedHat", "distribution_major_version": "8", "crypto_policy": "LEGACY"}, CONSENTS
    )
    clear, old = found["relays"]
    assert (clear["leaf"], clear["needs"], clear["service"]) == (None, [], "mailfleet-relay@submission.service")
    assert old["leaf"] == {
        "certificate": "/etc/mailfleet-relay/old/certificate.pem",
        "key": "/etc/mailfleet-relay/old/key.pem",
    }
    assert (old["address"], old["port"], old["allow"]) == ("192.0.2.10", 993, ["192.0.2.0/24"])
    assert found["package"] == "stunnel"
    assert len(found["cautions"]) == 2
    given = relay_files([entry(inbound="legacy_tls", certificate="/c.pem", key="/k", ca_file="/ca.pem")], FACTS, ())
    assert (given["relays"][0]["leaf"], given["relays"][0]["needs"]) == (None, ["/ca.pem", "/c.pem", "/k"])


def test_every_file_and_folder_has_an_owner_and_a_mode() -> None:
    found = relay_files(TWO, FACTS, CONSENTS)
    leaf = found["relays"][1]["leaf"]
    assert {*found["files"], *leaf.values()} <= set(found["attributes"])
    for path, one in found["attributes"].items():
        ours = path.startswith("/etc/mailfleet-relay/")
        assert (one["group"], one["mode"]) == (("mailfleet-relay", "0640") if ours else ("root", "0644"))
        assert one["relay"] == next((name for name in ("old", "submission") if name in path), "")
    assert [(one["path"], one["group"], one["mode"]) for one in found["folders"]] == [
        ("/etc/mailfleet-relay", "mailfleet-relay", "0750"),
        ("/etc/systemd/system/nftables.service.d", "root", "0755"),
        ("/etc/mailfleet-relay/submission", "mailfleet-relay", "0750"),
        ("/etc/systemd/system/mailfleet-relay@submission.service.d", "root", "0755"),
        ("/etc/mailfleet-relay/old", "mailfleet-relay", "0750"),
        ("/etc/systemd/system/mailfleet-relay@old.service.d", "root", "0755"),
    ]


@pytest.mark.parametrize(
    ("family", "package", "roots"),
    [
        ("Debian", "stunnel4", "/etc/ssl/certs/ca-certificates.crt"),
        ("RedHat", "stunnel", "/etc/pki/tls/certs/ca-bundle.crt"),
    ],
)
def test_families_differ_in_their_places(family: str, package: str, roots: str) -> None:
    found = relay_files([entry()], {"os_family": family, "distribution_major_version": "9"}, CONSENTS)
    assert (found["package"], found["program"]) == (package, "/usr/bin/stunnel")
    assert f"CAfile = {roots}\n" in found["files"]["/etc/mailfleet-relay/submission/stunnel.conf"]


def test_no_relays() -> None:
    found = relay_files([], FACTS, ())
    assert (found["relays"], found["trials"], found["cautions"]) == ([], {}, [])
    assert "chain" not in found["files"]["/etc/mailfleet-relay/relays.nft"]


def test_a_trial_listens_nowhere_else() -> None:
    for text in relay_files(TWO, FACTS, CONSENTS)["trials"].values():
        accepted = [line for line in text.splitlines() if line.startswith("accept")]
        assert set(accepted) == {"accept = 127.0.0.1:0"}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({**FACTS, "fips": True}, "relay old: inbound"),
        ({**FACTS, "stunnel": "5.30"}, "facts: stunnel"),
        ({}, "os_family"),
    ],
)
def test_one_relay_that_cannot_be_stops_all(facts: dict[str, object], words: str) -> None:
    with pytest.raises(RelayError, match=words):
        relay_files(TWO, facts, CONSENTS)
