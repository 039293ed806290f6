# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps in words: before and after in the manner of a .reg file, made to be compared line by line."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.account_files import file_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep, RuleStep, Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import LONG_HIVES
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import relay_root
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.places import (
    ABSENT_WORD,
    LONGEST,
    content_words,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

#: A key that is removed goes only if nothing else has come to stand in it.
_IF_EMPTY: t.Final = "(absent if it is empty)"


def diff(steps: Iterable[Step]) -> dict[str, str]:
    """What the steps change, as Ansible shows it: ``before`` and ``after``, empty where there are no steps.

    Sorted by place, so the order of the steps does not show.
    """
    done = tuple(steps)
    return {"before": _side(done, after=False), "after": _side(done, after=True)}


def _side(steps: tuple[Step, ...], *, after: bool) -> str:
    """One side: every key that a step names, with what stands in it."""
    keys: dict[str, str] = {}
    marks: dict[str, str] = {}
    lines: dict[str, dict[str, str]] = {}
    for step in steps:
        keys.setdefault(step.key.casefold(), step.key)
        place = lines.setdefault(step.key.casefold(), {})
        held = step.after if after else step.before
        line = f"{_label(step)}={relay_root.shown_as(step, held) or content_words(held)}"
        # Of several steps of one place, the first says what was, the last what will be.
        place[step.place[1]] = line if after else place.get(step.place[1], line)
        if isinstance(step, RegistryStep):
            keys |= {path.casefold(): path for path in (*step.creates, *step.removes) if path.casefold() not in keys}
            marks |= dict.fromkeys((path.casefold() for path in step.creates), "" if after else ABSENT_WORD)
            marks |= dict.fromkeys((path.casefold() for path in step.removes), _IF_EMPTY if after else "")
    found = []
    for folded, path in sorted(keys.items()):
        mark = marks.get(folded, "")
        found.append(f"[{key_words(path)}]" + (f" {mark}" if mark else ""))
        found += [line for _place, line in sorted(lines.get(folded, {}).items())]
    return "".join(f"{line}\n" for line in found)


def _label(step: Step) -> str:
    name = shown(step.name, LONGEST)
    if isinstance(step, RuleStep):
        return f'rule "{name}"'
    return f'"{name}"' if step.name else "@"


def key_words(path: str) -> str:
    """A key under the long name of its hive, or a file, safe to show."""
    if (file := file_of(path)) is not None:
        return shown(file, LONGEST)
    hive, separator, rest = path.partition("\\")
    return shown(LONG_HIVES.get(hive.upper(), hive) + separator + rest, LONGEST)
