# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry made of ``.reg`` files: for tests, for simulated hosts, and for audits without a host."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable
from dataclasses import dataclass, field

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    Region,
    RegistryImage,
    RegistryKey,
    RegistryValue,
    is_secret,
    short_path,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_file import RegFile, RegFileKey, ValueDeletion

#: The hives that an image has; the other ones are views of these.
_HIVES: t.Final = ("HKLM", "HKU")
_CLASSES: t.Final = r"HKLM\SOFTWARE\Classes"


@dataclass(slots=True)
class _Key:
    """One key while files are laid over one another."""

    name: str
    values: dict[str, RegistryValue] = field(default_factory=dict)
    subkeys: dict[str, _Key] = field(default_factory=dict)


class _Tree:
    def __init__(self, views: dict[str, str], keep_secrets: bool) -> None:
        self.views = views
        self.keep_secrets = keep_secrets
        self.hives = {hive: _Key(hive) for hive in _HIVES}

    def real(self, path: str) -> list[str]:
        hive, separator, rest = path.partition("\\")
        return (self.views.get(hive, hive) + separator + rest).split("\\")

    def lay(self, section: RegFileKey) -> None:
        hive, *names = self.real(section.path)
        if hive not in self.hives:
            return
        key = self.hives[hive]
        if section.deleted:
            self._delete(key, names)
            return
        for name in names:
            key = key.subkeys.setdefault(name.casefold(), _Key(name))
        for value in section.values:
            if isinstance(value, ValueDeletion):
                key.values.pop(value.name.casefold(), None)
            elif self.keep_secrets or not is_secret(value.name):
                key.values[value.name.casefold()] = value

    def _delete(self, key: _Key, names: list[str]) -> None:
        for name in names[:-1]:
            if name.casefold() not in key.subkeys:
                return
            key = key.subkeys[name.casefold()]
        if names:
            key.subkeys.pop(names[-1].casefold(), None)

    def region(self, hive: str) -> Region:
        keys: dict[str, RegistryKey] = {}
        todo = [(hive, self.hives[hive])]
        while todo:
            path, key = todo.pop()
            subkeys = tuple(child.name for child in key.subkeys.values())
            keys[path.casefold()] = RegistryKey(path, tuple(key.values.values()), subkeys)
            todo += [(f"{path}\\{child.name}", child) for child in reversed(key.subkeys.values())]
        return Region(hive, True, keys)


def image_of(files: Iterable[RegFile], user_root: str, *, keep_secrets: bool = False) -> RegistryImage:
    """The registry that importing these files, in order, into an empty one would give.

    Later files win; deletions are carried out. HKEY_CURRENT_USER lands under ``user_root`` (``HKU\\S-1-5-21-...``),
    HKEY_CLASSES_ROOT under HKLM. HKEY_CURRENT_CONFIG is left out: nothing that is read stands there.

    :param keep_secrets: keep values whose names may mean a password: only for a simulated host, which must have them
        to show that nobody reads them.
    :returns: an image of two recursive regions, HKLM and HKU.
    :raises ValueError: ``user_root`` is not a path below HKU.
    """
    root = short_path(user_root)
    if not root.upper().startswith("HKU\\") or "" in root.split("\\"):
        raise ValueError(f"the root of the user is not below HKU: {user_root!r}")
    root = root[:3].upper() + root[3:]
    tree = _Tree({"HKCU": root, "HKCR": _CLASSES}, keep_secrets)
    for file in files:
        for section in file.keys:
            tree.lay(section)
    return RegistryImage(tuple(tree.region(hive) for hive in _HIVES))
