# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies: what a wish writes."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.proxy import evaluate
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import ProxyWish
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryData
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import (
    ChangeKind,
    Remedy,
    Severity,
    State,
    Verdict,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import proxy
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import audit
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.proxy import (
    ConnectionSettings,
    connection_settings,
    write_connection_settings,
)
from tests.support.hosts import ALICE, Keys, host
from tests.support.proxy_hosts import (
    AS_SET,
    DEFAULT,
    DEFAULTS,
    IN_ORDER,
    LEGACY,
    NATIVE,
    OFF,
    PLAIN_SET,
    RECORDS,
    SCRIPT,
    SERVER,
    SET,
    TAIL,
    USER,
    WINHTTP,
    WOW,
    Shown,
    done,
    findings,
    inet,
    passes,
    record,
    user,
    winhttp,
    wished,
    written,
)

# --- WinHTTP -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "wish", "expected"),
    [
        (None, SET, winhttp(3, SERVER, "*.example;<local>")),
        (None, ProxyWish("set", SERVER), winhttp(3, SERVER)),
        (winhttp(1), SET, winhttp(3, SERVER, "*.example;<local>")),
        (winhttp(1, version=0x28, tail=TAIL), SET, winhttp(3, SERVER, "*.example;<local>", 0x28, TAIL)),
        (winhttp(3, "old:1", "x"), SET, winhttp(3, SERVER, "*.example;<local>")),
        (winhttp(9, version=0x28), SET, winhttp(11, SERVER, "*.example;<local>", 0x28)),
        (winhttp(3, SERVER, "<LOCAL> *.Example"), SET, "as it is"),
        (winhttp(3, SERVER.upper(), "*.example;<local>"), SET, "as it is"),
        (winhttp(1)[:9], SET, winhttp(3, SERVER, "*.example;<local>")),
        (None, OFF, "as it is"),
        (winhttp(1), OFF, "as it is"),
        (winhttp(9, version=0x28, tail=TAIL), OFF, "as it is"),
        (winhttp(3, "old:1", "x"), OFF, winhttp(1)),
        (winhttp(15, "old:1", "x", 0x28, TAIL), OFF, winhttp(9, "", "", 0x28, TAIL)),
        (winhttp(1)[:9], OFF, None),
        (winhttp(1)[:9], None, None),
        (b"", None, None),
        (winhttp(3, "old:1", "x"), None, "as it is"),
    ],
)
def test_winhttp(data: bytes | None, wish: ProxyWish | None, expected: RegistryData | None) -> None:
    layer: Keys = {} if data is None else {NATIVE: {WINHTTP: data}, WOW: {WINHTTP: data}}
    ctx = host("win10-22h2", layer, options=wished(wish, "winhttp"))
    places = {} if expected == "as it is" else {(NATIVE, WINHTTP): expected, (WOW, WINHTTP): expected}
    assert written(ctx) == places
    assert {f.remedy for f in evaluate(ctx) if f.id == "proxy.winhttp"} == {Remedy.FIX if places else Remedy.NONE}
    passes(ctx)


def test_a_change_says_what_was_there_and_what_is_deleted() -> None:
    (change,) = proxy.changes(host("xp-sp3", {NATIVE: {WINHTTP: b"\x18"}}, options=wished(None)))
    assert (change.kind, change.family, change.optional) == (ChangeKind.PROXY, "proxy", True)
    assert change.details == {"key": NATIVE, "name": WINHTTP, "type": "REG_BINARY", "data": None, "before": b"\x18"}


@pytest.mark.parametrize("data", [b"\x47\0\0\0" + bytes(16), b"\x18\1\0\0" + bytes(16), record(3, "p:1")])
@pytest.mark.parametrize("wish", [SET, OFF, None])
def test_winhttp_of_an_unknown_layout_is_left_alone(data: bytes, wish: ProxyWish | None) -> None:
    ctx = host("xp-sp3", {NATIVE: {WINHTTP: data}}, options=wished(wish, "winhttp"))
    found = findings(ctx)["proxy.winhttp", "native"]
    assert proxy.changes(ctx) == ()
    assert (found.state, found.severity) == (State.UNKNOWN, Severity.MEDIUM if wish else Severity.INFO)
    assert "unknown version" in found.why
    assert "left as it is" in found.why


def test_winhttp_that_is_unread_is_left_alone() -> None:
    ctx = host("xp-sp3", options=wished(SET, "winhttp"), unread={NATIVE: "Access is denied."})
    assert proxy.changes(ctx) == ()
    assert findings(ctx)["proxy.winhttp", "native"].why == "Access is denied"


def test_no_32_bit_view_is_made_on_a_windows_whose_bits_are_not_known() -> None:
    fields = {"environment": {}, "options": wished(SET, "winhttp")}
    ctx = host("win10-22h2", IN_ORDER, **fields)
    assert ctx.host.architecture == "unknown"
    assert set(written(ctx)) == {(NATIVE, WINHTTP)}
    assert findings(ctx)["proxy.winhttp", "wow6432"].state is State.UNKNOWN
    assert audit(ctx).verdict is Verdict.UNKNOWN
    off = host("win10-22h2", IN_ORDER, environment={}, options=wished(OFF, "winhttp"))
    assert findings(off)["proxy.winhttp", "wow6432"].state is State.PASS


# --- WinINET -----------------------------------------------------------------------------------------------------


def test_the_record_that_is_made_where_there_is_none() -> None:
    changes = {c.details["name"]: c.details["data"] for c in proxy.changes(inet({}, ProxyWish("set", "p:1")))}
    bare = bytes.fromhex("46000000 01000000 0b000000 03000000") + b"p:1" + bytes(8) + bytes(32)
    assert changes == {"ProxyEnable": 1, "ProxyServer": "p:1", DEFAULT: bare}
    assert len(bare) == 56 + len("p:1")
    passes(inet({}, ProxyWish("set", "p:1")))


@pytest.mark.parametrize(
    ("layer", "wish", "plain", "default"),
    [
        (user({DEFAULT: DEFAULTS}, ProxyEnable=0), SET, PLAIN_SET, {"flags": 11, "counter": 8}),
        (user({DEFAULT: record(1)}), SET, PLAIN_SET, {"flags": 3, "counter": 8}),
        # A script and detection stay.
        (
            user({DEFAULT: record(13, script=SCRIPT)}, AutoConfigURL=SCRIPT),
            SET,
            PLAIN_SET,
            {"flags": 15, "script": SCRIPT, "counter": 8},
        ),
        (
            user({}, AutoConfigURL=SCRIPT),
            SET,
            PLAIN_SET,
            {"flags": 15, "script": SCRIPT, "counter": 1, "tail": bytes(32)},
        ),
        # Only what differs is written.
        (user({DEFAULT: AS_SET}, **t.cast("dict[str, t.Any]", PLAIN_SET)), SET, {}, None),
        (user({DEFAULT: AS_SET}, ProxyEnable=1, ProxyServer=SERVER), SET, {"ProxyOverride": "*.example;<local>"}, None),
        (
            user({DEFAULT: record(3, SERVER, "old")}, **t.cast("dict[str, t.Any]", PLAIN_SET)),
            SET,
            {},
            {"flags": 3, "counter": 8},
        ),
        (
            user({DEFAULT: DEFAULTS}, ProxyOverride="x"),
            ProxyWish("set", SERVER),
            {
                "ProxyEnable": 1,
                "ProxyServer": SERVER,
                "ProxyOverride": None,
            },
            {"flags": 11, "bypass": "", "counter": 8},
        ),
        (
            user({DEFAULT: DEFAULTS}, ProxyEnable="1", ProxyServer=SERVER),
            ProxyWish("set", SERVER),
            {
                "ProxyEnable": 1,
            },
            {"flags": 11, "bypass": "", "counter": 8},
        ),
        # A script that the plain values lack follows the record, too.
        (
            user({DEFAULT: record(5, script=SCRIPT)}),
            SET,
            {**PLAIN_SET, "AutoConfigURL": SCRIPT},
            {
                "flags": 7,
                "script": SCRIPT,
                "counter": 8,
            },
        ),
        # The counter runs over; other flags, tail and version stay.
        (
            user({DEFAULT: record(0x80000001, counter=0xFFFFFFFF, version=0x3C)}),
            SET,
            PLAIN_SET,
            {
                "flags": 0x80000003,
                "counter": 0,
                "version": 0x3C,
            },
        ),
        # A damaged record gives way, and its counter goes on.
        (user({DEFAULT: record(9)[:20]}), SET, PLAIN_SET, {"flags": 11, "counter": 8, "tail": bytes(32)}),
    ],
)
def test_wininet_is_set(layer: Keys, wish: ProxyWish, plain: Shown, default: dict[str, t.Any] | None) -> None:
    ctx = inet(layer, wish)
    expected = {(USER, name): data for name, data in plain.items()}
    if default is not None:
        parts = {"version": 0x46, "proxy": SERVER, "bypass": wish.bypass_text, "script": "", "tail": TAIL, **default}
        expected[RECORDS, DEFAULT] = write_connection_settings(ConnectionSettings(**parts))
    assert written(ctx) == expected
    passes(ctx)


@pytest.mark.parametrize(
    ("layer", "plain", "flags"),
    [
        (user({DEFAULT: AS_SET}, ProxyEnable=1, ProxyServer=SERVER), {"ProxyEnable": 0}, 1),
        (
            user({DEFAULT: record(15, SERVER, "x", SCRIPT)}, ProxyEnable=1, ProxyServer=SERVER, AutoConfigURL=SCRIPT),
            {
                "ProxyEnable": 0,
                "AutoConfigURL": None,
            },
            9,
        ),
        (user({DEFAULT: record(6)}, ProxyEnable=1), {"ProxyEnable": 0}, 1),
        (user({DEFAULT: DEFAULTS}, ProxyEnable=1), {"ProxyEnable": 0}, None),
        (user({DEFAULT: DEFAULTS}, ProxyEnable=0, ProxyServer="old:1"), {}, None),
        (
            user({}, ProxyEnable=1, ProxyServer="old:1", AutoConfigURL=SCRIPT),
            {"ProxyEnable": 0, "AutoConfigURL": None},
            None,
        ),
        (user({}), {}, None),
    ],
)
def test_wininet_is_switched_off(layer: Keys, plain: Shown, flags: int | None) -> None:
    ctx = inet(layer, OFF)
    expected = {(USER, name): data for name, data in plain.items()}
    if flags is not None:
        old = connection_settings(t.cast("bytes", layer[RECORDS][DEFAULT]))
        assert isinstance(old, ConnectionSettings)
        expected[RECORDS, DEFAULT] = write_connection_settings(dataclasses.replace(old, flags=flags, counter=8))
    assert written(ctx) == expected
    passes(ctx)


def test_a_damaged_record_is_dropped_where_the_proxy_is_switched_off() -> None:
    ctx = inet(user({DEFAULT: b"\x46"}, ProxyEnable=1), OFF)
    assert written(ctx) == {(USER, "ProxyEnable"): 0, (RECORDS, DEFAULT): None}
    passes(ctx)


@pytest.mark.parametrize(
    ("legacy", "expected"),
    [
        (record(9, counter=311, tail=b"other"), record(11, SERVER, "*.example;<local>", counter=312, tail=b"other")),
        (AS_SET, None),
        (b"\x47" + record(9)[1:], None),
        (record(9)[:15], None),
        (None, None),
    ],
)
def test_the_older_record_follows_where_it_is_and_can_be_read(legacy: bytes | None, expected: bytes | None) -> None:
    plain = t.cast("dict[str, t.Any]", PLAIN_SET)
    ctx = inet(user({DEFAULT: AS_SET, **({LEGACY: legacy} if legacy else {})}, **plain), SET)
    assert written(ctx) == ({} if expected is None else {(RECORDS, LEGACY): expected})
    passes(ctx)
    left = legacy is not None and isinstance(connection_settings(legacy), ConnectionSettings) is False
    assert ("left as it is" in findings(done(ctx))["proxy.wininet", ALICE.sid].why) == left


def test_a_new_record_has_the_version_of_the_one_beside_it() -> None:
    data = written(inet(user({LEGACY: record(9, version=0x3C)}), SET))[RECORDS, DEFAULT]
    assert t.cast("bytes", data)[0] == 0x3C


def test_what_windows_asks_first_is_said() -> None:
    ctx = done(inet(user({DEFAULT: record(13, script=SCRIPT)}, AutoConfigURL=SCRIPT), SET))
    assert findings(ctx)["proxy.wininet", ALICE.sid].why == "it is as wished; a script and detection may come first"
