# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to hold on a host before an update is run, and does not. What could not be read does not hold."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Update
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryValue, Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.consents import POSREADY
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

#: Prerequisites that other updates bring: what these have to enable.
_BROUGHT: t.Final = {"servicing": ("sha2-servicing",), "sha2": ("sha2-servicing", "sha2-packages")}
#: Rows of registry_paths.yml; the first is called like the word in updates.yml, and like the consent to set it.
#: Either makes the test in the embedded packages' inf true. WEPOS also needs a value whose name is not known.
_EMBEDDED: t.Final = (POSREADY, "wes")
_MAJOR: t.Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Need:
    """What is missing, as a sentence. ``consent``: a run may see to it itself if it has that consent."""

    why: str
    consent: str | None = None


def unmet(ctx: Context, update: Update) -> tuple[Need, ...]:
    """Everything that has to hold before that update is run and does not, updates that it requires first."""
    if ctx.release is None:
        return ()
    needs = [_missing(ctx, update, required) for required in required_updates(ctx, update)]
    for name in lookup.prerequisites(update, ctx.release):
        judge = PREREQUISITES.get(name)
        needs.append(judge(ctx, update) if judge else Need(f"{update.id} needs {name}, which nobody here can check."))
    return tuple(need for need in needs if need is not None)


def required_updates(ctx: Context, update: Update) -> tuple[str, ...]:
    """Ids of updates that have to be in before that one on this release, whether they are or not."""
    release = ctx.release
    if release is None:
        return update.requires
    words = lookup.prerequisites(update, release)
    wanted = [capability for word in words for capability in _BROUGHT.get(word, ())]
    rows = [row for capability in wanted for row in lookup.updates_for(ctx.knowledge, release.id, capability)]
    return tuple(dict.fromkeys((*update.requires, *(row.id for row in rows))))


def sets_posready(ctx: Context, update: Update) -> bool:
    """Whether the POSReady flag has to be set on this host for that update to be run."""
    release = ctx.release
    return (
        release is not None and POSREADY in lookup.prerequisites(update, release) and _posready(ctx, update) is not None
    )


def _missing(ctx: Context, update: Update, required: str) -> Need | None:
    found = presence(ctx, required)
    if found.present:
        return None
    if found.pending and required not in update.after_reboot_of:
        return None
    if found.pending:
        return Need(f"{update.id} needs {required} in force, and that waits for a reboot.")
    if found.present is None:
        return Need(f"{update.id} needs {required}, and whether that is in cannot be told: {clause(found.why)}.")
    return Need(f"{update.id} needs {required} first, and that is not in: {clause(found.why)}.")


def _posready(ctx: Context, update: Update) -> Need | None:
    """The embedded packages for XP ask for a flag that says what Windows this is, while they run."""
    read = [(row, _data(ctx, row)) for row in _EMBEDDED]
    if any(value == 1 for _row, value in read):
        return None
    place, flag = ctx.place(POSREADY), read[0][1]
    if isinstance(flag, Unread):
        return Need(f"{update.id} needs {place}=1, and that could not be read: {clause(flag.why)}.")
    what = f"{update.id} refuses an ordinary XP: while it runs, {place} has to be 1, which says that this is"
    why = "Windows Embedded POSReady 2009, for which Microsoft made the package and not for XP"
    return Need(f'{what} {why}. To have it set, give the consent "{POSREADY}".', POSREADY)


def _data(ctx: Context, row_id: str) -> object:
    row = ctx.knowledge.registry[row_id]
    value = ctx.snapshot.image.value(row.key, row.value or "")
    return value.data if isinstance(value, RegistryValue) else value


def _ie8(ctx: Context, update: Update) -> Need | None:
    version = _data(ctx, "internet-explorer")
    if isinstance(version, Unread):
        return Need(f"{update.id} needs Internet Explorer 8, and its version could not be read: {clause(version.why)}.")
    text = version if isinstance(version, str) else ""
    major = _MAJOR.match(text)
    if major and int(major.group()) >= 8:
        return None
    found = f"this host has version {shown(text)}" if text else "no version of it was found"
    return Need(f"{update.id} needs Internet Explorer 8 first, and {found}.")


def _service_pack(ctx: Context, update: Update) -> Need | None:
    release = ctx.release
    if release is None or release.supported:
        return None
    newer = ctx.knowledge.releases[release.upgrade_to].name if release.upgrade_to else "its last service pack"
    return Need(f"{update.id} needs {newer} first, and this host has {release.name}.")


def _signed(ctx: Context, update: Update) -> Need | None:
    """The updates that bring it stand among the required ones, if there are any for this Windows."""
    words = lookup.prerequisites(update, ctx.release) if ctx.release else ()
    for capability in (capability for word in words for capability in _BROUGHT.get(word, ())):
        if not lookup.updates_for(ctx.knowledge, ctx.host.os, capability):
            why = "is signed with SHA-2 alone, and no update teaches this Windows to take that"
            return Need(f"{update.id} {why} ({capability}).")
    return None


#: Word of updates.yml → what is missing for it, None: nothing.
PREREQUISITES: t.Final[dict[str, Callable[[Context, Update], Need | None]]] = {
    POSREADY: _posready,
    "ie8": _ie8,
    "sp1": _service_pack,
    "sp2": _service_pack,
    "sp3": _service_pack,
    "servicing": _signed,
    "sha2": _signed,
}
