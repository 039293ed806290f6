# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks that change a fleet: who is touched when, where a run ends, what is written."""

from __future__ import annotations

import json
import subprocess
import typing as t
from pathlib import Path

import pytest

from tests.lab.fleet import Lab
from tests.support.run_ansible import run
from tests.support.update_plays import QUICK, simulated

#: Request of a fix in which its steps are sent (see test_fix.py): after that nobody knows how far it came.
STEPS = 9
SCHANNEL = r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols"
TLS12 = SCHANNEL.replace("HKLM", "HKEY_LOCAL_MACHINE", 1) + r"\TLS 1.2\Client"


def host(name: str, **more: t.Any) -> dict[str, t.Any]:
    return {"name": name, "os": "win7-sp1", **more}


def broken_off(name: str) -> dict[str, t.Any]:
    return host(name, faults=[{"at": STEPS, "kind": "lost", "times": 1}])


def play(lab: Lab, folder: Path, book: str, *words: str, **variables: t.Any) -> subprocess.CompletedProcess[str]:
    """A playbook whose results and journals stand in ``folder``."""
    given = {"mailfleet_build": str(folder), "mailfleet_journals": str(folder / "journals"), **variables}
    book = f"playbooks/{book}.yml"
    told = json.dumps(given)
    return run("ansible-playbook", "-i", str(lab.inventory), book, *words, "-e", told, environment=QUICK)


def results(folder: Path, book: str) -> dict[str, dict[str, t.Any]]:
    return {file.stem: json.loads(file.read_text("utf-8")) for file in (folder / book).glob("*.json")}


def portions(done: subprocess.CompletedProcess[str]) -> list[set[str]]:
    """The hosts of each portion, by what the first task printed for them."""
    plays = done.stdout.split("PLAY [Fix the mail clients")[1:]
    first = [text.partition("TASK [Make the folder")[0].splitlines() for text in plays]
    return [{line.split("[")[1].split("]")[0] for line in lines if ": [" in line} for lines in first]


def exports(lab: Lab) -> dict[str, t.Any]:
    return {name: one.export() for name, one in lab.hosts.items() if one.backend is not None}


def untouched(lab: Lab, *names: str) -> bool:
    return all(lab.host(name).counters.requests == 0 for name in names)


# --- who is touched when -----------------------------------------------------------------------------------------


def test_one_host_goes_first_and_then_a_fifth_at_a_time(tmp_path: Path) -> None:
    names = [f"pc-{number:02}" for number in range(11)]
    with Lab(hosts=[host(name) for name in names]) as lab:
        done = play(lab, tmp_path, "fix", "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert portions(done) == [{names[0]}, *({names[n], names[n + 1]} for n in range(1, 11, 2))]


@pytest.mark.parametrize(
    "canary",
    [host("canary", writes="deny"), host("canary", unreachable=True), broken_off("canary")],
    ids=["refuses", "is unreachable", "is lost while it is changed"],
)
def test_a_first_host_that_fails_ends_the_run(tmp_path: Path, canary: dict[str, t.Any]) -> None:
    with Lab(hosts=[canary, host("b"), host("c")]) as lab:
        done = play(lab, tmp_path, "fix", mailfleet_max_fail_percentage=50)
        assert done.returncode != 0
        assert portions(done) == [{"canary"}]
        assert untouched(lab, "b", "c")
    (result,) = results(tmp_path, "fix").values()
    assert result.get("failed") or result.get("unreachable")
    assert result["msg"].split("\\")[0] in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("bad", "percentage", "goes_on"),
    [
        (host("b", writes="deny"), 50, True),
        (broken_off("b"), 10, False),
        (host("b", unreachable=True), 10, True),
    ],
    ids=["a failure that is allowed", "lost while it was changed", "not reached"],
)
def test_later_failures_count_and_unreachable_hosts_do_not(
    tmp_path: Path, bad: dict[str, t.Any], percentage: int, goes_on: bool
) -> None:
    with Lab(hosts=[host("a"), bad, host("c"), host("d")]) as lab:
        serial = {"mailfleet_serial": [1, 2], "mailfleet_max_fail_percentage": percentage}
        done = play(lab, tmp_path, "fix", **serial)
        assert untouched(lab, "d") is not goes_on
    found = results(tmp_path, "fix")
    assert set(found) == ({"a", "b", "c", "d"} if goes_on else {"a", "b", "c"})
    assert [found[name]["verdict"] for name in ("a", "c")] == ["ok", "ok"]
    assert done.returncode != 0, "a host that was not fixed is no success"
    if bad.get("unreachable"):
        assert "Not reached, and so not fixed: b" in done.stdout + done.stderr


# --- restarts ----------------------------------------------------------------------------------------------------


def test_who_asks_gets_one_restart_where_it_is_needed_and_the_task_waits_for_it(tmp_path: Path) -> None:
    given = {"mailfleet_serial": 3, "mailfleet_max_fail_percentage": 50, "mailfleet_reboot": True}
    quick = {"second_ms": 1, "restart_ms": 5}
    fleet = [host("old", **quick), {"name": "new", "os": "win11-24h2"}, host("denied", writes="deny")]
    with Lab(hosts=fleet) as lab:
        play(lab, tmp_path, "fix", **given)
        asked = {
            name: len([words for words in one.counters.written if words.startswith("shutdown")])
            for name, one in lab.hosts.items()
        }
        restarted = simulated(lab, "old").power.restarts
    found = results(tmp_path, "fix")
    told = {name: (found[name]["restarts"], found[name]["reboot_required"]) for name in ("old", "new")}
    assert told == {"old": (1, False), "new": (0, False)}
    assert found["old"]["verdict"] == "ok"
    assert (asked, restarted) == ({"old": 1, "new": 0, "denied": 0}, 1)


# --- a fix and its undo ------------------------------------------------------------------------------------------


FLEET = [{"name": "xp", "os": "xp-sp3"}, host("win7"), {"name": "win11", "os": "win11-24h2"}]


def test_check_then_fix_then_again(tmp_path: Path) -> None:
    with Lab(hosts=FLEET) as lab:
        first = exports(lab)
        foreseen = play(lab, tmp_path, "fix", "--check", "--diff")
        assert foreseen.returncode == 0, foreseen.stdout + foreseen.stderr
        assert exports(lab) == first
        assert {name: one["writes"] for name, one in lab.counters().items()} == dict.fromkeys(first, 0)
        assert not (tmp_path / "journals").exists()
        assert '+"DisabledByDefault"=dword:00000000' in foreseen.stdout
        assert "fixable: would make" in foreseen.stdout
        planned = results(tmp_path, "fix")

        done = play(lab, tmp_path, "fix")
        assert done.returncode == 0, done.stdout + done.stderr
        found = results(tmp_path, "fix")
        assert {name: one["changes"] for name, one in found.items()} == {
            name: one["changes"] for name, one in planned.items()
        }
        assert (found["win7"]["verdict"], found["win7"]["errors"]) == ("ok", [])
        assert found["win7"]["reboot_required"]
        assert [one["refused"] for one in lab.counters().values()] == [[], [], []], "nobody asked for a restart"
        assert found["xp"]["verdict"] == "needs_update"
        assert f"(run {found['win7']['run']})" in done.stdout

        again = play(lab, tmp_path, "fix")
        assert again.returncode == 0
        assert "changed=0" in again.stdout
        assert "changed=1" not in again.stdout
    assert {oct(file.stat().st_mode & 0o777) for file in (tmp_path / "fix").glob("*.json")} == {"0o600"}


def test_a_rollback_puts_all_back(tmp_path: Path) -> None:
    with Lab(hosts=FLEET) as lab:
        first = exports(lab)
        play(lab, tmp_path, "fix", mailfleet_serial=3)
        found = results(tmp_path, "fix")
        fixed = exports(lab)
        assert fixed != first
        check = play(lab, tmp_path, "rollback", "--check", "--diff")
        assert check.returncode == 0, check.stdout + check.stderr
        assert exports(lab) == fixed
        assert f"would put back {len(found['win7']['changes'])} changes" in check.stdout

        back = play(lab, tmp_path, "rollback")
        assert back.returncode == 0, back.stdout + back.stderr
        assert exports(lab) == first
        undone = results(tmp_path, "rollback")
        assert undone["win7"]["undone"] == [found["win7"]["run"]]
        assert "nothing to undo" in play(lab, tmp_path, "rollback").stdout
    assert {oct(file.stat().st_mode & 0o777) for file in (tmp_path / "rollback").glob("*.json")} == {"0o600"}


def test_a_rollback_names_what_it_leaves_alone_and_who_was_not_there(tmp_path: Path) -> None:
    with Lab(hosts=[host("pc")]) as lab:
        play(lab, tmp_path, "fix")
        lab.host("pc").run(rf'reg add "{SCHANNEL}\TLS 1.2\Client" /v DisabledByDefault /t REG_DWORD /d 7 /f')
        stopped = play(lab, tmp_path, "rollback", mailfleet_on_drift="stop")
        assert stopped.returncode != 0
        assert "TLS 1.2" in results(tmp_path, "rollback")["pc"]["msg"]
        done = play(lab, tmp_path, "rollback")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "left alone: " in done.stdout
        assert lab.host("pc").export(TLS12)[TLS12]["DisabledByDefault"][1] == b"\x07\0\0\0"
    with Lab(hosts=[host("gone", unreachable=True)]) as lab:
        assert play(lab, tmp_path, "rollback").returncode != 0
    assert results(tmp_path, "rollback")["gone"]["unreachable"]
