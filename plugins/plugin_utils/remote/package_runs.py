# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One package on one host: sent, run by a task of the host, watched, judged, and removed again.

The host keeps a record from the first byte to the last step, so whoever comes next finds what was begun: half a file is
completed, a running installation is watched, an ended one is judged.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from dataclasses import replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.install_rows import GOOD, Verb
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.package_commands import PackageCommand
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.packages import PackageFile
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import PackageRun
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import install_job, job_records, lock, stage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.deliver import deliver
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.holding import insist_on_being_wanted
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.job_records import JobRecord
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.package_outcomes import after_breaking_off, judged
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.system_task import Look, Standing, TaskError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_text import TransferError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_order import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.workplace import PackageFailed, Workplace, clean

#: Seconds: until a task has begun, and in which one does that was told to just now; between two lines for people; how
#: long a host may be out of reach meanwhile.
_BEGINS: t.Final = 120
_ABOUT_TO_BEGIN: t.Final = 3
_NEWS: t.Final = 30
_AWAY: t.Final = 60
_MEGABYTE: t.Final = 1_000_000


def install(
    place: Workplace, kb: str, file: PackageFile, command: PackageCommand, begun: JobRecord | None
) -> PackageRun:
    """Send that package and run it.

    :param begun: record of an earlier run that had begun to send the same file.
    :raises PackageFailed: it did not get there, was refused, broke off, failed, or still runs.
    :raises ShellError: the connection was lost; the record tells the next run how far this one came.
    """
    if (source := place.order.source) is None:
        raise ValueError("there is no source of packages")
    folder = begun.folder if begun is not None else stage.new_folder()
    record = _record(place, kb, "install", command, folder, file.name, file.sha256)
    _write(place, record)
    try:
        deliver(
            place.shell,
            source,
            file,
            record.folder,
            _sent(place, kb),
            second_hop=place.second_hop,
            domain=place.domain,
            version=place.version,
            clock=place.pace.clock,
            sleep=place.pace.sleep,
        )
    except TransferError as error:
        clean(place, record)
        raise PackageFailed(PackageRun(kb, "install", "failed", f"{kb} was not run: {error}", file.name)) from error
    return _run(place, record, command)


def remove(place: Workplace, kb: str, command: PackageCommand) -> PackageRun:
    """Run what removes an update.

    :raises PackageFailed: as :func:`install`.
    :raises ShellError: as :func:`install`.
    """
    record = _record(place, kb, "remove", command, stage.new_folder())
    _write(place, record)
    return _run(place, record, command)


def finish(place: Workplace, record: JobRecord) -> PackageRun | None:
    """See what became of a package that an earlier run had begun: to its end, if it still runs.

    None: nothing was begun, so it can be sent, or gone on with, under the same record.

    :raises PackageFailed: it still runs when the time is over, or broke off.
    """
    look = _patient_look(place, record)
    if look.standing is Standing.WAITING:
        # It may have been told to begin a moment ago.
        place.pace.sleep(_ABOUT_TO_BEGIN)
        look = _patient_look(place, record)
    if look.standing is Standing.WAITING:
        return None
    if look.standing is Standing.RUNNING:
        place.pace.report(f"{record.kb}: run {record.run} had begun it, and it still runs")
    try:
        return replace(judged(place, record, _watched(place, record)), resumed=True)
    except _Broken:
        return replace(after_breaking_off(place, record), resumed=True)
    except TaskError as error:
        raise _not_run(place, record, error) from error


class _Broken(Exception):
    """It ended, and nobody knows how."""


def _record(
    place: Workplace, kb: str, verb: Verb, command: PackageCommand, folder: str, file: str = "", sha256: str = ""
) -> JobRecord:
    return JobRecord(kb, verb, command.installer, folder, file, sha256, place.hold.boot, place.hold.run)


def _write(place: Workplace, record: JobRecord) -> None:
    if record.kb in place.dirty:
        words = (
            f"{record.kb} was not run: something on the host still has files of an earlier run of it open; run again in"
            " a few minutes, or restart the host."
        )
        raise PackageFailed(PackageRun(record.kb, record.verb, "failed", words, record.file))
    place.hold.renew()
    writing = lock.guarded(record.run, job_records.write(record))
    place.exchange.run((section("record", Query("OWR", command=writing)),))


def _sent(place: Workplace, kb: str) -> Callable[[int, int], None]:
    """Tells how far a file has come, not too often, and keeps the lock meanwhile."""
    told = place.pace.clock()

    def report(done: int, total: int) -> None:
        nonlocal told
        place.hold.renew()
        if place.pace.clock() - told >= _NEWS:
            told = place.pace.clock()
            far = f"{done / _MEGABYTE:.0f} of {total / _MEGABYTE:.0f} MB sent" if total else "on its way"
            place.pace.report(f"{kb}: {far}")

    return report


def _run(place: Workplace, record: JobRecord, command: PackageCommand) -> PackageRun:
    # The host may have restarted by itself while the package was sent.
    place.hold.renew(always=True)
    record = replace(record, boot=place.hold.boot)
    what = "the installer" if record.verb == "install" else "its removal"
    place.pace.report(f"{record.kb}: {what} begins, for up to {place.order.install_timeout} seconds")
    try:
        install_job.start(place.exchange, record, command)
        code = _watched(place, record)
        # It may have restarted before the installer began, too: what counts is the boot in which that ended.
        place.hold.renew(always=True)
    except _Broken:
        return after_breaking_off(place, record)
    except TaskError as error:
        raise _not_run(place, record, error) from error
    run = judged(place, record, code)
    if run.outcome not in GOOD:
        raise PackageFailed(run)
    return run


def _not_run(place: Workplace, record: JobRecord, error: TaskError) -> PackageFailed:
    clean(place, record)
    return PackageFailed(PackageRun(record.kb, record.verb, "failed", f"{record.kb} was not run: {error}", record.file))


def _watched(place: Workplace, record: JobRecord) -> int:
    """Until it ends: its exit code.

    :raises _Broken: it broke off, or the host could not write its exit code down.
    :raises TaskError: the host's scheduler does not begin it.
    :raises PackageFailed: the time is over, and it still runs.
    """
    pace, begin = place.pace, place.pace.clock()
    pause, told = FIRST_PAUSE, begin
    while True:
        look = _patient_look(place, record)
        spent = pace.clock() - begin
        if look.standing is Standing.BROKEN or (look.standing is Standing.ENDED and look.code is None):
            raise _Broken
        if look.code is not None:
            return look.code
        if look.standing is Standing.WAITING and spent >= _BEGINS:
            raise TaskError(
                f"the Task Scheduler of the host did not begin it within {_BEGINS} seconds; see whether its service"
                " (Schedule) runs, and whether a laptop is plugged in, then run again."
            )
        if spent >= place.order.install_timeout:
            raise PackageFailed(_still_running(place, record))
        if pace.clock() - told >= _NEWS:
            told = pace.clock()
            pace.report(f"{record.kb}: runs for {spent:.0f} seconds")
        insist_on_being_wanted(pace)
        place.hold.renew()
        pace.sleep(min(pause, max(place.order.install_timeout - spent, FIRST_PAUSE)))
        pause = min(pause * 1.5, LONGEST_PAUSE)


def _patient_look(place: Workplace, record: JobRecord) -> Look:
    """A look at it; a host that is out of reach for a while is asked again: the task runs without us."""
    pace, begin = place.pace, place.pace.clock()
    while True:
        try:
            return install_job.look(place.exchange, record)
        except ShellError as error:
            if not error.unreachable or pace.clock() - begin >= _AWAY:
                raise
            pace.report(f"{record.kb}: the host is out of reach; it is asked again")
            pace.sleep(LONGEST_PAUSE)


def _still_running(place: Workplace, record: JobRecord) -> PackageRun:
    words = (
        f"{record.kb} still runs after {place.order.install_timeout} seconds (install_timeout) and was left running;"
        " run again to go on watching, or restart the host, should it hang, and run again."
    )
    return PackageRun(record.kb, record.verb, "running", words, record.file)
