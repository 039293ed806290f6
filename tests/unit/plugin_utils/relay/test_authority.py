# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The authority for relays: its root binds itself, and OpenSSL refuses what it is not bound to."""

from __future__ import annotations

import datetime
import ipaddress
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import authority
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.authority import AuthorityError, Leaf, Pair
from tests.unit.plugin_utils.relay.authorities import DAY, NAMES, NOW, founded, issued, openssl_verify

LEAF = Leaf("mailbox", NAMES)


def text(certificate: bytes) -> str:
    """What ``openssl x509 -text`` prints."""
    command = ["openssl", "x509", "-noout", "-text"]
    return subprocess.run(command, check=True, input=certificate, capture_output=True).stdout.decode()


def test_the_root_is_one_that_binds_itself() -> None:
    _made, pair = founded()
    shown = " ".join(text(pair.certificate).split())
    assert "Public-Key: (2048 bit)" in shown
    assert "sha256WithRSAEncryption" in shown
    assert "Basic Constraints: critical CA:TRUE, pathlen:0" in shown
    assert "Extended Key Usage: TLS Web Server Authentication X509v3 Name" in shown
    assert "Name Constraints: critical Permitted: DirName:O = MailFleet relay DNS:relay.branch.example" in shown
    assert "IP:192.0.2.10/255.255.255.255" in shown


def test_a_leaf_suits_old_clients() -> None:
    shown = " ".join(text(issued(LEAF).certificate).split())
    assert "Subject: O = MailFleet relay, CN = relay.branch.example Subject" in shown
    assert "DNS:relay.branch.example, IP Address:192.0.2.10, DNS:192.0.2.10" in shown
    assert "CA:FALSE" in shown
    assert "Digital Signature, Key Encipherment" in shown
    assert "sha256WithRSAEncryption" in shown


def test_two_years_and_a_day_back() -> None:
    found = x509.load_pem_x509_certificate(issued(LEAF).certificate)
    assert found.not_valid_before_utc == NOW - DAY
    assert found.not_valid_after_utc == NOW + 730 * DAY
    assert found.serial_number.bit_length() > 64


@pytest.mark.parametrize(
    ("bound", "names"),
    [
        (NAMES, NAMES),
        (NAMES, ("192.0.2.10",)),
        (NAMES, ("smtp.relay.branch.example",)),
        (("192.0.2.10",), ("192.0.2.10",)),
        (("2001:db8::1",), ("2001:db8::1",)),
        (("a.example", "2001:db8::1"), ("2001:db8::1", "x.a.example")),
        ((f"{'x' * 60}.branch.example",), (f"{'x' * 60}.branch.example",)),
    ],
)
def test_openssl_takes_what_is_within_the_bounds(
    bound: tuple[str, ...], names: tuple[str, ...], tmp_path: Path
) -> None:
    root, pair = founded(*bound)
    leaf = authority.issued(root, Leaf("x", names), NOW)
    assert all(root.root.names.cover(name) and authority.bound(bound).cover(name) for name in names)
    for name in names:
        option = "-verify_ip" if name.rpartition(".")[2].isdigit() or ":" in name else "-verify_hostname"
        assert openssl_verify(tmp_path, pair.certificate, leaf.certificate, option, name) == ""


@pytest.mark.parametrize(
    ("bound", "name"),
    [
        (NAMES, "www.bank.example"),
        (NAMES, "branch.example"),
        (NAMES, "evilrelay.branch.example"),
        (NAMES, "192.0.2.11"),
        (NAMES, "2001:db8::1"),
        (("relay.branch.example",), "192.0.2.10"),
        (("192.0.2.10",), "www.bank.example"),
        (("2001:db8::1",), "www.bank.example"),
        (("2001:db8::1",), "192.0.2.10"),
    ],
)
def test_openssl_refuses_what_is_outside_of_the_bounds(bound: tuple[str, ...], name: str, tmp_path: Path) -> None:
    """Even who has the key of the root can make no certificate for others."""
    root, pair = founded(*bound)
    leaf = authority.issued(root, Leaf("x", (name,)), NOW)
    assert not root.root.names.cover(name)
    assert not authority.bound(bound).cover(name)
    assert "subtree violation" in openssl_verify(tmp_path, pair.certificate, leaf.certificate)


def test_openssl_refuses_a_leaf_that_is_no_server(tmp_path: Path) -> None:
    """The root itself says what it is for."""
    pair = founded()[1]
    words = openssl_verify(tmp_path, pair.certificate, issued(LEAF).certificate, "-purpose", "smimesign")
    assert "unsuitable certificate purpose" in words or "unsupported certificate purpose" in words


def test_what_is_made_is_not_due() -> None:
    assert authority.why_due(founded()[0], LEAF, issued(LEAF), NOW) == ""


def test_an_authority_is_taken_as_it_was_written() -> None:
    root, pair = founded()
    taken = authority.taken(pair.certificate, pair.key)
    assert taken.root == root.root
    assert authority.why_due(taken, LEAF, issued(LEAF), NOW) == ""


@pytest.mark.parametrize(
    ("leaf", "later", "why"),
    [
        (Leaf("mailbox", NAMES[:1]), 0, "it is for other names"),
        (Leaf("mailbox", tuple(reversed(NAMES))), 0, "it is for other names"),
        (LEAF, 301, "it ends on"),
        (LEAF, 400, "it ends on"),
    ],
)
def test_what_is_due_is_said(leaf: Leaf, later: int, why: str) -> None:
    """The leaf is a year old: it ends a year before its root."""
    root, _pair = founded()
    old = authority.issued(authority.Authority(root.certificate, root.key, root.root), LEAF, NOW - 370 * DAY)
    assert authority.why_due(root, leaf, old, NOW + later * DAY).startswith(why)


def test_a_leaf_that_ends_with_its_root_is_let_be() -> None:
    root, _pair = founded(age=700)
    leaf = authority.issued(root, LEAF, NOW)
    assert authority.end_of(leaf.certificate) == root.root.not_after
    assert authority.why_due(root, LEAF, leaf, NOW) == ""


def test_strange_leaves_are_due() -> None:
    root, pair = founded()
    other, _pair = founded("relay.branch.example")
    own, strange = issued(LEAF), authority.issued(other, LEAF, NOW)
    assert authority.why_due(root, LEAF, strange, NOW) == "it cannot be read, or is of another authority"
    assert authority.why_due(root, LEAF, Pair(own.certificate, pair.key), NOW) == "its key is not the one that is there"
    assert authority.why_due(root, LEAF, Pair(own.certificate, b"x"), NOW) == "its key cannot be read"
    assert authority.why_due(root, LEAF, Pair(b"x", own.key), NOW).startswith("it cannot be read")
    assert authority.why_due(root, LEAF, Pair(own.certificate[:300], own.key), NOW).startswith("it cannot be read")


def encrypted(key: bytes) -> bytes:
    form, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    found = serialization.load_pem_private_key(key, None)
    return found.private_bytes(form, kind, serialization.BestAvailableEncryption(b"secret"))


def small() -> bytes:
    form, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    return key.private_bytes(form, kind, serialization.NoEncryption())


def test_what_is_no_authority_is_refused() -> None:
    _root, pair = founded()
    leaf = issued(LEAF)
    for certificate, key, why in (
        (pair.certificate, leaf.key, "the key is not the one of the root"),
        (pair.certificate, b"", "the key is no private key in PEM"),
        (pair.certificate, pair.key[: len(pair.key) // 2], "the key is no private key in PEM"),
        (pair.certificate, encrypted(pair.key), "the key is encrypted"),
        (pair.certificate, small(), "the key is not one of RSA with 2048 bits"),
        (leaf.certificate, leaf.key, "it is no certificate of an authority"),
        (b"\xff", pair.key, "it is no certificate in PEM"),
        (pair.certificate[:400], pair.key, "it is no certificate in PEM"),
        (pair.certificate * 2, pair.key, "it holds 2 certificates"),
        (pair.certificate + pair.key, pair.key, "it holds a private key"),
    ):
        with pytest.raises(AuthorityError, match=why):
            authority.taken(certificate, key)


def test_an_authority_of_others_is_used_if_it_binds_itself(tmp_path: Path) -> None:
    """One without a directory name among its bounds: the subjects of leaves are the common name alone."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root of the branch")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW - DAY, NOW + datetime.timedelta(days=3650))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    network = x509.IPAddress(ipaddress.ip_network("10.0.0.0/8"))
    bounds = x509.NameConstraints([x509.DNSName("branch.example"), network], None)
    pem = (
        builder.add_extension(bounds, critical=True).sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    form, kind = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
    taken = authority.taken(pem, key.private_bytes(form, kind, serialization.NoEncryption()))
    leaf = authority.issued(taken, Leaf("x", ("relay.branch.example", "10.1.2.3")), NOW)
    assert "CN = relay.branch.example" in text(leaf.certificate)
    assert str(taken.root.names) == "branch.example, 10.0.0.0/8"
    assert taken.root.names.cover("10.1.2.3")
