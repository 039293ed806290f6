# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the host wait for a reboot, and for what?

Files of an update that waits are not in use yet, so what such an update enables is not there yet either.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryData,
    RegistryKey,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Finding, Severity, State

#: Rows of the table of registry paths.
_CBS: t.Final = "reboot-cbs"
_WINDOWS_UPDATE: t.Final = "reboot-windows-update"
_SESSION_MANAGER: t.Final = "reboot-renames"
_UPDATE_EXE: t.Final = "reboot-update-exe"
_UPDATES: t.Final = "reboot-update-exe-value"

_RENAMES: t.Final = ("PendingFileRenameOperations", "PendingFileRenameOperations2")


@dataclass(frozen=True, slots=True)
class _Sign:
    """A sign that the host waits for a reboot: what waits, and the key or value that says so."""

    what: str
    where: str


_Seen = t.Union[_Sign, None, Unread]


def reasons(ctx: Context) -> tuple[str, ...] | Unread:
    """Why the host waits for a reboot, in words; empty: it does not.

    Unread: no sign was found, and one could not be looked for.
    """
    found = _look(ctx)
    return found if isinstance(found, Unread) else tuple(sign.what for sign in found)


def update_exe_waits(ctx: Context) -> bool:
    """Whether update.exe (XP, 2003) is known to have installed something that waits for a restart."""
    return isinstance(_update_exe(ctx), _Sign)


def replaces(ctx: Context, file: str) -> bool:
    """Whether that file is known to be replaced at the next restart. ``file``: below the Windows folder."""
    end = f"\\{file}".casefold()
    for name in _RENAMES:
        read = ctx.snapshot.image.value(ctx.path(_SESSION_MANAGER), name)
        texts = read.data if isinstance(read, RegistryValue) and isinstance(read.data, tuple) else ()
        if any(text.casefold().endswith(end) for text in texts):
            return True
    return False


def _look(ctx: Context) -> tuple[_Sign, ...] | Unread:
    found, unread = [], []
    for look in _places(ctx):
        seen = look(ctx)
        if isinstance(seen, Unread):
            unread.append(seen)
        elif seen:
            found.append(seen)
    return tuple(found) or (unread[0] if unread else ())


def evaluate(ctx: Context) -> tuple[Finding, ...]:
    """One finding: reboot.pending.

    It has no remedy of its own, since a plan that needs the reboot says so; and no route depends on it, so that not
    knowing does not make the whole host unknown.
    """
    found = _look(ctx)
    where = ctx.path(_SESSION_MANAGER)
    if isinstance(found, Unread):
        state, effective, why = State.UNKNOWN, "unknown", found.why
    elif found:
        state, effective, why = State.FAIL, "pending", "; ".join(sign.what for sign in found)
        where = "; ".join(sign.where for sign in found)
    else:
        state, effective, why = State.PASS, "not pending", "no sign of a pending reboot was found"
    finding = ctx.finding(
        "reboot.pending",
        state,
        observed=None if isinstance(found, Unread) else [sign.what for sign in found],
        effective=effective,
        wanted="no pending reboot",
        where=where,
        why=why,
        severity=Severity.LOW if state is State.UNKNOWN else None,
    )
    return (finding,)


def _places(ctx: Context) -> tuple[Callable[[Context], _Seen], ...]:
    """Component based servicing came with Vista, update.exe ended with it."""
    if ctx.release is None:
        return (_cbs, _windows_update, _renames, _update_exe)
    if ctx.release.version.startswith("5."):
        return (_renames, _update_exe)
    return (_cbs, _windows_update, _renames)


def _key_there(ctx: Context, path: str, what: str) -> _Seen:
    key = ctx.snapshot.image.key(ctx.path(path))
    if isinstance(key, Unread):
        return Unread(f"{ctx.path(path)}: {key.why}")
    return _Sign(what, ctx.path(path)) if isinstance(key, RegistryKey) else None


def _cbs(ctx: Context) -> _Seen:
    return _key_there(ctx, _CBS, "component based servicing waits for a reboot")


def _windows_update(ctx: Context) -> _Seen:
    return _key_there(ctx, _WINDOWS_UPDATE, "Windows Update waits for a reboot")


def _renames(ctx: Context) -> _Seen:
    """Files that are replaced at the next start. A value that is there but empty is left over and means nothing."""
    unread = None
    for name in _RENAMES:
        read = ctx.snapshot.image.value(ctx.path(_SESSION_MANAGER), name)
        if isinstance(read, RegistryValue) and _holds_something(read.data):
            return _Sign(f"files wait to be replaced ({name})", f"{ctx.path(_SESSION_MANAGER)}\\{name}")
        if isinstance(read, Unread):
            unread = Unread(f"{ctx.path(_SESSION_MANAGER)}\\{name}: {read.why}")
    return unread


def _update_exe(ctx: Context) -> _Seen:
    """The mark of update.exe (XP, 2003): a key with ``Flags`` or, as other sources say, a value; not 0: pending."""
    unread = None
    for path, name in ((_UPDATE_EXE, "Flags"), (_UPDATES, "UpdateExeVolatile")):
        read = ctx.snapshot.image.value(ctx.path(path), name)
        if isinstance(read, RegistryValue) and _holds_something(read.data):
            return _Sign(f"an update waits for a reboot ({name})", f"{ctx.path(path)}\\{name}")
        if isinstance(read, Unread):
            unread = Unread(f"{ctx.path(path)}\\{name}: {read.why}")
    return unread


def _holds_something(data: RegistryData) -> bool:
    """False for 0, "", no strings, only empty strings, and only zero bytes."""
    if isinstance(data, bytes):
        return any(data)
    return any(data) if isinstance(data, tuple) else bool(data)
