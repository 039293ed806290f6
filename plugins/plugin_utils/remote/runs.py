# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all runs that change hosts share: their terms, how they end without a result, and how they are named."""

from __future__ import annotations

import contextlib
import datetime
import secrets
import time
import typing as t
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import Action, FirewallRule
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import (
    HostIdentity,
    Journal,
    RuleStep,
    Step,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal_codec import Signed, as_data, signature
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Absent
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import relay_root, rules
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.consents import BLOCK_RULE, ROOT_CA, lacking
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.journal_trust import objections
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.safety import OwnConnection, dangers
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.journal_files import (
    JournalFolder,
    PrivateFileError,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.reading_plan import ReadingPlan
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import FileShell, ShellError

_T = t.TypeVar("_T")


class Refusal(Exception):
    """The run ended before it changed anything but our own key. The message is one sentence for people."""


class Outrun(Refusal):
    """Somebody changed the host between our reading and our lock: to be read and planned anew.

    ``places``: of the steps whose places are no longer as they were read.
    """

    def __init__(self, message: str, places: frozenset[tuple[str, str]]) -> None:
        super().__init__(message)
        self.places = places


class Interrupted(Exception):
    """The run broke off, and nobody knows how far it came. ``run``: what to roll back, or to finish by a new run."""

    def __init__(self, run: str, error: ShellError) -> None:
        super().__init__(str(error))
        self.run, self.unreachable = run, error.unreachable


#: Everything by which a change of a host may end without a result.
ERRORS: t.Final = (ShellError, Interrupted, Refusal, PrivateFileError)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the operator allows. ``consent``: names of risks that are taken; ``check``: plan and do nothing."""

    consent: frozenset[str]
    connection: OwnConnection
    check: bool = False


@dataclass(frozen=True, slots=True)
class Desk:
    """The controller's side of runs. ``host``: the name of the host in the inventory; ``timeout``: of locks, seconds.

    ``key``: by which journals are signed. ``clock``: seconds since 1970.
    """

    folder: JournalFolder
    host: str
    key: str | None = None
    timeout: int = 600
    clock: Callable[[], float] = time.time

    def dead(self, run: str) -> bool:
        """Whether that run was one of this controller whose process is gone."""
        return run in self.folder.started(self.host) and not self.folder.is_running(self.host, run)

    def journal(self, kind: str, host: HostIdentity, steps: tuple[Step, ...], undoes: tuple[str, ...] = ()) -> Journal:
        """A journal of a new run that begins now."""
        moment = datetime.datetime.fromtimestamp(self.clock(), tz=datetime.UTC)
        return Journal(new_run(moment), kind, host, f"{moment:%Y-%m-%dT%H:%M:%SZ}", steps, undoes)

    def signed(self, journal: Journal) -> Signed:
        """The journal with its signature, where there is a key."""
        return Signed(journal, signature(as_data(journal), self.key) if self.key else None)

    @contextlib.contextmanager
    def under_way(self, run: str) -> Iterator[None]:
        """While this lasts, other processes of this controller see that the run is alive.

        After a refusal nothing is left to be seen; after anything else that went wrong, that the run is dead.
        """
        refusal: Exception | None = None
        with self.folder.running(self.host, run):
            try:
                yield
            except (Refusal, PrivateFileError) as error:
                refusal = error
        if refusal is not None:
            raise refusal


@dataclass(frozen=True, slots=True)
class Visit:
    """One task on one host: how it is reached, what is known, what the operator wants, what is read of it, and where
    the controller keeps its side.
    """

    shell: FileShell
    knowledge: Knowledge
    options: AuditOptions
    reading: ReadingPlan
    desk: Desk
    terms: Terms


def new_run(moment: datetime.datetime) -> str:
    """An id that sorts by time. ``moment``: in UTC."""
    return f"{moment:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def twice(attempt: Callable[[frozenset[tuple[str, str]]], _T]) -> _T:
    """A run, and where somebody else was faster one more: what is there now may be all that is wanted.

    :param attempt: gets the places that changed under our hands.
    :raises Outrun: the host changed again.
    """
    try:
        return attempt(frozenset())
    except Outrun as error:
        return attempt(error.places)


def insist(knowledge: Knowledge, planned: Iterable[Step], terms: Terms) -> None:
    """Refuse, unless it was consented to, what may cut our own connection, switches off a rule that blocks, or places a
    root.

    :raises Refusal: there is such a step.
    """
    steps = tuple(planned)
    for danger in dangers(knowledge, steps, terms.connection):
        if danger.consent not in terms.consent:
            raise Refusal(f"{danger.why} (consent: [{danger.consent}] lets it pass)")
    if BLOCK_RULE not in terms.consent and any(isinstance(step, RuleStep) and _opens(step) for step in steps):
        raise Refusal(lacking(BLOCK_RULE))
    roots = [relay_root.shown_as(step, step.after) for step in steps if relay_root.places_root(step)]
    if roots and ROOT_CA not in terms.consent:
        raise Refusal(f"{lacking(ROOT_CA)} It is {roots[0]}.")


def _opens(step: RuleStep) -> bool:
    """Whether the step switches off, or deletes, a rule that blocks."""
    before, after = (_blocks(text) for text in (step.before, step.after))
    return before and not after


def _blocks(text: str | Absent) -> bool:
    rule = rules.parsed(text) if isinstance(text, str) else None
    return isinstance(rule, FirewallRule) and rule.active and rule.action is Action.BLOCK


def insist_on_trust(
    knowledge: Knowledge, journals: Iterable[Journal], host: HostIdentity, sids: frozenset[str]
) -> None:
    """Refuse journals, our own among them, that hold what no plan for this host could.

    :param sids: of the users that the host has.
    :raises Refusal: there is such an entry.
    """
    for journal in journals:
        why = objections(knowledge, journal, host, sids)
        if why:
            more = f" (and {len(why) - 1} more)" if len(why) > 1 else ""
            raise Refusal(f"The journal of run {journal.run} is not followed: {why[0]}{more}")
