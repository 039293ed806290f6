# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin: journal + reading → what to put back → run. Documentation: the module of the same name."""

from __future__ import annotations

import gc
import typing as t

from ansible_collections.mailfleet.client.plugins.connection import winrs
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import desks
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


class ActionModule(desks.ChangingAction):
    """The face of the rollback."""

    OPTIONS = ARGUMENT_SPEC

    def act(self, arguments: dict[str, t.Any], host: str) -> dict[str, t.Any]:
        """Put back, on the host of this task, what runs changed."""
        stop = arguments["on_drift"] == "stop"
        desk = desks.desk(arguments, host)
        terms = desks.terms(arguments, self._connection, check=self._task.check_mode)
        done = roll_back(shell_for(self._connection), _KNOWLEDGE, arguments["run"], desk, terms, stop_on_drift=stop)
        return shown.rolled_back(done, stopped=stop)
