# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all tasks that change hosts share: their options, where journals are kept, how failures are told."""

from __future__ import annotations

import typing as t

from ansible import constants
from ansible.plugins.action import ActionBase

from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.consents import CONSENTS
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.journal_files import (
    JournalFolder,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import (
    ERRORS,
    Desk,
    Interrupted,
    Refusal,
    Terms,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import own_connection

ARGUMENT_SPEC: t.Final[dict[str, dict[str, t.Any]]] = {
    "consent": {"type": "list", "elements": "str", "choices": tuple(CONSENTS), "default": []},
    "journal_dir": {"type": "path"},
    "journal_key": {"type": "str", "no_log": True},
    "lock_timeout": {"type": "int", "default": 600},
}

#: No run waits longer for anything.
MOST_SECONDS: t.Final = 7 * 24 * 3600


def desk(arguments: dict[str, t.Any], host: str) -> Desk:
    """The controller's side, by the options of a task.

    :raises PrivateFileError: the folder cannot be used.
    :raises Refusal: an option makes no sense.
    """
    if arguments["journal_key"] is not None and not arguments["journal_key"].strip():
        raise Refusal("journal_key: it is empty; leave it out, or give a secret.")
    if not 1 <= arguments["lock_timeout"] <= MOST_SECONDS:
        raise Refusal(f"lock_timeout: it is not a number of seconds from 1 to {MOST_SECONDS} (a week).")
    folder = arguments["journal_dir"] or f"{constants.config.get_config_value('ANSIBLE_HOME')}/mailfleet/journals"
    return Desk(JournalFolder(folder), host, arguments["journal_key"], arguments["lock_timeout"])


def terms(arguments: dict[str, t.Any], connection: t.Any, *, check: bool) -> Terms:
    """What the operator allows."""
    return Terms(frozenset(arguments["consent"]), own_connection(connection), check)


def failure(error: Exception, *, changing: bool = True) -> dict[str, t.Any]:
    """A task's result for one of ERRORS, or another error whose message is a sentence.

    :param changing: the task changes hosts, so it says how far it came.
    """
    unreachable = isinstance(error, (ShellError, Interrupted)) and error.unreachable
    answer: dict[str, t.Any] = {"unreachable" if unreachable else "failed": True, "msg": str(error)}
    if changing and isinstance(error, ShellError):
        answer["msg"] = f"{error} No step of the run had been sent."
    if isinstance(error, Interrupted):
        answer["run"] = error.run
        answer["msg"] = (
            f"Run {error.run} broke off while it changed the host: {error} Run again to finish it, or undo it with"
            f" mail_tls_rollback, run: {error.run}."
        )
    return answer


class ChangingAction(ActionBase):  # type: ignore[misc]
    """The action plugin of a task that changes hosts, but for what it does: arguments in, a result or a failure out."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    #: The options of the task.
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {}

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Do it to the host of this task."""
        answer: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec=self.OPTIONS)
        try:
            return {**answer, **self.act(arguments, str((task_vars or {}).get("inventory_hostname", "")))}
        except (*ERRORS, OptionError) as error:
            return {**answer, **failure(error)}

    def act(self, arguments: dict[str, t.Any], host: str) -> dict[str, t.Any]:
        """What the task does; its result. Raises ERRORS and OptionError.

        :param host: its name in the inventory.
        """
        raise NotImplementedError
