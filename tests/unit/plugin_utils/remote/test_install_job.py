# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installers run by scheduled tasks of simulated hosts: begun, watched, ended, cleaned, in every dialect."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.package_commands import PackageCommand
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import install_job, job_records, job_words, stage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.job_records import JobRecord
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Output
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import cmd, wrapped_limit
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.system_task import Look, Standing
from tests.support.hosts import KNOWLEDGE
from tests.support.job_bench import CASES, RUN, SEVEN, WHERE, XP, Case, JobBench
from tests.support.lab_shell import LabShell
from tests.support.waiting import until

each = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.os} {case.installer}")


@each
def test_from_the_first_line_to_nothing_left(tmp_path: Path, case: Case) -> None:
    bench = JobBench(tmp_path, case)
    before = bench.host.files.find(r"C:\Windows")
    assert bench.look() == Look(Standing.WAITING)
    assert len(bench.start().lines) == 1
    assert bench.watched() == Look(Standing.ENDED, case.code)
    assert bench.watched() == Look(Standing.ENDED, case.code), "a look changes nothing"
    assert bench.kept() == (bench.record,)
    assert bench.installed() == 1
    assert bench.clean()
    assert bench.kept() == ()
    assert not bench.host.files.exists(WHERE)
    assert bench.host.tasks.all() == []
    assert bench.host.files.find(r"C:\Windows") is before
    assert bench.host.counters.refused == []
    assert bench.look() == Look(Standing.WAITING)


@each
@pytest.mark.parametrize("way", ["powershell", "ssh"])
def test_over_the_narrower_connections(tmp_path: Path, case: Case, way: str) -> None:
    class Narrow(LabShell):
        limit = wrapped_limit()

        def run(self, line: str) -> Output:
            return super().run(cmd(line) if way == "ssh" else line)

    Narrow.limit = 8000 if way == "ssh" else wrapped_limit()
    bench = JobBench(tmp_path, case)
    exchange = Exchange(Narrow(bench.host), 437)
    install_job.start(exchange, bench.record, bench.command)
    assert bench.watched() == Look(Standing.ENDED, case.code)
    for act in (job_words.last_words, install_job.clean):
        act(exchange, bench.record)
    assert not bench.host.files.exists(WHERE)


def test_the_longest_name_fits_into_a_line_over_powershell(tmp_path: Path) -> None:
    class Narrow(LabShell):
        limit = wrapped_limit()

    bench = JobBench(tmp_path, SEVEN._replace(file=f"{'w' * 100}.{'x' * 95}.msu"))
    install_job.start(Exchange(Narrow(bench.host), 437), bench.record, bench.command)
    assert bench.watched() == Look(Standing.ENDED, 3010)


@each
def test_a_slow_one_runs_and_goes_on_without_us(tmp_path: Path, case: Case) -> None:
    bench = JobBench(tmp_path, case, installers={case.kb: {"seconds": 150}})
    bench.start()
    until(bench.host.processes.images)
    assert bench.look() == bench.look() == Look(Standing.RUNNING)
    assert not install_job.clean(bench.exchange(), bench.record, lambda _seconds: None), "it has a file open"
    assert bench.kept() == (bench.record,)


def test_a_slow_one_is_seen_to_its_end(tmp_path: Path) -> None:
    bench = JobBench(tmp_path, XP, installers={XP.kb: {"seconds": 150}})
    bench.start()
    until(lambda: bench.look().standing is Standing.RUNNING)
    bench.start()
    assert bench.watched() == Look(Standing.ENDED, 3010)
    bench.start()
    assert bench.installed() == 1


@pytest.mark.parametrize(
    ("given", "code"), [(0, 0), (1603, 1603), (-2145124329, 0x80240017), (-1, 0xFFFFFFFF), (0x240006, 0x240006)]
)
def test_codes_are_unsigned(tmp_path: Path, given: int, code: int) -> None:
    bench = JobBench(tmp_path, XP, installers={XP.kb: {"exit_code": given}})
    bench.start()
    found = bench.watched()
    assert found == Look(Standing.ENDED, code)
    assert lookup.outcome_of(KNOWLEDGE, "update_exe", found.code or 0, "install").code == code


REMOVALS = [
    ("xp-sp3", "KB4019276", "update_exe", {"program": r"%SystemRoot%\$NtUninstallKB4019276$\spuninst\spuninst.exe"}),
    ("win7-sp1", "KB3140245", "dism", {"package": "Package_for_KB3140245~31bf3856ad364e35~amd64~~6.1.1.1"}),
    ("win7-sp1", "KB3140245", "wusa", {"number": "3140245"}),
]


@pytest.mark.parametrize(("os", "kb", "installer", "values"), REMOVALS)
def test_updates_are_removed_in_the_same_way(
    tmp_path: Path, os: str, kb: str, installer: str, values: dict[str, str]
) -> None:
    case = next(one for one in CASES if one.os == os and one.installer == installer)
    bench = JobBench(tmp_path, case)
    bench.start()
    assert bench.watched().code == 3010
    assert bench.clean()
    bench.host.restart()
    bench.record = JobRecord(kb, "remove", installer, stage.new_folder(), "", "", "", RUN)
    bench.command = PackageCommand(installer, "remove", KNOWLEDGE.installers[installer].remove, values=values)
    bench.do(job_records.write(bench.record))
    bench.start()
    assert bench.watched() == Look(Standing.ENDED, 3010)
    assert bench.clean()
    assert bench.host.counters.refused == []
