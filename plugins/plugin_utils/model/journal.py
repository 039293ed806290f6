# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run does to a host, step by step, with what was there before: enough to undo it exactly.

A step says what a place holds before and after it, so it can be carried out, repeated, and turned round.
"""

from __future__ import annotations

import datetime
import re
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Absent, RegistryValue

#: Ids of runs: UTC time and 8 hex digits, so that they sort by time and may stand in commands and file names.
RUN: t.Final = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}")


def begun(run: str) -> int | None:
    """When that run began, in seconds since 1970, by its id; None for a time that there is not."""
    try:
        return int(datetime.datetime.fromisoformat(run.partition("-")[0]).timestamp())
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class RegistryStep:
    """One value of the registry, before and after.

    ``key``: in short form (``HKLM\\...``, ``HKU\\S-1-5-21-...\\...``). ``creates``: keys that are not there before
    the step and are after it, outermost first; ``removes``: keys that go with it, if they are empty then, outermost
    first.
    """

    family: str
    key: str
    name: str
    before: RegistryValue | Absent
    after: RegistryValue | Absent
    creates: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, str]:
        """What the step is about: two steps of one place follow each other."""
        return self.key.casefold(), self.name.casefold()


@dataclass(frozen=True, slots=True)
class RuleStep:
    """One local rule of the Windows Firewall, before and after, as texts of the registry (MS-GPFAS).

    ``name``: by which netsh knows the rule. ``id``: name of the registry value; "" for a rule that netsh is to make,
    since Windows chooses it. One of ``before`` and ``after`` is ABSENT where a rule is added or deleted; both are texts
    that differ in ``Active`` where it is switched.
    """

    key: str
    id: str
    name: str
    before: str | Absent
    after: str | Absent
    family: str = "firewall"

    @property
    def place(self) -> tuple[str, str]:
        """What the step is about."""
        return self.key.casefold(), self.name.casefold()


Step = t.Union[RegistryStep, RuleStep]


def inverse(step: Step) -> Step:
    """The step that undoes it. ``inverse(inverse(step)) == step``."""
    if isinstance(step, RegistryStep):
        return replace(step, before=step.after, after=step.before, creates=step.removes, removes=step.creates)
    return replace(step, before=step.after, after=step.before)


@dataclass(frozen=True, slots=True)
class HostIdentity:
    """Which host a journal is about. ``machine``: Windows' MachineGuid, "" where it could not be read."""

    name: str
    machine: str


@dataclass(frozen=True, slots=True)
class Journal:
    """One run on one host. ``kind``: "fix" or "rollback"; ``undoes``: the runs that a rollback undid.

    ``time``: ISO 8601 in UTC, by the controller's clock. ``steps``: in the order in which they are carried out.
    """

    run: str
    kind: str
    host: HostIdentity
    time: str
    steps: tuple[Step, ...]
    undoes: tuple[str, ...] = ()
