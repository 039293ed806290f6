# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin: arguments → reading → judgement → result. Documentation: the module of the same name."""

from __future__ import annotations

import datetime
import gc
import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.mailfleet.client.plugins.connection import winrs
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.gather import context
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import audit
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.server_options import parse_servers
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.waiver_options import parse_waivers
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import desks
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.collect import collect
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.reading_plan import ReadingPlan, plan_reading
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.servers import resolve_options
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import LIMITS, shell_for
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.result import result as as_result

# The parent process loads this file before it forks its workers. What is imported and loaded here, they inherit: the
# tables, the plan of the reading, and the connection with all that it needs (requests, pywinrm, pyspnego).
_PRELOADED = (winrs,)
KNOWLEDGE = load()
_READING = plan_reading(KNOWLEDGE)
_PACKED = tuple(_READING.batches(limit) for limit in LIMITS)
# The garbage collector would visit all of the parent's objects in every worker, and so copy their pages.
# https://docs.python.org/3/library/gc.html#gc.freeze
gc.freeze()
#: An unknown Windows cannot be left out: what it is decides everything else.
_FAMILIES = tuple(dict.fromkeys(check.family for check in KNOWLEDGE.checks.values() if check.family != "os"))
_FAMILY_LIST = {"type": "list", "elements": "str", "choices": _FAMILIES, "default": []}

ARGUMENT_SPEC: t.Final = {
    "policy": {"type": "str", "choices": tuple(KNOWLEDGE.policies), "default": "compat"},
    "servers": {"type": "list", "elements": "dict", "default": []},
    "only": _FAMILY_LIST,
    "skip": _FAMILY_LIST,
    "profiles": {"type": "str", "choices": ("loaded", "all"), "default": "loaded"},
    "firewall_profiles": {
        "type": "list",
        "elements": "str",
        "choices": ("domain", "private", "public"),
        "default": [],
    },
    "waivers": {"type": "list", "elements": "dict", "default": []},
    "probe_timeout": {"type": "int", "default": 10},
}


class ActionModule(ActionBase):  # type: ignore[misc]
    """The face of the audit."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Audit the host of this task."""
        answer: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        try:
            options = audit_options(arguments, check_mode=self._task.check_mode)
            options = resolve_options(options, timeout=arguments["probe_timeout"])
            snapshot = collect(shell_for(self._connection), reading_for(options, _READING))
        except (ShellError, OptionError) as error:
            return {**answer, **desks.failure(error, changing=False)}
        seen = context(KNOWLEDGE, options, snapshot)
        answer.update(as_result(seen, audit(seen)), changed=bool(snapshot.writes))
        return answer


def audit_options(arguments: dict[str, t.Any], *, check_mode: bool) -> AuditOptions:
    """The checked options that an audit and a fix share. Raises OptionError."""
    profiles = arguments["profiles"]
    if check_mode and profiles != "loaded":
        raise OptionError(f"profiles: '{profiles}' writes to the host, so it is refused in check mode; use 'loaded'.")
    return AuditOptions(
        policy=arguments["policy"],
        servers=parse_servers(arguments["servers"]),
        only=frozenset(arguments["only"]),
        skip=frozenset(arguments["skip"]),
        profiles=profiles,
        firewall_profiles=frozenset(arguments["firewall_profiles"]),
        waivers=parse_waivers(arguments["waivers"], KNOWLEDGE.checks),
        today=datetime.datetime.now(tz=datetime.UTC).date(),
    )


def reading_for(options: AuditOptions, usual: ReadingPlan, more: tuple[str, ...] = ()) -> ReadingPlan:
    """The reading that was packed before the fork, or another one where the options ask for more.

    :param more: thumbprints of certificates that matter besides those of the servers.
    """
    certificates = [s.accepts.certificate for s in options.servers if s.accepts and s.accepts.certificate]
    thumbprints = sorted({one for c in certificates for one in (*(c.roots or ()), *c.thumbprints)} | set(more))
    if not thumbprints and options.profiles == "loaded":
        return usual
    return plan_reading(KNOWLEDGE, thumbprints, options.profiles, usual.extra)
