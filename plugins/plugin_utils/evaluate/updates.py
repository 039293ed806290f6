# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which updates a host has, by the best proof that was read.

A file's version proves more than a key; a newer package that carries the same files counts as present; a name without
its state, or a proof that could not be read, stays unknown. XP and 2003 record an update before it is in force.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import reboot
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, clause, shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Detection, Knowledge, Update
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Absent,
    RegistryImage,
    RegistryKey,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import FileVersion

#: CurrentState of a CBS package. 0x50: a newer one is in its place; 0x60 and 0x65: waits for a reboot.
_STATES_PRESENT = frozenset({0x50, 0x70, 0x80})
_STATES_PENDING = frozenset({0x60, 0x65})
_PACKAGE = re.compile(r"Package(?:_\d+)?_for_(KB\d+)~", re.IGNORECASE)
_ROLLUP = re.compile(r"Package_for_RollupFix~[^~]*~[^~]*~[^~]*~(\d+)\.(\d+)", re.IGNORECASE)
_HOTFIX = re.compile(r"((?:KB|Q)\d+)(?:-v\d+)?(-IE\d+)?$", re.IGNORECASE)
#: Ways that look at what an installer wrote down, not at the files that it brought.
_RECORDS = ("filelist", "hotfix")


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether an update is in. ``present`` None: nobody can tell, and ``why`` says what is missing to know.

    ``pending``: it waits for a reboot. ``proven``: the file itself was looked at, and no name can prove more than that.
    """

    present: bool | None
    why: str
    pending: bool = False
    proven: bool = False


def version_of(text: str) -> tuple[int, ...]:
    """The numbers of a dotted version."""
    return tuple(int(part) for part in re.findall(r"\d+", text))


def presence(ctx: Context, update_id: str) -> Presence:
    """Whether that update, or one that supersedes it on this release, is on the host."""
    if update_id in ctx.assume_installed:
        return Presence(True, "assumed: the plan installs it")
    update = ctx.knowledge.updates[update_id]
    own = _by_detection(ctx, update)
    if own.present or own.pending:
        return own
    for newer_id in lookup.superseding(ctx.knowledge, update_id, ctx.host.os):
        if newer_id in ctx.assume_installed:
            return Presence(True, f"{newer_id} is in, which carries the same or newer files")
        found = _by_detection(ctx, ctx.knowledge.updates[newer_id])
        if found.pending:
            return found
        if found.present and not own.proven:
            return Presence(True, f"{newer_id} is in, which carries the same or newer files")
        if found.present is None and own.present is False and not own.proven:
            own = found
    return own


def _by_detection(ctx: Context, update: Update) -> Presence:
    unknown: Presence | None = None
    absent: Presence | None = None
    proven: Presence | None = None
    for way in lookup.detections(update, ctx.host.os):
        found = _WAYS[way.kind](ctx, way, update)
        if found.present and way.kind in _RECORDS:
            found = _in_force(ctx, update, found)
        if found.pending:
            return found
        if proven:
            continue
        if found.present:
            return found
        if found.present is False and way.kind == "file_version":
            proven = replace(found, proven=True)
        elif found.present is None:
            # XP and 2003 record every package, so there the records alone decide; later packages carry each other's
            # files, so that from Vista on a missing name proves nothing about the file.
            if way.kind != "file_version" or not _records_decide(ctx):
                unknown = unknown or found
        else:
            absent = absent or found
    return proven or unknown or absent or Presence(None, f"no way to detect {update.id} is known for this release")


def _records_decide(ctx: Context) -> bool:
    return ctx.release is not None and ctx.release.version.startswith("5.")


def _in_force(ctx: Context, update: Update, recorded: Presence) -> Presence:
    """What a record of XP or 2003 proves: update.exe writes it at once, and the files come with the restart.

    Update.exe does not say for which update it waits. If the files that wait do not tell either, each may be meant:
    a restart is then due anyway, while TLS that is taken for there and is not would go unnoticed.
    """
    if not _records_decide(ctx):
        return recorded
    names = [way.name for way in lookup.detections(update, ctx.host.os) if way.kind == "file_version"]
    waits = next((name for name in names if reboot.replaces(ctx, name)), None)
    if waits is not None:
        return Presence(False, f"{recorded.why}, and {waits} is only replaced at the next restart", pending=True)
    if reboot.update_exe_waits(ctx):
        why = f"{recorded.why}, and an installed update waits for a restart, which may be this one"
        return Presence(False, why, pending=True)
    return recorded


def _file_version(ctx: Context, way: Detection, _update: Update) -> Presence:
    files = ctx.snapshot.files
    if isinstance(files, Unread):
        return Presence(None, f"the version of {way.name} could not be read: {clause(files.why)}")
    version = files.get(way.name.casefold(), Unread("was not asked for"))
    if not isinstance(version, FileVersion):
        why = clause(version.why) if isinstance(version, Unread) else "there is no such file"
        return Presence(None, f"the version of {way.name} could not be read: {why}")
    enough = version.parts >= version_of(way.at_least or "0")
    return Presence(enough, f"{way.name} is {version}, {way.at_least} is the first that has it")


def _filelist(ctx: Context, way: Detection, update: Update) -> Presence:
    """XP's own record of the files that an update brought: ``<family>\\<KB>\\Filelist\\<n>`` FileName, Version."""
    file_name = way.name.rpartition("\\")[2].casefold()
    for root in families(ctx.knowledge):
        keys = ctx.snapshot.image.below(f"{root}\\{update.id}\\Filelist")
        for key in keys if isinstance(keys, tuple) else ():
            name, version = _text(key, "FileName"), _text(key, "Version")
            if name.casefold() == file_name and version_of(version) >= version_of(way.at_least or "0"):
                return Presence(True, f"the record of installed files names {file_name} {version}")
    return Presence(False, f"no record of {file_name} at {way.at_least} or newer")


def _text(key: RegistryKey, name: str) -> str:
    value = key.get(name)
    return value.data if value is not None and isinstance(value.data, str) else ""


def families(knowledge: Knowledge) -> tuple[str, ...]:
    """The keys below which update.exe (XP, 2003) records what it installed."""
    return tuple(row.key for row in knowledge.registry.values() if row.id.startswith("updates-"))


def _subkeys(image: RegistryImage, root: str) -> tuple[str, ...] | Absent | Unread:
    key = image.key(root)
    if isinstance(key, RegistryKey):
        return key.subkeys
    return key


def _hotfix(ctx: Context, way: Detection, _update: Update) -> Presence:
    unread: list[str] = []
    weak = ctx.path("hotfix")
    for root in (*families(ctx.knowledge), weak):
        names = _subkeys(ctx.snapshot.image, root)
        if isinstance(names, Unread):
            unread.append(f"{root}: {clause(names.why)}")
        elif isinstance(names, tuple) and any(_hotfix_id(name) == way.name.upper() for name in names):
            # Tools write the HotFix key without installing anything; the families' records come with the files.
            present, only = (None, "only ") if root == weak else (True, "")
            return Presence(present, f"{only}{root}\\{way.name} exists")
    if unread:
        return Presence(None, f"the record of installed updates could not be read ({unread[0]})")
    return Presence(False, f"{way.name} is in no record of installed updates")


def _hotfix_id(name: str) -> str:
    match = _HOTFIX.match(name)
    return f"{match.group(1)}{match.group(2) or ''}".upper() if match else ""


def _packages(ctx: Context) -> tuple[str, ...] | Absent | Unread:
    return _subkeys(ctx.snapshot.image, ctx.path("cbs-packages"))


def _package(ctx: Context, way: Detection, _update: Update) -> Presence:
    names = _packages(ctx)
    if isinstance(names, Unread):
        return Presence(None, f"the packages of component-based servicing could not be read: {clause(names.why)}")
    # Sub-packages (Package_1_for_...) have states of their own: the package itself counts where it is there.
    mine = (
        [n for n in names if (m := _PACKAGE.match(n)) and m.group(1).upper() == way.name.upper()]
        if names is not ABSENT
        else []
    )
    mine = [name for name in mine if name.casefold().startswith("package_for_")] or mine
    return _best(ctx, mine) or Presence(False, f"no package Package_for_{way.name}")


def _best(ctx: Context, names: Sequence[str]) -> Presence | None:
    """The best of several packages, each an issue of the same thing: one is in, waits, nobody knows, none is in."""
    root = ctx.path("cbs-packages")
    found = [_by_state(name, ctx.snapshot.image.value(f"{root}\\{name}", "CurrentState")) for name in names]
    return min(found, key=lambda one: (not one.present, not one.pending, one.present is not None), default=None)


def _by_state(name: str, state: RegistryValue | Absent | Unread) -> Presence:
    if not isinstance(state, RegistryValue) or not isinstance(state.data, int):
        return Presence(None, f"{name} exists, and its state was not read")
    if state.data in _STATES_PENDING:
        return Presence(False, f"{name} waits for a reboot (state {state.data:#x})", pending=True)
    return Presence(state.data in _STATES_PRESENT, f"{name} has state {state.data:#x}")


def _rollup(ctx: Context, way: Detection, _update: Update) -> Presence:
    names = _packages(ctx)
    if isinstance(names, Unread):
        return Presence(None, f"the packages of component-based servicing could not be read: {clause(names.why)}")
    wanted = version_of(way.at_least or "0")
    found = [
        name
        for name in (names if names is not ABSENT else ())
        if (match := _ROLLUP.match(name)) and (int(match.group(1)), int(match.group(2))) >= wanted
    ]
    return _best(ctx, found) or Presence(False, f"no rollup of {way.at_least} or newer")


def _ubr(ctx: Context, way: Detection, _update: Update) -> Presence:
    build, least = version_of(way.at_least or "0.0")
    if ctx.host.build != build:
        return Presence(False, f"build {ctx.host.build} is not {build}")
    if not isinstance(ctx.host.ubr, int):
        return Presence(None, "the revision of the build (UBR) could not be read")
    return Presence(
        ctx.host.ubr >= least, f"build {ctx.host.build}.{ctx.host.ubr}, {way.at_least} is the first that has it"
    )


def _dword(ctx: Context, way: Detection, _update: Update) -> Presence:
    key, _bar, name = way.name.partition("|")
    value = ctx.snapshot.image.value(key, name)
    if isinstance(value, Unread):
        return Presence(None, f"{key}\\{name} could not be read: {clause(value.why)}")
    present = isinstance(value, RegistryValue) and value.data == int(way.at_least or "1", 0)
    return Presence(present, f"{key}\\{name} is {shown(value)!r}")


_WAYS = {
    "file_version": _file_version,
    "filelist": _filelist,
    "hotfix": _hotfix,
    "package": _package,
    "rollup": _rollup,
    "ubr": _ubr,
    "dword": _dword,
}


def installed_kbs(image: RegistryImage, packages_key: str, hotfix_keys: tuple[str, ...]) -> frozenset[str]:
    """Every KB that the records of installed updates name as present, whatever it is for."""
    found: set[str] = set()
    names = _subkeys(image, packages_key)
    for name in names if isinstance(names, tuple) else ():
        match = _PACKAGE.match(name)
        if match and _by_state(name, image.value(f"{packages_key}\\{name}", "CurrentState")).present:
            found.add(match.group(1).upper())
    for key in hotfix_keys:
        names = _subkeys(image, key)
        found.update(filter(None, map(_hotfix_id, names if isinstance(names, tuple) else ())))
    return frozenset(found)
