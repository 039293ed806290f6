# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin: arguments → reading → handshakes → result. Documentation: the module of the same name."""

from __future__ import annotations

import gc
import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.mailfleet.client.plugins.action import mail_tls_audit as base
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.gather import context
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import Audit, audit
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.verification import targets
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import own_schannel
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.collect import collect
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.controller_handshake import shake_all
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.reading_plan import plan_reading
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.servers import resolve_options
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Shell, ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import LIMITS, shell_for
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.verification import Answers, result

# As in the action of the audit: loaded and packed once, before the workers are forked.
_READING = plan_reading(base.KNOWLEDGE)
_PACKED = tuple(_READING.batches(limit) for limit in LIMITS)
gc.freeze()
_SHARED: t.Final = ("policy", "servers", "profiles", "probe_timeout")
#: What the audit takes and a verification has no use for.
_REST: t.Final[dict[str, t.Any]] = {"only": [], "skip": [], "firewall_profiles": [], "waivers": []}
_CHECK_MODE: t.Final = "was not asked in check mode: asking it writes a file there and removes it"
_SIDES: t.Final = ("controller", "host")

ARGUMENT_SPEC: t.Final = {
    **{name: base.ARGUMENT_SPEC[name] for name in _SHARED},
    "from": {"type": "list", "elements": "str", "choices": _SIDES, "default": list(_SIDES)},
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
        except ShellError as error:
            return {**answer, "unreachable" if error.unreachable else "failed": True, "msg": str(error)}
        except OptionError as error:
            return {**answer, "failed": True, "msg": str(error)}
        seen = context(base.KNOWLEDGE, options, snapshot)
        audited = audit(seen)
        answers = _answers(shell, seen, audited, arguments, check_mode=check_mode)
        answer.update(result(seen, audited, answers), changed=bool(snapshot.writes))
        return answer


def _check(arguments: dict[str, t.Any]) -> None:
    if not arguments["from"]:
        raise OptionError("from: the list is empty; use controller, host, or both.")
    for name, most in (("timeout", 60), ("probe_timeout", 3600)):
        if not 1 <= arguments[name] <= most:
            raise OptionError(f"{name}: {arguments[name]} is not between 1 and {most} seconds.")


def _answers(shell: Shell, seen: Context, audited: Audit, arguments: dict[str, t.Any], *, check_mode: bool) -> Answers:
    """Ask whoever is to be asked."""
    wanted, left_out = targets(seen, audited)
    seconds = arguments["timeout"]
    controller = shake_all(wanted, seconds) if "controller" in arguments["from"] else None
    host_wanted = "host" in arguments["from"]
    ask = host_wanted and not check_mode
    host = own_schannel.ask(shell, seen.snapshot.codepage, wanted, seconds) if ask else None
    why = "" if ask else _CHECK_MODE if host_wanted else "was not to be asked (option from)"
    refusals = tuple(own_schannel.refusal(target) for target in wanted)
    return Answers(wanted, left_out, controller, host, refusals, host_wanted, why)
