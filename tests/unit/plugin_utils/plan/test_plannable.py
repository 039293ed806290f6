# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data and rules that no fix writes, though their places are right."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import (
    RegistryStep,
    RuleStep,
    Step,
    inverse,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryType,
    RegistryValue,
)
from tests.support.hosts import value
from tests.unit.plugin_utils.model.journals import (
    ADDED,
    CLIENT,
    OLDER,
    SWITCH,
    SWITCHED,
    allow,
    dword,
)
from tests.unit.plugin_utils.plan.trusted import (
    DIRECT,
    INET,
    WOW,
    K,
    fix,
    judged,
    named_proxy,
    rollback,
    step,
)

DATA = "writes data that no plan writes there"

HOSTILE_IN_A_FIX = [
    (step("tls", CLIENT, "Enabled", 2), DATA),
    (step("tls", CLIENT, "Enabled", None, dword("Enabled", 0)), "is deleted, which no plan does"),
    (step("tls", CLIENT, "Enabled", "1"), "writes a REG_SZ, where a plan writes a REG_DWORD"),
    (replace(SWITCH, after=RegistryValue("DisabledByDefault", RegistryType.DWORD, b"\0")), DATA),
    (replace(SWITCH, creates=(), removes=(CLIENT,)), "keys are removed, which no fix does"),
    (step("winhttp", WOW, "DefaultSecureProtocols", 0), DATA),
    (step("winhttp", WOW, "DefaultSecureProtocols", 0x40000800), DATA),
    (step("winhttp", WOW, "DefaultSecureProtocols", 0x800, dword("DefaultSecureProtocols", 0x40000000)), DATA),
    (step("tls", K["suites-local"].key, "Functions", ("NULL_SUITE",)), DATA),
    (step("tls", K["suites-local"].key, "Functions", ()), DATA),
    (step("tls", K["suites-local"].key, "Functions", ("TLS_AES_128_GCM_SHA256",) * 2), DATA),
    (step("proxy", INET, "ProxyServer", "a\nb"), DATA),
    (step("proxy", INET, "ProxyServer", "\u202ep:1"), DATA),
    (step("proxy", INET, "ProxyServer", "http://user:secret@p:1"), DATA),
    (step("proxy", INET, "ProxyServer", "user:secret@p:1"), DATA),
    (step("proxy", INET, "ProxyServer", "http://user:se/cret@p:1"), DATA),
    (step("proxy", INET, "ProxyServer", "user:secret%40p:1"), DATA),
    (step("proxy", INET, "ProxyServer", "x" * 20000), DATA),
    (step("proxy", INET + r"\Connections", "DefaultConnectionSettings", b"short"), DATA),
    (step("proxy", INET + r"\Connections", "DefaultConnectionSettings", b"\x99" + DIRECT[1:]), DATA),
    (step("proxy", INET + r"\Connections", "DefaultConnectionSettings", named_proxy("//u:p@x:1")), DATA),
    (step("proxy", INET + r"\Connections", "DefaultConnectionSettings", named_proxy("u:p@x:1")), DATA),
    (step("proxy", INET + r"\Connections", "DefaultConnectionSettings", DIRECT + b"u:p@x:1"), DATA),
    (step("proxy", INET + r"\Connections", "DefaultConnectionSettings", DIRECT + bytes(70000)), DATA),
    (step("proxy", K["proxy-winhttp-native"].key, "WinHttpSettings", DIRECT), DATA),
    (replace(ADDED, name=f"MailFleet {OLDER} 1", after=allow(OLDER)), "without the name that this run gives"),
    (t.cast(RuleStep, inverse(ADDED)), "is deleted, which no fix does"),
    (t.cast(RuleStep, inverse(SWITCHED)), "switches a blocking rule on, which no fix does"),
]


@pytest.mark.parametrize(("entry", "why"), HOSTILE_IN_A_FIX)
def test_what_no_fix_may_do(entry: Step, why: str) -> None:
    (found,) = judged(fix(entry))
    assert why in found


@pytest.mark.parametrize(
    "entry",
    [
        step("tls", CLIENT, "Enabled", 7, dword("Enabled", 7)),
        step("tls", CLIENT, "Enabled", "x", value("Enabled", "y")),
        step("tls", CLIENT, "Enabled", None),
    ],
)
def test_a_rollback_has_one_side_that_a_plan_could_have_written(entry: RegistryStep) -> None:
    (found,) = judged(rollback(entry))
    assert "Enabled" in found


@pytest.mark.parametrize("name", ["all", "@x.dll,-1", "a?", "a/?", "{part}", "x" * 256, " a", "a%b"])
def test_a_rule_that_netsh_cannot_be_given(name: str) -> None:
    before, after = (
        str(side).replace(f"Name={SWITCHED.name}|", f"Name={name}|") for side in (SWITCHED.before, SWITCHED.after)
    )
    (found,) = judged(fix(replace(SWITCHED, name=name, before=before, after=after)))
    assert "has a name that is never put on a command line" in found
