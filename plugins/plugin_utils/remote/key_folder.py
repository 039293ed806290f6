# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder on the controller with certificates and private keys, for its owner alone, each file complete or not there.

No link is followed, and a key that others may read is not used: it is no secret any more.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import time
import typing as t
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.private_files import (
    PrivateFileError,
    content,
    file,
    folder_of,
    make_parents,
    named,
    replace,
)

#: Bytes of a file; a key of 4096 bits has about three thousand.
_MOST: t.Final = 64 * 1024
_KEY: t.Final = ".key"
#: Seconds that another process may take for all the keys that it makes.
_PATIENCE: t.Final = 120.0
_PAUSE: t.Final = 0.1


class KeyFolder:
    """The folder, while it is held by :func:`held`. Every method raises PrivateFileError."""

    def __init__(self, path: Path, folder: int | None) -> None:
        self.path = path
        self._folder = folder

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        """Those of these files that are there."""
        found: dict[str, bytes] = {}
        if self._folder is None:
            return found
        for name in names:
            path = self.path / name
            with _told(path), contextlib.suppress(FileNotFoundError), file(self._folder, path, os.O_RDONLY) as opened:
                if name.endswith(_KEY) and os.fstat(opened).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                    raise PrivateFileError(
                        f"The key {named(path)} is open to others, so it is not used: make a new authority, or, if"
                        " nobody has read it, take their rights away (chmod 600)."
                    )
                found[name] = content(opened, path, _MOST)
        return found

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write these files, in this order; each is there as a whole, on the disk, or as it was before."""
        for name, raw in files.items():
            path = self.path / name
            with _told(path):
                if self._folder is None:
                    raise PrivateFileError(f"The folder {named(self.path)} is not there.")
                replace(self._folder, path, raw)


@contextlib.contextmanager
def held(path: str, *, make: bool) -> Iterator[KeyFolder]:
    """The folder, which no other process has at the same time: tasks of several hosts may want the same authority.

    :param make: make it where it is not there; else it is then taken for an empty one.
    :raises PrivateFileError: it is a link, or not ours, or others may write there, or another process keeps it.
    """
    if not path or "\0" in path:
        raise PrivateFileError("folder must be the path of a folder.")
    whole = Path(os.path.abspath(path))
    with contextlib.ExitStack() as opened:
        with _told(whole):
            if make:
                make_parents(whole)
            try:
                folder: int | None = opened.enter_context(folder_of(None, whole, make))
            except FileNotFoundError:
                folder = None
            if folder is not None:
                _lock(folder, whole)
        # The lock ends with the descriptor.
        yield KeyFolder(whole, folder)


def _lock(folder: int, path: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            if time.monotonic() > end:
                raise PrivateFileError(f"Another process keeps {named(path)}; wait for its end.") from None
            time.sleep(_PAUSE)
        else:
            return


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PrivateFileError(
            f"The file {named(path)} cannot be used: {error.strerror or type(error).__name__}."
        ) from error
