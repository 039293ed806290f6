# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files a source offers for an update, and which of them is the one for a host.

In a folder of the controller everything can be seen and hashed. Of another source only names can be known before:
those of the tables, and those for which the operator gives checksums.
"""

from __future__ import annotations

import os
import typing as t
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Update
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.packages import (
    Ground,
    PackageCheck,
    PackageFile,
    check,
    fitting,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.package_names import FILE_NAME
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.package_source import PackageSource
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_text import (
    Measured,
    TransferError,
    measure,
    opened,
)

#: What speaks against a file, worst first: of several files, the one with the lightest objections is the best.
_GROUNDS: t.Final = tuple(Ground)


@dataclass(slots=True)
class Offers:
    """What is at a source; the controller's folder is listed once, its files are hashed once, when they are needed.

    :param source: None where the operator names none: then nothing is offered.
    :param checksums: file name, casefolded → SHA-256 in small hex digits.
    """

    source: PackageSource | None
    checksums: Mapping[str, str] = field(default_factory=dict)
    _names: tuple[str, ...] | None = field(default=None, repr=False)
    _hashed: dict[str, PackageFile] = field(default_factory=dict, repr=False)

    def candidates(self, update: Update) -> tuple[PackageFile, ...]:
        """Files that may install that update on some host, by name.

        :raises TransferError: the controller's folder, or one of these files, cannot be read.
        """
        if self.source is None:
            return ()
        if self.source.kind == "controller":
            return tuple(self._seen(name) for name in self._listed(self.source) if fitting(update, name))
        exact = {package.file.casefold(): package.file for package in update.packages if "*" not in package.file}
        given = {name: name for name in self.checksums if fitting(update, name)}
        names = {**given, **exact}
        return tuple(self._unseen(update, names[key]) for key in sorted(names) if FILE_NAME.fullmatch(names[key]))

    def _listed(self, source: PackageSource) -> tuple[str, ...]:
        """Names of files; links are followed, folders, pipes and devices are no packages."""
        if self._names is None:
            try:
                with os.scandir(source.place) as entries:
                    names = [entry.name for entry in entries if FILE_NAME.fullmatch(entry.name) and entry.is_file()]
            except OSError as error:
                why = error.strerror or "it cannot be opened"
                raise TransferError(f"{shown(source.place, 300)} cannot be read here ({why}).") from error
            self._names = tuple(sorted(names))
        return self._names

    def _seen(self, name: str) -> PackageFile:
        if name not in self._hashed and self.source is not None:
            size, sha256, sha1 = _measured(Path(self.source.place) / name)
            self._hashed[name] = PackageFile(name, size, sha256, sha1, given=self.checksums.get(name.casefold()))
        return self._hashed[name]

    def _unseen(self, update: Update, name: str) -> PackageFile:
        given = self.checksums.get(name.casefold())
        known = next((package.sha256 for package in fitting(update, name)), None)
        return PackageFile(name, None, given or known or "", given=given)


def _measured(path: Path) -> Measured:
    with opened(path) as file:
        return measure(file)


@dataclass(frozen=True, slots=True)
class Choice:
    """The file for an update on a host, if ``check`` has no objections. No file: ``why`` says in a sentence why not."""

    file: PackageFile | None
    check: PackageCheck | None
    why: str = ""


def choose(
    ctx: Context, update: Update, offers: Offers, consents: frozenset[str] = frozenset(), langid: str | None = None
) -> Choice:
    """The file that installs that update on that host: one without objections, else the one with the lightest.

    :param langid: the host's InstallLanguage ("0409"), None where it was not read.
    """
    try:
        found = [(file, check(ctx, update, file, consents, langid)) for file in offers.candidates(update)]
    except TransferError as error:
        return Choice(None, None, str(error))
    if not found:
        return Choice(None, None, _none_there(ctx, update, offers))
    return Choice(*min(found, key=lambda one: _rank(*one)))


def _rank(file: PackageFile, found: PackageCheck) -> tuple[int, int, int, bool, str]:
    """Smallest for the best."""
    worst = [len(_GROUNDS) - _GROUNDS.index(objection.ground) for objection in found.objections]
    pattern = found.package is None or "*" in found.package.file
    return max(worst, default=0), len(worst), len(found.remarks), pattern, file.name


def _none_there(ctx: Context, update: Update, offers: Offers) -> str:
    host = ctx.host
    packages = lookup.packages(update, host.os, host.architecture)
    if not packages:
        name = ctx.release.name if ctx.release else "a Windows that is not known"
        return f"There is no package of {update.id} for {name} on {shown(host.architecture)}."
    names = " or ".join(dict.fromkeys(_names(package.file for package in packages)))
    if offers.source is None:
        return f"Nothing says where packages are: set source to a folder in which {names} is."
    where = shown(str(offers.source), 300)
    if offers.source.kind == "controller":
        return f"No file of {update.id} is in {where}: put {names} there."
    return (
        f"Which file of {update.id} is in {where} cannot be seen from here: give its name, {names}, and its SHA-256 in"
        " checksums."
    )


def _names(files: Iterator[str]) -> Iterator[str]:
    """The patterns as people read them; where one covers all, nothing else needs to be told."""
    found = tuple(files)
    patterns = tuple(file for file in found if "*" in file)
    return iter(patterns or found)
