# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fix with the packages that it needs, and with one restart.

Packages come first, then the settings of what they bring, then the restart, so that all of it is in force after one;
the fix that follows finds what an installer may have changed meanwhile, and judges the host as it is then.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Change
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import outcome
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.repointing import RelayEnd
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import Fixed, FixedFully, Updated
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.root_certificate import RootCertificate
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.fixing import Wanted, fix
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.holding import (
    holding,
    insist_on_being_wanted,
    restart_held,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.restart import RestartError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import ERRORS, Interrupted, Visit
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.undoing import roll_back
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_order import Pace, UpdateOrder
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.updating import update


def fix_fully(
    visit: Visit,
    order: UpdateOrder,
    pace: Pace,
    *,
    updates: bool = True,
    second_hop: bool = False,
    relays: tuple[RelayEnd, ...] = (),
    root: RootCertificate | None = None,
    unwind: bool = False,
) -> FixedFully:
    """Fix one host, with its packages and with one restart, as far as they are ordered.

    :param visit: with ``updates``, its reading is one of :mod:`update_reading`.
    :param updates: whether the packages that the plan names are run.
    :param relays: to which accounts are to go instead of their servers.
    :param root: of the relays' own authority.
    :param unwind: undo the settings where one of them did not take.
    :raises Refusal: nothing was done, and why.
    :raises Interrupted: the connection was lost while settings were changed, and nothing else had been done before.
    :raises PrivateFileError: the controller cannot keep its journals; nothing was done.
    :raises ShellError: the connection was lost before anything was begun.
    """
    again = functools.partial(fix, visit, relays=relays, root=root)
    if not updates:
        return _ended(visit, order, pace, FixedFully(None, again()), again, unwind)
    updated = update(visit, order, pace, second_hop=second_hop, last_restart=False)
    if updated.failed:
        return FixedFully(updated)
    if visit.terms.check:
        return FixedFully(updated, again(_with(updated)))
    try:
        insist_on_being_wanted(pace)
        fixed = again()
    except ERRORS as error:
        if not updated.changed:
            raise
        return FixedFully(updated, failed=f"The packages are in; after them: {_told(error)}")
    return _ended(visit, order, pace, FixedFully(updated, fixed), again, unwind)


def _with(updated: Updated) -> Wanted:
    """The settings that a host takes once these packages are in: what check mode has to foresee."""
    coming = frozenset(run.kb for run in updated.packages)

    def wanted(ctx: Context) -> tuple[Change, ...]:
        return outcome.settings_now(replace(ctx, assume_installed=ctx.assume_installed | coming))

    return wanted


def _told(error: Exception) -> str:
    """What went wrong, with the id of the run that broke off, if one did."""
    run = f" (run {error.run})" if isinstance(error, Interrupted) else ""
    return f"{error}{run}"


def _unwound(visit: Visit, done: FixedFully, run: str) -> FixedFully:
    """The settings put back, of which one did not take."""
    try:
        undone = roll_back(visit.shell, visit.knowledge, run, visit.desk, visit.terms, stop_on_drift=False)
    except ERRORS as error:
        return replace(done, not_unwound=str(error))
    return replace(done, unwound=undone)


def _ended(
    visit: Visit, order: UpdateOrder, pace: Pace, done: FixedFully, again: Callable[[], Fixed], unwind: bool
) -> FixedFully:
    """The restart, if it is ordered and needed, and what has to be done after it; or the way back."""
    fixed, updated = done.fixed, done.updated
    if fixed is not None and fixed.failed and fixed.run and unwind:
        return _unwound(visit, done, fixed.run)
    if fixed is None or fixed.failed or visit.terms.check or not order.reboot:
        return done
    if not fixed.restart_reasons and not (updated and updated.restart_needed):
        return done
    try:
        with holding(Exchange(visit.shell), visit.desk) as hold:
            done = replace(done, broken=hold.broken)
            restart_held(visit.shell, hold, order, pace)
    except (RestartError, *ERRORS) as error:
        return replace(done, failed=_told(error))
    try:
        done = replace(done, updated=updated.in_force() if updated else None, restarted=True)
        return replace(done, again=again())
    except ERRORS as error:
        return replace(done, failed=f"The host was restarted; after that: {_told(error)}")
