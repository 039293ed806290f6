# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Audited fleets for tests: what the relays follow from."""

from __future__ import annotations

import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.from_audits import (
    FleetRelays,
    relays_from_audits,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.wishes import parse_wish
from tests.support.hosts import KNOWLEDGE

BASE = "192.0.2.10"
AES = ["TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_RC4_128_SHA"]
OLD = ["TLS_RSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"]


def change(**fields: t.Any) -> dict[str, t.Any]:
    """A change of kind relay, as results hold them."""
    return {
        "kind": "relay",
        "family": "relay",
        "optional": False,
        "consent": None,
        "why": "no common TLS version",
        "server": "mail.example.test",
        "port": 587,
        "protocol": "smtp",
        "security": "starttls",
        "clients": ["outlook-express"],
        **fields,
    }


def audited(*changes: dict[str, t.Any], suites: list[str] | None = None) -> dict[str, t.Any]:
    findings = [{"id": "tls.suites", "effective": suites}]
    return {"verdict": "needs_relay", "plan": list(changes), "findings": findings}


def fleet(results: dict[str, t.Any], addresses: dict[str, t.Any] | None = None, **wishes: t.Any) -> FleetRelays:
    given_addresses = {name: f"192.0.2.{81 + n}" for n, name in enumerate(results)} if addresses is None else addresses
    return relays_from_audits(KNOWLEDGE, results, parse_wish(wishes.pop("listen", BASE), given_addresses, **wishes))


def used(found: FleetRelays) -> dict[str, list[str]]:
    """What goes into the next run: who used what."""
    return {"keep": list(found.relays), "before": [{"host": use.host, "relay": use.relay} for use in found.uses]}
