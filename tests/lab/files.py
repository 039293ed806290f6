# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file system of one simulated host: one drive, folders, files with bytes, names without regard to case.

Only whole paths are known (``C:\\\\a\\\\b``): a relative one would depend on where a shell happens to stand.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable
from dataclasses import dataclass, field

from .parse import Refused

_PATH: t.Final = re.compile(r'[A-Za-z]:\\[^<>:"/|?*\x00-\x1f]*')
#: Names that are devices in every folder.
_DEVICES: t.Final = re.compile(r"(con|nul|prn|aux|com\d|lpt\d)(\..*)?", re.IGNORECASE)
#: MAX_PATH with its NUL; a folder must leave room for a file of 8.3.
_LONGEST_FILE, _LONGEST_FOLDER = 259, 247


#: The word for "another process has it open".
IN_USE: t.Final = "reg_in_use"


class FileFault(Exception):
    """What Windows says no to: ``word`` is a key of the table of words, ``path`` what may stand in them."""

    def __init__(self, word: str, path: str = "") -> None:
        super().__init__(word)
        self.word, self.path = word, path


@dataclass(slots=True, eq=False)
class File:
    """One file. ``shipped`` ones belong to Windows and cannot be changed.

    ``held``: output goes into it, and cmd.exe shares such a file for reading only: nobody else can write to it
    (https://ideasawakened.com/post/prevent-concurrent-execution-batch-file-implementation-how-to), delete or rename it
    ([own]: without FILE_SHARE_DELETE that is so).
    """

    name: str
    content: bytes | bytearray = b""
    shipped: bool = False
    held: bool = False


@dataclass(slots=True, eq=False)
class Folder:
    """One folder; ``entries`` by casefolded name."""

    name: str
    entries: dict[str, File | Folder] = field(default_factory=dict)


def is_path(text: str) -> bool:
    """True for a drive, a backslash, and a path that Windows could take."""
    return _PATH.fullmatch(text) is not None


def names(path: str) -> list[str]:
    """The drive and the names below it; raises Refused for a path that nobody should send."""
    if not is_path(path):
        raise Refused(f"a path that is not a whole one: {path}")
    parts = path.rstrip("\\").split("\\")
    for part in parts[1:]:
        if not part or part != part.rstrip(". ") or _DEVICES.fullmatch(part):
            raise Refused(f"a path with the part {part!r}, which Windows reads as something else: {path}")
    if len(path) > _LONGEST_FILE:
        raise Refused(f"a path of {len(path)} characters")
    return parts


class FileSystem:
    """Drive C: of one host. ``shipped``: whole paths of files that are there from the start.

    ``room``: bytes that all other files may take; 0: any number.
    """

    def __init__(self, shipped: Iterable[str], folders: Iterable[str] = (), room: int = 0) -> None:
        self._drive, self.room = Folder("C:"), room
        for folder in folders:
            self.make(folder, exists_ok=True)
        for path in shipped:
            above, _unused, name = path.rpartition("\\")
            self.make(above, exists_ok=True).entries[name.casefold()] = File(name, shipped=True)

    def _walk(self, parts: list[str]) -> File | Folder | None:
        node: File | Folder | None = self._drive if parts[0].casefold() == "c:" else None
        for part in parts[1:]:
            node = node.entries.get(part.casefold()) if isinstance(node, Folder) else None
        return node

    def find(self, path: str) -> File | Folder | None:
        """What is there; None for nothing, and for anything that is no whole path."""
        if not is_path(path):
            return None
        node = self._walk(path.rstrip("\\").split("\\"))
        return None if isinstance(node, File) and path.endswith("\\") else node

    def exists(self, path: str) -> bool:
        """What ``if exist`` says; a closing backslash asks for a folder."""
        return self.find(path) is not None

    def _parent(self, parts: list[str], missing: str = "path_missing") -> tuple[Folder, str]:
        parent = self._walk(parts[:-1]) if len(parts) > 1 else None
        if not isinstance(parent, Folder):
            raise FileFault(missing)
        return parent, parts[-1].casefold()

    def make(self, path: str, exists_ok: bool = False) -> Folder:
        """``md``: makes the folder, and those above it as the command extensions do. Raises FileFault."""
        parts = names(path)
        if len(path) > _LONGEST_FOLDER:
            raise Refused(f"a folder with a path of {len(path)} characters")
        if parts[0].casefold() != "c:":
            raise FileFault("path_missing")
        node, fresh = self._drive, False
        for part in parts[1:]:
            child = node.entries.get(part.casefold())
            fresh = child is None
            if child is None:
                child = node.entries[part.casefold()] = Folder(part)
            if isinstance(child, File):
                raise FileFault("exists" if part is parts[-1] else "path_missing", path)
            node = child
        if not fresh and not exists_ok:
            raise FileFault("exists", path)
        return node

    def remove(self, path: str, tree: bool = False) -> None:
        """``rd``, with ``tree`` ``rd /s /q``. Raises FileFault."""
        parent, last = self._parent(names(path))
        node = parent.entries.get(last)
        if node is None:
            raise FileFault("file_missing")
        if isinstance(node, File):
            raise FileFault("no_folder")
        if node.entries and not tree:
            raise FileFault("not_empty")
        if _has_shipped(node):
            raise FileFault("denied")
        if _empties(node):
            raise FileFault(IN_USE)
        del parent.entries[last]

    def rename(self, path: str, name: str) -> None:
        """``ren`` of a file or folder, within its folder. Raises FileFault where the new name is taken."""
        parent, last = self._parent(names(path))
        node = parent.entries.get(last)
        if node is None:
            raise FileFault("file_missing")
        if name.casefold() in parent.entries:
            raise FileFault("ren_taken")
        if (isinstance(node, File) and node.shipped) or (isinstance(node, Folder) and _has_shipped(node)):
            raise FileFault("denied")
        if _is_held(node):
            raise FileFault(IN_USE if isinstance(node, File) else "denied")
        del parent.entries[last]
        node.name = name
        parent.entries[name.casefold()] = node

    def delete(self, path: str) -> None:
        """``del`` of one file. Raises FileFault; Refused for a folder, where the real one asks."""
        parent, last = self._parent(names(path), "path_missing")
        node = parent.entries.get(last)
        if node is None:
            raise FileFault("del_missing", path)
        if isinstance(node, Folder):
            raise Refused(f"del of a folder, which asks: {path}")
        if node.shipped:
            raise FileFault("denied")
        if node.held:
            raise FileFault(IN_USE)
        del parent.entries[last]

    def open(self, path: str, append: bool) -> File:
        """The file to write to, made or emptied unless ``append``. Raises FileFault."""
        parts = names(path)
        parent, last = self._parent(parts)
        node = parent.entries.get(last)
        if isinstance(node, Folder) or path.endswith("\\") or (node is not None and node.shipped):
            raise FileFault("denied")
        if node is not None and node.held:
            raise FileFault(IN_USE)
        if node is None:
            node = parent.entries[last] = File(parts[-1])
        if not append:
            node.content = b""
        return node

    def append(self, file: File, content: bytes | bytearray) -> None:
        """Adds to a file, in place; where the disk gets full, what fits. Raises FileFault then."""
        room = max(0, self.room - _bytes(self._drive)) if self.room else len(content)
        if not isinstance(file.content, bytearray):
            file.content = bytearray(file.content)
        file.content += content if room >= len(content) else content[:room]
        if room < len(content):
            raise FileFault("disk_full")

    def read(self, path: str) -> bytes | bytearray:
        """The bytes of a file. Raises FileFault."""
        parts = names(path)
        parent, last = self._parent(parts)
        node = parent.entries.get(last)
        if node is None:
            raise FileFault("file_missing")
        if isinstance(node, Folder):
            raise FileFault("denied")
        return node.content


def _has_shipped(folder: Folder) -> bool:
    return any(node.shipped if isinstance(node, File) else _has_shipped(node) for node in folder.entries.values())


def _is_held(node: File | Folder) -> bool:
    return node.held if isinstance(node, File) else any(map(_is_held, node.entries.values()))


def _empties(folder: Folder) -> bool:
    """What ``rd /s /q`` does where somebody has a file open: all else goes. Whether something is left."""
    for name, node in list(folder.entries.items()):
        if not (_empties(node) if isinstance(node, Folder) else node.held):
            del folder.entries[name]
    return bool(folder.entries)


def _bytes(folder: Folder) -> int:
    return sum(len(one.content) if isinstance(one, File) else _bytes(one) for one in folder.entries.values())
