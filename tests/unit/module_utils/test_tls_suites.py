# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of suites, against OpenSSL's own list and the lists of what SCHANNEL clients offer."""

from __future__ import annotations

import subprocess

import pytest

from ansible_collections.mailfleet.client.plugins.module_utils import tls_offer, tls_suites


def _openssl_names() -> dict[str, tuple[str, str]]:
    """OpenSSL name → (IANA name, version)."""
    command = ["openssl", "ciphers", "-stdname", "-v", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {line.split()[2]: (line.split()[0], line.split()[3]) for line in lines}


@pytest.mark.needs("openssl")
def test_names_are_those_of_openssl() -> None:
    theirs = _openssl_names()
    common = [iana for iana, openssl in tls_suites.OPENSSL_NAMES.items() if openssl in theirs]
    assert len(common) >= 30
    for iana in common:
        name, version = theirs[tls_suites.OPENSSL_NAMES[iana]]
        assert name == iana
        assert tls_suites.is_tls12_only(iana) == (version == "TLSv1.2")


def test_no_name_stands_twice() -> None:
    assert len(tls_suites.IANA_NAMES) == len(tls_suites.OPENSSL_NAMES)


@pytest.mark.parametrize(
    ("suite", "rsa"),
    [
        ("TLS_RSA_WITH_AES_128_CBC_SHA", True),
        ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", True),
        ("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", False),
        ("TLS_DHE_DSS_WITH_AES_128_CBC_SHA", False),
    ],
)
def test_kind_of_certificate(suite: str, rsa: bool) -> None:
    assert tls_suites.needs_rsa(suite) is rsa


def test_what_can_be_offered_is_what_openssl_lists() -> None:
    offered = tls_offer.offerable()
    assert "TLS_RSA_WITH_AES_128_CBC_SHA" in offered
    assert offered <= set(tls_suites.OPENSSL_NAMES)
    assert {tls_suites.OPENSSL_NAMES[name] for name in offered} == set(tls_suites.IANA_NAMES) & set(_openssl_names())
