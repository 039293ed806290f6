# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: what relays are to do, and the facts of their machine, as the files that make them."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError, texts
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.files import relay_files as files

DOCUMENTATION = r"""
name: relay_files
short_description: The files that make TLS relays on a Linux machine
version_added: 0.1.0
author:
  - The mailfleet.client developers (@mailfleet)
description:
  - Takes the list of relays that an operator wants and gives the files of stunnel, nftables and systemd for them. The
    role C(tls_relay) puts them in place.
  - Towards the upstream a relay always speaks TLS 1.2 or newer, and verifies chain and name of the certificate.
  - What may not be built is refused with one sentence that names relay and field, and nothing is given.
options:
  _input:
    description:
      - The relays, each with C(name) (1 to 32 of a-z, 0-9 and -), C(upstream) (its name must be in the certificate),
        C(port), C(protocol) (V(smtp), V(imap) or V(pop3)), C(upstream_security) (V(implicit) or V(starttls)), C(listen)
        (address:port), C(inbound) (V(clear), V(legacy_tls) or V(legacy_starttls)), C(allow) (networks of the clients).
      - They may have C(addresses) (where the upstream is, the first that answers), C(ca_file) (a private CA),
        C(certificate) and C(key) (for legacy clients), C(proxy) (host:port of an HTTP proxy with CONNECT),
        C(any_address) and C(any_source) (listen on every address, let in everybody), C(client_suites) (IANA names of
        what the clients offer). Paths are those on the relay.
    type: list
    elements: dict
    required: true
  facts:
    description:
      - C(os_family), C(distribution_major_version) and C(fips) as Ansible gathers them. Other facts are ignored.
      - Where known also C(stunnel) (what C(stunnel -version) prints), C(crypto_policy) (of EL, what
        C(update-crypto-policies --show) prints), C(listening) (what C(ss -Hltn --cgroup) prints).
    type: dict
    required: true
  consent:
    description: What was consented to. Relays with C(inbound=clear) need V(cleartext_leg).
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Show what would be written
  ansible.builtin.debug:
    msg: "{{ relays | mailfleet.client.relay_files(ansible_facts, consent=['cleartext_leg']) }}"
  vars:
    relays:
      - name: submission
        upstream: smtp.example.net
        port: 587
        protocol: smtp
        upstream_security: starttls
        listen: 192.0.2.10:2587
        inbound: clear
        allow: [192.0.2.0/24]
"""

RETURN = r"""
_value:
  description:
    - C(files) has the path and the text of each file; C(trials) has, for each relay, its configuration with listeners
      that disturb nobody, by which stunnel can try it out.
    - C(relays) has an entry for each relay, with C(name), C(service), C(folder), C(configuration), C(address), C(port),
      C(inbound), C(allow), C(protocol), C(upstream), C(upstream_port), C(upstream_security), C(needs) (files that have
      to be there) and C(leaf) (where certificate and key from the private CA are to go, or null).
    - C(attributes) has C(relay) (empty for all), C(group) and C(mode) of each of these files, and of the certificate
      and key that a relay may get; C(folders) has C(path), C(group) and C(mode) of each folder. The owner is root.
    - C(units) names the units C(template) and C(filter); C(folder), C(group), C(package) and C(program) what the relays
      need.
    - C(cautions) has a sentence for each relay on what it puts at risk.
  type: dict
"""

_NAME: t.Final = "mailfleet.client.relay_files"


def relay_files(relays: t.Any, facts: t.Any, consent: t.Any = ()) -> dict[str, t.Any]:
    """The files; AnsibleFilterError with the reason where a relay may not be built."""
    try:
        return files(relays, facts, texts("consent", consent, empty=True))
    except OptionError as problem:
        raise AnsibleFilterError(f"{_NAME}: {problem}") from problem


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., t.Any]]:
        """Name → function."""
        return {"relay_files": relay_files}
