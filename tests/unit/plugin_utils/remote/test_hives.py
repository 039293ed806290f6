# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""profiles: all: the hives of users who are not logged on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryValue
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.collect import collect
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.hives import refusal
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Output, ShellError
from tests.lab.entry import Profile
from tests.unit.plugin_utils.remote.stand_ins import USER, SimulatedShell, entry, plan

PLAN = plan("all")
BOB = "S-1-5-21-1-2-3-1002"
FILE = r"C:\Users\bob\NTUSER.DAT"
MAIL = r"Software\Microsoft\Internet Account Manager\Accounts\00000001"


@pytest.fixture
def bob(tmp_path: Path) -> dict[str, Profile]:
    """The hive of a user who is not logged on, with one mail account."""
    text = (
        f'Windows Registry Editor Version 5.00\r\n\r\n[HKEY_CURRENT_USER\\{MAIL}]\r\n"SMTP Server"="mx.example.org"\r\n'
    )
    file = tmp_path / "bob.reg"
    file.write_text(text, encoding="utf-16")
    return {FILE: Profile((file,), BOB)}


def mounts(shell: SimulatedShell) -> list[str]:
    """The names under which hives were loaded, in order."""
    return [name for line in shell.lines for name in re.findall(r"reg load HKU\\(\S+)", line)]


def test_a_hive_is_loaded_read_and_unloaded_in_one_line(bob: dict[str, Profile]) -> None:
    shell = SimulatedShell(entry("win7-sp1", profiles=bob))
    snapshot = collect(shell, PLAN)
    (mount,) = mounts(shell)
    assert re.fullmatch(r"MailFleet-[0-9a-f]{16}", mount)
    assert len(shell.lines) == 2
    assert isinstance(snapshot.users, tuple)
    assert [(user.sid, user.root) for user in snapshot.users] == [(USER, f"HKU\\{USER}"), (BOB, f"HKU\\{BOB}")]
    found = snapshot.image.value(f"HKU\\{BOB}\\{MAIL}", "SMTP Server")
    assert isinstance(found, RegistryValue)
    assert found.data == "mx.example.org"
    assert snapshot.writes == (f"loaded {FILE} as HKU\\{mount}, and unloaded it",)
    assert snapshot.unread == ()
    assert not shell.host.mounted
    assert mount not in str(snapshot.image)


def test_names_are_new_each_time(bob: dict[str, Profile]) -> None:
    shell = SimulatedShell(entry("win7-sp1", profiles=bob))
    collect(shell, PLAN)
    collect(shell, PLAN)
    assert len(set(mounts(shell))) == 2


def test_nobody_is_loaded_unasked(bob: dict[str, Profile]) -> None:
    shell = SimulatedShell(entry("win7-sp1", profiles=bob))
    snapshot = collect(shell, plan("loaded"))
    assert mounts(shell) == []
    assert shell.host.counters.writes == 0
    assert snapshot.writes == ()


def test_a_hive_that_cannot_be_loaded_is_unread_and_never_absent(bob: dict[str, Profile]) -> None:
    shell = SimulatedShell(entry("win7-sp1", profiles=bob, writes="deny"))
    snapshot = collect(shell, PLAN)
    assert isinstance(snapshot.users, tuple)
    assert [user.sid for user in snapshot.users] == [USER]
    assert not [region for region in snapshot.image.regions if BOB in region.root]
    ((who, why),) = snapshot.unread
    assert who == rf"user {BOB} (C:\Users\bob)"
    assert why.startswith("is not logged on, and its hive could not be loaded: ERROR: Access is denied")


def test_a_hive_that_vanishes_meanwhile_is_unread(bob: dict[str, Profile]) -> None:
    """Another run took it for a leftover: what was read after that would look absent."""

    def twist(answer: bytes, token: str) -> bytes:
        mark = f"{token}:MNX\r\n".encode()
        head, _mark, tail = answer.partition(mark)
        if not tail:
            return answer
        absent = b"ERROR: The system was unable to find the specified registry key or value.\r\n"
        return head + mark + absent + tail[tail.index(token.encode()) :]

    shell = SimulatedShell(entry("win7-sp1", profiles=bob), twist=twist)
    snapshot = collect(shell, PLAN)
    assert not [region for region in snapshot.image.regions if BOB in region.root]
    assert [what for what, _why in snapshot.unread] == [rf"user {BOB} (C:\Users\bob)"]


@pytest.mark.parametrize(
    ("folder", "fine"),
    [
        (r"C:\Users\bob", True),
        (r"C:\Documents and Settings\Bob.DOMAIN.000", True),
        (r"%SystemDrive%\Documents and Settings\bob", True),
        (r"D:\Profile\Jürgen Müller", True),
        (r"C:\Users\山田", True),
        (None, False),
        ("", False),
        (r"C:\Users\..\..\Windows", False),
        (r"C:\Users\. .", False),
        (r'C:\Users\a" & calc & "b', False),
        (r"C:\Users\%COMSPEC%", False),
        (r"C:\Users\a&calc", False),
        (r"C:\Users\a^b", False),
        (r"C:\Users\a!b", False),
        ("C:\\Users\\a\nb", False),
        ("C:\\Users\\a\n", False),
        (r"\\server\profiles\bob", False),
        (r"C:\Users\b?b", False),
        ("C:\\Users\\a\ufffdb", False),
        (r"%USERPROFILE%\x", False),
    ],
)
def test_only_plain_folders_stand_in_a_command(folder: str | None, fine: bool) -> None:
    assert (refusal(folder) is None) is fine


def test_a_folder_with_a_strange_name_is_unread_and_not_sent() -> None:
    hostile = {r'C:\Users\a" & echo PWNED & "\NTUSER.DAT': Profile((), BOB)}
    shell = SimulatedShell(entry("win7-sp1", profiles=hostile))
    snapshot = collect(shell, PLAN)
    assert len(shell.lines) == 1
    ((who, why),) = snapshot.unread
    assert BOB in who
    assert "unusual name" in why
    assert not [command for command in shell.host.counters.executed if "PWNED" in command]


def test_leftovers_of_a_dead_run_are_unloaded_first(bob: dict[str, Profile]) -> None:
    shell = SimulatedShell(entry("win7-sp1", profiles=bob))
    left = "MailFleet-0123456789abcdef"
    shell.host.run(rf'reg load HKU\{left} "{FILE}"')
    snapshot = collect(shell, PLAN)
    assert not shell.host.mounted
    assert snapshot.writes[0] == rf"unloaded HKU\{left}, which an earlier run had left"
    assert snapshot.writes[1].endswith(", and unloaded it")
    assert snapshot.unread == ()


def test_other_names_below_hku_are_left_alone(bob: dict[str, Profile]) -> None:
    shell = SimulatedShell(entry("win7-sp1", profiles=bob))
    shell.host.run(rf'reg load HKU\MailFleet-somebody "{FILE}"')
    collect(shell, PLAN)
    assert not [line for line in shell.lines if "somebody" in line]


def test_a_line_that_fails_says_that_the_hive_may_still_be_loaded(bob: dict[str, Profile]) -> None:
    class Breaking(SimulatedShell):
        def run(self, line: str) -> Output:
            if "reg load" in line:
                raise ShellError("the connection was lost", unreachable=True)
            return super().run(line)

    snapshot = collect(Breaking(entry("win7-sp1", profiles=bob)), PLAN)
    reasons = dict(snapshot.unread)
    assert "it may still be loaded; the next run of this kind looks for it" in reasons.values()
    assert reasons[rf"user {BOB} (C:\Users\bob)"] == "is not logged on, and its hive could not be read"
    assert len(snapshot.writes) == 1
    assert "unloaded" not in snapshot.writes[0]


def test_the_line_of_one_user_fits_where_lines_are_short(bob: dict[str, Profile]) -> None:
    shell = SimulatedShell(entry("win7-sp1", profiles=bob), limit=2900)
    snapshot = collect(shell, PLAN)
    assert len(mounts(shell)) == 1
    assert isinstance(snapshot.users, tuple)
    assert len(snapshot.users) == 2
