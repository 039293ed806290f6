# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The places of steps: what they hold, in words too, and whether that is what the steps say."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable
from dataclasses import replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.account_files import file_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep, RuleStep, Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    Absent,
    RegistryImage,
    RegistryKey,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import rules
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.logins import HIDDEN, hidden
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_file import TYPE_NUMBERS
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

#: What a place holds: a value, nothing, or the text of a firewall rule.
Content = t.Union[RegistryValue, Absent, str]
Side = t.Literal["before", "after"]

ABSENT_WORD: t.Final = "(absent)"
LONGEST: t.Final = 10_000
#: Of a place, or of what it holds, within a sentence.
_LONGEST_CLAUSE: t.Final = 400
_DIGITS: t.Final = {RegistryType.DWORD: 8, RegistryType.QWORD: 16}


def unlike(image: RegistryImage, steps: Iterable[Step], side: Side) -> tuple[str, ...]:
    """One clause for each step whose place does not hold what the step says.

    :param side: what it ought to hold.
    """
    return tuple(filter(None, (_difference(image, step, side) for step in steps)))


def _difference(image: RegistryImage, step: Step, side: Side) -> str:
    held = content(image, step)
    place = place_words(step)
    if isinstance(held, Unread):
        return f"{place} could not be read: {clause(held.why)}"
    creates = step.creates if side == "before" and isinstance(step, RegistryStep) else ()
    made = next((key for key in creates if isinstance(image.key(key), RegistryKey)), None)
    if made is not None:
        return f"{shown(made, _LONGEST_CLAUSE)} is there by now"
    if same(held, step.before if side == "before" else step.after):
        return ""
    return f"{place} is {'not there' if isinstance(held, Absent) else clause_words(held)}"


def content(image: RegistryImage, step: Step) -> Content | Unread:
    """What the place of that step holds; a value has the name that the step has for it."""
    if isinstance(step, RuleStep):
        return rules.content(image, step)
    read = image.value(step.key, step.name)
    return replace(read, name=step.name) if isinstance(read, RegistryValue) else read


def same(one: Content, other: Content) -> bool:
    """Whether a place that holds the one holds the other.

    Type and data of a value count, not the spelling of its name; the meaning of a rule.
    """
    if isinstance(one, RegistryValue) and isinstance(other, RegistryValue):
        return (one.type, one.data) == (other.type, other.data)
    if isinstance(one, str) and isinstance(other, str):
        return rules.same_rule(one, other)
    return one is other


def place_words(step: Step) -> str:
    """What the step is about, safe to show, to stand in a sentence."""
    if isinstance(step, RuleStep):
        return f'the firewall rule "{shown(step.name, _LONGEST_CLAUSE)}"'
    return shown(f"{file_of(step.key) or step.key}\\{step.name or '(default)'}", _LONGEST_CLAUSE)


def clause_words(held: Content) -> str:
    """What a place holds, safe to show, to stand in a sentence: not too long, and in one line."""
    return shown(content_words(held).replace("\n ", ""), _LONGEST_CLAUSE)


def content_words(held: Content) -> str:
    """What a place holds, in one line (a list in several), safe to show; never data that may hold a login."""
    if isinstance(held, Absent):
        return ABSENT_WORD
    if isinstance(held, str):
        return rules.words(held)
    kind, data = held.type, held.data
    if hidden(held):
        return HIDDEN
    if isinstance(data, int):
        return f"{kind.value.removeprefix('REG_').lower()}:{data:0{_DIGITS.get(kind, 1)}x}"
    if isinstance(data, bytes):
        number = "" if kind is RegistryType.BINARY else f"({TYPE_NUMBERS[kind]:x})"
        return f"hex{number}:" + data.hex(",")
    if isinstance(data, tuple):
        return f"{kind.value}:" + "".join(f"\n  {shown(item, LONGEST)}" for item in data)
    text = '"' + shown(data, LONGEST).replace('"', '\\"') + '"'
    return text if kind is RegistryType.SZ else f"{kind.value}:{text}"
