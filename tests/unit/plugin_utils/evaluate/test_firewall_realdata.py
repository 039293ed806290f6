# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries of real hosts, whose HKLM\\SOFTWARE nobody could read: firewall, proxy and clock, with their traps."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import clock, firewall, proxy, reboot
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.firewall import Passage
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import Profile, RuleStore
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    Region,
    RegistryImage,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Finding, State
from ansible_collections.mailfleet.client.plugins.plugin_utils.read import reg_file, reg_image
from tests.support.hosts import ALICE, host

pytestmark = pytest.mark.realdata

HOSTS = {"win7-sp1": "win7sp1-shieldbase.reg", "win10-1709": "win10-1709-office16.reg"}
MAIL_PORTS = (25, 110, 143, 465, 587, 993, 995)
both = pytest.mark.parametrize("os_id", sorted(HOSTS))


@functools.cache
def image(path: Path) -> RegistryImage:
    return reg_image.image_of((reg_file.parse(path.read_bytes()),), ALICE.root)


def real(realdata: Path, os_id: str, *, policies_absent: bool = False) -> Context:
    """A real registry. HKLM\\SOFTWARE is denied, or, to see past that, without any policy."""
    read = image(realdata / "hosts" / HOSTS[os_id])
    if not policies_absent:
        denied = Region(r"HKLM\SOFTWARE", True, Unread("access denied"))
        read = RegistryImage((denied, *read.regions))
    ctx = host(os_id)
    return dataclasses.replace(ctx, snapshot=dataclasses.replace(ctx.snapshot, image=read))


def findings(found: tuple[Finding, ...]) -> dict[tuple[str, str], Finding]:
    return {(finding.id, finding.subject): finding for finding in found}


@both
def test_no_rule_stands_in_the_way_and_the_unread_policy_is_no_pass(realdata: Path, os_id: str) -> None:
    found = findings(firewall.evaluate(real(realdata, os_id)))
    assert found["firewall.rules.local", ""].state is State.PASS
    assert found["firewall.rules.policy", ""].state is State.UNKNOWN
    for profile in Profile:
        default = found["firewall.default_outbound", profile.value]
        assert default.state is State.UNKNOWN
        assert default.observed["EnableFirewall"] == {"policy": "unread: access denied", "local": 1}
        assert default.observed["DefaultOutboundAction"]["local"] is None
        assert default.effective == "unknown (without a policy: allow)"
        assert found["firewall.outbound", profile.value].state is State.UNKNOWN


@both
def test_without_a_policy_every_mail_port_is_open_in_every_profile(realdata: Path, os_id: str) -> None:
    ctx = real(realdata, os_id, policies_absent=True)
    walls = firewall.outbound(ctx)
    for state in walls.profiles:
        assert (state.enabled.value, state.enabled.origin, state.enabled.local) == (True, "local", 1)
        assert (state.default_block.value, state.default_block.origin) == (False, "default")
    for program in (None, "OUTLOOK.EXE", r"C:\Program Files\Microsoft Office\Office14\OUTLOOK.EXE"):
        for port in MAIL_PORTS:
            assert walls.judge(program, port, "mail.example").passage is Passage.ALLOW
    assert {finding.state for finding in firewall.evaluate(ctx)} == {State.PASS}


@pytest.mark.parametrize(("os_id", "total"), [("win7-sp1", 323), ("win10-1709", 443)])
def test_every_rule_of_the_local_store_is_understood_and_no_other_store_is_read(
    realdata: Path, os_id: str, total: int
) -> None:
    walls = firewall.outbound(real(realdata, os_id, policies_absent=True))
    stores = {store.store: store for store in walls.stores}
    assert (stores[RuleStore.LOCAL].total, stores[RuleStore.LOCAL].unread) == (total, ())
    assert set(stores) == {RuleStore.LOCAL, RuleStore.MDM, RuleStore.POLICY}


@both
def test_the_proxy_of_the_user_is_shown(realdata: Path, os_id: str) -> None:
    found = findings(proxy.evaluate(real(realdata, os_id)))
    setting = found["proxy.wininet", ALICE.sid]
    assert setting.effective == "direct + auto-detect"
    assert (setting.observed["ProxyEnable"], setting.observed["ProxyServer"]) == (0, None)
    assert setting.observed["DefaultConnectionSettings"] == {"flags": 9, "proxy": "", "bypass": "", "script": ""}
    assert setting.state is State.UNKNOWN
    assert found["proxy.consistent", ALICE.sid].state is State.PASS
    assert found["proxy.winhttp", "native"].state is State.UNKNOWN


@pytest.mark.parametrize(("os_id", "kind"), [("win7-sp1", "NT5DS"), ("win10-1709", "NTP")])
def test_the_clock(realdata: Path, os_id: str, kind: str) -> None:
    (denied,) = clock.evaluate(real(realdata, os_id))
    assert (denied.state, denied.observed["Start"]) == (State.UNKNOWN, 3)
    (finding,) = clock.evaluate(real(realdata, os_id, policies_absent=True))
    assert finding.state is State.PASS
    assert finding.observed["Start"] == 3
    assert finding.observed["local"] == {"Type": kind, "NtpServer": "time.windows.com,0x9"}


@both
def test_whether_a_reboot_is_pending_is_not_claimed_to_be_known(realdata: Path, os_id: str) -> None:
    (finding,) = reboot.evaluate(real(realdata, os_id))
    assert finding.state is not State.PASS
