# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: the results of a fleet's audit as the relays that the fleet needs."""

from __future__ import annotations

import itertools
import typing as t
from collections.abc import Callable, Mapping
from dataclasses import asdict

from ansible.errors import AnsibleFilterError

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import from_audits
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.checks import probes
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.refusals import lacks
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import read_relays
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.wishes import WISHES, parse_wish

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
      - A host that is not here, nor in O(inventory), gets no relay.
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
      - Give them from the second time on; where an account leads to a relay that is not here, that is an error.
    type: list
    elements: dict
    default: []
  before:
    description:
      - The C(uses) of before. A host goes on using its relays whatever its audit says, for a host that was off, and a
        user who was not logged on, show in none.
      - A host that is not in O(addresses) or O(inventory) any more counts no more.
    type: list
    elements: dict
    default: []
  prune:
    description: Hosts that were audited go on using only those relays to which an account leads that the audit saw.
    type: bool
    default: false
  names:
    description:
      - Host names by which clients know the machine of the relays. Accounts get the first one, or where there is none
        the address.
    type: list
    elements: str
    default: []
  inventory:
    description:
      - Host name and its C(ansible_host), or an empty text. Where that, or else the name, is an IP address, the host
        comes from there, unless O(addresses) says otherwise.
    type: dict
    default: {}
  upstreams:
    description:
      - Name of a server, and what its relays get besides, which is C(addresses), C(ca_file) and C(proxy) of
        P(mailfleet.client.relay_files#filter).
    type: dict
    default: {}
  consent:
    description: What you agree to. Where it is given, C(lacks) says what keeps the relays from being built.
    type: list
    elements: str
  certified:
    description:
      - Names of relays with V(legacy_tls) that get a certificate from elsewhere.
      - Leave it out where a private authority issues what is missing.
    type: list
    elements: str
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
      C(relay_host) (what accounts have as their server), C(relay_address), C(relay_port), C(inbound), C(security) (what
      accounts are set to, V(none), V(implicit) or V(starttls)).
    - C(left_out) has an entry for each that got no relay, with C(host), C(server), C(port), C(why).
    - C(lacks) has a sentence for each thing that the relays need and that O(consent) and O(certified) do not give.
    - C(lines) says who gets which relay, and who none, for people.
    - C(probes) has, for each relay, its C(name) and options of M(mailfleet.client.mail_tls_probe), to go C(through) it
      and to ask its C(upstream) without it (null where it has a proxy).
    - C(accounts) has, for each host, the entries for the option C(relay) of M(mailfleet.client.mail_tls_fix).
  type: dict
"""

_NAME: t.Final = "mailfleet.client.relays_from_audits"


def relays_from_audits(
    results: t.Any,
    listen: t.Any,
    addresses: t.Any,
    **wishes: t.Any,
) -> dict[str, t.Any]:
    """The relays; AnsibleFilterError where an argument is not what it should be."""
    if not isinstance(results, Mapping) or not all(isinstance(one, Mapping) for one in results.values()):
        raise AnsibleFilterError(f"{_NAME}: the input must be a dictionary of host name and result.")
    if unknown := sorted(set(wishes) - set(WISHES)):
        raise AnsibleFilterError(f"{_NAME}: {unknown[0]} is none of {', '.join(WISHES)}.")
    try:
        wish = parse_wish(listen, addresses, **wishes)
        found = from_audits.relays_from_audits(load(), results, wish)
    except OptionError as problem:
        raise AnsibleFilterError(f"{_NAME}: {problem}") from problem
    relays = read_relays(found.relays)
    return {
        "lacks": [] if wish.consent is None else list(lacks(relays, wish.consent, wish.certified)),
        "lines": list(found.lines),
        "relays": list(found.relays),
        "probes": [probes(relay) for relay in relays],
        "uses": [asdict(one) for one in found.uses],
        "left_out": [asdict(one) for one in found.left_out],
        "accounts": {
            host: [use.end for use in uses] for host, uses in itertools.groupby(found.uses, lambda use: use.host)
        },
    }


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., t.Any]]:
        """Name → function."""
        return {"relays_from_audits": relays_from_audits}
