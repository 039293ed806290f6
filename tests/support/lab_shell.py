# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated host without a network: lines go straight to it, and its power can be cut between any two commands."""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Iterable
from pathlib import Path

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import Fixed, RolledBack
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.safety import OwnConnection
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.fixing import fix
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.journal_files import JournalFolder
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.own import identity_section, lock_section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.reading_plan import plan_reading
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Desk, Terms, Visit
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Output, ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.undoing import roll_back
from tests.lab.entry import read_entry
from tests.lab.host import SimulatedHost
from tests.support.hosts import KNOWLEDGE, TODAY

_READING = plan_reading(KNOWLEDGE, extra=(identity_section(with_name=False), lock_section()))
WINRM = OwnConnection("winrs", tls=False)
CODEPAGE = 437
FIREWALL = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"

#: Long path of each key → name of each value → its type and bytes.
Registry = dict[str, dict[str, tuple[int, bytes]]]


class PowerCut(Exception):
    """The host goes dark in the middle of a line."""


class LabShell:
    """A :class:`FileShell` over a simulated host. ``lines`` are those that were sent, ``fed`` the bytes of their input.

    ``ran``: the commands of these lines, and none of a task that runs on the host meanwhile.

    ``cut_at``: the number of the command (over all lines, from 1) before which the power goes; None: never.
    ``lost_at``: the number of the line whose answer never arrives, though the host does what it says; half of its
    input arrives. ``before``: that line does not arrive, either.
    """

    limit = 8000
    feeds = True

    def __init__(
        self, host: SimulatedHost, cut_at: int | None = None, lost_at: int | None = None, *, before: bool = False
    ) -> None:
        self.host, self.cut_at, self.lost_at, self.before = host, cut_at, lost_at, before
        self._thread = threading.current_thread()
        self.lines: list[str] = []
        self.fed = 0
        self.ran: list[str] = []
        #: The number of the first command of each line.
        self.begins: list[int] = []

    @property
    def commands(self) -> int:
        """How many of them were begun."""
        return len(self.ran)

    def run(self, line: str) -> Output:
        return self._send(line, None)

    def feed(self, line: str, chunks: Iterable[bytes]) -> Output:
        text = b"".join(chunks)
        self.fed += len(text)
        lost = len(self.lines) + 1 == self.lost_at
        return self._send(line, text[: len(text) // 2] if lost else text)

    def carry(self, source: Path, target: str) -> None:
        raise AssertionError((source, target))

    def renew(self, patience: int | None = None) -> None:
        """There is no connection."""

    def _send(self, line: str, stdin: bytes | None) -> Output:
        if len(line) > self.limit:
            raise AssertionError(f"a line of {len(line)} characters")
        self.lines.append(line)
        self.begins.append(self.commands + 1)
        if not self.host.power.up:
            raise ShellError("the host does not answer.", unreachable=True)
        if self.before and len(self.lines) == self.lost_at:
            raise ShellError("the connection was lost.", unreachable=True)
        self._thread = threading.current_thread()
        ran = self.host.ran
        self.host.ran = self._ran  # type: ignore[method-assign]
        try:
            printed = self.host.run(line, CODEPAGE, stdin)
        except PowerCut:
            raise ShellError("the connection was lost: the power went.", unreachable=True) from None
        finally:
            self.host.ran = ran  # type: ignore[method-assign]
        if self.host.counters.refused:
            raise AssertionError(self.host.counters.refused)
        if len(self.lines) == self.lost_at:
            raise ShellError("the connection was lost.", unreachable=True)
        return Output(printed.code, printed.out, printed.err)

    def _ran(self, command: str) -> None:
        if threading.current_thread() is not self._thread:
            # A task of the host goes on meanwhile.
            SimulatedHost.ran(self.host, command)
            return
        self.ran.append(command)
        if self.commands == self.cut_at:
            raise PowerCut
        SimulatedHost.ran(self.host, command)


class CarryingShell(LabShell):
    """One whose connection copies files by itself. ``loses``: so many bytes at the end of each."""

    feeds = False
    loses = 0

    def carry(self, source: Path, target: str) -> None:
        raw = source.read_bytes()
        self.fed += len(raw)
        files = self.host.files
        files.append(files.open(target, append=False), raw[: len(raw) - self.loses])


class Bench:
    """One simulated host and the controllers around it.

    :param entry: a host entry as in a fleet file.
    :param folder: for journals.
    """

    def __init__(self, folder: Path, **entry: t.Any) -> None:
        self.host = SimulatedHost("pc", read_entry({"name": "pc", **entry}, folder), {})
        self.folder = folder
        self.now = 1_800_000_000.0

    def desk(self, controller: str = "one", **fields: t.Any) -> Desk:
        """A controller with journals of its own."""
        return Desk(JournalFolder(str(self.folder / controller)), "pc", clock=self._clock, **fields)

    def _clock(self) -> float:
        self.now += 1
        return self.now

    def fix(
        self, shell: LabShell | None = None, desk: Desk | None = None, terms: Terms | None = None, **options: t.Any
    ) -> Fixed:
        """Fix the host."""
        wishes = AuditOptions(today=TODAY, **options)
        desk = desk or self.desk()
        return fix(Visit(shell or LabShell(self.host), KNOWLEDGE, wishes, _READING, desk, terms or consents()))

    def roll_back(
        self,
        wanted: str = "last",
        shell: LabShell | None = None,
        desk: Desk | None = None,
        terms: Terms | None = None,
        *,
        stop_on_drift: bool = False,
    ) -> RolledBack:
        """Put back."""
        return roll_back(
            shell or LabShell(self.host),
            KNOWLEDGE,
            wanted,
            desk or self.desk(),
            terms or consents(),
            stop_on_drift=stop_on_drift,
        )

    def registry(self) -> Registry:
        """All keys of the host below HKLM and HKU, empty ones too, with types and raw data."""
        return {
            path: {value.name: (value.type, value.raw) for value in key.values.values()}
            for hive in ("HKEY_LOCAL_MACHINE", "HKEY_USERS")
            for path, key in self.host.registry.walk(hive)
        }


def consents(*names: str, check: bool = False, connection: OwnConnection = WINRM) -> Terms:
    """What the operator allows."""
    return Terms(frozenset(names), connection, check)


def bench_with_firewall(folder: Path) -> Bench:
    """Windows 7 with nothing set, whose firewall lets nothing out of itself in one profile: there is a rule to add."""
    bench = Bench(folder, os="win7-sp1")
    bench.host.registry.set_number(rf"{FIREWALL}\PublicProfile", "DefaultOutboundAction", 1)
    return bench


def recovers(bench: Bench, first: Registry, broken_off: str) -> None:
    """After a run that broke off: a new one gets there, and all runs can be undone, to the last empty key."""
    done = bench.fix()
    assert done.failed == (), broken_off
    assert bench.fix().steps == (), broken_off
    undone = bench.roll_back("all")
    assert (undone.failed, undone.undo.refused) == ((), ()), broken_off
    assert bench.registry() == first, broken_off
    assert not bench.host.files.exists(r"C:\Windows\MailFleet.lock"), broken_off
