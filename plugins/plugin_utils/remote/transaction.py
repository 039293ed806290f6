# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing a host so that it can be undone whatever happens: lock, journal on both sides, then the steps.

Two exchanges. The first takes the lock, writes the host's journal, and reads back the journal and every place that is
about to change; nothing of the host but our own key is touched. Only when all of that is as it should be, and the
controller's journal is on its disk, the second one carries the steps out, reads the places again, and gives the lock
back. Steps can be repeated, so a run that broke off anywhere is finished by a new one, or undone by its journal.
"""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Iterable
from dataclasses import dataclass, field

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import Journal
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal_codec import JournalError, Signed
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryImage,
    RegistryKey,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.places import unlike
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import commands, host_journal, lock, stage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.journal_files import PrivateFileError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.mounts import Mounts
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.own import (
    JOURNALS,
    LOCKS,
    ROOT,
    access_commands,
    boot,
    lock_section,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.pack import Batch
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Desk, Interrupted, Outrun, Refusal
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, Section, joined, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.touched import touched_keys

#: Characters of commands that share one look at the lock; they must fit into a line over PowerShell.
_TOGETHER: t.Final = 1500


@dataclass(slots=True)
class Transaction:
    """One run on one host: :meth:`prepare`, then :meth:`carry_out`.

    ``mounts``: hives that have to be loaded for it. ``broken``: a sentence per stale lock that was broken; ``left``:
    per hive that may still be loaded.
    """

    exchange: Exchange
    desk: Desk
    signed: Signed
    mounts: Mounts = field(default_factory=Mounts)
    broken: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    _lines: tuple[Batch, ...] = field(default=(), init=False)

    @property
    def journal(self) -> Journal:
        """What is going to be done."""
        return self.signed.journal

    def prepare(self, image: RegistryImage) -> None:
        """Take the lock, write the journals, see that nothing has changed since.

        :param image: where the locks and the boot of the host were read.
        :raises Refusal: somebody else holds the lock, the host did not keep what was written, or a step cannot be made
            a command.
        :raises Outrun: a place is no longer as it was read.
        :raises PrivateFileError: the controller cannot keep its journal.
        :raises ShellError: the connection was lost; the steps have not been sent.
        """
        stale = stale_locks(image, self.desk)
        self.broken = tuple(f"the lock of run {one.run} was broken: {why}" for one, why in stale.items() if one.owner)
        try:
            pieces = host_journal.pieces(self.signed)
            # All lines are made before the first is sent: what cannot be carried out must not be begun.
            preparing = self.exchange.packed(self._preparing(image, tuple(stale), pieces))
            self._lines = self.exchange.packed(self._carrying())
        except (ValueError, JournalError) as error:
            raise Refusal(f"Nothing was done, since a step cannot be sent to the host: {error}") from None
        found = self._settled(self.exchange.send(preparing))
        try:
            self._insist(found, pieces)
            self.desk.folder.write(self.desk.host, self.journal, self.signed.signature)
        except (Refusal, PrivateFileError):
            with contextlib.suppress(ShellError):
                self.abandon()
            raise

    def carry_out(self) -> RegistryImage:
        """Carry out the steps, after :meth:`prepare`.

        :returns: the places as they are afterwards.
        :raises Interrupted: the connection was lost.
        """
        try:
            return self._settled(self.exchange.send(self._lines))
        except ShellError as error:
            raise Interrupted(self.journal.run, error) from error

    def abandon(self) -> None:
        """Give up before anything was done: our own marks go from the host, the lock after the journal."""
        run = self.journal.run
        remove, clean = (
            section("remove", Query(code, command=host_journal.commands_to_remove(runs, last=not runs)))
            for code, runs in (("JX", (run,)), ("JY", ()))
        )
        self.exchange.run((remove, lock.releasing(run), clean))

    def _preparing(
        self, image: RegistryImage, stale: tuple[lock.Record, ...], pieces: tuple[str, ...]
    ) -> tuple[Section, ...]:
        run = self.journal.run
        writing = (
            section("journal", Query(f"JW{number}", command=lock.guarded(run, command)))
            for number, command in enumerate(host_journal.commands_to_write(run, pieces, "prepared"))
        )
        return (
            *lock.taking(run, boot(image), int(self.desk.clock()), stale),
            self._access(),
            *writing,
            lock_section(),
            section("journal read back", Query("OWJ", f"{JOURNALS}\\{run}")),
            *self.mounts.sections(self.journal.steps),
        )

    def _carrying(self) -> tuple[Section, ...]:
        run = self.journal.run
        begin, end = (host_journal.command_to_state(run, state) for state in ("begun", "done"))
        return (
            lock.beginning(run, begin),
            *_guarded(run, commands.sections(self.mounts.others(self.journal.steps), stage.folder_of(run))),
            *self.mounts.sections(self.journal.steps, run=run),
            section("end", Query("JE", command=lock.guarded(run, end))),
            lock.releasing(run),
        )

    def _settled(self, image: RegistryImage) -> RegistryImage:
        settled, self.left = self.mounts.settled(image, touched_keys(self.journal.steps))
        return settled

    def _access(self) -> Section:
        """Our own keys for administrators only, before anything stands in them."""
        run = self.journal.run
        body = (
            # With a value: of a key without one some say that reg.exe sets the default value.
            f"reg add {JOURNALS}\\{run} /v Run /t REG_SZ /d {run} /f",
            *access_commands(stage.folder_of(run), (ROOT, LOCKS, JOURNALS, f"{JOURNALS}\\{run}")),
        )
        return section("access", Query("JA", command=lock.guarded(run, "&".join(body))))

    def _insist(self, found: RegistryImage, pieces: tuple[str, ...]) -> None:
        run = self.journal.run
        insist_on_lock(found, run, self.desk.timeout)
        key = found.key(f"{JOURNALS}\\{run}")
        kept = host_journal.kept_pieces(key) if isinstance(key, RegistryKey) else ()
        if kept != pieces:
            raise Refusal("The host did not keep the journal that was written to it, so nothing was changed.")
        changed = {step.place: why for step in self.journal.steps for why in unlike(found, (step,), "before")}
        if changed:
            why = next(iter(changed.values()))
            message = f"The host has changed since it was read, so nothing was done: {clause(why)}."
            raise Outrun(message, frozenset(changed))


def insist_on_lock(found: RegistryImage, run: str, timeout: int) -> None:
    """Go on only where that run has the lock of the host.

    :param found: where the locks were read; ``timeout``: of locks, seconds.
    :raises Refusal: it has not, or nobody can tell.
    """
    there = lock.records(found)
    if isinstance(there, Unread):
        raise Refusal(f"Whether this run has the lock of the host cannot be told: {clause(there.why)}.")
    mine = next((one for one in there if one.run == run), None)
    if mine is None:
        raise Refusal(
            "Nothing could be written to HKLM\\SOFTWARE of the host, so nothing was done; is the account an"
            " administrator there?"
        )
    if not mine.owner:
        raise Refusal(_held([one.run for one in there if one.run != run], timeout))


def stale_locks(image: RegistryImage, desk: Desk) -> dict[lock.Record, str]:
    """The locks on the host, all of which may be broken, with the reasons.

    :param image: where the locks and the boot of the host were read.
    :raises Refusal: one is alive, or nobody can tell.
    """
    found = lock.records(image)
    if isinstance(found, Unread):
        raise Refusal(f"Who holds the lock of this host cannot be told: {clause(found.why)}.")
    now, current = int(desk.clock()), boot(image)
    words = {one: lock.stale(one, current, now, desk.timeout, desk.dead) for one in found}
    alive = [one.run for one, why in words.items() if why is None]
    if alive:
        raise Refusal(_held(alive, desk.timeout))
    return {one: why for one, why in words.items() if why is not None}


def _guarded(run: str, sections: Iterable[Section]) -> tuple[Section, ...]:
    """The commands of these sections, in few sections, each carried out only while that run holds the lock."""
    groups: list[str] = []
    for command in (query.command for item in sections for query in item.queries):
        if groups and len(groups[-1]) + len(command) < _TOGETHER:
            groups[-1] = joined((groups[-1], command))
        else:
            groups.append(command)
    return tuple(
        section("steps", Query(f"ST{number}", command=lock.guarded(run, group))) for number, group in enumerate(groups)
    )


def _held(runs: list[str], timeout: int) -> str:
    """One sentence: who holds the lock. ``runs``: those with a record; ``timeout``: of locks, seconds."""
    if not runs:
        return f"The host is locked by a run that left no record; if none is under way, delete {lock.FOLDER} there."
    return (
        f"The host is being changed by run {', '.join(runs)}; wait for its end, or, should it be dead,"
        f" run again {timeout} seconds after it was begun, or last renewed (lock_timeout)."
    )
