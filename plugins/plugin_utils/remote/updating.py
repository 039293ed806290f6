# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Updates of one host: what an earlier run began is finished, then read, plan, check, run, restart, read again.

Nothing is run before every package of the run is there and nothing speaks against any of them.
"""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.gather import context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.install_facts import (
    in_domain,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import posready
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import audit
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import Fixed, PackageRun, Seen, Updated
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import job_records
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.collect import collect
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.fixing import fix
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.holding import holding
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.job_records import JobRecord
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.package_files import Offers
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.package_outcomes import untrue
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.package_series import TAKES_EFFECT, Series
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.restart import RestartError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Refusal, Visit
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transaction import stale_locks
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_order import Pace, UpdateOrder
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_planning import (
    Package,
    Planned,
    plan_updates,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.workplace import PackageFailed, Workplace

#: What was left undone on a connection that was lost.
_LOST: t.Final = "What was begun on the host goes on there; run again to see what came of it, and to do the rest."


def update(
    visit: Visit, order: UpdateOrder, pace: Pace, *, second_hop: bool = False, last_restart: bool = True
) -> Updated:
    """Run packages on one host.

    :param visit: its reading is one of :mod:`update_reading`.
    :param second_hop: whether our logon may go on to a file server (CredSSP).
    :param last_restart: False: the restart at the end is somebody else's business.
    :raises Refusal: nothing was done, and why.
    :raises Interrupted: the connection was lost while the POSReady flag was set.
    :raises PrivateFileError: the controller cannot keep its journals; nothing was done.
    :raises ShellError: the connection was lost before anything was begun.
    """
    offers = Offers(order.source, order.checksums)
    return _Update(visit, order, pace, second_hop, Series(last_restart), offers).run()


@dataclass(slots=True)
class _Update:
    """One run. ``begun``: the host may not be as it was any more; ``away``: it cannot be asked any more."""

    visit: Visit
    order: UpdateOrder
    pace: Pace
    second_hop: bool
    series: Series
    offers: Offers
    begun: bool = False
    codepage: int | None = None
    flag: Fixed | None = None
    failed: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    lost: bool = False
    away: bool = False

    def run(self) -> Updated:
        """All of it."""
        before = self._look()
        try:
            self._all(before)
        except PackageFailed as error:
            self.series.packages.append(error.run)
            self.failed.append(str(error))
        except RestartError as error:
            self.away = error.asked
            self.failed.append(str(error))
        except (ShellError, Refusal) as error:
            if not self.begun:
                raise
            self.lost = isinstance(error, ShellError) and error.unreachable
            self.failed.append(f"{error} {_LOST}" if isinstance(error, ShellError) else str(error))
        return self._result(before)

    def _all(self, seen: Seen) -> None:
        records = self._records(seen.context)
        if self.visit.terms.check:
            self._foresee(seen, records)
            return
        half_sent: dict[str, JobRecord] = {}
        if records:
            with self._held(seen.context) as place:
                half_sent = self.series.finish(place, self._records(self._read()))
            seen = self._look()
        planned = self._planned(seen)
        self.series.plan(planned)
        if planned.posready:
            self._set_flag()
        if planned.packages or half_sent or self.series.waits or self._stale(seen.context):
            with self._held(seen.context) as place:
                self.series.carry_out(place, self._planned_again(planned, half_sent), half_sent)

    def _foresee(self, seen: Seen, records: tuple[JobRecord, ...]) -> None:
        """Check mode."""
        stale_locks(seen.context.snapshot.image, self.visit.desk)
        planned = self._planned(seen)
        self.series.plan(planned)
        if planned.posready:
            self._set_flag()
        kbs = [package.kb for package in planned.packages]
        self.series.packages += [_begun(one) for one in records if one.kb not in kbs]
        self.series.packages += [_foreseen(package, self.order) for package in planned.packages]

    def _planned(self, seen: Seen) -> Planned:
        return plan_updates(seen, self.order, self.offers, self.visit.terms.consent)

    def _planned_again(self, planned: Planned, half_sent: Mapping[str, JobRecord]) -> Planned:
        """The plan, made again by a reading under our lock: another run may have been faster."""
        seen = self._look()
        again = self._planned(seen)
        mine = {record.folder for record in half_sent.values()}
        strangers = any(record.folder not in mine for record in self._records(seen.context))
        if strangers or again.posready or any(one not in planned.packages for one in again.packages):
            raise Refusal("The host has changed since it was read, so no package was run: run again.")
        self.series.plan(again)
        return again

    def _stale(self, ctx: Context) -> bool:
        """Whether a lock of a dead run is to be cleared away, though nothing else is to be done."""
        try:
            return bool(stale_locks(ctx.snapshot.image, self.visit.desk))
        except Refusal:
            return False

    def _read(self) -> Context:
        snapshot = collect(self.visit.shell, self.visit.reading)
        self.codepage = snapshot.codepage
        return context(self.visit.knowledge, self.visit.options, snapshot)

    def _look(self) -> Seen:
        ctx = self._read()
        return Seen(ctx, audit(ctx))

    def _records(self, ctx: Context) -> tuple[JobRecord, ...]:
        found = job_records.records(ctx.snapshot.image)
        if isinstance(found, Unread):
            raise Refusal(f"Whether packages are being run on this host cannot be told: {clause(found.why)}.")
        for one in found:
            tables = self.visit.knowledge
            if one.kb not in tables.updates or one.installer not in tables.installers:
                raise Refusal(
                    f"Run {one.run} had begun {one.kb} ({one.installer}), which is in no table here: finish it with the"
                    f" version of this collection that began it, or delete {job_records.UPDATES}\\{one.kb} there."
                )
        return found

    @contextlib.contextmanager
    def _held(self, ctx: Context) -> Iterator[Workplace]:
        """The lock of the host, and all that it takes to run packages there."""
        exchange = Exchange(self.visit.shell, self.codepage)
        with holding(exchange, self.visit.desk) as hold:
            self.begun = True
            self.broken += hold.broken
            yield Workplace(
                self.visit.shell,
                exchange,
                hold,
                self.order,
                self.pace,
                self.visit.knowledge,
                self._read,
                self.second_hop,
                in_domain(ctx),
                ctx.release.version if ctx.release else "",
            )

    def _set_flag(self) -> None:
        """The POSReady flag, as a run of its own that can be undone."""
        done = fix(self.visit, wanted=lambda ctx: (posready.change(ctx),))
        withheld = [one.why for one in done.withheld if one.change.family == posready.FAMILY]
        if withheld:
            raise Refusal(f"No package was run: {withheld[0]}")
        self.begun = not self.visit.terms.check
        self.flag = done
        self.broken += done.broken
        if done.failed:
            raise Refusal(f"No package was run: {done.failed[0]}.")

    def _result(self, before: Seen) -> Updated:
        after = None
        if self.begun and not self.lost and not self.away:
            try:
                after = self._look()
                untold = (untrue(run, after.context, waits=self.series.waits) for run in self.series.packages)
                self.failed += filter(None, untold)
            except ShellError as error:
                self.lost = error.unreachable
                self.failed.append(f"What was done could not be read again: {error}")
        return Updated(
            before,
            after,
            left=self.series.left,
            steps=self.flag.steps if self.flag else (),
            run=self.flag.run if self.flag else None,
            packages=tuple(self.series.packages),
            restarts=self.series.restarts,
            restart_needed=self.series.restart_needed or (TAKES_EFFECT if self.series.waits else ""),
            remarks=tuple(self.series.remarks),
            failed=tuple(self.failed),
            broken=tuple(self.broken),
            lost=self.lost,
        )


def _foreseen(package: Package, order: UpdateOrder) -> PackageRun:
    verb = "installed" if order.verb == "install" else "removed"
    name = package.file.name if package.file else ""
    return PackageRun(package.kb, order.verb, "planned", f"{package.kb} would be {verb}.", name)


def _begun(record: JobRecord) -> PackageRun:
    words = f"{record.kb} was begun by run {record.run}, and would be finished first."
    return PackageRun(record.kb, record.verb, "planned", words, record.file, resumed=True)
