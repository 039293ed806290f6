# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that lies on the machine of a relay, from the specification to the texts of files."""

from __future__ import annotations

import posixpath
import typing as t
from collections.abc import Collection

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import nftables, places, stunnel, unit
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.facts import Facts, checked, parse_facts
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.refusals import cautions, parse_relays
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import Relay


def relay_files(relays: object, facts: object, consents: Collection[str]) -> dict[str, t.Any]:
    """What the role puts in place, of plain types: see the documentation of the filter. Raises RelayError."""
    machine = parse_facts(facts)
    found = checked(parse_relays(relays, consents), machine)
    return {
        "files": _files(found, machine),
        "attributes": _attributes(found),
        "folders": _folders(found),
        "trials": {relay.name: stunnel.trial(relay, machine) for relay in found},
        "relays": [_about(relay) for relay in found],
        "units": {"template": places.TEMPLATE, "filter": places.FILTER},
        "folder": places.FOLDER,
        "group": places.GROUP,
        "package": machine.platform.package,
        "program": machine.platform.program,
        "cautions": list(cautions(found)),
    }


def _files(relays: tuple[Relay, ...], facts: Facts) -> dict[str, str]:
    files = {
        places.RULES: nftables.ruleset(relays),
        **unit.fence_files(),
        f"{places.UNITS}/{places.TEMPLATE}": unit.template(facts),
    }
    for relay in relays:
        files[places.configuration(relay.name)] = stunnel.configuration(relay, facts)
        files[places.drop_in(relay.name)] = unit.unit(relay)
    return files


def _attributes(relays: tuple[Relay, ...]) -> dict[str, dict[str, str]]:
    """Path → relay whose it is ("" for those of all), group, mode; certificates and keys to come among them."""
    units, ours = {"group": "root", "mode": "0644"}, {"group": places.GROUP, "mode": "0640"}
    found = {
        places.RULES: {"relay": "", **ours},
        f"{places.UNITS}/{places.FILTER}": {"relay": "", **units},
        places.FENCE: {"relay": "", **units},
        f"{places.UNITS}/{places.TEMPLATE}": {"relay": "", **units},
    }
    for relay in relays:
        found[places.drop_in(relay.name)] = {"relay": relay.name, **units}
        for path in (places.configuration, places.certificate, places.key):
            found[path(relay.name)] = {"relay": relay.name, **ours}
    return found


def _folders(relays: tuple[Relay, ...]) -> list[dict[str, str]]:
    found = [
        {"path": places.FOLDER, "group": places.GROUP, "mode": "0750"},
        {"path": posixpath.dirname(places.FENCE), "group": "root", "mode": "0755"},
    ]
    for relay in relays:
        found.append({"path": places.folder(relay.name), "group": places.GROUP, "mode": "0750"})
        found.append({"path": posixpath.dirname(places.drop_in(relay.name)), "group": "root", "mode": "0755"})
    return found


def _about(relay: Relay) -> dict[str, t.Any]:
    leaf = relay.legacy and relay.certificate is None
    return {
        "name": relay.name,
        "service": places.service(relay.name),
        "folder": places.folder(relay.name),
        "configuration": places.configuration(relay.name),
        "address": relay.listen.host,
        "port": relay.listen.port,
        "inbound": relay.inbound.value,
        "allow": [str(one) for one in relay.allow],
        "protocol": relay.protocol.value,
        "upstream": relay.upstream,
        "upstream_port": relay.port,
        "upstream_security": relay.upstream_security.value,
        # Files that have to be there before stunnel starts.
        "needs": [one for one in (relay.ca_file, relay.certificate, relay.key) if one is not None],
        "leaf": {"certificate": places.certificate(relay.name), "key": places.key(relay.name)} if leaf else None,
    }
