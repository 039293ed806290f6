# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter: the results of a fleet's audit as the lines of a table."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.mailfleet.client.plugins.plugin_utils.report.table import table

DOCUMENTATION = r"""
name: audit_table
short_description: The results of a fleet's audit as the lines of a table
version_added: 0.1.0
author:
  - The mailfleet.client developers (@mailfleet)
description:
  - Takes a dictionary of host name and result of M(mailfleet.client.mail_tls_audit) and gives the lines of a table with
    host, Windows, verdict, first reason and next step. Hosts that were not reached are lines too.
options:
  _input:
    description: Host name and result.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the fleet
  ansible.builtin.debug:
    msg: "{{ audits | mailfleet.client.audit_table }}"
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
"""


def audit_table(results: t.Any) -> list[str]:
    """The lines of the table; AnsibleFilterError where the input is no dictionary of results."""
    if not isinstance(results, Mapping) or not all(isinstance(one, Mapping) for one in results.values()):
        raise AnsibleFilterError(
            "mailfleet.client.audit_table: the input must be a dictionary of host name and result."
        )
    return table(results)


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., t.Any]]:
        """Name → function."""
        return {"audit_table": audit_table}
