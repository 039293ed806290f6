# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollback: which runs, by whose journal, what the places hold now; then a run like any other."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import (
    RUN,
    HostIdentity,
    Journal,
    Step,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal_codec import (
    JournalError,
    Signed,
    as_data,
    is_signed_by,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryImage, Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.journal_trust import objections
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.places import unlike
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import RolledBack
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.undo import Undo, undo
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import hives, host_journal, mounts
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.fixing import (
    Terms,
    insist,
    new_run,
    sign,
    timestamp,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.journal_files import JournalFolderError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.own import (
    JOURNALS,
    identity,
    identity_section,
    journal_section,
    lock_section,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Shell
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transaction import (
    Desk,
    Outrun,
    Refusal,
    Transaction,
)

#: The consent to believe a journal that stands on the host and that nobody signed.
HOST_JOURNAL: t.Final = "host_journal"


def roll_back(
    shell: Shell, knowledge: Knowledge, wanted: str, desk: Desk, terms: Terms, *, stop_on_drift: bool
) -> RolledBack:
    """Put back what runs changed.

    :param wanted: id of a run, "last" or "all".
    :raises Refusal: nothing was done, and why.
    :raises Interrupted: the connection was lost after the steps had been sent.
    :raises ShellError: the connection was lost before.
    """
    for last_try in (False, True):
        try:
            return _attempt(shell, knowledge, wanted, desk, terms, stop_on_drift)
        except Outrun:
            if last_try:
                raise
    raise AssertionError


def _attempt(
    shell: Shell, knowledge: Knowledge, wanted: str, desk: Desk, terms: Terms, stop_on_drift: bool
) -> RolledBack:
    exchange = Exchange(shell)
    sections = (identity_section(with_name=True), lock_section(), journal_section(), hives.profiles_section())
    image = exchange.run(sections)
    host = identity(image)
    if isinstance(host, Unread):
        raise Refusal(f"Which host this is cannot be told: {host.why}.")
    history = _history(image, desk, terms)
    journals = _chosen(history, wanted)
    chosen = tuple(journal.run for journal in journals)
    folders = {**hives.profile_folders(image), hives.DEFAULT_SID: hives.default_folder(image)}
    loaded = hives.subkeys(image, "HKU")
    _insist_on_trust(knowledge, journals, host, frozenset((*loaded, *folders)))
    every = [step for journal in journals for step in journal.steps]
    needed = mounts.mounts_for(every, loaded, folders, check=terms.check)
    if needed.found:
        exchange.run(mounts.cleaning(loaded))
    found = undo(journals, needed.read(exchange, every, _roots(every, loaded))) if every else Undo((), (), ())
    insist(found.steps, terms)
    if terms.check or not found.steps or (stop_on_drift and found.refused):
        return RolledBack(chosen, found)
    return _carry_out(exchange, image, desk, host, history, RolledBack(chosen, found), needed)


def _roots(steps: Iterable[Step], loaded: Iterable[str]) -> tuple[str, ...]:
    """The hives of users who were logged on a moment ago: a value in one that is gone is not absent."""
    keys = [step.key.casefold() for step in steps]
    return tuple(f"HKU\\{sid}" for sid in loaded if any(key.startswith(f"hku\\{sid}\\".casefold()) for key in keys))


def _carry_out(
    exchange: Exchange,
    image: RegistryImage,
    desk: Desk,
    host: HostIdentity,
    history: _History,
    planned: RolledBack,
    needed: mounts.Mounts,
) -> RolledBack:
    moment = desk.clock()
    journal = Journal(new_run(moment), "rollback", host, timestamp(moment), planned.undo.steps, planned.complete)
    transaction = Transaction(exchange, desk, sign(journal, desk.key), needed)
    with desk.folder.running(desk.host, journal.run):
        transaction.prepare(image)
        after = transaction.carry_out()
    failed = (*unlike(after, journal.steps, "after"), *transaction.left)
    if not failed and not planned.undo.refused:
        # The host is as it was: that is, without our key too. The controller keeps its journals.
        forgotten = host_journal.commands_to_remove((*history.closed(planned.undone), journal.run), last=True)
        exchange.run((section("forget", Query("JF", command=forgotten)),))
    return replace(planned, run=journal.run, failed=failed, broken=transaction.broken)


@dataclass(frozen=True, slots=True)
class _History:
    """What is known of earlier runs. ``runs``: by id, oldest first; ``on_host``: the states of the host's journals."""

    runs: dict[str, Signed | Refusal]
    on_host: dict[str, str]

    def began(self, run: str) -> bool:
        """False for a run whose journal stands on the host and says that it ended before it changed anything."""
        return self.on_host.get(run, "done") != "prepared"

    def ended(self, run: str) -> bool:
        """False for a run that broke off; where its journal is gone from the host, all was put back."""
        return self.on_host.get(run, "done") == "done"

    def undone(self) -> set[str]:
        """Runs that a rollback undid to its end, which was not undone itself."""
        undone: set[str] = set()
        for run, one in reversed(self.runs.items()):
            if run not in undone and isinstance(one, Signed) and self.ended(run):
                undone |= set(one.journal.undoes)
        return undone

    def open(self) -> tuple[str, ...]:
        """Fixes that are not undone, newest first, and runs of which nobody can tell what they are."""
        undone = self.undone()
        runs = (run for run in reversed(self.runs) if run not in undone and self.began(run))
        return tuple(run for run in runs if _kind(self.runs[run]) != "rollback")

    def closed(self, undone_now: tuple[str, ...]) -> tuple[str, ...]:
        """Runs whose journals the host needs no more, now that these are undone too."""
        if set(self.open()) - set(undone_now):
            return undone_now
        return tuple(run for run in self.on_host if self.began(run))


def _kind(journal: Signed | Refusal) -> str:
    return journal.journal.kind if isinstance(journal, Signed) else "unknown"


def _history(image: RegistryImage, desk: Desk, terms: Terms) -> _History:
    """Every run that a journal tells of; the controller's own journals before the host's."""
    keys = image.below(JOURNALS)
    on_host = {key.path.rpartition("\\")[2]: key for key in keys} if isinstance(keys, tuple) else {}
    on_host = {run: key for run, key in on_host.items() if RUN.fullmatch(run)}
    states = {run: host_journal.state_of(key) or "prepared" for run, key in on_host.items()}
    found: dict[str, Signed | Refusal] = {}
    for run in desk.folder.runs(desk.host):
        try:
            found[run] = _trusted(desk.folder.read(desk.host, run), desk, None)
        except JournalFolderError as error:
            found[run] = Refusal(str(error))
    for run, key in on_host.items():
        if run not in found:
            try:
                found[run] = _trusted(host_journal.signed_of(key), desk, terms.consent)
            except JournalError as error:
                found[run] = Refusal(f"The host's journal of run {run} cannot be read: {error}.")
    return _History(dict(sorted(found.items())), states)


def _trusted(signed: Signed, desk: Desk, consent: frozenset[str] | None) -> Signed | Refusal:
    """A journal that may be followed; or why not. ``consent`` None: it is the controller's own."""
    run = signed.journal.run
    whose = "controller's" if consent is None else "host's"
    if desk.key is not None and signed.signature is not None:
        if is_signed_by(as_data(signed.journal), signed.signature, desk.key):
            return signed
        return Refusal(f"The {whose} journal of run {run} was not signed with this journal_key, or was changed.")
    if desk.key is not None and consent is None:
        return Refusal(f"The {whose} journal of run {run} is not signed, and a journal_key was given.")
    if consent is not None and HOST_JOURNAL not in consent:
        return Refusal(
            f"Run {run} is known from the host's own journal alone, which nobody vouches for;"
            f" consent: [{HOST_JOURNAL}] follows it, a journal_key checks it."
        )
    return signed


def _chosen(history: _History, wanted: str) -> tuple[Journal, ...]:
    """The journals of the runs to undo, newest first; those that are undone already only where they are named."""
    runs = {"all": history.open(), "last": history.open()[:1]}.get(wanted, (wanted,))
    found = []
    for run in runs:
        if run not in history.runs:
            raise Refusal(f"No journal here or on the host knows a run {shown(run)}.")
        if not history.began(run):
            raise Refusal(f"Run {run} ended before it changed anything, so there is nothing to undo.")
        one = history.runs[run]
        if isinstance(one, Refusal):
            raise one
        found.append(one.journal)
    return tuple(found)


def _insist_on_trust(
    knowledge: Knowledge, journals: Iterable[Journal], host: HostIdentity, sids: frozenset[str]
) -> None:
    for journal in journals:
        why = objections(knowledge, journal, host, sids)
        if why:
            more = f" (and {len(why) - 1} more)" if len(why) > 1 else ""
            raise Refusal(f"The journal of run {journal.run} is not followed: {why[0]}{more}")
