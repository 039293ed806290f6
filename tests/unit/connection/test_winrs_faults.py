# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints that misbehave: one clear line, no shell left where that can be helped, never a traceback."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Iterator

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from tests.lab.entry import HostEntry
from tests.lab.fleet import Lab
from tests.unit.connection.conftest import Connect

KINDS = ("drop", "reset", "http500", "garbage", "denied", "fault_access_denied", "not_windows")
#: Prints some 20 KB.
LONG = f"echo off&for %k in ({' '.join(map(str, range(400)))}) do (echo %k {'x' * 50})"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """One host for every way to fail."""
    hosts: list[t.Any] = [
        {"name": "gone", "os": "win7-sp1", "unreachable": True},
        {"name": "slow", "os": "win10-1709", "auth": "basic", "chunk": 4096, "faults": [timeout(4)]},
        {"name": "slow-ntlm", "os": "win10-1709", "auth": "ntlm", "chunk": 4096, "faults": [timeout(7)]},
        HostEntry("chatty", "win10-1709", auth="basic", chunk=4096),
    ]
    for kind in KINDS:
        for operation in ("create", "command", "receive"):
            for auth in ("basic", "ntlm"):
                fault = {"at": operation, "kind": kind}
                hosts.append({"name": f"{kind}-{operation}-{auth}", "os": "win7-sp1", "auth": auth, "faults": [fault]})
    with Lab(hosts) as running:
        yield running


def timeout(at: int) -> dict[str, t.Any]:
    """A host that leaves one request without an answer."""
    return {"at": at, "kind": "timeout", "seconds": 60, "times": 1}


@pytest.mark.parametrize("auth", ["basic", "ntlm"])
@pytest.mark.parametrize("operation", ["create", "command", "receive"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_host_that_misbehaves_is_told_in_one_line(
    lab: Lab, connect: Connect, kind: str, operation: str, auth: str
) -> None:
    with pytest.raises(AnsibleConnectionFailure) as failure:
        connect(lab, f"{kind}-{operation}-{auth}").run("ver")
    text = str(failure.value)
    assert text
    assert "\n" not in text
    assert "Traceback" not in text
    assert "fault data" not in text
    assert len(text) < 300


def test_a_host_that_is_not_there_is_unreachable(lab: Lab, connect: Connect) -> None:
    with pytest.raises(ShellError) as failure:
        connect(lab, "gone").audit()
    assert failure.value.unreachable
    assert str(failure.value).startswith("ntlm: cannot connect (Connection refused); nothing listens there")


@pytest.mark.parametrize("host", ["slow", "slow-ntlm"])
def test_a_command_has_a_deadline_and_what_it_printed_is_kept(lab: Lab, connect: Connect, host: str) -> None:
    patience = {"ansible_winrm_operation_timeout_sec": 2, "ansible_winrm_read_timeout_sec": 3}
    connection = connect(lab, host, ansible_winrs_command_timeout=1, **patience)
    begun = time.monotonic()
    rc, out, err = connection.run(LONG)
    assert time.monotonic() - begun < 10
    assert rc == 258
    assert len(out) == 4096
    assert b"took more than 1 seconds (ansible_winrs_command_timeout) and was terminated" in err
    connection.close()
    assert lab.host(host).counters.shells_open == 0


def test_output_has_a_limit(lab: Lab, connect: Connect) -> None:
    connection = connect(lab, "chatty", ansible_winrs_output_limit=5000)
    rc, out, err = connection.run(LONG)
    assert (rc, len(out)) == (258, 8192)
    assert b"printed more than 5000 bytes (ansible_winrs_output_limit)" in err
    assert connection.run("ver")[0] == 0
