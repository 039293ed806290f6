# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of mail servers, made comparable: accounts, operators and certificates spell them differently."""

from __future__ import annotations

import functools
import ipaddress


@functools.lru_cache(maxsize=1024)
def canonical(name: str) -> str:
    """Lower case, without the final dot, as A-labels (RFC 5890); an address in its shortest form.

    What is no name stays as it is, but for its case.
    """
    text = name.strip().rstrip(".").lower()
    address = _address(text)
    if address:
        return address
    try:
        return text.encode("idna").decode("ascii")
    except UnicodeError:
        return text


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.removeprefix("[").removesuffix("]")))
    except ValueError:
        return ""


def is_address(name: str) -> bool:
    """Whether that is an IP address and not a name."""
    return bool(_address(name.strip()))


def covers(certificate_name: str, host: str) -> bool:
    """Whether a certificate for that name is one for that host.

    A wildcard stands for exactly the left-most label, and for no part of an address: RFC 6125, 6.4.3.
    """
    if not certificate_name.startswith("*."):
        return canonical(certificate_name) == canonical(host)
    label, _dot, rest = canonical(host).partition(".")
    return bool(label) and not is_address(host) and rest == canonical(certificate_name[2:])
