# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The binary values that hold proxy settings: WinINET's per user, and WinHTTP's per machine.

Layouts: little-endian numbers of 32 bits; strings are counted and without NUL. Nothing official describes them; many
public tools agree on the parts that are read here. The rest (``tail``) is kept and written back as it was.
"""

from __future__ import annotations

import struct
import typing as t
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread

#: WinINET: 0x46 since IE 7, 0x3C in IE 6 (not verified). WinHTTP: 0x18, and 0x28 on newer builds.
_WININET_VERSIONS: t.Final = frozenset({0x3C, 0x46})
_WINHTTP_VERSIONS: t.Final = frozenset({0x18, 0x28})

_MANUAL: t.Final = 2
_SCRIPT: t.Final = 4
_DETECT: t.Final = 8
#: One byte, one character: what is read can be written back. Names of hosts are ASCII.
_ENCODING: t.Final = "latin-1"


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """WinINET's ``DefaultConnectionSettings`` (and ``SavedLegacySettings``).

    ``counter`` counts the changes; who writes must increment it. ``flags``: 1 direct, 2 named proxy, 4 script,
    8 detect automatically.
    """

    version: int
    counter: int
    flags: int
    proxy: str
    bypass: str
    script: str
    tail: bytes = b""

    @property
    def uses_proxy(self) -> bool:
        return bool(self.flags & _MANUAL)

    @property
    def uses_script(self) -> bool:
        return bool(self.flags & _SCRIPT)

    @property
    def detects(self) -> bool:
        return bool(self.flags & _DETECT)


@dataclass(frozen=True, slots=True)
class WinHttpProxy:
    """WinHTTP's ``WinHttpSettings``. ``access``: 1 no proxy, 3 named proxy; ``counter`` is 0 on all known hosts."""

    version: int
    counter: int
    access: int
    proxy: str
    bypass: str
    tail: bytes = b""

    @property
    def uses_proxy(self) -> bool:
        return bool(self.access & _MANUAL)


class _Short(Exception):
    """The data end too early."""


def _numbers(data: bytes) -> tuple[tuple[int, int, int], bytes]:
    if len(data) < 12:
        raise _Short
    return struct.unpack_from("<III", data), data[12:]


def _string(data: bytes) -> tuple[str, bytes]:
    if len(data) < 4:
        raise _Short
    (length,) = struct.unpack_from("<I", data)
    if length > len(data) - 4:
        raise _Short
    return data[4 : 4 + length].decode(_ENCODING), data[4 + length :]


def connection_settings(data: bytes) -> ConnectionSettings | Unread:
    """Read WinINET's blob.

    :param data: of ``Connections\\DefaultConnectionSettings``.
    :returns: Unread where the layout is not known or the data end too early; never raises.
    """
    try:
        (version, counter, flags), rest = _numbers(data)
        if version not in _WININET_VERSIONS:
            return Unread(f"proxy settings of the unknown version {version:#x}")
        proxy, rest = _string(rest)
        bypass, rest = _string(rest)
        script, rest = _string(rest)
    except _Short:
        return Unread(f"proxy settings that end too early ({len(data)} bytes)")
    return ConnectionSettings(version, counter, flags, proxy, bypass, script, rest)


def winhttp_settings(data: bytes) -> WinHttpProxy | Unread:
    """Read WinHTTP's blob.

    :param data: of ``Connections\\WinHttpSettings``.
    :returns: Unread where the layout is not known or the data end too early; never raises.
    """
    try:
        (version, counter, access), rest = _numbers(data)
        if version not in _WINHTTP_VERSIONS:
            return Unread(f"WinHTTP proxy settings of the unknown version {version:#x}")
        proxy, rest = _string(rest)
        bypass, rest = _string(rest)
    except _Short:
        return Unread(f"WinHTTP proxy settings that end too early ({len(data)} bytes)")
    return WinHttpProxy(version, counter, access, proxy, bypass, rest)


def _written(numbers: tuple[int, int, int], strings: tuple[str, ...], tail: bytes) -> bytes:
    try:
        raw = [text.encode(_ENCODING) for text in strings]
        return struct.pack("<III", *numbers) + b"".join(struct.pack("<I", len(text)) + text for text in raw) + tail
    except (UnicodeEncodeError, struct.error) as problem:
        raise ValueError(f"these proxy settings cannot be written: {problem}") from None


def write_connection_settings(settings: ConnectionSettings) -> bytes:
    """WinINET's blob; the counter is written as it is.

    :raises ValueError: a string is not of 8-bit characters, or a number is not of 32 bits.
    """
    numbers = (settings.version, settings.counter, settings.flags)
    return _written(numbers, (settings.proxy, settings.bypass, settings.script), settings.tail)


def write_winhttp_settings(settings: WinHttpProxy) -> bytes:
    """WinHTTP's blob.

    :raises ValueError: a string is not of 8-bit characters, or a number is not of 32 bits.
    """
    numbers = (settings.version, settings.counter, settings.access)
    return _written(numbers, (settings.proxy, settings.bypass), settings.tail)
