# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any accounts, any relays: repointed whole or not at all, put back exactly, and allowed by the judge of journals."""

from __future__ import annotations

import hypothesis
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import HostIdentity, RegistryStep
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryValue
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.journal_trust import objections
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.repointing import RelayEnd, repointings
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.steps import after_steps
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.undo import undo
from tests.support.hosts import KNOWLEDGE
from tests.unit.plugin_utils.plan.accounts_of import Accounts, again, ends, pc, planned, relay_ends, some_accounts, todo
from tests.unit.plugin_utils.plan.runs_on_images import FIRST, SECOND, content, journal
from tests.unit.plugin_utils.plan.trusted import SIDS

examples = hypothesis.settings(max_examples=150)
versions = st.sampled_from(("11.0", "14.0", "16.0"))
some_relays = st.lists(relay_ends, min_size=1, max_size=3, unique_by=lambda relay: (relay.host, relay.listen_port)).map(
    tuple
)


@examples
@given(some_accounts, versions, some_relays)
def test_accounts_are_repointed_as_planned_and_nothing_else_changes(
    accounts: Accounts, version: str, relays: tuple[RelayEnd, ...]
) -> None:
    ctx = pc(accounts, version=version)
    found = repointings(ctx, relays)
    done = todo(ctx, found)
    kept = {held.change.details["key"] for held in done.withheld}
    wanted = {
        (change.details["key"], change.details["protocol"]): change.details
        for change in found.changes
        if change.details["key"] not in kept
    }
    fixed = again(ctx, after_steps(ctx.snapshot.image, done.steps))
    assert len(fixed.accounts) == len(ctx.accounts)
    for before, after in zip(ctx.accounts, fixed.accounts, strict=True):
        aim = wanted.get((before.key, before.protocol.value))
        if aim is None:
            assert after == before
        else:
            end = (after.server, after.port, after.security.value)
            assert end == (aim["server"], aim["port"], aim["security"])
    for step in done.steps:
        assert isinstance(step, RegistryStep)
        assert isinstance(step.after, RegistryValue)
        assert "assword" not in step.name
        if isinstance(step.before, RegistryValue):
            assert step.before.type is step.after.type


@examples
@given(some_accounts, versions, some_relays)
def test_a_second_run_has_nothing_to_do(accounts: Accounts, version: str, relays: tuple[RelayEnd, ...]) -> None:
    ctx = pc(accounts, version=version)
    fixed = again(ctx, after_steps(ctx.snapshot.image, planned(ctx, *relays).steps))
    assert planned(fixed, *relays).steps == ()


@examples
@given(some_accounts, versions, some_relays)
def test_undoing_gives_the_first_image_and_the_journal_may_be_followed(
    accounts: Accounts, version: str, relays: tuple[RelayEnd, ...]
) -> None:
    ctx = pc(accounts, version=version)
    before, done = ctx.snapshot.image, planned(ctx, *relays).steps
    first = journal(FIRST, done)
    assert objections(KNOWLEDGE, first, HostIdentity("PC", "1"), SIDS) == ()
    fixed = after_steps(before, done)
    back = undo((first,), fixed)
    assert back.refused == ()
    assert content(after_steps(fixed, back.steps)) == content(before)
    second = journal(SECOND, back.steps, "rollback")
    assert objections(KNOWLEDGE, second, HostIdentity("PC", "1"), SIDS) == ()
    restored = after_steps(fixed, back.steps)
    forth = undo((second,), restored)
    assert content(after_steps(restored, forth.steps)) == content(fixed)


@examples
@given(some_accounts, versions, some_relays, st.data())
def test_what_broke_off_anywhere_is_finished_or_undone(
    accounts: Accounts, version: str, relays: tuple[RelayEnd, ...], data: st.DataObject
) -> None:
    ctx = pc(accounts, version=version)
    before, done = ctx.snapshot.image, planned(ctx, *relays).steps
    whole = again(ctx, after_steps(before, done))
    broken = again(ctx, after_steps(before, done[: data.draw(st.integers(0, len(done)))]))
    back = undo((journal(FIRST, done),), broken.snapshot.image)
    assert back.refused == ()
    assert content(after_steps(broken.snapshot.image, back.steps)) == content(before)
    if len(relays) == 1:
        second = planned(broken, *relays).steps
        finished = again(ctx, after_steps(broken.snapshot.image, second))
        assert ends(finished) == ends(whole)
        both = undo((journal(SECOND, second), journal(FIRST, done)), finished.snapshot.image)
        assert both.refused == ()
        assert content(after_steps(finished.snapshot.image, both.steps)) == content(before)
