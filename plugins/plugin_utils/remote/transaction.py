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
import time
import typing as t
from collections.abc import Callable
from dataclasses import dataclass, field

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import Journal
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal_codec import Signed
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryImage,
    RegistryKey,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.places import unlike
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import commands, host_journal, lock, stage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.journal_files import JournalFolder
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.mounts import Mounts
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.own import JOURNALS, boot, lock_section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, Section, joined, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.touched import touched_keys

#: Characters of commands that share one look at the lock; they must fit into a line over PowerShell.
_TOGETHER: t.Final = 1500
#: For Administrators (1) and SYSTEM (17) alone, full access each.
#: https://learn.microsoft.com/troubleshoot/windows-client/application-management/use-regini-to-change-permissions
_ACCESS: t.Final = r"HKEY_LOCAL_MACHINE\SOFTWARE\MailFleet [1 17]"


class Refusal(Exception):
    """The run ended before it changed anything but our own key. The message is one sentence for people."""


class Outrun(Refusal):
    """Somebody changed the host between our reading and our lock: to be read and planned anew."""


class Interrupted(Exception):
    """The run broke off, and nobody knows how far it came. ``run``: what to roll back, or to finish by a new run."""

    def __init__(self, run: str, error: ShellError) -> None:
        super().__init__(str(error))
        self.run, self.unreachable = run, error.unreachable


@dataclass(frozen=True, slots=True)
class Desk:
    """The controller's side of runs. ``host``: the name of the host in the inventory; ``timeout``: of locks, seconds.

    ``clock``: seconds since 1970.
    """

    folder: JournalFolder
    host: str
    key: str | None = None
    timeout: int = 600
    clock: Callable[[], float] = time.time

    def dead(self, run: str) -> bool:
        """Whether that run was one of this controller whose process is gone."""
        return run in self.folder.started(self.host) and not self.folder.is_running(self.host, run)


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

    @property
    def journal(self) -> Journal:
        """What is going to be done."""
        return self.signed.journal

    def prepare(self, image: RegistryImage) -> None:
        """Take the lock, write the journals, see that nothing has changed since.

        :param image: where the locks and the boot of the host were read.
        :raises Refusal: somebody else holds the lock, or the host did not keep what was written.
        :raises Outrun: a place is no longer as it was read.
        :raises ShellError: the connection was lost; the steps have not been sent.
        """
        run, pieces = self.journal.run, host_journal.pieces(self.signed)
        broken = self._stale(image)
        sections = [
            *lock.taking(run, boot(image), int(self.desk.clock()), broken),
            self._access(),
            *(
                section("journal", Query(f"JW{number}", command=lock.guarded(run, command)))
                for number, command in enumerate(host_journal.commands_to_write(run, pieces, "prepared"))
            ),
            lock_section(),
            section("journal read back", Query("OWJ", f"{JOURNALS}\\{run}")),
            *self.mounts.sections(self.journal.steps),
        ]
        found = self._settled(self.exchange.run(sections))
        why = self._hindrance(found, pieces)
        if why is not None:
            with contextlib.suppress(ShellError):
                self.abandon()
            raise why
        self.desk.folder.write(self.desk.host, self.journal, self.signed.signature)

    def carry_out(self) -> RegistryImage:
        """Carry out the steps.

        :returns: the places as they are afterwards.
        :raises Interrupted: the connection was lost.
        """
        run = self.journal.run
        begin, end = (host_journal.command_to_state(run, state) for state in ("begun", "done"))
        sections = [
            lock.beginning(run, begin),
            *_guarded(run, commands.sections(self.mounts.others(self.journal.steps), stage.folder_of(run))),
            *self.mounts.sections(self.journal.steps, run=run),
            section("end", Query("JE", command=lock.guarded(run, end))),
            lock.releasing(run),
        ]
        try:
            return self._settled(self.exchange.run(sections))
        except ShellError as error:
            raise Interrupted(run, error) from error

    def _settled(self, image: RegistryImage) -> RegistryImage:
        settled, self.left = self.mounts.settled(image, touched_keys(self.journal.steps))
        return settled

    def abandon(self) -> None:
        """Give up before anything was done: our own marks go from the host, the lock after the journal."""
        run = self.journal.run
        remove, clean = (
            section("remove", Query(code, command=host_journal.commands_to_remove(runs, last=not runs)))
            for code, runs in (("JX", (run,)), ("JY", ()))
        )
        self.exchange.run((remove, lock.releasing(run), clean))

    def _access(self) -> Section:
        """Our own key for administrators only, before anything stands in it."""
        folder = stage.folder_of(self.journal.run)
        file = stage.path(folder, "access.txt")
        making = f"reg add {JOURNALS}\\{self.journal.run} /f"
        body = (making, *stage.written(folder, "access.txt", (_ACCESS,)), f"regini {file}", stage.removed(folder))
        return section("access", Query("JA", command=lock.guarded(self.journal.run, "&".join(body))))

    def _stale(self, image: RegistryImage) -> tuple[lock.Record, ...]:
        found = lock.records(image)
        if isinstance(found, Unread):
            raise Refusal(f"Who holds the lock of this host cannot be told: {found.why}.")
        now, current, desk = int(self.desk.clock()), boot(image), self.desk
        words = {one: lock.stale(one, current, now, desk.timeout, desk.dead) for one in found}
        alive = [one.run for one, why in words.items() if why is None]
        if alive:
            raise Refusal(_held(alive, desk.timeout))
        self.broken = tuple(f"the lock of run {one.run} was broken: {why}" for one, why in words.items() if one.owner)
        return found

    def _hindrance(self, found: RegistryImage, pieces: tuple[str, ...]) -> Refusal | None:
        run = self.journal.run
        owned = lock.holds(found, run)
        if owned is not True:
            others = lock.records(found)
            names = [one.run for one in others if one.run != run] if isinstance(others, tuple) else []
            return Refusal(_held(names, self.desk.timeout))
        key = found.key(f"{JOURNALS}\\{run}")
        kept = host_journal.kept_pieces(key) if isinstance(key, RegistryKey) else ()
        if kept != pieces:
            return Refusal("The host did not keep the journal that was written to it, so nothing was changed.")
        changed = unlike(found, self.journal.steps, "before")
        if changed:
            return Outrun(f"The host has changed since it was read, so nothing was done: {changed[0]}.")
        return None


def _guarded(run: str, sections: tuple[Section, ...]) -> tuple[Section, ...]:
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
    if not runs:
        return f"The host is locked by a run that left no record; if none is under way, delete {lock.FOLDER} there."
    return (
        f"The host is being changed by run {', '.join(runs)}; wait for its end, or, should it be dead,"
        f" run again {timeout} seconds after its begin (lock_timeout)."
    )
