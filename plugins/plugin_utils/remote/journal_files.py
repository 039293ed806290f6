# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's journals: ``<folder>/<host>/<run>.json``, for their owner alone, complete or not there at all.

Names of hosts and everything that stands in the folder are input. Below the folder every name is opened relative to
the folder that was checked before it, and no link is followed, so nothing outside is ever read or written.
"""

from __future__ import annotations

import contextlib
import os
import re
import typing as t
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import Journal, RegistryStep
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal_codec import (
    MOST_BYTES,
    JournalError,
    Signed,
    as_json,
    from_json,
    is_run,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import is_secret
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.private_files import (
    PrivateFileError,
    content,
    file,
    folder_of,
    is_locked,
    locked,
    make_parents,
    named,
    replace,
    unlock,
)

__all__ = ["JournalFolder", "PrivateFileError", "folder_name"]

#: Bytes of the name of a host as a folder; file systems allow 255.
_LONGEST: t.Final = 200
#: What stays as it is in the name of a folder: a dot only between two other characters.
_PLAIN: t.Final = re.compile(rb"[A-Za-z0-9_-]|(?<=[^.])\.(?=[^.])")


def folder_name(host: str) -> str:
    """The name of a host as the name of a folder: percent-encoded, one to one, and harmless whatever the host is.

    :raises PrivateFileError: it is empty, or longer than 200 bytes.
    """
    raw = host.encode("utf-8", "surrogatepass")
    if not raw:
        raise PrivateFileError("A host without a name cannot have journals.")
    if len(raw) <= _LONGEST:
        kept = {found.start() for found in _PLAIN.finditer(raw)}
        name = "".join(chr(byte) if at in kept else f"%{byte:02X}" for at, byte in enumerate(raw))
        if len(name) <= _LONGEST:
            return name
    raise PrivateFileError(f"The name of the host {shown(host, 40)} is too long for a folder of journals.")


class JournalFolder:
    """The folder that holds the journals of all hosts. Nothing is made before something is written.

    Every method raises PrivateFileError: for a link, for what is not ours or what others may write, for an id of a
    run that is none, and where the system refuses.
    """

    def __init__(self, path: str) -> None:
        if not path or "\0" in path:
            raise PrivateFileError("journal_dir must be the path of a folder.")
        # A name that ends in a slash would be followed even if it is a link.
        self.path = Path(os.path.abspath(path))

    def write(self, host: str, journal: Journal, signature: str | None) -> Path:
        """Keep a journal. When this returns it is on the disk; until then there is none, or the one before."""
        for step in journal.steps:
            if isinstance(step, RegistryStep) and is_secret(step.name):
                raise PrivateFileError(f"A journal must not hold the value {shown(step.name)}: it may be a password.")
        path = self._path(host, f"{_checked(journal.run)}.json")
        try:
            raw = as_json(Signed(journal, signature))
        except JournalError as error:
            raise PrivateFileError(f"The journal {named(path)} cannot be written: {error}.") from error
        with self._opened(host, path, make=True) as folder:
            replace(folder, path, raw)
        return path

    def read(self, host: str, run: str) -> Signed:
        """The journal of a run; its signature is not verified here."""
        path = self._path(host, f"{_checked(run)}.json")
        try:
            with self._opened(host, path) as folder, file(folder, path, os.O_RDONLY) as opened:
                raw = content(opened, path, MOST_BYTES)
            signed = from_json(raw)
        except FileNotFoundError:
            raise PrivateFileError(f"There is no journal {named(path)}; look at journal_dir and at the run.") from None
        except JournalError as error:
            raise PrivateFileError(f"The journal {named(path)} cannot be believed: {error}.") from error
        if signed.journal.run != run:
            raise PrivateFileError(f"The journal {named(path)} is the one of another run, {signed.journal.run}.")
        return signed

    def runs(self, host: str) -> tuple[str, ...]:
        """The runs whose journals are kept, oldest first."""
        return tuple(sorted(self._named(host, ".json")))

    def started(self, host: str) -> frozenset[str]:
        """The runs that began here: those with a journal, those under way, and those that ended by an error."""
        return self._named(host, ".json") | self._named(host, ".lock")

    @contextlib.contextmanager
    def running(self, host: str, run: str) -> Iterator[None]:
        """While this lasts, :meth:`is_running` is true for that run, in every process; it ends with the process.

        The file of the lock goes at the end. After an exception it stays, unlocked, as a sign that the run began here.
        """
        path = self._path(host, f"{_checked(run)}.lock")
        with self._opened(host, path, make=True) as opened:
            lock, folder = locked(opened, path), os.dup(opened)
        # What goes wrong in between is none of ours, so it must not pass through _opened.
        try:
            yield
            with contextlib.suppress(OSError):
                os.unlink(path.name, dir_fd=folder)
        finally:
            os.close(folder)
            unlock(lock)

    def is_running(self, host: str, run: str) -> bool:
        """Whether a live process of this controller holds that run. Makes nothing."""
        path = self._path(host, f"{_checked(run)}.lock")
        try:
            with self._opened(host, path) as folder, file(folder, path, os.O_RDWR) as opened:
                return is_locked(opened)
        except FileNotFoundError:
            return False

    def _path(self, host: str, name: str) -> Path:
        return self.path / folder_name(host) / name

    def _named(self, host: str, ending: str) -> frozenset[str]:
        try:
            with self._opened(host, self._path(host, "*")) as folder:
                names = [name.removesuffix(ending) for name in os.listdir(folder) if name.endswith(ending)]
        except FileNotFoundError:
            return frozenset()
        return frozenset(filter(is_run, names))

    @contextlib.contextmanager
    def _opened(self, host: str, path: Path, *, make: bool = False) -> Iterator[int]:
        """The folder of a host, as a descriptor. ``path``: what it is opened for, for messages.

        :raises FileNotFoundError: it is not there, and it is not to be made.
        """
        try:
            if make:
                make_parents(self.path)
            with folder_of(None, self.path, make) as top, folder_of(top, self.path / folder_name(host), make) as folder:
                yield folder
        except FileNotFoundError:
            if make:
                raise PrivateFileError(f"The folder of {named(path)} went away while it was used.") from None
            raise
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise PrivateFileError(f"The file {named(path)} cannot be used: {why}.") from error


def _checked(run: str) -> str:
    if not is_run(run):
        raise PrivateFileError(f"{shown(run)} is not the id of a run; ids look like 20260131T235959Z-0123abcd.")
    return run
