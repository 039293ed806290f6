# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An in-memory Windows registry that many stand-ins can share.

Names are found without regard to case and keep the spelling of whoever made them; a key without values is a key.
:meth:`Registry.fork` gives a registry of its own in constant time: a change copies only the keys on the way to it, so
a thousand hosts can stand on one baseline.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from . import regfile
from .regfile import Assignment

#: Short and long names of the hives, both as reg.exe takes them.
HIVES: t.Final = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKCU": "HKEY_CURRENT_USER",
    "HKCR": "HKEY_CLASSES_ROOT",
    "HKU": "HKEY_USERS",
    "HKCC": "HKEY_CURRENT_CONFIG",
}
_LONG: t.Final = {name.upper(): name for pair in HIVES.items() for name in pair} | HIVES


class AccessDenied(Exception):
    """The caller may not read, or write, that key."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value: its name as it was written, the number of its type, its bytes."""

    name: str
    type: int
    raw: bytes


@dataclass(slots=True, eq=False)
class Key:
    """One key. ``owner`` is the registry that may change it in place; others copy it first."""

    name: str
    owner: object
    values: dict[str, Value] = field(default_factory=dict)
    subkeys: dict[str, Key] = field(default_factory=dict)

    def copy_for(self, owner: object) -> Key:
        return Key(self.name, owner, dict(self.values), dict(self.subkeys))


def long_hive(name: str) -> str | None:
    """``hklm`` → ``HKEY_LOCAL_MACHINE``; None where it is no hive."""
    return _LONG.get(name.upper())


class Registry:
    """The registry of one host.

    ``user`` is the SID under HKEY_USERS that HKEY_CURRENT_USER stands for. ``unreadable`` keys, and all below them,
    raise AccessDenied; ``readable`` ones below an unreadable key do not.
    """

    def __init__(self, user: str, unreadable: Iterable[str] = (), readable: Iterable[str] = ()) -> None:
        self._owner: object = object()
        self._root = Key("", self._owner)
        self.user = user
        self._denied = [self._folded(path) for path in unreadable]
        self._granted = [self._folded(path) for path in readable]

    def fork(self, unreadable: Iterable[str] = (), readable: Iterable[str] = ()) -> Registry:
        """A registry with the same content that changes on its own from now on."""
        copy = Registry(self.user, unreadable, readable)
        copy._root = self._root
        self._owner = object()  # from now on this registry, too, copies before it writes
        return copy

    def parts(self, path: str) -> list[str]:
        """The names from the hive down; HKCU and HKCR lead to where they really are."""
        first, *rest = path.split("\\")
        hive = long_hive(first)
        if hive is None:
            raise KeyError(f"{first!r} is no hive of a registry")
        if hive == "HKEY_CURRENT_USER":
            return ["HKEY_USERS", self.user, *rest]
        if hive == "HKEY_CLASSES_ROOT":
            return ["HKEY_LOCAL_MACHINE", "SOFTWARE", "Classes", *rest]
        return [hive, *rest]

    def _folded(self, path: str) -> tuple[str, ...]:
        return tuple(part.casefold() for part in self.parts(path))

    def check_readable(self, folded: tuple[str, ...]) -> None:
        """Raises AccessDenied where the longest rule that covers that key forbids it."""
        if self._denied:
            forbidden = max((len(d) for d in self._denied if folded[: len(d)] == d), default=0)
            granted = max((len(g) for g in self._granted if folded[: len(g)] == g), default=0)
            if forbidden > granted:
                raise AccessDenied("\\".join(folded))

    @property
    def guards(self) -> bool:
        """True where some key is unreadable."""
        return bool(self._denied)

    def shares(self, key: Key) -> bool:
        """True where that key, and all below it, can never change: a change would copy it first."""
        return key.owner is not self._owner

    def find(self, path: str) -> Key | None:
        """The key at that path, or None; raises AccessDenied."""
        folded = self._folded(path)
        # Windows asks for rights to the key itself, not to those on the way to it.
        self.check_readable(folded)
        return self._at(folded)

    def _at(self, folded: tuple[str, ...]) -> Key | None:
        key: Key | None = self._root
        for part in folded:
            key = key.subkeys.get(part) if key else None
        return key

    def _own(self, parts: list[str], create: bool) -> Key | None:
        """The key at those parts, copied so that this registry may change it."""
        if self._root.owner is not self._owner:
            self._root = self._root.copy_for(self._owner)
        key = self._root
        for part in parts:
            child = key.subkeys.get(part.casefold())
            if child is None:
                if not create:
                    return None
                child = Key(part, self._owner)
            elif child.owner is not self._owner:
                child = child.copy_for(self._owner)
            key.subkeys[part.casefold()] = child
            key = child
        return key

    def create(self, path: str) -> Key:
        """Makes the key and those above it; returns it."""
        key = self._own(self.parts(path), create=True)
        assert key is not None
        return key

    def set(self, path: str, name: str, kind: int, raw: bytes) -> None:
        """Sets a value; makes the key where it is missing. ``name`` is "" for the default value."""
        values = self.create(path).values
        old = values.get(name.casefold())
        values[name.casefold()] = Value(old.name if old else name, kind, raw)

    def set_text(self, path: str, name: str, text: str, kind: int = regfile.REG_SZ) -> None:
        self.set(path, name, kind, (text + "\0").encode("utf-16-le", "surrogatepass"))

    def set_number(self, path: str, name: str, number: int) -> None:
        self.set(path, name, regfile.REG_DWORD, (number & 0xFFFFFFFF).to_bytes(4, "little"))

    def delete_key(self, path: str) -> bool:
        """Removes a key and all below it; False where there was none."""
        *above, last = self.parts(path)
        parent = self._own(above, create=False)
        return parent is not None and parent.subkeys.pop(last.casefold(), None) is not None

    def delete_value(self, path: str, name: str) -> bool:
        key = self._own(self.parts(path), create=False)
        return key is not None and key.values.pop(name.casefold(), None) is not None

    def mount(self, path: str, key: Key) -> None:
        """Puts a whole tree in place, as ``reg load`` does; the tree may be shared with others."""
        *above, last = self.parts(path)
        parent = self._own(above, create=True)
        assert parent is not None
        tree = key.copy_for(self._owner)
        tree.name = last
        parent.subkeys[last.casefold()] = tree

    def apply(self, assignments: Iterable[Assignment]) -> None:
        """Does what importing a ``.reg`` file does; raises RegFileError for a key in no hive."""
        for line in assignments:
            try:
                self._apply(line)
            except KeyError as error:
                raise regfile.RegFileError(f"[{line.path}]: {error.args[0]}") from None

    def _apply(self, line: Assignment) -> None:
        if line.name is None:
            if line.delete:
                self.delete_key(line.path)
            else:
                self.create(line.path)
        elif line.delete:
            self.delete_value(line.path, line.name)
        else:
            self.set(line.path, line.name, line.type, line.raw)

    def long_path(self, path: str) -> str:
        """With the hive's long name, and where HKCU and HKCR really are."""
        return "\\".join(self.parts(path))

    def walk(self, path: str, denied_too: bool = False) -> Iterator[tuple[str, Key]]:
        """(path, key) of a key and all below it, parents first; raises AccessDenied unless ``denied_too``."""
        key = self._at(self._folded(path)) if denied_too else self.find(path)
        if key is not None:
            yield from _walk(path, key)


def _walk(path: str, key: Key) -> Iterator[tuple[str, Key]]:
    yield path, key
    for child in key.subkeys.values():
        yield from _walk(f"{path}\\{child.name}", child)
