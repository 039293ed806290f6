# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller's folder of journals, and every way to use it, for the tests of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal_codec import as_data, signature
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.journal_files import JournalFolder
from tests.unit.plugin_utils.model.journals import FIX, RUN

SEALED = signature(as_data(FIX), "key")
Work = Callable[[JournalFolder], object]
#: Every way to use the folder for the host "pc" and one run.
READING: dict[str, Work] = {
    "read": lambda folder: folder.read("pc", RUN),
    "is_running": lambda folder: folder.is_running("pc", RUN),
    "write": lambda folder: folder.write("pc", FIX, None),
    "running": lambda folder: folder.running("pc", RUN).__enter__(),
}
LISTING: dict[str, Work] = {
    "runs": lambda folder: folder.runs("pc"),
    "started": lambda folder: folder.started("pc"),
}
FILES = {"read": ".json", "write": ".json", "is_running": ".lock", "running": ".lock"}


def journal_folder(below: Path) -> JournalFolder:
    """A folder that is not there yet, like the one above it."""
    return JournalFolder(str(below / "deep" / "journals"))


def everything(top: Path) -> set[str]:
    """Paths of all that is below."""
    return {str(path.relative_to(top)) for path in top.rglob("*")}
