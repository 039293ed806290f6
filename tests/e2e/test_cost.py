# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one audit costs on the wire, with a real registry behind it. ``make bench`` prints the figures."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from tests.lab.fleet import Lab
from tests.support.run_ansible import playbook

pytestmark = pytest.mark.realdata
KIB = 1024
MOST = {"basic": 6, "ntlm": 9}


@pytest.fixture(scope="module")
def audited(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    registry = [realdata / "hosts" / "win10-1709-office16.reg"]
    fleet = [
        {"name": "basic", "os": "win10-1709", "registry": registry, "auth": "basic"},
        {"name": "ntlm", "os": "win10-1709", "registry": registry, "auth": "ntlm"},
        {"name": "small-chunks", "os": "win10-1709", "registry": registry, "auth": "ntlm", "chunk": 4096},
    ]
    with Lab(hosts=fleet) as lab:
        results, done = playbook(lab.inventory, tmp_path_factory.mktemp("build"))
        counters = lab.counters()
    assert done.returncode == 0, done.stdout + done.stderr
    return results, counters


@pytest.mark.parametrize("host", ["basic", "ntlm"])
def test_few_requests_and_few_bytes(
    audited: tuple[dict[str, t.Any], dict[str, t.Any]], host: str, record_property: t.Callable[[str, object], None]
) -> None:
    _results, counters = audited
    seen = counters[host]
    for name in ("requests", "bytes_up", "bytes_down", "lines"):
        record_property(name, seen[name])
    assert seen["lines"] == 1
    assert seen["requests"] <= MOST[host]
    assert seen["bytes_up"] <= 40 * KIB
    assert seen["bytes_down"] <= 120 * KIB


def test_a_host_that_answers_in_small_chunks_gives_the_same_result(
    audited: tuple[dict[str, t.Any], dict[str, t.Any]], record_property: t.Callable[[str, object], None]
) -> None:
    results, counters = audited
    record_property("requests", counters["small-chunks"]["requests"])
    assert counters["small-chunks"]["requests"] > counters["ntlm"]["requests"]
    assert results["small-chunks"] == results["ntlm"]


def test_nothing_is_written_and_every_shell_is_closed(audited: tuple[dict[str, t.Any], dict[str, t.Any]]) -> None:
    for seen in audited[1].values():
        assert (seen["writes"], seen["written"], seen["refused"]) == (0, [], [])
        assert (seen["shells_open"], seen["shells_most"]) == (0, 1)
