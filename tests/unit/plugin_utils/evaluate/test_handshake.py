# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client offers × what a server accepts."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.effective import schannel
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.handshake import ClientHello, meet
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.suites import offer
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import (
    Acceptance,
    Certificate,
    Protocol,
    Security,
    Source,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Outcome
from tests.support.hosts import PROTOCOLS, SCHANNEL, host

RSA_CBC = "TLS_RSA_WITH_AES_128_CBC_SHA"
ECDHE_CBC = "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"
ECDHE_GCM = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
ON7 = {PROTOCOLS + r"\TLS 1.2\Client": {"DisabledByDefault": 0}}


def accepts(
    *tls: str, suites: tuple[str, ...] | None = None, source: Source = Source.DECLARED, **more: object
) -> Acceptance:
    versions = frozenset(Protocol(f"TLS {version}") for version in tls)
    return Acceptance(source, versions, frozenset(Protocol) - versions, suites, **more)  # type: ignore[arg-type]


def outcome(
    os_id: str, acceptance: Acceptance, layer: dict[str, dict[str, int]] | None = None, **fields: object
) -> Outcome:
    ctx = host(os_id, layer or {}, **fields)
    hello = ClientHello(schannel(ctx), offer(ctx))
    found = {c.outcome for c in meet(ctx, hello, "mail.example", Security.IMPLICIT, acceptance)}
    return next((o for o in (Outcome.FAILS, Outcome.UNKNOWN) if o in found), Outcome.WORKS)


@pytest.mark.parametrize(
    ("os_id", "acceptance", "layer", "expected"),
    [
        ("win7-sp1", accepts("1.2"), {}, Outcome.FAILS),
        ("win7-sp1", accepts("1.2"), ON7, Outcome.WORKS),
        ("win7-sp1", accepts("1.0", "1.2"), {}, Outcome.WORKS),
        ("win7-sp1", accepts("1.2", suites=(ECDHE_GCM,)), ON7, Outcome.FAILS),  # no ECDHE_RSA GCM before Windows 10
        ("win8.1", accepts("1.2", suites=(ECDHE_GCM,)), {}, Outcome.FAILS),
        ("win10-1709", accepts("1.2", suites=(ECDHE_GCM,)), {}, Outcome.WORKS),
        ("win7-sp1", accepts("1.2", suites=(ECDHE_CBC,)), ON7, Outcome.WORKS),
        ("win11-24h2", accepts("1.3"), {}, Outcome.WORKS),
        ("win10-22h2", accepts("1.3"), {}, Outcome.FAILS),
        ("server-2003-sp2", accepts("1.2"), {}, Outcome.FAILS),
        ("server-2003-sp2", accepts("1.0", suites=(RSA_CBC,)), {}, Outcome.FAILS),  # AES only with KB948963
    ],
)
def test_versions_and_suites(
    os_id: str, acceptance: Acceptance, layer: dict[str, dict[str, int]], expected: Outcome
) -> None:
    assert outcome(os_id, acceptance, layer) is expected


def test_what_the_controller_could_not_offer_is_unknown_and_not_refused() -> None:
    probe = Acceptance(Source.PROBE, frozenset(), frozenset(Protocol) - {Protocol.SSL3})
    assert outcome("win7-sp1", probe) is Outcome.UNKNOWN
    only_rc4_left = Acceptance(
        Source.PROBE,
        frozenset({Protocol.TLS10}),
        frozenset(),
        (ECDHE_GCM,),
        frozenset({"TLS_RSA_WITH_RC4_128_SHA"}),
    )
    assert outcome("server-2003-sp2", only_rc4_left) is Outcome.UNKNOWN


def test_a_failed_probe_is_unknown() -> None:
    assert outcome("win11-24h2", Acceptance(Source.PROBE, error="timed out")) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("os_id", "certificate", "expected"),
    [
        ("win11-24h2", Certificate(not_after="2026-11-21T00:00:00Z"), Outcome.FAILS),
        ("win11-24h2", Certificate(not_after="2026-11-22T00:00:00Z"), Outcome.WORKS),
        ("win11-24h2", Certificate(names=("*.example",)), Outcome.WORKS),
        ("win11-24h2", Certificate(names=("other.example",)), Outcome.FAILS),
        ("server-2003-sp2", Certificate(needs_sni=True), Outcome.FAILS),
        ("vista-sp2", Certificate(needs_sni=True), Outcome.WORKS),
        ("server-2003-sp2", Certificate(key="ecdsa"), Outcome.FAILS),
        ("server-2003-sp2", Certificate(signature="sha256"), Outcome.FAILS),
        ("xp-sp3", Certificate(signature="sha256"), Outcome.WORKS),
    ],
)
def test_certificates(os_id: str, certificate: Certificate, expected: Outcome) -> None:
    assert outcome(os_id, accepts("1.0", "1.2", certificate=certificate)) is expected


def test_switched_off_ciphers_and_policy_orders_count() -> None:
    off = {SCHANNEL + r"\Ciphers\AES 256/256": {"Enabled": 0}, **ON7}
    assert outcome("win7-sp1", accepts("1.2", suites=(ECDHE_CBC,)), off) is Outcome.FAILS
    order = r"HKLM\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002"
    policy = {order: {"Functions": "TLS_RSA_WITH_AES_128_CBC_SHA,TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384_P256"}}
    assert outcome("win10-22h2", accepts("1.2", suites=(ECDHE_CBC,)), policy) is Outcome.WORKS
    assert outcome("win10-22h2", accepts("1.2", suites=(ECDHE_GCM,)), policy) is Outcome.FAILS


def test_an_unread_suite_order_is_unknown() -> None:
    ctx = host("win10-22h2", unread={r"HKLM\SOFTWARE\Policies\Microsoft\Cryptography": "Access is denied."})
    assert isinstance(offer(ctx), Unread)


def test_fips_takes_rc4_away() -> None:
    fips = {r"HKLM\SYSTEM\CurrentControlSet\Control\Lsa": {"FipsAlgorithmPolicy": 1}}
    plain, strict = offer(host("server-2003-sp2")), offer(host("server-2003-sp2", fips))
    assert not isinstance(plain, Unread)
    assert not isinstance(strict, Unread)
    assert any("RC4" in suite.name for suite in plain.suites)
    assert not any("RC4" in suite.name for suite in strict.suites)
    assert any("3DES" in suite.name for suite in strict.suites)
