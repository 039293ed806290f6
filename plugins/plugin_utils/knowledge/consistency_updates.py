# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do registry paths and updates hang together, and may the paths stand in a command line?"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.install_rows import InstallCode, Installer
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import (
    Detection,
    Knowledge,
    Package,
    RegistryPath,
    Update,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.words import ARCHITECTURES, REGISTRY_TYPES

#: Keys stand in command lines as they are, so that nothing may be in them that cmd.exe reads as its own.
SAFE_KEY: t.Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]*(?:\\\.?[A-Za-z0-9][A-Za-z0-9 ._-]*)*")
_WOW: t.Final = "HKLM\\SOFTWARE\\Wow6432Node\\"
#: Keys of HKLM\SOFTWARE without a 32-bit twin.
#: https://learn.microsoft.com/windows/win32/winprog64/shared-registry-keys
_SHARED: t.Final = (
    "HKLM\\SYSTEM\\",
    "HKLM\\SOFTWARE\\Policies\\",
    "HKLM\\SOFTWARE\\Microsoft\\SystemCertificates\\",
    "HKLM\\SOFTWARE\\Microsoft\\EnterpriseCertificates\\",
    "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList",
)
_KB: t.Final = re.compile(r"KB\d{6,7}")
#: An asterisk stands for what differs by language or issue.
_FILE_NAME: t.Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.*_-]*\.(?:exe|msu|cab)")
#: Microsoft's file names end in the SHA-1 of the file.
_NAMED_DIGEST: t.Final = re.compile(r"_([0-9a-f]{40})\.")
_HEX: t.Final = {"sha1": re.compile(r"[0-9a-f]{40}"), "sha256": re.compile(r"[0-9a-f]{64}")}
#: What the commands of installers may hold; install_rows.py says what each stands for.
_PLACEHOLDER: t.Final = re.compile(r"\{([a-z]+)\}")
_PLACEHOLDERS: t.Final = {
    "prepare": {"file", "folder"},
    "install": {"file", "log", "cab"},
    "remove": {"program", "package", "number"},
}
_WORD: t.Final = re.compile(r"[A-Za-z0-9/:.*_-]*")
_SUFFIXES: t.Final = frozenset({"exe", "msu", "cab"})
_LANGID: t.Final = re.compile(r"[0-9a-f]{4}")
_LANGUAGE: t.Final = re.compile(r"[a-z]{3}")
_NAMES: t.Final = {
    "file_version": re.compile(r"system32\\[a-z0-9_]+\.(?:dll|sys)"),
    "filelist": re.compile(r"[a-z0-9_]+\.(?:dll|sys)"),
    "hotfix": re.compile(r"KB\d{6,7}(?:-IE\d)?"),
    "package": _KB,
    "rollup": re.compile("RollupFix"),
    "ubr": _KB,
    "dword": re.compile(r"HKLM\\[^|]+\|[^|]+"),
}
_VERSIONS: t.Final = {
    "file_version": re.compile(r"\d+\.\d+\.\d+\.\d+"),
    "filelist": re.compile(r"\d+\.\d+\.\d+\.\d+"),
    "rollup": re.compile(r"\d+\.\d+"),
    "ubr": re.compile(r"\d+\.\d+"),
    "dword": re.compile(r"0x[0-9a-f]+|\d+"),
}


def registry(k: Knowledge) -> Iterator[str]:
    """Every path is well-formed, of the right view, and a 32-bit one has its native twin."""
    native = {row.key.casefold() for row in k.registry.values() if row.view == "native"}
    places: dict[tuple[str, str, bool], str] = {}
    for row in k.registry.values():
        for field, why in _path(row, native):
            yield f"registry_paths.yml: {row.id}: {field}: {why}"
        place = (row.key.casefold(), (row.value or "").casefold(), row.per_user)
        if place in places:
            yield f"registry_paths.yml: {row.id}: key: {places[place]} is the same place"
        places.setdefault(place, row.id)


def _path(row: RegistryPath, native: set[str]) -> Iterator[tuple[str, str]]:
    if not SAFE_KEY.fullmatch(row.key):
        yield "key", f"{row.key!r} is not a key that may stand in a command line"
    if row.key.startswith("HKLM\\") == row.per_user:
        yield "per_user", "keys of the machine begin with HKLM, keys of users do not"
    if (row.value is None) != (row.type is None):
        yield "type", "must be given where there is a value, and only there"
    if row.type is not None and row.type not in REGISTRY_TYPES:
        yield "type", f"{row.type!r} is no registry type"
    if row.view != _view(row):
        yield "view", f"must be {_view(row)}, is {row.view}"
    if row.view == "wow6432" and row.key.replace("\\Wow6432Node", "", 1).casefold() not in native:
        yield "key", "has no native twin in this table"


def _view(row: RegistryPath) -> str:
    if row.per_user or row.key.startswith(_SHARED):
        return "shared"
    return "wow6432" if row.key.startswith(_WOW) else "native"


def updates(k: Knowledge) -> Iterator[str]:
    """Every reference of an update leads somewhere, and the order of installation is one."""
    for row in k.updates.values():
        for field, why in (*_update(k, row), *_supersedence(k, row)):
            yield f"updates.yml: {row.id}: {field}: {why}"


def _update(k: Knowledge, row: Update) -> Iterator[tuple[str, str]]:
    if not _KB.fullmatch(row.id):
        yield "id", "must be KB and a number"
    if not row.os or not row.enables:
        yield "os" if not row.os else "enables", "is empty"
    for os in row.os:
        if os not in k.releases:
            yield "os", f"there is no release {os!r}"
    for needed in row.requires:
        other = k.updates.get(needed)
        if other is None:
            yield "requires", f"there is no update {needed!r}"
        elif set(row.os) - set(other.os):
            yield "requires", f"{needed} is not for every release that this one is for"
        elif other.order >= row.order:
            yield "order", f"{needed} must come before this one"
    for needed in sorted(set(row.requires) & (_newer(k, row.id) - {row.id})):
        yield "requires", f"{needed} supersedes this one"
    for needed in sorted(set(row.after_reboot_of) - set(row.requires)):
        yield "after_reboot_of", f"{needed} is not among what it requires"
    for path in row.registry_after:
        if path not in k.registry:
            yield "registry_after", f"there is no registry path {path!r}"


def _supersedence(k: Knowledge, row: Update) -> Iterator[tuple[str, str]]:
    for newer_id in row.superseded_by:
        newer = k.updates.get(newer_id)
        if newer is None:
            yield "superseded_by", f"there is no update {newer_id!r}"
        elif not set(newer.os) & set(row.os):
            yield "superseded_by", f"{newer_id} is for other releases"
        elif row.id in _newer(k, newer_id):
            yield "superseded_by", f"{newer_id} is itself superseded by this one"


def _newer(k: Knowledge, update_id: str) -> set[str]:
    found: set[str] = set()
    todo = [update_id]
    while todo:
        current = todo.pop()
        if current not in found:
            found.add(current)
            todo.extend(k.updates[current].superseded_by if current in k.updates else ())
    return found


def detections(k: Knowledge) -> Iterator[str]:
    """Every update can be told on each of its releases, by ways of the right form."""
    for row in k.updates.values():
        told: set[str] = set()
        for number, way in enumerate(row.detect):
            told.update(way.os or row.os)
            for why in _detection(k, row, way):
                yield f"updates.yml: {row.id}: detect.{number}: {why}"
        for os in row.os:
            if os not in told:
                yield f"updates.yml: {row.id}: detect: there is no way for {os}"


def _detection(k: Knowledge, row: Update, way: Detection) -> Iterator[str]:
    if set(way.os) - set(row.os):
        yield f"is for releases that the update is not for: {', '.join(sorted(set(way.os) - set(row.os)))}"
    if not _NAMES[way.kind].fullmatch(way.name):
        yield f"{way.name!r} is no name for {way.kind}"
    form = _VERSIONS.get(way.kind)
    if form is None and way.at_least is not None:
        yield f"{way.kind} knows no at_least"
    if form is not None and not form.fullmatch(way.at_least or ""):
        yield f"at_least of {way.kind} must look otherwise than {way.at_least!r}"
        return
    if way.kind in ("rollup", "ubr"):
        build = int((way.at_least or "").partition(".")[0])
        for os in way.os or row.os:
            release = k.releases.get(os)
            if release and not release.builds[0] <= build <= release.builds[1]:
                yield f"build {build} is not one of {os}"


def packages(k: Knowledge) -> Iterator[str]:
    """Every offered update has a package for each of its releases, and hashes are hashes."""
    for row in k.updates.values():
        covered: set[str] = set()
        for number, package in enumerate(row.packages):
            covered.update(package.os)
            for why in _package(k, row, package):
                yield f"updates.yml: {row.id}: packages.{number}: {why}"
        missing = [os for os in row.os if os not in covered]
        if row.offered and missing:
            yield f"updates.yml: {row.id}: packages: offered, and no package is for {', '.join(missing)}"


def _package(k: Knowledge, row: Update, package: Package) -> Iterator[str]:
    if not _FILE_NAME.fullmatch(package.file):
        yield f"{package.file!r} is no file name"
    if row.id.casefold() not in package.file.casefold():
        yield f"{package.file} does not name {row.id}"
    if not package.os or set(package.os) - set(row.os):
        yield "is for releases that the update is not for, or for none"
    if package.architecture not in ARCHITECTURES:
        yield f"{package.architecture!r} is no architecture"
    elif any(os in k.releases and package.architecture not in k.releases[os].architectures for os in package.os):
        yield f"is for {package.architecture}, which one of its releases does not have"
    for field, form in _HEX.items():
        digest = getattr(package, field)
        if digest is not None and not form.fullmatch(digest):
            yield f"{field}: {digest!r} is none"
    named = _NAMED_DIGEST.search(package.file)
    if package.sha1 != (named.group(1) if named else package.sha1):
        yield f"sha1: the name of the file says {named.group(1) if named else ''}"
    if "*" in package.file and (package.sha1 or package.sha256 or package.size):
        yield "file: a pattern cannot have a hash or a size"
    if package.size is not None and package.size <= 0:
        yield "size: must be a number of bytes"
    if package.language is not None and package.language not in k.languages:
        yield f"language: there is no language {package.language!r}"
    suffix = package.file.rpartition(".")[2]
    versions = {k.releases[os].version for os in package.os if os in k.releases}
    for version in sorted(versions):
        if not any(suffix in way.files and version in way.versions for way in k.installers.values()):
            yield f"file: no installer takes .{suffix} on Windows {version}"


def installing(k: Knowledge) -> Iterator[str]:
    """Commands have known placeholders only, and every exit code means one thing for one installer and verb."""
    for way in k.installers.values():
        for field, why in _installer(way):
            yield f"installers.yml: {way.id}: {field}: {why}"
    seen: dict[tuple[int, str, str], str] = {}
    for row in k.install_codes.values():
        for field, why in (*_code(k, row), *_said_before(row, seen)):
            yield f"install_codes.yml: {row.id}: {field}: {why}"
    langids: dict[str, str] = {}
    for language in k.languages.values():
        for langid in language.langids:
            if not _LANGID.fullmatch(langid):
                yield f"languages.yml: {language.id}: langids: {langid!r} must be four hex digits in lower case"
            if langids.setdefault(langid, language.id) != language.id:
                yield f"languages.yml: {language.id}: langids: {langid} belongs to {langids[langid]} too"
        if not _LANGUAGE.fullmatch(language.id):
            yield f"languages.yml: {language.id}: id: must be three lower-case letters"


def _installer(way: Installer) -> Iterator[tuple[str, str]]:
    for field, known in _PLACEHOLDERS.items():
        words: tuple[str, ...] = getattr(way, field)
        unknown = sorted(set(_PLACEHOLDER.findall(" ".join(words))) - known)
        if unknown:
            yield field, f"knows no {', '.join(unknown)}"
        if any(not _WORD.fullmatch(_PLACEHOLDER.sub("", word)) for word in words):
            yield field, "holds characters that may not stand in a command"
    for field in ("files", "versions", "install", "remove"):
        if not getattr(way, field):
            yield field, "is empty"
    if set(way.remove_versions) - set(way.versions):
        yield "remove_versions", "must be among its versions"
    for suffix in way.files:
        if suffix not in _SUFFIXES:
            yield "files", f"{suffix!r} is no suffix of a package"


def _code(k: Knowledge, row: InstallCode) -> Iterator[tuple[str, str]]:
    if not 0 <= row.code < 1 << 32:
        yield "code", "must be unsigned, of 32 bits"
    if not row.installers or set(row.installers) - set(k.installers):
        yield "installers", "must name installers of installers.yml"
    if not row.verbs:
        yield "verbs", "is empty"
    if not row.words or row.words != row.words.strip(" ."):
        yield "words", "must be a clause"


def _said_before(row: InstallCode, seen: dict[tuple[int, str, str], str]) -> Iterator[tuple[str, str]]:
    for installer in row.installers:
        for verb in row.verbs:
            other = seen.setdefault((row.code, installer, verb), row.id)
            if other != row.id:
                yield "code", f"{other} says what it means for {installer} ({verb}) already"
