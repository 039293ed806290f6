# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a mail server accepts, asked by real handshakes: TLS versions, cipher suites, certificate, ways to log in.

Nothing is claimed that was not seen. What the local OpenSSL cannot offer (SSL 2.0 and 3.0, RC4, 3DES nearly everywhere
today) is undetermined, never refused. A version counts as refused when the server says so (alert protocol_version), or
when it ends the handshake of that version and finishes one of another version in the same probe.
"""

from __future__ import annotations

import concurrent.futures
import ipaddress
import ssl
import time
import typing as t

from ansible_collections.mailfleet.client.plugins.module_utils import tls_offer
from ansible_collections.mailfleet.client.plugins.module_utils.mail_doors import PROTOCOLS, SECURITIES
from ansible_collections.mailfleet.client.plugins.module_utils.probe_attempts import Target
from ansible_collections.mailfleet.client.plugins.module_utils.probe_run import (
    ACCEPTED,
    REFUSED,
    UNDETERMINED,
    Probe,
)
from ansible_collections.mailfleet.client.plugins.module_utils.tls_suites import OPENSSL_NAMES, is_tls12_only

VERSIONS = ("SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3")

#: Fields of a certificate that the option ``servers`` takes back under ``accepts``.
_DECLARABLE = (
    "names", "key", "signature", "needs_sni", "roots", "thumbprints", "not_before", "not_after",
)  # fmt: skip


#: Mechanisms that carry an OAuth 2.0 token: RFC 7628 and Google's XOAUTH2.
_OAUTH = frozenset({"XOAUTH2", "OAUTHBEARER"})


def sign_in(advertised: t.Collection[str] | None) -> list[str] | None:
    """What follows from the advertised mechanisms for ``auth`` of an entry of ``servers``; None where nothing does.

    Servers advertise passwords that they then refuse, but one that advertises only tokens takes no password.
    """
    return ["oauth2"] if advertised and _OAUTH.issuperset(advertised) else None


def _short(version: str) -> str:
    """``TLS 1.2`` → ``1.2``, as the option ``servers`` writes it."""
    return version[4:] if version.startswith("TLS ") else version


def _suites(done: Probe) -> dict[str, list[str]]:
    """Suites of TLS 1.2 and older over all versions."""
    offerable = tls_offer.offerable()
    state = {version: done.versions[version]["state"] for version in ("TLS 1.0", "TLS 1.1", "TLS 1.2")}
    found: dict[str, list[str]] = {ACCEPTED: [], REFUSED: [], UNDETERMINED: []}
    for suite in OPENSSL_NAMES:
        bearers = ("TLS 1.2",) if is_tls12_only(suite) else tuple(state)
        if any(suite in known[ACCEPTED] for known in done.suites.values()):
            found[ACCEPTED].append(suite)
        elif suite in offerable and (
            any(suite in known[REFUSED] for known in done.suites.values())
            or all(state[version] == REFUSED for version in bearers)
        ):
            found[REFUSED].append(suite)
        else:
            found[UNDETERMINED].append(suite)
    return found


def _accepts(done: Probe, suites: dict[str, list[str]] | None) -> dict[str, t.Any] | None:
    """The same knowledge in the form in which an entry of ``servers`` takes it."""
    if done.error is not None or done.attempts.target.security == "none":
        return None
    by_state = {
        state: [_short(v) for v in VERSIONS if done.versions[v]["state"] == state] for state in (ACCEPTED, REFUSED)
    }
    accepts: dict[str, t.Any] = {
        "source": "probe",
        "tls": by_state[ACCEPTED],
        "refused": by_state[REFUSED],
    }
    if suites is not None:
        accepts.update(suites=suites[ACCEPTED], undetermined_suites=suites[UNDETERMINED])
    if done.attempts.starttls is not None:
        accepts["starttls"] = done.attempts.starttls
    if done.certificate is not None:
        known = {name: done.certificate[name] for name in _DECLARABLE}
        # There, "trusted" is what hosts can know of it: a file of roots that was named here is not theirs.
        known["trusted"] = done.certificate["public"]
        accepts["certificate"] = {name: value for name, value in known.items() if value is not None}
    return accepts


def _ascii_name(name: str) -> str:
    """A name as DNS and TLS carry it (IDNA), without a final dot. Raises ValueError."""
    stripped = name[:-1] if name.endswith(".") else name
    try:
        return str(ipaddress.ip_address(stripped))
    except ValueError:
        pass
    try:
        made = stripped.encode("idna").decode("ascii").lower()
    except UnicodeError:
        made = ""
    if not made or not all(c.isalnum() or c in "-._" for c in made):
        raise ValueError(f"{name!a} is not the name or the address of a host")
    return made


def _target(
    host: str, port: int, protocol: str, security: str, timeout: float, server_name: str | None, cafile: str | None
) -> Target:
    if protocol not in PROTOCOLS:
        raise ValueError("protocol {} is not one of {}".format(ascii(protocol), ", ".join(PROTOCOLS)))
    if security not in SECURITIES:
        raise ValueError("security {} is not one of {}".format(ascii(security), ", ".join(SECURITIES)))
    if not 1 <= port <= 65535:
        raise ValueError(f"port {port} is not between 1 and 65535")
    if not 0 < timeout <= 3600:
        raise ValueError(f"timeout {timeout} is not between 0 and 3600 seconds")
    if cafile is not None:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile)
        except (OSError, ValueError) as error:
            raise ValueError(f"ca_file {cafile!a} cannot be read: {error}") from error
    address = _ascii_name(host)
    return Target(address, port, protocol, security, timeout, _ascii_name(server_name or host), cafile)


def probe(
    host: str,
    port: int,
    protocol: str,
    security: str,
    timeout: float = 10.0,
    server_name: str | None = None,
    cafile: str | None = None,
    full: bool = True,
) -> dict[str, t.Any]:
    """Ask one server what it accepts.

    Args:
        host: name or address.
        port: TCP port.
        protocol: smtp, imap or pop3.
        security: implicit, starttls or none.
        timeout: seconds for one connection with its dialogue and handshake; the whole probe ends after six times that.
        server_name: the name to send (SNI) and to look for in the certificate; the host where it is None.
        cafile: PEM file of roots to trust; the local store where it is None.
        full: look for every suite, not only for the versions and the certificate.

    Returns:
        A dict of plain types: ``host`` ``port`` ``protocol`` ``security`` ``server_name``; ``error`` (one sentence: why
        nothing was learnt, or None) and ``error_kind`` (see ProbeError); ``starttls`` (True, False, or None: nobody
        looked); ``injected`` (clear text stood where TLS had to begin; it was thrown away); ``versions``: "TLS 1.2" →
        {state: accepted, refused or undetermined, why, suite}; ``suites``: {accepted, refused, undetermined} of IANA
        names for TLS 1.2 and older, or None where they were not looked for; ``suites_by_version``: "TLS 1.2" →
        {accepted, refused}; ``certificate``: {names, issuer, key, key_bits, keys, signature, not_before, not_after,
        needs_sni, roots, thumbprints, trusted, trust_error, public} or None (``trusted``: by ``cafile``, ``public``: by
        the local store); ``auth_advertised``: list of words or None; ``accepts``: the same for the option ``servers``
        or None; ``handshakes``; ``seconds``; ``openssl``.

    Raises:
        ValueError: an argument is not what it should be. Nothing that a server or a network does is raised.
    """
    target = _target(host, port, protocol, security, timeout, server_name, cafile)
    started = time.monotonic()
    done = Probe(target, full)
    done.run()
    suites = _suites(done) if full and done.error is None and security != "none" else None
    return {
        "host": host,
        "port": port,
        "protocol": protocol,
        "security": security,
        "server_name": target.name,
        "error": done.error.message if done.error else None,
        "error_kind": done.error.kind if done.error else None,
        "starttls": done.attempts.starttls,
        "injected": done.attempts.injected,
        "versions": {} if security == "none" else {v: done.versions[v] for v in VERSIONS},
        "suites": suites,
        "suites_by_version": {v: done.suites[v] for v in VERSIONS if full and v in done.suites and v != "TLS 1.3"},
        "certificate": done.certificate,
        "auth_advertised": done.attempts.auth,
        "accepts": _accepts(done, suites),
        "handshakes": done.attempts.handshakes,
        "seconds": round(time.monotonic() - started, 3),
        "openssl": ssl.OPENSSL_VERSION,
    }


def probe_many(requests: t.Sequence[t.Mapping[str, t.Any]], workers: int = 8) -> list[dict[str, t.Any]]:
    """``probe`` with each of these keyword arguments, at the same time; equal ones are asked once. Keeps the order.

    Raises ValueError as ``probe`` does.
    """
    keys = [tuple(sorted(request.items())) for request in requests]
    distinct = list(dict.fromkeys(keys))
    if not distinct:
        return []
    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, min(workers, len(distinct)))) as pool:
        results = dict(pool.map(lambda key: (key, probe(**dict(key))), distinct))
    return [results[key] for key in keys]
