# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module ``mail_tls_probe`` returns, made of what a probe found. Nothing here talks to anybody."""

from __future__ import annotations

import calendar
import time
import typing as t

from ansible_collections.mailfleet.client.plugins.module_utils import x509
from ansible_collections.mailfleet.client.plugins.module_utils.probe import sign_in
from ansible_collections.mailfleet.client.plugins.module_utils.probe_run import ACCEPTED, REFUSED, UNDETERMINED

#: A certificate that ends within so many days is worth a sentence: Let's Encrypt renews 30 days before.
SOON_DAYS = 21

_MODERN, _OLD = ("TLS 1.3", "TLS 1.2"), ("SSL 3.0", "TLS 1.0", "TLS 1.1")
#: Words of OpenSSL for what is said in sentences of our own.
_SAID_BETTER = ("has expired", "not yet valid", "mismatch", "not valid for")
_WEAK_HASHES = ("md2", "md5", "sha1")
_LEAST_RSA_BITS = 2048


def report(found: t.Mapping[str, t.Any], host: str, address: str | None, now: float) -> dict[str, t.Any]:
    """The result of the module.

    Args:
        found: what ``probe.probe`` returned.
        host: the server as it is to stand in ``servers``.
        address: where it was asked instead; None: at ``host``.
        now: seconds since 1970, UTC.
    """
    certificate = None if found["certificate"] is None else dict(found["certificate"])
    if certificate is not None:
        certificate["key_kinds"] = certificate.pop("keys")  # Jinja would take "keys" for the method of a dict
        certificate["days_left"] = _days_left(certificate["not_after"], now)
        certificate["covers_name"] = _covers_name(certificate["names"], found["server_name"])
    made = {
        "host": host,
        "address": address,
        "port": found["port"],
        "protocol": found["protocol"],
        "security": found["security"],
        "name": found["server_name"],
        "error": _sentence(host, found),
        "error_kind": found["error_kind"],
        "versions": found["versions"],
        "suites": found["suites"],
        "starttls": found["starttls"],
        "certificate": certificate,
        "auth": found["auth_advertised"],
        "accepts": _accepts(found),
        "handshakes": found["handshakes"],
        "seconds": found["seconds"],
        "openssl": found["openssl"],
    }
    made["problems"] = _problems(made, found["injected"])
    made["server"] = _server(made)
    return made


def _sentence(host: str, found: t.Mapping[str, t.Any]) -> str | None:
    if found["error"] is None:
        return None
    return "{} port {}: {}.".format(host, found["port"], found["error"].rstrip("."))


def _accepts(found: t.Mapping[str, t.Any]) -> dict[str, t.Any] | None:
    """Where a server has no STARTTLS, that is all there is to know, and it is known."""
    if found["security"] == "starttls" and found["starttls"] is False:
        return {"source": "probe", "starttls": False}
    accepts: dict[str, t.Any] | None = found["accepts"]
    return accepts


def _server(made: t.Mapping[str, t.Any]) -> dict[str, t.Any] | None:
    """A whole entry of ``servers``; None where it could say nothing: the audit would take that for TLS 1.2."""
    if made["accepts"] is None and made["error"] is not None:
        return None
    entry = {name: made[name] for name in ("host", "port", "protocol", "security")}
    auth = sign_in(made["auth"])
    if auth is not None:
        entry["auth"] = auth
    if made["accepts"] is not None:
        entry["accepts"] = made["accepts"]
    return entry


def _days_left(not_after: str | None, now: float) -> int | None:
    """Whole days; below 0 where the end is past."""
    if not_after is None:
        return None
    end = calendar.timegm(time.strptime(not_after, "%Y-%m-%dT%H:%M:%SZ"))
    return int((end - now) // 86400)


def _covers_name(names: t.Sequence[str] | None, name: str) -> bool | None:
    return None if names is None else x509.covers(names, name)


def _problems(made: t.Mapping[str, t.Any], injected: bool) -> list[str]:
    """What stands in the way of clients, or is a danger to them, or could not be learnt, in sentences."""
    found: list[str] = []
    if made["security"] == "none":
        found.append("Nothing protects this connection: passwords and mail travel in clear.")
    if injected:
        found.append("Clear text stood where TLS had to begin: someone on the way may speak for the server.")
    if made["error"] is None:
        found += _of_versions(made["versions"])
        found += _of_certificate(made["certificate"] or {}, made["name"])
    if sign_in(made["auth"]):
        found.append("It lets nobody sign in with a password, only with a token ({}).".format(", ".join(made["auth"])))
    return found


def _of_versions(versions: t.Mapping[str, t.Mapping[str, str]]) -> list[str]:
    if not versions:
        return []
    state = {version: known["state"] for version, known in versions.items()}
    accepted = [version for version in (*_OLD, *reversed(_MODERN)) if state[version] == ACCEPTED]
    found: list[str] = []
    if not accepted:
        found.append("No handshake was finished, with no version.")
    elif all(state[version] == REFUSED for version in _MODERN):
        found.append(f"It accepts nothing newer than {accepted[-1]}.")
    old = [version for version in accepted if version in _OLD]
    if old:
        found.append("It accepts {}, which no server should any more (RFC 8996).".format(" and ".join(old)))
    for version in ("TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"):
        if state[version] == UNDETERMINED:
            found.append("Whether it accepts {} is not known: {}.".format(version, versions[version]["why"]))
    return found


def _of_certificate(certificate: t.Mapping[str, t.Any], name: str) -> list[str]:
    if not certificate:
        return []
    found = _of_days(certificate["days_left"], certificate["not_after"])
    if certificate["covers_name"] is False:
        names = ", ".join(certificate["names"][:5]) or "nobody"
        found.append(f"The certificate is not for {name}, but for {names}.")
    error = certificate["trust_error"]
    if certificate["trusted"] is False and not (found and any(words in error for words in _SAID_BETTER)):
        found.append(f"The certificate is not trusted: {error}.")
    elif certificate["trusted"] is None:
        found.append(f"Whether the certificate is trusted is not known: {error}.")
    if str(certificate["signature"]).replace("pss-", "") in _WEAK_HASHES:
        found.append("The certificate is signed with {}, which is broken.".format(certificate["signature"]))
    if certificate["key"] in ("rsa", "rsa-pss") and (certificate["key_bits"] or _LEAST_RSA_BITS) < _LEAST_RSA_BITS:
        found.append("Its key of {} bits is too short.".format(certificate["key_bits"]))
    if certificate["needs_sni"]:
        found.append("A client that sends no server name (XP, Server 2003) does not get this certificate.")
    return found


def _of_days(days_left: int | None, not_after: str | None) -> list[str]:
    if days_left is None:
        return []
    if days_left < 0:
        return [f"The certificate expired on {str(not_after)[:10]}."]
    return [f"The certificate expires in {days_left} days, on {str(not_after)[:10]}."] if days_left < SOON_DAYS else []
