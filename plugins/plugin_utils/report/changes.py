# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run did, or would do, as plain data that is safe to show."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.account_files import file_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep, Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Absent, RegistryValue
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.selection import Withheld
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.neutral import plain


def changes(steps: Iterable[Step]) -> list[dict[str, t.Any]]:
    """One entry per step; ``before`` and ``after`` are None where there is nothing."""
    shown: list[dict[str, t.Any]] = plain([_change(step) for step in steps])
    return shown


def _change(step: Step) -> dict[str, t.Any]:
    if isinstance(step, RegistryStep):
        return {
            "kind": "registry" if file_of(step.key) is None else "file",
            "family": step.family,
            "key": file_of(step.key) or step.key,
            "name": step.name,
            "before": _value(step.before),
            "after": _value(step.after),
        }
    before, after = (None if isinstance(text, Absent) else text for text in (step.before, step.after))
    return {
        "kind": "firewall",
        "family": step.family,
        "key": step.key,
        "name": step.name,
        "before": before,
        "after": after,
    }


def _value(value: RegistryValue | Absent) -> dict[str, t.Any] | None:
    return None if isinstance(value, Absent) else {"type": value.type.value, "data": value.data}


def withheld(found: Iterable[Withheld]) -> list[dict[str, t.Any]]:
    """Changes of the plan that were left undone, and why."""
    shown: list[dict[str, t.Any]] = plain(
        [
            {
                "family": one.change.family,
                "what": one.change.why,
                "key": file_of(str(one.change.details.get("key"))) or one.change.details.get("key"),
                "name": one.change.details.get("name"),
                "why": one.why,
                "consent": one.consent,
            }
            for one in found
        ]
    )
    return shown
