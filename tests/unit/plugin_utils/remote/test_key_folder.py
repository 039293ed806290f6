# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of certificates and keys: for its owner alone, complete, never through a link, one process at a time."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import key_folder
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.key_folder import held
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.private_files import PrivateFileError

FILES = {"root.key": b"key", "root.pem": b"certificate"}


def put(path: Path, files: dict[str, bytes]) -> None:
    """Write them."""
    with held(str(path), make=True) as folder:
        folder.write(files)


def got(path: Path, *names: str) -> dict[str, bytes]:
    """Read them."""
    with held(str(path), make=False) as folder:
        return folder.read(names or FILES)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_what_is_written_is_read_and_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ca"
    old = os.umask(0)
    try:
        put(path, FILES)
    finally:
        os.umask(old)
    assert got(path) == FILES
    assert [mode(one) for one in (path.parent, path, path / "root.key", path / "root.pem")] == [0o700, 0o700] + [
        0o600
    ] * 2


def test_nothing_is_made_to_be_read(tmp_path: Path) -> None:
    assert got(tmp_path / "none") == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("rights", [0o640, 0o604, 0o660, 0o610, 0o601])
def test_a_key_that_is_open_to_others_is_refused(tmp_path: Path, rights: int) -> None:
    put(tmp_path / "ca", FILES)
    (tmp_path / "ca" / "root.key").chmod(rights)
    with pytest.raises(PrivateFileError, match=r"ca/root\.key"):
        got(tmp_path / "ca")


def test_a_certificate_may_be_read_by_others(tmp_path: Path) -> None:
    put(tmp_path / "ca", FILES)
    (tmp_path / "ca" / "root.pem").chmod(0o644)
    (tmp_path / "ca").chmod(0o755)
    assert got(tmp_path / "ca") == FILES


@pytest.mark.parametrize("rights", [0o770, 0o707, 0o777])
def test_a_folder_that_others_may_write_is_refused(tmp_path: Path, rights: int) -> None:
    put(tmp_path / "ca", FILES)
    (tmp_path / "ca").chmod(rights)
    with pytest.raises(PrivateFileError, match="written by others"):
        got(tmp_path / "ca")


def test_links_are_refused_and_lead_nowhere(tmp_path: Path) -> None:
    put(tmp_path / "ca", FILES)
    outside = tmp_path / "outside.key"
    outside.write_bytes(b"outside")
    outside.chmod(0o600)
    (tmp_path / "link").symlink_to(tmp_path / "ca")
    with pytest.raises(PrivateFileError, match="symbolic link"):
        got(tmp_path / "link/")
    (tmp_path / "ca" / "x.key").symlink_to(outside)
    with pytest.raises(PrivateFileError, match="symbolic link"):
        got(tmp_path / "ca", "x.key")
    with pytest.raises(PrivateFileError, match="symbolic link"):
        put(tmp_path / "ca", {"x.key": b"new"})
    assert outside.read_bytes() == b"outside"


@pytest.mark.parametrize("what", ["folder", "pipe"])
def test_what_is_no_file_is_refused(tmp_path: Path, what: str) -> None:
    put(tmp_path / "ca", {})
    place = tmp_path / "ca" / "root.pem"
    (os.mkfifo if what == "pipe" else os.mkdir)(place, 0o600)
    with pytest.raises(PrivateFileError, match=r"root\.pem"):
        got(tmp_path / "ca")
    with pytest.raises(PrivateFileError, match=r"root\.pem"):
        put(tmp_path / "ca", FILES)


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    put(tmp_path / "ca", {"root.pem": b"x" * (64 * 1024 + 1)})
    with pytest.raises(PrivateFileError, match="more than 65536 bytes"):
        got(tmp_path / "ca")


def test_a_run_that_breaks_off_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "ca", FILES)

    def full(*_arguments: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PrivateFileError, match=r"root\.pem cannot be used: No space left"):
        put(tmp_path / "ca", {"root.pem": b"new"})
    monkeypatch.undo()
    assert got(tmp_path / "ca") == FILES
    assert sorted(one.name for one in (tmp_path / "ca").iterdir()) == sorted(FILES)


def test_one_at_a_time(tmp_path: Path) -> None:
    """Tasks of several hosts may want the same authority: whoever comes second waits, and finds what the first made."""
    seen: list[dict[str, bytes]] = []

    def second() -> None:
        with held(str(tmp_path / "ca"), make=True) as folder:
            seen.append(folder.read(FILES))

    with held(str(tmp_path / "ca"), make=True) as folder:
        other = threading.Thread(target=second)
        other.start()
        other.join(0.3)
        assert (other.is_alive(), seen) == (True, [])
        folder.write(FILES)
    other.join(5)
    assert seen == [FILES]


def test_nobody_waits_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_folder, "_PATIENCE", 0.1)
    with held(str(tmp_path / "ca"), make=True), pytest.raises(PrivateFileError, match="Another process keeps"):
        put(tmp_path / "ca", {})


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(PrivateFileError, match="path of a folder"), held(path, make=False):
        pass
