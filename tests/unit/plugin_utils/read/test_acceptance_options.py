# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part ``accepts`` of an entry of ``servers``."""

from __future__ import annotations

import datetime
import re
import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.module_utils import tls_suites
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Protocol, Server, Source
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.server_options import parse_servers


def _one(**changes: t.Any) -> Server:
    (server,) = parse_servers([{"host": "mail.example.test", "port": 993, **changes}])
    return server


SUITE = "TLS_RSA_WITH_AES_128_CBC_SHA"


def test_declared() -> None:
    accepts = _one(accepts={"tls": ["1.2", 1.3], "suites": [SUITE]}).accepts
    assert accepts is not None
    assert accepts.source is Source.DECLARED
    assert accepts.tls == {Protocol.TLS12, Protocol.TLS13}
    assert accepts.refused == {Protocol.SSL2, Protocol.SSL3, Protocol.TLS10, Protocol.TLS11}
    assert accepts.suites == (SUITE,)
    assert (accepts.undetermined_suites, accepts.starttls, accepts.certificate) == (frozenset(), None, None)


def test_versions_by_their_full_names() -> None:
    accepts = _one(accepts={"tls": ["TLS 1.0", "ssl 3.0", "1.1"]}).accepts
    assert accepts is not None
    assert accepts.tls == {Protocol.TLS10, Protocol.SSL3, Protocol.TLS11}


def test_suites_without_versions_leave_the_versions_open() -> None:
    accepts = _one(accepts={"suites": [SUITE, SUITE]}).accepts
    assert accepts is not None
    assert (accepts.tls, accepts.refused, accepts.suites) == (frozenset(), frozenset(), (SUITE,))


def test_handed_on_from_a_probe() -> None:
    """What is in neither list stays unknown."""
    accepts = _one(
        accepts={
            "source": "probe",
            "tls": [],
            "refused": ["1.0"],
            "suites": [],
            "undetermined_suites": [SUITE],
            "starttls": False,
            "certificate": None,
        }
    ).accepts
    assert accepts is not None
    assert (accepts.source, accepts.tls, accepts.refused) == (Source.PROBE, frozenset(), {Protocol.TLS10})
    assert (accepts.suites, accepts.undetermined_suites, accepts.starttls) == ((), {SUITE}, False)


def test_certificate() -> None:
    thumbprint = "a0 31 c4 67 82 e6 e6 c6 62 c2 c8 7c 76 da 9a a6 2c ca bd 8e"
    accepts = _one(
        accepts={
            "certificate": {
                "names": ["*.Example.test."],
                "key": "RSA",
                "signature": "sha256",
                "needs_sni": True,
                "roots": [thumbprint],
                "not_before": datetime.date(2026, 1, 2),
                "not_after": "2026-12-31T23:00:00-02:00",
            }
        }
    ).accepts
    assert accepts is not None
    found = accepts.certificate
    assert found is not None
    assert (found.names, found.key, found.signature, found.needs_sni) == (("*.example.test",), "rsa", "sha256", True)
    assert found.roots == ("A031C46782E6E6C662C2C87C76DA9AA62CCABD8E",)
    assert (found.not_before, found.not_after) == ("2026-01-02", "2027-01-01T01:00:00Z")
    assert (found.thumbprints, found.trusted) == ((), None)


@pytest.mark.parametrize(
    ("accepts", "words"),
    [
        ({}, "accepts: it says nothing"),
        ("1.2", "accepts: '1.2' is not a dictionary"),
        ({"ciphers": []}, "accepts: there is no key 'ciphers' here"),
        ({"tls": []}, "accepts.tls: the list is empty"),
        ({"tls": "1.2"}, "accepts.tls: '1.2' is not a list"),
        (
            {"tls": ["1.4"]},
            "accepts.tls: '1.4' is not a version of TLS, which are SSL 2.0, SSL 3.0, 1.0, 1.1, 1.2 or 1.3",
        ),
        ({"tls": ["TLSv1.2"]}, "accepts.tls: 'TLSv1.2' is not a version of TLS"),
        ({"tls": [1.25]}, "accepts.tls: '1.25' is not a version of TLS"),
        ({"tls": [12]}, "accepts.tls: 12 is not a text"),
        ({"tls": ["1.2"], "refused": ["1.2"]}, "accepts: TLS 1.2 stands both in tls and in refused"),
        ({"suites": []}, "accepts.suites: the list is empty"),
        ({"suites": ["AES128-SHA"]}, "accepts.suites: 'AES128-SHA' is not an IANA name of a cipher suite"),
        ({"suites": ["TLS_RSA_WITH_AES_129_CBC_SHA"]}, "is not an IANA name"),
        ({"suites": ["TLS_RSA_WITH_AES_128_CBC_SHA\n"]}, "is not an IANA name"),
        ({"suites": ["tls_rsa_with_aes_128_cbc_sha"]}, "is not an IANA name"),
        (
            {"suites": ["TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA_P256"]},
            "has a curve at its end; write TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA.",
        ),
        ({"starttls": "perhaps"}, "accepts.starttls: 'perhaps' is neither true nor false"),
        ({"source": "assumed"}, "accepts.source: 'assumed' is not one of declared or probe"),
        ({"certificate": ["x"]}, "accepts.certificate: a list is not a dictionary"),
        ({"certificate": {"name": "x"}}, "accepts.certificate: there is no key 'name' here"),
        ({"certificate": {"names": ["a b"]}}, "accepts.certificate.names: 'a b' is not a DNS name"),
        ({"certificate": {"key": 2048}}, "accepts.certificate.key: 2048 is not the name of an algorithm"),
        ({"certificate": {"roots": ["abc"]}}, "accepts.certificate.roots: 'abc' is not a SHA-1 thumbprint"),
        ({"certificate": {"not_after": "31.12.2026"}}, "not_after: '31.12.2026' is not a date such as 2026-12-31"),
        ({"certificate": {"not_after": 20261231}}, "not_after: 20261231 is not a date"),
        ({"certificate": {"not_after": "0001-01-01T00:00:00+14:00"}}, "is not a date"),
        ({"certificate": {"trusted": "so-so"}}, "accepts.certificate.trusted: 'so-so' is neither true nor false"),
    ],
)
def test_refused_accepts(accepts: object, words: str) -> None:
    with pytest.raises(OptionError, match=re.escape(words)) as caught:
        _one(accepts=accepts)
    assert str(caught.value).startswith("servers[0].accepts")


@pytest.mark.parametrize(
    "suite",
    [
        *tls_suites.OPENSSL_NAMES,
        "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_8_SHA256",
        "TLS_NULL_WITH_NULL_NULL", "TLS_DH_anon_WITH_AES_128_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8",
        "TLS_RSA_WITH_CAMELLIA_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256", "TLS_RSA_WITH_SEED_CBC_SHA",
        "TLS_KRB5_EXPORT_WITH_RC2_CBC_40_MD5", "TLS_SRP_SHA_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_IDEA_CBC_SHA",
    ],
)  # fmt: skip
def test_names_of_suites(suite: str) -> None:
    accepts = _one(accepts={"suites": [suite]}).accepts
    assert accepts is not None
    assert accepts.suites == (suite,)
