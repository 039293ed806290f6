# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin: audit → packages → restart → audit. Documentation: the module of the same name."""

from __future__ import annotations

import gc
import typing as t

from ansible_collections.mailfleet.client.plugins.action import mail_tls_audit as audit_face
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.install_rows import Verb
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import desks, update_desk
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Visit
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.servers import resolve_options
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import LIMITS, shell_for
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_reading import update_reading
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.updating import update
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.updates import updated

_READING = update_reading(audit_face.KNOWLEDGE)
_PACKED = tuple(_READING.batches(limit) for limit in LIMITS)
gc.freeze()

ARGUMENT_SPEC: t.Final = {
    **audit_face.ARGUMENT_SPEC,
    **desks.ARGUMENT_SPEC,
    **update_desk.ARGUMENT_SPEC,
    "kb": {"type": "list", "elements": "str"},
    "state": {"type": "str", "choices": ("present", "absent"), "default": "present"},
}
_VERBS: t.Final[dict[str, Verb]] = {"present": "install", "absent": "remove"}


class ActionModule(desks.ChangingAction):
    """The face of updates."""

    OPTIONS = ARGUMENT_SPEC

    def act(self, arguments: dict[str, t.Any], host: str) -> dict[str, t.Any]:
        """Run packages on the host of this task."""
        check = self._task.check_mode
        kbs = None if arguments["kb"] is None else tuple(arguments["kb"])
        if arguments["state"] == "absent" and not kbs:
            raise OptionError("kb: it names no update, and state: absent has to know which to remove.")
        order = update_desk.order(arguments, kbs, _VERBS[arguments["state"]])
        options = audit_face.audit_options(arguments, check_mode=check)
        options = resolve_options(options, timeout=arguments["probe_timeout"])
        reading = _READING if order.verb == "install" else update_reading(audit_face.KNOWLEDGE, order.kbs or ())
        visit = Visit(
            shell_for(self._connection),
            audit_face.KNOWLEDGE,
            options,
            audit_face.reading_for(options, reading),
            desks.desk(arguments, host),
            desks.terms(arguments, self._connection, check=check),
        )
        hop = update_desk.second_hop(self._connection)
        return updated(update(visit, order, update_desk.pace(host), second_hop=hop))
