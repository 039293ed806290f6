# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of mail accounts: it agrees with the reader of accounts, and each kind of defect is named."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailProtocol
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.account_places import name_of
from tests.support.hosts import KNOWLEDGE
from tests.unit.plugin_utils.knowledge.test_consistency import problems_with

FILE = "account_stores.yml"


@pytest.mark.parametrize(
    ("place", "wrong", "why"),
    [
        ("outlook/id", "thunderbird", "no mail client keeps its accounts there"),
        ("outlook/places/0/path", "app-paths", "is no key in the hive of a user"),
        ("outlook/places/0/path", "outlook-15", "is no key in the hive of a user"),
        ("outlook/places/0/below", r"{profile}\x", "must end in {account}"),
        ("outlook/places/0/below", r"a{profile}\{account}", "a placeholder is a whole name"),
        ("outlook/places/0/below", r"{any}\{account}", "a placeholder is a whole name"),
        ("outlook/without_starttls", "10.0", "no client of this store has the version '10.0'"),
        ("outlook/values/0/name", "{protocol} Password", "no plan touches a password"),
        ("outlook/values/0/name", "{protocol} Port", "smtp port stands there twice"),
        ("outlook/values/0/protocols", "smtp imap", "pop3 needs one server"),
        ("outlook/values/0/protocols", "smtp imap pop3 nntp", "must be mail protocols"),
        ("outlook/values/0/types", "REG_DWORD", "a server is REG_BINARY or REG_EXPAND_SZ or REG_SZ"),
        ("outlook/values/1/types", "REG_SZ", "a port is REG_DWORD"),
        ("outlook/values/1/numbers", {"none": 0}, "belongs to values about encryption"),
        ("outlook/values/2/numbers", None, "belongs to values about encryption"),
        ("outlook/values/2/numbers", {"none": 0, "auto": 3}, "belongs to values about encryption"),
        ("outlook/values/2/known", [0, 1], "must hold every number"),
        ("outlook/values/2/added", "none", "must be words of numbers"),
        ("outlook/values/3/added", "starttls", "must be words of numbers"),
        ("oeaccount/folders", {"Windows Mail": "thunderbird"}, "'thunderbird' keeps no accounts there"),
        ("oeaccount/folders", {}, "or folders, and not both"),
        ("outlook/folders", {"Windows Mail": "windows-mail"}, "or folders, and not both"),
        ("oeaccount/values/1/types", "REG_DWORD", "a port is REG_SZ"),
    ],
)
def test_a_defect_of_the_table_is_named(place: str, wrong: t.Any, why: str) -> None:
    assert any(line.startswith(f"{FILE}: ") and why in line for line in problems_with(FILE, {place: wrong}))


def test_the_names_are_those_that_are_read() -> None:
    names = {
        store.id: {
            name_of(value, protocol)
            for value in store.values
            for protocol in MailProtocol
            if protocol.value in value.protocols
        }
        for store in KNOWLEDGE.account_stores.values()
    }
    every = {
        f"{prefix} {word}" for prefix in ("SMTP", "IMAP", "POP3") for word in ("Server", "Port", "Secure Connection")
    }
    assert names == {
        "outlook-express": every,
        "oeaccount": every,
        "outlook": every | {f"{prefix} Use SSL" for prefix in ("SMTP", "IMAP", "POP3")},
    }
