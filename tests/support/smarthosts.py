# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Smarthosts for tests: what operators write, and the same read."""

from __future__ import annotations

import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.smarthost import (
    UPSTREAM_KEYS,
    Smarthost,
    parse_smarthost,
)
from tests.support.relays import CONSENTS

ROOTS = "/etc/ssl/certs/ca-certificates.crt"
SECRET = "s3cret #'$x\" ü"
UPSTREAM = {"host": "smtp.example.net", "port": 587, "security": "starttls", "user": "me@example.net"}


def wanted(**fields: t.Any) -> dict[str, t.Any]:
    """What nobody would refuse, with these fields instead (None: left out); those of ``upstream`` by their names."""
    upstream = {**UPSTREAM, "password": SECRET, **{key: fields.pop(key) for key in UPSTREAM_KEYS if key in fields}}
    given_ = {
        "upstream": upstream,
        "listen": ["192.0.2.10:2525"],
        "allow": ["192.0.2.0/24"],
        "hostname": "relay.example.net",
        **fields,
    }
    return {key: value for key, value in given_.items() if value is not None}


def wish(**fields: t.Any) -> Smarthost:
    """The same, read."""
    return parse_smarthost(wanted(**fields), CONSENTS)
