# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The language of a Windows, and whether it is in a domain."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.install_facts import (
    in_domain,
    install_language,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryData, Unread
from tests.support.hosts import KNOWLEDGE, Keys, host

LANGUAGE = KNOWLEDGE.registry["install-language"].key
NETLOGON = KNOWLEDGE.registry["netlogon-start"].key


@pytest.mark.parametrize(
    ("data", "langid"),
    [
        ("0409", "0409"),
        ("0C0A", "0c0a"),
        ("409", None),
        ("04091", None),
        ("0409\n", None),
        ("\u0660409", None),
        ("", None),
        (0x409, None),
        (("0409",), None),
    ],
)
def test_the_language_of_windows(data: RegistryData, langid: str | None) -> None:
    assert install_language(host("xp-sp3", {LANGUAGE: {"InstallLanguage": data}})) == langid


def test_a_language_that_was_not_read_is_none() -> None:
    assert install_language(host("xp-sp3")) is None
    assert install_language(host("xp-sp3", unread={LANGUAGE: "Denied."})) is None


@pytest.mark.parametrize(
    ("layer", "member"),
    [
        ({NETLOGON: {"Start": 2}}, True),
        ({NETLOGON: {"Start": 3}}, False),
        ({NETLOGON: {"Start": 4}}, False),
        ({NETLOGON: {"Start": "2"}}, False),
        ({NETLOGON: {}}, False),
        ({}, False),
    ],
)
def test_members_of_a_domain(layer: Keys, member: bool) -> None:
    assert in_domain(host("xp-sp3", layer)) is member


def test_who_was_not_asked_is_neither() -> None:
    found = in_domain(host("xp-sp3", unread={NETLOGON: "Denied."}))
    assert found == Unread(rf"{NETLOGON}\Start: Denied")
