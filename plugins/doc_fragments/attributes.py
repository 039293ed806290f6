# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module of the collection promises about check mode, diff mode, and being run twice."""

from __future__ import annotations


class ModuleDocFragment:
    """``extends_documentation_fragment: [mailfleet.client.attributes]``; the module adds ``support`` to each."""

    DOCUMENTATION = r"""
options: {}
attributes:
  action:
    description: Runs on the controller, as an action plugin. Nothing but plain command lines reaches the host.
  check_mode:
    description: Can run in C(check_mode) and tells what it would change without changing it.
  diff_mode:
    description: Shows in diff mode what changed, or what would change in check mode.
  idempotent:
    description: When run twice in a row on an unchanged host, the second run changes nothing and says the same.
  platform:
    description: What the hosts may run.
    support: full
"""

    # extends_documentation_fragment: [mailfleet.client.attributes.action_group]
    ACTION_GROUP = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/mailfleet.client.mail) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - mailfleet.client.mail
"""
