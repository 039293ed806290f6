# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the updates that somebody asks for to the steps on one host: what is run, in which order, and when it restarts.

What a package requires comes before it, what is there already is left alone, and there is one reboot, at the end,
unless a package needs an earlier one in force.
"""

from __future__ import annotations

import enum
import re
import typing as t
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.standing import standing
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.install_rows import ExitMeaning
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Update
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.prerequisites import required_updates

_KB: t.Final = re.compile(r"(?:KB)?(\d{6,7})", re.IGNORECASE | re.ASCII)


class StepKind(str, enum.Enum):
    """What becomes of an update. REBOOT is a step of its own.

    PRESENT: in, or something newer is; WAITING: in, and waits for a reboot; SUPERSEDED: this run installs something
    newer; NOT_APPLICABLE: not for this Windows, so nothing is missing; REFUSED: something else is missing.
    """

    PRESENT = "present"
    WAITING = "waiting"
    SUPERSEDED = "superseded"
    NOT_APPLICABLE = "not_applicable"
    REFUSED = "refused"
    INSTALL = "install"
    REBOOT = "reboot"


@dataclass(frozen=True, slots=True)
class InstallationStep:
    """``update``: id, "" for a reboot. ``why``: a sentence. ``by``: what carries the same or newer files instead."""

    kind: StepKind
    update: str
    why: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Installation:
    """First what is not to be done, then installations and reboots in the order in which they are carried out."""

    steps: tuple[InstallationStep, ...]

    @property
    def installs(self) -> tuple[str, ...]:
        """Ids of the updates to install, in order."""
        return tuple(step.update for step in self.steps if step.kind is StepKind.INSTALL)


def update_id(text: str) -> str:
    """``kb4019276`` or ``4019276`` → ``KB4019276``.

    :raises ValueError: it is no number of an update.
    """
    found = _KB.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no update: write KB and its number, as in KB4019276.")
    return f"KB{found.group(1)}"


def install(ctx: Context, kbs: Iterable[str]) -> Installation:
    """The steps that bring these updates onto that host, with what they require. Each update stands there once.

    :raises ValueError: one is no number of an update.
    """
    asked = tuple(dict.fromkeys(update_id(kb) for kb in kbs))
    newer: dict[str, str] = {}
    while True:
        decided = _without_ground(ctx, _decide(ctx, asked, newer))
        found = _superseded(ctx, asked, decided)
        if not found.keys() - newer.keys():
            break
        newer |= found
    idle = sorted((s for s in decided.values() if s.kind is not StepKind.INSTALL), key=lambda s: _place(ctx, s.update))
    return Installation((*idle, *_with_reboots(ctx, decided)))


def after_run(ctx: Context, update: Update, meaning: ExitMeaning) -> ExitMeaning:
    """What a run came to, in the light of a reading after it: "does not fit" is "superseded" if something newer is in.

    Installers have one code for both.
    """
    found = presence(ctx, update.id)
    if meaning.outcome != "not_applicable" or not (found.present or found.pending):
        return meaning
    return replace(meaning, outcome="superseded", words=f"is not needed: {clause(found.why)}")


def _place(ctx: Context, kb: str) -> tuple[int, str]:
    row = ctx.knowledge.updates.get(kb)
    return (row.order if row else 0, kb)


def _decide(ctx: Context, asked: tuple[str, ...], newer: Mapping[str, str]) -> dict[str, InstallationStep]:
    """What becomes of each update that is asked for, and of each that one of those to be installed requires."""
    decided: dict[str, InstallationStep] = {}
    todo = [(kb, "") for kb in asked]
    while todo:
        kb, required_by = todo.pop(0)
        if kb in decided:
            continue
        decided[kb] = _step(ctx, kb, required_by, newer)
        if decided[kb].kind is StepKind.INSTALL:
            todo.extend((needed, kb) for needed in required_updates(ctx, ctx.knowledge.updates[kb]))
    return decided


def _step(ctx: Context, kb: str, required_by: str, newer: Mapping[str, str]) -> InstallationStep:
    update = ctx.knowledge.updates.get(kb)
    if update is None:
        return InstallationStep(StepKind.REFUSED, kb, f"{kb} is in no table: nobody here knows what it is for.")
    unfit = _unfit(ctx, update)
    if unfit is not None:
        return unfit
    stands = standing(ctx, update)
    found, other, coming = stands.own, stands.instead, stands.coming
    if found.pending:
        return InstallationStep(StepKind.WAITING, kb, f"{kb} is in and waits for a reboot: {clause(found.why)}.")
    if found.present:
        return InstallationStep(StepKind.PRESENT, kb, f"{kb} is not needed again: {clause(found.why)}.")
    if other is not None:
        return InstallationStep(StepKind.PRESENT, kb, f"{kb} is not needed: {other} is in and does the same.", other)
    if coming is not None:
        why = f"{kb} is not needed: {coming} does the same, and waits for a reboot."
        return InstallationStep(StepKind.WAITING, kb, why, coming)
    if kb in newer:
        why = f"{kb} is left out: {newer[kb]}, which is installed too, carries the same or newer files"
        return InstallationStep(StepKind.SUPERSEDED, kb, f"{why}.", newer[kb])
    doubt = "" if found.present is False else f"; whether it is in cannot be told ({clause(found.why)})"
    reason = f"; {required_by} requires it" if required_by else ""
    return InstallationStep(StepKind.INSTALL, kb, f"{kb} is installed: {update.title}{reason}{doubt}.")


def _unfit(ctx: Context, update: Update) -> InstallationStep | None:
    """Not for this Windows, whatever is on it."""
    release, kb = ctx.release, update.id
    if release is None:
        why = f"Whether {kb} fits cannot be told: {clause(ctx.host.why) or 'this Windows is not known'}."
        return InstallationStep(StepKind.REFUSED, kb, why)
    if release.id not in update.os and release.upgrade_to in update.os:
        name = ctx.knowledge.releases[str(release.upgrade_to)].name
        return InstallationStep(StepKind.REFUSED, kb, f"{kb} needs {name} first, and this host has {release.name}.")
    if release.id not in update.os:
        return InstallationStep(StepKind.NOT_APPLICABLE, kb, f"{kb} is not for {release.name}: nothing is missing.")
    if not any(release.id in package.os for package in update.packages):
        return InstallationStep(StepKind.NOT_APPLICABLE, kb, f"There is no package of {kb} for {release.name}.")
    if ctx.host.architecture == "unknown":
        return InstallationStep(StepKind.REFUSED, kb, f"Which file of {kb} fits cannot be told: 32 or 64 bits?")
    if not lookup.packages(update, release.id, ctx.host.architecture):
        why = f"There is no package of {kb} for {release.name} on {ctx.host.architecture}."
        return InstallationStep(StepKind.NOT_APPLICABLE, kb, why)
    return None


def _without_ground(ctx: Context, decided: dict[str, InstallationStep]) -> dict[str, InstallationStep]:
    """What requires something that cannot be had is refused too, and what requires that, and so on."""
    lost = (StepKind.REFUSED, StepKind.NOT_APPLICABLE)
    while True:
        for kb, step in decided.items():
            if step.kind is not StepKind.INSTALL:
                continue
            needed = required_updates(ctx, ctx.knowledge.updates[kb])
            missing = [one for one in needed if decided[one].kind in lost]
            if missing:
                why = f"{kb} requires {missing[0]}, and that cannot be installed: {clause(decided[missing[0]].why)}."
                decided = {**decided, kb: InstallationStep(StepKind.REFUSED, kb, why)}
                break
        else:
            return decided


def _superseded(ctx: Context, asked: tuple[str, ...], decided: Mapping[str, InstallationStep]) -> dict[str, str]:
    """Updates to be installed → one that is asked for, is to be installed, too, and carries all their files."""
    installs = [kb for kb, step in decided.items() if step.kind is StepKind.INSTALL]
    found = {}
    for kb in installs:
        newest = [one for one in lookup.superseding(ctx.knowledge, kb, ctx.host.os) if one in installs and one in asked]
        if newest:
            found[kb] = newest[-1]
    return found


def _with_reboots(ctx: Context, decided: Mapping[str, InstallationStep]) -> tuple[InstallationStep, ...]:
    waiting = [kb for kb, step in decided.items() if step.kind is StepKind.WAITING]
    steps: list[InstallationStep] = []
    for kb in _in_order(ctx, decided):
        held = set(ctx.knowledge.updates[kb].after_reboot_of) & set(waiting)
        if held:
            why = f"{kb} needs {', '.join(sorted(held))} in force before it"
            steps.append(InstallationStep(StepKind.REBOOT, "", f"The host restarts: {why}."))
            waiting = []
        steps.append(decided[kb])
        # What something newer stands in for waits for the same reboot.
        waiting += [kb, *(step.update for step in decided.values() if step.by == kb)]
    if waiting:
        steps.append(InstallationStep(StepKind.REBOOT, "", "The host restarts: updates take effect after a reboot."))
    return tuple(steps)


def _in_order(ctx: Context, decided: Mapping[str, InstallationStep]) -> list[str]:
    """By the order of the table, and nothing before what it requires, or what stands in for that."""
    todo = sorted((k for k, s in decided.items() if s.kind is StepKind.INSTALL), key=lambda kb: _place(ctx, kb))
    done: list[str] = []
    while todo:
        ready = next((kb for kb in todo if not _grounds(ctx, kb, decided) & set(todo)), None)
        if ready is None:
            raise ValueError(f"These updates require each other: {', '.join(todo)}.")
        todo.remove(ready)
        done.append(ready)
    return done


def _grounds(ctx: Context, kb: str, decided: Mapping[str, InstallationStep]) -> set[str]:
    needed = required_updates(ctx, ctx.knowledge.updates[kb])
    return {decided[one].by if decided[one].kind is StepKind.SUPERSEDED else one for one in needed} - {kb}
