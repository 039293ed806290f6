# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fix with the packages that it needs, and with one restart.

Packages come first, then the settings of what they bring, then the restart, so that all of it is in force after one;
the fix that follows finds what an installer may have changed meanwhile, and judges the host as it is then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Change
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import outcome
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import Fixed, FixedFully, Updated
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.fixing import Wanted, fix
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.holding import holding
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.reading_plan import ReadingPlan
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.restart import RestartError, restart
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Desk, Refusal, Terms
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import FileShell, ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_order import Pace, UpdateOrder
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.updating import update


def fix_fully(
    shell: FileShell,
    knowledge: Knowledge,
    options: AuditOptions,
    reading: ReadingPlan,
    desk: Desk,
    terms: Terms,
    order: UpdateOrder,
    pace: Pace | None = None,
    *,
    updates: bool = True,
    second_hop: bool = False,
) -> FixedFully:
    """Fix one host, with its packages and with one restart, as far as they are ordered.

    :param updates: whether the packages that the plan names are run.
    :raises Refusal: nothing was done, and why.
    :raises Interrupted: the connection was lost while settings were changed.
    :raises JournalFolderError: the controller cannot keep its journals; nothing was done.
    :raises ShellError: the connection was lost before anything was begun.
    """
    run = _Run(shell, knowledge, options, reading, desk, terms, order, pace or Pace())
    updated = None
    if updates:
        updated = update(
            shell,
            knowledge,
            options,
            reading,
            desk,
            terms,
            order,
            run.pace,
            second_hop=second_hop,
            last_restart=False,
        )
        if updated.failed:
            return FixedFully(updated)
    fixed = run.fix(_with(updated) if terms.check else outcome.settings_now)
    if terms.check or not order.reboot or fixed.failed or not fixed.restart_reasons:
        return FixedFully(updated, fixed)
    return run.restarted(FixedFully(updated, fixed))


def _with(updated: Updated | None) -> Wanted:
    """The settings that a host takes once these packages are in: what check mode has to foresee."""
    coming = frozenset(run.kb for run in updated.packages) if updated else frozenset()

    def wanted(ctx: Context) -> tuple[Change, ...]:
        return outcome.settings_now(replace(ctx, assume_installed=ctx.assume_installed | coming))

    return wanted


@dataclass(frozen=True, slots=True)
class _Run:
    shell: FileShell
    knowledge: Knowledge
    options: AuditOptions
    reading: ReadingPlan
    desk: Desk
    terms: Terms
    order: UpdateOrder
    pace: Pace

    def fix(self, wanted: Wanted = outcome.settings_now) -> Fixed:
        """The settings."""
        return fix(self.shell, self.knowledge, self.options, self.reading, self.desk, self.terms, wanted)

    def restarted(self, done: FixedFully) -> FixedFully:
        """The restart, and what has to be done after it."""
        try:
            with holding(Exchange(self.shell), self.desk) as hold:
                boot = restart(
                    self.shell,
                    hold.boot,
                    seconds=self.order.reboot_timeout,
                    report=self.pace.report,
                    codepage=hold.exchange.codepage,
                    clock=self.pace.clock,
                    sleep=self.pace.sleep,
                )
                hold.renew(boot)
        except (RestartError, Refusal, ShellError) as error:
            return replace(done, failed=str(error))
        try:
            return replace(done, again=self.fix(), restarted=True)
        except (Refusal, ShellError) as error:
            return replace(done, restarted=True, failed=f"The host was restarted; after that: {error}")
