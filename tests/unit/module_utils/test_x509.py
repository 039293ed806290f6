# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of certificates, against what the library that made them says, and against damaged ones."""

from __future__ import annotations

import datetime
import subprocess
import typing as t
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.module_utils import x509
from tests.support.tls_servers import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("x509"))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("Mail.Example.TEST",), ("mail.example.test",)),
        (("a.test", "*.b.test", "192.0.2.7", "2001:db8::1"), ("a.test", "*.b.test", "192.0.2.7", "2001:db8::1")),
        (("a.test", "a.test"), ("a.test",)),
        ((), ("names.invalid",)),  # no alternative names at all: the common name counts
    ],
)
def test_names(authority: Authority, names: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert x509.parse(authority.issue("names", names=names).der).names == expected


def test_fields_of_an_rsa_leaf(authority: Authority) -> None:
    start = datetime.datetime(1999, 12, 31, 23, 59, 58, tzinfo=datetime.UTC)
    end = datetime.datetime(2051, 2, 3, 4, 5, 6, tzinfo=datetime.UTC)  # GeneralizedTime
    leaf = authority.issue("times", start=start, end=end)
    read = x509.parse(leaf.der)
    assert (read.key, read.key_bits, read.signature, read.self_issued) == ("rsa", 2048, "sha256", False)
    assert (read.not_before, read.not_after) == ("1999-12-31T23:59:58Z", "2051-02-03T04:05:06Z")
    assert x509.thumbprint(leaf.der) == leaf.sha1


def test_ecdsa_and_root(authority: Authority) -> None:
    assert x509.parse(authority.issue("ec", ecdsa=True).der)[1:3] == ("ecdsa", 256)
    assert x509.parse(authority.root.der).self_issued


@pytest.mark.needs("openssl")
@pytest.mark.parametrize(
    ("options", "key", "bits", "signature"),
    [
        (["-newkey", "rsa:1024", "-sha1"], "rsa", 1024, "sha1"),
        (["-newkey", "rsa:1024", "-md5"], "rsa", 1024, "md5"),
        (["-newkey", "rsa:1024", "-sha512"], "rsa", 1024, "sha512"),
        (["-newkey", "rsa:1024", "-sha384", "-sigopt", "rsa_padding_mode:pss"], "rsa", 1024, "pss-sha384"),
        (["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1", "-sha384"], "ecdsa", 384, "sha384"),
        (["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1", "-sha256"], "ecdsa", None, "sha256"),
        (["-newkey", "ed25519"], "ed25519", None, "ed25519"),
    ],
)
def test_algorithms(tmp_path: Path, options: list[str], key: str, bits: int | None, signature: str) -> None:
    certificate = tmp_path / "c.der"
    command = ["openssl", "req", "-x509", "-nodes", "-subj", "/CN=a.test", "-keyout", str(tmp_path / "k.pem")]
    subprocess.run([*command, "-outform", "DER", "-out", str(certificate), *options], check=True, capture_output=True)
    read = x509.parse(certificate.read_bytes())
    assert (read.key, read.key_bits, read.signature, read.names) == (key, bits, signature, ("a.test",))


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30",
        b"\x30\x80\x00\x00",  # indefinite length
        b"\x30\x84\x00\x00\x00\x01\x00",  # length of four bytes
        b"\x30\x82\xff\xff\x30",  # longer than what there is
        b"\x1f\x81\x01\x00",  # long tag
        b"\x30\x03\x02\x01\x01",
        b"\x30" * 2000,
        b"\x30\x83\x01\x11\x70" + b"\x05\x00" * 35000,
        b"\x30\x82\x27\x10" + b"\x05\x00" * 5000,  # more elements than anything needs
    ],
)
def test_not_a_certificate(der: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        x509.parse(der)


def _parse_or_value_error(der: bytes) -> None:
    try:
        read = x509.parse(der)
    except ValueError:
        return
    assert all(name.isascii() and name.isprintable() and " " not in name for name in read.names)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_arbitrary_bytes(der: bytes) -> None:
    _parse_or_value_error(der)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_certificate(authority: Authority, data: st.DataObject) -> None:
    der = bytearray(authority.root.der if data.draw(st.booleans()) else _with_names(authority))
    for _unused in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(der) - 1))
        der[position] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(der)), st.integers(0, len(der))))
    _parse_or_value_error(bytes(der[:cut]))


_made: list[bytes] = []


def _with_names(authority: Authority) -> bytes:
    if not _made:
        _made.append(authority.issue("many", names=("a.test", "*.b.test", "192.0.2.1", "2001:db8::1")).der)
    return _made[0]


@pytest.mark.parametrize(
    ("names", "host", "covered"),
    [
        (["a.test"], "A.test.", True),
        (["*.test"], "a.test", True),
        (["*.test"], "a.b.test", False),
        (["*.test"], "test", False),
        (["*."], "a", False),
        (["192.0.2.1"], "192.0.2.1", True),
        ([], "a.test", False),
    ],
)
def test_covers(names: t.Sequence[str], host: str, covered: bool) -> None:
    assert x509.covers(names, host) is covered
