# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packages of one run, one after another, with the restarts between them."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.install_rows import GOOD
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.installation import InstallationStep, StepKind
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import PackageRun
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import package_runs
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.holding import (
    insist_on_being_wanted,
    restart_held,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.job_records import JobRecord
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_planning import Package, Planned
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.workplace import PackageFailed, Workplace, clean

TAKES_EFFECT: t.Final = "Updates take effect after a restart of the host."


@dataclass(slots=True)
class Series:
    """What has come of a run so far, which is to be told whatever becomes of it.

    ``last_restart`` False: the restart at the end is somebody else's business. ``left``: what is not run;
    ``waiting``: some of that is installed and waits for a restart.
    """

    last_restart: bool
    left: tuple[InstallationStep, ...] = ()
    waiting: bool = False
    packages: list[PackageRun] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    restarts: int = 0
    restart_needed: str = ""

    def plan(self, planned: Planned) -> None:
        """Take in what is to be done."""
        self.left = planned.left
        self.waiting = any(step.kind is StepKind.WAITING for step in planned.left)
        self.remarks += [remark for remark in planned.remarks if remark not in self.remarks]

    @property
    def waits(self) -> bool:
        """Whether something that is installed, or removed, waits for a restart that has not come yet."""
        return self.waiting or any(run.outcome == "needs_reboot" for run in self.packages)

    def finish(self, place: Workplace, records: Iterable[JobRecord]) -> dict[str, JobRecord]:
        """See to the end of what an earlier run began.

        What had failed is told, and tried again by whoever comes next.

        :returns: what had not begun, by update: it can be gone on with.
        :raises PackageFailed: it still runs when the time is over.
        :raises ShellError: the connection was lost.
        """
        waiting = {}
        for record in records:
            try:
                run = package_runs.finish(place, record)
            except PackageFailed as error:
                if error.run.outcome == "running":
                    raise
                run = error.run
            if run is None:
                waiting[record.kb] = record
            elif run.outcome in GOOD:
                self.packages.append(run)
            else:
                self.remarks.append(f"Run {record.run} had begun it: {run.words}")
        return waiting

    def carry_out(self, place: Workplace, planned: Planned, half_sent: Mapping[str, JobRecord]) -> None:
        """Run all packages, and restart the host where it is needed and ordered.

        :param half_sent: records of packages that an earlier run had begun to send.
        :raises PackageFailed: one failed; nothing after it was run.
        :raises RestartError: the host did not restart.
        :raises ShellError: the connection was lost.
        """
        for kb, record in half_sent.items():
            if not any(package.kb == kb and _same(package, record) for package in planned.packages):
                clean(place, record)
        for number, step in enumerate(planned.steps):
            if step.kind is not StepKind.REBOOT:
                self.packages.append(self._run(place, planned.package(step.update), half_sent.get(step.update)))
            elif number + 1 < len(planned.steps) and not self._restart(place, step.why):
                self._leave(planned.steps[number + 1 :])
                return
        if self.waits:
            self._last_restart(place)

    def _package(self, place: Workplace, package: Package, begun: JobRecord | None) -> PackageRun:
        insist_on_being_wanted(place.pace)
        if package.file is None:
            return package_runs.remove(place, package.kb, package.command)
        begun = begun if begun is not None and _same(package, begun) else None
        return package_runs.install(place, package.kb, package.file, package.command, begun)

    def _run(self, place: Workplace, package: Package, begun: JobRecord | None) -> PackageRun:
        """Run a package; what fails while another one waits for a restart gets the restart and a second chance."""
        try:
            return self._package(place, package, begun)
        except PackageFailed as error:
            # Without an exit code no installer had ended, so what waits cannot be its reason.
            if error.run.outcome != "failed" or not error.run.code or not self.waits:
                raise
            if not self._restart(place, f"{error.run.words} It may need what waits for a restart of the host."):
                raise
            self.remarks.append(f"{error.run.words} The host was restarted, and it was run again.")
            return self._package(place, package, None)

    def _last_restart(self, place: Workplace) -> None:
        if self.last_restart:
            self._restart(place, TAKES_EFFECT)
        else:
            self.restart_needed = TAKES_EFFECT

    def _restart(self, place: Workplace, why: str) -> bool:
        """Restart the host, if the operator wants that."""
        if not place.order.reboot:
            self.restart_needed = why
            return False
        restart_held(place.shell, place.hold, place.order, place.pace)
        self.restarts += 1
        self.packages[:] = [run.in_force() for run in self.packages]
        self.waiting, self.restart_needed = False, ""
        return True

    def _leave(self, steps: Sequence[InstallationStep]) -> None:
        """What has to wait for a restart that nobody ordered."""
        waits = "has to wait for a restart: run again after it."
        left = (
            replace(step, kind=StepKind.WAITING, why=f"{step.update} {waits}")
            for step in steps
            if step.kind is StepKind.INSTALL
        )
        self.left = (*self.left, *left)


def _same(package: Package, record: JobRecord) -> bool:
    """Whether a record is about that very file."""
    return package.file is not None and (package.file.name, package.file.sha256) == (record.file, record.sha256)
