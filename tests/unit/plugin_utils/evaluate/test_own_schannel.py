# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer of WinHTTP proves: the table of answers, and the rule of the mask on whole hosts."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.own_schannel import judge, meaning
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Acceptance, Protocol, Source
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Outcome
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.verification import Proof, Reply
from tests.support.hosts import KNOWLEDGE, PROTOCOLS, Keys, host

TLS10, TLS12, TLS13 = Protocol.TLS10, Protocol.TLS12, Protocol.TLS13
WINHTTP = KNOWLEDGE.registry["winhttp-native"].key
NO_COMMON, NOT_HTTP, SECURE = 0x80072F7D, 0x80072F78, 0x80072F8F
ONLY_12 = Acceptance(Source.DECLARED, tls=frozenset({TLS12}), refused=frozenset(Protocol) - {TLS12})
ASSUMED = Acceptance(Source.ASSUMED, tls=frozenset({TLS12}), refused=frozenset(Protocol) - {TLS12})
SILENT = Acceptance(Source.PROBE, error="no answer")
OFF: Keys = {PROTOCOLS + r"\TLS 1.2\Client": {"Enabled": 0, "DisabledByDefault": 1}}
ON: Keys = {PROTOCOLS + r"\TLS 1.2\Client": {"Enabled": 1, "DisabledByDefault": 0}}


@pytest.mark.parametrize(
    ("number", "name", "handshake"),
    [
        (NOT_HTTP, "INVALID_SERVER_RESPONSE", Outcome.WORKS),
        (NO_COMMON, "SECURE_CHANNEL_ERROR", Outcome.FAILS),
        (SECURE, "SECURE_FAILURE", Outcome.UNKNOWN),
        (0x80072EFD, "CANNOT_CONNECT", Outcome.UNKNOWN),
        (0x80072EE7, "NAME_NOT_RESOLVED", Outcome.UNKNOWN),
        (0x80072EE2, "TIMEOUT", Outcome.UNKNOWN),
        (0x80072EFE, "CONNECTION_ERROR", Outcome.UNKNOWN),
        (0x80090326, "SEC_E_ILLEGAL_MESSAGE", Outcome.FAILS),
        (0x80090325, "SEC_E_UNTRUSTED_ROOT", Outcome.UNKNOWN),
        (0x80004005, "", Outcome.UNKNOWN),
    ],
)
def test_errors(number: int, name: str, handshake: Outcome) -> None:
    found = meaning(KNOWLEDGE, Reply("error", number))
    assert (found.name, found.handshake) == (name, handshake)
    assert found.says


@pytest.mark.parametrize("status", [200, 400, 401, 503])
def test_any_answer_in_http_comes_after_a_handshake(status: int) -> None:
    assert meaning(KNOWLEDGE, Reply("status", status)).handshake is Outcome.WORKS


def test_every_error_of_the_table_is_told_as_it_stands_there() -> None:
    for row in KNOWLEDGE.error_codes.values():
        found = meaning(KNOWLEDGE, Reply("error", 0x80070000 + row.code if row.code < 1 << 16 else row.code))
        assert (found.name, found.handshake.value, found.says) == (row.id, row.handshake, row.says)
        assert found.handshake is Outcome.WORKS or all(one in found.advice for one in row.advice)
        assert (found.handshake is Outcome.WORKS) == (not found.advice)


#: os, registry, error, what is known of the server, versions that the controller saw, what it proves, a word of why.
RULE: list[tuple[str, Keys, int, Acceptance, set[Protocol], Proof, str]] = [
    # A success proves SCHANNEL ...
    ("win10-1709", {}, NOT_HTTP, ASSUMED, set(), Proof.WORKS, "own SCHANNEL"),
    ("win7-sp1", ON, NOT_HTTP, ONLY_12, set(), Proof.WORKS, "own SCHANNEL"),
    ("xp-sp3", {}, NOT_HTTP, ASSUMED, set(), Proof.WORKS, "own SCHANNEL"),
    # ... but for versions that only a caller gets who names them.
    ("win7-sp1", {}, NOT_HTTP, ONLY_12, set(), Proof.NOTHING, "off by default"),
    # A failure, and the mask holds the version.
    ("win10-1709", OFF, NO_COMMON, ONLY_12, set(), Proof.FAILS, "TLS 1.2"),
    ("win10-1709", OFF, NO_COMMON, ASSUMED, {TLS12}, Proof.FAILS, "TLS 1.2"),
    ("win10-1709", OFF, NO_COMMON, ASSUMED, {TLS13, TLS12}, Proof.FAILS, "TLS 1.2"),
    ("win10-1709", OFF, NO_COMMON, SILENT, {TLS12}, Proof.FAILS, "TLS 1.2"),
    # The mask does not hold it: Windows 7 as shipped, and a mask of TLS 1.0 on Windows 10.
    ("win7-sp1", ON, NO_COMMON, ONLY_12, set(), Proof.NOTHING, "does not offer TLS 1.2"),
    ("win10-1709", {WINHTTP: {"DefaultSecureProtocols": 0x80}}, NO_COMMON, ONLY_12, set(), Proof.NOTHING, "offer TLS"),
    # The mask holds a version, but mail clients may have another one in common with the server.
    (
        "win10-1709",
        {WINHTTP: {"DefaultSecureProtocols": 0x80}},
        NO_COMMON,
        Acceptance(Source.DECLARED, tls=frozenset({TLS10, TLS12})),
        set(),
        Proof.NOTHING,
        "mail clients here may offer",
    ),
    # What is assumed of a server is not known of it.
    ("win10-1709", OFF, NO_COMMON, ASSUMED, set(), Proof.NOTHING, "accepts is not known"),
    ("win10-1709", OFF, NO_COMMON, SILENT, set(), Proof.NOTHING, "accepts is not known"),
    # Everything else proves nothing, whatever the mask.
    ("win10-1709", OFF, SECURE, ONLY_12, {TLS12}, Proof.NOTHING, "certificate"),
    ("win10-1709", OFF, 0x80072EFD, ONLY_12, {TLS12}, Proof.NOTHING, "connect"),
    ("win10-1709", OFF, 0x80004005, ONLY_12, {TLS12}, Proof.NOTHING, "no words"),
]


@pytest.mark.parametrize(("os_id", "keys", "error", "accepts", "seen", "proof", "word"), RULE)
def test_the_rule_of_the_mask(
    os_id: str, keys: Keys, error: int, accepts: Acceptance, seen: set[Protocol], proof: Proof, word: str
) -> None:
    found, why = judge(host(os_id, keys)).proof(meaning(KNOWLEDGE, Reply("error", error)), accepts, frozenset(seen))
    assert (found, word in why) == (proof, True), why


def test_an_unread_mask_proves_nothing() -> None:
    ctx = host("win10-1709", OFF, unread={WINHTTP: "access denied"})
    found, why = judge(ctx).proof(meaning(KNOWLEDGE, Reply("error", NO_COMMON)), ONLY_12, frozenset())
    assert found is Proof.NOTHING
    assert "access denied" in why
