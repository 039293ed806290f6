# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fix from the reading to the reading again: audit, plan, journal, steps, audit."""

from __future__ import annotations

import datetime
import secrets
from dataclasses import dataclass, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.gather import context
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import Journal, Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal_codec import Signed, as_data, signature
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryImage, Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry_keys import with_key
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Change, Plan
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import Snapshot
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import outcome
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import audit
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.places import unlike
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import Fixed, Seen
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.safety import OwnConnection, dangers
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.selection import select, waiting_for_updates
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.steps import Steps, steps
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import hives
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.collect import collect
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.mounts import Mount, Mounts
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.own import identity
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.reading_plan import ReadingPlan
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Shell
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transaction import (
    Desk,
    Outrun,
    Refusal,
    Transaction,
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the operator allows. ``consent``: names of risks that are taken; ``check``: plan and do nothing."""

    consent: frozenset[str]
    connection: OwnConnection
    check: bool = False


def new_run(clock: float) -> str:
    """An id that sorts by time. ``clock``: seconds since 1970."""
    moment = datetime.datetime.fromtimestamp(clock, tz=datetime.UTC)
    return f"{moment:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def sign(journal: Journal, key: str | None) -> Signed:
    """The journal with its signature, where there is a key."""
    return Signed(journal, signature(as_data(journal), key) if key else None)


def timestamp(clock: float) -> str:
    """ISO 8601 in UTC."""
    return f"{datetime.datetime.fromtimestamp(clock, tz=datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"


def fix(
    shell: Shell, knowledge: Knowledge, options: AuditOptions, reading: ReadingPlan, desk: Desk, terms: Terms
) -> Fixed:
    """Fix one host.

    :raises Refusal: nothing was done, and why.
    :raises Interrupted: the connection was lost after the steps had been sent.
    :raises ShellError: the connection was lost before.
    """
    try:
        return _attempt(shell, knowledge, options, reading, desk, terms)
    except Outrun:
        # Somebody else was faster: what is there now may be all that is wanted.
        return _attempt(shell, knowledge, options, reading, desk, terms)


def _attempt(
    shell: Shell, knowledge: Knowledge, options: AuditOptions, reading: ReadingPlan, desk: Desk, terms: Terms
) -> Fixed:
    run = new_run(desk.clock())
    snapshot = _read(shell, options.profiles, reading)
    mounts = _mounts(snapshot)
    snapshot = _with_hives(snapshot, mounts)
    exchange = Exchange(shell, snapshot.codepage)
    ctx = context(knowledge, options, snapshot)
    before = Seen(ctx, audit(ctx))
    now = outcome.settings_now(ctx)
    selection = select(Plan(now), terms.consent)
    todo = _steps(exchange, mounts, ctx, selection.chosen, run)
    withheld = (*selection.withheld, *todo.withheld, *waiting_for_updates(before.audit.plan, now))
    insist(todo.steps, terms)
    if terms.check or not todo.steps:
        return Fixed(before, None if terms.check and todo.steps else before, todo.steps, withheld)
    host = identity(ctx.snapshot.image)
    if isinstance(host, Unread):
        raise Refusal(f"A journal cannot name this host: {host.why}.")
    journal = Journal(run, "fix", host, timestamp(desk.clock()), todo.steps)
    transaction = Transaction(exchange, desk, sign(journal, desk.key), mounts)
    with desk.folder.running(desk.host, run):
        transaction.prepare(ctx.snapshot.image)
        image = transaction.carry_out()
    after = seen_again(before, image)
    failed = (*unlike(image, todo.steps, "after"), *transaction.left)
    return Fixed(before, after, todo.steps, withheld, run, failed, transaction.broken)


def _read(shell: Shell, profiles: str, reading: ReadingPlan) -> Snapshot:
    """The host as it is. ``profiles``: "loaded", "all" or "default_too"."""
    snapshot = collect(shell, replace(reading, profiles="loaded" if profiles == "loaded" else "all"))
    return hives.with_default_profile(shell, snapshot, reading) if profiles == "default_too" else snapshot


def _mounts(snapshot: Snapshot) -> Mounts:
    """The hives of users that had to be loaded to be read, and so must be to be changed."""
    users = snapshot.users if isinstance(snapshot.users, tuple) else ()
    loaded = hives.subkeys(snapshot.image, "HKU")
    waiting = ((user.root.rpartition("\\")[2], user.profile) for user in users)
    return Mounts(tuple(Mount(sid, path) for sid, path in waiting if path is not None and sid not in loaded))


def _with_hives(snapshot: Snapshot, mounts: Mounts) -> Snapshot:
    """The snapshot in which HKU lists the hives that were loaded to be read: what was read in them is there."""
    image = snapshot.image
    for mount in mounts.found:
        image = with_key(image, f"HKU\\{mount.sid}")
    return replace(snapshot, image=image)


def _steps(exchange: Exchange, mounts: Mounts, ctx: Context, chosen: tuple[Change, ...], run: str) -> Steps:
    """The steps; what the audit's reading does not tell of keys that may have to be made is asked for."""
    found = steps(ctx, chosen, run)
    if found.ask:
        image = mounts.read(exchange, (), found.ask)
        found = steps(over(ctx, image), chosen, run)
    return found


def insist(planned: tuple[Step, ...], terms: Terms) -> None:
    """Refuse what may cut our own connection, unless it was consented to."""
    for danger in dangers(planned, terms.connection):
        if danger.consent not in terms.consent:
            raise Refusal(f"{danger.why} (consent: [{danger.consent}] lets it pass)")


def over(ctx: Context, image: RegistryImage) -> Context:
    """The same host with places that were read again."""
    merged = RegistryImage((*image.regions, *ctx.snapshot.image.regions))
    return replace(ctx, snapshot=replace(ctx.snapshot, image=merged))


def seen_again(before: Seen, image: RegistryImage) -> Seen:
    """The judgement on the host as it is now."""
    ctx = over(before.context, image)
    ctx = context(ctx.knowledge, ctx.options, ctx.snapshot)
    return Seen(ctx, audit(ctx))
