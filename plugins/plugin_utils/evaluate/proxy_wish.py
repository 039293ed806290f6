# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it takes until proxies are as the operator wishes, value by value.

"set": the named proxy and the bypass list become the wished ones; a script and automatic detection, which Windows asks
first, are left. "off": the named proxy and the script are switched off, and automatic detection is left. Tails and
versions of records stay, and WinINET's counter goes up by one, which tells programs that run.
"""

from __future__ import annotations

import re
import struct
import typing as t
from dataclasses import replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import proxy_settings as settings
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.proxy_edits import (
    LEFT,
    Aim,
    Edit,
    aim,
    carriable,
    mended,
    plain_edit,
    same,
    unread_plain,
    unread_policies,
    unreadable,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.proxy_settings import (
    InternetPlace,
    Read,
    Record,
    WinHttpPlace,
    on,
    text,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import ProxyWish
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    RegistryData,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Remedy, State
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.proxy import (
    ConnectionSettings,
    WinHttpProxy,
    write_connection_settings,
    write_winhttp_settings,
)

_DIRECT: t.Final = 1
_MANUAL: t.Final = 2
_SCRIPT: t.Final = 4
_DETECT: t.Final = 8
_ALL: t.Final = 0xFFFFFFFF
#: What Windows writes: WinHTTP's version of every release, also where newer builds know 0x28 too; WinINET's since IE 7.
#: https://learn.microsoft.com/windows/win32/winhttp/proxycfg-exe--a-proxy-configuration-tool
_WINHTTP_VERSION: t.Final = 0x18
_WININET_VERSION: t.Final = 0x46
_EMPTY_TAIL: t.Final = bytes(32)


class _Hindered(Exception):
    """The values that it would take cannot be made; the argument tells why."""


# --- WinHTTP -----------------------------------------------------------------------------------------------------


def winhttp(place: WinHttpPlace, wish: ProxyWish) -> Aim:
    """What WinHTTP's proxy in one view takes until it is as wished. A damaged record gives way to a new one."""
    record = place.record
    if isinstance(record.parts, Unread) and not record.damaged:
        return unreadable(record)
    edits = _winhttp_edits(place, wish)
    if edits and place.doubt:
        return Aim(State.UNKNOWN, f"{place.doubt}, so {LEFT}")
    damage = f": the settings are damaged ({clause(record.parts.why)})" if isinstance(record.parts, Unread) else ""
    return aim(edits, f"the WinHTTP proxy is not as wished{damage}", "it is as wished")


def _winhttp_edits(place: WinHttpPlace, wish: ProxyWish) -> tuple[Edit, ...]:
    now = place.record.parts if isinstance(place.record.parts, WinHttpProxy) else None
    if wish.state == "off":
        if now is None:
            return mended(place.key, settings.WINHTTP, place.record)
        if not now.access & (_MANUAL | _SCRIPT):
            return ()
        access = now.access & ~(_MANUAL | _SCRIPT) | _DIRECT
        aimed = replace(now, access=access, proxy="", bypass="")
    else:
        if now and now.uses_proxy and _says(now, wish):
            return ()
        base = now or WinHttpProxy(_WINHTTP_VERSION, 0, 0, "", "")
        aimed = replace(base, access=base.access | _DIRECT | _MANUAL, proxy=wish.server, bypass=wish.bypass_text)
    data = write_winhttp_settings(aimed)
    return (Edit(place.key, settings.WINHTTP, RegistryType.BINARY, data, place.record.read),)


def _says(parts: ConnectionSettings | WinHttpProxy, wish: ProxyWish) -> bool:
    return same(parts.proxy, wish.server) and _patterns(parts.bypass) == _patterns(wish.bypass_text)


# --- WinINET -----------------------------------------------------------------------------------------------------


def wininet(place: InternetPlace, wish: ProxyWish) -> Aim:
    """What the WinINET proxy of a user or of the machine takes until it is as wished."""
    unknown = place.doubt or unread_policies(place) or unread_plain(place, settings.PLAIN)
    if unknown:
        return Aim(State.UNKNOWN, unknown)
    if isinstance(place.blob, Unread) and not place.default.damaged:
        return unreadable(place.default, f"{settings.DEFAULT}: ")
    against = _against(place, wish)
    if against:
        return Aim(State.FAIL, f"the group policy at {against} decides the WinINET proxy", (), Remedy.BLOCKED)
    try:
        edits = _wininet_edits(place, wish)
    except _Hindered as hindered:
        return Aim(State.FAIL, str(hindered), (), Remedy.BLOCKED)
    names = ", ".join(edit.name for edit in edits)
    return aim(
        edits, f"the WinINET proxy is not as wished ({names})", f"it is as wished{_first(place, wish)}{_aside(place)}"
    )


def _wininet_edits(place: InternetPlace, wish: ProxyWish) -> tuple[Edit, ...]:
    """The plain values first: until the records, which count, are written, nothing happens."""
    return (*_plain_edits(place, wish), *_default_edits(place, wish), *_legacy_edits(place, wish))


def _patterns(words: str) -> frozenset[str]:
    return frozenset(re.split(r"[;\s]+", words.casefold())) - {""}


def _against(place: InternetPlace, wish: ProxyWish) -> str:
    """The first plain value among the policies that is not as wished."""
    policies = {} if isinstance(place.policies, Unread) else place.policies
    for where, value in policies.items():
        if not _as_wished(where.rpartition("\\")[2], value, wish):
            return where
    return ""


def _as_wished(name: str, read: Read, wish: ProxyWish) -> bool:
    if wish.state == "off":
        return not on(read) if name == "ProxyEnable" else not text(read) if name == "AutoConfigURL" else True
    if name == "ProxyOverride":
        return _patterns(text(read)) == _patterns(wish.bypass_text)
    return on(read) if name == "ProxyEnable" else same(text(read), wish.server) if name == "ProxyServer" else True


def _plain_edits(place: InternetPlace, wish: ProxyWish) -> tuple[Edit, ...]:
    wanted: dict[str, tuple[RegistryType, RegistryData | None]] = {
        "ProxyServer": (RegistryType.SZ, wish.server),
        "ProxyOverride": (RegistryType.SZ, wish.bypass_text or None),
        "AutoConfigURL": (RegistryType.SZ, None),
        "ProxyEnable": (RegistryType.DWORD, int(wish.state == "set")),
    }
    return tuple(
        plain_edit(place, name, kind, data)
        for name, (kind, data) in wanted.items()
        if not _as_wished(name, place.plain[name], wish)
    )


def _default_edits(place: InternetPlace, wish: ProxyWish) -> tuple[Edit, ...]:
    """A record is made where there is none: that Windows would take the plain values is likely, and not sure."""
    if wish.state == "off" and place.default.damaged:
        return mended(place.connections, settings.DEFAULT, place.default)
    if wish.state == "off" and place.blob is ABSENT:
        return ()
    return _record_edits(place, settings.DEFAULT, place.default, wish)


def _legacy_edits(place: InternetPlace, wish: ProxyWish) -> tuple[Edit, ...]:
    """``SavedLegacySettings``, for readers of old: never made, and left alone where it cannot be understood."""
    if isinstance(place.legacy.parts, ConnectionSettings):
        return _record_edits(place, settings.LEGACY, place.legacy, wish)
    return ()


def _record_edits(
    place: InternetPlace, name: str, record: Record[ConnectionSettings], wish: ProxyWish
) -> tuple[Edit, ...]:
    now = record.parts if isinstance(record.parts, ConnectionSettings) else None
    if wish.state == "off":
        if now is None or not now.flags & (_MANUAL | _SCRIPT):
            return ()
        aimed = replace(now, flags=now.flags & ~(_MANUAL | _SCRIPT) | _DIRECT)
    else:
        if now and now.uses_proxy and _says(now, wish):
            return ()
        base = now or _fresh(place)
        aimed = replace(base, flags=base.flags | _DIRECT | _MANUAL, proxy=wish.server, bypass=wish.bypass_text)
    data = write_connection_settings(replace(aimed, counter=(aimed.counter + 1) & _ALL))
    return (Edit(place.connections, name, RegistryType.BINARY, data, record.read),)


def _fresh(place: InternetPlace) -> ConnectionSettings:
    """A complete record as Windows would make it from the plain values, of the version that stands beside it."""
    script = text(place.plain["AutoConfigURL"])
    if not carriable(script):
        raise _Hindered("AutoConfigURL holds what no plan copies (letters beyond ASCII, or too many)")
    beside = place.legacy.parts
    version = beside.version if isinstance(beside, ConnectionSettings) else _WININET_VERSION
    read = place.default.read
    raw = read.data if isinstance(read, RegistryValue) and isinstance(read.data, bytes) else b""
    counter = struct.unpack_from("<I", raw, 4)[0] if len(raw) >= 8 else 0
    flags = _DIRECT | _DETECT | (_SCRIPT if script else 0)
    return ConnectionSettings(version, counter, flags, "", "", script, _EMPTY_TAIL)


def _first(place: InternetPlace, wish: ProxyWish) -> str:
    """What Windows asks before a named proxy."""
    blob = place.blob
    if wish.state == "off" or not isinstance(blob, ConnectionSettings):
        return ""
    before = [word for word, uses in (("a script", blob.uses_script), ("detection", blob.detects)) if uses]
    return f"; {' and '.join(before)} may come first" if before else ""


def _aside(place: InternetPlace) -> str:
    parts = place.legacy.parts
    return f"; {settings.LEGACY} is left as it is: {clause(parts.why)}" if isinstance(parts, Unread) else ""
