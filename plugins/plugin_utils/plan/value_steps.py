# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The step that brings one value of the registry from what was read to what is wanted, if it can be undone exactly."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.account_files import file_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Absent, RegistryValue, Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.exactness import objection
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

_LONGEST: t.Final = 400


class Impossible(Exception):
    """This change cannot become a step; the message is one sentence."""


def place_words(key: str, name: str) -> str:
    """A place, safe to show, to stand in a sentence."""
    return shown(f"{file_of(key) or key}\\{name}", _LONGEST)


def value_now(ctx: Context, key: str, name: str) -> RegistryValue | Absent:
    """What stands there now, under that spelling of its name.

    :raises Impossible: it could not be read.
    """
    read = ctx.snapshot.image.value(key, name)
    if isinstance(read, Unread):
        raise Impossible(f"{place_words(key, name)} could not be read, and could not be put back: {clause(read.why)}.")
    return replace(read, name=name) if isinstance(read, RegistryValue) else read


def value_step(ctx: Context, family: str, key: str, name: str, after: RegistryValue | Absent) -> RegistryStep | None:
    """The step; None where the value is there already.

    :raises Impossible: it could not be read, or not be put back exactly.
    """
    before = value_now(ctx, key, name)
    if before == after:
        return None
    for side, value in (("what is there", before), ("what would be written", after)):
        if why := objection(value, ctx.snapshot.codepage):
            raise Impossible(f"{place_words(key, name)} is left as it is: {side} {why}.")
    return RegistryStep(family, key, name, before, after)
