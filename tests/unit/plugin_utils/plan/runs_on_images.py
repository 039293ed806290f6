# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on images instead of hosts: what a fix and a rollback would leave, and images made comparable."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import HostIdentity, Journal, Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryImage
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry_keys import with_key
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.consents import CONSENTS
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import build
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.selection import select
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.steps import Steps, steps
from tests.support.hosts import ALICE, KNOWLEDGE

FIRST, SECOND, THIRD = (f"20261122T0{hour}0000Z-0123abcd" for hour in (1, 2, 3))
RULES = KNOWLEDGE.registry["firewall-rules"].key


def journal(run: str, done: tuple[Step, ...], kind: str = "fix") -> Journal:
    return Journal(run, kind, HostIdentity("PC", "1"), "2026-11-22T01:00:00Z", done)


def planned(ctx: Context, run: str = FIRST) -> Steps:
    """The steps of a fix under every consent."""
    return steps(ctx, select(build(ctx), frozenset(CONSENTS)).chosen, run)


def over(ctx: Context, image: RegistryImage) -> Context:
    return dataclasses.replace(ctx, snapshot=dataclasses.replace(ctx.snapshot, image=image))


def living(ctx: Context) -> Context:
    """The host with what every Windows has: the branches of its registry, and those of a user who is logged on."""
    image = ctx.snapshot.image
    for path in (r"HKLM\SOFTWARE", r"HKLM\SYSTEM", ALICE.root):
        image = with_key(image, path)
    return over(ctx, image)


def content(image: RegistryImage) -> dict[str, object]:
    """Every key of every region with its values, whatever their order. The store of rules is Windows' own key."""
    found: dict[str, object] = {}
    for number, region in enumerate(image.regions):
        if not isinstance(region.keys, Mapping):
            found[f"{number} {region.root}"] = region.keys
            continue
        for folded, key in region.keys.items():
            values = {value.name.casefold(): (value.type, value.data) for value in key.values}
            if values or folded != RULES.casefold():
                names = {name.casefold() for name in key.subkeys} - {RULES.rpartition("\\")[2].casefold()}
                found[f"{number} {folded}"] = (values, frozenset(names))
    return found
