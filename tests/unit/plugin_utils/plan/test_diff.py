# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps as people see them."""

from __future__ import annotations

import itertools

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep, RuleStep, Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.diff import diff
from tests.support.hosts import ALICE, PROTOCOLS, value
from tests.unit.plugin_utils.plan.runs_on_images import RULES

CLIENT = PROTOCOLS + r"\TLS 1.2\Client"
LONG = CLIENT.replace("HKLM", "HKEY_LOCAL_MACHINE")
ALLOW = "v2.10|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|RPort=993|Name=M|"
STEPS: tuple[Step, ...] = (
    RegistryStep("tls", CLIENT, "Enabled", ABSENT, value("Enabled", 1), creates=(CLIENT.rpartition("\\")[0], CLIENT)),
    RegistryStep("tls", CLIENT, "DisabledByDefault", ABSENT, value("DisabledByDefault", 0)),
    RegistryStep("proxy", ALICE.root + r"\A", "", value("", "old"), ABSENT),
    RuleStep(RULES, "", "M", ABSENT, ALLOW),
)


def test_before_and_after_line_by_line() -> None:
    rules = RULES.replace("HKLM", "HKEY_LOCAL_MACHINE")
    user = ALICE.root.replace("HKU", "HKEY_USERS") + r"\A"
    found = diff(STEPS)
    assert found["before"].splitlines() == [
        f"[{LONG.rpartition(chr(92))[0]}] (absent)",
        f"[{LONG}] (absent)",
        '"DisabledByDefault"=(absent)',
        '"Enabled"=(absent)',
        f"[{rules}]",
        'rule "M"=(absent)',
        f"[{user}]",
        '@="old"',
    ]
    assert found["after"].splitlines() == [
        f"[{LONG.rpartition(chr(92))[0]}]",
        f"[{LONG}]",
        '"DisabledByDefault"=dword:00000000',
        '"Enabled"=dword:00000001',
        f"[{rules}]",
        'rule "M"=allow, out, TCP, to ports 993, in any profile, on',
        f"[{user}]",
        "@=(absent)",
    ]
    assert found["after"].endswith("\n")


def test_nothing_and_any_order() -> None:
    assert diff(()) == {"before": "", "after": ""}
    assert len({tuple(diff(order).values()) for order in itertools.permutations(STEPS)}) == 1


def test_of_two_steps_of_a_place_the_first_tells_what_was_and_the_last_what_will_be() -> None:
    two = tuple(RegistryStep("tls", CLIENT, "x", value("x", n), value("x", n + 1)) for n in (1, 2))
    found = diff(two)
    assert [text.splitlines()[1] for text in found.values()] == ['"x"=dword:00000001', '"x"=dword:00000003']


def test_a_key_that_may_go() -> None:
    step = RegistryStep("tls", CLIENT, "x", value("x", 1), ABSENT, removes=(CLIENT,))
    assert diff((step,))["after"].splitlines() == [f"[{LONG}] (absent if it is empty)", '"x"=(absent)']


def test_no_login_is_shown() -> None:
    step = RegistryStep("proxy", ALICE.root, "ProxyServer", value("ProxyServer", "bob:S3cr/et@proxy:80"), ABSENT)
    assert diff((step,))["before"].splitlines()[1] == '"ProxyServer"=(not shown: may hold a user and a password)'
