# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small private authority for relays: its root binds itself to the relays' names, its leaves suit Windows XP.

What XP needs, and newer clients do not mind:

- Its chain engine (SP3) wants a permitted directory name that covers the subject of each leaf, although RFC 5280 asks
  for none: https://unmitigatedrisk.com/?p=198 and ?p=201. So root and leaves share an organization.
- Its clients look for an address in the DNS names, or in the common name, and know no IP address among the alternative
  names. So an IPv4 address is there in both forms, and permitted in both.
- RSA, with a key usage that allows the key exchange of TLS 1.0; SHA-256 is known from SP3 on.
"""

from __future__ import annotations

import datetime
import ipaddress
import secrets
import typing as t
from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.host_names import is_address
from ansible_collections.mailfleet.client.plugins.plugin_utils.read import root_certificate
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.root_certificate import (
    UNREADABLE,
    Names,
    RootCertificate,
    RootError,
)

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
except ImportError:
    # ansible-core requires it, so only ansible-test imports this without.
    pass

VALID: t.Final = datetime.timedelta(days=730)
RENEWED: t.Final = datetime.timedelta(days=60)
#: Clocks of old hosts are late.
_BACK: t.Final = datetime.timedelta(days=1)
_BITS: t.Final = 2048
_ORGANIZATION: t.Final = "MailFleet relay"
#: RFC 5280, ub-common-name.
_LONGEST_NAME: t.Final = 64


class AuthorityError(ValueError):
    """What is there is no authority that can be used. The message is the rest of a sentence: "it is no ..."."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A root and its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey
    root: RootCertificate


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a certificate is to be: ``name`` of its files, and the DNS names and IP addresses that it is for."""

    name: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, both PEM."""

    certificate: bytes
    key: bytes


def founded(names: Iterable[str], now: datetime.datetime, key: bytes | None = None) -> tuple[Authority, Pair]:
    """A new authority that can speak for these names only, and for what is below the DNS names.

    :param key: of an authority that was broken off before its root was there; None: a new one.
    :raises AuthorityError: that key cannot be used.
    """
    own = _new_key() if key is None else _key(key)
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANIZATION)
    # Two authorities must not have the same subject: clients would take one for the other.
    label = x509.NameAttribute(NameOID.COMMON_NAME, f"{_ORGANIZATION} root {secrets.token_hex(4)}")
    subject = x509.Name([organization, label])
    end = now + VALID
    builder = x509.CertificateBuilder(subject, subject, own.public_key(), x509.random_serial_number(), now - _BACK, end)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(authority=True), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    builder = builder.add_extension(_constraints(tuple(names), x509.Name([organization])), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
    certificate = builder.sign(own, hashes.SHA256())
    authority = Authority(certificate, own, root_certificate.from_certificate(certificate))
    return authority, _pair(certificate, own)


def taken(certificate: bytes, key: bytes) -> Authority:
    """The authority of that root and that key, both PEM.

    :raises AuthorityError: they are not a root that binds itself, and its key.
    """
    try:
        root = root_certificate.from_pem(certificate.decode("ascii", "replace"))
        found = x509.load_der_x509_certificate(root.der)
    except RootError as error:
        raise AuthorityError(f"the root is of no use: {error}") from None
    own = _key(key)
    if own.public_key() != found.public_key():
        raise AuthorityError("the key is not the one of the root")
    return Authority(found, own, root)


def issued(authority: Authority, leaf: Leaf, now: datetime.datetime) -> Pair:
    """A certificate for a relay, with a key of its own. It ends with its root at the latest."""
    key = _new_key()
    root = authority.certificate
    start, end = max(now - _BACK, authority.root.not_before), ends(authority, now)
    subject, serial = _subject(authority, leaf), x509.random_serial_number()
    builder = x509.CertificateBuilder(root.subject, subject, key.public_key(), serial, start, end)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(authority=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    builder = builder.add_extension(_alternative_names(leaf), critical=False)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = builder.add_extension(identifier, critical=False)
    return _pair(builder.sign(authority.key, hashes.SHA256()), key)


def ends(authority: Authority, now: datetime.datetime) -> datetime.datetime:
    """When a certificate ends that is made now."""
    return min(now + VALID, authority.root.not_after)


def why_due(authority: Authority, leaf: Leaf, there: Pair, now: datetime.datetime) -> str:
    """Why that certificate has to be made anew, as a clause; "": it is what it should be."""
    try:
        (found,) = x509.load_pem_x509_certificates(there.certificate)
        if _key(there.key).public_key() != found.public_key():
            return "its key is not the one that is there"
        found.verify_directly_issued_by(authority.certificate)
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        end = found.not_valid_after_utc
    except AuthorityError:
        return "its key cannot be read"
    except InvalidSignature:
        return "it is of another authority"
    except UNREADABLE:
        return "it cannot be read, or is of another authority"
    if names != _alternative_names(leaf) or found.subject != _subject(authority, leaf):
        return "it is for other names"
    # Of no use where the root itself ends then.
    if end - now < RENEWED and end < authority.root.not_after:
        return f"it ends on {end:%Y-%m-%d}"
    return ""


def end_of(certificate: bytes) -> datetime.datetime:
    """When that certificate ends, which is one that :func:`why_due` has looked at or :func:`issued` has made."""
    return x509.load_pem_x509_certificate(certificate).not_valid_after_utc


def bound(names: Iterable[str]) -> Names:
    """What an authority for these names is bound to."""
    found = tuple(names)
    dns = [one.value for name in found for one in _general(name) if isinstance(one, x509.DNSName)]
    networks = [ipaddress.ip_network(name) for name in found if is_address(name)]
    return Names(tuple(dns), tuple(networks))


def pem(authority: Authority) -> bytes:
    """The root."""
    return authority.certificate.public_bytes(serialization.Encoding.PEM)


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=_BITS)


def _key(raw: bytes) -> rsa.RSAPrivateKey:
    try:
        found = serialization.load_pem_private_key(raw, None)
    except TypeError:
        raise AuthorityError("the key is encrypted, and there is nobody to ask for its password") from None
    except UNREADABLE:
        raise AuthorityError("the key is no private key in PEM") from None
    if not isinstance(found, rsa.RSAPrivateKey) or found.key_size < _BITS:
        raise AuthorityError(f"the key is not one of RSA with {_BITS} bits or more")
    return found


def _pair(certificate: x509.Certificate, key: rsa.RSAPrivateKey) -> Pair:
    form, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return Pair(certificate.public_bytes(form), key.private_bytes(form, kind, serialization.NoEncryption()))


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=not authority,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _constraints(names: tuple[str, ...], organization: x509.Name) -> x509.NameConstraints:
    """These names, and nothing of a kind of which there is none: what no constraint speaks of would be free."""
    permitted: list[x509.GeneralName] = [x509.DirectoryName(organization)]
    kinds = set()
    for name in names:
        for general in _general(name):
            single = isinstance(general, x509.IPAddress)
            permitted.append(x509.IPAddress(ipaddress.ip_network(name)) if single else general)
            kinds.add(ipaddress.ip_address(name).version if single else 0)
    excluded: dict[int, x509.GeneralName] = {
        0: x509.DNSName(""),
        4: x509.IPAddress(ipaddress.ip_network("0.0.0.0/0")),
        6: x509.IPAddress(ipaddress.ip_network("::/0")),
    }
    return x509.NameConstraints(permitted, [general for kind, general in excluded.items() if kind not in kinds] or None)


def _general(name: str) -> tuple[x509.GeneralName, ...]:
    """How that name stands in certificates; an IPv4 address as a DNS name, too."""
    if not is_address(name):
        return (x509.DNSName(name),)
    address = ipaddress.ip_address(name)
    own = x509.IPAddress(address)
    return (own, x509.DNSName(name)) if address.version == 4 else (own,)


def _alternative_names(leaf: Leaf) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([general for name in leaf.names for general in _general(name)])


def _subject(authority: Authority, leaf: Leaf) -> x509.Name:
    """Below the directory name that the root permits, if it does; then the first name, which XP looks at."""
    constraints = authority.certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    bases = [name.value for name in constraints.permitted_subtrees or () if isinstance(name, x509.DirectoryName)]
    common = [x509.NameAttribute(NameOID.COMMON_NAME, name) for name in leaf.names[:1] if len(name) <= _LONGEST_NAME]
    return x509.Name([*(bases[0].rdns if bases else ()), *(x509.RelativeDistinguishedName([one]) for one in common)])
