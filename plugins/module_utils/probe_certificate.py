# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate of a server that is probed: what it says, who trusts it, and whether it needs SNI."""

from __future__ import annotations

import ipaddress
import os
import ssl
import typing as t

from ansible_collections.mailfleet.client.plugins.module_utils import x509
from ansible_collections.mailfleet.client.plugins.module_utils.probe_attempts import Attempts


class Recipe(t.NamedTuple):
    """The offer that brought a certificate to light, to be repeated."""

    version: str
    ciphers: str
    chain: tuple[bytes, ...]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _has_store() -> bool:
    """True where the local OpenSSL has a file or a folder of roots; without one nobody can tell whom to trust."""
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile) or bool(paths.capath and os.listdir(paths.capath))


def _describe(chain: tuple[bytes, ...]) -> dict[str, t.Any]:
    """What the presented chain says by itself."""
    described: dict[str, t.Any] = dict.fromkeys(
        (
            "names",
            "issuer",
            "key",
            "key_bits",
            "signature",
            "not_before",
            "not_after",
            "needs_sni",
            "roots",
            "trusted",
            "trust_error",
            "public",
        )
    )
    described["thumbprints"] = [x509.thumbprint(der) for der in chain]
    try:
        leaf, last = x509.parse(chain[0]), x509.parse(chain[-1])
    except ValueError as error:
        described["trust_error"] = f"the certificate cannot be read: {error}"
        return described
    described.update(leaf._asdict())
    del described["self_issued"]
    described["names"] = list(leaf.names)
    if last.self_issued:
        described["roots"] = [x509.thumbprint(chain[-1])]
    return described


def look(attempts: Attempts, recipes: t.Mapping[str, Recipe]) -> dict[str, t.Any] | None:
    """The certificate as ``probe.probe`` describes it, after two or three more handshakes; None where none was seen.

    ``recipes``: by kind of key. The RSA certificate is described where there is one, because every client takes that.
    """
    seen = [r for _kind, r in sorted(recipes.items(), key=lambda item: item[0] != "rsa") if r.chain]
    if not seen:
        return None
    described = _describe(seen[0].chain)
    described["keys"] = sorted(kind for kind in recipes if kind)
    described.update(_trust(attempts, seen[0], described["roots"]))
    described["public"] = _public(attempts, seen[0], described["trusted"])
    described["needs_sni"] = _needs_sni(attempts, seen[0])
    return described


def _trust(attempts: Attempts, recipe: Recipe, presented: list[str] | None) -> dict[str, t.Any]:
    """The same handshake once more, this time with chain and name checked."""
    if attempts.target.cafile is None and not _has_store():
        return {"trust_error": "this machine has no trust store"}
    if attempts.left() <= 0:
        return {"trust_error": "was not checked: the probe ended before"}
    attempt = attempts.make(recipe.version, recipe.ciphers, verify=True)
    if attempt.error is None:
        built = [x509.thumbprint(der) for der in attempt.verified_chain[-1:]]
        return {"trusted": True, "roots": list(dict.fromkeys(built + (presented or []))) or None}
    if attempt.error.kind == "certificate":
        return {"trusted": False, "trust_error": attempt.error.message}
    return {"trust_error": "could not be checked: " + attempt.error.message}


def _public(attempts: Attempts, recipe: Recipe, trusted: bool | None) -> bool | None:
    """Does this machine's own store accept it? Where a file was named, that is another question."""
    if attempts.target.cafile is None:
        return trusted
    if not _has_store() or attempts.left() <= 0:
        return None
    attempt = attempts.make(recipe.version, recipe.ciphers, verify=True, own_store=True)
    if attempt.error is None:
        return True
    return False if attempt.error.kind == "certificate" else None


def _needs_sni(attempts: Attempts, recipe: Recipe) -> bool | None:
    """Does the server have nothing for this host without SNI: no handshake, or only a certificate for others?"""
    if _is_address(attempts.target.name):
        return False  # no name is ever sent for an address
    if attempts.left() <= 0:
        return None
    attempt = attempts.make(recipe.version, recipe.ciphers, sni=False)
    if attempt.error is not None:
        return True if attempt.error.kind == "alert" else None
    if attempt.chain[:1] == recipe.chain[:1]:
        return False
    try:
        return not x509.covers(x509.parse(attempt.chain[0]).names, attempts.target.name)
    except (ValueError, IndexError):
        return True
