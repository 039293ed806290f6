# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restarts that fail: each in a sentence of its own, in time, and without harm."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from tests.lab.power import BOOT_ID, SHUTDOWN_TIME
from tests.unit.plugin_utils.remote.restart_stories import NEVER, Tell, boot_of, story_on

MACHINE = r"HKLM\SOFTWARE\Microsoft\Cryptography"
NAME = r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName"


@pytest.fixture
def tell(tmp_path: Path) -> Tell:
    """A function (os, entry, times) → story."""
    return partial(story_on, tmp_path)


def test_without_a_boot_identity_nothing_is_done(tell: Tell) -> None:
    story = tell()
    failure = story.fails("")
    assert "does not tell which boot it runs (it has neither a BootId nor a ShutdownTime)" in str(failure)
    assert "nothing was done" in str(failure)
    assert story.lines == []


@pytest.mark.parametrize("hidden", [BOOT_ID, SHUTDOWN_TIME])
def test_nor_where_it_cannot_be_read_any_more(tell: Tell, hidden: tuple[str, str]) -> None:
    story = tell(entry={"unreadable": [hidden[0]]})
    assert isinstance(boot_of(Exchange(story, 437)), Unread)
    failure = story.fails("1f-00")
    assert "does not tell which boot it runs (" in str(failure)
    assert "nothing was done" in str(failure)
    assert not failure.asked
    assert story.host.counters.written == []


def test_one_that_refuses(tell: Tell) -> None:
    story = tell(entry={"writes": "deny"})
    failure = story.fails()
    assert "refused to restart: access is denied" in str(failure)
    assert not failure.asked
    assert story.now < 5


def test_one_without_a_shutdown_program(tell: Tell) -> None:
    story = tell(entry={"missing": ["shutdown"]})
    failure = story.fails()
    assert "its shutdown.exe said: 'shutdown' is not recognized" in str(failure)
    assert not failure.asked


def test_one_that_never_goes_down(tell: Tell) -> None:
    story = tell(going=NEVER)
    failure = story.fails(seconds=300)
    assert "did not go down within 300 seconds: some program or update holds it up" in str(failure)
    assert failure.asked
    assert 300 <= story.now <= 301
    assert len(story.host.counters.written) == 1
    assert "the host has not gone down yet" in story.said[-1]


def test_one_whose_shutdown_somebody_else_scheduled_for_later(tell: Tell) -> None:
    story = tell("win7-sp1")
    before = story.boot()
    story.host.run("shutdown /r /t 3600", 437)
    failure = story.fails(before, seconds=300)
    assert "Somebody else had scheduled" in str(failure)
    assert failure.asked


def test_one_that_never_returns(tell: Tell) -> None:
    story = tell(away=NEVER)
    failure = story.fails(seconds=300)
    assert "did not come back within 300 seconds of its restart" in str(failure)
    assert "(the last try: cannot connect (No route to host))" in str(failure)
    assert failure.asked
    assert 300 <= story.now <= 304
    assert [words for words in story.said if "still away" in words]


@pytest.mark.parametrize(("silence", "seconds"), [(55, 300), (3, 100), (55, 1)])
def test_the_limit_holds_within_one_try(tell: Tell, silence: float, seconds: int) -> None:
    story = tell(away=NEVER, silence=silence)
    story.fails(seconds=seconds)
    assert seconds <= story.now <= seconds + silence + 1


def test_one_that_stops_in_the_middle_of_going_down(tell: Tell) -> None:
    story = tell(going=NEVER, stamped=NEVER - 5)
    failure = story.fails(seconds=30)
    assert "began to shut down and did not go down within 30 seconds" in str(failure)


def test_one_that_cannot_be_reached_at_all(tell: Tell) -> None:
    story = tell()
    before = story.boot()
    story.due = -100.0
    story.times["away"] = NEVER
    failure = story.fails(before, seconds=100)
    assert "could not be asked to restart, because it did not answer within 100 seconds: cannot connect" in str(failure)
    assert not failure.asked


def test_one_that_answers_garbage_for_ever(tell: Tell) -> None:
    story = tell(garbage=NEVER)
    failure = story.fails(seconds=300)
    assert "did not come back within 300 seconds" in str(failure)
    assert "its last words were: Service starting" in str(failure)


def test_one_that_loses_every_request(tell: Tell) -> None:
    story = tell(unheard=NEVER)
    failure = story.fails(seconds=100)
    assert "lost the connection each time it was asked to restart" in str(failure)
    assert failure.asked
    assert story.host.counters.written == []


def test_one_whose_new_boot_cannot_be_told(tell: Tell) -> None:
    story = tell()

    def hide(_line: str) -> None:
        if story.restarts:
            for key, name in (BOOT_ID, SHUTDOWN_TIME):
                story.host.registry.delete_value(key, name)

    story.before = hide
    failure = story.fails(seconds=300)
    assert "answers, but does not tell within 300 seconds which boot it runs: it has neither" in str(failure)
    assert failure.asked


def test_another_machine_at_its_address_is_not_it(tell: Tell) -> None:
    story = tell()

    def swap(_line: str) -> None:
        if story.restarts:
            story.host.registry.set_text(MACHINE, "MachineGuid", "00000000-1111-2222-3333-444444444444")
            story.host.registry.set_text(NAME, "ComputerName", "OTHER\x1b[31m")

    story.before = swap
    failure = story.fails(seconds=300)
    assert "another machine (OTHER\\x1b[31m) answers at its address" in str(failure)
