# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as two ``.reg`` files on the controller: one that carries it out, one that undoes it."""

from __future__ import annotations

import os
import tempfile
import typing as t
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.reg_export import reg_files
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Refusal


@dataclass(frozen=True, slots=True)
class Written:
    """The two files. ``left_out``: what they cannot say; ``changed``: whether one of them was, or would be, written."""

    do: Path
    undo: Path
    left_out: tuple[str, ...]
    changed: bool

    def result(self) -> dict[str, t.Any]:
        """As plain data."""
        return {"do": str(self.do), "undo": str(self.undo), "left_out": list(self.left_out)}


def write_reg_files(path: str, steps: Iterable[Step], *, check: bool) -> Written:
    """Write the files, where they do not hold that already.

    :param path: of the file that carries the steps out; the other one ends with ``.undo.reg``.
    :param check: only tell what would be written.
    :raises Refusal: a file cannot be written.
    """
    do = Path(path)
    if do.is_dir() or not do.name:
        raise Refusal(f"reg_file: {path} is a folder; name a file in it.")
    undo = do.with_name(do.stem + ".undo.reg")
    files = reg_files(tuple(steps))
    try:
        changed = [_write(file, data, check=check) for file, data in ((do, files.do), (undo, files.undo))]
    except OSError as error:
        raise Refusal(f"reg_file: {path} cannot be written: {error.strerror}.") from None
    return Written(do, undo, files.left_out, any(changed))


def _write(file: Path, data: bytes, *, check: bool) -> bool:
    if file.is_file() and file.read_bytes() == data:
        return False
    if not check:
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=".mailfleet-")
        try:
            with os.fdopen(handle, "wb") as temporary:
                temporary.write(data)
            os.replace(name, file)
        except OSError:
            os.unlink(name)
            raise
    return True
