# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``relay``."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailProtocol, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.relay_ends import relay_ends
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.repointing import RelayEnd
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError

GOOD: t.Final[dict[str, t.Any]] = {
    "server": "pop.example.com",
    "port": 995,
    "protocol": "pop3",
    "host": "10.0.7.2",
    "listen_port": 1110,
    "security": "none",
}


def test_an_entry_becomes_an_end() -> None:
    expected = RelayEnd("pop.example.com", 995, MailProtocol.POP3, "10.0.7.2", 1110, Security.NONE)
    assert relay_ends([GOOD]) == (expected,)
    assert relay_ends(None) == relay_ends([]) == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"server": None}, r"relay\[0\]: server is missing"),
        ({"port": None, "host": None}, r"relay\[0\]: port or host is missing"),
        ({"port": "995"}, r"relay\[0\]: A relay needs a port from 1 to 65535, not '995'"),
        ({"port": True}, r"relay\[0\]: A relay needs a port from 1 to 65535, not True"),
        ({"server": 10}, r"relay\[0\]: A relay needs the name or the IPv4 address of a host, not 10"),
        ({"listen_port": 0}, "A relay needs a port from 1 to 65535, not 0"),
        ({"host": "10.0.7.2 & calc"}, "A relay needs the name or the IPv4 address of a host"),
        ({"protocol": "http"}, r"relay\[0\]\.protocol: 'http' is not one of"),
        ({"security": "auto"}, r"relay\[0\]\.security: 'auto' is not one of none, implicit or starttls"),
        ({"passwort": "x"}, r"relay\[0\]: there is no key 'passwort' here"),
    ],
)
def test_what_is_wrong_with_an_entry(change: dict[str, t.Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        relay_ends([{**GOOD, **change}])


def test_two_ways_to_one_place_contradict_each_other() -> None:
    with pytest.raises(OptionError, match=r"relay\[1\]: 10\.0\.7\.2 port 1110 stands there with another protocol"):
        relay_ends([GOOD, {**GOOD, "server": "pop2.example.com", "security": "starttls"}])
