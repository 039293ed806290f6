# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A reader for the few fields of an X.509 certificate that decide whether an old client can use it.

The standard library decodes only certificates that it could verify; the ones of interest are those it could not.
The input comes from a server that nobody trusts: lengths are checked, nothing recurses, and the only exception is
ValueError. Structure: RFC 5280 section 4.1, encoding: X.690.
"""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import re
import typing as t

MAX_CERTIFICATE = 64 * 1024
MAX_NAMES = 512

_INTEGER, _BIT_STRING, _OCTET_STRING, _OID = 0x02, 0x03, 0x04, 0x06
_UTC_TIME, _GENERALIZED_TIME, _SEQUENCE = 0x17, 0x18, 0x30
_VERSION, _EXTENSIONS, _DNS_NAME, _IP_ADDRESS = 0xA0, 0xA3, 0x82, 0x87

_COMMON_NAME, _SUBJECT_ALT_NAME, _PSS = "2.5.4.3", "2.5.29.17", "1.2.840.113549.1.1.10"
#: What of an issuer is shown, and how texts are written. RFC 4514 section 3, X.680 section 8.
_SHOWN_PARTS: t.Mapping[str, str] = {_COMMON_NAME: "CN", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.6": "C"}
_TEXTS: t.Mapping[int, str] = {12: "utf-8", 19: "latin-1", 20: "latin-1", 22: "latin-1", 30: "utf-16-be"}
_LONGEST_NAME = 200

_HASHES: t.Mapping[str, str] = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}

#: Signature algorithm → its hash. RFC 3279, RFC 4055, RFC 5758, RFC 8410.
_SIGNATURES: t.Mapping[str, str] = {
    "1.2.840.113549.1.1.2": "md2",
    "1.2.840.113549.1.1.4": "md5",
    "1.2.840.113549.1.1.5": "sha1",
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
    "1.2.840.113549.1.1.14": "sha224",
    "1.3.14.3.2.29": "sha1",
    "1.2.840.10040.4.3": "sha1",
    "2.16.840.1.101.3.4.3.2": "sha256",
    "1.2.840.10045.4.1": "sha1",
    "1.2.840.10045.4.3.1": "sha224",
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
    "1.3.101.112": "ed25519",
    "1.3.101.113": "ed448",
}

_KEYS: t.Mapping[str, str] = {
    "1.2.840.113549.1.1.1": "rsa",
    _PSS: "rsa-pss",
    "1.2.840.10045.2.1": "ecdsa",
    "1.2.840.10040.4.1": "dsa",
    "1.3.101.112": "ed25519",
    "1.3.101.113": "ed448",
}

_CURVE_BITS: t.Mapping[str, int] = {"1.2.840.10045.3.1.7": 256, "1.3.132.0.34": 384, "1.3.132.0.35": 521}

_DNS_PATTERN = re.compile(r"(?:\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?\.?\Z")


class Certificate(t.NamedTuple):
    """What was read. ``names``: lower-case DNS names and IP addresses; times are UTC, ISO 8601.

    ``issuer``: "CN=..., O=...", at most 200 characters, all of them printable, for people to read.

    ``key``: "rsa", "ecdsa", ... or the dotted OID of an algorithm that is not in the table; ``key_bits`` None: unknown;
    ``signature``: hash of the signature ("sha256"), "pss-" in front for RSA-PSS, or the dotted OID;
    ``self_issued``: issuer and subject are the same name, as in a root.
    """

    names: tuple[str, ...]
    key: str
    key_bits: int | None
    signature: str
    not_before: str
    not_after: str
    self_issued: bool
    issuer: str


class _Element(t.NamedTuple):
    tag: int
    body: bytes


def _elements(data: bytes, limit: int = 4096) -> list[_Element]:
    """All elements that stand one after the other in ``data``; definite lengths and one-byte tags only, as DER has."""
    found: list[_Element] = []
    at = 0
    while at < len(data):
        if len(found) >= limit:
            raise ValueError("too many elements")
        if len(data) - at < 2 or data[at] & 0x1F == 0x1F:
            raise ValueError("element is cut off or has a long tag")
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            if not 1 <= size <= 3 or len(data) - at < size:
                raise ValueError("length of an element is not one of DER")
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        if length > len(data) - at:
            raise ValueError("element is longer than what holds it")
        found.append(_Element(tag, data[at : at + length]))
        at += length
    return found


def _expect(elements: t.Sequence[_Element], index: int, tag: int) -> bytes:
    if index >= len(elements) or elements[index].tag != tag:
        raise ValueError(f"element {index} is not of tag 0x{tag:02x}")
    return elements[index].body


def _oid(body: bytes) -> str:
    """Dotted form of an object identifier of at most 64 bytes."""
    if not body or len(body) > 64 or body[-1] & 0x80:
        raise ValueError("object identifier is empty, too long or cut off")
    numbers: list[int] = []
    value = 0
    for byte in body:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(str(number) for number in [first, numbers[0] - 40 * first, *numbers[1:]])


def _time(element: _Element) -> str:
    """RFC 5280 4.1.2.5: seconds are there, the zone is Z; two-digit years from 50 on are of the 20th century."""
    try:
        text = element.body.decode("ascii")
        if element.tag == _UTC_TIME and re.match(r"[0-9]{12}Z\Z", text):
            text = ("19" if int(text[:2]) >= 50 else "20") + text
        elif element.tag != _GENERALIZED_TIME or not re.match(r"[0-9]{14}Z\Z", text):
            raise ValueError("time is not one of a certificate")
        return datetime.datetime.strptime(text, "%Y%m%d%H%M%SZ").isoformat() + "Z"
    except UnicodeDecodeError:
        raise ValueError("time is not ASCII") from None


def _signature(algorithm: bytes) -> str:
    parts = _elements(algorithm)
    oid = _oid(_expect(parts, 0, _OID))
    if oid != _PSS:
        return _SIGNATURES.get(oid, oid)
    # RSASSA-PSS-params (RFC 4055 3.1): [0] hashAlgorithm, SHA-1 where it is left out.
    parameters = _elements(_expect(parts, 1, _SEQUENCE)) if len(parts) > 1 else []
    if not parameters or parameters[0].tag != 0xA0:
        return "pss-sha1"
    identifier = _elements(_expect(_elements(parameters[0].body), 0, _SEQUENCE))
    hash_oid = _oid(_expect(identifier, 0, _OID))
    return "pss-" + _HASHES.get(hash_oid, hash_oid)


def _key(body: bytes) -> tuple[str, int | None]:
    parts = _elements(body)
    algorithm = _elements(_expect(parts, 0, _SEQUENCE))
    oid = _oid(_expect(algorithm, 0, _OID))
    kind = _KEYS.get(oid, oid)
    if kind == "ecdsa" and len(algorithm) > 1 and algorithm[1].tag == _OID:
        return kind, _CURVE_BITS.get(_oid(algorithm[1].body))
    if kind in ("rsa", "rsa-pss"):
        bits = _expect(parts, 1, _BIT_STRING)
        numbers = _elements(_expect(_elements(bits[1:]), 0, _SEQUENCE))
        return kind, int.from_bytes(_expect(numbers, 0, _INTEGER), "big").bit_length()
    return kind, None


def _dns_name(body: bytes) -> str | None:
    text = body.decode("latin-1")
    return text.rstrip(".").lower() if _DNS_PATTERN.match(text) else None


def _alternative_names(body: bytes) -> list[str]:
    names: list[str] = []
    for element in _elements(_expect(_elements(body), 0, _SEQUENCE)):
        name: str | None = None
        if element.tag == _DNS_NAME:
            name = _dns_name(element.body)
        elif element.tag == _IP_ADDRESS and len(element.body) in (4, 16):
            name = str(ipaddress.ip_address(element.body))
        if name and name not in names and len(names) < MAX_NAMES:
            names.append(name)
    return names


def _attributes(name: bytes) -> t.Iterator[tuple[str, _Element]]:
    """Types, as dotted OIDs, and values of what a name is made of. RFC 5280 section 4.1.2.4."""
    for relative in _elements(name):
        for pair in _elements(relative.body):
            parts = _elements(pair.body)
            if len(parts) == 2 and parts[0].tag == _OID:
                yield _oid(parts[0].body), parts[1]


def _common_names(subject: bytes) -> list[str]:
    names = [_dns_name(value.body) for kind, value in _attributes(subject) if kind == _COMMON_NAME]
    return [name for name in names if name]


def _shown_name(name: bytes) -> str:
    """An issuer as people write it; whoever made the certificate chose the words."""
    found: list[str] = []
    for kind, value in _attributes(name):
        if kind in _SHOWN_PARTS:
            text = value.body.decode(_TEXTS.get(value.tag, "latin-1"), "replace")
            found.append(_SHOWN_PARTS[kind] + "=" + "".join(c if c.isprintable() else "?" for c in text))
    return ", ".join(reversed(found))[:_LONGEST_NAME]


def _names(extensions: t.Sequence[_Element], subject: bytes) -> tuple[str, ...]:
    """The alternative names; only where a certificate has none at all does SCHANNEL look at the common name."""
    for holder in extensions:
        if holder.tag != _EXTENSIONS:
            continue
        for extension in _elements(_expect(_elements(holder.body), 0, _SEQUENCE)):
            parts = _elements(extension.body)
            if _oid(_expect(parts, 0, _OID)) == _SUBJECT_ALT_NAME:
                return tuple(_alternative_names(_expect(parts, len(parts) - 1, _OCTET_STRING)))
    return tuple(_common_names(subject))


def parse(der: bytes) -> Certificate:
    """The fields of one DER certificate. Raises ValueError on anything that is not one."""
    if len(der) > MAX_CERTIFICATE:
        raise ValueError(f"certificate is longer than {MAX_CERTIFICATE} bytes")
    outer = _elements(der)
    whole = _elements(_expect(outer, 0, _SEQUENCE))
    fields = _elements(_expect(whole, 0, _SEQUENCE))
    if len(outer) != 1 or len(whole) != 3:
        raise ValueError("certificate does not have three parts")
    if fields and fields[0].tag == _VERSION:
        fields = fields[1:]
    issuer, validity, subject = (_expect(fields, index, _SEQUENCE) for index in (2, 3, 4))
    times = _elements(validity)
    if len(times) != 2:
        raise ValueError("validity does not have two times")
    key, key_bits = _key(_expect(fields, 5, _SEQUENCE))
    return Certificate(
        names=_names(fields[6:], subject),
        key=key,
        key_bits=key_bits,
        signature=_signature(_expect(whole, 1, _SEQUENCE)),
        not_before=_time(times[0]),
        not_after=_time(times[1]),
        self_issued=issuer == subject,
        issuer=_shown_name(issuer),
    )


def thumbprint(der: bytes) -> str:
    """SHA-1 of a certificate in upper-case hex, as the Windows stores name it: an identifier, not a protection."""
    try:
        return hashlib.new("sha1", der, usedforsecurity=False).hexdigest().upper()
    except TypeError:  # Python 3.8
        return hashlib.new("sha1", der).hexdigest().upper()


def covers(names: t.Iterable[str], host: str) -> bool:
    """True where one of the names stands for that host; ``*`` stands for the whole left-most label. RFC 6125 6.4.3."""
    wanted = host.rstrip(".").lower()
    parent = wanted.partition(".")[2]
    return any(name == wanted or (name.startswith("*.") and bool(parent) and name[2:] == parent) for name in names)
