# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of servers in accounts, in options and in certificates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.host_names import canonical, covers


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("MAIL.Example.", "mail.example"),
        ("müller.example", "xn--mller-kva.example"),
        ("XN--MLLER-KVA.example", "xn--mller-kva.example"),
        ("[2001:DB8::0:1]", "2001:db8::1"),
        ("192.0.2.1", "192.0.2.1"),
        ("a..b", "a..b"),
        ("", ""),
    ],
)
def test_one_spelling(name: str, expected: str) -> None:
    assert canonical(name) == expected


@pytest.mark.parametrize(
    ("certificate", "host", "expected"),
    [
        ("mail.example", "MAIL.example.", True),
        ("*.example", "mail.example", True),
        ("*.example", "a.mail.example", False),
        ("*.example", "example", False),
        ("xn--mller-kva.example", "müller.example", True),
        ("*.xn--mller-kva.example", "mail.müller.example", True),
        ("192.0.2.1", "192.0.2.1", True),
        ("*.0.2.1", "192.0.2.1", False),
        ("2001:db8::1", "2001:0db8::0001", True),
        ("*.example", ".example", False),
    ],
)
def test_what_a_certificate_is_for(certificate: str, host: str, expected: bool) -> None:
    assert covers(certificate, host) is expected


@given(st.text(max_size=80))
def test_any_text_has_a_form_that_stays(name: str) -> None:
    assert canonical(canonical(name)) == canonical(name)
