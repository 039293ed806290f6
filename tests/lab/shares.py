# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shares of other computers that a simulated host reaches: folders of the machine that the lab runs on.

A task that runs as SYSTEM may read them, as if the host were in the servers' domain. A remote session may not, unless
the entry says ``second_hop``: it has no credentials to show, and the server denies access.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

from .files import FileFault
from .grammar import Refused

if t.TYPE_CHECKING:
    from .machine import Shell

_LARGEST: t.Final = 300_000_000


def is_share(path: str) -> bool:
    r"""True for ``\\server\share\...``."""
    return path.startswith("\\\\")


def read(shell: Shell, path: str) -> bytes:
    """The bytes of a file on a share. Raises FileFault."""
    entry = shell.machine.entry
    server, share, *names = path.removeprefix("\\\\").split("\\")
    folder = entry.shares.get(f"\\\\{server}\\{share}".casefold())
    if folder is None:
        raise FileFault("path_missing")
    if not (shell.job.system or entry.second_hop):
        raise FileFault("denied")
    found = folder
    for name in names:
        if name in ("", ".", ".."):
            raise Refused(f"a path with the part {name!r}: {path}")
        found = _below(found, name)
    if not found.is_file():
        raise FileFault("denied")
    if found.stat().st_size > _LARGEST:
        raise Refused(f"a file of {found.stat().st_size} bytes: {path}")
    return found.read_bytes()


def _below(folder: Path, name: str) -> Path:
    names = folder.iterdir() if folder.is_dir() else iter(())
    for one in names:
        if one.name.casefold() == name.casefold():
            return one
    raise FileFault("file_missing")
