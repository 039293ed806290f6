# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of a fix and of a rollback as plain data that is safe to show."""

from __future__ import annotations

import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.diff import diff
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import Fixed, RolledBack, Seen
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.changes import changes, withheld
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.neutral import plain
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.result import result

#: Version of the shape of these results.
SCHEMA: t.Final = "1.0"


def fixed(done: Fixed) -> dict[str, t.Any]:
    """The result of a fix. Fails where a step did not take."""
    after = done.after or done.before
    reasons = plain(list(done.restart_reasons))
    answer: dict[str, t.Any] = {
        "schema": SCHEMA,
        "changed": bool(done.steps),
        "run": done.run,
        "verdict": after.audit.verdict.value,
        "before": _seen(done.before),
        "after": _seen(done.after) if done.after else None,
        "changes": changes(done.steps),
        "withheld": withheld(done.withheld),
        "accounts_left": plain(list(done.left)),
        "errors": plain(list(done.failed)),
        "locks_broken": list(done.broken),
        "reboot_required": bool(reasons),
        "reboot_reasons": reasons,
        "diff": diff(done.steps),
    }
    if done.failed:
        many = f" (and {len(done.failed) - 1} more)" if len(done.failed) > 1 else ""
        answer["failed"] = True
        answer["msg"] = plain(f"Run {done.run} did not change all that it should: {done.failed[0]}{many}.")
    return answer


def unwound(answer: dict[str, t.Any], done: Fixed, undone: RolledBack) -> dict[str, t.Any]:
    """The result of a fix in which a step did not take, and which was undone: its settings are as they were before.

    :param answer: the result so far.
    """
    complete = not undone.failed and not undone.undo.refused
    # Packages that were run before stay.
    packages = answer.get("updates") or {"changed": False, "reboot_required": False, "reboot_reasons": []}
    answer |= {"unwound": rolled_back(undone)} | {k: packages[k] for k in ("reboot_required", "reboot_reasons")}
    if complete:
        verdict = done.before.audit.verdict.value
        answer |= {"changed": packages["changed"], "verdict": verdict, "after": _seen(done.before)}
    answer["msg"] += " It was undone." if complete else " It was undone in part."
    return answer


def not_unwound(answer: dict[str, t.Any], done: Fixed, why: str) -> dict[str, t.Any]:
    """The result of a fix in which a step did not take, and which could not be undone.

    :param answer: the result so far.
    """
    answer["msg"] += plain(f" It could not be undone: {why} Undo it with mail_tls_rollback, run: {done.run}.")
    return answer


def _seen(seen: Seen) -> dict[str, t.Any]:
    return result(seen.context, seen.audit)


def rolled_back(done: RolledBack, *, stopped: bool = False) -> dict[str, t.Any]:
    """The result of a rollback.

    :param stopped: whether one place that has drifted keeps all of it from being done.
    """
    refused = plain(list(done.undo.refused))
    stops = stopped and bool(refused)
    answer: dict[str, t.Any] = {
        "schema": SCHEMA,
        "changed": (bool(done.undo.steps) or done.forgot) and not stops,
        "run": done.run,
        "undone": list(done.undone),
        "changes": [] if stops else changes(done.undo.steps),
        "refused": refused,
        "already": plain(list(done.undo.already)),
        "notes": plain(list(done.notes)),
        "errors": plain(list(done.failed)),
        "locks_broken": list(done.broken),
        "diff": diff(() if stops else done.undo.steps),
    }
    if done.failed:
        answer |= {"failed": True, "msg": plain(f"Run {done.run} did not put all back: {done.failed[0]}.")}
    elif stops:
        answer |= {"failed": True, "msg": plain(f"Nothing was put back, since {refused[0]}")}
    return answer
