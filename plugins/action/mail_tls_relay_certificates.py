# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin: order + folder → what has to be made → files. Documentation: the module of the same name."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import issuing
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import desks
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.key_folder import held

ARGUMENT_SPEC: t.Final = {
    "folder": {"type": "path", "required": True},
    "names": {"type": "list", "elements": "str", "default": []},
    "leaves": {"type": "list", "elements": "dict", "default": []},
    "root_certificate": {"type": "str"},
    "root_key": {"type": "str", "no_log": True},
}


class ActionModule(desks.ChangingAction):
    """The face of the authority. It works on the controller, whatever host the task is of."""

    OPTIONS = ARGUMENT_SPEC

    def act(self, arguments: dict[str, t.Any], host: str) -> dict[str, t.Any]:
        """Make what is missing in the folder."""
        order, check = issuing.parse_order(arguments), bool(self._task.check_mode)
        now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        with held(arguments["folder"], make=not check) as folder:
            where = shown(str(folder.path), 200)
            found = issuing.issue(order, folder.read(order.files), now, check=check, folder=where)
            folder.write(found.files)
            answer = issuing.result(order, found, {name: str(folder.path / name) for name in order.files})
        # Only where there is something to say: Ansible shows each of them.
        words = issuing.warnings(found, now, where)
        return {**answer, "warnings": words} if words else answer
