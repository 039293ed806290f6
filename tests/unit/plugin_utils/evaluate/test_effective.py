# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Windows would really do, per release, update and value."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.effective import (
    Effect,
    protocols_in,
    schannel,
    winhttp,
    wininet,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Protocol
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import FileVersion
from tests.support.hosts import ALICE, PROTOCOLS, host

TLS12 = PROTOCOLS + r"\TLS 1.2\Client"
ON, DEFAULT_OFF, DISABLED, NEVER, UNKNOWN = (
    Effect.ON,
    Effect.OFF_BY_DEFAULT,
    Effect.DISABLED,
    Effect.NOT_SUPPORTED,
    Effect.UNKNOWN,
)


@pytest.mark.parametrize(
    ("os_id", "ssl2", "ssl3", "tls10", "tls11", "tls12", "tls13"),
    [
        ("xp-x64-sp2", ON, ON, ON, NEVER, NEVER, NEVER),
        ("server-2003-sp2", ON, ON, ON, NEVER, NEVER, NEVER),
        ("win7-sp1", DEFAULT_OFF, ON, ON, DEFAULT_OFF, DEFAULT_OFF, NEVER),
        ("server-2008r2-sp1", DEFAULT_OFF, ON, ON, DEFAULT_OFF, DEFAULT_OFF, NEVER),
        ("win8", DEFAULT_OFF, ON, ON, ON, ON, NEVER),
        ("server-2012r2", DEFAULT_OFF, ON, ON, ON, ON, NEVER),
        ("win10-1607", NEVER, DEFAULT_OFF, ON, ON, ON, NEVER),
        ("win10-22h2", NEVER, DEFAULT_OFF, ON, ON, ON, NEVER),
        ("server-2022", NEVER, DEFAULT_OFF, ON, ON, ON, ON),
        ("win11-24h2", NEVER, DEFAULT_OFF, ON, ON, ON, ON),
        ("server-2025", NEVER, DEFAULT_OFF, ON, ON, ON, ON),
    ],
)
def test_nothing_set(
    os_id: str, ssl2: Effect, ssl3: Effect, tls10: Effect, tls11: Effect, tls12: Effect, tls13: Effect
) -> None:
    found = schannel(host(os_id))
    assert [found[p].effect for p in Protocol] == [ssl2, ssl3, tls10, tls11, tls12, tls13]


@pytest.mark.parametrize(
    ("values", "effect"),
    [
        ({}, DEFAULT_OFF),
        ({"Enabled": 1}, DEFAULT_OFF),  # the other value's built-in default is 1
        ({"DisabledByDefault": 0}, ON),
        ({"Enabled": 0xFFFFFFFF, "DisabledByDefault": 0}, ON),
        ({"Enabled": 0, "DisabledByDefault": 0}, DISABLED),
        ({"DisabledByDefault": 0xFFFFFFFF}, DEFAULT_OFF),
        ({"DisabledByDefault": "0"}, UNKNOWN),  # REG_SZ is not read
        ({"Enabled": "1", "DisabledByDefault": 0}, UNKNOWN),
        ({"Enabled": "1", "DisabledByDefault": 1}, DEFAULT_OFF),  # off, whatever becomes of the other
        ({"Enabled": 0, "DisabledByDefault": "0"}, DISABLED),
    ],
)
def test_values_on_windows_7_count_one_by_one(values: dict[str, int], effect: Effect) -> None:
    assert schannel(host("win7-sp1", {TLS12: values}))[Protocol.TLS12].effect is effect


def test_an_unread_key_is_unknown_and_never_the_default() -> None:
    found = schannel(host("win11-24h2", unread={PROTOCOLS: "Access is denied."}))[Protocol.TLS12]
    assert found.effect is UNKNOWN
    assert isinstance(found.enabled.read, Unread)


def test_what_a_release_lacks_stays_away_whatever_is_set() -> None:
    keys = {PROTOCOLS + r"\TLS 1.3\Client": {"Enabled": 1, "DisabledByDefault": 0}}
    assert schannel(host("win7-sp1", keys))[Protocol.TLS13].effect is NEVER


XP_RECORD = r"HKLM\SOFTWARE\Microsoft\Updates\Windows XP\SP4\KB4019276"
XP_FILE = {"FileName": "schannel.dll", "Version": "5.1.2600.7346"}


@pytest.mark.parametrize(
    ("layer", "files", "effect"),
    [
        ({}, Unread("no wmic"), NEVER),
        ({XP_RECORD: {}, XP_RECORD + r"\Filelist\0": XP_FILE}, Unread("no wmic"), DEFAULT_OFF),
        ({XP_RECORD: {}}, Unread("no wmic"), DEFAULT_OFF),
        ({}, {r"system32\schannel.dll": FileVersion((5, 1, 2600, 7346))}, DEFAULT_OFF),
        # The file itself proves more than a key that some tool wrote.
        ({XP_RECORD: {}}, {r"system32\schannel.dll": FileVersion((5, 1, 2600, 5512))}, NEVER),
    ],
)
def test_xp_and_the_update_that_brings_tls12(layer: dict[str, dict[str, str]], files: object, effect: Effect) -> None:
    assert schannel(host("xp-sp3", layer, files=files))[Protocol.TLS12].effect is effect


def test_xp_with_an_unread_record_of_updates_is_unknown() -> None:
    found = schannel(host("xp-sp3", unread={r"HKLM\SOFTWARE\Microsoft\Updates": "Access is denied."}))
    assert found[Protocol.TLS12].effect is UNKNOWN
    assert found[Protocol.TLS10].effect is ON  # the same with and without the update


def names(mask: int | None) -> list[str] | None:
    return None if mask is None else [p.value for p in protocols_in(mask)]


OLD_FILES = {
    rf"{folder}\{name}": FileVersion((6, 1, 7601, 17514))
    for folder in ("system32", "syswow64")
    for name in ("winhttp.dll", "webio.dll")
}
WINHTTP = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp"
NT = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"


@pytest.mark.parametrize(
    ("os_id", "layer", "mask"),
    [
        ("win7-sp1", {}, 0x0A0),
        ("win8.1", {}, 0xAA0),
        ("win10-1709", {}, 0xAA0),
        ("win11-23h2", {}, 0x2800),
        ("win11-23h2", {WINHTTP: {"DefaultSecureProtocols": 0x800}}, 0x800),
        ("win7-sp1", {WINHTTP: {"DefaultSecureProtocols": 0xA80}}, 0x0A0),  # read only with KB3140245
        ("win10-1809", {NT: {"UBR": 99999}}, 0x800),
        ("win10-1809", {NT: {"UBR": 1}}, 0xAA0),
        ("win10-1809", {}, None),  # whether KB5017811 counts cannot be told
    ],
)
def test_winhttp(os_id: str, layer: dict[str, dict[str, int]], mask: int | None) -> None:
    assert winhttp(host(os_id, layer, files=OLD_FILES), "native").mask == mask


def test_winhttp_of_windows_7_is_unknown_where_the_files_were_not_read() -> None:
    assert winhttp(host("win7-sp1", {WINHTTP: {"DefaultSecureProtocols": 0xA80}}), "native").mask is None


INET = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
INET_POLICY = r"Software\Policies\Microsoft\Windows\CurrentVersion\Internet Settings"


@pytest.mark.parametrize(
    ("layer", "mask", "policy"),
    [
        ({ALICE.root + "\\" + INET: {"SecureProtocols": 0xA80}}, 0xA80, False),
        ({"HKLM\\" + INET: {"SecureProtocols": 0x800}}, 0x800, False),
        (
            {"HKLM\\" + INET: {"SecureProtocols": 0x800}, ALICE.root + "\\" + INET: {"SecureProtocols": 0xA0}},
            0xA0,
            False,
        ),
        (
            {"HKLM\\" + INET_POLICY: {"SecureProtocols": 0x80}, ALICE.root + "\\" + INET: {"SecureProtocols": 0xA80}},
            0x80,
            True,
        ),
    ],
)
def test_wininet_order_is_policy_user_machine(layer: dict[str, dict[str, int]], mask: int, policy: bool) -> None:
    found = wininet(host("win8.1", layer), ALICE.root)
    assert (found.mask, found.policy) == (mask, policy)


def test_wininet_with_an_unread_policy_is_unknown_even_if_the_user_set_it() -> None:
    layer = {ALICE.root + "\\" + INET: {"SecureProtocols": 0xA80}}
    found = wininet(host("win8.1", layer, unread={r"HKLM\SOFTWARE\Policies": "Access is denied."}), ALICE.root)
    assert found.mask is None


def test_a_32_bit_view_of_winhttp_is_not_judged_where_nobody_knows_that_there_is_one() -> None:
    found = winhttp(host("win8.1", environment=Unread("was cut off")), "wow6432")
    assert (found.mask, "64 bits" in found.why) == (None, True)


def test_a_mask_of_a_wrong_type_is_unknown_and_says_so() -> None:
    found = winhttp(host("win8.1", {WINHTTP: {"DefaultSecureProtocols": "2688"}}), "native")
    assert (found.mask, found.why) == (None, "the value is of type REG_SZ")
