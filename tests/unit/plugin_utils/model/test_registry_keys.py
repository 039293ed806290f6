# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and values of an image that come and go; what was never read is never said to be absent."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Region,
    RegistryImage,
    RegistryKey,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry_keys import has_key, with_key

DENIED = Unread("Access is denied.")
START = RegistryValue("Start", RegistryType.DWORD, 2)
KEY = RegistryKey(r"HKLM\A", (START,), ("B",))
PLAIN = Region(r"HKLM\A", False, {r"hklm\a": KEY})
DEEP = Region(r"HKLM\A", True, {r"hklm\a": KEY, r"hklm\a\b": RegistryKey(r"HKLM\A\B")})
ONE_VALUE = Region(r"HKLM\A\B", False, ABSENT, names=frozenset({"x"}))
VALUES_ONLY = Region(r"HKLM\A", False, {r"hklm\a": RegistryKey(r"HKLM\A", (START,))}, lists_subkeys=False)
GONE = Region(r"HKLM\A", False, ABSENT)


def image(*regions: Region) -> RegistryImage:
    return RegistryImage(regions)


@pytest.mark.parametrize(
    ("regions", "path", "there"),
    [
        ((), r"HKLM\A", None),
        ((PLAIN,), r"hklm\a", True),
        ((PLAIN,), "HKLM", True),
        ((PLAIN,), r"HKLM\A\b", True),
        ((PLAIN,), r"HKLM\A\B\C", None),
        ((PLAIN,), r"HKLM\A\X", False),
        ((PLAIN,), r"HKLM\A\X\Y", False),
        ((PLAIN,), r"HKLM\AB", None),
        ((DEEP,), r"HKLM\A\B", True),
        ((DEEP,), r"HKLM\A\B\C", False),
        ((GONE,), r"HKLM\A", False),
        ((GONE,), r"HKLM\A\B", False),
        ((GONE,), "HKLM", None),
        ((ONE_VALUE,), r"HKLM\A\B", None),
        ((ONE_VALUE, DEEP), r"HKLM\A\B", True),
        ((VALUES_ONLY,), r"HKLM\A", True),
        ((VALUES_ONLY,), r"HKLM\A\B", None),
        ((Region(r"HKLM\A", True, DENIED), DEEP), r"HKLM\A\B", None),
        ((Region(r"HKLM\A", False, DENIED), DEEP), r"HKLM\A\B", True),
        ((GONE, DEEP), r"HKLM\A\B", False),
    ],
)
def test_a_key_is_there_or_not_or_nobody_knows(regions: tuple[Region, ...], path: str, there: bool | None) -> None:
    assert has_key(image(*regions), path) is there


def test_a_key_is_made_with_what_is_missing_above_it_in_every_region() -> None:
    made = with_key(image(PLAIN, DEEP, Region(r"HKLM\A\X", False, ABSENT)), r"HKLM\A\X\Y")
    assert made.regions[0] == Region(r"HKLM\A", False, {r"hklm\a": RegistryKey(r"HKLM\A", (START,), ("B", "X"))})
    assert made.regions[1].keys[r"hklm\a\x"] == RegistryKey(r"HKLM\A\X", (), ("Y",))  # type: ignore[index]
    assert made.key(r"HKLM\A\X\Y") == RegistryKey(r"HKLM\A\X\Y")
    assert made.regions[2].keys == {r"hklm\a\x": RegistryKey(r"HKLM\A\X", (), ("Y",))}


@pytest.mark.parametrize("region", [PLAIN, DEEP, GONE, Region(r"HKLM\A", True, ABSENT)])
def test_a_key_made_and_deleted_leaves_no_trace(region: Region) -> None:
    start = image(region)
    top = r"HKLM\A\N" if region.keys is not ABSENT else r"HKLM\A"
    assert with_key(start, top + r"\M").without_key(top) == start


def test_a_deleted_key_takes_along_what_is_below_it() -> None:
    later = image(DEEP, PLAIN).without_key(r"hklm\a")
    assert (later.key(r"HKLM\A"), later.key(r"HKLM\A\B")) == (ABSENT, ABSENT)
    assert has_key(later, r"HKLM\A\B") is False


def test_a_deleted_value_leaves_its_key() -> None:
    later = image(PLAIN, DEEP).without_value(r"hklm\A", "START")
    assert later.value(r"HKLM\A", "Start") is ABSENT
    assert [region.keys[r"hklm\a"] for region in later.regions] == [RegistryKey(r"HKLM\A", (), ("B",))] * 2  # type: ignore[index]
    assert image(PLAIN).without_value(r"HKLM\A", "other") == image(PLAIN)
    assert image(PLAIN).without_value(r"HKLM\A\B", "Start") == image(PLAIN)


def test_what_is_unread_stays_unread() -> None:
    denied = image(Region(r"HKLM\A", True, DENIED))
    assert with_key(denied, r"HKLM\A\B") == denied
    assert denied.without_key(r"HKLM\A") == denied
    assert denied.without_value(r"HKLM\A", "Start") == denied
