# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading anew exactly what some steps touch: their keys, the keys that come or go with them, the firewall rules."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.account_files import file_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep, RuleStep, Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import account_files
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, Section, section

#: Rules that are switched off too, unlike in an audit.
_OUTBOUND: t.Final = ('find /i "Dir=Out"',)


@dataclass(frozen=True, slots=True)
class Place:
    """A value, or, without a name, all of a key."""

    key: str
    name: str | None = None


def touched_places(steps: Iterable[Step], more: Iterable[str] = ()) -> tuple[Place, ...]:
    """The values of these steps, each once; then, as a whole, the keys that come or go with them, and further keys.

    Of a user's key nothing but our own values is read: what else stands there may make an answer ambiguous.
    """
    values: dict[tuple[str, str], Place] = {}
    keys: dict[str, Place] = {}
    for step in steps:
        if isinstance(step, RegistryStep) and file_of(step.key) is None:
            if step.name:
                values.setdefault(step.place, Place(step.key, step.name))
            else:
                keys.setdefault(step.key.casefold(), Place(step.key))
            keys |= {key.casefold(): Place(key) for key in (*step.creates, *step.removes)}
    keys |= {key.casefold(): Place(key) for key in more}
    return (*values.values(), *keys.values())


def touched_keys(steps: Iterable[Step], more: Iterable[str] = ()) -> tuple[str, ...]:
    """The keys of all places, each once."""
    return tuple({place.key.casefold(): place.key for place in touched_places(steps, more)}.values())


def rule_stores(keys: Iterable[str]) -> tuple[Section, ...]:
    """Sections that read all outbound rules in these keys, those that are switched off too."""
    return tuple(
        section("rules", Query(f"TR{number}", key, filters=_OUTBOUND, values_only=True))
        for number, key in enumerate(keys)
    )


def touched(steps: Iterable[Step], more: Iterable[str] = ()) -> tuple[Section, ...]:
    """Sections that read the places of these steps, and further keys.

    :param more: keys whose existence matters.
    """
    done = tuple(steps)
    stores = {step.key.casefold(): step.key for step in done if isinstance(step, RuleStep)}
    read = (
        section("touched", Query(f"TK{number}", place.key, place.name))
        for number, place in enumerate(touched_places(done, more))
    )
    files = {step.key.casefold(): step.key for step in done if file_of(step.key) is not None}
    contents = (account_files.reading(f"TF{number}", key) for number, key in enumerate(files.values()))
    return (*read, *contents, *rule_stores(stores.values()))
