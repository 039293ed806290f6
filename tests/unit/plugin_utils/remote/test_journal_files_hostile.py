# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others put into the controller's folder of journals: links, foreign files, damaged ones; and a full disk."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal_codec import (
    MOST_BYTES,
    Signed,
    as_json,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import private_files
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.journal_files import (
    JournalFolder,
    PrivateFileError,
)
from tests.support.journal_folders import FILES, LISTING, READING, SEALED, everything, journal_folder
from tests.unit.plugin_utils.model.journals import FIX, OLDER, RUN


@pytest.fixture
def folder(tmp_path: Path) -> JournalFolder:
    return journal_folder(tmp_path)


@pytest.mark.parametrize("use", READING | LISTING)
@pytest.mark.parametrize("level", ["journals", "host"])
def test_a_link_for_a_folder_is_refused_and_named(use: str, level: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    JournalFolder(str(outside)).write("pc", FIX, None)
    before = everything(outside)
    top = tmp_path / "journals"
    link, target = (top, outside) if level == "journals" else (top / "pc", outside / "pc")
    link.parent.mkdir(mode=0o700, exist_ok=True)
    link.symlink_to(target)
    with pytest.raises(PrivateFileError, match="is a symbolic link") as caught:
        (READING | LISTING)[use](JournalFolder(f"{top}/"))
    assert str(link) in str(caught.value)
    assert everything(outside) == before


@pytest.mark.parametrize("use", READING)
def test_a_link_for_a_file_is_refused_and_named(use: str, folder: JournalFolder, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(as_json(Signed(FIX, None)))
    link = folder.path / "pc" / f"{RUN}{FILES[use]}"
    link.parent.mkdir(parents=True, mode=0o700)
    link.symlink_to(target)
    with pytest.raises(PrivateFileError, match="is a symbolic link") as caught:
        READING[use](folder)
    assert str(link) in str(caught.value)
    assert target.read_bytes() == as_json(Signed(FIX, None))
    assert link.is_symlink()


def test_a_dangling_link_makes_nothing(folder: JournalFolder, tmp_path: Path) -> None:
    (folder.path / "pc").mkdir(parents=True, mode=0o700)
    for ending in (".json", ".lock"):
        (folder.path / "pc" / f"{RUN}{ending}").symlink_to(tmp_path / "made")
    for use in READING.values():
        with pytest.raises(PrivateFileError, match="is a symbolic link"):
            use(folder)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("use", READING)
@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_is_no_file_is_refused(use: str, kind: str, folder: JournalFolder) -> None:
    path = folder.path / "pc" / f"{RUN}{FILES[use]}"
    path.parent.mkdir(parents=True, mode=0o700)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises(PrivateFileError, match="and no file"):
        READING[use](folder)


@pytest.mark.parametrize("use", READING)
@pytest.mark.parametrize(("what", "mode"), [("file", 0o620), ("file", 0o602), ("host", 0o770), ("journals", 0o707)])
def test_what_others_may_write_is_refused(use: str, what: str, mode: int, folder: JournalFolder) -> None:
    folder.write("pc", FIX, None)
    (folder.path / "pc" / f"{RUN}.lock").write_bytes(b"")
    place = {"file": folder.path / "pc" / f"{RUN}{FILES[use]}", "host": folder.path / "pc", "journals": folder.path}[
        what
    ]
    place.chmod(mode)
    with pytest.raises(PrivateFileError, match="may be written by others") as caught:
        READING[use](folder)
    assert str(place) in str(caught.value)


@pytest.mark.parametrize("use", READING)
def test_what_belongs_to_others_is_refused(use: str, folder: JournalFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write("pc", FIX, None)
    monkeypatch.setattr(private_files.os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(PrivateFileError, match="belongs to another user"):
        READING[use](folder)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is not JSON, or was cut off"),
        (as_json(Signed(FIX, None))[:100], "is not JSON, or was cut off"),
        (b"{}", "the field journal is missing"),
        (b" " * (MOST_BYTES + 1), "more than 4194304 bytes"),
        (as_json(Signed(replace(FIX, run=OLDER), None)), "is the one of another run"),
    ],
)
def test_what_is_no_journal_is_refused_and_named(content: bytes, why: str, folder: JournalFolder) -> None:
    path = folder.write("pc", FIX, None)
    path.write_bytes(content)
    with pytest.raises(PrivateFileError, match=why) as caught:
        folder.read("pc", RUN)
    assert str(path) in str(caught.value)


def test_foreign_files_are_no_runs(folder: JournalFolder) -> None:
    path = folder.write("pc", FIX, None)
    for name in ("x.json", f"{OLDER}.json.bak", f".{OLDER}.0.tmp", "\u0662" + RUN[1:] + ".json"):
        (path.parent / name).write_bytes(b"")
    assert folder.runs("pc") == (RUN,)


@pytest.mark.parametrize("call", ["fsync", "rename", "write"])
def test_a_full_disk_leaves_the_journal_before(
    call: str, folder: JournalFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("pc", FIX, None)

    def full(*_arguments: object, **_names: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(PrivateFileError, match="cannot be used: No space left on device"):
            folder.write("pc", FIX, SEALED)
    assert folder.read("pc", RUN) == Signed(FIX, None)
    assert everything(folder.path) == {"pc", f"pc/{RUN}.json"}
