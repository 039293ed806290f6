# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is verified, and what two sides amount to together."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Protocol, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Outcome
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.verification import (
    ControllerAnswer,
    Proof,
    SeenCertificate,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import audit
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.verification import (
    MOST,
    Result,
    of_controller,
    of_host,
    targets,
    together,
    verdict,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.server_options import parse_servers
from tests.support.hosts import ALICE, TODAY, Keys, host

W, F, U = Outcome.WORKS, Outcome.FAILS, Outcome.UNKNOWN
ACCOUNTS = ALICE.root + r"\Software\Microsoft\Internet Account Manager\Accounts"


def account(server: str) -> dict[str, str | int]:
    return {
        "POP3 Server": server,
        "POP3 Port": 995,
        "POP3 Secure Connection": 1,
        "SMTP Server": server,
        "SMTP Port": 465,
        "SMTP Secure Connection": 1,
    }


def test_every_server_once_however_many_want_it() -> None:
    keys: Keys = {
        ACCOUNTS + r"\00000001": account("mail.example"),
        ACCOUNTS + r"\00000002": account("MAIL.example."),
    }
    servers = parse_servers([{"host": "other.example", "port": 993}, {"host": "mail.example", "port": 995}])
    ctx = host("win7-sp1", keys, options=AuditOptions(today=TODAY, servers=servers))
    found, left = targets(ctx, audit(ctx))
    assert left == ()
    assert sorted((one.server.lower().rstrip("."), one.port, len(one.wanted_by)) for one in found) == [
        ("mail.example", 465, 2),
        ("mail.example", 995, 2),
        ("other.example", 993, 1),
    ]
    assert {one.security for one in found} == {Security.IMPLICIT}
    assert {one.audit for target in found for one in target.wanted_by} == {F}


def test_not_more_than_fifty() -> None:
    servers = parse_servers([{"host": f"s{number}.example", "port": 993} for number in range(MOST + 2)])
    ctx = host("win10-1709", options=AuditOptions(today=TODAY, servers=servers))
    found, left = targets(ctx, audit(ctx))
    assert (len(found), [one.server for one in left]) == (MOST, ["s50.example", "s51.example"])


@pytest.mark.parametrize(
    ("answer", "outcome", "word"),
    [
        (ControllerAnswer("x", versions=(Protocol.TLS12,)), W, ""),
        (ControllerAnswer("x", versions=(Protocol.TLS12,), certificate=SeenCertificate(True, "", "A")), W, ""),
        (ControllerAnswer("x", versions=(Protocol.TLS12,), certificate=SeenCertificate(False, "old", "A")), U, "old"),
        (ControllerAnswer("x", "refused"), F, "refused"),
        (ControllerAnswer("x", "no name", tried=False), U, "no name"),
    ],
)
def test_the_controller(answer: ControllerAnswer, outcome: Outcome, word: str) -> None:
    found = of_controller(answer)
    assert found.outcome is outcome
    assert word in found.why


@pytest.mark.parametrize(
    ("controller", "proof", "expected"),
    [
        (W, None, W),
        (F, None, F),
        (U, None, U),
        (W, Proof.WORKS, W),
        (F, Proof.WORKS, W),
        (U, Proof.WORKS, W),
        (W, Proof.FAILS, F),
        (F, Proof.FAILS, F),
        (W, Proof.NOTHING, U),
        (U, Proof.NOTHING, U),
        (F, Proof.NOTHING, F),
        (None, Proof.WORKS, W),
        (None, Proof.FAILS, F),
        (None, Proof.NOTHING, U),
        (None, None, U),
    ],
)
def test_both_sides(controller: Outcome | None, proof: Proof | None, expected: Outcome) -> None:
    left = None if controller is None else Result(controller, "left")
    right = None if proof is None else of_host(proof, "right")
    found = together(left, right)
    assert found.outcome is expected
    assert bool(found.why) is (expected is not W or (controller is W and proof is None))


@pytest.mark.parametrize(
    ("outcomes", "complete", "word"),
    [
        ([W, W], True, "ok"),
        ([W, U], True, "unknown"),
        ([W, U, F], True, "failed"),
        ([W], False, "unknown"),
        ([F], False, "failed"),
        ([], True, "unknown"),
    ],
)
def test_the_verdict(outcomes: list[Outcome], complete: bool, word: str) -> None:
    assert verdict(outcomes, complete=complete) == word
