# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies in the plan as a whole: what no plan carries, what counts, the order, the verdict."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.proxy import evaluate
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import ProxyWish, Waiver
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import (
    ChangeKind,
    Remedy,
    Severity,
    State,
    Verdict,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import proxy, settings
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import audit
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.what_if import after
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.proxy import (
    WinHttpProxy,
    winhttp_settings,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.result import result
from tests.support.hosts import ALICE, KNOWLEDGE, Keys, host
from tests.support.proxy_hosts import (
    DEFAULT,
    DEFAULTS,
    IN_ORDER,
    NATIVE,
    OFF,
    SCRIPT,
    SERVER,
    SET,
    WINHTTP,
    findings,
    inet,
    record,
    user,
    winhttp,
    wished,
    written,
)

# --- What no plan carries ----------------------------------------------------------------------------------------

SECRET = "http://alice:hunter2@p:1"


@pytest.mark.parametrize(
    ("layer", "wish"),
    [
        (user({DEFAULT: record(3, SECRET)}, ProxyEnable=0), None),
        (user({DEFAULT: record(3, "alice:hunter2@p:1")}, ProxyEnable=0), None),
        (user({DEFAULT: DEFAULTS}, AutoConfigURL=SECRET), None),
        (user({DEFAULT: record(3, "b\u00fccher:1")}), None),
        (user({DEFAULT: record(3, "a\nb")}), None),
        (user({DEFAULT: record(3, "a" * 2101)}), None),
        (user({DEFAULT: record(9)[:12] + b"\x99\0\0\0" + SECRET.encode()}), None),
        (user({DEFAULT: bytes([0x46]) + bytes(3) + bytes([0xFF]) * 9000}), None),
        (user({DEFAULT: record(9, SECRET)}), SET),
        (user({DEFAULT: record(3, tail=SECRET.encode())}), OFF),
        (user({DEFAULT: record(13, script="a\nb")}, AutoConfigURL="a\nb"), SET),
        (user({}, ProxyServer=SECRET), SET),
        (user({}, AutoConfigURL=SECRET), SET),
        (user({}, AutoConfigURL="http://b\u00fccher/"), SET),
        (user({DEFAULT: record(9, tail=bytes(8192))}), SET),
    ],
)
def test_what_no_plan_carries(layer: Keys, wish: ProxyWish | None) -> None:
    ctx = inet(layer, wish)
    assert proxy.changes(ctx) == ()
    found = [f for f in evaluate(ctx) if f.state is State.FAIL]
    assert found
    assert {finding.remedy for finding in found} == {Remedy.BLOCKED}
    shown = json.dumps(result(ctx, audit(ctx)))
    assert "hunter2" not in shown
    assert b"hunter2".hex() not in shown


def test_winhttp_with_a_password_is_left_alone() -> None:
    ctx = host("xp-sp3", {NATIVE: {WINHTTP: winhttp(3, SECRET)}}, options=wished(SET, "winhttp"))
    assert proxy.changes(ctx) == ()
    assert findings(ctx)["proxy.winhttp", "native"].remedy is Remedy.BLOCKED


# --- The plan as a whole -----------------------------------------------------------------------------------------

BOTH_WRONG: Keys = {NATIVE: {WINHTTP: winhttp(3, "old:1")}, **user({DEFAULT: record(3, "old:1")}, AutoConfigURL=SCRIPT)}


def test_a_wish_makes_a_host_fixable_and_then_it_is_in_order() -> None:
    ctx = host("win11-24h2", IN_ORDER, BOTH_WRONG, options=wished(SET))
    found = audit(ctx)
    assert found.verdict is Verdict.FIXABLE
    assert {change.kind for change in found.plan.changes if not change.optional} == {ChangeKind.PROXY}
    then = audit(after(ctx, found.plan))
    assert then.verdict is Verdict.OK
    assert [change for change in then.plan.changes if change.kind is ChangeKind.PROXY] == []
    severities = {f.severity for f in then.findings if f.family == "proxy"}
    assert severities == {Severity.INFO}


def test_without_a_wish_a_contradiction_leaves_the_verdict_alone() -> None:
    found = audit(host("win11-24h2", IN_ORDER, BOTH_WRONG, options=wished(None)))
    assert found.verdict is Verdict.OK
    assert {change.optional for change in found.plan.changes if change.kind is ChangeKind.PROXY} == {True}


@pytest.mark.parametrize(
    ("more", "names"),
    [
        ({"skip": frozenset({"proxy"})}, set()),
        ({"only": frozenset({"tls"})}, set()),
        (
            {"only": frozenset({"proxy"})},
            {WINHTTP, DEFAULT, "ProxyEnable", "ProxyServer", "ProxyOverride", "AutoConfigURL"},
        ),
        ({"waivers": (Waiver("proxy.*", "known"),)}, set()),
        (
            {"waivers": (Waiver("proxy.winhttp", "known"), Waiver("proxy.consistent", "known"))},
            {
                DEFAULT,
                "ProxyEnable",
                "ProxyServer",
                "ProxyOverride",
            },
        ),
        ({"waivers": (Waiver("proxy.wininet", "known"),)}, {WINHTTP, "ProxyEnable", "ProxyServer", "AutoConfigURL"}),
        ({"waivers": (Waiver("proxy.winhttp", "known", subject="wow6432"), Waiver("proxy.[wc]*n*t", "x"))}, set()),
    ],
)
def test_what_is_waived_or_does_not_count_is_not_planned(more: dict[str, t.Any], names: set[str]) -> None:
    ctx = host("win7-sp1", BOTH_WRONG, options=wished(SET, **more))
    plan = [change for change in settings.changes(ctx) if change.kind is ChangeKind.PROXY]
    found = {change.details["name"] for change in plan if "Wow6432Node" not in change.details["key"]}
    if more.get("waivers", (None,))[-1] == Waiver("proxy.[wc]*n*t", "x"):
        names = {WINHTTP}
    assert found == names


def test_proxies_come_after_the_firewall_and_before_accounts() -> None:
    block = {KNOWLEDGE.registry["firewall-public"].key: {"DefaultOutboundAction": 1}}
    express = ALICE.root + r"\Software\Microsoft\Internet Account Manager\Accounts\00000001"
    account = {"Account Name": "home", "POP3 Server": "m.example", "POP3 Port": 110, "POP3 Secure Connection": 1}
    ctx = host("win7-sp1", BOTH_WRONG, block, {express: account}, options=wished(SET))
    kinds = list(dict.fromkeys(change.kind for change in settings.changes(ctx)))
    assert kinds == [ChangeKind.REGISTRY, ChangeKind.FIREWALL, ChangeKind.PROXY, ChangeKind.ACCOUNT]


def test_bytes_and_deletions_in_the_result() -> None:
    ctx = host("xp-sp3", {NATIVE: {WINHTTP: b"\x18"}}, user({DEFAULT: b"\x46"}), options=wished(SET, "winhttp"))
    shown: list[t.Any] = json.loads(json.dumps(result(ctx, audit(ctx))))["plan"]
    by_name = {one["name"]: one for one in shown if one["kind"] == "proxy"}
    assert by_name[WINHTTP]["before"] == "18"
    assert bytes.fromhex(by_name[WINHTTP]["data"]) == winhttp(3, SERVER, "*.example;<local>")
    assert (by_name[DEFAULT]["before"], by_name[DEFAULT]["data"]) == ("46", None)


def test_users_that_could_not_be_listed_do_not_hold_up_winhttp() -> None:
    ctx = host("xp-sp3", options=wished(SET), users=Unread("was cut off."))
    assert set(written(ctx)) == {(NATIVE, WINHTTP)}
    assert findings(ctx)["proxy.wininet", ""].severity is Severity.MEDIUM
    assert winhttp_settings(t.cast("bytes", written(ctx)[NATIVE, WINHTTP])) == WinHttpProxy(
        0x18, 0, 3, SERVER, "*.example;<local>"
    )
