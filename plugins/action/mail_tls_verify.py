# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin: arguments → reading → handshakes → result. Documentation: the module of the same name."""

from __future__ import annotations

import gc
import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.mailfleet.client.plugins.action import mail_tls_audit as base
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.gather import context
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import audit
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import desks
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.collect import collect
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.reading_plan import plan_reading
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.servers import resolve_options
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import LIMITS, shell_for
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.verifying import SIDES, verify
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.verification import result

# As in the action of the audit: loaded and packed once, before the workers are forked.
_READING = plan_reading(base.KNOWLEDGE)
_PACKED = tuple(_READING.batches(limit) for limit in LIMITS)
gc.freeze()
_SHARED: t.Final = ("policy", "servers", "profiles", "probe_timeout")
#: What the audit takes and a verification has no use for.
_REST: t.Final[dict[str, t.Any]] = {"only": [], "skip": [], "firewall_profiles": [], "waivers": []}

ARGUMENT_SPEC: t.Final = {
    **{name: base.ARGUMENT_SPEC[name] for name in _SHARED},
    "from": {"type": "list", "elements": "str", "choices": SIDES, "default": list(SIDES)},
    "timeout": {"type": "int", "default": 10},
}


class ActionModule(ActionBase):  # type: ignore[misc]
    """The face of the verification."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Verify the mail servers of the host of this task."""
        answer: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        check_mode: bool = self._task.check_mode
        try:
            _check(arguments)
            options = base.audit_options({**_REST, **arguments}, check_mode=check_mode)
            options = resolve_options(options, timeout=arguments["probe_timeout"])
            shell = shell_for(self._connection)
            snapshot = collect(shell, base.reading_for(options, _READING))
        except (ShellError, OptionError) as error:
            return {**answer, **desks.failure(error, changing=False)}
        seen = context(base.KNOWLEDGE, options, snapshot)
        audited = audit(seen)
        answers = verify(shell, seen, audited, arguments["from"], arguments["timeout"], check=check_mode)
        answer.update(result(seen, audited, answers), changed=bool(snapshot.writes))
        return answer


def _check(arguments: dict[str, t.Any]) -> None:
    if not arguments["from"]:
        raise OptionError("from: the list is empty; use controller, host, or both.")
    for name, most in (("timeout", 60), ("probe_timeout", 3600)):
        if not 1 <= arguments[name] <= most:
            raise OptionError(f"{name}: {arguments[name]} is not between 1 and {most} seconds.")
