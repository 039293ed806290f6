# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies: what holds for any record, any wish, and for the registries of real hosts."""

from __future__ import annotations

import dataclasses
import typing as t
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.proxy import evaluate
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import ProxyWish
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryData,
    RegistryImage,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Plan, Remedy, State
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import UserHive
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import proxy
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.what_if import after
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.proxy import (
    ConnectionSettings,
    WinHttpProxy,
    connection_settings,
    winhttp_settings,
    write_connection_settings,
    write_winhttp_settings,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_file import parse
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_image import image_of
from tests.support.hosts import ALICE, Keys, host
from tests.support.proxy_hosts import (
    DEFAULT,
    LEGACY,
    NATIVE,
    OFF,
    RECORDS,
    SERVER,
    SET,
    USER,
    WINHTTP,
    WOW,
    done,
    wished,
)

examples = settings(max_examples=150)
NUMBERS = st.integers(0, 2**32 - 1)
#: No name and password, which no plan carries.
LETTERS = [chr(code) for code in range(256) if chr(code).isprintable() and chr(code) != "@"]
TEXTS = st.text(st.sampled_from(LETTERS), max_size=30)
TAILS = st.binary(max_size=40).filter(lambda tail: b"@" not in tail)
RECORD = st.builds(ConnectionSettings, st.sampled_from([0x3C, 0x46]), NUMBERS, NUMBERS, TEXTS, TEXTS, TEXTS, TAILS)
HTTP_RECORD = st.builds(WinHttpProxy, st.sampled_from([0x18, 0x28]), NUMBERS, NUMBERS, TEXTS, TEXTS, TAILS)
WISHES = st.sampled_from([SET, OFF, ProxyWish("set", "http=a:1;https=b:2"), ProxyWish("set", SERVER, ("<local>",))])


def read(ctx: Context, name: str, key: str = RECORDS) -> bytes:
    value = ctx.snapshot.image.value(key, name)
    assert isinstance(value, RegistryValue)
    return t.cast("bytes", value.data)


def state(ctx: Context, check: str, subject: str) -> State:
    (found,) = (f.state for f in evaluate(ctx) if (f.id, f.subject) == (check, subject))
    return found


@examples
@given(RECORD, RECORD, WISHES)
def test_any_record_becomes_the_wished_one_and_keeps_the_rest(
    default: ConnectionSettings, legacy: ConnectionSettings, wish: ProxyWish
) -> None:
    blobs = {DEFAULT: write_connection_settings(default), LEGACY: write_connection_settings(legacy)}
    ctx = host("win7-sp1", {RECORDS: blobs}, options=wished(wish, "wininet"))
    then = done(ctx)
    assert state(then, "proxy.wininet", ALICE.sid) is State.PASS
    for name, before in ((DEFAULT, default), (LEGACY, legacy)):
        now = connection_settings(read(then, name))
        assert isinstance(now, ConnectionSettings)
        assert (now.tail, now.version, now.script) == (before.tail, before.version, before.script)
        assert now.counter == (before.counter if now == before else (before.counter + 1) % 2**32)
        assert now.flags & ~7 == before.flags & ~7
        if wish.state == "set":
            assert now.uses_proxy
            assert now.uses_script == before.uses_script
            assert now.proxy.strip().casefold() == wish.server
            assert set(now.bypass.casefold().replace(";", " ").split()) == set(wish.bypass)
        else:
            assert (now.uses_proxy, now.uses_script) == (False, False)
            assert now == before or now.flags & 1


@examples
@given(HTTP_RECORD, WISHES)
def test_any_record_of_winhttp_becomes_the_wished_one_and_keeps_the_rest(before: WinHttpProxy, wish: ProxyWish) -> None:
    data = {WINHTTP: write_winhttp_settings(before)}
    then = done(host("win10-22h2", {NATIVE: data, WOW: data}, options=wished(wish, "winhttp")))
    for view, key in (("native", NATIVE), ("wow6432", WOW)):
        assert state(then, "proxy.winhttp", view) is State.PASS
        now = winhttp_settings(read(then, WINHTTP, key))
        assert isinstance(now, WinHttpProxy)
        assert (now.tail, now.version, now.counter) == (before.tail, before.version, before.counter)
        assert now.access & ~7 == before.access & ~7
        assert now.uses_proxy == (wish.state == "set")
        assert not now.uses_proxy or now.proxy.strip().casefold() == wish.server


anything = st.one_of(
    st.none(),
    RECORD.map(write_connection_settings),
    RECORD.map(lambda one: write_connection_settings(dataclasses.replace(one, script=one.script + "\n"))),
    HTTP_RECORD.map(write_winhttp_settings),
    st.binary(max_size=60),
    RECORD.flatmap(lambda one: st.integers(0, 60).map(lambda cut: write_connection_settings(one)[:cut])),
    st.sampled_from(["text", 7]),
)
plain = st.fixed_dictionaries(
    {},
    optional={
        "ProxyEnable": st.sampled_from([0, 1, "1"]),
        "ProxyServer": TEXTS | st.sampled_from([SERVER, "u:p@x:1", 1]),
        "ProxyOverride": TEXTS,
        "AutoConfigURL": TEXTS | st.just("http://wpad/wpad.dat"),
    },
)


@examples
@given(anything, anything, anything, plain, st.none() | WISHES)
def test_a_finding_promises_what_the_plan_does(
    default: RegistryData | None,
    legacy: RegistryData | None,
    http: RegistryData | None,
    values: dict[str, RegistryData],
    wish: ProxyWish | None,
) -> None:
    """Whatever stands there: what is called fixable passes after the plan; nothing gets worse."""
    records = {name: data for name, data in ((DEFAULT, default), (LEGACY, legacy)) if data is not None}
    layer: Keys = {RECORDS: records, USER: values, NATIVE: {} if http is None else {WINHTTP: http}}
    ctx = host("win7-sp1", layer, environment={"PROCESSOR_ARCHITECTURE": "x86"}, options=wished(wish))
    changes = proxy.changes(ctx)
    now = {(f.id, f.subject): f for f in evaluate(ctx)}
    later = {(f.id, f.subject): f for f in evaluate(after(ctx, Plan(changes)))}
    fixable = {key for key, finding in now.items() if finding.remedy is Remedy.FIX}
    assert bool(changes) == bool(fixable)
    assert {later[key].state for key in fixable} <= {State.PASS}
    assert {key for key in now.keys() - fixable if later[key].state not in (now[key].state, State.PASS)} == set()
    assert proxy.changes(after(ctx, Plan(changes))) == ()


# --- Real hosts --------------------------------------------------------------------------------------------------

SID = "S-1-5-21-2734969515-1644526556-1039763013-1001"
REAL = UserHive(SID, f"HKU\\{SID}")


@cache
def image(folder: Path, name: str) -> RegistryImage:
    return image_of([parse((folder / "hosts" / name).read_bytes())], REAL.root)


@pytest.mark.realdata
@pytest.mark.parametrize("wish", [SET, OFF, None])
@pytest.mark.parametrize(
    ("os_id", "name", "counters"),
    [
        ("win7-sp1", "win7sp1-shieldbase.reg", (6, 312)),
        ("win10-1709", "win10-1709-office16.reg", (2, 3)),
        ("xp-sp3", "winxp-user-only.reg", (6, 15)),
    ],
)
def test_real_hosts(realdata: Path, os_id: str, name: str, counters: tuple[int, int], wish: ProxyWish | None) -> None:
    ctx = host(os_id, options=wished(wish))
    snapshot = dataclasses.replace(ctx.snapshot, image=image(realdata, name), users=(REAL,))
    ctx = dataclasses.replace(ctx, snapshot=snapshot)
    then = done(ctx)
    found = [f for f in evaluate(then) if f.subject == SID]
    assert [f.state for f in found] == [State.PASS, State.PASS]
    changes = {change.details["name"]: change.details for change in proxy.changes(ctx)}
    if wish is not SET:
        assert changes == {}
        return
    key = RECORDS.replace(ALICE.root, REAL.root)
    for value, counter in zip((DEFAULT, LEGACY), counters, strict=True):
        old, new = (connection_settings(read(one, value, key)) for one in (ctx, then))
        assert not isinstance(old, Unread)
        assert new == dataclasses.replace(old, counter=counter + 1, flags=11, proxy=SERVER, bypass="*.example;<local>")
        assert len(changes[value]["data"]) == len(changes[value]["before"]) + len(SERVER) + len("*.example;<local>")
