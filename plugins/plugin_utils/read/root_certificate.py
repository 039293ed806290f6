# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of private authorities that old Windows is to trust: read from input, and judged before anybody does.

A root in the machine's store can speak for every server of the world unless it says itself that it cannot. So only one
is taken that binds itself, critically, to some names and to TLS servers. RFC 5280, 4.2.1.9, 4.2.1.10, 4.2.1.12.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID

    #: What it raises for what is not as it should be.
    UNREADABLE: tuple[type[Exception], ...] = (
        ValueError,
        TypeError,
        InvalidSignature,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.ExtensionNotFound,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
    )
except ImportError:
    # ansible-core requires it, so only ansible-test imports this without.
    UNREADABLE = ()

#: Bytes of a certificate; one of ours has about a thousand.
MOST_BYTES: t.Final = 4096
_LONGEST_PEM: t.Final = 16 * 1024
_MOST_NAMES: t.Final = 100
_LONGEST: t.Final = 200
#: What a root may be for at the most: networks wider than that bind it to nothing.
_WIDEST: t.Final = {4: 16, 6: 48}
#: Wider ones are nobody's in the Internet: RFC 1918, RFC 4193.
_OWN: t.Final = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
_BASE: t.Final = re.compile(r"\.?[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})+", re.ASCII)
#: Below these, anybody registers names. Such a list is never whole: https://publicsuffix.org
_SUFFIX: t.Final = re.compile(r"\.?(?:ac|co|com|edu|gov|gv|net|or|org)\.[a-z]{2}", re.ASCII | re.IGNORECASE)
_EVERYWHERE: t.Final = {4: ipaddress.ip_network("0.0.0.0/0"), 6: ipaddress.ip_network("::/0")}

_Address = t.Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
_Network = t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
_Value = t.TypeVar("_Value", bound="x509.ExtensionType")


class RootError(ValueError):
    """This is no root that a host may be made to trust. The message is the rest of a sentence: "it is no ..."."""


@dataclass(frozen=True, slots=True)
class Names:
    """DNS names, each with all below it, and networks. ``but``: what of them is taken away again."""

    dns: tuple[str, ...]
    networks: tuple[_Network, ...]
    but_dns: tuple[str, ...] = ()
    but_networks: tuple[_Network, ...] = ()

    def cover(self, name: str) -> bool:
        """Whether a certificate for that DNS name or IP address (in its usual form) is within them."""
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return _below(name, self.dns) and not _below(name, self.but_dns)
        return _within(address, self.networks) and not _within(address, self.but_networks)

    def __str__(self) -> str:
        """For people: ``relay.example.net, 192.0.2.10``."""
        single = (str(n.network_address) if n.prefixlen == n.max_prefixlen else str(n) for n in self.networks)
        found = tuple(dict.fromkeys((*self.dns, *single)))
        return shown(", ".join(found), _LONGEST)


def _below(name: str, bases: tuple[str, ...]) -> bool:
    """RFC 5280 says how a name is below a base; one that begins with a dot leaves out the base itself (as OpenSSL)."""
    folded = name.casefold().rstrip(".")
    for base in (one.casefold() for one in bases):
        if not base or folded == base or folded.endswith(base if base.startswith(".") else f".{base}"):
            return True
    return False


def _within(address: _Address, networks: tuple[_Network, ...]) -> bool:
    return any(address in network for network in networks)


@dataclass(frozen=True, slots=True)
class RootCertificate:
    """A root that binds itself. ``thumbprint``: SHA-1, as Windows names it; ``fingerprint``: SHA-256; both upper-case.

    ``subject``: for people, all of it printable. Times are UTC.
    """

    der: bytes
    subject: str
    names: Names
    thumbprint: str
    fingerprint: str
    not_before: datetime.datetime
    not_after: datetime.datetime


def from_pem(text: str) -> RootCertificate:
    """The one certificate of that text.

    :raises RootError: it holds none or several, or no root that binds itself.
    """
    if len(text) > _LONGEST_PEM or not text.isascii():
        raise RootError("it is no certificate in PEM")
    if "PRIVATE KEY" in text:
        raise RootError("it holds a private key, which nobody but the authority may have")
    try:
        found = x509.load_pem_x509_certificates(text.encode("ascii"))
    except UNREADABLE:
        raise RootError("it is no certificate in PEM") from None
    if len(found) != 1:
        raise RootError(f"it holds {len(found)} certificates, and one root is wanted")
    return from_certificate(found[0])


def from_der(raw: bytes) -> RootCertificate:
    """The certificate of these bytes. Raises RootError."""
    if len(raw) > MOST_BYTES:
        raise RootError(f"it has more than {MOST_BYTES} bytes")
    try:
        certificate = x509.load_der_x509_certificate(raw)
        exact = certificate.public_bytes(serialization.Encoding.DER) == raw
    except UNREADABLE:
        raise RootError("it is no certificate") from None
    if not exact:
        raise RootError("it is no certificate")
    return from_certificate(certificate)


def from_certificate(certificate: x509.Certificate) -> RootCertificate:
    """The same certificate, judged. Raises RootError."""
    try:
        return _judged(certificate)
    except RootError:
        raise
    except UNREADABLE:
        raise RootError("a part of it cannot be read") from None


def _judged(certificate: x509.Certificate) -> RootCertificate:
    der = certificate.public_bytes(serialization.Encoding.DER)
    if len(der) > MOST_BYTES:
        raise RootError(f"it has more than {MOST_BYTES} bytes")
    _insist_on_authority(certificate)
    return RootCertificate(
        der=der,
        subject=shown(certificate.subject.rfc4514_string(), _LONGEST),
        names=_names(certificate),
        thumbprint=certificate.fingerprint(hashes.SHA1()).hex().upper(),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex().upper(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def _extension(certificate: x509.Certificate, kind: type[_Value]) -> x509.Extension[_Value] | None:
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def _insist_on_authority(certificate: x509.Certificate) -> None:
    basic = _extension(certificate, x509.BasicConstraints)
    if basic is None or not basic.value.ca:
        raise RootError("it is no certificate of an authority (CA:TRUE is missing)")
    usage = _extension(certificate, x509.KeyUsage)
    if usage is not None and not usage.value.key_cert_sign:
        raise RootError("its key usage does not let it sign certificates")
    try:
        certificate.verify_directly_issued_by(certificate)
    except UNREADABLE:
        raise RootError("it is no root: it is not signed by itself") from None
    key = certificate.public_key()
    enough = isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048
    if not enough and not (isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= 256):
        raise RootError("its key is weaker than RSA with 2048 bits")
    purposes = _extension(certificate, x509.ExtendedKeyUsage)
    if purposes is None or list(purposes.value) != [ExtendedKeyUsageOID.SERVER_AUTH]:
        raise RootError("it does not bind itself to TLS servers (extended key usage: serverAuth and nothing else)")


def _names(certificate: x509.Certificate) -> Names:
    """What it binds itself to. Raises RootError where that is nothing, or too much to mean anything."""
    constraints = _extension(certificate, x509.NameConstraints)
    if constraints is None or not constraints.critical:
        raise RootError("it has no critical name constraints, so it could speak for every server of the world")
    permitted, excluded = constraints.value.permitted_subtrees or [], constraints.value.excluded_subtrees or []
    if len(permitted) + len(excluded) > _MOST_NAMES:
        raise RootError(f"it has more than {_MOST_NAMES} name constraints")
    names = Names(_dns(permitted), _networks(permitted), _dns(excluded), _networks(excluded))
    # A base without a dot is a top-level domain as well as the short name of a host.
    open_dns = not names.dns and "" not in names.but_dns
    if open_dns or any("." not in base.strip(".") for base in names.dns):
        raise RootError("its name constraints leave it every DNS name, or a whole top-level domain")
    if any(not _BASE.fullmatch(base) for base in names.dns):
        raise RootError("its name constraints hold what is no DNS name")
    if any(_SUFFIX.fullmatch(base) for base in names.dns):
        raise RootError("its name constraints leave it all names below a suffix at which anybody registers")
    open_addresses = not names.networks and not set(_EVERYWHERE.values()) <= set(names.but_networks)
    if open_addresses or any(_is_wide(network) for network in names.networks):
        raise RootError("its name constraints leave it every IP address, or whole parts of the Internet")
    if not names.dns and not names.networks:
        raise RootError("its name constraints leave it no name at all")
    return names


def _is_wide(network: _Network) -> bool:
    mapped = isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped is not None
    own = any(network.version == one.version and network.subnet_of(one) for one in _OWN)  # type: ignore[arg-type]
    return mapped or (network.prefixlen < _WIDEST[network.version] and not own)


def _dns(found: t.Iterable[x509.GeneralName]) -> tuple[str, ...]:
    return tuple(name.value for name in found if isinstance(name, x509.DNSName))


def _networks(found: t.Iterable[x509.GeneralName]) -> tuple[_Network, ...]:
    values = (name.value for name in found if isinstance(name, x509.IPAddress))
    return tuple(value for value in values if isinstance(value, (ipaddress.IPv4Network, ipaddress.IPv6Network)))
