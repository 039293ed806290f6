# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which roots a host may be made to trust, and how one stands in the registry."""

from __future__ import annotations

import functools
import ipaddress
import typing as t

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.read import root_certificate
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.certificate_blob import (
    blob,
    certificate_in,
    root_in,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.root_certificate import Names, RootError
from tests.unit.plugin_utils.relay.authorities import DAY, NOW, founded

CA = (x509.BasicConstraints(ca=True, path_length=0), True)
SERVER = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
EVERYWHERE = [x509.IPAddress(ipaddress.ip_network(one)) for one in ("0.0.0.0/0", "::/0")]


def dns(*names: str) -> list[x509.GeneralName]:
    return [x509.DNSName(name) for name in names]


def networks(*names: str) -> list[x509.GeneralName]:
    return [x509.IPAddress(ipaddress.ip_network(name)) for name in names]


def bound(permitted: t.Any, excluded: t.Any = None, critical: bool = True) -> tuple[x509.NameConstraints, bool]:
    return x509.NameConstraints(permitted or None, excluded or None), critical


GOOD = bound(dns("relay.example.net"), EVERYWHERE)


@functools.cache
def key(kind: str = "rsa") -> t.Any:
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=1024 if kind == "weak" else 2048)


def root(*extensions: t.Any, signer: str = "rsa", kind: str = "rsa", subject: str = "root") -> bytes:
    """A certificate with these extensions, each with whether it is critical, as PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    builder = x509.CertificateBuilder(name, name, key(kind).public_key(), 1, NOW - DAY, NOW + DAY)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(key(signer), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(
    "constraints",
    [
        GOOD,
        bound(dns("relay.example.net") + networks("10.0.0.0/8")),
        bound(networks("192.0.2.10/32"), dns("")),
        bound(networks("2001:db8:7::/48"), dns("")),
        bound(networks("fd00::/8"), dns("")),
        bound(dns(".example.net"), EVERYWHERE),
    ],
)
@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_root_that_binds_itself_is_taken(constraints: t.Any, kind: str) -> None:
    found = root_certificate.from_pem(root(CA, SERVER, constraints, kind=kind, signer=kind).decode())
    assert root_certificate.from_der(found.der) == found
    assert root_in(blob(found)) == found


USAGE = x509.KeyUsage(True, False, True, False, False, False, False, False, False)
BOTH = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CODE_SIGNING])
ANY = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])


@pytest.mark.parametrize(
    ("extensions", "why"),
    [
        ((SERVER, GOOD), "no certificate of an authority"),
        (((x509.BasicConstraints(ca=False, path_length=None), True), SERVER, GOOD), "no certificate of an authority"),
        ((CA, GOOD), "serverAuth and nothing else"),
        ((CA, (BOTH, False), GOOD), "serverAuth and nothing else"),
        ((CA, (ANY, False), GOOD), "serverAuth and nothing else"),
        ((CA, SERVER), "could speak for every server of the world"),
        ((CA, SERVER, bound(dns("a.example"), EVERYWHERE, critical=False)), "could speak for every server"),
        ((CA, SERVER, bound(dns("a.example"))), "every IP address"),
        ((CA, SERVER, bound(dns("a.example"), networks("0.0.0.0/0"))), "every IP address"),
        ((CA, SERVER, bound(dns("a.example") + networks("0.0.0.0/0"))), "whole parts of the Internet"),
        ((CA, SERVER, bound(dns("a.example") + networks("::/0"))), "whole parts of the Internet"),
        ((CA, SERVER, bound(dns("a.example") + networks("128.0.0.0/1"))), "whole parts of the Internet"),
        ((CA, SERVER, bound(dns("a.example") + networks("11.0.0.0/8"))), "whole parts of the Internet"),
        ((CA, SERVER, bound(dns("a.example") + networks("2001:db8::/32"))), "whole parts of the Internet"),
        ((CA, SERVER, bound(dns("a.example") + networks("::ffff:192.0.2.0/120"))), "whole parts of the Internet"),
        ((CA, SERVER, bound(dns("co.uk"), EVERYWHERE)), "at which anybody registers"),
        ((CA, SERVER, bound(dns("a.example", ".Com.BR"), EVERYWHERE)), "at which anybody registers"),
        ((CA, SERVER, bound(dns("\0.com"), EVERYWHERE)), "what is no DNS name"),
        ((CA, SERVER, bound(dns(" .com"), EVERYWHERE)), "what is no DNS name"),
        ((CA, SERVER, bound(networks("192.0.2.10/32"))), "every DNS name"),
        ((CA, SERVER, bound(dns(""), EVERYWHERE)), "every DNS name"),
        ((CA, SERVER, bound(dns("com"), EVERYWHERE)), "whole top-level domain"),
        ((CA, SERVER, bound(dns("a.example", ".com."), EVERYWHERE)), "whole top-level domain"),
        ((CA, SERVER, bound(None, dns("bank.example"))), "every DNS name"),
        ((CA, SERVER, bound(None, dns("") + EVERYWHERE)), "no name at all"),
        ((CA, SERVER, bound([x509.RFC822Name("example.net")])), "every DNS name"),
        (
            (CA, SERVER, bound(dns(*(f"x{n}.example" for n in range(101))), EVERYWHERE)),
            "more than 100 name constraints",
        ),
        ((CA, SERVER, (USAGE, True), GOOD), "does not let it sign certificates"),
    ],
)
def test_a_root_that_does_not_is_refused_with_the_reason(extensions: t.Any, why: str) -> None:
    pem = root(*extensions).decode()
    with pytest.raises(RootError, match=why):
        root_certificate.from_pem(pem)


def test_what_is_no_root_is_refused() -> None:
    good = root(CA, SERVER, GOOD)
    for text, why in (
        ("", "no certificate in PEM"),
        ("\u017f", "no certificate in PEM"),
        ("x" * 20000, "no certificate in PEM"),
        ((good + good).decode(), "holds 2 certificates"),
        (good.decode() + "-----BEGIN PRIVATE KEY-----", "private key"),
        (root(CA, SERVER, GOOD, signer="ec").decode(), "not signed by itself"),
        (root(CA, SERVER, GOOD, kind="weak", signer="weak").decode(), "weaker than RSA with 2048"),
    ):
        with pytest.raises(RootError, match=why):
            root_certificate.from_pem(text)


def test_what_a_root_calls_itself_cannot_act_on_a_console() -> None:
    found = root_certificate.from_pem(root(CA, SERVER, GOOD, subject="\x1b[31mroot\u202e").decode())
    assert found.subject.isprintable()


@pytest.mark.parametrize(
    ("name", "within"),
    [
        ("relay.example.net", True),
        ("RELAY.example.NET", True),
        ("x.relay.example.net", True),
        ("example.net", False),
        ("evilrelay.example.net", False),
        ("bad.relay.example.net", False),
        ("x.bad.relay.example.net", False),
        ("192.0.2.10", True),
        ("192.0.2.11", False),
        ("192.0.2.1", False),
        ("2001:db8::1", False),
        ("sub.only.example", True),
        ("only.example", False),
    ],
)
def test_names_are_within_or_not(name: str, within: bool) -> None:
    permitted = (ipaddress.ip_network("192.0.2.8/29"),)
    names = Names(
        ("relay.example.net", ".only.example"),
        permitted,
        ("bad.relay.example.net",),
        (ipaddress.ip_network("192.0.2.11/32"),),
    )
    assert names.cover(name) is within


def test_the_value_is_what_windows_keeps() -> None:
    found = founded()[0].root
    raw = blob(found)
    assert raw[:12] == bytes.fromhex("03000000 01000000 14000000")
    assert raw[12:32].hex().upper() == found.thumbprint
    assert raw[32:40] == bytes.fromhex("20000000 01000000")
    assert certificate_in(b"\x0b\0\0\0\x01\0\0\0\x02\0\0\0ab" + raw) == found.der
    assert root_in(b"\x0b\0\0\0\x01\0\0\0\x02\0\0\0ab" + raw) is None
    assert root_in(raw + b"\0") is None
    for end in (0, 11, 31, 44, len(raw) - 1):
        assert certificate_in(raw[:end]) is None


@given(st.binary(max_size=200))
def test_no_bytes_break_the_readers(raw: bytes) -> None:
    certificate_in(raw)
    assert root_in(raw) is None
    with pytest.raises(RootError):
        root_certificate.from_der(raw)


@given(st.data())
def test_a_damaged_root_is_refused_or_the_same(data: st.DataObject) -> None:
    """Whatever one byte is changed to: the signature sees it."""
    der = founded()[0].root.der
    at = data.draw(st.integers(0, len(der) - 1))
    bad = bytes([*der[:at], data.draw(st.integers(0, 255)), *der[at + 1 :]])
    if bad != der:
        with pytest.raises(RootError):
            root_certificate.from_der(bad)


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    with pytest.raises(RootError):
        root_certificate.from_pem(text)
