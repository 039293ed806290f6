# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated host with a package on it, and what runs that package."""

from __future__ import annotations

import hashlib
import time
import typing as t
from pathlib import Path

from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.package_commands import PackageCommand
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import install_job, job_records, job_words
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.job_records import JobRecord
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.system_task import Look, Standing
from tests.lab.entry import read_entry
from tests.lab.host import SimulatedHost
from tests.lab.packages import package
from tests.support.hosts import KNOWLEDGE
from tests.support.lab_shell import LabShell
from tests.support.waiting import until

FOLDER = "MailFleet-0123456789abcdef"
WHERE = rf"C:\Windows\{FOLDER}"
RUN = "20261122T100000Z-0123abcd"
#: That of the run, as the lock of the host has it.
LOCK = rf"C:\Windows\MailFleet.lock\{RUN}"
_POSREADY = r"HKLM\SYSTEM\WPA\PosReady"
_SHA1 = "3822fc1692076429a7dc051b00213d5e1240ce3d"


class Case(t.NamedTuple):
    """One dialect: the update that is installed there, and by what."""

    os: str
    kb: str
    file: str
    arch: str
    installer: str
    code: int


CASES = [
    Case("xp-sp3", "KB4019276", f"windowsxp-kb4019276-x86-embedded-enu_{_SHA1}.exe", "x86", "update_exe", 3010),
    Case("server-2003-sp2", "KB948963", "WindowsServer2003-KB948963-x86-ENU.exe", "x86", "update_exe", 3010),
    Case("vista-sp2", "KB4019276", f"windows6.0-kb4019276-x86_{_SHA1}.msu", "x86", "pkgmgr", 3010),
    Case("win7-sp1", "KB3140245", f"Windows6.1-KB3140245-x64_{_SHA1}.msu", "amd64", "dism", 3010),
    Case("win7-sp1", "KB3140245", f"Windows6.1-KB3140245-x64_{_SHA1}.msu", "amd64", "wusa", 3010),
    Case("win10-22h2", "KB3140245", "Windows6.1-KB3140245-x64.msu", "amd64", "dism", 0x800F081E),
    Case("win10-22h2", "KB3140245", "Windows6.1-KB3140245-x64.msu", "amd64", "wusa", 0x80240017),
]
XP, SEVEN, TEN = CASES[0], CASES[3], CASES[5]


class JobBench:
    """A host with a package and its record on it."""

    def __init__(self, folder: Path, case: Case, **entry: t.Any) -> None:
        entry = {"name": "pc", "os": case.os, "second_ms": 1, "restart_ms": 1, **entry}
        self.case, self.host = case, SimulatedHost("pc", read_entry(entry, folder), {})
        if case.os == "xp-sp3":
            self.host.registry.set_number(_POSREADY, "Installed", 1)
        named = "win7-sp1" if case.os == "win10-22h2" else case.os
        content = package(case.kb, named, case.arch)
        self.host.files.make(WHERE)
        self.host.files.open(rf"{WHERE}\{case.file}", append=False).content = content
        digest = hashlib.sha256(content).hexdigest()
        self.record = JobRecord(case.kb, "install", case.installer, FOLDER, case.file, digest, "1f", RUN)
        row = KNOWLEDGE.installers[case.installer]
        prepare = row.prepare if case.file.endswith("msu") else ()
        self.command = PackageCommand(row.id, "install", row.install, prepare)
        self.do(job_records.write(self.record))
        self.host.files.make(LOCK)

    def do(self, command: str) -> None:
        self.exchange().run([section("s", Query("X", command=command))])

    def exchange(self, **how: t.Any) -> Exchange:
        return Exchange(LabShell(self.host, **how), 437)

    def start(self, **how: t.Any) -> LabShell:
        exchange = self.exchange(**how)
        install_job.start(exchange, self.record, self.command)
        return t.cast(LabShell, exchange.shell)

    def look(self) -> Look:
        exchange = self.exchange()
        found = install_job.look(exchange, self.record)
        assert len(t.cast(LabShell, exchange.shell).lines) == 1
        return found

    def watched(self) -> Look:
        """Until it neither waits nor runs."""
        until(lambda: self.look().standing not in (Standing.WAITING, Standing.RUNNING))
        return self.look()

    def kept(self) -> t.Any:
        return job_records.records(self.exchange().run([job_records.records_section()]))

    def clean(self) -> bool:
        return install_job.clean(self.exchange(), self.record, lambda _seconds: time.sleep(0.05))

    def words(self) -> str:
        return job_words.last_words(self.exchange(), self.record)

    def installed(self) -> int:
        """How often its installer was begun."""
        begun = {"update_exe": self.case.file, "pkgmgr": "start /w", "dism": "dism ", "wusa": "wusa.exe "}
        ran = [one for one in self.host.counters.executed if begun[self.case.installer] in one.partition("/tr")[0]]
        return len([one for one in ran if not one.startswith(("echo", "expand", "reg"))])
