# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of ansible-core's winrm connection, as the installed version of it documents them.

ansible-core has no fragment for them. Computed and not copied: whatever that connection takes, ours takes too.
"""

from __future__ import annotations

import typing as t

import yaml
from ansible.plugins.connection.winrm import DOCUMENTATION as WINRM


def _options() -> dict[str, t.Any]:
    options: dict[str, t.Any] = yaml.safe_load(WINRM)["options"]
    for option in options.values():
        # Versions of ansible-core, which would read as versions of this collection.
        option.pop("version_added", None)
    return options


class ModuleDocFragment:
    """Options of ``ansible.builtin.winrm``."""

    # Annotated, since `ansible-test sanity` takes a plain assignment for literal YAML.
    DOCUMENTATION: t.ClassVar[str] = yaml.safe_dump({"options": _options()}, sort_keys=False)
