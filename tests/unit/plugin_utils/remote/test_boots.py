# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The boot of a host, the line that ends it, and what is said to that line."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.boots import Reply, said
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.own import may_be_leaving
from tests.lab.power import BOOT_ID, SHUTDOWN_TIME
from tests.unit.plugin_utils.remote.restart_stories import boot_of, story_on


@pytest.mark.parametrize(
    ("before", "now", "may"),
    [
        ("1f-00", "20-00", False),
        ("1f-00", "20-01", False),
        ("1f-00", "1f-01", True),
        ("00", "01", True),
        ("1f-00", "01", True),
        ("1f", "20", True),
    ],
)
def test_only_a_count_of_boots_proves_that_another_one_runs(before: str, now: str, may: bool) -> None:
    assert may_be_leaving(before, now) is may


def test_a_boot_that_cannot_be_told_says_why(tmp_path: Path) -> None:
    story = story_on(tmp_path)
    exchange = Exchange(story)
    assert boot_of(exchange) == story.boot()
    for place in (BOOT_ID, SHUTDOWN_TIME):
        story.host.registry.delete_value(*place)
    assert boot_of(exchange) == Unread("it has neither a BootId nor a ShutdownTime")
    denied = boot_of(Exchange(story_on(tmp_path, entry={"unreadable": [SHUTDOWN_TIME[0]]})))
    assert isinstance(denied, Unread)
    assert "denied" in denied.why.casefold()


@pytest.mark.parametrize(
    ("lines", "reply", "words"),
    [
        (("MailFleet code 0",), Reply.TAKEN, ""),
        (("Access is denied.(5)", "MailFleet code 5", "MailFleet code 1"), Reply.DENIED, "Access is denied.(5)"),
        (("MailFleet code 1115", "MailFleet code 1"), Reply.UNDER_WAY, ""),
        (("", "MailFleet code 1190 ", "MailFleet code 1"), Reply.UNDER_WAY, ""),
        (("MailFleet code 21", "MailFleet code 1"), Reply.LATER, ""),
        (("nicht\x1b", " gefunden", "MailFleet code 1"), Reply.FAILED, "nicht\\x1b gefunden"),
        ((), Reply.LATER, ""),
        (("MailFleet code x",), Reply.LATER, ""),
        (Unread("cut"), Reply.LATER, ""),
    ],
)
def test_answers_to_the_request(lines: t.Any, reply: Reply, words: str) -> None:
    answer = said(lines)
    assert (answer.reply, answer.words) == (reply, words if reply is not Reply.LATER else "")


def test_what_a_host_says_of_itself_never_stands_in_the_line(tmp_path: Path) -> None:
    story = story_on(tmp_path)
    story.host.registry.set_text(*SHUTDOWN_TIME, '" & echo PWNED & "')
    story.restart(seconds=600)
    assert not [line for line in story.lines if "PWNED" in line]
