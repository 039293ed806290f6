# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies: what is set, for whom, and whether the two ways of storing it agree."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    Region,
    RegistryData,
    RegistryImage,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import (
    Finding,
    Remedy,
    Severity,
    State,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import UserHive
from tests.support.hosts import ALICE, KNOWLEDGE, Keys, host
from tests.support.proxy_hosts import (
    DEFAULT,
    MACHINE,
    MACHINE_RECORDS,
    NATIVE,
    POLICY,
    RECORDS,
    SCRIPT,
    SERVER,
    USER,
    WOW,
    findings,
    record,
    winhttp,
)
from tests.support.proxy_hosts import user as with_records

DENIED = "access denied"
X64 = {"PROCESSOR_ARCHITECTURE": "AMD64"}
X86 = {"PROCESSOR_ARCHITECTURE": "x86"}


def blob(flags: int, proxy_name: str = "", script: str = "") -> bytes:
    return record(flags, proxy_name, "<local>", script)


def user(data: RegistryData | None, **plain: RegistryData) -> Keys:
    return with_records({} if data is None else {DEFAULT: data}, **plain)


def of_alice(layer: Keys, **fields: t.Any) -> tuple[Finding, Finding]:
    found = findings(host("win7-sp1", layer, **fields))
    return found["proxy.wininet", ALICE.sid], found["proxy.consistent", ALICE.sid]


@pytest.mark.parametrize(
    ("data", "state", "effective"),
    [
        (None, State.PASS, "direct"),
        (winhttp(1), State.PASS, "direct"),
        (winhttp(1, version=0x28), State.PASS, "direct"),
        (winhttp(3, SERVER), State.PASS, f"proxy {SERVER}"),
        (winhttp(3, SERVER)[:-3], State.FAIL, "unknown"),
        (b"", State.FAIL, "unknown"),
        ("text", State.FAIL, "unknown"),
    ],
)
def test_winhttp(data: RegistryData | None, state: State, effective: str) -> None:
    layer: Keys = {} if data is None else {NATIVE: {"WinHttpSettings": data}}
    found = findings(host("win7-sp1", layer, environment=X64))
    native, wow = found["proxy.winhttp", "native"], found["proxy.winhttp", "wow6432"]
    assert (native.state, native.effective) == (state, effective)
    assert (native.why == "no proxy is set") == (effective == "direct")
    assert (wow.state, wow.effective) == (State.PASS, "direct")
    assert native.severity is Severity.INFO
    assert ("SMTP" in native.why) == effective.startswith("proxy")


def test_winhttp_of_32_bit_programs_is_a_view_of_its_own() -> None:
    ctx = host("win7-sp1", {WOW: {"WinHttpSettings": winhttp(3, SERVER)}}, environment=X64)
    assert findings(ctx)["proxy.winhttp", "wow6432"].effective == f"proxy {SERVER}"
    ctx = host("win7-sp1", environment=X86)
    assert ("proxy.winhttp", "wow6432") not in findings(ctx)


def test_winhttp_unread() -> None:
    found = findings(host("win7-sp1", unread={NATIVE: DENIED}))["proxy.winhttp", "native"]
    assert (found.state, found.why) == (State.UNKNOWN, DENIED)


@pytest.mark.parametrize(
    ("layer", "effective", "agree"),
    [
        (user(blob(9), ProxyEnable=0), "direct + auto-detect", True),
        (user(blob(1), ProxyEnable=0), "direct", True),
        (user(blob(1)), "direct", True),
        (user(blob(3, SERVER), ProxyEnable=1, ProxyServer=SERVER), f"proxy {SERVER}", True),
        (user(blob(3, SERVER), ProxyEnable=1, ProxyServer=SERVER.upper()), f"proxy {SERVER}", True),
        (user(blob(5, script=SCRIPT), AutoConfigURL=SCRIPT), f"script {SCRIPT}", True),
        (
            user(blob(15, SERVER, SCRIPT), ProxyEnable=1, ProxyServer=SERVER, AutoConfigURL=SCRIPT),
            f"proxy {SERVER} + script {SCRIPT} + auto-detect",
            True,
        ),
        # What is stored and switched off is no difference.
        (user(blob(9, SERVER, SCRIPT), ProxyEnable=0, ProxyServer="old:1"), "direct + auto-detect", True),
        (user(None, ProxyEnable=1, ProxyServer=SERVER), f"proxy {SERVER}", True),
        (user(None, ProxyEnable=0, ProxyServer=SERVER), "direct", True),
        (user(None, AutoConfigURL=SCRIPT), f"script {SCRIPT}", True),
        (user(None), "direct", True),
        # Somebody wrote the plain values only.
        (user(blob(9), ProxyEnable=1, ProxyServer=SERVER), "direct + auto-detect", False),
        (user(blob(3, SERVER), ProxyEnable=0, ProxyServer=SERVER), f"proxy {SERVER}", False),
        (user(blob(3, SERVER)), f"proxy {SERVER}", False),
        (user(blob(3, SERVER), ProxyEnable=1, ProxyServer="other:1"), f"proxy {SERVER}", False),
        (user(blob(1), AutoConfigURL=SCRIPT), "direct", False),
        (user(blob(5, script=SCRIPT)), f"script {SCRIPT}", False),
        (user(blob(1), ProxyEnable="1"), "direct", True),
    ],
)
def test_wininet(layer: Keys, effective: str, agree: bool) -> None:
    setting, consistent = of_alice(layer)
    assert (setting.state, setting.effective, setting.severity) == (State.PASS, effective, Severity.INFO)
    assert (setting.why == "no proxy is set") == effective.startswith("direct")
    assert consistent.state is (State.PASS if agree else State.FAIL)
    assert consistent.remedy is (Remedy.NONE if agree else Remedy.FIX)


@pytest.mark.parametrize("data", [b"", blob(9)[:3], blob(9)[:10], blob(3, SERVER)[:20], "text", 7])
def test_a_damaged_blob(data: RegistryData) -> None:
    setting, consistent = of_alice(user(data, ProxyEnable=0))
    assert (setting.state, setting.effective) == (State.UNKNOWN, "unknown")
    assert consistent.state is State.FAIL
    assert "damaged: " in consistent.why
    assert "damaged: " in setting.why
    assert consistent.why.partition("damaged: ")[2]
    assert consistent.remedy is Remedy.FIX


@pytest.mark.parametrize("data", [b"\x01" + blob(9)[1:], blob(9)[:1] + b"\x01" + blob(9)[2:], b"\x47\0\0\0"])
def test_a_record_of_an_unknown_layout_is_not_called_damaged(data: bytes) -> None:
    setting, consistent = of_alice(user(data, ProxyEnable=0))
    assert (setting.state, consistent.state) == (State.UNKNOWN, State.UNKNOWN)
    assert "left as it is" in consistent.why
    ctx = host("win7-sp1", {NATIVE: {"WinHttpSettings": data}}, environment=X86)
    found = findings(ctx)["proxy.winhttp", "native"]
    assert (found.state, found.effective) == (State.UNKNOWN, "unknown")
    assert "left as it is" in found.why


@pytest.mark.parametrize(
    ("unread", "states"),
    [
        (RECORDS, (State.UNKNOWN, State.UNKNOWN)),
        (USER, (State.UNKNOWN, State.UNKNOWN)),
        (POLICY, (State.UNKNOWN, State.PASS)),
    ],
)
def test_unread_places(unread: str, states: tuple[State, State]) -> None:
    setting, consistent = of_alice(user(blob(9), ProxyEnable=0), unread={unread: DENIED})
    assert (setting.state, consistent.state) == states
    assert DENIED in setting.why
    assert "damaged" not in setting.why


@pytest.mark.parametrize("data", [None, blob(9)])
def test_plain_values_that_could_not_be_read(data: bytes | None) -> None:
    """The live reading asks for both keys on their own, so one may be denied without the other."""
    ctx = host("win7-sp1", user(data))
    denied = Region(USER, False, Unread(DENIED))
    snapshot = dataclasses.replace(ctx.snapshot, image=RegistryImage((denied, *ctx.snapshot.image.regions)))
    found = findings(dataclasses.replace(ctx, snapshot=snapshot))
    setting, consistent = found["proxy.wininet", ALICE.sid], found["proxy.consistent", ALICE.sid]
    assert consistent.state is State.UNKNOWN
    assert setting.state is (State.UNKNOWN if data is None else State.PASS)
    assert (DENIED in setting.why) == (data is None)


def test_a_contradiction_is_told_in_words() -> None:
    _unused, off = of_alice(user(blob(9), ProxyEnable=1, ProxyServer=SERVER))
    assert off.why.startswith("ProxyEnable says on, the binary settings say off")
    _unused, on = of_alice(user(blob(3, SERVER), ProxyEnable=0))
    assert on.why.startswith("ProxyEnable says off, the binary settings say on")


def test_findings_that_do_not_pass_keep_the_level_of_the_catalogue() -> None:
    ctx = host("win7-sp1", user(b""), unread={NATIVE: DENIED})
    found = findings(dataclasses.replace(ctx, exchange=((ALICE.sid, "Exchange"),)))
    for key in (("proxy.winhttp", "native"), ("proxy.wininet", ALICE.sid)):
        assert found[key].severity is Severity(KNOWLEDGE.checks[key[0]].severity)


def test_the_users_setting_is_shown_even_where_a_policy_may_override_it() -> None:
    """So it is on real hosts whose HKLM\\SOFTWARE nobody could read."""
    setting, _unused = of_alice(user(blob(9), ProxyEnable=0), unread={r"HKLM\SOFTWARE": DENIED})
    assert setting.effective == "direct + auto-detect"
    assert setting.observed["ProxyEnable"] == 0
    assert setting.observed[DEFAULT]["flags"] == 9


@pytest.mark.parametrize(
    ("policy", "subjects"),
    [({}, {ALICE.sid}), ({"ProxySettingsPerUser": 1}, {ALICE.sid}), ({"ProxySettingsPerUser": 0}, {"machine"})],
)
def test_one_proxy_for_the_machine_if_a_policy_says_so(policy: dict[str, RegistryData], subjects: set[str]) -> None:
    machine: Keys = {
        POLICY: policy,
        MACHINE: {"ProxyEnable": 1, "ProxyServer": SERVER},
        MACHINE_RECORDS: {DEFAULT: blob(3, SERVER)},
    }
    found = findings(host("win7-sp1", user(blob(9)), machine))
    assert {subject for check, subject in found if check == "proxy.wininet"} == subjects
    if subjects == {"machine"}:
        assert found["proxy.wininet", "machine"].effective == f"proxy {SERVER}"
        assert found["proxy.consistent", "machine"].state is State.PASS


def test_every_user_is_judged() -> None:
    bob = UserHive("S-1-5-21-1-2-3-1002", r"HKU\S-1-5-21-1-2-3-1002")
    found = findings(host("win7-sp1", user(blob(9)), users=(ALICE, bob)))
    assert {subject for check, subject in found if check == "proxy.wininet"} == {ALICE.sid, bob.sid}


def test_users_that_could_not_be_listed() -> None:
    found = findings(host("win7-sp1", users=Unread(DENIED)))
    assert found["proxy.wininet", ""].state is State.UNKNOWN


def test_a_proxy_matters_only_to_accounts_that_speak_http() -> None:
    ctx = host("win7-sp1", user(b"", ProxyEnable=0))
    assert findings(ctx)["proxy.consistent", ALICE.sid].severity is Severity.INFO
    ctx = dataclasses.replace(ctx, exchange=((ALICE.sid, "Exchange"),))
    assert findings(ctx)["proxy.consistent", ALICE.sid].severity is not Severity.INFO


@given(st.binary(max_size=80))
def test_arbitrary_bytes_never_pass_unread(data: bytes) -> None:
    setting, consistent = of_alice(user(data))
    damaged = consistent.state is State.FAIL and "damaged" in consistent.why
    assert (setting.state is State.UNKNOWN) == (damaged or consistent.state is State.UNKNOWN)
    assert damaged <= (consistent.remedy is not Remedy.NONE)
