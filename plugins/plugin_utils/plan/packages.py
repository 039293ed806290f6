# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""May this file be run on this host to install that update? Every reason against it, before a byte is sent.

No package runs unverified: its SHA-256 has to be in the tables or to come from the operator.
"""

from __future__ import annotations

import enum
import re
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.install_rows import Language
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge, Package, Update
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.prerequisites import unmet
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.package_names import FILE_NAME
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

_SHA256: t.Final = re.compile(r"[0-9a-f]{64}")
#: Microsoft's file names end in the SHA-1 of the file.
_NAMED_SHA1: t.Final = re.compile(r"_([0-9a-f]{40})(?=\.[a-z]+$)", re.IGNORECASE | re.ASCII)
#: XP's packages: the language stands last, before the SHA-1 where there is one.
_NAMED_LANGUAGE: t.Final = re.compile(r"-([a-z]{3})(?:_[0-9a-f]{40})?\.exe$", re.IGNORECASE | re.ASCII)
_ARCHITECTURES: t.Final = {"x86": "32-bit (x86)", "amd64": "64-bit (x64)", "arm64": "ARM64"}


class Ground(str, enum.Enum):
    """What an objection is about."""

    NAME = "name"
    OS = "os"
    ARCHITECTURE = "architecture"
    LANGUAGE = "language"
    TRUNCATED = "truncated"
    UNVERIFIED = "unverified"
    CHECKSUM = "checksum"
    PREREQUISITE = "prerequisite"
    CONSENT = "consent"


@dataclass(frozen=True, slots=True)
class PackageFile:
    """A file that is to install an update. ``size`` in bytes; ``sha256`` and ``sha1`` as the controller computed them.

    Of a file that the controller does not see, ``size`` and ``sha1`` are None, and ``sha256`` is what it has to have
    ("" where nobody knows): it is compared on the host.
    ``given``: SHA-256 that the operator names, None where he names none.
    """

    name: str
    size: int | None
    sha256: str
    sha1: str | None = None
    given: str | None = None


@dataclass(frozen=True, slots=True)
class Objection:
    """A reason not to run it, one sentence. ``consent``: with that consent it is none."""

    ground: Ground
    why: str
    consent: str | None = None


@dataclass(frozen=True, slots=True)
class PackageCheck:
    """``package``: the row of the table that the file fits, for this host; ``remarks``: what could not be checked."""

    objections: tuple[Objection, ...]
    remarks: tuple[str, ...]
    package: Package | None


def check(
    ctx: Context,
    update: Update,
    file: PackageFile,
    consents: frozenset[str] = frozenset(),
    langid: str | None = None,
) -> PackageCheck:
    """Everything that speaks against running that file on that host for that update.

    Updates that the same run installs before it stand in ``ctx.assume_installed``. ``langid``: the host's
    InstallLanguage ("0409"), None where it was not read.
    """
    rows = fitting(update, file.name)
    here = next((p for p in rows if ctx.host.os in p.os and p.architecture == ctx.host.architecture), None)
    package = here or (rows[0] if rows else None)
    objections: list[Objection] = []
    remarks: list[str] = []
    if package is None:
        objections.append(_no_package(update, file))
    objections.extend(_wrong_windows(ctx, update, file, rows))
    if here is not None:
        wrong, remark = _language(ctx.knowledge, here, file, langid)
        objections.extend(wrong)
        remarks.extend(remark)
    objections.extend(_damage(package, file) or _digest(package, file))
    if ctx.host.os in update.os:
        objections.extend(_prerequisites(ctx, update, consents))
    return PackageCheck(tuple(objections), tuple(remarks), here)


def language_in(name: str) -> str | None:
    """The word for the language in the name of a package for XP or 2003, or None."""
    found = _NAMED_LANGUAGE.search(name)
    return found.group(1).casefold() if found else None


def _without_sha1(name: str) -> str:
    return _NAMED_SHA1.sub("", name).casefold()


def fitting(update: Update, name: str) -> tuple[Package, ...]:
    """Rows whose name or pattern that is, exact names first. The SHA-1 at the end may be left out, not differ."""
    if not FILE_NAME.fullmatch(name):
        return ()
    found = []
    for package in update.packages:
        words = map(re.escape, package.file.split("*"))
        same_file = _without_sha1(package.file) == name.casefold()
        if same_file or re.fullmatch("[A-Za-z0-9._-]*".join(words), name, re.IGNORECASE | re.ASCII):
            found.append(package)
    return tuple(sorted(found, key=lambda package: "*" in package.file))


def _no_package(update: Update, file: PackageFile) -> Objection:
    patterns = ", ".join(sorted({_without_sha1(package.file) for package in update.packages}))
    known = f"its files are named {patterns}" if patterns else "there is no package of that update"
    return Objection(Ground.NAME, f"{shown(file.name, 200)} is no package of {update.id}: {known}.")


def _wrong_windows(ctx: Context, update: Update, file: PackageFile, rows: tuple[Package, ...]) -> Iterator[Objection]:
    host, releases = ctx.host, ctx.knowledge.releases
    release = ctx.release
    if release is None:
        yield Objection(Ground.OS, f"Whether {update.id} fits cannot be told: {host.why or 'Windows is not known'}.")
    elif host.os not in update.os and release.upgrade_to in update.os:
        newer = releases[str(release.upgrade_to)].name
        yield Objection(Ground.OS, f"{update.id} needs {newer}, and this host has {release.name}.")
    elif host.os not in update.os:
        names = ", ".join(releases[os].name for os in update.os)
        yield Objection(Ground.OS, f"{update.id} is for {names}, and this host has {release.name}.")
    elif rows and not any(host.os in package.os for package in rows):
        names = ", ".join(releases[os].name for os in rows[0].os)
        yield Objection(Ground.OS, f"{file.name} is for {names}, and this host has {release.name}.")
    elif rows and not any(p.architecture == host.architecture and host.os in p.os for p in rows):
        kind = _ARCHITECTURES[rows[0].architecture]
        own = _ARCHITECTURES.get(host.architecture, "of an architecture that could not be read")
        yield Objection(Ground.ARCHITECTURE, f"{file.name} is for {kind} Windows, and this one is {own}.")


def _language(
    k: Knowledge, package: Package, file: PackageFile, langid: str | None
) -> tuple[tuple[Objection, ...], tuple[str, ...]]:
    """update.exe refuses a package in another language; from Vista on packages are for all of them."""
    if not package.file.casefold().endswith(".exe"):
        return (), ()
    word = package.language or language_in(file.name)
    theirs = k.languages.get(word or "")
    if theirs is None:
        return (), (f"The name of {file.name} does not tell its language: update.exe refuses it if that is wrong.",)
    if langid is None:
        return (), (f"{file.name} is {theirs.name}; the language of this Windows was not read.",)
    own = lookup.language_of(k, langid)
    if own is None:
        return (), (f"{file.name} is {theirs.name}; the language {shown(langid)} of this Windows is in no table.",)
    return (() if own.id == theirs.id else (_other_language(file, theirs, own),)), ()


def _other_language(file: PackageFile, theirs: Language, own: Language) -> Objection:
    why = f"{file.name} is the package for {theirs.name} Windows, and this one is {own.name}: get the one for it"
    return Objection(Ground.LANGUAGE, f"{why} (-{own.id}).")


def _damage(package: Package | None, file: PackageFile) -> tuple[Objection, ...]:
    """Is it all there? Then a checksum that differs would only say the same again."""
    expected = package.size if package is not None else None
    name = shown(file.name, 200)
    if file.size is None:
        return ()
    if file.size <= 0:
        return (Objection(Ground.TRUNCATED, f"{name} is empty."),)
    if expected is not None and file.size < expected:
        return (Objection(Ground.TRUNCATED, f"{name} is truncated: it has {file.size} of {expected} bytes."),)
    if expected is not None and file.size > expected:
        return (Objection(Ground.CHECKSUM, f"{name} has {file.size} bytes instead of {expected}: it is another file."),)
    return ()


def _digest(package: Package | None, file: PackageFile) -> Iterator[Objection]:
    name, known = shown(file.name, 200), package.sha256 if package is not None else None
    given = (file.given or "").strip().casefold()
    if given and not _SHA256.fullmatch(given):
        yield Objection(Ground.UNVERIFIED, f"The checksum given for {name} is no SHA-256: it needs 64 hex digits.")
        return
    if known and given and known != given:
        yield Objection(Ground.CHECKSUM, f"The SHA-256 given for {name} is not the one that is known, {known}.")
        return
    if not known and not given:
        why = "no package runs unverified, and its SHA-256 is not known here: give it"
        yield Objection(Ground.UNVERIFIED, f"{name} cannot be verified: {why}, from a source that you trust.")
    elif file.sha256.casefold() != (known or given):
        why = f"has the SHA-256 {shown(file.sha256)} instead of {known or given}"
        yield Objection(Ground.CHECKSUM, f"{name} {why}: it is another file, or was altered or cut off on its way.")
    named = _NAMED_SHA1.search(file.name)
    if named and file.sha1 is not None and file.sha1.casefold() != named.group(1).casefold():
        why = "its SHA-1 is not the one at the end of its name"
        yield Objection(Ground.CHECKSUM, f"{name} is not whole, or not what it is called: {why}.")


def _prerequisites(ctx: Context, update: Update, consents: frozenset[str]) -> Iterator[Objection]:
    for need in unmet(ctx, update):
        if need.consent is None:
            yield Objection(Ground.PREREQUISITE, need.why)
        elif need.consent not in consents:
            yield Objection(Ground.CONSENT, need.why, need.consent)
