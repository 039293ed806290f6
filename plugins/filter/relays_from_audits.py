# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: the results of a fleet's audit as the relays that the fleet needs."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping
from dataclasses import asdict

from ansible.errors import AnsibleFilterError

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import from_audits
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.wishes import parse_wish

DOCUMENTATION = r"""
name: relays_from_audits
short_description: The TLS relays that a fleet needs, from the results of its audit
version_added: 0.1.0
author:
  - The mailfleet.client developers (@mailfleet)
description:
  - Takes a dictionary of host name and result of M(mailfleet.client.mail_tls_audit) and gives a list of relays for
    P(mailfleet.client.relay_files#filter), with who goes through which, and what got none.
  - Hosts that could speak TLS to a relay, and those that can do clear text only, get relays of their own.
  - Servers that want OAuth 2.0 get no relay, since a relay cannot sign in for anybody.
options:
  _input:
    description: Host name and result.
    type: dict
    required: true
  listen:
    description: The IP address of the machine on which all these relays listen.
    type: str
    required: true
  addresses:
    description:
      - Host name and the address or network that the host comes from, or a list of them.
      - A host that is not here gets no relay.
    type: dict
    required: true
  first_port:
    description: Ports are given from this one on.
    type: int
    default: 2500
  inbound:
    description:
      - How clients come in, V(clear) or V(legacy_tls).
      - By default V(legacy_tls) for hosts that have a cipher suite for it, and V(clear) for the others.
    type: str
    choices: [clear, legacy_tls]
  keep:
    description:
      - Relays of before. Those that are still needed keep their names and ports.
      - A relay is also needed by a host whose account leads to it by now, so give them from the second time on.
    type: list
    elements: dict
    default: []
  names:
    description: Host names by which clients know the machine of the relays.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Show the relays
  ansible.builtin.debug:
    msg: "{{ (audits | mailfleet.client.relays_from_audits('192.0.2.10', {'pc1': '192.0.2.81'})).relays }}"
"""

RETURN = r"""
_value:
  description:
    - C(relays) is the list of relays.
    - C(uses) has an entry for each host and server, with C(host), C(server), C(port), C(protocol), C(relay),
      C(relay_address), C(relay_port), C(inbound), C(security) (what accounts are set to, V(none),
      V(implicit) or V(starttls)).
    - C(left_out) has an entry for each that got no relay, with C(host), C(server), C(port), C(why).
  type: dict
"""

_NAME: t.Final = "mailfleet.client.relays_from_audits"


def relays_from_audits(
    results: t.Any,
    listen: t.Any,
    addresses: t.Any,
    first_port: t.Any = None,
    inbound: t.Any = None,
    keep: t.Any = None,
    names: t.Any = None,
) -> dict[str, t.Any]:
    """The relays; AnsibleFilterError where an argument is not what it should be."""
    if not isinstance(results, Mapping) or not all(isinstance(one, Mapping) for one in results.values()):
        raise AnsibleFilterError(f"{_NAME}: the input must be a dictionary of host name and result.")
    try:
        wish = parse_wish(listen, addresses, first_port=first_port, inbound=inbound, keep=keep, names=names)
        found = from_audits.relays_from_audits(load(), results, wish)
    except OptionError as problem:
        raise AnsibleFilterError(f"{_NAME}: {problem}") from problem
    return {
        "relays": list(found.relays),
        "uses": [asdict(one) for one in found.uses],
        "left_out": [asdict(one) for one in found.left_out],
    }


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., t.Any]]:
        """Name → function."""
        return {"relays_from_audits": relays_from_audits}
