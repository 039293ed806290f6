# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry made of ``.reg`` files."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    RegistryKey,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_file import parse
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_image import image_of

USER = r"HKU\S-1-5-21-1-2-3-1001"
V5 = "Windows Registry Editor Version 5.00\n\n"
BASE = parse(
    V5
    + r"""
[HKEY_LOCAL_MACHINE\SOFTWARE\A\B]
"x"=dword:1
"Y"=dword:2
@="default"
"POP3 Password"=hex:01,02
[HKEY_LOCAL_MACHINE\SOFTWARE\a\C\D]
[HKEY_CURRENT_USER\Software\Mail]
"n"="mine"
[HKEY_CLASSES_ROOT\.eml]
[HKEY_CURRENT_CONFIG\X]
"""
)
OVERLAY = parse(
    V5
    + r"""
[HKEY_LOCAL_MACHINE\software\A\B]
"X"="other"
"y"=-
"never"=-
[-HKEY_LOCAL_MACHINE\SOFTWARE\A\c]
[-HKEY_LOCAL_MACHINE\SOFTWARE\Q\R]
"""
)


def number(name: str, data: int) -> RegistryValue:
    return RegistryValue(name, RegistryType.DWORD, data)


def test_one_file() -> None:
    image = image_of([BASE], USER)
    key = image.key(r"HKLM\SOFTWARE\A\B")
    assert key == RegistryKey(
        r"HKLM\SOFTWARE\A\B", (number("x", 1), number("Y", 2), RegistryValue("", RegistryType.SZ, "default"))
    )
    assert image.key(r"HKLM\SOFTWARE\A") == RegistryKey(r"HKLM\SOFTWARE\A", (), ("B", "C"))
    assert image.value(USER + r"\Software\Mail", "N") == RegistryValue("n", RegistryType.SZ, "mine")
    assert isinstance(image.key(r"HKLM\SOFTWARE\Classes\.EML"), RegistryKey)
    assert image.key(r"HKLM\SOFTWARE\Nothing") is ABSENT
    assert image.key("HKU\\S-1-5-18") is ABSENT
    assert [(region.root, region.recursive) for region in image.regions] == [("HKLM", True), ("HKU", True)]


def test_later_files_win_and_delete() -> None:
    image = image_of([BASE, OVERLAY], USER)
    assert image.value(r"HKLM\SOFTWARE\A\B", "x") == RegistryValue("X", RegistryType.SZ, "other")
    assert image.value(r"HKLM\SOFTWARE\A\B", "Y") is ABSENT
    assert image.key(r"HKLM\SOFTWARE\A\C\D") is ABSENT
    assert image.key(r"HKLM\SOFTWARE\A") == RegistryKey(r"HKLM\SOFTWARE\A", (), ("B",))
    assert image.key(r"HKLM\SOFTWARE\Q") is ABSENT


def test_keys_come_in_the_order_of_the_files() -> None:
    below = image_of([BASE], USER).below(r"HKLM\SOFTWARE\A")
    assert not isinstance(below, Unread)
    assert below is not ABSENT
    assert [key.path for key in below] == [rf"HKLM\SOFTWARE\A{name}" for name in ("\\B", "\\C", "\\C\\D")]


def test_passwords_are_kept_for_simulated_hosts_only() -> None:
    def names(keep: bool) -> set[str]:
        key = image_of([BASE], USER, keep_secrets=keep).key(r"HKLM\SOFTWARE\A\B")
        assert isinstance(key, RegistryKey)
        return {value.name for value in key.values}

    assert names(True) - names(False) == {"POP3 Password"}


@pytest.mark.parametrize("root", ["", "HKU", "HKU\\", "HKLM\\x", "HKCU", "S-1-5-21", "HKU\\a\\\\b"])
def test_the_user_is_below_hku(root: str) -> None:
    with pytest.raises(ValueError, match="not below HKU"):
        image_of([], root)


@pytest.mark.parametrize("root", [USER, USER.replace("HKU", "HKEY_USERS"), USER.replace("HKU", "hku")])
def test_spellings_of_the_hive(root: str) -> None:
    assert isinstance(image_of([BASE], root).key(USER + r"\Software\Mail"), RegistryKey)
