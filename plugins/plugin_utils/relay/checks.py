# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether relays work, seen from their own machine: what to ask (with mail_tls_probe), and what the answers mean.

What counts is whether a mail server greets through the relay: the relay itself has verified that server's certificate,
or there would be no greeting. What the server says when it is asked without the relay explains a failure.
"""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Mapping

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.fields import WILDCARDS
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import Inbound, Relay

#: What clients speak to a relay → what an account for it is set to.
SECURITY: t.Final[Mapping[Inbound, Security]] = {
    Inbound.CLEAR: Security.NONE,
    Inbound.LEGACY_TLS: Security.IMPLICIT,
    Inbound.LEGACY_STARTTLS: Security.STARTTLS,
}
_LONGEST: t.Final = 300
_SAFE_TLS: t.Final = ("TLS 1.2", "TLS 1.3")


def probes(relay: Relay) -> dict[str, t.Any]:
    """Options of mail_tls_probe: ``through`` the relay, and for the ``upstream`` without it (None: it has a proxy)."""
    host = WILDCARDS.get(relay.listen.host, relay.listen.host)
    common = {"protocol": relay.protocol.value}
    upstream = {
        "host": relay.upstream,
        "address": relay.addresses[0] if relay.addresses else None,
        "port": relay.port,
        "security": relay.upstream_security.value,
        "ca_file": relay.ca_file,
        **common,
    }
    return {
        "name": relay.name,
        "through": {"host": host, "port": relay.listen.port, "security": SECURITY[relay.inbound].value, **common},
        "upstream": None if relay.proxy else upstream,
    }


def checked(relays: Collection[Relay], results: Mapping[str, Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    """For each relay ``name``, ``port`` (its own), ``works``, and ``why`` not: one sentence with its name.

    :param results: name → ``through`` and ``upstream``, what mail_tls_probe answered.
    """
    found = []
    for relay in relays:
        answers = results.get(relay.name, {})
        why = _silent(answers.get("through"))
        if why:
            why = f"relay {relay.name} does not work: {_cause(relay, answers.get('upstream')) or why}"
        found.append({"name": relay.name, "port": relay.listen.port, "works": not why, "why": why, **answers})
    return found


def _silent(through: object) -> str:
    """Why no mail server was heard through it; "": one was."""
    if not isinstance(through, Mapping):
        return "nobody went through it."
    error = through.get("error") or (through.get("msg") if through.get("failed") else None)
    if error:
        return _sentence(error)
    if through.get("security") != Security.NONE.value and through.get("auth") is None:
        return "it takes TLS, and no mail server answers behind it."
    return ""


def _cause(relay: Relay, answer: object) -> str:
    """What is wrong with the server behind it, in a sentence; "" where that is not known, or nothing is."""
    if not isinstance(answer, Mapping) or answer.get("skipped"):
        return ""
    where = f"{relay.upstream} port {relay.port}"
    if answer.get("error"):
        return _sentence(answer["error"])
    certificate, versions = answer.get("certificate"), answer.get("versions")
    if isinstance(certificate, Mapping) and certificate.get("trusted") is False:
        return f"the certificate of {where} is not accepted: {_sentence(certificate.get('trust_error'))}"
    states = versions if isinstance(versions, Mapping) else {}
    if states and all(_state(states.get(name)) == "refused" for name in _SAFE_TLS):
        return f"{where} accepts neither TLS 1.2 nor TLS 1.3."
    return ""


def _state(version: object) -> object:
    return version.get("state") if isinstance(version, Mapping) else None


def _sentence(text: object) -> str:
    return f"{shown(str(text), _LONGEST).rstrip('.')}."
