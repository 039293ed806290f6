# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps and journals for the tests of trust: short ways to write them, and the host that judges them."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import (
    Journal,
    RegistryStep,
    Step,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    RegistryData,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.journal_trust import objections
from tests.support.hosts import ALICE, KNOWLEDGE, value
from tests.unit.plugin_utils.model.journals import (
    FIX,
    HOST,
    MASK_KEY,
    OLDER,
)

SIDS = frozenset({ALICE.sid, "S-1-5-18", ".DEFAULT"})
K = KNOWLEDGE.registry
WOW = K["winhttp-wow6432"].key
INET = MASK_KEY
DIRECT = bytes.fromhex("46000000 02000000 09000000") + bytes(44)
WINHTTP = bytes.fromhex("18000000 00000000 01000000 00000000 00000000")


def named_proxy(text: str) -> bytes:
    raw = text.encode("ascii")
    return bytes.fromhex("46000000 03000000 03000000") + len(raw).to_bytes(4, "little") + raw + bytes(40)


def step(family: str, key: str, name: str, after: RegistryData | None, before: t.Any = ABSENT) -> RegistryStep:
    """A step that writes data of the type that they suggest; None: deletes."""
    return RegistryStep(family, key, name, before, ABSENT if after is None else value(name, after))


def fix(*steps: Step) -> Journal:
    return replace(FIX, steps=steps)


def rollback(*steps: Step) -> Journal:
    return replace(FIX, kind="rollback", steps=steps, undoes=(OLDER,))


def judged(journal: Journal, **changed: t.Any) -> tuple[str, ...]:
    return objections(KNOWLEDGE, journal, replace(HOST, **changed), SIDS)
