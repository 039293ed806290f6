# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's folder of journals: for its owner alone, complete, and never outside of itself."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal_codec import Signed
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import ABSENT
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import private_files
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.journal_files import (
    JournalFolder,
    PrivateFileError,
    folder_name,
)
from tests.support.journal_folders import SEALED, everything, journal_folder
from tests.unit.plugin_utils.model.journals import FIX, OLDER, RUN, SWITCH


@pytest.fixture
def folder(tmp_path: Path) -> JournalFolder:
    return journal_folder(tmp_path)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("pc-1_A", "pc-1_A"),
        ("pc.example.net", "pc.example.net"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("a..b", "a%2E%2Eb"),
        (".a.", "%2Ea%2E"),
        ("a/../../b", "a%2F%2E%2E%2F%2E%2E%2Fb"),
        ("/etc/passwd", "%2Fetc%2Fpasswd"),
        ("%2E%2E", "%252E%252E"),
        ("a\0b\n", "a%00b%0A"),
        ("C:\\x", "C%3A%5Cx"),
        ("\u00e9", "%C3%A9"),
        ("x" * 200, "x" * 200),
    ],
)
def test_names_of_hosts_are_harmless(host: str, name: str) -> None:
    assert folder_name(host) == name


@pytest.mark.parametrize("host", ["", "x" * 201, "/" * 70, "\u00e9" * 40, "x" * 100_000])
def test_names_that_cannot_be_folders_are_refused(host: str, folder: JournalFolder) -> None:
    for use in (folder.runs, lambda name: folder.write(name, FIX, None), lambda name: folder.is_running(name, RUN)):
        with pytest.raises(PrivateFileError, match=r"name.*\.$"):
            use(host)
    assert not folder.path.exists()


@given(st.text(min_size=1, max_size=24), st.text(min_size=1, max_size=24))
def test_each_host_has_a_folder_of_its_own(one: str, other: str) -> None:
    names = folder_name(one), folder_name(other)
    assert (names[0] == names[1]) is (one == other)
    assert all(os.path.basename(name) == name and name.strip(".") for name in names)


def test_keeps_what_was_written(folder: JournalFolder) -> None:
    old = os.umask(0)
    try:
        path = folder.write("pc", FIX, SEALED)
    finally:
        os.umask(old)
    assert path == folder.path / "pc" / f"{RUN}.json"
    assert folder.read("pc", RUN) == Signed(FIX, SEALED)
    folder.write("pc", replace(FIX, run=OLDER), None)
    folder.write("pc", FIX, None)
    assert folder.read("pc", RUN) == Signed(FIX, None)
    assert folder.runs("pc") == (OLDER, RUN)
    assert folder.runs("other") == ()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    modes = {stat.S_IMODE(one.stat().st_mode) for one in (path.parent, folder.path, folder.path.parent)}
    assert modes == {0o700}
    assert everything(folder.path) == {"pc", f"pc/{RUN}.json", f"pc/{OLDER}.json"}


def test_nothing_is_made_by_reading(folder: JournalFolder) -> None:
    assert folder.runs("pc") == ()
    assert folder.started("pc") == frozenset()
    assert not folder.is_running("pc", RUN)
    with pytest.raises(PrivateFileError, match=r"There is no journal .*\.json"):
        folder.read("pc", RUN)
    assert not folder.path.exists()


@pytest.mark.parametrize("run", ["", "..", "../x", RUN + "/..", RUN + "\n", "\u0662" + RUN[1:], f"../pc/{RUN}"])
def test_ids_that_are_none_are_refused(run: str, folder: JournalFolder) -> None:
    folder.write("pc", FIX, None)
    uses = (folder.read, folder.is_running, lambda host, one: folder.running(host, one).__enter__())
    for use in uses:
        with pytest.raises(PrivateFileError, match="is not the id of a run"):
            use("pc", run)
    with pytest.raises(PrivateFileError, match="is not the id of a run"):
        folder.write("pc", replace(FIX, run=run), None)


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_no_folder(path: str) -> None:
    with pytest.raises(PrivateFileError, match="journal_dir must be"):
        JournalFolder(path)


@pytest.mark.parametrize("name", ["Password", "SMTP Password2", "ProxyPassword"])
def test_passwords_are_never_kept(name: str, folder: JournalFolder) -> None:
    step = replace(SWITCH, name=name, after=ABSENT)
    with pytest.raises(PrivateFileError, match="may be a password"):
        folder.write("pc", replace(FIX, steps=(step,)), None)
    assert not folder.path.exists()


# --- runs under way ------------------------------------------------------------------------------------------------

HOLDER = """
import sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.journal_files import JournalFolder
with JournalFolder(sys.argv[2]).running("pc", sys.argv[3]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_run_is_seen_by_others_until_its_process_ends(folder: JournalFolder) -> None:
    collections = Path(__file__).resolve().parents[3] / "collections"
    command = [sys.executable, "-c", HOLDER, str(collections), str(folder.path), RUN]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert folder.is_running("pc", RUN)
        assert not folder.is_running("pc", OLDER)
        process.kill()
        process.wait()
    assert not folder.is_running("pc", RUN)
    # It was killed, so it is known that it began.
    assert folder.started("pc") == {RUN}
    assert folder.runs("pc") == ()


def test_a_run_ends_with_its_block(folder: JournalFolder) -> None:
    with folder.running("pc", RUN):
        assert folder.is_running("pc", RUN)
        assert folder.is_running("pc", RUN)
        assert folder.started("pc") == {RUN}
    assert not folder.is_running("pc", RUN)
    assert everything(folder.path) == {"pc"}


def test_an_error_is_not_ours_and_leaves_a_trace(folder: JournalFolder) -> None:
    with pytest.raises(FileNotFoundError, match="theirs"), folder.running("pc", RUN):
        raise FileNotFoundError("theirs")
    assert folder.started("pc") == {RUN}
    assert not folder.is_running("pc", RUN)
    with folder.running("pc", RUN):
        pass
    assert folder.started("pc") == frozenset()


def test_one_run_is_not_under_way_twice(folder: JournalFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_files, "_PAUSE", 0.001)
    with folder.running("pc", RUN):
        with pytest.raises(PrivateFileError, match="under way in another process"), folder.running("pc", RUN):
            pass
        with folder.running("pc", OLDER):
            assert folder.is_running("pc", OLDER)
        assert folder.is_running("pc", RUN)


def test_asking_does_not_disturb_a_run_that_begins(folder: JournalFolder) -> None:
    (folder.path / "pc").mkdir(parents=True, mode=0o700)
    (folder.path / "pc" / f"{RUN}.lock").touch(mode=0o600)
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            folder.is_running("pc", RUN)

    threads = [threading.Thread(target=ask) for _number in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _attempt in range(20):
            with folder.running("pc", RUN):
                assert folder.is_running("pc", RUN)
    finally:
        over.set()
        for thread in threads:
            thread.join()
