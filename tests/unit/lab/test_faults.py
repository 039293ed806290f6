# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that goes wrong on purpose, as the real pywinrm sees it."""

from __future__ import annotations

import time
import typing as t

import pytest
import requests
from winrm.exceptions import InvalidCredentialsError, WinRMTransportError, WSManFaultError

from tests.lab.fleet import Lab

from .test_wsman import connect, run

CASES: list[tuple[str, type[Exception], str]] = [
    ("drop", requests.exceptions.ConnectionError, ""),
    ("reset", requests.exceptions.ConnectionError, ""),
    ("lost", requests.exceptions.ConnectionError, ""),
    ("http500", WinRMTransportError, "500"),
    ("garbage", Exception, ""),
    ("truncate", requests.exceptions.RequestException, ""),
    ("denied", InvalidCredentialsError, "rejected"),
    ("fault_access_denied", WSManFaultError, "Access is denied"),
    ("not_windows", WinRMTransportError, "404"),
    ("disk_full", WSManFaultError, "not enough space"),
]


@pytest.mark.parametrize("at", ["create", "command", "receive"])
@pytest.mark.parametrize(("kind", "error", "match"), CASES)
def test_fault(kind: str, error: type[Exception], match: str, at: str) -> None:
    with Lab([{"name": "h", "auth": "basic", "faults": [{"at": at, "kind": kind}]}]) as lab:
        with pytest.raises(error, match=match or None):
            run(connect(lab, "h"), "ver")
        assert not any("failed" in refused for refused in lab.host("h").counters.refused)


@pytest.mark.parametrize("kind", ["drop", "http500"])
def test_the_nth_request_once(kind: str) -> None:
    faults = [{"at": 2, "kind": kind, "times": 1}]
    with Lab([{"name": "h", "auth": "basic", "faults": faults}]) as lab:
        with pytest.raises((requests.exceptions.ConnectionError, WinRMTransportError)):
            run(connect(lab, "h"), "ver")
        lab.reset()
        assert run(connect(lab, "h"), "ver")[2] == 0


@pytest.mark.parametrize(("kind", "done"), [("drop", 0), ("reset", 0), ("lost", 1)])
@pytest.mark.parametrize("at", ["command", 2])
@pytest.mark.parametrize("command_ms", [0, 100])
def test_the_connection_dies_before_or_after_the_work(kind: str, done: int, at: int | str, command_ms: int) -> None:
    entry = {"name": "h", "auth": "basic", "command_ms": command_ms, "faults": [{"at": at, "kind": kind, "times": 1}]}
    with Lab([entry]) as lab:
        with pytest.raises(requests.exceptions.ConnectionError):
            run(connect(lab, "h"), r"md C:\x")
        assert lab.host("h").counters.writes == done
        assert lab.host("h").run(r"if exist C:\x (echo yes)")[1] == "yes\r\n" * done


def test_a_timeout_holds_the_answer_back() -> None:
    faults: list[dict[str, t.Any]] = [{"at": "receive", "kind": "timeout", "seconds": 0.5, "times": 1}]
    with Lab([{"name": "h", "auth": "basic", "faults": faults}]) as lab:
        began = time.monotonic()
        run(connect(lab, "h"), "ver")
        assert time.monotonic() - began > 0.5


def test_faults_under_encryption() -> None:
    faults = [{"at": "command", "kind": "fault_access_denied"}]
    with (
        Lab([{"name": "h", "faults": faults}]) as lab,
        pytest.raises(WSManFaultError, match="Access is denied"),
    ):
        run(connect(lab, "h", "ntlm", message_encryption="always"), "ver")
