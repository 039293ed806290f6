# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs that change hosts give: one look at a host, a fix, a rollback, an update."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.install_rows import Verb
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import ChangeKind
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.installation import InstallationStep
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import Audit
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.selection import Withheld
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.undo import Undo

#: Outcomes of a package run by which the host was, is being, or would be changed.
CHANGING: t.Final = frozenset({"planned", "installed", "removed", "needs_reboot", "running"})


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a host."""

    context: Context
    audit: Audit


@dataclass(frozen=True, slots=True)
class Fixed:
    """What a fix did.

    ``run`` None: nothing was to be done, or only planned (then ``after`` is None where there are ``steps``).
    ``failed``: a sentence for each step that did not take; ``broken``: for each stale lock that was broken; ``left``:
    for each account that a relay was meant for, or may have been, and that is left alone.
    """

    before: Seen
    after: Seen | None
    steps: tuple[Step, ...]
    withheld: tuple[Withheld, ...]
    run: str | None = None
    failed: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def restart_reasons(self) -> tuple[str, ...]:
        """Why the host should be restarted."""
        after = self.after or self.before
        return restart_reasons(*((self.before.audit, after.audit) if self.steps else (after.audit,)))


def restart_reasons(*audits: Audit) -> tuple[str, ...]:
    """Why a host should be restarted, by these audits of it."""
    reboots = [c for audit in audits for c in audit.plan.changes if c.kind is ChangeKind.REBOOT]
    return tuple(dict.fromkeys(str(reason) for change in reboots for reason in change.details["reasons"]))


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What a rollback did. ``undone``: the runs it is about; ``undo``: its steps, and what was refused and why.

    ``run`` None: nothing was to be done, or it was only planned, or refused as a whole. ``forgot``: the host keeps no
    journals of these runs any more; ``notes``: a sentence for what is left to be known.
    """

    undone: tuple[str, ...]
    undo: Undo
    run: str | None = None
    failed: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    forgot: bool = False

    @property
    def complete(self) -> tuple[str, ...]:
        """The runs of which nothing is left: none where something was refused."""
        return () if self.undo.refused else self.undone


@dataclass(frozen=True, slots=True)
class PackageRun:
    """What became of one update on one host. ``outcome``: of install_rows.ExitOutcome, or "planned" in check mode.

    ``words``: one sentence; ``file``: the package that was run, "" where none was; ``code``: exit code of the installer
    as people look it up, "" where there was none; ``resumed``: an earlier run had begun it.
    """

    kb: str
    verb: Verb
    outcome: str
    words: str
    file: str = ""
    code: str = ""
    resumed: bool = False

    def in_force(self) -> PackageRun:
        """The same once the host has restarted."""
        if self.outcome != "needs_reboot":
            return self
        done = "installed" if self.verb == "install" else "removed"
        return replace(self, outcome=done, words=f"{self.kb} is {done}; the host has restarted since.")


@dataclass(frozen=True, slots=True)
class Updated:
    """What an update run did.

    ``left``: updates that are not run, and why. ``packages``: in the order in which they were run. ``steps`` and
    ``run``: what was journalled for them (the POSReady flag), or would be. ``restarts``: how often the host was
    restarted; ``restart_needed``: why it still should be, "" where not. ``failed``: a sentence for what went wrong:
    nothing after it was run. ``after`` None: nothing was done, or the connection was lost (``lost``).
    """

    before: Seen
    after: Seen | None
    left: tuple[InstallationStep, ...] = ()
    packages: tuple[PackageRun, ...] = ()
    steps: tuple[Step, ...] = ()
    run: str | None = None
    restarts: int = 0
    restart_needed: str = ""
    remarks: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    lost: bool = False

    @property
    def changed(self) -> bool:
        """Whether anything was, or would be, changed on the host."""
        return bool(self.steps or self.restarts or any(one.outcome in CHANGING for one in self.packages))

    def in_force(self) -> Updated:
        """The same once somebody else has restarted the host."""
        return replace(self, packages=tuple(run.in_force() for run in self.packages), restart_needed="")


@dataclass(frozen=True, slots=True)
class FixedFully:
    """A fix with all that belongs to it: packages, settings, the restart, and the settings once more.

    ``updated`` None: no packages were ordered. ``fixed`` None: packages failed, so nothing else was done. ``again``:
    the fix after the restart, which usually finds nothing to do. ``failed``: what went wrong between these, or "".
    ``broken``: a sentence for each stale lock that was broken for the restart. ``unwound``: what was put back since a
    setting did not take; ``not_unwound``: why it could not be.
    """

    updated: Updated | None
    fixed: Fixed | None = None
    again: Fixed | None = None
    restarted: bool = False
    failed: str = ""
    broken: tuple[str, ...] = ()
    unwound: RolledBack | None = None
    not_unwound: str = ""
