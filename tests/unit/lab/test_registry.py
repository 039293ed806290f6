# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry behind the stand-ins: names, sharing, access."""

from __future__ import annotations

import pytest

from tests.lab.registry import AccessDenied, Registry

A = r"HKLM\SOFTWARE\A"


def test_names_are_found_without_case_and_keep_their_spelling() -> None:
    registry = Registry("S-1")
    registry.set_text(r"HKLM\Software\MixEd", "VaLue", "x")
    key = registry.find(r"hkey_local_machine\SOFTWARE\mixed")
    assert key is not None
    assert (key.name, [value.name for value in key.values.values()]) == ("MixEd", ["VaLue"])


@pytest.mark.parametrize(
    ("path", "really"),
    [(r"HKCU\X", r"HKU\S-1\X"), (r"HKCR\.txt", r"HKLM\SOFTWARE\Classes\.txt"), (r"HKEY_USERS\S-1\X", r"HKU\S-1\X")],
)
def test_hives_that_lead_elsewhere(path: str, really: str) -> None:
    registry = Registry("S-1")
    registry.create(path)
    assert registry.find(really) is registry.find(path) is not None


def test_a_fork_changes_on_its_own() -> None:
    base = Registry("S-1")
    base.set_text(rf"{A}\B", "v", "old")
    base.set_text(r"HKLM\SOFTWARE\Other", "v", "x")
    one, two = base.fork(), base.fork()
    one.set_text(rf"{A}\B", "v", "new")
    two.delete_key(A)
    base.set_text(rf"{A}\B", "late", "x")
    changed, untouched = one.find(rf"{A}\B"), one.find(r"HKLM\SOFTWARE\Other")
    assert changed is not None
    assert untouched is not None
    assert changed.values["v"].raw == "new\0".encode("utf-16-le")
    assert "late" not in changed.values
    assert two.find(A) is None
    assert not one.shares(changed)
    assert one.shares(untouched)
    assert untouched is base.find(r"HKLM\SOFTWARE\Other")


@pytest.mark.parametrize(
    ("path", "readable"),
    [
        (r"HKLM\SOFTWARE", False),
        (A, False),
        (rf"{A}\B\C", False),
        (r"HKLM\SOFTWARE\Open", True),
        (r"HKLM\SOFTWARE\Open\Below", True),
        (r"HKLM\SOFTWARE\Open\Shut\Below", False),
        (r"HKLM\SYSTEM", True),
        (r"HKLM\SOFTWAREX", True),
    ],
)
def test_unreadable_keys_and_the_exceptions_below_them(path: str, readable: bool) -> None:
    base = Registry("S-1")
    for made in (rf"{A}\B\C", r"HKLM\SOFTWARE\Open\Below", r"HKLM\SOFTWARE\Open\Shut\Below", r"HKLM\SYSTEM"):
        base.create(made)
    registry = base.fork([r"HKLM\Software", r"HKLM\SOFTWARE\Open\Shut"], [r"HKLM\SOFTWARE\open"])
    if readable:
        registry.find(path)
    else:
        with pytest.raises(AccessDenied):
            registry.find(path)


def test_a_key_in_no_hive_is_an_error() -> None:
    with pytest.raises(KeyError, match="no hive"):
        Registry("S-1").find(r"HKXX\A")
