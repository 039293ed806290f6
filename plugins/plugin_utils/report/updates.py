# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of an update run, and of a fix that runs packages or restarts, as plain data that is safe to show."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.diff import diff as diff_of_steps
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.installation import StepKind
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.places import ABSENT_WORD
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import (
    CHANGING,
    Fixed,
    FixedFully,
    PackageRun,
    Updated,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.changes import changes
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.neutral import neutral, plain
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.result import result
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.runs import fixed, not_unwound, unwound

#: Version of the shape of these results: the first number changes when a reader could break.
SCHEMA: t.Final = "1.0"

_LATER: t.Final = ", in force after a restart"


def updated(done: Updated) -> dict[str, t.Any]:
    """The result of an update run. Fails where something went wrong; unreachable if the host is lost by that."""
    after = done.after or done.before
    answer: dict[str, t.Any] = {
        "schema": SCHEMA,
        "changed": done.changed,
        "verdict": after.audit.verdict.value,
        "before": result(done.before.context, done.before.audit),
        "after": result(done.after.context, done.after.audit) if done.after else None,
        **_about(done),
        "diff": diff(done),
    }
    return answer | _failure(done.failed, lost=done.lost)


def fixed_fully(done: FixedFully) -> dict[str, t.Any]:
    """The result of a fix with its packages and its restart.

    :raises ValueError: neither packages nor settings.
    """
    first, again = _settings(done), fixed(done.again) if done.again else None
    last = again or first
    answer: dict[str, t.Any] = {
        **first,
        **{name: last[name] for name in ("verdict", "after")},
        "changed": done.restarted or first["changed"] or last["changed"],
        "changes": [*first["changes"], *(again["changes"] if again else ())],
        "withheld": last["withheld"],
        "run_again": again["run"] if again else None,
        "restarts": int(done.restarted),
        "diff": _joined(first["diff"], again["diff"] if again else {}),
        "errors": [*first["errors"], *plain([done.failed] if done.failed else []), *(again["errors"] if again else ())],
        "locks_broken": [*first["locks_broken"], *done.broken, *(again["locks_broken"] if again else ())],
        **_restart([] if done.restarted and again is None else last["reboot_reasons"]),
        **(_failure((done.failed,)) if done.failed else {}),
        **{name: again[name] for name in ("failed", "msg") if again and name in again},
    }
    if done.updated is not None:
        answer = _with_updates(done.updated, answer)
    if done.fixed is not None and done.unwound is not None:
        return unwound(answer, done.fixed, done.unwound)
    return not_unwound(answer, done.fixed, done.not_unwound) if done.fixed and done.not_unwound else answer


def _settings(done: FixedFully) -> dict[str, t.Any]:
    """The result of the settings; where packages failed, none was touched."""
    if done.fixed is not None:
        return fixed(done.fixed)
    if done.updated is None:
        raise ValueError("a fix has settings or packages")
    return {**fixed(Fixed(done.updated.before, done.updated.after, (), ())), **_restart([])}


def _with_updates(done: Updated, answer: dict[str, t.Any]) -> dict[str, t.Any]:
    about = _about(done)
    planned = any(one.outcome == "planned" for one in done.packages)
    reasons = [*about["reboot_reasons"], *answer["reboot_reasons"]]
    refused = [step for step in about["left"] if step["kind"] == StepKind.REFUSED.value]
    return {
        **answer,
        "changed": done.changed or answer["changed"],
        "before": result(done.before.context, done.before.audit),
        "after": None if planned else answer["after"],
        "updates": {"changed": done.changed, **about},
        "withheld": [*(_withheld(step) for step in refused), *answer["withheld"]],
        "restarts": done.restarts + answer["restarts"],
        **{name: [*about[name], *answer[name]] for name in ("errors", "locks_broken")},
        "diff": _joined(diff(done), answer["diff"]),
        **_restart(list(dict.fromkeys(reasons))),
        **_failure(done.failed, lost=done.lost),
    }


def _withheld(step: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """An update that was left out, as a change that was withheld."""
    nowhere = dict.fromkeys(("key", "name", "consent"))
    return {"family": "updates", "what": step["kb"], "why": step["why"], **nowhere}


def _restart(reasons: list[str]) -> dict[str, t.Any]:
    return {"reboot_required": bool(reasons), "reboot_reasons": reasons}


def _joined(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    return {side: first[side] + second.get(side, "") for side in ("before", "after")}


def diff(done: Updated) -> dict[str, str]:
    """``before`` and ``after`` as Ansible compares them: a line for each update, then the places of the registry."""
    runs = [one for one in done.packages if one.outcome in CHANGING]
    steps = diff_of_steps(done.steps)
    before = "".join(_line(one, _unlike(one)) for one in runs)
    after = "".join(_line(one, _became(one, waits=bool(done.restart_needed))) for one in runs)
    return {"before": before + steps["before"], "after": after + steps["after"]}


def _line(one: PackageRun, words: str) -> str:
    return f"update {neutral(one.kb)}: {words}\n"


def _unlike(one: PackageRun) -> str:
    return ABSENT_WORD if one.verb == "install" else "installed"


def _became(one: PackageRun, *, waits: bool) -> str:
    words = "installed" if one.verb == "install" else ABSENT_WORD
    return words + (_LATER if waits and one.outcome == "needs_reboot" else "")


def _about(done: Updated) -> dict[str, t.Any]:
    """Everything about the updates themselves."""
    shown: dict[str, t.Any] = plain(
        {
            "packages": [_package(one) for one in done.packages],
            "left": [
                {"kb": step.update, "kind": step.kind.value, "why": step.why, "by": step.by or None}
                for step in done.left
            ],
            "run": done.run,
            "restarts": done.restarts,
            **_restart([done.restart_needed] if done.restart_needed else []),
            "remarks": done.remarks,
            "errors": done.failed,
            "locks_broken": done.broken,
        }
    )
    return {**shown, "changes": changes(done.steps)}


def _package(one: PackageRun) -> dict[str, t.Any]:
    return {
        "kb": one.kb,
        "verb": one.verb,
        "outcome": one.outcome,
        "words": one.words,
        "file": one.file or None,
        "code": one.code or None,
        "resumed": one.resumed,
    }


def _failure(failed: tuple[str, ...], *, lost: bool = False) -> dict[str, t.Any]:
    """What makes a task fail, nothing where all went well. ``lost``: the host does not answer any more."""
    if not failed:
        return {}
    many = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
    return {"unreachable" if lost else "failed": True, "msg": plain(f"{clause(failed[0])}{many}.")}
