# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading anew exactly what some steps touch: their keys, the keys that come or go with them, the firewall rules."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep, RuleStep, Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, Section, section

#: Rules that are switched off too, unlike in an audit.
_OUTBOUND = ('find /i "Dir=Out"',)


def touched_keys(steps: Iterable[Step], more: Iterable[str] = ()) -> tuple[str, ...]:
    """The keys of these steps and those that come or go with them, each once; then further keys."""
    keys: dict[str, str] = {}
    for step in steps:
        if isinstance(step, RegistryStep):
            keys |= {key.casefold(): key for key in (step.key, *step.creates, *step.removes)}
    keys |= {key.casefold(): key for key in more}
    return tuple(keys.values())


def touched(steps: Iterable[Step], more: Iterable[str] = ()) -> tuple[Section, ...]:
    """Sections that read the places of these steps, and further keys.

    :param more: keys whose existence matters.
    """
    done = tuple(steps)
    rules = {step.key.casefold(): step.key for step in done if isinstance(step, RuleStep)}
    read = [section("touched", Query(f"TK{number}", key)) for number, key in enumerate(touched_keys(done, more))]
    found = [
        section("rules", Query(f"TR{number}", key, filters=_OUTBOUND, values_only=True))
        for number, key in enumerate(rules.values())
    ]
    return (*read, *found)
