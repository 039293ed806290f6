# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what an operator orders to what is run on one host, with which files: all of it, or the reasons against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.install_facts import install_language
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import ChangeKind, Plan
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import package_commands
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.installation import (
    Installation,
    InstallationStep,
    StepKind,
    install,
    update_id,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.package_commands import PackageCommand
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.packages import PackageFile
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.prerequisites import (
    required_updates,
    sets_posready,
    unmet,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import Seen
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.package_files import Choice, Offers, choose
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Refusal
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_order import UpdateOrder


@dataclass(frozen=True, slots=True)
class Package:
    """One run of a package. ``file`` None: what removes the update is on the host already."""

    kb: str
    command: PackageCommand
    file: PackageFile | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """What is run. ``steps``: installations, or removals, and restarts, in their order; ``left``: what is not run.

    ``packages``: one for each step that is no restart. ``posready``: the flag has to be set before. ``remarks``: what
    could not be checked.
    """

    steps: tuple[InstallationStep, ...]
    left: tuple[InstallationStep, ...] = ()
    packages: tuple[Package, ...] = ()
    posready: bool = False
    remarks: tuple[str, ...] = ()

    def package(self, kb: str) -> Package:
        """The package of a step."""
        return next(one for one in self.packages if one.kb == kb)


def plan_updates(seen: Seen, order: UpdateOrder, offers: Offers, consents: frozenset[str]) -> Planned:
    """What is run on that host.

    :param seen: where the order names nothing, what the plan of its audit names is installed.
    :param offers: of the order's source; the same for a run's every plan, so that files are hashed once.
    :raises Refusal: something speaks against a package that has to be run; every reason is in its message.
    """
    ctx, plan = seen.context, seen.audit.plan
    if order.verb == "remove":
        return _removals(ctx, order.kbs or ())
    required, optional = _named(plan) if order.kbs is None else (order.kbs, ())
    required = tuple(dict.fromkeys(map(_update_id, required)))
    packs = _service_packs(plan) if order.kbs is None else ()
    choosing = _Choosing(ctx, required, optional, offers, order.backup, consents, install_language(ctx))
    planned = choosing.plan()
    return replace(planned, left=(*packs, *planned.left))


def _update_id(text: str) -> str:
    try:
        return update_id(text)
    except ValueError as error:
        raise Refusal(f"kb: {error}") from None


def _named(plan: Plan) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The updates of a plan that mail needs, and those that no mail depends on."""
    updates = [change for change in plan.changes if change.kind is ChangeKind.UPDATE and "kb" in change.details]
    required, optional = (
        tuple(str(change.details["kb"]) for change in updates if change.optional is optional)
        for optional in (False, True)
    )
    return required, optional


def _service_packs(plan: Plan) -> tuple[InstallationStep, ...]:
    found = (change.details for change in plan.changes if change.kind is ChangeKind.UPDATE)
    return tuple(
        InstallationStep(
            StepKind.REFUSED, str(one["name"]), f"{one['name']} is not installed from here: install it, then run again."
        )
        for one in found
        if "release" in one
    )


@dataclass(frozen=True, slots=True)
class _Choosing:
    """Finding a file for each update; what no mail needs is left out where there is none that fits."""

    ctx: Context
    required: tuple[str, ...]
    optional: tuple[str, ...]
    offers: Offers
    backup: bool
    consents: frozenset[str]
    langid: str | None

    def plan(self) -> Planned:
        dropped: dict[str, str] = {}
        while True:
            kept = tuple(kb for kb in self.optional if kb not in dropped)
            installation = install(self.ctx, (*self.required, *kept))
            self._insist_on_ground(installation)
            packages, remarks, objections = self._packages(installation)
            if not objections:
                break
            dropped |= self._droppable(kept, objections)
        left = [step for step in installation.steps if step.kind not in (StepKind.INSTALL, StepKind.REBOOT)]
        left += [InstallationStep(StepKind.REFUSED, kb, _left_out(kb, why)) for kb, why in dropped.items()]
        steps = tuple(step for step in installation.steps if step not in left)
        updates = self.ctx.knowledge.updates
        flag = any(sets_posready(self.ctx, updates[package.kb]) for package in packages)
        return Planned(steps, tuple(left), packages, flag, remarks)

    def _insist_on_ground(self, installation: Installation) -> None:
        refused = [s for s in installation.steps if s.kind is StepKind.REFUSED and s.update in self.required]
        if refused:
            raise Refusal(" ".join(step.why for step in refused))

    def _packages(
        self, installation: Installation
    ) -> tuple[tuple[Package, ...], tuple[str, ...], dict[str, tuple[str, ...]]]:
        """A package for each update that is installed, remarks, and the reasons against those that have none."""
        packages: list[Package] = []
        remarks: list[str] = []
        objections: dict[str, tuple[str, ...]] = {}
        ctx = self.ctx
        for kb in installation.installs:
            chosen = choose(ctx, ctx.knowledge.updates[kb], self.offers, self.consents, self.langid)
            why = tuple(one.why for one in chosen.check.objections) if chosen.check else _without(ctx, kb, chosen)
            command = package_commands.installing(ctx, chosen.file.name, self.backup) if chosen.file else None
            if chosen.file is not None and not why and command is None:
                why = (f"This Windows has nothing that installs {chosen.file.name}.",)
            if why or command is None:
                objections[kb] = why
            else:
                packages.append(Package(kb, command, chosen.file))
                remarks += chosen.check.remarks if chosen.check else ()
            ctx = replace(ctx, assume_installed=ctx.assume_installed | {kb})
        return tuple(packages), tuple(remarks), objections

    def _droppable(self, kept: Sequence[str], objections: dict[str, tuple[str, ...]]) -> dict[str, str]:
        """Optional updates that cannot be had, or that require one that cannot, with the reason.

        :raises Refusal: an update that is needed cannot be had.
        """
        updates = self.ctx.knowledge.updates
        found = {}
        for kb in kept:
            bad = next((one for one in (kb, *required_updates(self.ctx, updates[kb])) if one in objections), None)
            if bad is not None and bad not in self.required:
                found[kb] = objections[bad][0]
        if not found:
            raise Refusal(" ".join(why for whys in objections.values() for why in whys))
        return found


def _without(ctx: Context, kb: str, chosen: Choice) -> tuple[str, ...]:
    """Why there is no file; what would speak against any file is worth more than where to put one."""
    needs = tuple(need.why for need in unmet(ctx, ctx.knowledge.updates[kb]) if need.consent is None)
    return needs or (chosen.why,)


def _left_out(kb: str, why: str) -> str:
    return f"{kb} is left out, since no mail depends on it: {clause(why)}."


def _removals(ctx: Context, kbs: Sequence[str]) -> Planned:
    """The updates to remove, the last installed first; all, or none if one cannot be removed."""
    asked = sorted(dict.fromkeys(map(_update_id, kbs)), key=lambda kb: -_order(ctx, kb))
    left, packages, refused = [], [], []
    for kb in asked:
        update = ctx.knowledge.updates.get(kb)
        if update is None:
            refused.append(f"{kb} is in no table: nobody here knows how to remove it.")
            continue
        found = presence(ctx, kb)
        removal = package_commands.removal(ctx, update)
        if removal.way is not None:
            packages.append(Package(kb, removal.way))
        elif found.present is False and not found.pending:
            left.append(InstallationStep(StepKind.NOT_APPLICABLE, kb, f"{kb} is not in: {clause(found.why)}."))
        else:
            refused.append(removal.why)
    if refused:
        raise Refusal(" ".join(refused))
    return Planned(tuple(_removal_steps(packages)), tuple(left), tuple(packages))


def _order(ctx: Context, kb: str) -> int:
    row = ctx.knowledge.updates.get(kb)
    return row.order if row else 0


def _removal_steps(packages: Sequence[Package]) -> Iterator[InstallationStep]:
    for package in packages:
        yield InstallationStep(StepKind.INSTALL, package.kb, f"{package.kb} is removed.")
    if packages:
        yield InstallationStep(StepKind.REBOOT, "", "The host restarts: removals take effect after a reboot.")
