# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fifty hosts that need packages, values and a restart each, ten at a time; one of them never comes back."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

from tests.e2e.test_fix_playbooks import portions
from tests.lab.fleet import Lab
from tests.support.update_bench import XP, Packages
from tests.support.update_plays import RSA_ONLY, TLS12, Plays, installers, litter, simulated

GONE = "till-gone"
TILL: dict[str, t.Any] = {"os": "xp-sp3", "language": "de", "second_ms": 1, "restart_ms": 5}
#: The one that does not come back is in the second portion.
FLEET = [
    {"name": "till-a", "count": 16, **TILL},
    {"name": GONE, "never_returns": True, **TILL},
    {"name": "till-z", "count": 33, **TILL},
]
WANTED: dict[str, t.Any] = {
    "reboot": True,
    "reboot_timeout": 40,
    "serial": 10,
    "consent": ["posready"],
    "servers": [RSA_ONLY],
}


def test_fifty_hosts_converge_in_one_run_and_one_that_never_returns_stops_nobody(tmp_path: Path) -> None:
    with Lab(hosts=FLEET) as lab:
        plays = Plays(lab, tmp_path, Packages(tmp_path).offer(XP))
        done = plays.book("-f", "10", **WANTED)
        found = plays.results()
        others = set(lab.hosts) - {GONE}
        assert [len(portion) for portion in portions(done)] == [10] * 5
        assert GONE in portions(done)[1]

        for name in others:
            result = found[name]
            assert (result["verdict"], result["restarts"], result.get("failed")) == ("ok", 1, False), result.get("msg")
            assert simulated(lab, name).power.restarts == 1
            assert [one["kb"] for one in result["updates"]["packages"]] == ["KB4019276", "KB4467770"]
            assert len(installers(lab, name)) == 2
            assert lab.host(name).export(TLS12)[TLS12]["DisabledByDefault"] == (4, b"\0\0\0\0")
            assert litter(lab, name) == []
            assert lab.host(name).counters.refused == []
            assert lab.host(name).counters.shells_open == 0

        assert done.returncode == 2
        recap = dict(re.findall(r"^(\S+) +: .* failed=(\d+)", done.stdout, re.MULTILINE))
        assert {name for name, failed in recap.items() if failed != "0"} == {GONE}
        assert "did not come back within 40 seconds of its restart" in found[GONE]["msg"]
        assert found[GONE]["msg"].isprintable()
        assert found[GONE]["failed"]

        # Somebody presses its button; a new run, of that host only, ends the matter.
        simulated(lab, GONE).power.switch_on()
        again = plays.book("--limit", f"{GONE},localhost", **WANTED)
        assert again.returncode == 0, again.stdout + again.stderr
        last = plays.results()[GONE]
        assert (last["verdict"], last["errors"], last["updates"]["packages"]) == ("ok", [], [])
        assert len(installers(lab, GONE)) == 2
        # A lock of an earlier boot counts for nothing; the next run that changes something takes it away.
        assert set(litter(lab, GONE)) <= {"mailfleet.lock"}
