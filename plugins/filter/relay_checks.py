# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: what probes of relays answered as a sentence for each that does not work."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.checks import checked
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import read_relays

DOCUMENTATION = r"""
name: relay_checks
short_description: Which TLS relays work, from what probes of them answered
version_added: 0.1.0
author:
  - The mailfleet.client developers (@mailfleet)
description:
  - Takes relays, and what M(mailfleet.client.mail_tls_probe) answered on their machine when it was asked with the
    C(probes) of P(mailfleet.client.relays_from_audits#filter), and says which relays work.
  - A relay works where a mail server greets through it. The relay has then verified that server's certificate.
options:
  _input:
    description: The relays, as P(mailfleet.client.relay_files#filter) takes them.
    type: list
    elements: dict
    required: true
  through:
    description: Results of a loop over the probes that went through the relays.
    type: list
    elements: dict
    required: true
  upstream:
    description: Results of a loop over the probes that asked their servers without them.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Note which relays work
  ansible.builtin.set_fact:
    checks: "{{ plan.relays | mailfleet.client.relay_checks(through.results, upstream.results) }}"
"""

RETURN = r"""
_value:
  description:
    - An entry for each relay with C(name), C(port) (on which it listens), C(works), C(why) (one sentence where it does
      not work), C(through) and C(upstream) (what was answered).
  type: list
  elements: dict
"""

_NAME: t.Final = "mailfleet.client.relay_checks"
#: What a loop adds to a result.
_LOOP: t.Final = ("item", "ansible_loop_var", "invocation", "failed_when_result")


def relay_checks(relays: t.Any, through: t.Any, upstream: t.Any) -> list[dict[str, t.Any]]:
    """Which work; AnsibleFilterError where an argument is not what it should be."""
    results: dict[str, dict[str, t.Any]] = {}
    for word, answers in (("through", through), ("upstream", upstream)):
        if not isinstance(answers, list) or not all(isinstance(one, Mapping) and "item" in one for one in answers):
            raise AnsibleFilterError(f"{_NAME}: {word}: these are not the results of a loop.")
        for one in answers:
            bare = {key: value for key, value in one.items() if key not in _LOOP}
            results.setdefault(one["item"]["name"], {})[word] = bare
    try:
        return checked(read_relays(relays), results)
    except OptionError as problem:
        raise AnsibleFilterError(f"{_NAME}: {problem}") from problem


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., t.Any]]:
        """Name → function."""
        return {"relay_checks": relay_checks}
