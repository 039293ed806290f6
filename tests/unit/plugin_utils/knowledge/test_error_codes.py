# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of connections over TLS: every spelling of a code finds its row, and what the table refuses."""

from __future__ import annotations

import copy
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import loader, lookup

K = loader.load()
RAW = loader.read_files()
FILE = "error_codes.yml"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (12152, "INVALID_SERVER_RESPONSE"),
        (0x80072F78, "INVALID_SERVER_RESPONSE"),
        (-2147012744, "INVALID_SERVER_RESPONSE"),
        (0x80072F7D, "SECURE_CHANNEL_ERROR"),
        (0x80072F8F, "SECURE_FAILURE"),
        (0x80090304, "SEC_E_INTERNAL_ERROR"),
        (0x80090326, "SEC_E_ILLEGAL_MESSAGE"),
        (0x80092012, "CRYPT_E_NO_REVOCATION_CHECK"),
        (0x80092013, "CRYPT_E_REVOCATION_OFFLINE"),
        (-2146893018, "SEC_E_ILLEGAL_MESSAGE"),
        (0x326, None),
        (0x80070000, None),
        (0x80004005, None),
        (0x80092F78, None),
        (0, None),
    ],
)
def test_every_spelling_of_a_code(code: int, name: str | None) -> None:
    found = lookup.error_of(K, code)
    assert (found and found.id) == name


@given(st.integers(-(1 << 31), (1 << 32) - 1))
def test_signed_or_not_is_the_same(code: int) -> None:
    assert lookup.error_of(K, code) == lookup.error_of(K, code % (1 << 32))


@pytest.mark.parametrize("code", [1 << 32, -(1 << 31) - 1])
def test_codes_of_more_bits_are_refused(code: int) -> None:
    with pytest.raises(ValueError, match="more than 32 bits"):
        lookup.error_of(K, code)


def test_alerts_of_the_server_have_two_sources_and_what_comes_before_the_answer_is_finished() -> None:
    assert K.error_codes["SEC_E_ILLEGAL_MESSAGE"].confidence == "2+"
    finished = {row.id for row in K.error_codes.values() if row.handshake == "works"}
    assert finished == {"INVALID_SERVER_RESPONSE", "REDIRECT_FAILED"}
    failed = {row.code for row in K.error_codes.values() if row.handshake == "fails"}
    assert failed == {12157, 0x80090302, 0x80090326, 0x80090331}


@pytest.mark.parametrize(
    ("row", "field", "value", "problem"),
    [
        ("TIMEOUT", "code", -1, "code: must be unsigned"),
        ("TIMEOUT", "code", 1 << 32, "code: must be unsigned"),
        ("TIMEOUT", "code", 12007, "code: is the one of TIMEOUT too"),
        ("TIMEOUT", "code", 0x80072EE2, "code: must be that of the Win32 error, 12002"),
        ("TIMEOUT", "says", "Too late.", "says: must be a clause"),
        ("TIMEOUT", "says", "", "says: must be a clause"),
        ("TIMEOUT", "advice", [""], "advice: must be a clause"),
        ("TIMEOUT", "advice", [], "advice: must be given where"),
        ("TIMEOUT", "handshake", "works", "advice: must be given where"),
    ],
)
def test_names_the_defect(row: str, field: str, value: t.Any, problem: str) -> None:
    raw = {**RAW, FILE: copy.deepcopy(RAW[FILE])}
    next(one for one in raw[FILE] if one["id"] == row)[field] = value
    found = loader.check(loader.build(raw))
    assert any(line.startswith(FILE) and problem in line for line in found), found
