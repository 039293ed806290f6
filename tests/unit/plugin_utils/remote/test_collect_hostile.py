# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that lie, break off, or are no Windows at all: nothing untrue is believed, and nothing unexpected is raised."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import ABSENT, Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import Snapshot
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.collect import collect
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from tests.unit.plugin_utils.remote.stand_ins import (
    MAIL,
    NT,
    USER,
    LyingShell,
    SimulatedShell,
    data,
    entry,
    plan,
    reg,
    same_or_unread,
)

HONEST = SimulatedShell(entry("win7-sp1"))
PLAN = plan()
TRUTH = collect(HONEST, PLAN)
ANSWER = HONEST.answers[0]

HOSTILE_REG = r"""
[HKEY_CURRENT_USER\Software\Microsoft\Internet Account Manager\Accounts\a" & echo PWNED & "b]
"SMTP Server"="x\" & echo PWNED & \""
"%COMSPEC%|echo PWNED"="^|echo PWNED"
[HKEY_CURRENT_USER\Software\Microsoft\Internet Account Manager\Accounts\00000001]
"Account Name"=hex(1):{forged},00,00
""".replace("{forged}", "a\r\n\r\nHKEY_LOCAL_MACHINE\\SOFTWARE".encode("utf-16-le").hex(","))


def test_hostile_names_are_not_executed_and_forged_keys_not_believed(tmp_path: Path) -> None:
    shell = SimulatedShell(entry("win10-1709", registry=(reg(tmp_path, HOSTILE_REG),)))
    snapshot = collect(shell, PLAN)
    assert b"PWNED" in shell.answers[0]
    assert not [command for command in shell.host.counters.executed if "PWNED" in command]
    found = snapshot.image.below(MAIL)
    assert isinstance(found, Unread)
    assert "ambiguous" in found.why
    assert data(snapshot, NT, "CurrentBuildNumber") == "16299"


@pytest.mark.parametrize(
    "answer",
    [
        lambda token: b"",
        lambda token: b"bash: echo: command not found\n",
        lambda token: b"\xff\xfe\x00\x01" * 5000,
        lambda token: b"<html><body>502 Bad Gateway</body></html>",
        lambda token: f"{token}\r\n{token} : ABS\r\n".encode(),
        lambda token: f"{token}:END\r\n".encode(),
        lambda token: b"for %t in (" + token.encode() + b":) do (echo %tABS",
        lambda token: b"\x1b]0;owned\x07\x1b[31m\xe2\x80\xaeevil",
    ],
)
def test_what_is_no_cmd_of_windows_is_told_in_one_sentence(answer: t.Callable[[str], bytes]) -> None:
    with pytest.raises(ShellError) as failure:
        collect(LyingShell(answer), PLAN)
    text = str(failure.value)
    assert text.startswith("The host does not answer as cmd.exe of Windows does; it said: ")
    assert len(text) < 200
    assert not set(text) & set("\r\n\x1b\x07\u202e")
    assert failure.value.unreachable is False


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(ANSWER)))
def test_an_answer_that_is_cut_off_anywhere_says_nothing_untrue(length: int) -> None:
    # A fresh token of the same length: the cut is at the same place.
    shell = SimulatedShell(entry("win7-sp1"), twist=lambda answer, _token: answer[:length])
    try:
        snapshot = collect(shell, PLAN)
    except ShellError:
        assert length < 60
        return
    assert same_or_unread(snapshot, TRUTH)
    if b":END" not in shell.answers[0]:
        assert snapshot.unread


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(ANSWER)), st.integers(0, 400), st.binary(max_size=40))
def test_an_answer_with_a_hole_in_it_raises_nothing_unexpected(start: int, length: int, filling: bytes) -> None:
    def twist(answer: bytes, _token: str) -> bytes:
        return answer[:start] + filling + answer[start + length :]

    try:
        snapshot = collect(SimulatedShell(entry("win7-sp1"), twist=twist), PLAN)
    except ShellError:
        return
    assert isinstance(snapshot, Snapshot)


@pytest.mark.parametrize(
    "forged",
    [
        "{t}:SCH\r\n\r\nHKEY_LOCAL_MACHINE\\SYSTEM\\X\r\n",
        "{t}:END\r\n",
        "{t}:USR internet\r\n",
        "{t}:ABS\r\nERROR: Access is denied.\r\n",
        "{t}:UIS S-1-5-21-9-9-9-9\r\n",
        "{t}:SCH nothing\r\n",
        "{t}:UIS S-1-5-21-9-9-9-9 more\r\n",
        "{t}:FWL NoSuchProfile\r\n",
        "{t}:XXX\r\n",
    ],
)
def test_forged_marks_in_a_value_of_a_user_are_not_believed(forged: str) -> None:
    """Somebody on the host saw the line in time and wrote marks into a value."""

    def twist(answer: bytes, token: str) -> bytes:
        mark = f"{token}:UIC {USER}\r\n".encode()
        assert mark in answer
        return answer.replace(mark, mark + forged.format(t=token).encode(), 1)

    snapshot = collect(SimulatedShell(entry("win7-sp1"), twist=twist), PLAN)
    honest = {(r.root, r.names, r.recursive): r.keys for r in TRUTH.image.regions}
    for found in snapshot.image.regions:
        assert isinstance(found.keys, Unread) or found.keys == honest[found.root, found.names, found.recursive]
    assert snapshot.unread


def test_errors_that_do_not_come_past_filters_make_empty_answers_unread() -> None:
    """A reg.exe that writes its errors to standard output, as Wine's does."""

    def twist(answer: bytes, token: str) -> bytes:
        marks = answer.split(token.encode())
        absent = b"ERROR: The system was unable to find the specified registry key or value.\r\n"
        # What went through a filter loses it: the second canary and, here, the policy of the firewall.
        return token.encode().join(
            part.replace(absent, b"") if part.startswith((b":PIP", b":FWP", b":FRP")) else part for part in marks
        )

    snapshot = collect(SimulatedShell(entry("win7-sp1"), twist=twist), PLAN)
    policy = r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall"
    for key in (rf"{policy}\DomainProfile", rf"{policy}\FirewallRules"):
        found = snapshot.image.key(key)
        assert isinstance(found, Unread)
        assert "errors do not come past filters" in found.why
    assert data(snapshot, NT, "CurrentBuildNumber") == "7601"


def test_nothing_is_absent_where_the_host_has_no_words_for_it() -> None:
    def twist(answer: bytes, token: str) -> bytes:
        return answer.replace(f"{token}:ABS".encode(), f"{token}:ABX".encode())

    snapshot = collect(SimulatedShell(entry("win7-sp1"), twist=twist), PLAN)
    assert not [r.root for r in snapshot.image.regions if r.keys is ABSENT]
    assert [r.root for r in TRUTH.image.regions if r.keys is ABSENT]


def test_users_that_the_loop_could_not_list_are_unread() -> None:
    snapshot = collect(SimulatedShell(entry("win7-sp1", missing=("findstr",))), PLAN)
    assert isinstance(snapshot.users, Unread)
    assert "could not be listed" in snapshot.users.why
    assert ("users", snapshot.users.why) in snapshot.unread


def test_a_user_that_the_answer_leaves_out_is_noticed() -> None:
    def twist(answer: bytes, token: str) -> bytes:
        head, _mark, tail = answer.partition(f"{token}:UIS".encode())
        return head + f"{token}:USR mail\r\n{token}:FIL\r\n{token}:END\r\n".encode() if tail else answer

    snapshot = collect(SimulatedShell(entry("win7-sp1"), twist=twist), PLAN)
    assert snapshot.users == Unread(f"the answer leaves out {USER}, who is logged on")
