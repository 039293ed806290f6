# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part ``accepts`` of an entry of ``servers``: what a server accepts, told by the operator or by a probe."""

from __future__ import annotations

import datetime
import re
import typing as t
from collections.abc import Mapping

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import (
    Acceptance,
    Certificate,
    Protocol,
    Source,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import (
    OptionError,
    boolean,
    choice,
    listed,
    mapping,
    only_keys,
    quoted,
    texts,
)

_KEYS: t.Final = ("tls", "suites", "certificate", "starttls", "refused", "undetermined_suites", "source")
_CERTIFICATE_KEYS: t.Final = (
    "names", "key", "signature", "needs_sni", "roots", "thumbprints", "not_before", "not_after", "trusted",
)  # fmt: skip

#: How a version may be written: "1.2" as in the documentation, or by its full name.
_VERSIONS: t.Final[Mapping[str, Protocol]] = {
    **{protocol.value.removeprefix("TLS "): protocol for protocol in Protocol},
    **{protocol.value: protocol for protocol in Protocol},
}

#: The parts of which IANA composes the names of suites. https://www.iana.org/assignments/tls-parameters/
#: (EXPORT1024 stands in an expired draft only, but old SCHANNEL offers it under these names.)
_SUITE: t.Final = re.compile(
    r"TLS_(?:"
    r"(?:NULL|(?:DHE?|ECDHE?)_anon|DH_anon_EXPORT|RSA|RSA_EXPORT|RSA_EXPORT1024|DHE?_(?:DSS|RSA)(?:_EXPORT)?"
    r"|DHE_DSS_EXPORT1024|KRB5(?:_EXPORT)?|PSK|(?:DHE|RSA|ECDHE)_PSK|ECDHE?_(?:ECDSA|RSA)|SRP_SHA(?:_RSA|_DSS)?)"
    r"_WITH_(?:"
    r"(?:NULL|RC4_40|RC4_56|RC4_128|RC2_CBC_40|IDEA_CBC|DES40_CBC|DES_CBC_40|DES_CBC|3DES_EDE_CBC|SEED_CBC"
    r"|(?:AES|CAMELLIA|ARIA)_(?:128|256)_(?:CBC|GCM)|CHACHA20_POLY1305)_(?:MD5|SHA|SHA256|SHA384)"
    r"|NULL_NULL|AES_(?:128|256)_CCM(?:_8)?(?:_SHA256)?)"
    r"|AES_128_GCM_SHA256|AES_256_GCM_SHA384|CHACHA20_POLY1305_SHA256|AES_128_CCM(?:_8)?_SHA256)"
)
_CURVE: t.Final = re.compile(r"_P(?:256|384|521)\Z")
_THUMBPRINT: t.Final = re.compile(r"[0-9A-F]{40}")
_CERTIFICATE_NAME: t.Final = re.compile(r"(?:\*\.)?[a-z0-9_](?:[a-z0-9_.:-]{0,251}[a-z0-9_])?")
_ALGORITHM: t.Final = re.compile(r"[a-z0-9.-]{1,64}")


def parse_acceptance(option: str, raw: object) -> Acceptance:
    """What a server accepts.

    A list of versions is taken as complete (what is not in it is refused) unless ``refused`` is given too, as in the
    ``accepts`` that a probe returns: then the rest is unknown. Raises OptionError.
    """
    entry = mapping(option, raw)
    only_keys(option, entry, _KEYS)
    if not entry:
        raise OptionError(f"{option}: it says nothing; leave it out, or name tls, suites or certificate.")
    told = "refused" in entry
    tls = _versions(f"{option}.tls", entry["tls"], empty=told) if "tls" in entry else None
    refused = _versions(f"{option}.refused", entry["refused"], empty=True) if told else _complement(tls)
    both = sorted(protocol.value for protocol in refused & (tls or frozenset()))
    if both:
        raise OptionError(f"{option}: {both[0]} stands both in tls and in refused.")
    certificate = entry.get("certificate")
    return Acceptance(
        source=Source(choice(f"{option}.source", entry.get("source", "declared"), ("declared", "probe"))),
        tls=tls or frozenset(),
        refused=refused,
        suites=tuple(_suites(f"{option}.suites", entry["suites"], empty=told)) if "suites" in entry else None,
        undetermined_suites=frozenset(
            _suites(f"{option}.undetermined_suites", entry.get("undetermined_suites", []), empty=True)
        ),
        starttls=boolean(f"{option}.starttls", entry["starttls"]) if entry.get("starttls") is not None else None,
        certificate=None if certificate is None else _certificate(f"{option}.certificate", certificate),
    )


def _complement(tls: frozenset[Protocol] | None) -> frozenset[Protocol]:
    return frozenset() if tls is None else frozenset(Protocol) - tls


def _versions(option: str, raw: object, *, empty: bool) -> frozenset[Protocol]:
    # YAML reads an unquoted 1.2 as a number; that is no reason to send anybody away.
    items = [str(item) if isinstance(item, float) else item for item in raw] if isinstance(raw, list) else raw
    found: set[Protocol] = set()
    for word in texts(option, items, empty=empty):
        if word.upper() not in _VERSIONS:
            known = [name for name in _VERSIONS if not name.startswith("TLS ")]
            raise OptionError(f"{option}: {quoted(word)} is not a version of TLS, which are {listed(known)}.")
        found.add(_VERSIONS[word.upper()])
    return frozenset(found)


def _suites(option: str, raw: object, *, empty: bool) -> list[str]:
    names = texts(option, raw, empty=empty)
    for name in names:
        if _SUITE.fullmatch(name):
            continue
        if _CURVE.search(name) and _SUITE.fullmatch(_CURVE.sub("", name)):
            raise OptionError(f"{option}: {quoted(name)} has a curve at its end; write {_CURVE.sub('', name)}.")
        raise OptionError(
            f"{option}: {quoted(name)} is not an IANA name of a cipher suite (such as TLS_RSA_WITH_AES_128_CBC_SHA)."
        )
    return list(dict.fromkeys(names))


def _certificate(option: str, raw: object) -> Certificate:
    entry = mapping(option, raw)
    only_keys(option, entry, _CERTIFICATE_KEYS)
    known = {key: value for key, value in entry.items() if value is not None}
    flags = {key: boolean(f"{option}.{key}", known[key]) for key in ("needs_sni", "trusted") if key in known}
    words = {key: _algorithm(f"{option}.{key}", known[key]) for key in ("key", "signature") if key in known}
    times = {key: _time(f"{option}.{key}", known[key]) for key in ("not_before", "not_after") if key in known}
    prints = {key: _thumbprints(f"{option}.{key}", known[key]) for key in ("roots", "thumbprints") if key in known}
    return Certificate(
        names=_names(f"{option}.names", known["names"]) if "names" in known else None,
        key=words.get("key"),
        signature=words.get("signature"),
        needs_sni=flags.get("needs_sni"),
        roots=prints.get("roots"),
        thumbprints=prints.get("thumbprints", ()),
        not_before=times.get("not_before"),
        not_after=times.get("not_after"),
        trusted=flags.get("trusted"),
    )


def _names(option: str, raw: object) -> tuple[str, ...]:
    names = [name.lower().removesuffix(".") for name in texts(option, raw, empty=True)]
    for name in names:
        if not _CERTIFICATE_NAME.fullmatch(name):
            raise OptionError(f"{option}: {quoted(name)} is not a DNS name.")
    return tuple(names)


def _algorithm(option: str, raw: object) -> str:
    word = raw.lower() if isinstance(raw, str) else ""
    if not _ALGORITHM.fullmatch(word):
        raise OptionError(f"{option}: {quoted(raw)} is not the name of an algorithm (such as rsa, ecdsa, sha256).")
    return word


def _thumbprints(option: str, raw: object) -> tuple[str, ...]:
    """Windows shows thumbprints with blanks, other programs with colons."""
    found = []
    for text in texts(option, raw, empty=True):
        digits = text.replace(" ", "").replace(":", "").upper()
        if not _THUMBPRINT.fullmatch(digits):
            raise OptionError(f"{option}: {quoted(text)} is not a SHA-1 thumbprint of 40 hexadecimal digits.")
        found.append(digits)
    return tuple(found)


def _time(option: str, raw: object) -> str:
    """A day or a point in time, UTC where no zone is given, as ISO 8601."""
    try:
        if isinstance(raw, str) and len(raw) == 10:
            return datetime.date.fromisoformat(raw).isoformat()
        moment = datetime.datetime.fromisoformat(raw) if isinstance(raw, str) else raw
        if isinstance(moment, datetime.datetime):
            zoned = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
            return zoned.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if isinstance(moment, datetime.date):
            return moment.isoformat()
    except (ValueError, OverflowError):
        pass
    raise OptionError(f"{option}: {quoted(raw)} is not a date such as 2026-12-31.")
