# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How certificates stand in the stores of Windows' registry: the value ``Blob``.

It is a row of properties, each ``u32 id, u32 1, u32 length, data``, little-endian. 3 is the SHA-1 of the certificate
and 32 the certificate itself (CERT_SHA1_HASH_PROP_ID and CERT_CERT_PROP_ID of wincrypt.h).
"""

from __future__ import annotations

import struct
import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.read import root_certificate
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.root_certificate import RootCertificate, RootError

_SHA1, _CERTIFICATE = 3, 32
_HEAD: t.Final = struct.Struct("<III")
#: How our own values begin.
_FIRST: t.Final = _HEAD.pack(_SHA1, 1, 20)


def blob(root: RootCertificate) -> bytes:
    """The value for a root, with as little in it as Windows needs."""
    parts = ((_SHA1, bytes.fromhex(root.thumbprint)), (_CERTIFICATE, root.der))
    return b"".join(_HEAD.pack(kind, 1, len(data)) + data for kind, data in parts)


def certificate_in(raw: bytes) -> bytes | None:
    """The DER of the certificate in such a value, whatever else is in it; None where there is none."""
    at = 0
    while at + _HEAD.size <= len(raw):
        kind, _one, length = _HEAD.unpack_from(raw, at)
        at += _HEAD.size + length
        if at > len(raw):
            break
        if kind == _CERTIFICATE:
            return raw[at - length : at]
    return None


def root_in(raw: bytes) -> RootCertificate | None:
    """The root in a value that is exactly as :func:`blob` makes it, if it binds itself; else None."""
    if not raw.startswith(_FIRST):
        return None
    try:
        root = root_certificate.from_der(certificate_in(raw) or b"")
    except RootError:
        return None
    return root if blob(root) == raw else None
