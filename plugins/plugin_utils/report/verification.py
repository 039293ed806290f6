# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a verification as plain data. Its shape is described in the documentation of mail_tls_verify."""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Sequence

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import own_schannel
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.host_names import canonical
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Protocol, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Outcome
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.verification import (
    ControllerAnswer,
    Proof,
    SeenCertificate,
    VerifyTarget,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import verification
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import Audit
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.verification import Answers, Result
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.neutral import plain
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.result import summary

#: Version of the shape of the result: the first number changes when a reader could break.
SCHEMA: t.Final = "1.0"
#: Name of the stack that answers on the host.
WINHTTP: t.Final = "winhttp"


def result(ctx: Context, audit: Audit, answers: Answers) -> dict[str, t.Any]:
    """The verification of one host, safe to show. The key ``schema`` names the version of its shape."""
    judge = own_schannel.judge(ctx)
    rows = [_target(ctx, judge, answers, index) for index in range(len(answers.targets))]
    outcomes = [outcome for _row, outcome in rows]
    verdict, reason = verification.verdict(outcomes, complete=not answers.left_out), summary(audit)[0]
    shown: dict[str, t.Any] = plain(
        {
            "schema": SCHEMA,
            "verdict": verdict,
            "reason": _reason(verdict, rows, answers.left_out),
            "audit": {"verdict": audit.verdict.value, "reason": reason, "policy": ctx.options.policy},
            "targets": [row for row, _outcome in rows],
            "left_out": [
                {**_named(target), "why": f"only the first {verification.MOST} servers are verified"}
                for target in answers.left_out
            ],
            "host": {"os": ctx.host.os, "name": ctx.host.name, **_host(answers)},
            "unread": [{"what": what, "why": why} for what, why in (*ctx.snapshot.unread, *ctx.accounts_unread)],
        }
    )
    return shown


def _reason(verdict: str, rows: Sequence[tuple[dict[str, t.Any], Outcome]], left_out: tuple[VerifyTarget, ...]) -> str:
    wanted = {word: outcome for outcome, word in verification.VERDICTS}[verdict]
    if wanted is Outcome.WORKS:
        return ""
    reasons = (f"{row['server']}:{row['port']}: {row['why']}" for row, outcome in rows if outcome is wanted)
    rest = "servers were left out" if left_out else "there is no server to verify: no account was found, and no servers"
    return next(reasons, rest)


def _named(target: VerifyTarget) -> dict[str, t.Any]:
    return {
        "server": target.server,
        "port": target.port,
        "protocol": target.protocol,
        "security": target.security.value,
    }


def _target(ctx: Context, judge: own_schannel.Judge, answers: Answers, index: int) -> tuple[dict[str, t.Any], Outcome]:
    target = answers.targets[index]
    controller = answers.controller[index] if answers.controller is not None else None
    seen = frozenset(controller.versions) if controller is not None else frozenset()
    host, of_host = _of_host(ctx, judge, answers, index, seen)
    of_controller = verification.of_controller(controller) if controller is not None else None
    both = verification.together(of_controller, of_host)
    row = {
        **_named(target),
        "wanted_by": [
            {"user": one.user, "client": one.client, "account": one.account, "audit": one.audit.value}
            for one in target.wanted_by
        ],
        "result": both.outcome.value,
        "why": both.why,
        "controller": _controller(ctx.options.today, controller) if controller is not None else None,
        "host": host,
    }
    return row, both.outcome


def _controller(today: datetime.date, answer: ControllerAnswer) -> dict[str, t.Any]:
    return {
        "stack": answer.stack,
        "result": verification.of_controller(answer).outcome.value,
        "handshake": None if not answer.tried else answer.error is None and bool(answer.versions),
        "version": answer.versions[0].value if answer.versions else None,
        "versions": [version.value for version in answer.versions],
        "suite": answer.suite or None,
        "certificate": _certificate(today, answer.certificate) if answer.certificate else None,
        "error": answer.error,
    }


def _certificate(today: datetime.date, seen: SeenCertificate) -> dict[str, t.Any]:
    try:
        days = (datetime.date.fromisoformat(seen.not_after[:10]) - today).days
    except ValueError:
        days = None
    return {
        "trusted": seen.trusted,
        "trust_error": seen.trust_error or None,
        "names": seen.names,
        "not_before": seen.not_before or None,
        "not_after": seen.not_after or None,
        "days_left": days,
        "thumbprint": seen.thumbprint,
    }


def _of_host(
    ctx: Context, judge: own_schannel.Judge, answers: Answers, index: int, seen: frozenset[Protocol]
) -> tuple[dict[str, t.Any] | None, Result | None]:
    """The row, and what it counts for: nothing where the host was not wanted, or where there is no TLS to verify."""
    target = answers.targets[index]
    if not answers.host_wanted:
        return None, None
    refusal = answers.refusals[index]
    if refusal or answers.host is None:
        why = refusal or answers.host_why
        row = _host_row("not_possible" if refusal else "not_asked", why)
        return row, None if target.security is Security.NONE else verification.of_host(Proof.NOTHING, why)
    reply = answers.host.reply(f"{canonical(target.server)}:{target.port}")
    if reply is None:
        why = answers.host.why_unusable or "no answer came back: the time of its line was up"
        return _host_row("no_answer", why), verification.of_host(Proof.NOTHING, why)
    found = own_schannel.meaning(ctx.knowledge, reply)
    proof, why = judge.proof(found, target.accepts, seen)
    row = _host_row("answered", why, proof)
    row.update(
        code=f"0x{reply.number:08X}" if reply.kind == "error" else str(reply.number),
        name=found.name or None,
        handshake=found.handshake.value,
        says=found.says,
        advice=found.advice or None,
    )
    said = f"{found.says} ({row['code']}); {why}" if why != found.says else f"{found.says} ({row['code']})"
    return row, verification.of_host(proof, said)


def _host_row(result: str, why: str, proof: Proof = Proof.NOTHING) -> dict[str, t.Any]:
    return {
        "stack": WINHTTP,
        "result": result,
        "code": None,
        "name": None,
        "handshake": Outcome.UNKNOWN.value,
        "says": None,
        "proves": proof.value,
        "why": why,
        "advice": None,
    }


def _host(answers: Answers) -> dict[str, t.Any]:
    """Whether the host's own SCHANNEL could be asked; None: it was not tried."""
    if answers.host is None or not (answers.host.folders or answers.host.why_unusable):
        tried = "there was nothing to ask it about" if answers.host is not None else answers.host_why
        return {"usable": None, "why": tried, "wrote": [], "left_behind": []}
    return {
        "usable": not answers.host.why_unusable,
        "why": answers.host.why_unusable,
        "wrote": [f"%SystemRoot%\\{folder}" for folder in answers.host.folders],
        "left_behind": answers.host.left_behind,
    }
