# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the local OpenSSL can offer, and what may keep a probe from an answer."""

from __future__ import annotations

import ssl
import threading
import time
import typing as t
import warnings

from ansible_collections.mailfleet.client.plugins.module_utils import tls_suites

#: SCHANNEL's names of the versions → the names of ssl.TLSVersion.
VERSIONS: t.Mapping[str, str] = {
    "SSL 3.0": "SSLv3",
    "TLS 1.0": "TLSv1",
    "TLS 1.1": "TLSv1_1",
    "TLS 1.2": "TLSv1_2",
    "TLS 1.3": "TLSv1_3",
}

#: Every suite with a certificate and a key; level 0 is what lets OpenSSL 3 offer TLS 1.0, TLS 1.1 and SHA-1 at all.
ALL_CIPHERS = "ALL:!aNULL:!eNULL:!PSK:!SRP"
_LEVEL = ":@SECLEVEL=0"

#: SSL_OP_LEGACY_SERVER_CONNECT: servers from before RFC 5746, which OpenSSL 3 refuses otherwise. The ssl module names
#: it only from Python 3.12 on.
_OP_LEGACY_SERVER_CONNECT = 0x4

_warnings_lock = threading.Lock()


class ProbeError(Exception):
    """Something on the way kept us from an answer.

    ``kind``: dns, refused, unreachable, timeout, closed, too_much, not_tls, greeting, starttls_missing,
    starttls_refused, starttls_unavailable, protocol, alert, version, local, certificate. ``alert``: its number, where
    a TLS alert was sent.
    """

    def __init__(self, kind: str, message: str, alert: int | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.alert = alert


class Deadline:
    """A point in time after which nothing more is waited for."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left, never 0. Raises ProbeError("timeout")."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise ProbeError("timeout", "the server did not answer in time")
        return left

    def passed(self) -> bool:
        return time.monotonic() >= self._end

    def sooner(self, seconds: float) -> Deadline:
        """A deadline that many seconds from now, or this one if it comes first."""
        return Deadline(min(seconds, self._end - time.monotonic()))


def context(
    version: str, ciphers: str = ALL_CIPHERS, verify: bool = False, cafile: str | None = None
) -> ssl.SSLContext:
    """A client that offers exactly that version. Raises ProbeError("local") where the local OpenSSL cannot.

    ``verify``: check chain and name against ``cafile`` or, where that is None, the local store.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = verify
    made.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    try:
        # Python warns of old versions; catching warnings changes state of the whole process, hence the lock.
        with _warnings_lock, warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            made.options |= _OP_LEGACY_SERVER_CONNECT
            if version == "SSL 3.0":
                made.options &= ~ssl.OP_NO_SSLv3
            made.set_ciphers(ciphers + _LEVEL)
            made.minimum_version = getattr(ssl.TLSVersion, VERSIONS[version])
            made.maximum_version = getattr(ssl.TLSVersion, VERSIONS[version])
    except (ssl.SSLError, ValueError) as error:
        raise ProbeError("local", f"{ssl.OPENSSL_VERSION} cannot offer it: {error}") from error
    if verify and cafile:
        made.load_verify_locations(cafile)
    elif verify:
        made.load_default_certs(ssl.Purpose.SERVER_AUTH)
    return made


def offerable() -> frozenset[str]:
    """IANA names out of our table that the local OpenSSL has at all."""
    made = context("TLS 1.2", ":".join(tls_suites.OPENSSL_NAMES.values()))
    return frozenset(tls_suites.IANA_NAMES[c["name"]] for c in made.get_ciphers() if c["name"] in tls_suites.IANA_NAMES)
