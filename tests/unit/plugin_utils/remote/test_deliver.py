# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A package to a simulated host from each kind of source: whole and verified there, or a sentence that says why not."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import typing as t
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.packages import PackageFile
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import system_task
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.system_task import (
    Look,
    Standing,
    SystemTask,
)
from tests.lab.host import SimulatedHost
from tests.support.delivery import (
    CONTENT,
    FOLDER,
    NAME,
    SHA256,
    SHARE,
    VERSIONS,
    WHERE,
    Clock,
    bring,
    put_on,
    refused,
    there,
)
from tests.support.lab_shell import CarryingShell, LabShell
from tests.support.web_folder import WebFolder

Make = t.Callable[..., SimulatedHost]
pytestmark = pytest.mark.usefixtures("small_pieces")


@pytest.mark.parametrize("os", VERSIONS)
@pytest.mark.parametrize("kind", ["controller", "url", "host", "unc-session", "unc-system"])
def test_it_arrives_from_everywhere(make: Make, folder: Path, web: WebFolder, os: str, kind: str) -> None:
    host = make(os, second_hop=kind == "unc-session")
    put_on(host, rf"C:\My packages\{NAME}")
    source = {"controller": str(folder), "url": web.url, "host": r"C:\My packages"}.get(kind, SHARE)
    how: dict[str, t.Any] = {"second_hop": kind == "unc-session", "domain": True}
    told: list[tuple[int, int]] = []
    bring(host, source, report=lambda *done: told.append(done), **how)
    left = there(host)
    assert left.pop(NAME) == CONTENT
    assert set(left) <= {"transfer.js"}
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert host.tasks.all() == []
    # It is there: what makes it so is not done again.
    (folder / NAME).unlink()
    web.files.clear()
    host.files.delete(rf"C:\My packages\{NAME}")
    if kind != "controller":
        bring(host, source, **how)
    assert there(host)[NAME] == CONTENT


def test_a_connection_that_copies_by_itself_does_so_from_the_controller_only(
    make: Make, folder: Path, web: WebFolder
) -> None:
    shell = CarryingShell(make("win10-22h2"))
    bring(shell, str(folder))
    assert (there(shell.host)[NAME], shell.fed) == (CONTENT, len(CONTENT))
    other = CarryingShell(make("win10-22h2"))
    bring(other, web.url)
    assert (there(other.host)[NAME], other.fed) == (CONTENT, 0)


@pytest.mark.parametrize("kind", ["url", "host", "unc-session", "unc-system"])
def test_another_file_is_thrown_away(make: Make, folder: Path, web: WebFolder, kind: str) -> None:
    for os in ("xp-sp3", "win7-sp1"):
        host = make(os, second_hop=kind == "unc-session")
        other = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
        web.files[NAME] = other
        (folder / NAME).write_bytes(other)
        put_on(host, rf"C:\pkg\{NAME}", other)
        source = {"url": web.url, "host": r"C:\pkg"}.get(kind, SHARE)
        wrong = f"has the SHA-256 {hashlib.sha256(other).hexdigest()} on the host instead of {SHA256}"
        refused(host, source, wrong, "thrown away", second_hop=kind == "unc-session", domain=True)
        assert there(host) == {}
        assert host.files.find(WHERE) is None


def test_no_package_without_a_checksum(make: Make) -> None:
    for digest in ("", "ab", "AB" * 32):
        with pytest.raises(ValueError, match="no SHA-256 to compare with"):
            bring(make(), r"C:\x", PackageFile(NAME, None, digest))
    with pytest.raises(ValueError, match="no name for a file"):
        bring(make(), r"C:\x", PackageFile("a b.exe", None, SHA256))


@pytest.mark.parametrize("os", ["xp-sp3", "win7-sp1"])
def test_what_no_tool_can_verify_is_removed(make: Make, os: str) -> None:
    host = make(os, missing=["certutil", "cscript"])
    put_on(host, rf"C:\pkg\{NAME}")
    refused(host, r"C:\pkg", "Neither certutil nor cscript tells the checksum")
    assert there(host) == {}


@pytest.mark.parametrize("source", [r"C:\pkg", r"Z:\pkg"])
def test_a_folder_of_the_host_without_it(make: Make, source: str) -> None:
    refused(make(), source, rf"{source}\{NAME} could not be copied on the host", "it said: The system cannot find the")


def test_a_full_disk_in_a_copy(make: Make) -> None:
    host = make(disk_bytes=len(CONTENT) + 100)
    put_on(host, rf"C:\pkg\{NAME}")
    refused(host, r"C:\pkg", "There is not enough space on the disk")


def test_a_share_without_a_second_hop(make: Make) -> None:
    shell = LabShell(make())
    refused(shell, SHARE, "a WinRM logon has no second hop", "it is in no domain: connect with CredSSP, or give")
    assert shell.lines == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (r"\\srv.example\other", "The system cannot find the path specified"),
        (rf"{SHARE}\sub", "The system cannot find the file specified"),
    ],
)
@pytest.mark.parametrize("second_hop", [True, False])
def test_a_share_without_it(make: Make, source: str, words: str, second_hop: bool) -> None:
    for os in ("xp-sp3", "win10-22h2"):
        host = make(os, second_hop=second_hop)
        who = "on the host" if second_hop else "by the host as SYSTEM"
        refused(host, source, rf"{source}\{NAME} could not be copied {who}", words, second_hop=second_hop, domain=True)
        assert host.tasks.all() == []


def test_a_session_that_has_no_second_hop_after_all(make: Make) -> None:
    refused(make(), SHARE, "could not be copied on the host", "Access is denied", second_hop=True)


def test_a_full_disk_in_a_copy_by_system(make: Make) -> None:
    host = make("win7-sp1", disk_bytes=len(CONTENT))
    refused(host, SHARE, "as SYSTEM: it is not there, or", "or the disk is full", domain=True)
    assert host.tasks.all() == []


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("os", ["xp-sp3", "win10-22h2"])
def test_a_copy_by_system_after_a_lost_connection(make: Make, os: str, before: bool) -> None:
    whole = LabShell(make(os))
    bring(whole, SHARE, domain=True)
    for number in range(1, len(whole.lines) + 1):
        host = make(os)
        # How often it looks depends on the time that the task takes: the last lines may not be needed.
        with contextlib.suppress(ShellError):
            bring(LabShell(host, lost_at=number, before=before), SHARE, domain=True)
        bring(host, SHARE, domain=True)
        assert there(host)[NAME] == CONTENT
        assert host.tasks.all() == []


def test_no_task_can_be_made(make: Make) -> None:
    refused(
        make(missing=["schtasks"]),
        SHARE,
        "can only be read by a task that runs as SYSTEM",
        "this Windows has no schtasks",
        domain=True,
    )


def test_a_task_that_never_begins_or_never_ends(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    host = make("win7-sp1")
    monkeypatch.setattr(host.tasks, "start", lambda task: None)
    clock = Clock()
    refused(host, SHARE, "was not begun by the host's scheduler in 1", "another source", clock=clock, domain=True)
    assert 120 < clock.now < 140
    assert host.tasks.all() == []
    monkeypatch.setattr(system_task, "look", lambda *_unused: Look(Standing.RUNNING))
    clock = Clock()
    refused(host, SHARE, "has not come to an end in 18", clock=clock, domain=True)
    assert 1800 < clock.now < 1820
    assert host.tasks.all() == []


class Cut(Exception):
    """The connection goes while the host copies."""


@pytest.mark.parametrize("os", ["xp-sp3", "win10-22h2"])
def test_a_copy_by_system_that_still_runs_is_awaited_and_no_installation(
    make: Make, os: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files are none of those by which the task that installs is told."""
    host, release, told = make(os), threading.Event(), list[tuple[int, int]]()
    slow_copies(monkeypatch, release)

    def cut(done: int, total: int) -> None:
        assert (done, total) == (0, 0)
        if host.files.exists(rf"{WHERE}\copybegun.txt"):
            raise Cut

    def let_it_end(done: int, total: int) -> None:
        told.append((done, total))
        release.set()

    with pytest.raises(Cut):
        bring(host, SHARE, domain=True, report=cut)
    exchange = Exchange(LabShell(host), 437)
    assert system_task.look(exchange, SystemTask(FOLDER)) == Look(Standing.WAITING)
    assert system_task.look(exchange, SystemTask(FOLDER, "copy")) == Look(Standing.RUNNING)
    bring(host, SHARE, domain=True, report=let_it_end)
    assert (told[0], told[-1]) == ((0, 0), (len(CONTENT), len(CONTENT)))
    assert copies(host) == 1
    assert there(host).keys() - {"transfer.js"} == {NAME}
    assert host.tasks.all() == []


def slow_copies(monkeypatch: pytest.MonkeyPatch, release: threading.Event) -> None:
    """A copy from the share goes on until somebody lets it end."""
    ran = SimulatedHost.ran

    def slow(host: SimulatedHost, command: str) -> None:
        ran(host, command)
        if command.startswith("copy") and SHARE in command:
            assert release.wait(5)

    monkeypatch.setattr(SimulatedHost, "ran", slow)


def copies(host: SimulatedHost) -> int:
    """How often the share was copied from."""
    return len([one for one in host.counters.executed if one.startswith("copy") and SHARE in one])
