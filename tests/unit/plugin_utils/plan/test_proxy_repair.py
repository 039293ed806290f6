# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies: what is repaired without a wish, what is left alone, and who has the say."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import ProxyWish
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryData
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import (
    Remedy,
    Severity,
    State,
    Verdict,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import UserHive
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import proxy
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import audit
from tests.support.hosts import ALICE, Keys, host
from tests.support.proxy_hosts import (
    DEFAULT,
    DEFAULTS,
    IN_ORDER,
    LEGACY,
    MACHINE,
    MACHINE_RECORDS,
    OFF,
    POLICY,
    RECORDS,
    SCRIPT,
    SERVER,
    SET,
    USER,
    USER_POLICY,
    Shown,
    findings,
    inet,
    passes,
    record,
    user,
    wished,
    written,
)


@pytest.mark.parametrize("per_user", [{}, {"ProxySettingsPerUser": 1}, {"ProxySettingsPerUser": 0}])
def test_the_right_scope(per_user: dict[str, RegistryData]) -> None:
    bob = UserHive("S-1-5-21-1-2-3-1002", r"HKU\S-1-5-21-1-2-3-1002")
    ctx = inet({POLICY: per_user}, SET, users=(ALICE, bob))
    keys = {key for key, _name in written(ctx)}
    if per_user.get("ProxySettingsPerUser") == 0:
        assert keys == {MACHINE, MACHINE_RECORDS}
    else:
        assert keys == {key.replace(ALICE.sid, one.sid) for key in (USER, RECORDS) for one in (ALICE, bob)}
    passes(ctx)


@pytest.mark.parametrize("unread", [POLICY, USER_POLICY, USER, RECORDS, r"HKLM\SOFTWARE"])
@pytest.mark.parametrize("wish", [SET, OFF])
def test_nothing_is_planned_where_nobody_knows(unread: str, wish: ProxyWish) -> None:
    ctx = inet(user({DEFAULT: record(3, "old:1")}, ProxyEnable=1), wish, unread={unread: "Access is denied."})
    found = findings(ctx)["proxy.wininet", ALICE.sid]
    assert proxy.changes(ctx) == ()
    assert (found.state, found.severity) == (State.UNKNOWN, Severity.MEDIUM)
    assert "Access is denied" in found.why


@pytest.mark.parametrize("wish", [SET, OFF])
def test_a_record_of_an_unknown_layout_is_left_alone(wish: ProxyWish) -> None:
    ctx = inet(user({DEFAULT: b"\x47" + record(3, "old:1")[1:]}, ProxyEnable=1, ProxyServer="old:1"), wish)
    assert proxy.changes(ctx) == ()
    found = findings(ctx)
    assert {found[check, ALICE.sid].state for check in ("proxy.wininet", "proxy.consistent")} == {State.UNKNOWN}
    assert "left as it is" in found["proxy.wininet", ALICE.sid].why


@pytest.mark.parametrize("where", [POLICY, USER_POLICY])
@pytest.mark.parametrize(
    ("wish", "policy", "blocked"),
    [
        (SET, {"ProxyServer": "other:1"}, True),
        (SET, {"ProxyEnable": 0}, True),
        (SET, {"ProxyServer": SERVER, "ProxyEnable": 1}, False),
        (OFF, {"AutoConfigURL": SCRIPT}, True),
        (OFF, {"ProxyEnable": 1}, True),
        (OFF, {"ProxyEnable": 0, "ProxyServer": "old:1"}, False),
        (SET, {"SecureProtocols": 0xA80}, False),
    ],
)
def test_a_group_policy_decides(where: str, wish: ProxyWish, policy: dict[str, RegistryData], blocked: bool) -> None:
    layer = user({DEFAULT: record(3, "old:1")}, ProxyEnable=1, ProxyServer="old:1")
    ctx = host("win11-24h2", IN_ORDER, layer, {where: policy}, options=wished(wish, "wininet"))
    found = findings(ctx)["proxy.wininet", ALICE.sid]
    assert (found.remedy is Remedy.BLOCKED) == (proxy.changes(ctx) == ()) == blocked
    assert audit(ctx).verdict is (Verdict.BLOCKED if blocked else Verdict.FIXABLE)
    if blocked:
        assert f"{where}\\{next(iter(policy))}" in found.why


# --- Repair ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (user({DEFAULT: DEFAULTS}, ProxyEnable=1, ProxyServer=SERVER), {"ProxyEnable": 0}),
        (user({DEFAULT: record(3, SERVER)}), {"ProxyEnable": 1, "ProxyServer": SERVER}),
        (user({DEFAULT: record(3, SERVER)}, ProxyEnable=1, ProxyServer="old:1"), {"ProxyServer": SERVER}),
        (user({DEFAULT: record(3)}, ProxyEnable=1, ProxyServer="old:1"), {"ProxyServer": None}),
        (user({DEFAULT: record(1)}, AutoConfigURL=SCRIPT), {"AutoConfigURL": None}),
        (user({DEFAULT: record(5, script=SCRIPT)}), {"AutoConfigURL": SCRIPT}),
        (user({DEFAULT: record(5, script=SCRIPT)}, AutoConfigURL=SCRIPT), {}),
        (user({}, ProxyEnable=1, ProxyServer=SERVER), {}),
    ],
)
@pytest.mark.parametrize("exchange", [(), ((ALICE.sid, "Exchange"),)])
def test_plain_values_follow_the_record(layer: Keys, expected: Shown, exchange: tuple[tuple[str, str], ...]) -> None:
    ctx = dataclasses.replace(host("win7-sp1", layer), exchange=exchange)
    assert written(ctx) == {(USER, name): data for name, data in expected.items()}
    assert {change.optional for change in proxy.changes(ctx)} <= {not exchange}
    passes(ctx)


@pytest.mark.parametrize("data", [b"", record(9)[:12], record(9)[:20], "text", 7])
def test_a_damaged_record_is_dropped(data: RegistryData) -> None:
    ctx = host("win7-sp1", user({DEFAULT: data, LEGACY: data}, ProxyEnable=1, ProxyServer=SERVER))
    assert written(ctx) == {(RECORDS, DEFAULT): None}
    passes(ctx)


@pytest.mark.parametrize(
    ("unread", "policy"), [({POLICY: "Access is denied."}, {}), ({}, {USER_POLICY: {"ProxyEnable": 0}})]
)
def test_nothing_is_repaired_where_a_policy_may_decide(unread: dict[str, str], policy: Keys) -> None:
    ctx = host("win7-sp1", user({DEFAULT: DEFAULTS}, ProxyEnable=1), policy, unread=unread)
    found = findings(ctx)["proxy.consistent", ALICE.sid]
    assert proxy.changes(ctx) == ()
    assert (found.state, found.remedy) == (State.FAIL, Remedy.NONE if unread else Remedy.BLOCKED)
    assert "left as it is" in found.why
