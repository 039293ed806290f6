# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin: audit → plan → journal → change → audit. Documentation: the module of the same name."""

from __future__ import annotations

import dataclasses
import datetime
import gc
import typing as t

from ansible_collections.mailfleet.client.plugins.action import mail_tls_audit as audit_face
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.relay_ends import relay_ends
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.relay_root import relay_root
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.proxy_options import parse_proxy
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.root_certificate import RootCertificate
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import desks, update_desk
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.fixing_fully import fix_fully
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.own import identity_section, lock_section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.reading_plan import ReadingPlan, plan_reading
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.reg_files import write_reg_files
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.root_section import root_section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Visit
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.servers import resolve_options
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import LIMITS, shell_for
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_reading import update_reading
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
    "relay_root": {"type": "str"},
    "profiles": {"type": "str", "choices": ("loaded", "all", "default_too"), "default": "loaded"},
    "proxy": {"type": "dict"},
    "on_error": {"type": "str", "choices": ("stop", "unwind"), "default": "stop"},
    "reg_file": {"type": "path"},
}


class ActionModule(desks.ChangingAction):
    """The face of the fix."""

    OPTIONS = ARGUMENT_SPEC

    def act(self, arguments: dict[str, t.Any], host: str) -> dict[str, t.Any]:
        """Fix the host of this task."""
        check = self._task.check_mode
        options = _options(arguments, check_mode=check)
        order, relays = update_desk.order(arguments), relay_ends(arguments["relay"])
        root = relay_root(arguments["relay_root"], relays, datetime.datetime.now(datetime.UTC))
        options = resolve_options(options, timeout=arguments["probe_timeout"])
        visit = Visit(
            shell_for(self._connection),
            audit_face.KNOWLEDGE,
            options,
            _reading(options, _UPDATE_READING if arguments["updates"] else _READING, root),
            desks.desk(arguments, host),
            desks.terms(arguments, self._connection, check=check or bool(arguments["reg_file"])),
        )
        done = fix_fully(
            visit,
            order,
            update_desk.pace(host),
            updates=arguments["updates"],
            second_hop=update_desk.second_hop(self._connection),
            relays=relays,
            root=root,
            unwind=arguments["on_error"] == "unwind",
        )
        if done.fixed and arguments["reg_file"]:
            files = write_reg_files(arguments["reg_file"], done.fixed.steps, check=check)
            return {**fixed_fully(done), "changed": files.changed, "reg_files": files.result()}
        return fixed_fully(done)


def _reading(options: AuditOptions, usual: ReadingPlan, root: RootCertificate | None) -> ReadingPlan:
    """What is read of the host: with the places where the root of the relays may stand, if there is one."""
    if root is None:
        return audit_face.reading_for(options, usual)
    usual = dataclasses.replace(usual, extra=(*usual.extra, root_section(audit_face.KNOWLEDGE, root)))
    return audit_face.reading_for(options, usual, (root.thumbprint,))


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
