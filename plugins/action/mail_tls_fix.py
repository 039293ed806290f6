# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin: audit → plan → journal → change → audit. Documentation: the module of the same name."""

from __future__ import annotations

import dataclasses
import gc
import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.mailfleet.client.plugins.action import mail_tls_audit as audit_face
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.relay_ends import relay_ends
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.proxy_options import parse_proxy
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import desks, update_desk
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.fixing_fully import fix_fully
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.own import identity_section, lock_section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.reading_plan import plan_reading
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.reg_files import write_reg_files
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import ERRORS, Visit
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.servers import resolve_options
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import LIMITS, shell_for
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.undoing import roll_back
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_reading import update_reading
from ansible_collections.mailfleet.client.plugins.plugin_utils.report import runs as shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.updates import fixed_fully

_READING = plan_reading(audit_face.KNOWLEDGE, extra=(identity_section(with_name=False), lock_section()))
_UPDATE_READING = update_reading(audit_face.KNOWLEDGE)
_PACKED = tuple(reading.batches(limit) for reading in (_READING, _UPDATE_READING) for limit in LIMITS)
gc.freeze()

ARGUMENT_SPEC: t.Final = {
    **audit_face.ARGUMENT_SPEC,
    **desks.ARGUMENT_SPEC,
    **update_desk.ARGUMENT_SPEC,
    "updates": {"type": "bool", "default": False},
    "relay": {"type": "list", "elements": "dict", "default": []},
    "profiles": {"type": "str", "choices": ("loaded", "all", "default_too"), "default": "loaded"},
    "proxy": {"type": "dict"},
    "on_error": {"type": "str", "choices": ("stop", "unwind"), "default": "stop"},
    "reg_file": {"type": "path"},
}


class ActionModule(ActionBase):  # type: ignore[misc]
    """The face of the fix."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Fix the host of this task."""
        answer: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        try:
            return {**answer, **self._fix(arguments, str((task_vars or {}).get("inventory_hostname", "")))}
        except (*ERRORS, OptionError) as error:
            return {**answer, **desks.failure(error)}

    def _fix(self, arguments: dict[str, t.Any], host: str) -> dict[str, t.Any]:
        check = self._task.check_mode
        options = _options(arguments, check_mode=check)
        options = resolve_options(options, timeout=arguments["probe_timeout"])
        desk = desks.desk(arguments, host)
        terms = desks.terms(arguments, self._connection, check=check or bool(arguments["reg_file"]))
        shell = shell_for(self._connection)
        reading = audit_face.reading_for(options, _UPDATE_READING if arguments["updates"] else _READING)
        done = fix_fully(
            Visit(shell, audit_face.KNOWLEDGE, options, reading, desk, terms),
            update_desk.order(arguments),
            update_desk.pace(host),
            updates=arguments["updates"],
            second_hop=update_desk.second_hop(self._connection),
            relays=relay_ends(arguments["relay"]),
        )
        fixed = done.fixed
        if fixed and arguments["reg_file"]:
            files = write_reg_files(arguments["reg_file"], fixed.steps, check=check)
            return {**shown.fixed(fixed), "changed": files.changed, "reg_files": files.result()}
        answer = fixed_fully(done)
        if not (fixed and fixed.failed and fixed.run and arguments["on_error"] == "unwind"):
            return answer
        try:
            undone = roll_back(shell, audit_face.KNOWLEDGE, fixed.run, desk, terms, stop_on_drift=False)
        except ERRORS as error:
            return shown.not_unwound(answer, fixed, str(error))
        return shown.unwound(answer, fixed, undone)


def _options(arguments: dict[str, t.Any], *, check_mode: bool) -> AuditOptions:
    profiles = arguments["profiles"]
    if arguments["reg_file"] and profiles != "loaded":
        raise OptionError(
            f"profiles: '{profiles}' writes to the host, and reg_file is to change nothing there; use 'loaded'."
        )
    if arguments["reg_file"] and (arguments["updates"] or arguments["reboot"]):
        raise OptionError("reg_file: nothing is changed on the host with it, so it goes with no updates or reboot.")
    options = audit_face.audit_options(arguments, check_mode=check_mode)
    return dataclasses.replace(options, proxy=parse_proxy(arguments["proxy"]))
