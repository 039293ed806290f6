# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps as two .reg files, one that does them and one that undoes them, for machines that nobody can connect to."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.account_files import file_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import (
    RegistryStep,
    RuleStep,
    Step,
    inverse,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Absent, RegistryValue
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import rules
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.diff import key_words
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_file import (
    RegFile,
    RegFileKey,
    ValueDeletion,
    write,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

_USERS: t.Final = "hku\\"
_ME: t.Final = "HKCU"

#: (key, value name), both casefolded, to (key, what is to stand there).
_Values = dict[tuple[str, str], tuple[str, t.Union[RegistryValue, ValueDeletion]]]


@dataclass(frozen=True, slots=True)
class RegFiles:
    """``do``, ``undo``: files in UTF-16 with BOM. ``left_out``: a sentence for each thing that they cannot do."""

    do: bytes
    undo: bytes
    left_out: tuple[str, ...]


def reg_files(steps: Iterable[Step]) -> RegFiles:
    """The files for these steps.

    Where all users get the same, they stand under HKEY_CURRENT_USER, so that the file does for a logon script and for
    users to come; else each user's settings stand under HKEY_USERS, which only an administrator can import, while that
    user is logged on. Keys that the first file makes are left where they are by the second: a .reg file cannot say
    "only if it is empty".

    :raises RegFileError: data that such a file cannot hold.
    """
    done = tuple(steps)
    registry = tuple(step for step in done if isinstance(step, RegistryStep) and file_of(step.key) is None)
    back = tuple(turned for step in reversed(registry) if isinstance(turned := inverse(step), RegistryStep))
    return RegFiles(_written(registry), _written(back), (*_rules(done), *_files(done), *_keys(registry)))


def _written(steps: tuple[RegistryStep, ...]) -> bytes:
    sections: dict[str, tuple[str, list[RegistryValue | ValueDeletion]]] = {}
    for path, value in _with_me(steps).values():
        sections.setdefault(path.casefold(), (path, []))[1].append(value)
    return write(RegFile(tuple(RegFileKey(path, tuple(values)) for path, values in sections.values())))


def _with_me(steps: tuple[RegistryStep, ...]) -> _Values:
    """Every place with what comes to stand there; those of users once, if all of them get the same."""
    found: _Values = {}
    users: dict[str, _Values] = {}
    for step in steps:
        side = ValueDeletion(step.name) if isinstance(step.after, Absent) else step.after
        if step.key.casefold().startswith(_USERS):
            sid, _slash, rest = step.key[len(_USERS) :].partition("\\")
            users.setdefault(sid, {})[rest.casefold(), step.place[1]] = (rest, side)
        found[step.place] = (step.key, side)
    mine = [{place: value for place, (_rest, value) in values.items()} for values in users.values()]
    if not mine or any(values != mine[0] for values in mine):
        return found
    others = {place: entry for place, entry in found.items() if not place[0].startswith(_USERS)}
    first = next(iter(users.values()))
    return others | {
        (f"{_ME}\\{at}", name): (f"{_ME}\\{rest}".rstrip("\\"), v) for (at, name), (rest, v) in first.items()
    }


def _rules(steps: tuple[Step, ...]) -> list[str]:
    return [
        f"The firewall reads its rules only when it starts: for the rule {shown(step.name, 400)!r} run"
        f" {rules.netsh(step)} and, to undo it, {_back(step)}."
        for step in steps
        if isinstance(step, RuleStep)
    ]


def _files(steps: tuple[Step, ...]) -> list[str]:
    paths = dict.fromkeys(path for step in steps if (path := file_of(step.key)) is not None)
    return [f"The account in {shown(path, 400)} is a file, not registry: nothing of it is changed." for path in paths]


def _back(step: RuleStep) -> str:
    turned = inverse(step)
    return rules.netsh(turned) if isinstance(turned, RuleStep) else ""


def _keys(steps: tuple[RegistryStep, ...]) -> list[str]:
    made = dict.fromkeys(path for step in steps for path in step.creates)
    gone = dict.fromkeys(path for step in steps for path in step.removes)
    return [
        *(
            f"The key {key_words(path)} stays after the undo, empty if nothing else came to stand there."
            for path in made
        ),
        *(f"The key {key_words(path)} is not removed, even where it is empty." for path in gone),
    ]
