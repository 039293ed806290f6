# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Windows registry as data: what was read, what is not there, and what nobody could tell.

Three answers are kept apart everywhere: a value, ``ABSENT`` (the host said that there is none) and
:class:`Unread` (nobody knows, and why). Code that treats the last two alike is wrong.
"""

from __future__ import annotations

import enum
import re
import typing as t
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace


class RegistryType(str, enum.Enum):
    """Value types, by the names that reg.exe prints.

    https://learn.microsoft.com/windows/win32/sysinfo/registry-value-types
    """

    NONE = "REG_NONE"
    SZ = "REG_SZ"
    EXPAND_SZ = "REG_EXPAND_SZ"
    BINARY = "REG_BINARY"
    DWORD = "REG_DWORD"
    DWORD_BIG_ENDIAN = "REG_DWORD_BIG_ENDIAN"
    LINK = "REG_LINK"
    MULTI_SZ = "REG_MULTI_SZ"
    RESOURCE_LIST = "REG_RESOURCE_LIST"
    FULL_RESOURCE_DESCRIPTOR = "REG_FULL_RESOURCE_DESCRIPTOR"
    RESOURCE_REQUIREMENTS_LIST = "REG_RESOURCE_REQUIREMENTS_LIST"
    QWORD = "REG_QWORD"


#: int for DWORD and QWORD (unsigned), str for SZ and EXPAND_SZ, tuple of str for MULTI_SZ, else bytes.
RegistryData = t.Union[int, str, bytes, tuple[str, ...]]


class Absent(enum.Enum):
    """The host said that this key or value does not exist."""

    ABSENT = "absent"

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: t.Final = Absent.ABSENT


@dataclass(frozen=True, slots=True)
class Unread:
    """Nobody knows: denied, cut off, ambiguous, or never asked for."""

    why: str


@dataclass(frozen=True, slots=True)
class RegistryValue:
    """One value. ``name`` is "" for the default value of a key."""

    name: str
    type: RegistryType
    data: RegistryData


def _by_name(values: Iterable[RegistryValue]) -> dict[str, RegistryValue]:
    return {value.name.casefold(): value for value in values}


@dataclass(frozen=True, slots=True)
class RegistryKey:
    """One key: its path in the host's own spelling, its values, and the names of the subkeys that were seen."""

    path: str
    values: tuple[RegistryValue, ...] = ()
    subkeys: tuple[str, ...] = ()
    _index: Mapping[str, RegistryValue] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", _by_name(self.values))

    def get(self, name: str) -> RegistryValue | None:
        """The value of that name (case does not matter), or None."""
        return self._index.get(name.casefold())


#: Long hive names as reg.exe prints them, and the short ones that this project uses.
HIVES: t.Final[Mapping[str, str]] = {
    "HKEY_LOCAL_MACHINE": "HKLM",
    "HKEY_USERS": "HKU",
    "HKEY_CURRENT_USER": "HKCU",
    "HKEY_CLASSES_ROOT": "HKCR",
    "HKEY_CURRENT_CONFIG": "HKCC",
}

#: And back.
LONG_HIVES: t.Final[Mapping[str, str]] = {short: long for long, short in HIVES.items()}

#: Values with such names are never kept: results, logs and journals must not hold them.
_SECRET_NAME: t.Final = re.compile("password", re.IGNORECASE)


def short_path(path: str) -> str:
    """``HKEY_LOCAL_MACHINE\\A`` → ``HKLM\\A``; other spellings stay as they are."""
    hive, separator, rest = path.partition("\\")
    return HIVES.get(hive.upper(), hive) + separator + rest


def is_secret(value_name: str) -> bool:
    """True where a value of that name may hold a password and must not be kept."""
    return _SECRET_NAME.search(value_name) is not None


@dataclass(frozen=True, slots=True)
class Region:
    """What one query of a host covered: a key, perhaps with all below it, perhaps only some value names.

    ``keys`` maps casefolded paths to keys; the root is among them unless the whole region is absent or unread.
    ``names`` lists the casefolded value names that were asked for; None means all.
    ``keys_only``: the names of the subkeys were asked for and no value.
    ``lists_subkeys``: False where a filter on the host dropped the names of the subkeys.
    """

    root: str
    recursive: bool
    keys: Mapping[str, RegistryKey] | Absent | Unread
    names: frozenset[str] | None = None
    keys_only: bool = False
    lists_subkeys: bool = True

    def covers_value(self, name: str) -> bool:
        """Whether a value of that name was asked for, in the keys that the region covers."""
        return not self.keys_only and (self.names is None or name.casefold() in self.names)


_NOT_ASKED: t.Final = Unread("was not asked for")


@dataclass(frozen=True, slots=True)
class RegistryImage:
    """All that was read of a host's registry. Where two regions cover the same place, the first counts."""

    regions: tuple[Region, ...] = ()
    _by_root: Mapping[str, list[int]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_root: dict[str, list[int]] = {}
        for number, region in enumerate(self.regions):
            by_root.setdefault(region.root.casefold(), []).append(number)
        object.__setattr__(self, "_by_root", by_root)

    def _covering(self, folded: str) -> list[Region]:
        """The regions that cover a key, in their order: those that begin there, and recursive ones from above."""
        numbers = list(self._by_root.get(folded, ()))
        above = folded
        while (cut := above.rfind("\\")) > 0:
            above = above[:cut]
            numbers += [number for number in self._by_root.get(above, ()) if self.regions[number].recursive]
        return [self.regions[number] for number in sorted(numbers)]

    def key(self, path: str) -> RegistryKey | Absent | Unread:
        """The key at that path, ABSENT, or Unread with the reason."""
        folded = path.casefold()
        # A query for one value says nothing of the key where there is no such value: it counts if nothing else does.
        for region in sorted(self._covering(folded), key=lambda region: region.names is not None):
            if not isinstance(region.keys, Mapping):
                return region.keys
            return region.keys.get(folded, ABSENT)
        return self._child_of_region(folded)

    def _child_of_region(self, folded: str) -> RegistryKey | Absent | Unread:
        """A key that no region covers may still be known as absent, from the list of its parent's subkeys."""
        parent, _slash, child = folded.rpartition("\\")
        for number in self._by_root.get(parent, ()):
            region = self.regions[number]
            if region.names is None and region.lists_subkeys:
                if not isinstance(region.keys, Mapping):
                    return region.keys
                key = region.keys.get(parent)
                known = {name.casefold() for name in key.subkeys} if key else set()
                return _NOT_ASKED if child in known else ABSENT
        return _NOT_ASKED

    def value(self, path: str, name: str) -> RegistryValue | Absent | Unread:
        """The value of that name in the key at that path, ABSENT, or Unread with the reason."""
        if is_secret(name):
            return Unread("may hold a password and is never read")
        folded = path.casefold()
        for region in self._covering(folded):
            if region.covers_value(name):
                if not isinstance(region.keys, Mapping):
                    return region.keys
                key = region.keys.get(folded)
                return (key.get(name) if key else None) or ABSENT
        return _NOT_ASKED

    def below(self, path: str) -> tuple[RegistryKey, ...] | Absent | Unread:
        """All keys strictly below that path, in the order read; needs a region that covers them."""
        folded = path.casefold()
        for region in self._covering(folded):
            if region.recursive:
                if not isinstance(region.keys, Mapping):
                    return region.keys
                if folded not in region.keys:
                    return ABSENT
                return tuple(key for at, key in region.keys.items() if at.startswith(folded + "\\"))
        return _NOT_ASKED

    def without_key(self, path: str) -> RegistryImage:
        """The image as it would be after that key was deleted with all below it. Unread regions stay unread."""
        return RegistryImage(tuple(_pruned(region, path) for region in self.regions))

    def without_value(self, path: str, name: str) -> RegistryImage:
        """The image as it would be after that value was deleted; the key stays. Unread places stay unread."""
        folded = path.casefold()
        covering = {id(region) for region in self._covering(folded) if region.covers_value(name)}
        regions = list(self.regions)
        for number, region in enumerate(regions):
            key = region.keys.get(folded) if isinstance(region.keys, Mapping) else None
            if id(region) in covering and isinstance(region.keys, Mapping) and key and key.get(name):
                kept = tuple(one for one in key.values if one.name.casefold() != name.casefold())
                regions[number] = replace(region, keys={**region.keys, folded: replace(key, values=kept)})
        return RegistryImage(tuple(regions))

    def with_value(self, path: str, value: RegistryValue) -> RegistryImage:
        """The image as it would be after that value was written: for what-if questions. Unread regions stay unread."""
        folded, hit = path.casefold(), False
        covering = {id(region) for region in self._covering(folded) if region.covers_value(value.name)}
        regions = list(self.regions)
        for number, region in enumerate(regions):
            if id(region) not in covering or isinstance(region.keys, Unread):
                continue
            hit = True
            keys = dict(region.keys) if isinstance(region.keys, Mapping) else {}
            old = keys.get(folded, RegistryKey(path))
            kept = tuple(one for one in old.values if one.name.casefold() != value.name.casefold())
            keys[folded] = replace(old, values=(*kept, value))
            regions[number] = replace(region, keys=keys)
        if not hit:
            key = RegistryKey(path, (value,))
            regions.append(Region(path, False, {folded: key}, frozenset({value.name.casefold()})))
        return RegistryImage(tuple(regions))

    def unread(self) -> tuple[tuple[str, str], ...]:
        """(root, why) of every region that could not be read."""
        return tuple((r.root, r.keys.why) for r in self.regions if isinstance(r.keys, Unread))


def _pruned(region: Region, path: str) -> Region:
    """The region without that key and what is below it."""
    folded, root = path.casefold(), region.root.casefold()
    if not isinstance(region.keys, Mapping):
        return region
    if root == folded or root.startswith(folded + "\\"):
        return replace(region, keys=ABSENT)
    gone = (folded, folded + "\\")
    keys = {at: key for at, key in region.keys.items() if at != gone[0] and not at.startswith(gone[1])}
    above, _slash, child = folded.rpartition("\\")
    if (parent := keys.get(above)) is not None:
        rest = tuple(name for name in parent.subkeys if name.casefold() != child)
        keys[above] = replace(parent, subkeys=rest)
    return replace(region, keys=keys)
