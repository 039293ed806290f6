# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of installation, whatever the tables say: any release, any updates, any of them already there.

The tables are linked at random: what requires what, and which of that has to be in force, after a reboot, before it.
"""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Update
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import FileVersion
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.installation import StepKind, install
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.prerequisites import required_updates
from tests.support.hosts import KNOWLEDGE, host

BARE = {name: FileVersion((1, 0, 0, 0)) for name in (r"system32\winhttp.dll", r"system32\schannel.dll")}
RELEASES = ["xp-sp3", "posready-2009", "xp-sp2", "server-2003-sp2", "vista-sp2", "win7-sp1", "server-2012", "win8.1"]
ASKED = st.lists(st.sampled_from(sorted(KNOWLEDGE.updates)), max_size=8)


def does_without(os_id: str, row: Update, other: Update) -> bool:
    """Whether nobody needs ``row`` where ``other`` is in: then it cannot well be that ``row`` requires it."""
    return other.id in lookup.superseding(KNOWLEDGE, row.id, os_id) or set(row.enables) <= set(other.enables)


@st.composite
def fleets(draw: st.DrawFn) -> Context:
    ctx = host(draw(st.sampled_from(RELEASES)), files=BARE)
    ctx = dataclasses.replace(ctx, assume_installed=frozenset(draw(ASKED)))
    linked = dict(KNOWLEDGE.updates)
    below: dict[str, set[str]] = {}
    for row in lookup.updates_for(KNOWLEDGE, ctx.host.os):
        fit = [
            kb
            for kb, more in below.items()
            if not any(does_without(ctx.host.os, row, linked[one]) for one in (kb, *more))
        ]
        requires = tuple(draw(st.lists(st.sampled_from(fit), max_size=3, unique=True))) if fit else ()
        held = tuple(kb for kb in requires if draw(st.booleans()))
        linked[row.id] = dataclasses.replace(row, requires=requires, after_reboot_of=held)
        below[row.id] = {*requires, *(one for kb in requires for one in below[kb])}
    return dataclasses.replace(ctx, knowledge=dataclasses.replace(KNOWLEDGE, updates=linked))


@given(ctx=fleets(), asked=ASKED)
def test_nothing_comes_before_what_it_requires(ctx: Context, asked: list[str]) -> None:
    found = install(ctx, asked)
    in_force: set[str] = set()
    done: set[str] = set()
    by = {step.update: step.by or step.update for step in found.steps if step.update}
    settled = {s.update for s in found.steps if s.kind in (StepKind.PRESENT, StepKind.WAITING)}
    for step in found.steps:
        if step.kind is StepKind.REBOOT:
            in_force |= done
        if step.kind is not StepKind.INSTALL:
            continue
        update = ctx.knowledge.updates[step.update]
        for needed in required_updates(ctx, update):
            stand_in = by[needed]
            assert needed in settled or stand_in in done or stand_in == step.update
            if needed in update.after_reboot_of and needed not in settled and stand_in != step.update:
                assert stand_in in in_force
        done.add(step.update)


@given(ctx=fleets(), asked=ASKED)
def test_each_update_once_and_one_reboot_at_the_end(ctx: Context, asked: list[str]) -> None:
    found = install(ctx, asked)
    names = [step.update for step in found.steps if step.update]
    assert len(names) == len(set(names))
    assert set(asked) <= set(names)
    reboots = sum(step.kind is StepKind.REBOOT for step in found.steps)
    assert bool(found.installs) is (reboots > 0)
    assert not found.installs or found.steps[-1].kind is StepKind.REBOOT
    needs_more = any(ctx.knowledge.updates[kb].after_reboot_of for kb in found.installs)
    assert needs_more or reboots <= 1
    for kb in found.installs:
        assert lookup.packages(ctx.knowledge.updates[kb], ctx.host.os, ctx.host.architecture)


@given(ctx=fleets(), asked=ASKED)
def test_a_second_run_has_nothing_to_do(ctx: Context, asked: list[str]) -> None:
    found = install(ctx, asked)
    after = dataclasses.replace(ctx, assume_installed=ctx.assume_installed | set(found.installs))
    kinds = {step.kind for step in install(after, asked).steps}
    assert not kinds & {StepKind.INSTALL, StepKind.REBOOT}


@given(ctx=fleets(), asked=ASKED, data=st.data())
def test_a_run_that_broke_off_goes_on_where_it_was(ctx: Context, asked: list[str], data: st.DataObject) -> None:
    found = install(ctx, asked)
    done = found.installs[: data.draw(st.integers(0, len(found.installs)))]
    rest = found.installs[len(done) :]
    again = install(dataclasses.replace(ctx, assume_installed=ctx.assume_installed | set(done)), asked).installs
    assert again == tuple(kb for kb in rest if kb in again)
    # What is in may have made something else needless, but only where a link made both necessary.
    as_it_is = dataclasses.replace(ctx, knowledge=KNOWLEDGE)
    found = install(as_it_is, asked)
    done = found.installs[: data.draw(st.integers(0, len(found.installs)))]
    again = install(dataclasses.replace(as_it_is, assume_installed=ctx.assume_installed | set(done)), asked).installs
    assert again == found.installs[len(done) :]


@given(ctx=fleets(), asked=ASKED)
def test_the_order_of_asking_does_not_matter(ctx: Context, asked: list[str]) -> None:
    found = install(ctx, asked)
    assert install(ctx, [*reversed(asked), *asked]).installs == found.installs
