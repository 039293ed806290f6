# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints keys as ``reg query`` does, in both dialects: the other half of the parser's properties."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    HIVES,
    RegistryKey,
    RegistryType,
    RegistryValue,
)

Dialect = t.Literal["xp", "vista"]
_LONG = {short: long for long, short in HIVES.items()}


def long_path(path: str) -> str:
    """``HKLM\\A`` → ``HKEY_LOCAL_MACHINE\\A``."""
    hive, separator, rest = path.partition("\\")
    return _LONG[hive] + separator + rest


def printed(value: RegistryValue) -> str:
    """The data of a value as reg.exe prints them."""
    data = value.data
    if isinstance(data, int):
        return f"0x{data:x}"
    if isinstance(data, tuple):
        return "\\0".join(data)
    if isinstance(data, bytes):
        return (
            f"0x{int.from_bytes(data, 'big'):x}" if value.type is RegistryType.DWORD_BIG_ENDIAN else data.hex().upper()
        )
    return data


def value_line(value: RegistryValue, dialect: Dialect, default: str = "(Default)") -> str:
    """One line of ``reg query``."""
    separator, nameless = ("\t", "<NO NAME>") if dialect == "xp" else ("    ", default)
    return "    " + separator.join([value.name or nameless, value.type.value, printed(value)])


def query(keys: Iterable[RegistryKey], dialect: Dialect, *, recursive: bool, default: str = "(Default)") -> list[str]:
    """The lines of a query whose root is the first key."""
    lines = ["! REG.EXE VERSION 3.0", ""] if dialect == "xp" else [""]
    for key in keys:
        if key.values or recursive or dialect == "xp":
            lines += [long_path(key.path), *(value_line(value, dialect, default) for value in key.values), ""]
        if not recursive:
            lines += [f"{long_path(key.path)}\\{name}" for name in key.subkeys]
    return lines
