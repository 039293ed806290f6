# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client offers × what a server accepts."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.handshake import client_hello, meet
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
    found = {c.outcome for c in meet(ctx, client_hello(ctx), "mail.example", Security.IMPLICIT, acceptance)}
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


ORDER = r"HKLM\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002"
LOCAL_ORDER = r"HKLM\SYSTEM\CurrentControlSet\Control\Cryptography\Configuration\Local\SSL\00010002"
GAP = {PROTOCOLS + r"\TLS 1.1\Client": {"Enabled": 0}, **ON7}


@pytest.mark.parametrize(
    ("os_id", "acceptance", "layer", "expected"),
    [
        # The server takes the highest version that is not above the client's newest, here one that the client has off.
        ("win7-sp1", accepts("1.0", "1.1"), GAP, Outcome.FAILS),
        ("win7-sp1", accepts("1.0", "1.1", "1.2"), GAP, Outcome.WORKS),
        ("win7-sp1", accepts("1.0"), GAP, Outcome.WORKS),
        # Nobody said which versions: unknown, not refused.
        ("win11-24h2", Acceptance(Source.DECLARED, suites=(ECDHE_GCM,)), {}, Outcome.UNKNOWN),
        # The certificate needs a suite of its kind, and an order by policy may leave none.
        ("win10-22h2", accepts("1.2", certificate=Certificate(key="ecdsa")), {}, Outcome.WORKS),
        (
            "win10-22h2",
            accepts("1.2", certificate=Certificate(key="ecdsa")),
            {ORDER: {"Functions": ECDHE_GCM}},
            Outcome.FAILS,
        ),
        (
            "win10-22h2",
            accepts("1.2"),
            {ORDER: {"Functions": "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"}},
            Outcome.UNKNOWN,
        ),
        # A version without a suite of its own is not offered, whatever its switches say.
        ("win11-24h2", accepts("1.3"), {ORDER: {"Functions": ECDHE_GCM}}, Outcome.FAILS),
        ("win10-22h2", accepts("1.0"), {ORDER: {"Functions": ECDHE_GCM}}, Outcome.FAILS),
        # What a list names and the release does not have by itself.
        (
            "win7-sp1",
            accepts("1.2", suites=(ECDHE_GCM,)),
            {ORDER: {"Functions": f"{ECDHE_GCM}_P256"}, **ON7},
            Outcome.FAILS,
        ),
        (
            "win10-22h2",
            accepts("1.2", suites=("TLS_RSA_WITH_RC4_128_SHA",)),
            {ORDER: {"Functions": f"{ECDHE_GCM},TLS_RSA_WITH_RC4_128_SHA"}},
            Outcome.UNKNOWN,
        ),
        # Before Windows 10 a name without its curve is not known.
        ("win7-sp1", accepts("1.2", suites=(ECDHE_CBC,)), {ORDER: {"Functions": ECDHE_CBC}, **ON7}, Outcome.UNKNOWN),
        # The key of 3DES has one name up to 2003 and another since.
        (
            "server-2003-sp2",
            accepts("1.0", suites=("TLS_RSA_WITH_3DES_EDE_CBC_SHA",)),
            {SCHANNEL + r"\Ciphers\Triple DES 168": {"Enabled": 0}},
            Outcome.WORKS,
        ),
        (
            "server-2003-sp2",
            accepts("1.0", suites=("TLS_RSA_WITH_3DES_EDE_CBC_SHA",)),
            {SCHANNEL + r"\Ciphers\Triple DES 168/168": {"Enabled": 0}},
            Outcome.FAILS,
        ),
        # XP before Service Pack 3 knows no SHA-2.
        ("xp-sp2", accepts("1.0", certificate=Certificate(signature="sha256")), {}, Outcome.FAILS),
    ],
)
def test_finer_points(os_id: str, acceptance: Acceptance, layer: dict[str, dict[str, int]], expected: Outcome) -> None:
    assert outcome(os_id, acceptance, layer) is expected


@pytest.mark.parametrize(
    ("denied", "acceptance"),
    [
        (SCHANNEL + r"\Ciphers", accepts("1.2", suites=(ECDHE_GCM,))),
        (ORDER, accepts("1.2")),
        (LOCAL_ORDER, accepts("1.2")),
        (r"HKLM\SYSTEM\CurrentControlSet\Control\Lsa", accepts("1.2")),
    ],
)
def test_what_decides_the_suites_and_was_not_read_is_unknown(denied: str, acceptance: Acceptance) -> None:
    assert outcome("win10-22h2", acceptance, unread={denied: "Access is denied."}) is Outcome.UNKNOWN


def test_the_old_place_of_fips_has_no_effect_on_newer_windows() -> None:
    stale = {r"HKLM\SYSTEM\CurrentControlSet\Control\Lsa": {"FipsAlgorithmPolicy": 1}}
    found = offer(host("win7-sp1", stale))
    assert not isinstance(found, Unread)
    assert any("RC4" in suite.name for suite in found.suites)


def test_fips_takes_ssl_away() -> None:
    fips = {r"HKLM\SYSTEM\CurrentControlSet\Control\Lsa": {"FipsAlgorithmPolicy": 1}}
    only_ssl = Acceptance(Source.DECLARED, frozenset({Protocol.SSL3}), frozenset(Protocol) - {Protocol.SSL3})
    assert outcome("server-2003-sp2", only_ssl) is Outcome.WORKS
    assert outcome("server-2003-sp2", only_ssl, fips) is Outcome.FAILS


def test_either_update_for_sha2_is_enough() -> None:
    sha2 = accepts("1.0", certificate=Certificate(signature="sha256"))
    record = r"HKLM\SOFTWARE\Microsoft\Updates\Windows Server 2003\SP3"
    assert outcome("server-2003-sp2", sha2, {record + r"\KB938397": {}}) is Outcome.WORKS
    assert outcome("server-2003-sp2", sha2, {record + r"\KB968730": {}}) is Outcome.WORKS
