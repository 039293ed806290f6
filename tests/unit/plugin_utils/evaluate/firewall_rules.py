# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Firewalls for tests: rules as data, rules as text, and hosts that have them."""

from __future__ import annotations

import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import (
    Action,
    Direction,
    FirewallRule,
    RuleStore,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailProtocol, Security, Server
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from tests.support.hosts import KNOWLEDGE, TODAY, Keys, host

LOCAL = KNOWLEDGE.registry["firewall-local"].key
POLICY = KNOWLEDGE.registry["firewall-policy"].key
RULES, POLICY_RULES, MDM_RULES = LOCAL + r"\FirewallRules", POLICY + r"\FirewallRules", LOCAL + r"\Mdm\FirewallRules"
SERVICE = KNOWLEDGE.registry["firewall-service"].key
#: Keys of profiles: those of the policy, and the local one that is called StandardProfile and means private.
DOMAIN, PRIVATE, PUBLIC, STANDARD = (rf"{POLICY}\{name}Profile" for name in ("Domain", "Private", "Public", "Standard"))
LOCAL_PRIVATE = LOCAL + r"\StandardProfile"
OUTBOUND, ENABLE, MERGE = "DefaultOutboundAction", "EnableFirewall", "AllowLocalPolicyMerge"
SUBMISSION = Server("mail.example", 587, MailProtocol.SMTP, Security.STARTTLS)
#: A fresh Windows: its local profiles hold nothing but EnableFirewall.
FRESH: Keys = {rf"{LOCAL}\{name}Profile": {ENABLE: 1} for name in ("Domain", "Standard", "Public")}

NO_587 = "v2.10|Action=Block|Active=TRUE|Dir=Out|Protocol=6|RPort=587|Name=no submission|"
ALLOW_587 = "v2.10|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|RPort=587|Name=submission|"
NO_OUTLOOK = r"v2.10|Action=Block|Active=TRUE|Dir=Out|App=C:\Office\OUTLOOK.EXE|Name=no outlook|"


def windows(
    *layers: Keys, os_id: str = "win7-sp1", servers: tuple[Server, ...] = (), profiles: str = "", **fields: t.Any
) -> Context:
    """A fresh Windows with these layers over it. ``profiles``: names of those that count, with blanks between."""
    options = AuditOptions(today=TODAY, servers=servers, firewall_profiles=frozenset(profiles.split()))
    return host(os_id, FRESH, *layers, options=options, **fields)


def rule(**changes: t.Any) -> FirewallRule:
    """An active outbound TCP block rule of the local store for every program, port and address, but for ``changes``."""
    fields: dict[str, t.Any] = {
        "id": "{1}",
        "store": RuleStore.LOCAL,
        "version": "v2.10",
        "action": Action.BLOCK,
        "active": True,
        "direction": Direction.OUT,
        "protocol": 6,
        "profiles": frozenset(),
        "remote_ports": None,
        "local_ports": None,
        "remote_addresses": (),
        "local_addresses": (),
        "app": None,
        "service": None,
        "name": "a rule",
        "app_container": False,
        "authenticated": False,
        "users": (),
        "opaque": (),
        "fields": (),
    }
    return FirewallRule(**(fields | changes))
