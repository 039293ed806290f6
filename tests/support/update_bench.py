# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated host, a folder of packages for it, and runs of them; a second of the host takes a millisecond."""

from __future__ import annotations

import hashlib
import re
import time
import typing as t
from pathlib import Path

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import FixedFully, Updated
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.package_source import PackageSource, parse_source
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.fixing_fully import fix_fully
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.reading_plan import ReadingPlan
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Desk, Terms, Visit
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_order import Pace, UpdateOrder
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_reading import update_reading
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.updating import update
from tests.lab import packages
from tests.lab.files import Folder
from tests.lab.host import SimulatedHost
from tests.support.hosts import KNOWLEDGE, TODAY
from tests.support.lab_shell import Bench, LabShell, consents

SECOND: t.Final = 0.001
_READING: t.Final = update_reading(KNOWLEDGE)

#: Packages as an operator would have them: name of the file → what the lab's installers see in it.
XP: t.Final = {
    "windowsxp-kb4019276-x86-embedded-deu.exe": ("KB4019276", "xp-sp3", "x86", "deu"),
    "windowsxp-kb4019276-x86-embedded-fra.exe": ("KB4019276", "xp-sp3", "x86", "fra"),
    "windowsxp-kb4467770-x86-embedded-deu.exe": ("KB4467770", "xp-sp3", "x86", "deu"),
}
SEVEN: t.Final = {
    "windows6.1-kb3140245-x64.msu": ("KB3140245", "win7-sp1", "amd64", "enu"),
    "windows6.1-kb3140245-x86.msu": ("KB3140245", "win7-sp1", "x86", "enu"),
}
#: How an installer of XP is begun.
_UPDATE_EXE: t.Final = re.compile(r"C:\\.*\.exe /quiet")


class Packages:
    """A folder of packages, and their checksums."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "packages"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.checksums: dict[str, str] = {}

    def offer(self, catalogue: t.Mapping[str, tuple[str, str, str, str]], size: int = 3000) -> t.Self:
        """``catalogue``: name of the file → what the lab's installers see in it (KB, os, architecture, language)."""
        for name, (kb, os, arch, lang) in catalogue.items():
            content = packages.package(kb, os, arch, lang, size=size)
            (self.folder / name).write_bytes(content)
            self.checksums[name] = hashlib.sha256(content).hexdigest()
        return self

    def content(self, name: str) -> bytes:
        """Of a file."""
        return (self.folder / name).read_bytes()


class HostTime:
    """A clock that goes with the host's. ``lines``: what was told to people."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lines: list[str] = []
        #: Until when somebody waits for the end of a run.
        self.wanted_until = float("inf")

    def pace(self) -> Pace:
        """What a run is given."""
        return Pace(self.lines.append, lambda: self.now, self._sleep, lambda: self.now < self.wanted_until)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds
        time.sleep(seconds * SECOND)


class UpdateBench(Bench):
    """A host and the folder ``packages`` beside it."""

    def __init__(self, folder: Path, **entry: t.Any) -> None:
        super().__init__(folder, **{"second_ms": SECOND * 1000, "restart_ms": 5, **entry})
        self._offered = Packages(folder)
        self.packages, self.checksums = self._offered.folder, self._offered.checksums
        self.time = HostTime()

    def offer(self, *catalogues: dict[str, tuple[str, str, str, str]], size: int = 3000) -> None:
        """Puts packages into the folder, and says what their checksums are."""
        for catalogue in catalogues:
            self._offered.offer(catalogue, size)

    def order(self, *kbs: str, **fields: t.Any) -> UpdateOrder:
        """These updates, or those of the plan, from the folder."""
        usual: dict[str, t.Any] = {"source": PackageSource("controller", str(self.packages))}
        source = fields.pop("source", None)
        if source is not None:
            usual["source"] = parse_source(source)
        return UpdateOrder(kbs or None, checksums=self.checksums, **{**usual, **fields})

    def visit(
        self,
        shell: LabShell | None,
        terms: Terms | None,
        options: t.Mapping[str, t.Any] | None,
        desk: Desk | None = None,
        reading: ReadingPlan = _READING,
    ) -> Visit:
        """A task on the host."""
        wishes = AuditOptions(today=TODAY, **(options or {}))
        shell = shell or LabShell(self.host)
        return Visit(shell, KNOWLEDGE, wishes, reading, desk or self.desk(), terms or consents("posready"))

    def update(
        self,
        *kbs: str,
        shell: LabShell | None = None,
        desk: Desk | None = None,
        terms: Terms | None = None,
        options: t.Mapping[str, t.Any] | None = None,
        **order: t.Any,
    ) -> Updated:
        """Run packages on the host."""
        reading = _READING if order.get("verb") != "remove" else update_reading(KNOWLEDGE, kbs)
        visit = self.visit(shell, terms, options, desk, reading)
        return update(visit, self.order(*kbs, **order), self.time.pace())

    def fix_fully(
        self,
        shell: LabShell | None = None,
        terms: Terms | None = None,
        options: t.Mapping[str, t.Any] | None = None,
        **order: t.Any,
    ) -> FixedFully:
        """Packages, settings, the restart."""
        return fix_fully(self.visit(shell, terms, options), self.order(**order), self.time.pace())

    def installs(self) -> list[str]:
        """The installers of XP that were run."""
        return [command for command in self.host.counters.executed if _UPDATE_EXE.match(command)]

    def litter(self) -> list[str]:
        """What is left of runs on the host."""
        return litter(self.host)


def litter(host: SimulatedHost) -> list[str]:
    """What is left of runs on a host: folders below the Windows folder, tasks, records."""
    windows = host.files.find(r"C:\Windows")
    names = windows.entries if isinstance(windows, Folder) else ()
    folders = [name for name in names if name.lower().startswith("mailfleet")]
    tasks = [task.name for task in host.tasks.all()]
    keys = (path for path, _key in host.registry.walk(r"HKLM\SOFTWARE\MailFleet"))
    records = [path for path in keys if "\\Journal" not in path and not path.endswith("MailFleet")]
    return [*folders, *tasks, *records]


def xp(folder: Path, **entry: t.Any) -> UpdateBench:
    """A German XP, and packages for it."""
    bench = UpdateBench(folder, os="xp-sp3", language="de", **entry)
    bench.offer(XP)
    return bench


def seven(folder: Path, **entry: t.Any) -> UpdateBench:
    """A 64-bit Windows 7, and packages for it."""
    bench = UpdateBench(folder, os="win7-sp1", arch="amd64", **entry)
    bench.offer(SEVEN)
    return bench
