# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fix and its undo, on any host, under any policy, and on real registries."""

from __future__ import annotations

import functools
from pathlib import Path

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Protocol
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions, ProxyWish
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryData,
    RegistryImage,
    RegistryType,
    RegistryValue,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry_keys import with_key
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.diff import diff
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import build
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.selection import CARRIED_OUT
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.steps import after_steps
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.undo import Undo, undo
from ansible_collections.mailfleet.client.plugins.plugin_utils.read import reg_file, reg_image
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.proxy import (
    ConnectionSettings,
    WinHttpProxy,
    write_connection_settings,
    write_winhttp_settings,
)
from tests.support.hosts import ALICE, KNOWLEDGE, PROTOCOLS, TODAY, Keys, host
from tests.unit.plugin_utils.plan.generated_hosts import Case, hosts
from tests.unit.plugin_utils.plan.runs_on_images import FIRST, SECOND, THIRD, content, journal, living, over, planned

examples = hypothesis.settings(max_examples=100)
REAL = {
    "win7sp1-shieldbase.reg": "win7-sp1",
    "win7sp1-shieldbase.hotfix-derived.reg": "win7-sp1",
    "win10-1709-office16.reg": "win10-1709",
    "win10-1709-office16.hotfix-derived.reg": "win10-1709",
    "winxp-user-only.reg": "xp-sp3",
    "srv2019-exchange-tls.derived.reg": "server-2019",
}


def check_undo(ctx: Context) -> Undo:
    """Fix, fix again, undo, undo again, undo the undo."""
    before, done = ctx.snapshot.image, planned(ctx).steps
    fixed = after_steps(before, done)
    assert content(after_steps(fixed, done)) == content(fixed)
    back = undo((journal(FIRST, done),), fixed)
    assert back.refused == ()
    restored = after_steps(fixed, back.steps)
    assert content(restored) == content(before)
    assert undo((journal(FIRST, done),), restored).steps == ()
    forth = undo((journal(SECOND, back.steps, "rollback"),), restored)
    assert forth.refused == ()
    assert content(after_steps(restored, forth.steps)) == content(fixed)
    both = undo((journal(SECOND, back.steps, "rollback"), journal(FIRST, done)), restored)
    assert (both.steps, both.refused) == ((), ())
    swapped = diff(back.steps)
    assert (bool(done), swapped["before"] != swapped["after"]) == (bool(done), bool(done))
    return back


def check_fix(ctx: Context) -> None:
    """What a fix can do is done by it, and no second one finds more."""
    todo = planned(ctx)
    again = over(ctx, after_steps(ctx.snapshot.image, todo.steps))
    kept = {(held.change.details["key"], held.change.details["name"]) for held in todo.withheld}
    left = [
        change
        for change in build(again).changes
        if change.kind in CARRIED_OUT and (change.details["key"], change.details["name"]) not in kept
    ]
    assert left == []
    assert planned(again, THIRD).steps == ()


@examples
@given(hosts())
def test_undoing_a_fix_gives_the_first_image(case: Case) -> None:
    check_undo(living(case.context()))


@examples
@given(hosts())
def test_a_fix_leaves_nothing_for_another(case: Case) -> None:
    check_fix(living(case.context()))


@examples
@given(hosts(), st.data())
def test_a_fix_that_broke_off_anywhere_can_be_undone_or_finished(case: Case, data: st.DataObject) -> None:
    ctx = living(case.context())
    before, done = ctx.snapshot.image, planned(ctx).steps
    broken = after_steps(before, done[: data.draw(st.integers(0, len(done)))])
    back = undo((journal(FIRST, done),), broken)
    assert back.refused == ()
    assert content(after_steps(broken, back.steps)) == content(before)
    some = after_steps(broken, back.steps[: data.draw(st.integers(0, len(back.steps)))])
    rest = undo((journal(FIRST, done),), some)
    assert content(after_steps(some, rest.steps)) == content(before)
    second = planned(over(ctx, broken), SECOND).steps
    finished = after_steps(broken, second)
    both = undo((journal(SECOND, second), journal(FIRST, done)), finished)
    assert both.refused == ()
    assert content(after_steps(finished, both.steps)) == content(before)


INET = ALICE.root + "\\" + KNOWLEDGE.registry["wininet-user"].key
WINHTTP = tuple(KNOWLEDGE.registry[row] for row in ("proxy-winhttp-native", "proxy-winhttp-wow6432"))
BLOBS = st.sampled_from(
    (
        write_connection_settings(ConnectionSettings(0x46, 7, 3, "old.example:1", "<local>", "", bytes(32))),
        write_connection_settings(ConnectionSettings(0x46, 0xFFFFFFFF, 9, "", "", "", b"tail")),
        write_connection_settings(ConnectionSettings(0x46, 1, 3, "me:secret@old.example:1", "", "", bytes(32))),
        b"\x46\0\0\0\x01",
        b"\x99\0\0\0" * 20,
        b"",
    )
)
WINHTTP_BLOBS = st.sampled_from(
    (
        write_winhttp_settings(WinHttpProxy(0x18, 0, 1, "", "")),
        write_winhttp_settings(WinHttpProxy(0x28, 0, 3, "old.example:1", "*.x", b"tail")),
        b"\x18\0\0\0",
    )
)
TEXTS = st.sampled_from(("", "old.example:1", "other:2", "caf\u00e9", "http://me:secret@p:1"))
PROXIES = st.fixed_dictionaries(
    {},
    optional={
        "ProxyEnable": st.sampled_from((0, 1, "1")),
        "ProxyServer": TEXTS,
        "ProxyOverride": TEXTS,
        "AutoConfigURL": st.sampled_from(("http://wpad/x.pac", "http://wpad/x.pac?y=1")),
    },
)
RECORDS = st.fixed_dictionaries({}, optional={"DefaultConnectionSettings": BLOBS, "SavedLegacySettings": BLOBS})
PROXY_WISHES = st.sampled_from(
    (
        None,
        ProxyWish("off"),
        ProxyWish("set", "new.example:8080", ("<local>", "*.example")),
    )
)


@examples
@given(PROXIES, RECORDS, st.none() | WINHTTP_BLOBS, st.none() | WINHTTP_BLOBS, PROXY_WISHES)
def test_proxies_are_set_and_put_back(
    plain: dict[str, RegistryData],
    records: dict[str, RegistryData],
    native: bytes | None,
    other: bytes | None,
    wish: ProxyWish | None,
) -> None:
    layers: list[Keys] = [{INET: plain}] if plain else []
    layers += [{INET + r"\Connections": records}] if records else []
    layers += [
        {row.key: {str(row.value): blob}}
        for row, blob in zip(WINHTTP, (native, other), strict=True)
        if blob is not None
    ]
    ctx = living(host("win7-sp1", *layers, options=AuditOptions(proxy=wish, only=frozenset({"proxy"}), today=TODAY)))
    check_fix(ctx)
    check_undo(ctx)


@functools.cache
def real_image(path: Path) -> RegistryImage:
    return reg_image.image_of((reg_file.parse(path.read_bytes()),), ALICE.root)


def real(realdata: Path, name: str, policy: str, image: RegistryImage | None = None) -> Context:
    ctx = host(REAL[name], options=AuditOptions(policy=policy, today=TODAY))
    read = image or real_image(realdata / "hosts" / name)
    return living(over(ctx, read))


@pytest.mark.realdata
@pytest.mark.parametrize("policy", sorted(KNOWLEDGE.policies))
@pytest.mark.parametrize("name", sorted(REAL))
def test_real_registries_are_fixed_and_put_back(realdata: Path, name: str, policy: str) -> None:
    ctx = real(realdata, name, policy)
    check_fix(ctx)
    in_order = (REAL[name], policy) == ("win10-1709", "compat")
    assert bool(check_undo(ctx).steps) != in_order


KEYS = tuple(KNOWLEDGE.registry[row].key for row in ("winhttp-native", "winhttp-wow6432", "dotnet-native-v4"))
CLIENTS = tuple(rf"{PROTOCOLS}\{protocol.value}\Client" for protocol in Protocol)
NAMES = ("Enabled", "DisabledByDefault", "SecureProtocols", "DefaultSecureProtocols", "SchUseStrongCrypto")
DATA = st.sampled_from((0, 1, 0x0A80, 0xFFFFFFFF, b"\x01", "1", ()))
KINDS = {int: RegistryType.DWORD, str: RegistryType.SZ, bytes: RegistryType.BINARY, tuple: RegistryType.MULTI_SZ}


@pytest.mark.realdata
@hypothesis.settings(max_examples=60)
@given(st.sampled_from(sorted(REAL)), st.sampled_from(sorted(KNOWLEDGE.policies)), st.data())
def test_mutated_real_registries_are_fixed_and_put_back(
    realdata: Path, name: str, policy: str, data: st.DataObject
) -> None:
    image = real_image(realdata / "hosts" / name)
    for _change in range(data.draw(st.integers(0, 6))):
        key = data.draw(st.sampled_from((*KEYS, INET, *CLIENTS)))
        value_name, raw = data.draw(st.sampled_from(NAMES)), data.draw(DATA)
        image = with_key(image, key).with_value(key, RegistryValue(value_name, KINDS[type(raw)], raw))
    ctx = real(realdata, name, policy, image)
    check_fix(ctx)
    check_undo(ctx)
