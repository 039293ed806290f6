# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the places of steps hold what the steps say: before a run begins, and after it."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep, RuleStep, Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    Absent,
    RegistryImage,
    RegistryKey,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import rules
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

Side = t.Literal["before", "after"]
_LONGEST: t.Final = 400


def unlike(image: RegistryImage, steps: Iterable[Step], side: Side) -> tuple[str, ...]:
    """One clause for each step whose place does not hold what the step says.

    :param side: what it ought to hold.
    """
    found = (_rule(image, step, side) if isinstance(step, RuleStep) else _value(image, step, side) for step in steps)
    return tuple(filter(None, found))


def _rule(image: RegistryImage, step: RuleStep, side: Side) -> str:
    held = rules.content(image, step)
    name = f"the firewall rule {shown(step.name)!r}"
    if isinstance(held, Unread):
        return f"{name} could not be read: {clause(held.why)}"
    wanted = step.before if side == "before" else step.after
    if rules.same_content(held, wanted):
        return ""
    return f"{name} is {'not there' if isinstance(held, Absent) else rules.words(held)}"


def _value(image: RegistryImage, step: RegistryStep, side: Side) -> str:
    held = image.value(step.key, step.name)
    place = shown(f"{step.key}\\{step.name}", _LONGEST)
    if isinstance(held, Unread):
        return f"{place} could not be read: {clause(held.why)}"
    made = next((key for key in step.creates if isinstance(image.key(key), RegistryKey)), None)
    if side == "before" and made is not None:
        return f"{shown(made, _LONGEST)} is there by now"
    if same_value(held, step.before if side == "before" else step.after):
        return ""
    return f"{place} is {in_words(held)}"


def same_value(one: RegistryValue | Absent, other: RegistryValue | Absent) -> bool:
    """Whether type and data are the same, or both are absent; the spelling of the name does not count."""
    if isinstance(one, Absent) or isinstance(other, Absent):
        return one is other
    return (one.type, one.data) == (other.type, other.data)


def in_words(held: RegistryValue | Absent) -> str:
    """A value for people."""
    if isinstance(held, Absent):
        return "not there"
    data = held.data.hex() if isinstance(held.data, bytes) else str(held.data)
    return f"{shown(data)} ({held.type.value})"
