# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong with packages over the wire: each with one sentence, and the next run gets there."""

from __future__ import annotations

import concurrent.futures
import re
import time
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab.fleet import Lab
from tests.lab.host import SimulatedHost
from tests.support.update_bench import XP, Packages
from tests.support.update_plays import Plays, installers, installing, litter, looks, network, sentence, simulated
from tests.support.waiting import until

KB = "KB4019276"
QUICK: dict[str, t.Any] = {"os": "xp-sp3", "language": "de", "second_ms": 1, "restart_ms": 5}
WISH: dict[str, t.Any] = {"kb": [KB], "consent": ["posready"]}


class Case(t.NamedTuple):
    """What is wrong with a host, what is then said, what somebody does about it, whether a restart ends the run."""

    entry: dict[str, t.Any]
    words: str
    heal: Callable[[SimulatedHost], object] = lambda host: None
    breaks: Callable[[SimulatedHost], object] = lambda host: None


def _well_behaved(host: SimulatedHost) -> None:
    t.cast(dict[str, t.Any], host.entry.installers).clear()


def _restarted(host: SimulatedHost) -> None:
    _well_behaved(host)
    host.power.restart()


def _no_room(host: SimulatedHost) -> None:
    host.files.room = 300_000


def _room(host: SimulatedHost) -> None:
    host.files.room = 0


def _no_scheduler(host: SimulatedHost) -> None:
    host.missing |= {"schtasks"}


def _scheduler(host: SimulatedHost) -> None:
    host.missing -= {"schtasks"}


CASES: dict[str, Case] = {
    "full": Case({}, "disk is full", _room, _no_room),
    "home": Case({}, "schtasks", _scheduler, _no_scheduler),
    "fails": Case({"installers": {KB: {"exit_code": 1603}}}, r"KB4019276 failed .*\(exit code 1603\)", _well_behaved),
    "hangs": Case({"installers": {KB: {"hangs": True}}}, "still runs after 40 seconds", _restarted),
    "slow": Case({"installers": {KB: {"seconds": 4000}}}, r"still runs after 40 seconds \(install_timeout\)"),
    "gone": Case({"never_returns": True}, "did not come back within 40 seconds", lambda host: host.power.switch_on()),
    "deaf": Case({"ignores_shutdown": True}, "did not go down within 40 seconds", lambda host: host.power.restart()),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, t.Any]]:
    """For each case: the result of the first run, of the one after somebody saw to the host, and what is there then."""
    folder = tmp_path_factory.mktemp("cases")
    with Lab(hosts=[{"name": name, **QUICK, **case.entry} for name, case in CASES.items()]) as lab:
        plays = Plays(lab, folder, Packages(folder).offer(XP, size=350_000))
        for name, case in CASES.items():
            case.breaks(simulated(lab, name))
        first = plays.call("-f", "7", **WISH, reboot=True, install_timeout=40, reboot_timeout=40)
        for name, case in CASES.items():
            case.heal(simulated(lab, name))
        second = plays.call("-f", "7", **WISH, reboot=True)
        third = plays.call("-f", "7", **WISH, reboot=True)
        return {
            name: {
                "first": first[name],
                "second": second[name],
                "third": third[name],
                "litter": litter(lab, name),
                "installers": installers(lab, name),
            }
            for name in CASES
        }


@pytest.mark.parametrize("name", CASES)
def test_it_is_one_sentence_and_a_new_run_gets_there(told: dict[str, dict[str, t.Any]], name: str) -> None:
    story = told[name]
    assert re.search(CASES[name].words, sentence(story["first"]))
    assert story["second"].get("errors") == [], story["second"].get("msg")
    assert story["second"]["reboot_required"] is False
    assert (story["third"]["changed"], story["third"]["packages"]) == (False, [])
    assert [one["kind"] for one in story["third"]["left"]] == ["present"]
    # A lock of an earlier boot counts for nothing.
    assert set(story["litter"]) <= {"mailfleet.lock"}


def test_what_went_on_is_found_and_not_begun_again(told: dict[str, dict[str, t.Any]]) -> None:
    assert [one["resumed"] for one in told["slow"]["second"]["packages"]] == [True]
    assert len(told["slow"]["installers"]) == 1
    assert len(told["hangs"]["installers"]) == 2
    assert "broke off" in " ".join(told["hangs"]["second"]["remarks"])


# --- the connection is lost ------------------------------------------------------------------------------------------

#: (request, how it dies there): over NTLM, from the flag to the last reading but one.
DEATHS = list(zip(range(15, 64, 6), ("drop", "lost") * 5, strict=False))


def test_the_connection_dies_somewhere_and_nothing_is_installed_twice(tmp_path: Path) -> None:
    fleet = [
        {"name": f"{kind}-{number}", **QUICK, "faults": [{"at": number, "kind": kind, "times": 1}]}
        for number, kind in DEATHS
    ]
    with Lab(hosts=fleet) as lab:
        plays = Plays(lab, tmp_path, Packages(tmp_path).offer(XP, size=60_000))
        broken = plays.call("-f", "8", **WISH)
        found = plays.call("-f", "8", **WISH, reboot=True)
        again = plays.call("-f", "8", **WISH, reboot=True)
        died = [name for name, one in broken.items() if one.get("unreachable") or one.get("failed")]
        assert len(died) >= len(DEATHS) - 2, "but for those that were asked again"
        for name in lab.hosts:
            if name in died:
                sentence(broken[name])
            assert found[name].get("errors") == [], found[name].get("msg")
            assert (again[name]["changed"], again[name]["left"][0]["kind"]) == (False, "present")
            assert len(installers(lab, name)) == 1
            assert litter(lab, name) == []


def test_the_network_fails_while_it_installs_and_is_back_in_time(tmp_path: Path) -> None:
    with Lab(hosts=[{"name": "pc", **QUICK, "installers": {KB: {"seconds": 3000}}}]) as lab:
        plays = Plays(lab, tmp_path, Packages(tmp_path).offer(XP))
        with concurrent.futures.ThreadPoolExecutor() as pool:
            running = pool.submit(plays.call, **WISH, reboot=True)
            # It asks a second time only when it has heard that it runs.
            until(lambda: looks(lab, "pc") > 1 or running.done())
            assert installing(lab, "pc")
            network(lab, "pc", up=False)
            # Its patience of a minute is three seconds of ours.
            time.sleep(1)
            network(lab, "pc", up=True)
            done = running.result()["pc"]
        assert [(one["outcome"], one["resumed"]) for one in done["packages"]] == [("installed", False)], done
        assert (done["errors"], done["restarts"], litter(lab, "pc")) == ([], 1, [])


def test_the_network_fails_for_good_and_the_next_run_finds_what_was_installed(tmp_path: Path) -> None:
    with Lab(hosts=[{"name": "pc", **QUICK, "installers": {KB: {"seconds": 3000}}}]) as lab:
        plays = Plays(lab, tmp_path, Packages(tmp_path).offer(XP))
        with concurrent.futures.ThreadPoolExecutor() as pool:
            running = pool.submit(plays.call, **WISH, reboot=True)
            until(lambda: looks(lab, "pc") > 1 or running.done())
            network(lab, "pc", up=False)
            lost = running.result()["pc"]
        assert lost["unreachable"]
        assert "run again to see what came of it" in sentence(lost)
        network(lab, "pc", up=True)
        done = plays.call(**WISH, reboot=True)["pc"]
        assert [(one["outcome"], one["resumed"]) for one in done["packages"]] == [("installed", True)], done
        assert (done["errors"], done["restarts"], litter(lab, "pc")) == ([], 1, [])
        assert len(installers(lab, "pc")) == 1
