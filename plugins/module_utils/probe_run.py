# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One probe of one server: which handshakes are tried, in which order, and what each of them proves."""

from __future__ import annotations

import typing as t

from ansible_collections.mailfleet.client.plugins.module_utils import probe_certificate, tls_offer, x509
from ansible_collections.mailfleet.client.plugins.module_utils.probe_attempts import Attempts, Target
from ansible_collections.mailfleet.client.plugins.module_utils.tls_offer import ALL_CIPHERS, ProbeError
from ansible_collections.mailfleet.client.plugins.module_utils.tls_suites import (
    IANA_NAMES,
    OPENSSL_NAMES,
    is_tls12_only,
    needs_rsa,
)

#: Handshakes that are kept back for the certificate and the control, and for the control alone.
_RESERVED, _RESERVED_FOR_CONTROL = 4, 1

ACCEPTED, REFUSED, UNDETERMINED = "accepted", "refused", "undetermined"
_ORDER = ("TLS 1.2", "TLS 1.3", "TLS 1.0", "TLS 1.1", "SSL 3.0")
_WITH_SUITES = ("TLS 1.2", "TLS 1.0", "TLS 1.1")

#: Alerts that mean "no common suite or version" and not "something went wrong": handshake_failure, illegal_parameter,
#: protocol_version, insufficient_security.
_NOTHING_IN_COMMON = (40, 47, 70, 71)
_PROTOCOL_VERSION = 70


class Probe:
    """The state of one probe. ``run`` fills the public attributes and never raises for what a server does.

    ``versions``, ``certificate`` as in ``probe.probe``; ``suites``: version → accepted and refused; ``error``: why
    nothing was learnt. ``full``: look for every suite, too.
    """

    def __init__(self, target: Target, full: bool = True) -> None:
        self.attempts = Attempts(target)
        self._full = full
        self.versions: dict[str, dict[str, str]] = {"SSL 2.0": _state(UNDETERMINED, "no OpenSSL can offer it")}
        self.suites: dict[str, dict[str, list[str]]] = {}
        self.certificate: dict[str, t.Any] | None = None
        self.error: ProbeError | None = None
        self._closed: list[tuple[str, list[str]]] = []  # (version, suites) that a mere closing seems to refuse
        self._recipes: dict[str, probe_certificate.Recipe] = {}  # by kind of key

    def run(self) -> None:
        """All of it."""
        if self.attempts.target.security == "none":
            try:
                self.attempts.plain()
            except ProbeError as error:
                self.error = error
            return
        self._find_versions()
        bearers = [version for version in _WITH_SUITES if version in self._accepted() and self._full]
        if bearers:
            self._find_suites(bearers[0], _RESERVED)
        self.certificate = probe_certificate.look(self.attempts, self._recipes)
        for version in bearers[1:]:
            self._find_suites(version, _RESERVED_FOR_CONTROL)
        self._control()

    def _accepted(self) -> list[str]:
        return [version for version in _ORDER if self.versions.get(version, {}).get("state") == ACCEPTED]

    def _find_versions(self) -> None:
        """One handshake per version; a mere closing is tried once more."""
        errors: dict[str, ProbeError] = {}
        timeouts = 0
        for version in _ORDER:
            if self.attempts.left() <= 0 or (timeouts >= 2 and not self._accepted()):
                self.versions[version] = _state(UNDETERMINED, "was not asked: the probe ended before")
                continue
            attempt = self.attempts.make(version)
            if attempt.error is not None and attempt.error.kind == "closed" and self.attempts.left() > 0:
                attempt = self.attempts.make(version)
            if attempt.error is None:
                suite = IANA_NAMES.get(attempt.suite, attempt.suite)
                self.versions[version] = dict(_state(ACCEPTED, ""), suite=suite)
                self._note_suite(version, suite)
                self._note_certificate(version, ALL_CIPHERS, attempt.chain)
            else:
                timeouts += attempt.error.kind == "timeout"
                errors[version] = attempt.error
        for version, error in errors.items():
            self.versions[version] = self._judge(version, error)
        if not any(state["state"] != UNDETERMINED for state in self.versions.values()):
            self.error = _most_telling(errors)

    def _judge(self, version: str, error: ProbeError) -> dict[str, str]:
        others = bool(self._accepted())
        # Of TLS 1.3 all that there is was offered, so there it means no even where nothing else is accepted.
        by_alert = error.kind == "alert" and (others or (version == "TLS 1.3" and error.alert in _NOTHING_IN_COMMON))
        if error.kind == "version" or error.alert == _PROTOCOL_VERSION or by_alert:
            return _state(REFUSED, error.message)
        if error.kind == "closed" and others and not self.attempts.stopped:
            self._closed.append((version, []))
            return _state(REFUSED, "the server closed the connection during the handshake, twice")
        if error.kind == "alert":
            return _state(UNDETERMINED, error.message + "; it may want suites that could not be offered")
        return _state(UNDETERMINED, error.message)

    def _note_suite(self, version: str, suite: str) -> None:
        known = self.suites.setdefault(version, {ACCEPTED: [], REFUSED: []})[ACCEPTED]
        if version != "TLS 1.3" and suite in OPENSSL_NAMES and suite not in known:
            known.append(suite)

    def _find_suites(self, version: str, reserve: int) -> None:
        """Offer all, then all but the chosen one, and so on; those that need an RSA certificate first."""
        offerable = [n for n in OPENSSL_NAMES if n in tls_offer.offerable()]
        offerable = [n for n in offerable if version == "TLS 1.2" or not is_tls12_only(n)]
        known = self.suites[version]
        for rsa in (True, False):
            remaining = [n for n in offerable if needs_rsa(n) == rsa and n not in known[ACCEPTED]]
            while remaining and self.attempts.left() > reserve:
                ciphers = ":".join(OPENSSL_NAMES[n] for n in remaining)
                attempt = self.attempts.make(version, ciphers)
                if attempt.error is not None:
                    if not attempt.reached or not self._nothing_in_common(version, attempt.error, remaining):
                        return
                    known[REFUSED] += remaining
                    break
                suite = IANA_NAMES.get(attempt.suite)
                if suite not in remaining:
                    return
                self._note_suite(version, suite)
                self._note_certificate(version, ciphers, attempt.chain)
                remaining.remove(suite)

    def _nothing_in_common(self, version: str, error: ProbeError, remaining: list[str]) -> bool:
        if error.kind == "closed":
            self._closed.append((version, remaining))
        return error.kind == "closed" or error.alert in _NOTHING_IN_COMMON

    def _control(self) -> None:
        """Where a mere closing was taken for a refusal: does the server still finish a handshake that it accepted?"""
        accepted = self._accepted()
        if not self._closed or not accepted:
            return
        if self.attempts.left() > 0 and self.attempts.make(accepted[0]).error is None:
            return
        for version, suites in self._closed:
            if suites:
                known = self.suites[version]
                known[REFUSED] = [n for n in known[REFUSED] if n not in suites]
            else:
                why = "the server closed the connection, but it closed one that it had accepted before too"
                self.versions[version] = _state(UNDETERMINED, why)

    def _note_certificate(self, version: str, ciphers: str, chain: tuple[bytes, ...]) -> None:
        try:
            key = x509.parse(chain[0]).key
        except (ValueError, IndexError):
            key = ""
        self._recipes.setdefault(key, probe_certificate.Recipe(version, ciphers, chain))


def _state(state: str, why: str) -> dict[str, str]:
    return {"state": state, "why": why}


def _most_telling(errors: t.Mapping[str, ProbeError]) -> ProbeError:
    """The first thing that went wrong beyond this machine, else the first of all."""
    found = list(errors.values())
    return next((error for error in found if error.kind != "local"), found[0])
