# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was read of a host's proxies: WinHTTP's per view, WinINET's per user or, by policy, once for the machine.

Windows reads the binary records; people and scripts read the plain values. WinINET makes a record that is missing from
the plain values. The binary layouts: ``read/proxy.py``.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Absent,
    RegistryData,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.logins import HIDDEN, clean, hidden
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.proxy import (
    ConnectionSettings,
    WinHttpProxy,
    connection_settings,
    winhttp_settings,
)

#: Names of values.
WINHTTP: t.Final = "WinHttpSettings"
DEFAULT: t.Final = "DefaultConnectionSettings"
LEGACY: t.Final = "SavedLegacySettings"
PLAIN: t.Final = ("ProxyEnable", "ProxyServer", "AutoConfigURL", "ProxyOverride")

#: Rows of the table of registry paths.
_WINHTTP_ROWS: t.Final = {"native": "proxy-winhttp-native", "wow6432": "proxy-winhttp-wow6432"}
_POLICY: t.Final = "proxy-machine-policy"
_USER_POLICY: t.Final = "proxy-user-policy"
_MACHINE: t.Final = ("proxy-machine", "proxy-machine-connections")
_USER: t.Final = ("proxy-user-enable", "proxy-user-connections")

_TEXTS: t.Final = frozenset({RegistryType.SZ, RegistryType.EXPAND_SZ})

Read = t.Union[RegistryValue, Absent, Unread]
Parts = t.TypeVar("Parts")


@dataclass(frozen=True, slots=True)
class Record(t.Generic[Parts]):
    """A binary value. ``parts``: Unread both where nobody could read it and where it cannot be understood.

    ``damaged``: its layout is known, and it does not keep to it, so that Windows cannot use it either. One of a layout
    that is not known is not damaged.
    """

    read: Read
    parts: Parts | Absent | Unread
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class WinHttpPlace:
    """WinHTTP's proxy in one view. ``doubt``: "" or why nobody knows whether this host has that view."""

    view: str
    key: str
    record: Record[WinHttpProxy]
    doubt: str


@dataclass(frozen=True, slots=True)
class InternetPlace:
    """The WinINET settings of one user or of the machine.

    ``doubt``: "" or why nobody knows whether these settings count at all. ``policies``: place and value of plain
    values that stand among the group policies; Unread where nobody knows whether there are any.
    """

    subject: str
    key: str
    connections: str
    plain: Mapping[str, Read]
    default: Record[ConnectionSettings]
    legacy: Record[ConnectionSettings]
    doubt: str
    policies: Mapping[str, RegistryValue] | Unread

    @property
    def blob(self) -> ConnectionSettings | Absent | Unread:
        """The record that counts."""
        return self.default.parts


def winhttp_places(ctx: Context) -> tuple[WinHttpPlace, ...]:
    """The views of WinHTTP's proxy that this host has, or may have."""
    views = ("native",) if ctx.host.architecture == "x86" else ("native", "wow6432")
    return tuple(_winhttp(ctx, view) for view in views)


def _winhttp(ctx: Context, view: str) -> WinHttpPlace:
    key = ctx.path(_WINHTTP_ROWS[view])
    unsure = view == "wow6432" and ctx.host.architecture == "unknown"
    doubt = "whether this Windows has 64 bits is not known" if unsure else ""
    return WinHttpPlace(view, key, _record(ctx.snapshot.image.value(key, WINHTTP), winhttp_settings), doubt)


def internet_places(ctx: Context) -> tuple[InternetPlace, ...] | Unread:
    """Where WinINET looks: each user, or the machine where a policy says so; Unread where users are not known."""
    per_user = _per_user(ctx)
    doubt = f"whether the settings of users count is unknown: {per_user.why}" if isinstance(per_user, Unread) else ""
    if per_user is False:
        return (_internet(ctx, "machine", "", _MACHINE, doubt),)
    if isinstance(ctx.snapshot.users, Unread):
        return ctx.snapshot.users
    return tuple(_internet(ctx, user.sid, user.root + "\\", _USER, doubt) for user in ctx.snapshot.users)


def _per_user(ctx: Context) -> bool | Unread:
    """Whether each user has settings of their own: yes, unless the policy ProxySettingsPerUser is 0."""
    read = ctx.snapshot.image.value(ctx.path(_POLICY), "ProxySettingsPerUser")
    if read is ABSENT:
        return True
    if isinstance(read, RegistryValue):
        number = read.type is RegistryType.DWORD
        return bool(read.data) if number else Unread(f"ProxySettingsPerUser is {read.type.value}")
    return read if isinstance(read, Unread) else Unread("")


def _internet(ctx: Context, subject: str, root: str, rows: tuple[str, str], doubt: str) -> InternetPlace:
    image = ctx.snapshot.image
    key, connections = (root + ctx.path(row) for row in rows)
    default, legacy = (_record(image.value(connections, name), connection_settings) for name in (DEFAULT, LEGACY))
    policies = (ctx.path(_POLICY), *((root + ctx.path(_USER_POLICY),) if root else ()))
    return InternetPlace(
        subject=subject,
        key=key,
        connections=connections,
        plain={name: image.value(key, name) for name in PLAIN},
        default=default,
        legacy=legacy,
        doubt=doubt,
        policies=_policies(ctx, policies),
    )


def _policies(ctx: Context, keys: tuple[str, ...]) -> Mapping[str, RegistryValue] | Unread:
    """No template of Microsoft writes proxies there; where somebody did, nobody plans around it."""
    reads = {f"{key}\\{name}": ctx.snapshot.image.value(key, name) for key in keys for name in PLAIN}
    for read in reads.values():
        if isinstance(read, Unread):
            return read
    return {place: read for place, read in reads.items() if isinstance(read, RegistryValue)}


def _record(read: Read, parse: Callable[[bytes], Parts | Unread]) -> Record[Parts]:
    if not isinstance(read, RegistryValue):
        return Record(read, read)
    if not isinstance(read.data, bytes):
        return Record(read, Unread(f"it is {read.type.value}"), damaged=True)
    parts = parse(read.data)
    return Record(read, parts, isinstance(parts, Unread) and _layout_known(read.data, parse))


def _layout_known(data: bytes, parse: Callable[[bytes], Parts | Unread]) -> bool:
    """Whether the layout that the data claim to have is known: then all that is wrong is what follows."""
    return len(data) < 4 or not isinstance(parse(data[:4] + bytes(52)), Unread)


def on(read: Read) -> bool:
    """Whether a plain value is a switch that is on."""
    return isinstance(read, RegistryValue) and read.type is RegistryType.DWORD and bool(read.data)


def text(read: Read) -> str:
    """The text of a plain value, "" for whatever is no text."""
    if not isinstance(read, RegistryValue) or read.type not in _TEXTS:
        # Data of another type that do not fit it are a str, too: whatever was printed.
        return ""
    return read.data.strip() if isinstance(read.data, str) else ""


def clean_data(read: Read) -> RegistryData | None:
    """A read value as results show it."""
    if isinstance(read, RegistryValue):
        return HIDDEN if hidden(read) else read.data
    data = shown(read)
    return clean(data) if isinstance(data, str) else data
