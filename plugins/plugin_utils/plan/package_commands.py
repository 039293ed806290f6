# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which command installs a package, and which one removes the update again: as data, to be filled in and quoted later.

Nothing of a host's own text becomes part of a command unless it has exactly the shape that Windows gives it.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import families, presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.install_rows import Verb
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Update
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryKey,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

#: Folders directly below %SystemRoot% in which update.exe keeps what removes an update.
_SPUNINST: t.Final = re.compile(
    r"""(?P<quote>"?)(?P<root>%SystemRoot%|%windir%|[A-Z]:\\[A-Z0-9_]{1,32})\\"""
    r"""(?P<rest>(?:\$NtUninstall(?P<plain>KB\d{6,7}(?:-v\d{1,2})?)\$|ie\dupdates\\(?P<ie>KB\d{6,7}-IE\d))"""
    r"""\\spuninst\\spuninst\.exe)(?P=quote)""",
    re.IGNORECASE | re.ASCII,
)
#: What %SystemRoot% is where the host's own word for it was not read.
_USUAL_ROOTS: t.Final = re.compile(r"[A-Z]:\\(?:WINDOWS|WINNT)", re.IGNORECASE | re.ASCII)
_PACKAGE: t.Final = re.compile(
    r"Package_for_(KB\d{6,7})~31bf3856ad364e35~(?:x86|amd64|arm64)~~\d{1,6}(?:\.\d{1,6}){1,3}",
    re.IGNORECASE | re.ASCII,
)
_INSTALLED: t.Final = 0x70
_PERMANENT: t.Final = 0x80
_PENDING: t.Final = frozenset({0x60, 0x65})
_SUPERSEDED: t.Final = 0x50
_STATES: t.Final = {
    _PERMANENT: "Windows marks it as permanent",
    _SUPERSEDED: "a newer update has taken its place",
    **dict.fromkeys(_PENDING, "it waits for a reboot, which has to come first"),
}


@dataclass(frozen=True, slots=True)
class PackageCommand:
    """One way to run a package. ``words`` and ``prepare`` (what is run before) hold placeholders: see install_rows.

    ``installer``: whose exit codes count; ``values``: placeholders that are known already.
    """

    installer: str
    verb: Verb
    words: tuple[str, ...]
    prepare: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)

    def filled(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """The words of the command, not quoted yet, each placeholder replaced.

        :raises KeyError: no value is given for a placeholder.
        """
        return tuple(word.format_map({**self.values, **values}) for word in self.words)


@dataclass(frozen=True, slots=True)
class Removal:
    """How an update is removed. ``way`` None: ``why`` says in a sentence why it cannot be."""

    way: PackageCommand | None
    why: str


def installing(ctx: Context, file_name: str, backup: bool) -> PackageCommand | None:
    """The best way to run that file on that host; None: this Windows does not take such files.

    ``backup`` False: what is installed cannot be removed again, where the installer knows that choice.
    """
    suffix = file_name.rpartition(".")[2].casefold()
    version = ctx.release.version if ctx.release else ""
    way = next(iter(lookup.installers(ctx.knowledge, suffix, version)), None)
    if way is None:
        return None
    further = (way.without_backup,) if way.without_backup and not backup else ()
    # A cabinet needs no unpacking: it is itself what {cab} stands for.
    unpacked = way.prepare if suffix == "msu" else ()
    words = tuple(w.replace("{cab}", "{file}") if not unpacked else w for w in way.install)
    return PackageCommand(way.id, "install", (*words, *further), unpacked)


def removal(ctx: Context, update: Update) -> Removal:
    """How that update is removed from that host, or why it cannot be."""
    if ctx.release is None:
        return Removal(None, f"{update.id} cannot be removed: this Windows is not known.")
    if ctx.release.version.startswith("5."):
        return _by_record(ctx, update)
    return _by_package(ctx, update)


def _cannot(update: Update, why: str) -> Removal:
    return Removal(None, f"{update.id} cannot be removed: {why}.")


def _by_record(ctx: Context, update: Update) -> Removal:
    """XP and 2003: the program that the record of the update names."""
    refused, seen = "", False
    for record in _records(ctx, update):
        seen = seen or record.listed
        value = ctx.snapshot.image.value(record.key, record.value)
        if isinstance(value, Unread) and record.listed:
            refused = refused or f"{record.key}\\{record.value} could not be read: {clause(value.why)}"
        if not isinstance(value, RegistryValue):
            continue
        program = _program(ctx, record.name, value.data)
        if program is not None:
            return Removal(_way(ctx, {"program": program}), f"{record.key}\\{record.value} names its spuninst.exe.")
        text = shown(str(value.data))
        refused = f'{record.key}\\{record.value} holds "{text}", which is not run: update.exe writes others'
    unread = presence(ctx, update.id)
    if not seen and unread.present is None:
        refused = refused or clause(unread.why)
    nothing = "it was installed without a backup (/nobackup)" if seen else "no record of it is on this host"
    return _cannot(update, refused or nothing)


@dataclass(frozen=True, slots=True)
class _Record:
    """Where a record of an update may name its removal. ``listed``: the key is known to be there."""

    key: str
    value: str
    name: str
    listed: bool


def record_names(update: Update) -> tuple[str, ...]:
    """The names of an update in the records of XP and 2003, each without its issue (``-v2``)."""
    names = (way.name for way in update.detect if way.kind == "hotfix")
    return tuple(dict.fromkeys(names)) or (update.id,)


def _records(ctx: Context, update: Update) -> Iterator[_Record]:
    """The families' records of that update, then those in the list of programs, which need not have been read whole."""
    names = record_names(update)
    form = re.compile("|".join(_with_issue(name) for name in names), re.IGNORECASE | re.ASCII)
    found: dict[str, None] = {}
    for root in families(ctx.knowledge):
        for name in _listed(ctx, root, form):
            found[name] = None
            yield _Record(f"{root}\\{name}", "UninstallCommand", name, True)
    programs = ctx.path("uninstall")
    listed = _listed(ctx, programs, form)
    for name in dict.fromkeys((*listed, *found, *names)):
        yield _Record(f"{programs}\\{name}", "UninstallString", name, name in listed)


def _listed(ctx: Context, root: str, form: re.Pattern[str]) -> tuple[str, ...]:
    key = ctx.snapshot.image.key(root)
    return tuple(name for name in key.subkeys if form.fullmatch(name)) if isinstance(key, RegistryKey) else ()


def _with_issue(name: str) -> str:
    number, dash, browser = name.partition("-")
    return rf"{number}(?:-v\d{{1,2}})?{dash}{browser}"


def _program(ctx: Context, name: str, data: object) -> str | None:
    """The program below %SystemRoot%, where users cannot put one, or None: the text is of another shape."""
    found = _SPUNINST.fullmatch(data) if isinstance(data, str) else None
    if found is None or (found["plain"] or found["ie"]).casefold() != name.casefold():
        return None
    root = found["root"]
    value = ctx.snapshot.image.value(ctx.path("current-version"), "SystemRoot")
    known = value.data if isinstance(value, RegistryValue) and isinstance(value.data, str) else ""
    if not root.startswith("%"):
        if known and root.casefold() != known.casefold():
            return None
        if not known and not _USUAL_ROOTS.fullmatch(root):
            return None
    return f"%SystemRoot%\\{found['rest']}"


def _by_package(ctx: Context, update: Update) -> Removal:
    """Vista and later: the package of component based servicing."""
    root = ctx.path("cbs-packages")
    key = ctx.snapshot.image.key(root)
    if isinstance(key, Unread):
        return _cannot(update, f"the packages of component based servicing could not be read: {clause(key.why)}")
    there = key.subkeys if isinstance(key, RegistryKey) else ()
    names = [name for name in there if _is_of(name, update)]
    why = ""
    for name in names:
        state = ctx.snapshot.image.value(f"{root}\\{name}", "CurrentState")
        number = state.data if isinstance(state, RegistryValue) and isinstance(state.data, int) else None
        if number == _INSTALLED:
            values = {"package": name, "number": update.id.removeprefix("KB")}
            return Removal(_way(ctx, values), f"{name} is installed.")
        why = why or ("its state was not read" if number is None else _STATES.get(number, "it is not installed"))
    if not names and any(name.casefold().startswith(f"package_for_{update.id.casefold()}") for name in there):
        why = "its package does not have a name as Windows gives them"
    elif not names and presence(ctx, update.id).present:
        why = "it is in as a part of another update, which would have to go as a whole"
    return _cannot(update, why or "no package of it is on this host")


def _is_of(name: str, update: Update) -> bool:
    found = _PACKAGE.fullmatch(name)
    return found is not None and found.group(1).upper() == update.id


def _way(ctx: Context, values: Mapping[str, str]) -> PackageCommand | None:
    version = ctx.release.version if ctx.release else ""
    rows = (way for way in ctx.knowledge.installers.values() if version in way.remove_versions)
    return next((PackageCommand(way.id, "remove", way.remove, (), values) for way in rows), None)
