# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in for ``reg.exe``, in the XP and in the Vista+ dialect: ``query``, ``load``, ``unload``.

``add``, ``delete`` and ``import`` are in ``reg_write``.
"""

from __future__ import annotations

import typing as t

from . import reg_write, regfile
from .arguments import split_arguments
from .parse import Refused
from .registry import AccessDenied, Key, Registry, Value, long_hive

if t.TYPE_CHECKING:
    from .machine import Machine, Streams

_TYPES: t.Final = {
    regfile.REG_NONE: "REG_NONE",
    regfile.REG_SZ: "REG_SZ",
    regfile.REG_EXPAND_SZ: "REG_EXPAND_SZ",
    regfile.REG_BINARY: "REG_BINARY",
    regfile.REG_DWORD: "REG_DWORD",
    regfile.REG_DWORD_BIG_ENDIAN: "REG_DWORD_BIG_ENDIAN",
    regfile.REG_LINK: "REG_LINK",
    regfile.REG_MULTI_SZ: "REG_MULTI_SZ",
    regfile.REG_RESOURCE_LIST: "REG_RESOURCE_LIST",
    regfile.REG_FULL_RESOURCE_DESCRIPTOR: "REG_FULL_RESOURCE_DESCRIPTOR",
    regfile.REG_RESOURCE_REQUIREMENTS_LIST: "REG_RESOURCE_REQUIREMENTS_LIST",
    regfile.REG_QWORD: "REG_QWORD",
}

#: Verbs that change a registry or a file; those that ``reg_write`` lacks are counted and not done.
WRITES: t.Final = frozenset({"add", "delete", "copy", "import", "restore", "save", "flags", "export"})


def data_text(value: Value) -> str:
    """The data as reg.exe prints it; texts end at their first NUL."""
    if value.type in (regfile.REG_SZ, regfile.REG_EXPAND_SZ):
        return _utf16(value.raw).split("\0", 1)[0]
    if value.type in (regfile.REG_DWORD, regfile.REG_QWORD):
        return f"0x{int.from_bytes(value.raw, 'little'):x}"
    if value.type == regfile.REG_DWORD_BIG_ENDIAN:
        return f"0x{int.from_bytes(value.raw, 'big'):x}"
    if value.type == regfile.REG_MULTI_SZ:
        return "\\0".join(_utf16(value.raw).split("\0\0", 1)[0].rstrip("\0").split("\0"))
    return value.raw.hex().upper()


def sorted_subkeys(key: Key) -> list[Key]:
    """Subkeys as Windows lists them: by name, upper-cased. Values stay in the order in which they were made."""
    return sorted(key.subkeys.values(), key=lambda child: child.name.upper())


def _utf16(raw: bytes) -> str:
    return raw[: len(raw) // 2 * 2].decode("utf-16-le", "replace")


class Query:
    """One ``reg query``: which key, which values, how deep."""

    def __init__(self, machine: Machine, arguments: list[str]) -> None:
        self.machine = machine
        self.classic = machine.words.classic
        self.path = arguments[0].rstrip("\\") if arguments else ""
        self.recursive = False
        self.name: str | None = None
        rest = arguments[1:]
        while rest:
            switch = rest.pop(0).lower()
            if switch == "/s":
                self.recursive = True
            elif switch == "/ve":
                self.name = ""
            elif switch == "/v" and rest:
                self.name = rest.pop(0)
            else:
                raise Refused(f"reg query with {switch}")
        if self.recursive and self.name is not None:
            raise Refused("reg query with /s and /v together: XP cannot, and later ones add a closing line")
        hive, separator, below = self.path.partition("\\")
        self.header = (long_hive(hive) or "") + separator + below

    def run(self, streams: Streams) -> int:
        """Prints what reg.exe prints; its exit code is 0 or 1."""
        words = self.machine.words
        if long_hive(self.path.split("\\", 1)[0]) is None:
            return reg_write.complain(streams, words["reg_invalid"], self.classic)
        try:
            key = self.machine.registry.find(self.path)
        except AccessDenied:
            return reg_write.complain(streams, words["reg_denied"], self.classic)
        if key is None or (self.name and self.name.casefold() not in key.values):
            return reg_write.complain(streams, words["reg_absent"], self.classic)
        if self.classic and self.name == "" and "" not in key.values:
            return reg_write.complain(streams, words["reg_absent"], self.classic)
        return self._print(key, streams)

    def _print(self, key: Key, streams: Streams) -> int:
        registry = self.machine.registry
        memory = self.machine.memory if not registry.guards else None
        # A key that many hosts share never changes, so its text may be kept; a key of this host's own may not.
        slot = (id(key), self.header, self.recursive, self.name, self.classic, self.machine.language)
        if memory is not None and registry.shares(key):
            if slot not in memory:
                memory[slot] = (key, self._text(key, streams)[0])
            streams.out.append(memory[slot][1])
            return 0
        text, code = self._text(key, streams)
        streams.out.append(text)
        return code

    def _text(self, key: Key, streams: Streams) -> tuple[str, int]:
        lines = ["", "! REG.EXE VERSION 3.0", ""] if self.classic else [""]
        code = 0
        if self.name is not None:
            value = key.values.get(self.name.casefold())
            lines += [self.header, self._line(value) if value else self._unset(), ""]
        elif self.recursive:
            code = self._tree(self.header, key, lines, streams)
        else:
            if key.values or self.classic:
                lines += [self.header, *map(self._line, key.values.values()), ""]
            lines += [f"{self.header}\\{child.name}" for child in sorted_subkeys(key)]
        return "\r\n".join(lines) + "\r\n", code

    def _tree(self, path: str, key: Key, lines: list[str], streams: Streams) -> int:
        lines += [path, *map(self._line, key.values.values()), ""]
        code = 0
        registry = self.machine.registry
        for child in sorted_subkeys(key):
            below = f"{path}\\{child.name}"
            try:
                if registry.guards:
                    registry.find(below)
                code |= self._tree(below, child, lines, streams)
            except AccessDenied:
                # Left in order by the caller's 2>&1; where it stands among the lines is not promised by Windows.
                code = reg_write.complain(streams, self.machine.words["reg_denied"], self.classic)
        return code

    def _line(self, value: Value) -> str:
        name = value.name or self.machine.words["no_name" if self.classic else "default"]
        kind = _TYPES.get(value.type, "REG_NONE")
        gap = "\t" if self.classic else "    "
        return f"    {name}{gap}{kind}{gap}{data_text(value)}"

    def _unset(self) -> str:
        words = self.machine.words
        return f"    {words['default']}    REG_SZ    {words['not_set']}"


def reg(machine: Machine, rest: str, streams: Streams) -> int:
    """``reg`` with its arguments as they stand in the line; raises Refused for what the lab does not model."""
    arguments = split_arguments(rest)
    verb = arguments[0].lower() if arguments else ""
    if verb == "query":
        return Query(machine, arguments[1:]).run(streams)
    if verb in ("load", "unload") or verb in WRITES:
        if not machine.may_write(f"reg{rest}"):
            return reg_write.complain(streams, machine.words["reg_denied"], machine.words.classic)
        if verb in reg_write.VERBS:
            return reg_write.VERBS[verb](machine, arguments[1:], streams)
        if verb == "load" and len(arguments) == 3:
            return _load(machine, arguments[1], arguments[2], streams)
        if verb == "unload" and len(arguments) == 2:
            return _unload(machine, arguments[1], streams)
    raise Refused(f"reg{rest}")


def _mount_point(registry: Registry, path: str) -> bool:
    """reg.exe loads hives directly below HKLM or HKU, nowhere else."""
    parts = registry.parts(path) if long_hive(path.split("\\", 1)[0]) else []
    return len(parts) == 2 and parts[0] in ("HKEY_LOCAL_MACHINE", "HKEY_USERS")


def _load(machine: Machine, path: str, file: str, streams: Streams) -> int:
    words, classic = machine.words, machine.words.classic
    if not _mount_point(machine.registry, path):
        return reg_write.complain(streams, words["reg_parameter"], classic)
    hive = machine.hive(file)
    if hive is None:
        return reg_write.complain(streams, words["reg_file_missing"], classic)
    if isinstance(hive, str) or machine.registry.find(path) is not None:
        return reg_write.complain(streams, words["reg_in_use"], classic)
    machine.registry.mount(path, hive)
    machine.mounted[path.casefold()] = file.casefold()
    return reg_write.done(streams, words["reg_done"])


def _unload(machine: Machine, path: str, streams: Streams) -> int:
    file = machine.mounted.pop(path.casefold(), None)
    if file is None:
        return reg_write.complain(streams, machine.words["reg_parameter"], machine.words.classic)
    hive = machine.registry.find(path)
    if hive is not None:
        machine.keep(file, hive)
    machine.registry.delete_key(path)
    return reg_write.done(streams, machine.words["reg_done"])


def unmount(machine: Machine) -> None:
    """What a shutdown does with hives that somebody loaded: their files keep what is in them."""
    for path, file in machine.mounted.items():
        hive = machine.registry.find(path)
        if hive is not None:
            machine.keep(file, hive)
        machine.registry.delete_key(path)
    machine.mounted.clear()
