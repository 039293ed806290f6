# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shells for tests: the lab's simulated hosts without the network, and hosts that lie."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable
from pathlib import Path

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Region, RegistryValue, Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import Snapshot
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.reading_plan import ReadingPlan, plan_reading
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Output
from tests.lab.entry import DEFAULT_USER, HostEntry
from tests.lab.host import SimulatedHost

USER = DEFAULT_USER
NT = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
MAIL = rf"HKU\{USER}\Software\Microsoft\Internet Account Manager"
THUMBPRINTS = ("DAC9024F54D8F6DF94935FB1732638CA6AD77C13", "933A4B1E0C7D2B5C6A8F00112233445566778899")

#: What a test does with an answer: gets the bytes and the token, gives the bytes that arrive.
Twist = Callable[[bytes, str], bytes]


def token_of(line: str) -> str:
    """The token of a line."""
    found = re.search(r"for %t in \(([0-9a-f]{16}):\)", line)
    assert found
    return found[1]


class SimulatedShell:
    """A shell on a simulated host. ``twist`` changes what arrives; ``lines`` and ``answers`` keep what went."""

    def __init__(self, entry: HostEntry, *, limit: int = 8000, codepage: int = 0, twist: Twist | None = None) -> None:
        self.host = SimulatedHost(entry.name, entry, {})
        self.limit = limit
        self.codepage = codepage
        self.twist = twist or (lambda answer, _token: answer)
        self.lines: list[str] = []
        self.answers: list[bytes] = []

    def run(self, line: str) -> Output:
        """Run a line there."""
        assert len(line) <= self.limit
        self.lines.append(line)
        printed = self.host.run(line, self.codepage)
        assert not self.host.counters.refused, self.host.counters.refused
        self.answers.append(self.twist(printed.out, token_of(line)))
        return Output(printed.code, self.answers[-1], printed.err)


class LyingShell:
    """Answers every line with what a function makes of its token."""

    limit = 8000

    def __init__(self, answer: Callable[[str], bytes]) -> None:
        self.answer = answer

    def run(self, line: str) -> Output:
        """Answer."""
        return Output(0, self.answer(token_of(line)), b"")


def entry(os: str = "win10-1709", **fields: t.Any) -> HostEntry:
    """A host entry of the lab."""
    return HostEntry(name="host", os=os, **fields)


def plan(profiles: str = "loaded") -> ReadingPlan:
    """The reading that an audit with the tables of this release does."""
    return plan_reading(load(), THUMBPRINTS, profiles)


def region(snapshot: Snapshot, root: str) -> Region:
    """The first region of that root."""
    return next(found for found in snapshot.image.regions if found.root.casefold() == root.casefold())


def reg(folder: Path, text: str, name: str = "overlay.reg") -> Path:
    """A .reg file of the lab."""
    file = folder / name
    file.write_text("Windows Registry Editor Version 5.00\r\n\r\n" + text.replace("\n", "\r\n"), encoding="utf-16")
    return file


def data(snapshot: Snapshot, key: str, name: str) -> t.Any:
    """The data of a value, ABSENT, or Unread."""
    found = snapshot.image.value(key, name)
    return found.data if isinstance(found, RegistryValue) else found


def same_or_unread(found: Snapshot, truth: Snapshot) -> bool:
    """No region says anything but the truth."""
    honest = {(r.root, r.names, r.recursive): r.keys for r in truth.image.regions}
    return all(
        isinstance(r.keys, Unread) or r.keys == honest[r.root, r.names, r.recursive] for r in found.image.regions
    )
