# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine of a relay: what is read of it, and what it is no place for."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.facts import checked, parse_facts, refusals
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import RelayError
from tests.support.relays import FACTS, relay

EL = {"os_family": "RedHat"}
EL8 = {**EL, "distribution_major_version": "8"}
VERSION = """\
stunnel 5.68 on x86_64-pc-linux-gnu platform
Compiled with OpenSSL 3.0.9 30 May 2023
Running  with OpenSSL 3.0.19 27 Jan 2026
"""
MARKED = "[ ] Initializing inetd mode configuration\n[.] stunnel 5.68 on x86_64-pc-linux-gnu platform\n"
SS = """\
LISTEN 0      128          0.0.0.0:22        0.0.0.0:* cgroup:/system.slice/ssh.service
LISTEN 0      100        127.0.0.1:25        0.0.0.0:* cgroup:/system.slice/system-postfix.slice/postfix@-.service
LISTEN 0      4096   127.0.0.53%lo:53        0.0.0.0:* cgroup:/system.slice/systemd-resolved.service
LISTEN 0      4096               *:2590            *:* cgroup:unreachable:1234
LISTEN 0      4096            [::]:22           [::]:* cgroup:/system.slice/ssh.service
LISTEN 0      4096      192.0.2.10:2587      0.0.0.0:* cgroup:/system.slice/mailfleet-relay@submission.service
"""


@pytest.mark.parametrize("text", ["5.68", VERSION, MARKED, "stunnel 5.68"])
def test_the_version_of_stunnel(text: str) -> None:
    assert parse_facts({**FACTS, "stunnel": text}).stunnel == (5, 68)


def test_listeners_of_others() -> None:
    found = parse_facts({**FACTS, "listening": SS}).taken
    assert [str(one.endpoint) for one in found] == [
        "0.0.0.0:22",
        "127.0.0.1:25",
        "127.0.0.53:53",
        "[::]:2590",
        "[::]:22",
    ]
    assert found == parse_facts({**FACTS, "listening": SS.splitlines()}).taken
    assert found[0].unit == "ssh.service"


def test_whose_own_listeners_are_left_out() -> None:
    found = {one.unit for one in parse_facts({**FACTS, "listening": SS}, "ssh.service").taken}
    assert "ssh.service" not in found
    assert "mailfleet-relay@submission.service" in found


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (None, "facts: None is not a dictionary"),
        ({}, "facts: os_family: None is none of those"),
        ({"os_family": "Suse"}, "facts: os_family: 'Suse' is none of those that a relay runs on: Debian, RedHat."),
        ({**FACTS, "stunnel": "none"}, "facts: stunnel: 'none' holds no version"),
        ({**FACTS, "fips": "perhaps"}, "facts: fips: 'perhaps' is neither"),
    ],
)
def test_facts_that_are_none(raw: t.Any, words: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_facts(raw)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("facts", "fields", "words"),
    [
        ({**FACTS, "stunnel": "5.44"}, {}, "facts: stunnel: 5.44 cannot be told to keep to TLS 1.2; 5.50 or newer"),
        ({**FACTS, "listening": SS}, {"listen": "192.0.2.10:2590"}, "relay submission: listen: 192.0.2.10:2590 cannot"),
        ({**FACTS, "listening": SS}, {"listen": "127.0.0.1:25"}, "127.0.0.1:25 is taken by postfix@-.service."),
        ({**EL, "distribution_major_version": "9"}, {"inbound": "legacy_tls"}, "EL 9 forbids TLS 1.0 in every crypto"),
        (
            {**EL, "distribution_major_version": 10},
            {"inbound": "legacy_starttls"},
            "inbound: legacy_starttls cannot be",
        ),
        (EL, {"inbound": "legacy_tls"}, "an EL of unknown release forbids TLS 1.0"),
        (
            EL8,
            {"inbound": "legacy_tls"},
            "EL 8 accepts TLS 1.0 with the crypto policy LEGACY only, and it is not known",
        ),
        ({**EL8, "crypto_policy": "DEFAULT\n"}, {"inbound": "legacy_tls"}, "LEGACY only, and it is 'DEFAULT'."),
        ({**EL8, "crypto_policy": "LEGACY", "fips": True}, {"inbound": "legacy_tls"}, "in FIPS mode"),
        ({**FACTS, "fips": True}, {"inbound": "legacy_tls"}, "relay submission: inbound: legacy_tls cannot be: the"),
    ],
)
def test_no_place_for_it(facts: dict[str, t.Any], fields: dict[str, t.Any], words: str) -> None:
    with pytest.raises(RelayError) as caught:
        checked((relay(**fields),), parse_facts(facts))
    assert words in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("facts", "fields"),
    [
        (FACTS, {"inbound": "legacy_tls"}),
        ({**FACTS, "listening": SS, "stunnel": VERSION, "hostname": "x"}, {}),
        ({**FACTS, "listening": SS}, {"listen": "192.0.2.10:25"}),
        ({**EL8, "crypto_policy": "LEGACY:AD-SUPPORT"}, {"inbound": "legacy_tls"}),
        ({**EL, "distribution_major_version": "9", "fips": True}, {"inbound": "clear"}),
    ],
)
def test_a_place_for_it(facts: dict[str, t.Any], fields: dict[str, t.Any]) -> None:
    assert list(refusals((relay(**fields),), parse_facts(facts))) == []
