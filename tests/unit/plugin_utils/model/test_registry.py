# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry image: three answers that must never be mixed up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Region,
    RegistryImage,
    RegistryKey,
    RegistryType,
    RegistryValue,
    Unread,
    is_secret,
    short_path,
)

DENIED = Unread("Access is denied.")
START = RegistryValue("Start", RegistryType.DWORD, 2)
KEY = RegistryKey(r"HKLM\A", (START,), ("B",))


def image(*regions: Region) -> RegistryImage:
    return RegistryImage(regions)


PLAIN = Region(r"HKLM\A", False, {r"hklm\a": KEY})
DEEP = Region(r"HKLM\A", True, {r"hklm\a": KEY, r"hklm\a\b": RegistryKey(r"HKLM\A\B")})


@pytest.mark.parametrize(
    ("seen", "path", "name", "answer"),
    [
        (image(PLAIN), r"HKLM\a", "START", START),
        (image(PLAIN), r"HKLM\A", "Other", ABSENT),
        (image(PLAIN), r"HKLM\A\B", "Start", Unread("was not asked for")),
        (image(PLAIN), r"HKLM\AB", "Start", Unread("was not asked for")),
        (image(DEEP), r"HKLM\A\B", "Start", ABSENT),
        (image(DEEP), r"HKLM\A\Nowhere", "Start", ABSENT),
        (image(Region(r"HKLM\A", True, ABSENT)), r"HKLM\A\B", "Start", ABSENT),
        (image(Region(r"HKLM\A", True, DENIED)), r"HKLM\A\B", "Start", DENIED),
        (image(Region(r"HKLM\A", False, {r"hklm\a": KEY}, frozenset({"start"}))), r"HKLM\A", "Start", START),
        (
            image(Region(r"HKLM\A", False, {r"hklm\a": KEY}, frozenset({"start"}))),
            r"HKLM\A",
            "Type",
            Unread("was not asked for"),
        ),
        (image(Region(r"HKLM\A", True, {}, keys_only=True)), r"HKLM\A", "Start", Unread("was not asked for")),
        (image(Region(r"HKLM\A", False, DENIED), PLAIN), r"HKLM\A", "Start", DENIED),  # the first counts
        (image(DEEP), r"HKLM\A", "POP3 Password", Unread("may hold a password and is never read")),
    ],
)
def test_values(seen: RegistryImage, path: str, name: str, answer: object) -> None:
    assert seen.value(path, name) == answer


@pytest.mark.parametrize(
    ("seen", "path", "answer"),
    [
        (image(PLAIN), r"hklm\A", KEY),
        (image(PLAIN), r"HKLM\A\B", Unread("was not asked for")),
        (image(PLAIN), r"HKLM\A\C", ABSENT),  # its parent's subkeys were listed
        (
            image(Region(r"HKLM\A", False, {r"hklm\a": KEY}, lists_subkeys=False)),
            r"HKLM\A\C",
            Unread("was not asked for"),
        ),
        (image(Region(r"HKLM\A", False, ABSENT)), r"HKLM\A\C", ABSENT),
        (image(), r"HKLM\A", Unread("was not asked for")),
    ],
)
def test_keys(seen: RegistryImage, path: str, answer: object) -> None:
    assert seen.key(path) == answer


def test_below() -> None:
    assert image(DEEP).below(r"HKLM\A") == (RegistryKey(r"HKLM\A\B"),)
    assert image(DEEP).below(r"HKLM\A\Nowhere") is ABSENT
    assert image(PLAIN).below(r"HKLM\A") == Unread("was not asked for")
    assert image(Region(r"HKLM\A", True, DENIED)).below(r"HKLM\A\B") == DENIED


REGIONS = st.sampled_from([PLAIN, DEEP, Region(r"HKLM\A", True, ABSENT), Region(r"HKLM\Z", True, DENIED)])


@given(
    st.lists(REGIONS, max_size=3),
    st.sampled_from([r"HKLM\A", r"HKLM\A\B", r"HKLM\Q"]),
    st.sampled_from(["Start", "New"]),
    st.integers(0, 2**32 - 1),
)
def test_what_was_written_is_read_back_and_nothing_else_moves(
    regions: list[Region], path: str, name: str, number: int
) -> None:
    before = RegistryImage(tuple(regions))
    after = before.with_value(path, RegistryValue(name, RegistryType.DWORD, number))
    assert after.value(path, name) == RegistryValue(name, RegistryType.DWORD, number)
    for other in ("Start", "New", "Third"):
        if other != name:
            assert after.value(path, other) == before.value(path, other)
    assert after.value(r"HKLM\Z", "Start") == before.value(r"HKLM\Z", "Start")


def test_a_write_does_not_make_the_unread_known() -> None:
    seen = image(Region(r"HKLM\A", True, DENIED)).with_value(r"HKLM\A", START)
    assert seen.value(r"HKLM\A", "Start") == DENIED
    assert seen.unread() == ((r"HKLM\A", "Access is denied."),)


@pytest.mark.parametrize("name", ["POP3 Password", "SMTP Password2", "IMAP PASSWORD", "password"])
def test_secret_names(name: str) -> None:
    assert is_secret(name)


def test_short_path() -> None:
    assert short_path(r"HKEY_LOCAL_MACHINE\A\B") == r"HKLM\A\B"
    assert short_path(r"HKEY_USERS") == "HKU"
    assert short_path(r"Elsewhere\A") == r"Elsewhere\A"
