# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hive files of one simulated host: of users who are logged on, of those who are not, and of users to come."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Mapping
from pathlib import Path

from . import baseline, regfile
from .entry import HostEntry
from .registry import Key, Registry
from .systems import System


@functools.lru_cache(maxsize=128)
def _read(files: tuple[tuple[Path, int], ...]) -> Key:
    """The tree that these files make of an empty hive. Their times are part of the key: edits are seen."""
    registry = Registry("user")
    registry.create("HKCU")
    for path, _unused in files:
        registry.apply(regfile.read(path.read_bytes()))
    tree = registry.fork().find("HKCU")
    assert tree is not None
    return tree


def stamped(paths: tuple[Path, ...]) -> tuple[tuple[Path, int], ...]:
    """Files with their times, so that a cache sees edits."""
    return tuple((path, path.stat().st_mtime_ns) for path in paths)


class Hives:
    """The files, by casefolded path, and who has them loaded.

    ``registry``: of the host. ``mounted``: what ``reg load`` put there, casefolded key → casefolded file.
    """

    def __init__(self, entry: HostEntry, system: System, registry: Registry, mounted: Mapping[str, str]) -> None:
        self._entry, self._system = entry, system
        self._registry, self._mounted = registry, mounted
        self._kept: dict[str, Key] = {}
        #: SID → file.
        self.logged_on = {entry.user: baseline.user_home(system) + r"\mail\NTUSER.DAT"}

    @property
    def shipped(self) -> tuple[str, ...]:
        """Whole paths of all the files."""
        return (*self._entry.profiles, *self.logged_on.values(), baseline.default_hive_file(self._system))

    def find(self, file: str) -> Key | t.Literal["in use"] | None:
        """The tree in that file, as ``reg load`` finds it."""
        wanted = file.casefold()
        if wanted in self._mounted.values() or wanted in (one.casefold() for one in self.logged_on.values()):
            return "in use"
        if wanted in self._kept:
            return self._kept[wanted]
        for path, profile in self._entry.profiles.items():
            if path.casefold() == wanted:
                return _read(stamped(profile.registry))
        default = baseline.default_hive_file(self._system).casefold()
        return baseline.default_hive(self._system) if wanted == default else None

    def keep(self, file: str, hive: Key) -> None:
        """What a hive holds when it is unloaded is what its file holds from then on."""
        self._kept[file.casefold()] = hive

    def log_on(self, sid: str, file: str) -> None:
        """A user whose hive is that file logs on."""
        hive = self.find(file)
        assert isinstance(hive, Key), f"{file} cannot be loaded"
        self._registry.mount(f"HKU\\{sid}", hive)
        self.logged_on[sid] = file

    def log_off(self, sid: str) -> None:
        """The user logs off; what the hive holds goes into its file."""
        hive = self._registry.find(f"HKU\\{sid}")
        assert hive is not None
        self.keep(self.logged_on.pop(sid), hive)
        self._registry.delete_key(f"HKU\\{sid}")

    def export(self, file: str) -> dict[str, dict[str, tuple[int, bytes]]]:
        """Path below the hive → {name of value: (type, bytes)} of a hive that nobody has loaded."""
        hive = self.find(file)
        assert isinstance(hive, Key), f"{file} cannot be loaded"
        registry = Registry("export")
        registry.mount(r"HKU\hive", hive)
        return {
            path: {value.name: (value.type, value.raw) for value in key.values.values()}
            for path, key in registry.walk(r"HKU\hive")
        }
