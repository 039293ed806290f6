# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows about running update packages: installers, what their exit codes mean, languages of packages."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.rows import Row

Verb = t.Literal["install", "remove"]
ExitOutcome = t.Literal[
    "installed",
    "removed",
    "needs_reboot",
    "already_installed",
    "not_installed",
    "superseded",
    "not_applicable",
    "missing_prerequisite",
    "access_denied",
    "disk_full",
    "busy",
    "running",
    "failed",
]
#: Outcomes after which the host is, or will be after a reboot, as it was asked for.
GOOD: t.Final[frozenset[ExitOutcome]] = frozenset(
    {"installed", "removed", "needs_reboot", "already_installed", "not_installed", "superseded"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Language(Row):
    """A language of XP's and 2003's packages. ``id``: as file names carry it; ``langids``: four hex digits each."""

    id: str
    name: str
    langids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installer(Row):
    """A way to run packages. The first row that takes a file on a version of NT is the best way there.

    ``files``: suffixes without the dot. ``versions``: of NT; ``remove_versions``: those on which it can also remove.
    ``prepare``, ``install``, ``remove``: words of a command, with placeholders: {file} the package, {log} a log that
    does not exist yet, {folder} an empty folder, {cab} the cabinet that ``prepare`` put there, {program} spuninst.exe
    of that update, {package} its full name in component based servicing, {number} its number. ``prepare`` is for .msu
    files only. All are run as SYSTEM.
    ``without_backup``: the further word for an installation that cannot be removed.
    """

    id: str
    files: tuple[str, ...]
    versions: tuple[str, ...]
    remove_versions: tuple[str, ...]
    prepare: tuple[str, ...]
    install: tuple[str, ...]
    remove: tuple[str, ...]
    without_backup: str | None
    notes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallCode(Row):
    """What an exit code means. ``code``: unsigned, 32 bits. ``words``: goes on after the name of an update and "is"."""

    id: str
    code: int
    installers: tuple[str, ...]
    verbs: tuple[Verb, ...]
    outcome: ExitOutcome
    words: str


@dataclass(frozen=True, slots=True)
class ExitMeaning:
    """What one run of an installer came to. ``code``: unsigned; ``words``: one clause, without the code."""

    outcome: ExitOutcome
    code: int
    words: str

    @property
    def good(self) -> bool:
        """Whether nothing is left to do but, perhaps, a reboot."""
        return self.outcome in GOOD

    @property
    def code_text(self) -> str:
        """The code as people look it up: small ones in decimal, HRESULTs in hexadecimal and as a signed number."""
        if self.code < 0x10000:
            return str(self.code)
        signed = self.code - (1 << 32) if self.code >> 31 else self.code
        return f"0x{self.code:08x}, {signed}"
