# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin: journal + reading → what to put back → run. Documentation: the module of the same name."""

from __future__ import annotations

import gc
import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.mailfleet.client.plugins.connection import winrs
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import desks
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import ERRORS
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import shell_for
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.undoing import roll_back
from ansible_collections.mailfleet.client.plugins.plugin_utils.report import runs as shown

_PRELOADED = (winrs,)
_KNOWLEDGE = load()
gc.freeze()

ARGUMENT_SPEC: t.Final = {
    **desks.ARGUMENT_SPEC,
    "run": {"type": "str", "required": True},
    "on_drift": {"type": "str", "choices": ("skip", "stop"), "default": "skip"},
}


class ActionModule(ActionBase):  # type: ignore[misc]
    """The face of the rollback."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Put back, on the host of this task, what runs changed."""
        answer: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        stop = arguments["on_drift"] == "stop"
        try:
            desk = desks.desk(arguments, str((task_vars or {}).get("inventory_hostname", "")))
            terms = desks.terms(arguments, self._connection, check=self._task.check_mode)
            done = roll_back(shell_for(self._connection), _KNOWLEDGE, arguments["run"], desk, terms, stop_on_drift=stop)
        except ERRORS as error:
            return {**answer, **desks.failure(error)}
        return {**answer, **shown.rolled_back(done, stopped=stop)}
