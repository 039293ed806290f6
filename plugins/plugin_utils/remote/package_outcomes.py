# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a package: what its installer said, and what is seen on the host."""

from __future__ import annotations

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.install_rows import GOOD
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.installation import after_run
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import PackageRun
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import job_words
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.job_records import JobRecord
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.workplace import PackageFailed, Workplace, clean


def judged(place: Workplace, record: JobRecord, code: int) -> PackageRun:
    """What the exit code says; then nothing of it is left on the host.

    :param code: unsigned.
    :raises ShellError: the connection was lost.
    """
    update = place.knowledge.updates[record.kb]
    meaning = lookup.outcome_of(place.knowledge, record.installer, code, record.verb)
    said = "" if meaning.good else job_words.last_words(place.exchange, record)
    clean(place, record)
    if meaning.outcome == "not_applicable":
        meaning = after_run(place.look_again(), update, meaning)
    words = f"{record.kb} {clause(meaning.words)}"
    if not meaning.good:
        words += f" (exit code {meaning.code_text})" + (f"; its last words were: {clause(said)}" if said else "")
    run = PackageRun(record.kb, record.verb, meaning.outcome, f"{words}.", record.file, meaning.code_text)
    restarted = meaning.outcome == "needs_reboot" and place.hold.boot != record.boot
    return run.in_force() if restarted and _is_done(place, record) else run


def after_breaking_off(place: Workplace, record: JobRecord) -> PackageRun:
    """Nobody has seen its exit code; what is on the host tells whether it is in.

    :raises PackageFailed: the host is not as it was to be.
    :raises ShellError: the connection was lost.
    """
    clean(place, record)
    found = presence(place.look_again(), record.kb)
    there = found.present or found.pending
    if there if record.verb == "install" else found.present is False and not found.pending:
        done = "installed" if record.verb == "install" else "removed"
        words = f"{record.kb} is {done}, though the installer broke off before it told so: {clause(found.why)}."
        return PackageRun(record.kb, record.verb, "needs_reboot" if found.pending else done, words, record.file)
    words = (
        f"{record.kb} broke off: the host restarted, somebody ended its task, or its disk is full; see to that and run"
        " again."
    )
    raise PackageFailed(PackageRun(record.kb, record.verb, "failed", words, record.file))


def _is_done(place: Workplace, record: JobRecord) -> bool:
    """Whether the update is in force, or gone for good."""
    found = presence(place.look_again(), record.kb)
    return found.present is (record.verb == "install") and not found.pending


def untrue(run: PackageRun, ctx: Context, *, waits: bool) -> str:
    """What is wrong with a run that is said to have gone well, by a reading after it; "" where nothing is.

    :param waits: a restart is still to come, and until then files of a removed update are there.
    """
    if run.outcome not in GOOD:
        return ""
    found = presence(ctx, run.kb)
    if run.verb == "install" and found.present is False and not found.pending:
        return f"{run.kb} is not in, though its installer said that it installed it: {clause(found.why)}."
    if run.verb == "remove" and found.present and not waits:
        return f"{run.kb} is still in, though its installer said that it removed it: {clause(found.why)}."
    return ""
