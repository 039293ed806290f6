# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What places hold, in words, and whether that is what steps say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep, RuleStep, Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Absent,
    Region,
    RegistryImage,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.places import (
    Content,
    clause_words,
    content,
    content_words,
    place_words,
    same,
    unlike,
)
from tests.support.hosts import ALICE, PROTOCOLS, region, value
from tests.unit.plugin_utils.plan.runs_on_images import RULES

CLIENT = PROTOCOLS + r"\TLS 1.2\Client"
INET = ALICE.root + r"\Settings"
ALLOW = "v2.10|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|RPort=993|Name=M|"
NETSH = "v2.31|Active=TRUE|Dir=Out|Action=Allow|Protocol=6|RPort2_10=993-993|Name=M|"
HIDDEN = "(not shown: may hold a user and a password)"
ENABLED = RegistryStep("tls", CLIENT, "Enabled", ABSENT, value("Enabled", 1), creates=(CLIENT,))
PROXY = RegistryStep("proxy", INET, "ProxyServer", value("ProxyServer", "old:1"), value("ProxyServer", "new:1"))
ADDED = RuleStep(RULES, "", "M", ABSENT, ALLOW)


def image(rule: str = "", proxy: object = None, **enabled: object) -> RegistryImage:
    machine = {PROTOCOLS: {}, RULES: {"{1}": rule} if rule else {}}
    machine |= {CLIENT: enabled} if enabled else {}  # type: ignore[dict-item]
    users = {INET: {} if proxy is None else {"proxyserver": proxy}}
    return RegistryImage((region("HKLM", machine), region("HKU", users)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (ABSENT, "(absent)"),
        (value("x", 0xA80), "dword:00000a80"),
        (RegistryValue("x", RegistryType.QWORD, 1), "qword:0000000000000001"),
        (value("x", b"\x46\x00"), "hex:46,00"),
        (RegistryValue("x", RegistryType.DWORD, b"\x01"), "hex(4):01"),
        (RegistryValue("x", RegistryType.NONE, b""), "hex(0):"),
        (value("x", 'say "a"\x1b[2J\u202e'), r'"say \"a\"\x1b[2J\u202e"'),
        (RegistryValue("x", RegistryType.EXPAND_SZ, "%a%"), 'REG_EXPAND_SZ:"%a%"'),
        (value("x", ("a", "b")), "REG_MULTI_SZ:\n  a\n  b"),
        (value("x", ()), "REG_MULTI_SZ:"),
    ],
)
def test_contents(held: RegistryValue | Absent, words: str) -> None:
    assert content_words(held) == words


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (RegistryType.SZ, "http://bob:S3cret@proxy:80"),
        (RegistryType.SZ, "http=bob:S3cr et@proxy:80"),
        (RegistryType.SZ, "http://bob:S3cret%40proxy:80"),
        (RegistryType.MULTI_SZ, ("bob:S3cret", "@proxy:80")),
        (RegistryType.NONE, "bob:S3cret@proxy:80".encode("utf-16-le")),
        (RegistryType.BINARY, b"bob:S3cret@proxy:80"),
        (RegistryType.DWORD, b"S3cret@proxy"),
        (RegistryType.NONE, b"S3cret@proxy".hex() + "0"),
    ],
)
def test_no_words_hold_a_login(kind: RegistryType, data: str | bytes | tuple[str, ...]) -> None:
    held = RegistryValue("ProxyServer", kind, data)
    assert content_words(held) == clause_words(held) == HIDDEN


def test_within_a_sentence_a_list_stands_in_one_line_and_nothing_is_long() -> None:
    assert clause_words(value("x", ("a", "b"))) == "REG_MULTI_SZ: a b"
    assert len(clause_words(value("x", b"\xff" * 5000))) == 400


def test_places() -> None:
    assert place_words(ENABLED) == f"{CLIENT}\\Enabled"
    assert place_words(RegistryStep("proxy", INET, "", ABSENT, ABSENT)) == rf"{INET}\(default)"
    assert place_words(ADDED) == 'the firewall rule "M"'


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (ABSENT, ABSENT, True),
        (ABSENT, ALLOW, False),
        (value("x", 1), ABSENT, False),
        (value("x", 1), ALLOW, False),
        (value("x", 1), value("X", 1), True),
        (value("x", 1), value("x", 2), False),
        (value("x", "1"), RegistryValue("x", RegistryType.EXPAND_SZ, "1"), False),
        (ALLOW, NETSH, True),
        (ALLOW, ALLOW.replace("993", "994"), False),
    ],
)
def test_the_same_content(one: Content, other: Content, alike: bool) -> None:
    for pair in ((one, other), (other, one)):
        assert same(*pair) is alike


def test_a_value_has_the_name_that_its_step_has() -> None:
    assert content(image(proxy="old:1"), PROXY) == PROXY.before
    assert content(image(), PROXY) is ABSENT
    assert content(image(rule=NETSH), ADDED) == NETSH
    assert isinstance(content(RegistryImage(), ADDED), Unread)


@pytest.mark.parametrize(
    ("step", "held", "said"),
    [
        (ENABLED, image(), ""),
        (PROXY, image(proxy="old:1"), ""),
        (ADDED, image(), ""),
        (ENABLED, image(Other=1), f"{CLIENT} is there by now"),
        (PROXY, image(), f"{INET}\\ProxyServer is not there"),
        (PROXY, image(proxy=7), f"{INET}\\ProxyServer is dword:00000007"),
        (PROXY, image(proxy="http://bob:S3cret@proxy:8080"), f"{INET}\\ProxyServer is {HIDDEN}"),
        (ADDED, image(rule=NETSH), 'the firewall rule "M" is allow, out, TCP, to ports 993, in any profile, on'),
        (
            PROXY,
            RegistryImage((Region("HKU", True, Unread("Access is denied.")),)),
            f"{INET}\\ProxyServer could not be read: Access is denied",
        ),
    ],
)
def test_what_is_not_as_the_step_says(step: Step, held: RegistryImage, said: str) -> None:
    assert unlike(held, (step,), "before") == ((said,) if said else ())


def test_afterwards_the_keys_that_a_step_made_are_there() -> None:
    done = image(rule=NETSH, proxy="new:1", Enabled=1)
    assert unlike(done, (ENABLED, PROXY, ADDED), "after") == ()
    assert len(unlike(image(), (ENABLED, PROXY, ADDED), "after")) == 3


@given(st.text(min_size=1), st.text())
def test_whatever_stands_around_it_no_login_is_shown(name: str, rest: str) -> None:
    assert content_words(value(name, f"S3cret@{rest}")) == HIDDEN
