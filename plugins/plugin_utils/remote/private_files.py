# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and folders that belong to us alone: opened without following a link, believed only if nobody else may write.

All names below a folder are relative to its descriptor, so what was checked is what is used.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import stat
import time
import typing as t
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

_OTHERS_WRITE: t.Final = stat.S_IWGRP | stat.S_IWOTH
_NO_LINK: t.Final = os.O_NOFOLLOW | os.O_CLOEXEC
#: :func:`is_locked` holds a lock for a moment: attempts to take it, and seconds between them.
_ATTEMPTS: t.Final = 20
_PAUSE: t.Final = 0.05


class PrivateFileError(Exception):
    """A journal, or another file of ours, cannot be kept or read. The message is one sentence, with the path."""


def named(path: Path) -> str:
    """The path for a message."""
    return shown(str(path), 400)


def make_parents(path: Path) -> None:
    """The folders above a path that are not there, for us alone."""
    for parent in reversed([one for one in path.parents if not one.exists()]):
        with contextlib.suppress(FileExistsError):
            parent.mkdir(0o700)


@contextlib.contextmanager
def folder_of(parent: int | None, path: Path, make: bool) -> Iterator[int]:
    """A folder of ours, as a descriptor. ``parent``: the descriptor that its name is relative to; None: its path."""
    name: str | Path = path if parent is None else path.name
    if make:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=parent)
            if parent is not None:
                os.fsync(parent)
    try:
        folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | _NO_LINK, dir_fd=parent)
    except OSError as error:
        # Systems differ in what they say of a link here: ELOOP, ENOTDIR, EMLINK.
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
            what = _what(os.stat(name, dir_fd=parent, follow_symlinks=False))
            raise PrivateFileError(f"{named(path)} is {what} and no folder; remove it.") from error
        raise
    try:
        _insist_on_ours(os.fstat(folder), path)
        yield folder
    finally:
        os.close(folder)


def _what(found: os.stat_result) -> str:
    kinds = ((stat.S_ISLNK, "a symbolic link"), (stat.S_ISREG, "a file"), (stat.S_ISDIR, "a folder"))
    return next((words for is_kind, words in kinds if is_kind(found.st_mode)), "a special file")


def _insist_on_ours(found: os.stat_result, path: Path) -> None:
    if found.st_uid != os.geteuid():
        raise PrivateFileError(f"{named(path)} belongs to another user, so it is not believed.")
    if found.st_mode & _OTHERS_WRITE:
        raise PrivateFileError(f"{named(path)} may be written by others, so it is not believed; take that right away.")


def _insist_on_file(found: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise PrivateFileError(f"{named(path)} is {_what(found)} and no file; remove it.")
    _insist_on_ours(found, path)


def _refuse_strangers(folder: int, path: Path) -> None:
    """What is about to be replaced or removed must be a file of ours, too; or not there."""
    with contextlib.suppress(FileNotFoundError):
        _insist_on_file(os.stat(path.name, dir_fd=folder, follow_symlinks=False), path)


@contextlib.contextmanager
def file(folder: int, path: Path, flags: int) -> Iterator[int]:
    """A file of ours, as a descriptor. A pipe there must not keep us waiting."""
    try:
        opened = os.open(path.name, flags | _NO_LINK | os.O_NONBLOCK, 0o600, dir_fd=folder)
    except OSError as error:
        if error.errno != errno.ENOENT:
            _insist_on_file(os.stat(path.name, dir_fd=folder, follow_symlinks=False), path)
        raise
    try:
        _insist_on_file(os.fstat(opened), path)
        yield opened
    finally:
        os.close(opened)


def content(opened: int, path: Path, most: int) -> bytes:
    """All that an opened file holds, if that is at most so many bytes."""
    found = bytearray()
    while len(found) <= most:
        piece = os.read(opened, most + 1 - len(found))
        if not piece:
            return bytes(found)
        found += piece
    raise PrivateFileError(f"The file {named(path)} has more than {most} bytes, so it is not read.")


def _write(folder: int, name: str, raw: bytes) -> None:
    """A new file, on the disk when this returns."""
    opened = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, 0o600, dir_fd=folder)
    try:
        while raw:
            raw = raw[os.write(opened, raw) :]
        os.fsync(opened)
    finally:
        os.close(opened)


def replace(folder: int, path: Path, raw: bytes) -> None:
    """A file with that content: there as a whole, on the disk when this returns, or as it was before."""
    _refuse_strangers(folder, path)
    temporary = f".{path.name}.{secrets.token_hex(8)}.tmp"
    try:
        _write(folder, temporary, raw)
        os.rename(temporary, path.name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
    os.fsync(folder)


def is_locked(opened: int) -> bool:
    """Whether a live process holds that file by :func:`locked`."""
    try:
        fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def locked(folder: int, path: Path) -> int:
    """The descriptor of a file, made where it is not there, that nobody else can lock until :func:`unlock`.

    :raises PrivateFileError: another process has it.
    """
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_PAUSE)
        with file(folder, path, os.O_RDWR | os.O_CREAT) as opened, contextlib.suppress(BlockingIOError):
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it before may have removed the file between our opening and our lock.
            if _same(folder, path.name, opened):
                return os.dup(opened)
    raise PrivateFileError(f"The run of {named(path)} is under way in another process; wait for its end.")


def unlock(opened: int) -> None:
    """Give back what :func:`locked` gave. Explicitly: a forked process may have the descriptor, too."""
    try:
        fcntl.flock(opened, fcntl.LOCK_UN)
    finally:
        os.close(opened)


def _same(folder: int, name: str, opened: int) -> bool:
    try:
        return os.path.samestat(os.stat(name, dir_fd=folder, follow_symlinks=False), os.fstat(opened))
    except FileNotFoundError:
        return False
