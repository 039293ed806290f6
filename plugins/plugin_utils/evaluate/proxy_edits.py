# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values to write so that a proxy is as it shall be, and what may not be written.

Checks and plan ask the same functions, so that a finding promises what the plan holds and nothing else.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.proxy_settings import (
    InternetPlace,
    Read,
    Record,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryData,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Remedy, State
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.logins import hidden, holds_login, strings_of

#: Bytes of a record and characters of a text that a plan carries: more than Windows ever writes there.
_LARGEST: t.Final = 8192
_LONGEST: t.Final = 2100

LEFT: t.Final = "it is left as it is"


@dataclass(frozen=True, slots=True)
class Edit:
    """One value to write; ``data`` None: to delete. ``type``: of the data, or of what is deleted."""

    key: str
    name: str
    type: RegistryType
    data: RegistryData | None
    before: Read


@dataclass(frozen=True, slots=True)
class Aim:
    """How far a place is from what it shall be. ``edits``: what a plan holds; none unless ``remedy`` is FIX."""

    state: State
    why: str
    edits: tuple[Edit, ...] = ()
    remedy: Remedy = Remedy.NONE


def aim(edits: tuple[Edit, ...], why: str, done: str) -> Aim:
    """FAIL with these edits, unless one of them may not be carried; PASS where there are none."""
    if not edits:
        return Aim(State.PASS, done)
    for edit in edits:
        if objection := _objection(edit):
            return Aim(State.FAIL, f"{why}; {edit.name} {objection}, so it has to be set by hand", (), Remedy.BLOCKED)
    return Aim(State.FAIL, why, edits, Remedy.FIX)


def _objection(edit: Edit) -> str:
    """Why no plan and no journal may carry a value, or ""."""
    before = edit.before.data if isinstance(edit.before, RegistryValue) else None
    if holds_login(edit.data) or (isinstance(edit.before, RegistryValue) and hidden(edit.before)):
        return "may hold a name and a password"
    if any(isinstance(data, bytes) and len(data) > _LARGEST for data in (before, edit.data)):
        return "is larger than anything that Windows writes there"
    if isinstance(edit.data, str) and not carriable(edit.data):
        return "would hold what no plan copies (letters beyond ASCII, or too many)"
    if isinstance(edit.data, bytes) and not all(one.isprintable() for one in strings_of(edit.data)[0]):
        return "holds control characters"
    return ""


def carriable(words: str) -> bool:
    """Whether a text can be copied from one value into another without doubt."""
    return words.isascii() and (words.isprintable() or not words) and len(words) <= _LONGEST


def same(one: str, other: str) -> bool:
    """Whether two texts name the same: names of hosts know no case."""
    return one.strip().casefold() == other.strip().casefold()


def mended(key: str, name: str, record: Record[t.Any]) -> tuple[Edit, ...]:
    """A damaged record deleted: then there is none, or Windows makes it from the plain values."""
    if not record.damaged or not isinstance(record.read, RegistryValue):
        return ()
    return (Edit(key, name, record.read.type, None, record.read),)


def unreadable(record: Record[t.Any], head: str = "") -> Aim:
    """What is said of a record that is unread, or of a layout that nobody knows: it is never guessed at."""
    why = head + (clause(record.parts.why) if isinstance(record.parts, Unread) else "")
    return Aim(State.UNKNOWN, why if isinstance(record.read, Unread) else f"{why}; {LEFT}")


def plain_edit(place: InternetPlace, name: str, kind: RegistryType, data: RegistryData | None) -> Edit:
    """One of the plain values written, or deleted (data None)."""
    before = place.plain[name]
    if data is None and isinstance(before, RegistryValue):
        kind = before.type
    return Edit(place.key, name, kind, data, before)


def unread_policies(place: InternetPlace) -> str:
    """Why nobody knows whether a group policy decides, or ""."""
    return f"the group policy: {clause(place.policies.why)}" if isinstance(place.policies, Unread) else ""


def unread_plain(place: InternetPlace, names: tuple[str, ...]) -> str:
    """Why one of these plain values is unread, or ""."""
    for name in names:
        read = place.plain[name]
        if isinstance(read, Unread):
            return f"{name}: {clause(read.why)}"
    return ""
