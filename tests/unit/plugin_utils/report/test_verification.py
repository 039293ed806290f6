# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a verification: every case of the host's side, and nothing in it that could act on a console."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Protocol
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.verification import (
    ControllerAnswer,
    HostReport,
    Reply,
    SeenCertificate,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import audit
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.verification import Answers, targets
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.server_options import parse_servers
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.verification import result
from tests.support.hosts import TODAY, host

ADDRESS = "mail.example:993"
FOLDER = "MailFleet-0123456789abcdef"
GOOD = ControllerAnswer(
    "OpenSSL 3", None, (Protocol.TLS12,), "SUITE", SeenCertificate(True, "", "AB", ("mail.example",), "", "2026-12-01")
)


def seen(*servers: dict[str, t.Any]) -> Context:
    wanted = parse_servers(list(servers or ({"host": "mail.example", "port": 993},)))
    return host("win10-1709", options=AuditOptions(today=TODAY, servers=wanted))


def verified(
    ctx: Context, controller: ControllerAnswer | None, report: HostReport | None, refusal: str = "", why: str = ""
) -> dict[str, t.Any]:
    judged = audit(ctx)
    found, left = targets(ctx, judged)
    answered = None if controller is None else (controller,) * len(found)
    wanted = report is not None or bool(why or refusal)
    return result(ctx, judged, Answers(found, left, answered, report, (refusal,) * len(found), wanted, why))


def replied(kind: str, number: int) -> HostReport:
    return HostReport(replies=((ADDRESS, Reply(kind, number)),), folders=(FOLDER,))


@pytest.mark.parametrize(
    ("report", "refusal", "why", "row", "proves", "verdict"),
    [
        (replied("status", 200), "", "", "answered", "works", "ok"),
        (replied("error", 0x80072F78), "", "", "answered", "works", "ok"),
        (replied("error", 0x80072F7D), "", "", "answered", "fails", "failed"),
        (replied("error", 0x80072F8F), "", "", "answered", "nothing", "unknown"),
        (HostReport(folders=(FOLDER,)), "", "", "no_answer", "nothing", "unknown"),
        (HostReport("disabled", folders=(FOLDER,)), "", "", "no_answer", "nothing", "unknown"),
        (HostReport(), "not possible", "", "not_possible", "nothing", "unknown"),
        (None, "", "check mode", "not_asked", "nothing", "unknown"),
    ],
)
def test_the_host(report: HostReport | None, refusal: str, why: str, row: str, proves: str, verdict: str) -> None:
    found = verified(seen(), GOOD, report, refusal, why)
    (target,) = found["targets"]
    assert (target["host"]["stack"], target["host"]["result"], target["host"]["proves"]) == ("winhttp", row, proves)
    assert found["verdict"] == verdict
    assert bool(found["reason"]) is (verdict != "ok")
    assert json.loads(json.dumps(found)) == found


def test_the_controller_alone() -> None:
    found = verified(seen(), GOOD, None)
    (target,) = found["targets"]
    assert (found["verdict"], target["host"], target["controller"]["version"]) == ("ok", None, "TLS 1.2")
    assert target["controller"]["certificate"]["days_left"] == 9
    assert [one["client"] for one in target["wanted_by"]] == ["schannel"]


def test_clear_text_has_nothing_for_the_host_to_prove() -> None:
    ctx = seen({"host": "mail.example", "port": 110, "protocol": "pop3", "security": "none"})
    assert verified(ctx, ControllerAnswer("clear text"), HostReport(), "not possible")["verdict"] == "ok"


def test_what_is_left_out_is_named_and_no_success() -> None:
    found = verified(seen(*({"host": f"s{number}.example", "port": 993} for number in range(51))), GOOD, None)
    assert [one["server"] for one in found["left_out"]] == ["s50.example"]
    assert (found["verdict"], found["reason"]) == ("unknown", "servers were left out")


def test_whether_the_host_could_be_asked() -> None:
    asked = verified(seen(), GOOD, HostReport("it said: \x1b[31m", folders=(FOLDER,), left_behind=(FOLDER,)))["host"]
    assert asked["usable"] is False
    assert asked["why"] == r"it said: \x1b[31m"
    assert (asked["wrote"], asked["left_behind"]) == ([rf"%SystemRoot%\{FOLDER}"], [FOLDER])
    assert verified(seen(), GOOD, replied("status", 200))["host"]["usable"] is True
    assert verified(seen(), GOOD, None, why="check mode")["host"]["usable"] is None
