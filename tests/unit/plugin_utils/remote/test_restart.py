# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restarts of simulated hosts, in a time of our own: who is restarted, how often, and when it is over."""

from __future__ import annotations

import time
import typing as t
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.restart import restart
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Output, ShellError
from tests.lab.entry import read_entry
from tests.lab.host import SimulatedHost
from tests.lab.power import BOOT_ID, SHUTDOWN_TIME, stamp_shutdown
from tests.support.lab_shell import Bench, LabShell
from tests.unit.plugin_utils.remote.restart_stories import NEVER, Story, Tell, boot_of, story_on

SYSTEMS = ("xp-sp3", "server-2003-sp2", "vista-sp2", "win7-sp1", "win11-24h2")


@pytest.fixture
def tell(tmp_path: Path) -> Tell:
    """A function (os, entry, times) → story."""
    return partial(story_on, tmp_path)


# --- it restarts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("os", SYSTEMS)
@pytest.mark.parametrize("codepage", [None, 437])
def test_a_host_is_restarted_once_and_tells_its_new_boot(tell: Tell, os: str, codepage: int | None) -> None:
    story = tell(os)
    before = story.boot()
    new = story.restart(before, codepage=codepage)
    assert new == story.boot() != before
    assert story.restarts == 1
    assert 75 <= story.now <= 85
    assert sum("shutdown /r /t 5 /f" in line for line in story.lines) == 1
    first, second, third = story.said
    assert first == "the host is asked to restart"
    assert second.startswith("the host does not answer after ")
    assert third.startswith("the host is back after ")
    assert story.host.counters.written == ["shutdown /r /t 5 /f"]


@pytest.mark.parametrize(
    "times",
    [
        {"going": 0},
        {"going": 300, "away": 200},
        {"away": 500},
        {"away": 0},
        {"away": 2},
        {"garbage": 100},
        {"going": 40, "stamped": 30},
        {"going": 150, "stamped": 140},
        {"silence": 30},
        {"line": 20},
        {"lost": 1},
        {"lost": 3},
        {"unheard": 1},
        {"unheard": 20},
        {"lost": 1, "going": 0, "away": 0},
        {"unheard": 2, "lost": 2, "garbage": 30},
    ],
)
@pytest.mark.parametrize("os", ["xp-sp3", "win7-sp1"])
def test_it_may_take_its_time_and_be_rude_meanwhile(tell: Tell, os: str, times: dict[str, float]) -> None:
    story = tell(os, **times)
    before = story.boot()
    assert story.restart(before) == story.boot() != before
    assert story.restarts == 1
    count = story.host.registry.find(BOOT_ID[0]).values["bootid"].raw
    assert int.from_bytes(count, "little") == int(before.partition("-")[0], 16) + 1


@pytest.mark.parametrize("os", ["xp-sp3", "win7-sp1"])
def test_a_restart_that_is_under_way_counts(tell: Tell, os: str) -> None:
    story = tell(os)
    before = story.boot()
    story.host.run("shutdown /r /t 5 /f", 437)
    assert story.restart(before) != before
    assert story.restarts == 1
    assert "a restart of the host is under way already" in story.said


def test_one_that_is_going_down_already_is_waited_for(tell: Tell) -> None:
    for passed in (6, 20, 60):
        story = tell(stamped=5)
        before = story.boot()
        story.host.run("shutdown /r /t 5 /f", 437)
        story.now += passed
        assert story.restart(before) != before
        assert story.restarts == 1


def test_one_that_has_restarted_already_is_left_alone(tell: Tell) -> None:
    story = tell()
    before = story.boot()
    story.host.restart()
    assert story.restart(before) == story.boot() != before
    assert story.restarts == 0
    assert story.host.counters.written == []


def test_one_that_restarts_between_the_question_and_the_request_is_left_alone(tell: Tell) -> None:
    story = tell()
    before = story.boot()

    def restart_now(line: str) -> None:
        if "shutdown" in line:
            story.before = lambda _line: None
            story.host.restart()

    story.before = restart_now
    assert story.restart(before) == story.boot() != before
    assert story.restarts == 0
    assert story.host.counters.written == []


@pytest.mark.parametrize("times", [{}, {"stamped": 8}, {"going": 100, "stamped": 90}, {"lost": 1}])
@pytest.mark.parametrize(("key", "name"), [BOOT_ID, SHUTDOWN_TIME])
def test_half_an_identity_will_do(tell: Tell, key: str, name: str, times: dict[str, float]) -> None:
    story = tell(**times)
    story.host.registry.delete_value(key, name)
    story.before = lambda _line: story.host.registry.delete_value(key, name)
    before = story.boot()
    assert "-" not in before
    assert story.restart(before) == story.boot() != before
    assert story.restarts == 1


def test_a_stamp_is_no_restart_but_one_that_stays_is(tell: Tell) -> None:
    """A host that does not count its boots, and was away between two looks."""
    story = tell(going=NEVER)
    before = story.boot()
    stamp_shutdown(story.host.registry)
    assert story.restart(before) == story.boot()
    assert 60 <= story.now <= 70
    assert story.host.counters.written == []


def test_over_the_shell_of_the_integration_tests(tmp_path: Path) -> None:
    bench = Bench(tmp_path, os="xp-sp3", second_ms=1, restart_ms=50)
    shell = LabShell(bench.host)
    before = boot_of(Exchange(shell, 437))
    assert isinstance(before, str)
    new = restart(shell, before, seconds=300, report=str, codepage=437, sleep=lambda _seconds: time.sleep(0.02))
    assert new == boot_of(Exchange(shell, 437)) != before
    assert bench.host.power.restarts == 1


# --- clocks ----------------------------------------------------------------------------------------------------------


@given(steps=st.lists(st.sampled_from([0.0, 0.5, 5.0, -3600.0, 86400.0, -1e7, 1e7]), min_size=1, max_size=4))
@settings(max_examples=8)
def test_a_clock_that_jumps_neither_ends_it_too_early_nor_never(tmp_path_factory: t.Any, steps: list[float]) -> None:
    told = read_entry({"name": "pc", "os": "xp-sp3", "restart_ms": 0}, tmp_path_factory.getbasetemp())
    story = Story(SimulatedHost("pc", told, {}), going=NEVER)
    turn, calls = iter(steps), 0
    shift = 0.0

    def clock() -> float:
        nonlocal shift, calls
        calls += 1
        shift += next(turn, 0.0)
        return story.now + shift

    story.fails(seconds=600, clock=clock)
    assert 600 - 125 * len(steps) <= story.now <= 620
    assert calls < 1000


def test_a_clock_that_stands_still_ends_it_too(tell: Tell) -> None:
    story = tell(away=NEVER, silence=0)
    story.fails(seconds=300, clock=lambda: 7.0)
    assert 300 <= story.now <= 310


def test_a_host_whose_own_clock_runs_back_has_restarted_all_the_same(tell: Tell) -> None:
    """A dead battery: the new stamp of the shutdown is that of the one before."""
    story = tell()
    before = story.boot()
    raw = story.host.registry.find(SHUTDOWN_TIME[0]).values["shutdowntime"]

    def dead_battery(_line: str) -> None:
        if story.restarts:
            story.host.registry.set(*SHUTDOWN_TIME, raw.type, raw.raw)

    story.before = dead_battery
    new = story.restart(before)
    assert new.partition("-")[2] == before.partition("-")[2]
    assert new != before


# --- connections -----------------------------------------------------------------------------------------------------


class Renewing(Story):
    """A story whose connection has to be forgotten after each failure."""

    def __init__(self, *args: t.Any, **more: t.Any) -> None:
        super().__init__(*args, **more)
        self.renewed: list[int | None] = []
        self.stale = False

    def renew(self, patience: int | None = None) -> None:
        self.renewed.append(patience)
        self.stale = False

    def run(self, line: str) -> Output:
        if self.stale:
            raise ShellError("stale", unreachable=True)
        try:
            return super().run(line)
        except ShellError:
            self.stale = True
            raise


@pytest.mark.parametrize("times", [{}, {"lost": 1}, {"away": NEVER}])
def test_connections_are_made_anew_with_less_patience_and_then_as_usual(
    tmp_path: Path, times: dict[str, float]
) -> None:
    story = Renewing(
        SimulatedHost("pc", read_entry({"name": "pc", "os": "xp-sp3", "restart_ms": 0}, tmp_path), {}), **times
    )
    before = story.boot()
    if times.get("away") == NEVER:
        story.fails(before, seconds=100)
    else:
        assert story.restart(before) != before
        assert story.restarts == 1
    assert story.renewed[-1] is None
    assert set(story.renewed[:-1]) == {15}
    assert len(story.renewed) > 3
