# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps that may cut our own connection."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep, RuleStep, Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Absent,
    RegistryData,
    RegistryType,
    RegistryValue,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import rules
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.consents import OWN_CONNECTION
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.safety import OwnConnection, dangers
from tests.support.hosts import KNOWLEDGE, PROTOCOLS
from tests.unit.plugin_utils.plan.runs_on_images import RULES

HTTPS, HTTP, SSH = OwnConnection("winrm", True), OwnConnection("winrm", False), OwnConnection("ssh", False)
SUITES = KNOWLEDGE.registry["suites-local"]
BLOCK = "v2.10|Action=Block|Active=TRUE|Dir=Out|Protocol=6|Name=x|"
Data = int | tuple[str, ...] | bytes | None


def side(name: str, data: Data) -> RegistryValue | Absent:
    kinds: dict[type, RegistryType] = {
        int: RegistryType.DWORD,
        tuple: RegistryType.MULTI_SZ,
        bytes: RegistryType.BINARY,
    }
    checked: RegistryData | None = data
    return ABSENT if checked is None else RegistryValue(name, kinds[type(checked)], checked)


def switch(protocol: str, name: str, before: Data, after: Data) -> RegistryStep:
    key = rf"{PROTOCOLS}\{protocol}\Client"
    return RegistryStep("tls", key, name, side(name, before), side(name, after))


def proxy(row: str, before: Data, after: Data) -> RegistryStep:
    place = KNOWLEDGE.registry[row]
    name = str(place.value)
    return RegistryStep("proxy", place.key, name, side(name, before), side(name, after))


NARROWING = (
    switch("TLS 1.0", "DisabledByDefault", None, 1),
    switch("TLS 1.0", "disabledbydefault", 0, 1),
    switch("TLS 1.1", "Enabled", 1, 0),
    switch("TLS 1.2", "Enabled", None, 0),
    switch("TLS 1.2", "Enabled", 1, None),
    switch("TLS 1.3", "DisabledByDefault", 0, None),
    RegistryStep("tls", SUITES.key, "Functions", ABSENT, side("Functions", ("TLS_AES_128_GCM_SHA256",))),
    RegistryStep("tls", SUITES.key, "Functions", side("Functions", ("a",)), ABSENT),
)


@pytest.mark.parametrize("step", NARROWING)
def test_tls_is_narrowed_while_we_talk_over_it(step: RegistryStep) -> None:
    (danger,) = dangers(KNOWLEDGE, (step,), HTTPS)
    assert (danger.step, danger.consent) == (step, OWN_CONNECTION)
    assert danger.why.startswith(f"{step.key}\\{step.name} ")
    assert danger.why.endswith("this run's own connection (winrm) is over TLS.")
    assert dangers(KNOWLEDGE, (step,), HTTP) == ()
    assert dangers(KNOWLEDGE, (step,), SSH) == ()


@pytest.mark.parametrize(
    "step",
    [
        switch("SSL 2.0", "DisabledByDefault", 0, 1),
        switch("SSL 3.0", "Enabled", 1, 0),
        switch("TLS 1.2", "Enabled", 0, 1),
        switch("TLS 1.2", "DisabledByDefault", 1, 0),
        switch("TLS 1.2", "DisabledByDefault", None, 0),
        switch("TLS 1.0", "DisabledByDefault", 1, None),
        switch("TLS 1.0", "DisabledByDefault", 1, 1),
        switch("TLS 1.0", "Other", 0, 1),
        RegistryStep("tls", rf"{PROTOCOLS}\TLS 1.0\Server", "Enabled", side("x", 1), side("x", 0)),
        proxy("winhttp-native", 0x80, 0x800),
        proxy("proxy-user-connections", b"a", b"b"),
        proxy("proxy-winhttp-native", b"a", b"a"),
    ],
)
def test_no_danger(step: RegistryStep) -> None:
    assert dangers(KNOWLEDGE, (step,), HTTPS) == ()


@pytest.mark.parametrize("connection", [HTTPS, HTTP, SSH])
@pytest.mark.parametrize("row", ["proxy-winhttp-native", "proxy-winhttp-wow6432"])
@pytest.mark.parametrize(
    ("before", "after", "verb"), [(None, b"a", "sets"), (b"a", b"b", "changes"), (b"a", None, "switches off")]
)
def test_the_machine_proxy(row: str, before: Data, after: Data, verb: str, connection: OwnConnection) -> None:
    (danger,) = dangers(KNOWLEDGE, (proxy(row, before, after),), connection)
    assert f"WinHttpSettings {verb} the machine's proxy" in danger.why


@pytest.mark.parametrize(
    ("before", "after", "dangerous"),
    [
        (ABSENT, BLOCK, True),
        (rules.switched(BLOCK, False), BLOCK, True),
        (ABSENT, BLOCK.replace("Name", "RPort=5985|Name"), True),
        (ABSENT, BLOCK.replace("Name", "RPort2_10=20-30|Name"), True),
        (ABSENT, BLOCK.replace("Name", "RPort=RPC|Name"), True),
        (ABSENT, BLOCK.replace("Out", "In").replace("Name", "LPort=5985|Name"), True),
        (ABSENT, "no rule", True),
        (ABSENT, BLOCK.replace("Name", "RPort=993|RPort=25|Name"), False),
        (BLOCK, BLOCK, False),
        (BLOCK, rules.switched(BLOCK, False), False),
        (BLOCK, ABSENT, False),
        (ABSENT, BLOCK.replace("Block", "Allow"), False),
    ],
)
def test_rules(before: str | Absent, after: str | Absent, dangerous: bool) -> None:
    found = dangers(KNOWLEDGE, (RuleStep(RULES, "{1}", "x", before, after),), SSH)
    assert bool(found) == dangerous
    assert all("'x'" in danger.why and "(ssh)" in danger.why for danger in found)


def test_each_danger_is_named_in_the_order_of_the_steps() -> None:
    steps: tuple[Step, ...] = (NARROWING[0], switch("SSL 2.0", "Enabled", 1, 0), NARROWING[2])
    assert [danger.step for danger in dangers(KNOWLEDGE, steps, HTTPS)] == [NARROWING[0], NARROWING[2]]
