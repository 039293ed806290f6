# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: what a smarthost is to do, and the facts of its machine, as the files that make it."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError, boolean, texts
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.smarthost_files import (
    smarthost_files,
    smarthost_secrets,
)

DOCUMENTATION = r"""
name: smtp_relay_files
short_description: The files that make an SMTP relay that keeps mail (Postfix) on a Linux machine
version_added: 0.1.0
author:
  - The mailfleet.client developers (@mailfleet)
description:
  - Takes what an operator wants of a smarthost and gives the files of Postfix, nftables and systemd for it. The role
    C(smtp_relay) puts them in place.
  - Towards the upstream it always speaks TLS 1.2 or newer, verifies chain and name of the certificate, and signs in.
    It delivers nothing itself, and takes mail from the networks of C(allow) only.
  - What may not be built is refused with one sentence that names the field, and nothing is given. No sentence and no
    file shows the password, but the one file that O(secrets) gives.
options:
  _input:
    description:
      - C(upstream) has C(host) (DNS name, which its certificate must have), C(port), C(security) (V(starttls) or
        V(implicit)), C(user), C(password), and may have C(ca_file) (a private CA, path on the relay) and C(addresses)
        (IP addresses to connect to instead of asking DNS, the first that answers).
      - C(listen) (list of address:port), C(allow) (networks of the clients) and C(hostname) (how the relay calls
        itself) are needed too.
      - C(senders) (addresses, domains, or <> for the null sender, that may send; all where it is empty),
        C(hide_clients), C(any_address) (listen on every address), C(any_source) (let in everybody) may be said.
      - Numbers are C(message_mib), C(recipients) (of one message), C(client_connections) (of one client at once),
        C(client_messages) (of one client in a minute), C(upstream_connections), C(queue_days), C(retry_seconds) and
        C(retry_most_seconds).
    type: dict
    required: true
  facts:
    description:
      - C(os_family) and C(distribution_major_version) as Ansible gathers them. Other facts are ignored.
      - Where known also C(postfix) (what C(postconf -d) prints of C(mail_version) and the parameters that not every
        release has), C(listening) (what C(ss -Hltn --cgroup) prints).
    type: dict
    required: true
  consent:
    description: What was consented to. V(cleartext_leg) is needed.
    type: list
    elements: str
    default: []
  secrets:
    description: Give the file with the password, and nothing else. Use it with C(no_log).
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show what would be written
  ansible.builtin.debug:
    msg: "{{ smarthost | mailfleet.client.smtp_relay_files(ansible_facts, consent=['cleartext_leg']) }}"
  vars:
    smarthost:
      upstream:
        host: smtp.example.net
        port: 587
        security: starttls
        user: relay@example.net
        password: "{{ vault_relay_password }}"
      listen: ["192.0.2.10:2525"]
      allow: ["192.0.2.0/24"]
      hostname: relay.example.net
"""

RETURN = r"""
_value:
  description:
    - C(files) has the path and the text of each file that everybody may read; C(trial) has the same configuration for
      another folder and without listeners, by which Postfix can try it out.
    - C(password) is the path of the file that O(secrets) gives; C(folder), C(queue) and C(data) are the folders,
      C(ca_file) the roots, C(listen) a list of C(address) and C(port).
    - C(units) names the units C(service) and C(filter), C(fence) a file beside that of nftables.
    - C(cautions) has sentences on what is at risk.
    - With O(secrets), path and text of the one file with the password.
  type: dict
"""

_NAME: t.Final = "mailfleet.client.smtp_relay_files"


def smtp_relay_files(wanted: t.Any, facts: t.Any, consent: t.Any = (), secrets: t.Any = False) -> dict[str, t.Any]:
    """The files; AnsibleFilterError with the reason where the smarthost may not be built."""
    try:
        make = smarthost_secrets if boolean("secrets", secrets) else smarthost_files
        return make(wanted, facts, texts("consent", consent, empty=True))
    except OptionError as problem:
        raise AnsibleFilterError(f"{_NAME}: {problem}") from problem


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., t.Any]]:
        """Name → function."""
        return {"smtp_relay_files": smtp_relay_files}
