# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts with proxies, for the tests of what is found there and of what a plan does to them."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.proxy import evaluate
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions, ProxyWish
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryData
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import (
    Finding,
    Plan,
    State,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import proxy
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.what_if import after
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.proxy import (
    ConnectionSettings,
    WinHttpProxy,
    write_connection_settings,
    write_winhttp_settings,
)
from tests.support.hosts import ALICE, KNOWLEDGE, NT, TODAY, Keys, host

NATIVE, WOW, MACHINE, MACHINE_RECORDS, POLICY = (
    KNOWLEDGE.registry[row].key
    for row in (
        "proxy-winhttp-native",
        "proxy-winhttp-wow6432",
        "proxy-machine",
        "proxy-machine-connections",
        "proxy-machine-policy",
    )
)
USER, RECORDS, USER_POLICY = (
    f"{ALICE.root}\\{KNOWLEDGE.registry[row].key}"
    for row in ("proxy-user-enable", "proxy-user-connections", "proxy-user-policy")
)
DEFAULT, LEGACY, WINHTTP = "DefaultConnectionSettings", "SavedLegacySettings", "WinHttpSettings"
SERVER, SCRIPT = "proxy.example:8080", "http://wpad/wpad.dat"
SET = ProxyWish("set", SERVER, ("*.example", "<local>"))
OFF = ProxyWish("off")
TAIL = b"\4\0\0\0\x1f\0\0\0http://wpad/wpad.dat" + bytes(40)
Shown = dict[str, RegistryData | None]
PLAIN_SET: Shown = {"ProxyEnable": 1, "ProxyServer": SERVER, "ProxyOverride": "*.example;<local>"}
IN_ORDER = {NT: {"UBR": 99999}}


def record(flags: int, server: str = "", bypass: str = "", script: str = "", **more: t.Any) -> bytes:
    given: dict[str, t.Any] = {"version": 0x46, "counter": 7, "tail": TAIL, **more}
    return write_connection_settings(
        ConnectionSettings(flags=flags, proxy=server, bypass=bypass, script=script, **given)
    )


def winhttp(access: int, server: str = "", bypass: str = "", version: int = 0x18, tail: bytes = b"") -> bytes:
    return write_winhttp_settings(WinHttpProxy(version, 0, access, server, bypass, tail))


AS_SET = record(3, SERVER, "*.example;<local>")
DEFAULTS = record(9)


def user(records: t.Mapping[str, RegistryData], **plain: RegistryData) -> Keys:
    return {USER: plain, RECORDS: records}


def wished(wish: ProxyWish | None, *stacks: str, **more: t.Any) -> AuditOptions:
    wish = dataclasses.replace(wish, stacks=stacks) if wish and stacks else wish
    return AuditOptions(today=TODAY, proxy=wish, **more)


def inet(layer: Keys, wish: ProxyWish | None, **fields: t.Any) -> Context:
    return host("win7-sp1", layer, options=wished(wish, "wininet"), **fields)


def written(ctx: Context) -> dict[tuple[str, str], RegistryData | None]:
    return {(c.details["key"], c.details["name"]): c.details["data"] for c in proxy.changes(ctx)}


def findings(ctx: Context) -> dict[tuple[str, str], Finding]:
    return {(finding.id, finding.subject): finding for finding in evaluate(ctx)}


def done(ctx: Context) -> Context:
    """The host after the plan; a second plan is empty, and all is as it shall be."""
    then = after(ctx, Plan(proxy.changes(ctx)))
    assert proxy.changes(then) == ()
    return then


def passes(ctx: Context) -> None:
    assert [f for f in evaluate(done(ctx)) if f.state is not State.PASS] == []
