# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollback: which runs, by whose journal, what the places hold now; then a run like any other."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RUN, HostIdentity, Journal, Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal_codec import (
    JournalError,
    Signed,
    as_data,
    is_signed_by,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryImage, Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.consents import HOST_JOURNAL
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.places import unlike
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import RolledBack
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.undo import Undo, undo
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import hives, host_journal, mounts
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.journal_files import PrivateFileError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.own import (
    JOURNALS,
    identity,
    identity_section,
    is_32_bit_shell,
    journal_section,
    lock_section,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.running_clients import hindrance
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import (
    Desk,
    Refusal,
    Terms,
    insist,
    insist_on_trust,
    twice,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.sections import ENVIRONMENT
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Shell, ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transaction import Transaction

_WRONG_VIEW: t.Final = (
    "The lines of this connection run in a 32-bit process of a 64-bit Windows, which sees other keys under the same"
    " names; use a connection whose shell has 64 bits."
)


def roll_back(
    shell: Shell, knowledge: Knowledge, wanted: str, desk: Desk, terms: Terms, *, stop_on_drift: bool
) -> RolledBack:
    """Put back what runs changed.

    :param wanted: id of a run, "last" or "all".
    :raises Refusal: nothing was done, and why.
    :raises Interrupted: the connection was lost after the steps had been sent.
    :raises PrivateFileError: the controller cannot keep its journals; nothing was done.
    :raises ShellError: the connection was lost before.
    """
    rollback = _Rollback(shell, knowledge, wanted, desk, terms, stop_on_drift)
    return twice(lambda restless: rollback.run())


@dataclass(frozen=True, slots=True)
class _Rollback:
    shell: Shell
    knowledge: Knowledge
    wanted: str
    desk: Desk
    terms: Terms
    stop_on_drift: bool

    def run(self) -> RolledBack:
        exchange = Exchange(self.shell)
        sections = (identity_section(with_name=True), lock_section(), journal_section(), hives.profiles_section())
        image = exchange.run(sections)
        host = identity(image)
        if isinstance(host, Unread):
            raise Refusal(f"Which host this is cannot be told: {clause(host.why)}.")
        if is_32_bit_shell(exchange.answers.lines(ENVIRONMENT)):
            raise Refusal(_WRONG_VIEW)
        history = _history(image, self.desk, self.terms)
        journals = _chosen(history, self.wanted)
        folders = {**hives.profile_folders(image), hives.DEFAULT_SID: hives.default_folder(image)}
        loaded = hives.subkeys(image, "HKU")
        insist_on_trust(self.knowledge, journals, host, frozenset((*loaded, *folders)))
        every = [step for journal in journals for step in journal.steps]
        needed = mounts.mounts_for(every, loaded, folders, check=self.terms.check)
        if needed.found:
            exchange.run(mounts.cleaning(loaded))
        found = Undo((), (), ())
        if every:
            there = needed.read(exchange, every, _roots(every, loaded))
            hinders = hindrance(exchange, self.knowledge, image, every)
            found = undo(journals, there, hindrance=hinders, others=_others(history, journals))
        insist(self.knowledge, found.steps, self.terms)
        planned = RolledBack(tuple(journal.run for journal in journals), found)
        if self.terms.check or (self.stop_on_drift and found.refused):
            return planned
        if found.steps:
            planned = self._carry_out(exchange, image, host, planned, needed)
        return self._forget(exchange, history, journals, planned)

    def _carry_out(
        self,
        exchange: Exchange,
        image: RegistryImage,
        host: HostIdentity,
        planned: RolledBack,
        needed: mounts.Mounts,
    ) -> RolledBack:
        journal = self.desk.journal("rollback", host, planned.undo.steps, planned.complete)
        transaction = Transaction(exchange, self.desk, self.desk.signed(journal), needed)
        with self.desk.under_way(journal.run):
            transaction.prepare(image)
            after = transaction.carry_out()
        failed = (*unlike(after, journal.steps, "after"), *transaction.left)
        return replace(planned, run=journal.run, failed=failed, broken=transaction.broken)

    def _forget(
        self, exchange: Exchange, history: _History, journals: tuple[Journal, ...], done: RolledBack
    ) -> RolledBack:
        """Where the host is as it was before all fixes, it is so without our key. The controller keeps its journals.

        Where a rollback was undone, what a fix changed is back, and the host keeps the journals of that.
        """
        if done.failed or done.undo.refused or any(journal.kind != "fix" for journal in journals):
            return done
        runs = (*history.closed(done.undone), *((done.run,) if done.run else ()))
        if not runs:
            return done
        sections = (
            section("forget", Query(f"JF{number}", command=host_journal.commands_to_remove(some, last=not some)))
            for number, some in enumerate((*((run,) for run in runs), ()))
        )
        try:
            exchange.run(sections)
        except ShellError as error:
            why = f"all was put back, but the journals on the host may still be there: {clause(str(error))}"
            return replace(done, notes=(*done.notes, why))
        return replace(done, forgot=True)


def _others(history: _History, chosen: Iterable[Journal]) -> tuple[Journal, ...]:
    """The journals of runs that are not undone, and stay so."""
    open_ones = (history.runs[run] for run in history.open() if run not in {journal.run for journal in chosen})
    return tuple(one.journal for one in open_ones if isinstance(one, Signed))


def _roots(steps: Iterable[Step], loaded: Iterable[str]) -> tuple[str, ...]:
    """The hives of users who were logged on a moment ago: a value in one that is gone is not absent."""
    keys = [step.key.casefold() for step in steps]
    return tuple(f"HKU\\{sid}" for sid in loaded if any(key.startswith(f"hku\\{sid}\\".casefold()) for key in keys))


@dataclass(frozen=True, slots=True)
class _History:
    """What is known of earlier runs. ``runs``: by id, oldest first; ``states``: what the host's own journals say.

    ``own``: those of which the controller has a journal; ``vouched``: those whose journals may speak of them.
    """

    runs: dict[str, Signed | Refusal]
    states: dict[str, str]
    own: frozenset[str]
    vouched: frozenset[str]

    def began(self, run: str) -> bool:
        """False for a run that only the host knows, and that says that it ended before it changed anything."""
        return run in self.own or self.states.get(run, "done") != "prepared"

    def ended(self, run: str) -> bool:
        """False for a run that broke off; where its journal is gone from the host, all was put back."""
        return self.states.get(run, "done") == "done"

    def undone(self) -> set[str]:
        """Runs that a rollback undid to its end, which was not undone itself."""
        undone: set[str] = set()
        for run, one in reversed(self.runs.items()):
            if run not in undone and isinstance(one, Signed) and self.ended(run):
                # What nobody vouches for may not hide a run of which the controller knows.
                undone |= set(one.journal.undoes) - (frozenset() if run in self.vouched else self.own)
        return undone

    def open(self) -> tuple[str, ...]:
        """Fixes that are not undone, newest first, and runs of which nobody can tell what they are."""
        undone = self.undone()
        runs = (run for run in reversed(self.runs) if run not in undone and self.began(run))
        return tuple(run for run in runs if _kind(self.runs[run]) != "rollback")

    def closed(self, undone_now: tuple[str, ...]) -> tuple[str, ...]:
        """Runs whose journals the host needs no more, now that these are undone too."""
        if set(self.open()) - set(undone_now):
            return tuple(run for run in undone_now if run in self.states)
        return tuple(run for run, state in self.states.items() if state != "prepared")


def _kind(journal: Signed | Refusal) -> str:
    return journal.journal.kind if isinstance(journal, Signed) else "unknown"


def _history(image: RegistryImage, desk: Desk, terms: Terms) -> _History:
    """Every run that a journal tells of; the controller's own journals before the host's.

    :raises Refusal: the host's journals cannot be read, so nobody knows what was done there.
    """
    keys = image.below(JOURNALS)
    if isinstance(keys, Unread):
        raise Refusal(f"The journals of this host cannot be read: {clause(keys.why)}.")
    named = {key.path.rpartition("\\")[2]: key for key in keys} if isinstance(keys, tuple) else {}
    on_host = {run: key for run, key in named.items() if RUN.fullmatch(run)}
    states = {run: host_journal.state_of(key) or "prepared" for run, key in on_host.items()}
    found: dict[str, Signed | Refusal] = {}
    for run in desk.folder.runs(desk.host):
        try:
            found[run] = _of_controller(desk.folder.read(desk.host, run), desk)
        except PrivateFileError as error:
            found[run] = Refusal(str(error))
    own = frozenset(found)
    vouched = set(own)
    for run, key in on_host.items():
        if run not in own:
            try:
                found[run] = one = _of_host(host_journal.signed_of(key), desk, terms)
                vouched |= {run} if isinstance(one, Signed) and desk.key is not None else set()
            except JournalError as error:
                found[run] = Refusal(f"The host's journal of run {run} cannot be read: {clause(str(error))}.")
    return _History(dict(sorted(found.items())), states, own, frozenset(vouched))


def _of_controller(signed: Signed, desk: Desk) -> Signed | Refusal:
    """A journal of the controller; with a key, only if it is signed."""
    return _checked(signed, desk, "controller") if desk.key is not None else signed


def _of_host(signed: Signed, desk: Desk, terms: Terms) -> Signed | Refusal:
    """A journal of which only the host knows; without a key, only with consent."""
    if desk.key is not None:
        return _checked(signed, desk, "host")
    if HOST_JOURNAL in terms.consent:
        return signed
    return Refusal(
        f"Run {signed.journal.run} is known from the host's own journal alone, which nobody vouches for;"
        f" consent: [{HOST_JOURNAL}] follows it, a journal_key checks it."
    )


def _checked(signed: Signed, desk: Desk, whose: str) -> Signed | Refusal:
    run = signed.journal.run
    if signed.signature is None:
        return Refusal(f"The {whose}'s journal of run {run} is not signed, and a journal_key was given.")
    if desk.key is None or not is_signed_by(as_data(signed.journal), signed.signature, desk.key):
        return Refusal(f"The {whose}'s journal of run {run} was not signed with this journal_key, or was changed.")
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
