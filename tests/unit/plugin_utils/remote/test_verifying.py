# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is asked in a verification, and what is said of whoever is not."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.verification import ControllerAnswer, HostReport
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import audit
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.verification import MOST
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.server_options import parse_servers
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import own_schannel, verifying
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Output
from tests.support.hosts import TODAY, host

REPORT, ANSWER = HostReport(folders=("x",)), ControllerAnswer("openssl")


class NoShell:
    limit = 8000

    def run(self, line: str) -> Output:
        raise AssertionError(line)


def context_with(count: int) -> Context:
    servers = [{"host": f"mail{number}.example", "port": 993} for number in range(count)]
    return host("win7-sp1", options=AuditOptions(today=TODAY, servers=parse_servers(servers)))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[t.Any, ...]]:
    """What either side was asked: its name, how many targets, seconds."""
    said: list[tuple[t.Any, ...]] = []

    def shake_all(targets: t.Sequence[t.Any], seconds: int) -> tuple[ControllerAnswer, ...]:
        said.append(("controller", len(targets), seconds))
        return (ANSWER,) * len(targets)

    def ask(shell: t.Any, codepage: int | None, targets: t.Sequence[t.Any], seconds: int) -> HostReport:
        said.append(("host", len(targets), seconds))
        return REPORT

    monkeypatch.setattr(verifying, "shake_all", shake_all)
    monkeypatch.setattr(own_schannel, "ask", ask)
    return said


@pytest.mark.parametrize(
    ("sides", "check", "names", "why"),
    [
        (["controller", "host"], False, ["controller", "host"], ""),
        (["host"], False, ["host"], ""),
        (["controller"], False, ["controller"], "was not to be asked"),
        (["controller"], True, ["controller"], "was not to be asked"),
        (["controller", "host"], True, ["controller"], "was not asked in check mode"),
        (["host"], True, [], "was not asked in check mode"),
    ],
)
def test_who_is_asked(
    sides: list[str], check: bool, names: list[str], why: str, asked: list[tuple[t.Any, ...]]
) -> None:
    seen = context_with(2)
    answers = verifying.verify(NoShell(), seen, audit(seen), sides, 7, check=check)
    assert asked == [(name, 2, 7) for name in names]
    assert answers.controller == ((ANSWER, ANSWER) if "controller" in names else None)
    assert answers.host == (REPORT if "host" in names else None)
    assert answers.host_wanted == ("host" in sides)
    assert answers.host_why.startswith(why)
    assert bool(answers.host_why) == bool(why)
    assert answers.refusals == ("", "")


def test_not_more_than_some(asked: list[tuple[t.Any, ...]]) -> None:
    seen = context_with(MOST + 3)
    answers = verifying.verify(NoShell(), seen, audit(seen), verifying.SIDES, 1)
    assert (len(answers.targets), len(answers.left_out), len(answers.refusals)) == (MOST, 3, MOST)
    assert asked == [("controller", MOST, 1), ("host", MOST, 1)]
