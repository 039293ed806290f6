# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that break off, deny, lie or are no Windows: a clear message or unknown, never passed, never a traceback."""

from __future__ import annotations

import typing as t

import pytest

from tests.lab.fleet import Lab
from tests.support.run_ansible import playbook

HOSTS: dict[str, dict[str, t.Any]] = {
    "drops-at-create": {"faults": [{"at": "create", "kind": "drop"}]},
    "drops-at-receive": {"faults": [{"at": "receive", "kind": "drop"}]},
    "resets": {"faults": [{"at": "command", "kind": "reset"}]},
    "http-500": {"faults": [{"at": "create", "kind": "http500"}]},
    "garbage": {"faults": [{"at": "receive", "kind": "garbage"}]},
    "denied": {"faults": [{"at": "create", "kind": "denied"}]},
    "no-rights": {"faults": [{"at": "create", "kind": "fault_access_denied"}]},
    "truncates": {"faults": [{"at": "receive", "kind": "truncate"}]},
    "times-out": {
        "faults": [{"at": "receive", "kind": "timeout", "seconds": 30}],
        "vars": {"ansible_winrs_command_timeout": 3},
    },
    "disk-full": {"faults": [{"at": "command", "kind": "disk_full"}]},
    "not-windows": {"not_windows": True},
    "nobody-home": {"unreachable": True},
    "software-denied": {"unreadable": [r"HKLM\SOFTWARE"]},
    "everything-denied": {"unreadable": ["HKLM", "HKU"]},
}
#: Those of which something could be read: they have a verdict, and it is unknown.
PARTLY = ("software-denied", "everything-denied")


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, t.Any], str]:
    fleet = [{"name": name, "os": "win10-22h2", **entry} for name, entry in HOSTS.items()]
    with Lab(hosts=fleet) as lab:
        results, done = playbook(lab.inventory, tmp_path_factory.mktemp("build"), None, "-f", "20", "-vvv")
    return results, done.stdout + done.stderr


@pytest.mark.parametrize("host", HOSTS)
def test_no_fault_passes(audited: tuple[dict[str, t.Any], str], host: str) -> None:
    result = audited[0][host]
    if result.get("unreachable") or "verdict" not in result:
        message = str(result["msg"])
        assert 10 < len(message) < 500
        assert "Traceback" not in message
        assert "\n" not in message.strip()
    else:
        assert result["verdict"] == "unknown"


@pytest.mark.parametrize("host", PARTLY)
def test_what_was_denied_is_named(audited: tuple[dict[str, t.Any], str], host: str) -> None:
    result = audited[0][host]
    assert result["verdict"] == "unknown"
    assert result["unread"]
    assert "denied" in str(result["unread"]).casefold()


def test_an_unreadable_host_has_no_passed_check(audited: tuple[dict[str, t.Any], str]) -> None:
    passed = [f["id"] for f in audited[0]["everything-denied"]["findings"] if f["state"] == "pass"]
    assert passed == []


def test_no_traceback_anywhere(audited: tuple[dict[str, t.Any], str]) -> None:
    assert "Traceback (most recent call last)" not in audited[1]


def test_every_host_is_a_line_of_the_table(audited: tuple[dict[str, t.Any], str]) -> None:
    assert set(audited[0]) == set(HOSTS)
    for name in HOSTS:
        assert name[:20] in audited[1]
