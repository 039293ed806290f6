# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fix from the reading to the reading again: audit, plan, journal, steps, audit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.gather import context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import HostIdentity
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryImage,
    RegistryKey,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry_keys import with_key
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Change, ChangeKind, Plan
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import Snapshot
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import outcome, relay_root
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.account_steps import without_part_accounts
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import audit
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.places import unlike
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.repointing import (
    RelayEnd,
    Repointing,
    repointed,
    repointings,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.running import without_running
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import Fixed, Seen
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.selection import (
    REPOINTING,
    Withheld,
    select,
    waiting_for_updates,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.steps import Steps, steps
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.root_certificate import RootCertificate
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import hives
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.collect import collect
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.mounts import Mount, Mounts
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.own import identity
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.running_clients import running_clients
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import (
    Refusal,
    Visit,
    insist,
    insist_on_trust,
    twice,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.touched import rule_stores
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transaction import Transaction, stale_locks

_USERS = "hku\\"
#: Which changes of settings a run is about.
Wanted = Callable[[Context], tuple[Change, ...]]
_RESTLESS = "It changes all the time, so this run leaves it alone."


def fix(
    visit: Visit,
    wanted: Wanted = outcome.settings_now,
    relays: tuple[RelayEnd, ...] = (),
    root: RootCertificate | None = None,
) -> Fixed:
    """Fix one host.

    :param wanted: the changes of settings that are wanted; all that take effect on the host as it is.
    :param relays: to which accounts are to go instead of their servers.
    :param root: of the relays' own authority, for hosts whose accounts go to one by TLS; the reading looks for it.
    :raises Refusal: nothing was done, and why.
    :raises Interrupted: the connection was lost after the steps had been sent.
    :raises PrivateFileError: the controller cannot keep its journals; nothing was done.
    :raises ShellError: the connection was lost before.
    """
    return twice(lambda restless: _Fix(visit, wanted, relays, root, restless).run())


@dataclass(frozen=True, slots=True)
class _Fix:
    """One attempt. ``restless``: places that changed between reading and lock in an attempt before."""

    visit: Visit
    wanted: Wanted
    relays: tuple[RelayEnd, ...]
    root: RootCertificate | None
    restless: frozenset[tuple[str, str]]

    def run(self) -> Fixed:
        as_read = self._read()
        mounts = _mounts(as_read)
        snapshot = _with_hives(as_read, mounts)
        exchange = Exchange(self.visit.shell, snapshot.codepage)
        ctx = context(self.visit.knowledge, self.visit.options, snapshot)
        before = Seen(ctx, audit(ctx))
        accounts, roots = relay_root.planned(ctx, self._repointing(exchange, ctx, as_read), self.relays, self.root)
        settings = self.wanted(repointed(ctx, accounts))
        now = (*(change for change in settings if change.kind is not ChangeKind.ACCOUNT), *roots, *accounts.changes)
        selection = relay_root.together(select(Plan(now), self.visit.terms.consent, REPOINTING))
        # The journal gets its id first, since rules of the firewall are named after it.
        empty = self.visit.desk.journal("fix", self._host(snapshot), ())
        todo = self._steps(exchange, mounts, ctx, selection.chosen, empty.run)
        withheld = (
            *selection.withheld,
            *todo.withheld,
            *waiting_for_updates(self.visit.knowledge, before.audit.plan, now),
        )
        insist(self.visit.knowledge, todo.steps, self.visit.terms)
        if not todo.steps:
            return Fixed(before, before, (), withheld, left=accounts.left)
        journal = replace(empty, steps=todo.steps)
        insist_on_trust(self.visit.knowledge, (journal,), journal.host, _sids(snapshot))
        if self.visit.terms.check:
            stale_locks(snapshot.image, self.visit.desk)
            return Fixed(before, None, todo.steps, withheld, left=accounts.left)
        transaction = Transaction(exchange, self.visit.desk, self.visit.desk.signed(journal), mounts)
        with self.visit.desk.under_way(journal.run):
            transaction.prepare(snapshot.image)
            image = transaction.carry_out()
        after = _seen_again(before, image)
        failed = (*unlike(image, todo.steps, "after"), *transaction.left)
        broken = transaction.broken
        return Fixed(before, after, todo.steps, withheld, journal.run, failed, broken, accounts.left)

    def _repointing(self, exchange: Exchange, ctx: Context, as_read: Snapshot) -> Repointing:
        """The accounts that go to relays from now on, but for those whose programs run.

        :param as_read: the reading, which lists the hives that Windows itself has loaded.
        """
        found = repointings(ctx, self.relays)
        if not found.changes:
            return found
        running = running_clients(exchange, self.visit.knowledge, as_read)
        return without_running(self.visit.knowledge, found, running)

    def _read(self) -> Snapshot:
        """The host as it is."""
        visit, profiles = self.visit, self.visit.options.profiles
        snapshot = collect(visit.shell, replace(visit.reading, profiles="loaded" if profiles == "loaded" else "all"))
        if profiles == "default_too":
            return hives.with_default_profile(visit.shell, snapshot, visit.reading)
        return snapshot

    def _host(self, snapshot: Snapshot) -> HostIdentity:
        found = identity(snapshot.image)
        if isinstance(found, Unread):
            raise Refusal(f"A journal cannot name this host: {clause(found.why)}.")
        return found

    def _steps(self, exchange: Exchange, mounts: Mounts, ctx: Context, chosen: tuple[Change, ...], run: str) -> Steps:
        """The steps; what the audit's reading does not tell of keys and rules that matter to them is asked for."""
        found = steps(ctx, chosen, run)
        stores = _stores_with_namesakes(chosen)
        if found.ask or stores:
            image = mounts.read(exchange, (), found.ask)
            if stores:
                image = RegistryImage((*image.regions, *exchange.run(rule_stores(stores)).regions))
            found = steps(_over(ctx, image), chosen, run)
        calm = tuple(step for step in found.steps if not self._is_restless(step.place))
        calm = without_part_accounts(calm, [step for step in found.steps if step not in calm])
        left = tuple(
            Withheld(change, _RESTLESS)
            for change in chosen
            if self._is_restless((str(change.details["key"]).casefold(), str(change.details.get("name")).casefold()))
        )
        return replace(found, steps=calm, withheld=(*found.withheld, *left))

    def _is_restless(self, place: tuple[str, str]) -> bool:
        """Whether a user keeps changing that place of his own, which must not keep us from all others."""
        return place in self.restless and place[0].startswith(_USERS)


def _stores_with_namesakes(chosen: Iterable[Change]) -> tuple[str, ...]:
    """Stores of rules of which some is switched by its name: an audit reads those rules only that are on."""
    switching = (c for c in chosen if c.kind is ChangeKind.FIREWALL and c.details["action"] == "disable_rule")
    return tuple(dict.fromkeys(str(change.details["key"]) for change in switching))


def _mounts(snapshot: Snapshot) -> Mounts:
    """The hives of users that had to be loaded to be read, and so must be to be changed."""
    users = snapshot.users if isinstance(snapshot.users, tuple) else ()
    if not isinstance(snapshot.image.key("HKU"), RegistryKey):
        return Mounts()
    loaded = hives.subkeys(snapshot.image, "HKU")
    waiting = ((user.root.rpartition("\\")[2], user.profile) for user in users)
    return Mounts(
        tuple(
            Mount(sid, path)
            for sid, path in waiting
            if path is not None and hives.refusal(path) is None and sid not in loaded
        )
    )


def _with_hives(snapshot: Snapshot, mounts: Mounts) -> Snapshot:
    """The snapshot in which HKU lists the hives that were loaded to be read: what was read in them is there."""
    image = snapshot.image
    for mount in mounts.found:
        image = with_key(image, f"HKU\\{mount.sid}")
    return replace(snapshot, image=image)


def _sids(snapshot: Snapshot) -> frozenset[str]:
    """The users that the host has, as far as any were read."""
    users = snapshot.users if isinstance(snapshot.users, tuple) else ()
    loaded = hives.subkeys(snapshot.image, "HKU")
    return frozenset((*loaded, *hives.profile_folders(snapshot.image), *(user.root[4:] for user in users)))


def _over(ctx: Context, image: RegistryImage) -> Context:
    """The same host with places that were read again."""
    merged = RegistryImage((*image.regions, *ctx.snapshot.image.regions))
    return replace(ctx, snapshot=replace(ctx.snapshot, image=merged))


def _seen_again(before: Seen, image: RegistryImage) -> Seen:
    """The judgement on the host as it is now."""
    ctx = _over(before.context, image)
    ctx = context(ctx.knowledge, ctx.options, ctx.snapshot)
    return Seen(ctx, audit(ctx))
