# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the clock gets its time from."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import clock
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Finding, Remedy, Severity, State
from tests.support.hosts import KNOWLEDGE, Keys, host

SERVICE = KNOWLEDGE.registry["w32time-service"].key
LOCAL = KNOWLEDGE.registry["w32time-parameters"].key
POLICY = KNOWLEDGE.registry["w32time-policy"].key
TIME = "time.windows.com,0x9"
NTP: dict[str, t.Any] = {SERVICE: {"Start": 3}, LOCAL: {"Type": "NTP", "NtpServer": TIME}}


def judged(*layers: Keys, **fields: t.Any) -> Finding:
    (finding,) = clock.evaluate(host("win7-sp1", *layers, **fields))
    return finding


@pytest.mark.parametrize(
    ("layer", "state", "effective"),
    [
        ({}, State.PASS, f"NTP: {TIME}"),
        ({LOCAL: {"Type": "NT5DS"}}, State.PASS, "NT5DS"),
        ({LOCAL: {"Type": "nt5ds"}}, State.PASS, "nt5ds"),
        ({LOCAL: {"Type": "AllSync"}}, State.PASS, "AllSync"),
        ({LOCAL: {"Type": "NoSync"}}, State.FAIL, "no time source"),
        ({SERVICE: {"Start": 4}}, State.FAIL, "no time source"),
        ({SERVICE: {"Start": 2}}, State.PASS, f"NTP: {TIME}"),
        ({LOCAL: {"NtpServer": " "}}, State.FAIL, "no time source"),
        ({LOCAL: {"Type": "NoSync"}, POLICY: {"Type": "NT5DS"}}, State.PASS, "NT5DS"),
        ({POLICY: {"Type": "NoSync"}}, State.FAIL, "no time source"),
        ({POLICY: {"NtpServer": "ntp.example"}}, State.PASS, "NTP: ntp.example"),
        ({LOCAL: {"Type": "Sundial"}}, State.UNKNOWN, "unknown"),
        ({LOCAL: {"Type": 1}}, State.UNKNOWN, "unknown"),
        ({SERVICE: {"Start": "3"}}, State.UNKNOWN, "unknown"),
    ],
)
def test_sources(layer: Keys, state: State, effective: str) -> None:
    found = judged(NTP, layer)
    assert (found.state, found.effective) == (state, effective)


@pytest.mark.parametrize(
    ("layer", "unread", "state"),
    [
        (NTP, SERVICE, State.UNKNOWN),
        (NTP, LOCAL, State.UNKNOWN),
        (NTP, r"HKLM\SOFTWARE\Policies", State.UNKNOWN),
        ({**NTP, SERVICE: {"Start": 4}}, r"HKLM\SOFTWARE\Policies", State.FAIL),
        ({**NTP, LOCAL: {"Type": "NoSync"}}, r"HKLM\SOFTWARE\Policies", State.UNKNOWN),  # the policy may say otherwise
    ],
)
def test_unread_places(layer: Keys, unread: str, state: State) -> None:
    found = judged(layer, unread={unread: "access denied"})
    assert found.state is state
    assert ("could not be read: access denied" in found.why) == (state is State.UNKNOWN)


def test_a_host_without_the_values_is_unknown() -> None:
    nothing = judged()
    assert (nothing.state, nothing.why) == (State.UNKNOWN, "there is no value Start")
    no_server = judged({SERVICE: {"Start": 3}, LOCAL: {"Type": "NTP"}})
    assert (no_server.state, no_server.why) == (State.UNKNOWN, "there is no value NtpServer")


def test_a_type_that_nobody_knows_is_shown() -> None:
    assert judged(NTP, {LOCAL: {"Type": "Sundial"}}).why == "Type is 'Sundial', which means nothing here"


def test_the_clock_never_moves_a_verdict() -> None:
    found = judged(NTP, {SERVICE: {"Start": 4}})
    assert (found.severity, found.remedy) == (Severity.LOW, Remedy.NONE)
