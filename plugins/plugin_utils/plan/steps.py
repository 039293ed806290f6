# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From changes of a plan to steps of a journal: what each place holds before and after."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.account_files import file_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import Direction
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RUN, RegistryStep, RuleStep, Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Absent,
    RegistryImage,
    RegistryKey,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry_keys import has_key, with_key
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Change, ChangeKind
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import account_steps, relay_root, rules
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.selection import Withheld
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.value_steps import Impossible, value_step
from ansible_collections.mailfleet.client.plugins.plugin_utils.read import firewall_rule
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

#: A hive and the key below it (HKLM and its branches, HKU and a user's SID) are there, or nothing could be read.
_ALWAYS_THERE: t.Final = 2
_LONGEST: t.Final = 400


@dataclass(frozen=True, slots=True)
class Steps:
    """What a run does. ``withheld``: changes that it must leave, each with the reason.

    ``ask``: keys whose existence the image cannot tell, though a step may have to make them. Read them, and make the
    steps again: a key that a step makes and does not list in ``creates`` would stay after an undo.
    """

    steps: tuple[Step, ...]
    withheld: tuple[Withheld, ...] = ()
    ask: tuple[str, ...] = ()


def steps(ctx: Context, changes: Iterable[Change], run: str) -> Steps:
    """The steps for these changes on the host as it was read, in their order.

    Of two changes of one place the last counts. A change that is already there gives no step.

    :param run: id of the run; rules of the firewall are named after it.
    :raises ValueError: ``run`` is no such id.
    """
    if not RUN.fullmatch(run):
        raise ValueError(f"not the id of a run: {shown(run)!r}")
    found: list[tuple[Change, Step]] = []
    withheld: list[Withheld] = []
    added = 0
    for change in _last_of_each_place(changes):
        try:
            if change.kind is ChangeKind.FIREWALL:
                added += change.details["action"] == "add_rule"
            made = _made(ctx, change, f"MailFleet {run} {added}")
        except Impossible as problem:
            withheld.append(Withheld(change, str(problem)))
        else:
            found += [(change, step) for step in made]
    torn = (*_torn(found, withheld), *account_steps.torn(found, withheld), *relay_root.torn(found, withheld))
    kept = [step for change, step in found if change not in [held.change for held in torn]]
    created, ask = with_creations(ctx.snapshot.image, kept)
    return Steps(created, (*withheld, *torn), ask)


def _torn(found: Iterable[tuple[Change, Step]], withheld: Iterable[Withheld]) -> tuple[Withheld, ...]:
    """Proxy changes whose other half is withheld: plain values must not say what the binary ones beside them do not.

    The settings of one user, or of the machine, stand in a key and the one below it.
    """
    left = [str(held.change.details["key"]) for held in withheld if held.change.kind is ChangeKind.PROXY]
    torn = []
    for change, step in found:
        other = next((key for key in left if _beside(key, step.key)), None)
        if change.kind is ChangeKind.PROXY and other is not None:
            place = shown(f"{step.key}\\{step.name}", _LONGEST)
            why = f"{place} is left as it is: it belongs to a value of {shown(other, _LONGEST)} that must be left."
            torn.append(Withheld(change, why))
    return tuple(torn)


def _beside(one: str, other: str) -> bool:
    shorter, longer = sorted((one.casefold() + "\\", other.casefold() + "\\"), key=len)
    return longer.startswith(shorter)


def _last_of_each_place(changes: Iterable[Change]) -> tuple[Change, ...]:
    found: dict[tuple[str, ...], Change] = {}
    for change in changes:
        place = tuple(str(change.details.get(part, "")).casefold() for part in ("key", "name"))
        place = account_steps.place_of(change) if change.kind is ChangeKind.ACCOUNT else place
        found.pop(place, None)
        found[place] = change
    return tuple(found.values())


def _made(ctx: Context, change: Change, rule_name: str) -> tuple[Step, ...]:
    """The steps of one change; none where all is there already."""
    if change.kind is ChangeKind.ACCOUNT:
        return account_steps.account_steps(ctx, change)
    step = _rule(ctx, change, rule_name) if change.kind is ChangeKind.FIREWALL else _value(ctx, change)
    return () if step is None else (step,)


def _value(ctx: Context, change: Change) -> Step | None:
    if change.kind not in (ChangeKind.REGISTRY, ChangeKind.PROXY):
        raise Impossible(f"Changes of the kind {change.kind.value} are not carried out by a fix.")
    key, name = str(change.details["key"]), str(change.details["name"])
    return value_step(ctx, change.family, key, name, _wanted(change, name))


def _wanted(change: Change, name: str) -> RegistryValue | Absent:
    data = change.details["data"]
    if data is None:
        return ABSENT
    return RegistryValue(name, RegistryType(change.details["type"]), tuple(data) if isinstance(data, list) else data)


def _rule(ctx: Context, change: Change, new_name: str) -> Step | None:
    key, text = str(change.details["key"]), str(change.details["rule"])
    if change.details["action"] == "add_rule":
        return RuleStep(key, "", new_name, ABSENT, rules.renamed(text, new_name), change.family)
    name, rule_id = str(change.details["name"]), str(change.details["id"])
    label = f"The firewall rule {shown(name)!r} is left as it is:"
    if not firewall_rule.nameable(name):
        raise Impossible(f"{label} its name cannot be given to netsh safely.")
    read = ctx.snapshot.image.value(key, rule_id)
    before = read.data if isinstance(read, RegistryValue) else None
    if not isinstance(before, str):
        why = clause(read.why) if isinstance(read, Unread) else "there is no such rule any more"
        raise Impossible(f"{label} {why}.")
    rule = rules.parsed(before)
    if isinstance(rule, Unread):
        raise Impossible(f"{label} it cannot be read as a rule.")
    if rule.direction is not Direction.OUT:
        raise Impossible(f"{label} netsh finds outbound rules only, and it does not say that it is one.")
    step = RuleStep(key, rule_id, name, before, rules.switched(before, False), change.family)
    content = rules.content(ctx.snapshot.image, step)
    if isinstance(content, Unread):
        raise Impossible(f"{label} {clause(content.why)}.")
    return step if rule.active else None


def missing_keys(image: RegistryImage, key: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(absent, unknown): the key and the keys above it that are not there, and those that may not be; outermost first.

    Where a key is there, so is all above it.
    """
    parts = key.split("\\")
    absent: list[str] = []
    unknown: list[str] = []
    for depth in range(len(parts), _ALWAYS_THERE, -1):
        path = "\\".join(parts[:depth])
        there = has_key(image, path)
        if there:
            break
        (unknown if there is None else absent).insert(0, path)
    return tuple(absent), tuple(unknown)


def with_creations(image: RegistryImage, found: Iterable[Step]) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """The steps with the keys that each is the first to need, and the keys that somebody has to ask about."""
    made: dict[str, None] = {}
    ask: dict[str, str] = {}
    done: list[Step] = []
    for step in found:
        # A file is there, or none of its elements could be read.
        makes = isinstance(step, RegistryStep) and isinstance(step.after, RegistryValue)
        if isinstance(step, RegistryStep) and makes and file_of(step.key) is None:
            absent, unknown = missing_keys(image, step.key)
            ask |= {path.casefold(): path for path in unknown}
            wanted = {path.casefold(): path for path in (*step.creates, *absent)}
            new = tuple(wanted[path] for path in sorted(wanted, key=_depth) if path not in made)
            made |= dict.fromkeys(wanted)
            step = replace(step, creates=new)
        done.append(step)
    return tuple(done), tuple(ask.values())


def _depth(path: str) -> int:
    return path.count("\\")


def after_steps(image: RegistryImage, done: Iterable[Step]) -> RegistryImage:
    """The image as it would be after these steps: values, keys that they make, empty keys that they remove, rules.

    A rule that is added has its name for an id: what Windows will choose nobody knows. Unread places stay unread.
    """
    for step in done:
        image = rules.applied(image, step) if isinstance(step, RuleStep) else _applied(image, step)
    return image


def _applied(image: RegistryImage, step: RegistryStep) -> RegistryImage:
    for key in step.creates:
        image = with_key(image, key)
    if isinstance(step.after, RegistryValue):
        image = image.with_value(step.key, step.after)
    else:
        image = image.without_value(step.key, step.name)
    for key in reversed(step.removes):
        if is_empty(image, key):
            image = image.without_key(key)
    return image


def is_empty(image: RegistryImage, path: str) -> bool:
    """Whether the key is known to be there, and to hold neither values nor keys."""
    key = image.key(path)
    return isinstance(key, RegistryKey) and not key.values and not key.subkeys and not _below(image, path)


def _below(image: RegistryImage, path: str) -> bool:
    below = image.below(path)
    return bool(below) if isinstance(below, tuple) else False
