# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``reg add``, ``reg delete`` and ``reg import`` of the stand-in for reg.exe.

What the real ones do with odd input is taken from Wine's tests of reg.exe, which were run on Windows from XP on:
https://gitlab.winehq.org/wine/wine/-/tree/master/programs/reg/tests. Some of it bites:

- ``reg add KEY /f`` without ``/v`` and ``/ve`` sets the key's default value to an empty text;
- ``reg import`` closes texts that do not end in a NUL (but leaves data of no bytes), skips lines that it cannot read,
  with exit code 0, and says what it says on success to standard error; keys that are denied are left out, and only then
  is its exit code 1;
- XP reads ``/d 0123`` as octal, puts a lone hex digit last, takes a missing number for 0, and knows no REG_QWORD.

Where the real one would ask (a value is there and ``/f`` is not), nobody can answer: refused. A tree with a denied key
in it is not deleted at all, where the real one deletes what it may.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from . import regfile
from .files import FileFault
from .parse import Refused
from .registry import AccessDenied, Key, Registry, long_hive

if t.TYPE_CHECKING:
    from .machine import Machine, Streams

_LONGEST_NAME: t.Final = 255
_TYPES: t.Final = {
    "REG_NONE": regfile.REG_NONE,
    "REG_SZ": regfile.REG_SZ,
    "REG_EXPAND_SZ": regfile.REG_EXPAND_SZ,
    "REG_BINARY": regfile.REG_BINARY,
    "REG_DWORD": regfile.REG_DWORD,
    "REG_DWORD_LITTLE_ENDIAN": regfile.REG_DWORD,
    "REG_DWORD_BIG_ENDIAN": regfile.REG_DWORD_BIG_ENDIAN,
    "REG_MULTI_SZ": regfile.REG_MULTI_SZ,
    "REG_QWORD": regfile.REG_QWORD,
}


class Complaint(Exception):
    """reg.exe says no: ``word`` is a key of the table of words."""


@dataclass(slots=True)
class _Call:
    """The arguments of one call: ``given`` holds the switches, with their values where they have one."""

    path: str
    given: dict[str, str] = field(default_factory=dict)


def complain(streams: Streams, text: str, classic: bool) -> int:
    """An error as reg.exe prints it; the exit code."""
    streams.err.append(f"\r\n{text}\r\n" if classic else f"{text}\r\n")
    return 1


def done(streams: Streams, text: str) -> int:
    """Success as reg.exe prints it; the exit code."""
    streams.out.append(f"{text}\r\n\r\n")
    return 0


def _call(arguments: list[str], bare: str, valued: str) -> _Call:
    """Raises Complaint for what reg.exe does not understand; ``bare`` and ``valued``: switches it takes."""
    call = _Call(arguments[0] if arguments else "")
    rest = arguments[1:]
    while rest:
        switch = rest.pop(0).lower()
        if switch.startswith("/reg:"):
            raise Refused(f"reg with {switch}, which XP does not know")
        if switch in call.given or not (switch in bare.split() or (switch in valued.split() and rest)):
            raise Complaint("reg_syntax")
        call.given[switch] = rest.pop(0) if switch in valued.split() else ""
    if sum(switch in call.given for switch in ("/v", "/ve", "/va")) > 1:
        raise Complaint("reg_syntax")
    call.path = call.path.removesuffix("\\") if "\\" in call.path[:-1] else call.path
    if long_hive(call.path.split("\\", 1)[0]) is None or "\\\\" in call.path or call.path.endswith("\\"):
        raise Complaint("reg_invalid")
    return call


def _verb(name: str, act: Callable[[Machine, list[str]], None]) -> Callable[[Machine, list[str], Streams], int]:
    def run(machine: Machine, arguments: list[str], streams: Streams) -> int:
        words = machine.words
        try:
            act(machine, arguments)
        except AccessDenied:
            return complain(streams, words["reg_denied"], words.classic)
        except Complaint as error:
            text = words[error.args[0]].replace("REG QUERY", f"REG {name.upper()}")
            return complain(streams, text, words.classic)
        if name == "import":
            streams.err.append(f"{words['reg_done']}\r\n\r\n")
            return 0
        return done(streams, words["reg_done"])

    return run


def check_writable(registry: Registry, path: str) -> None:
    """Raises AccessDenied for a denied key, Complaint for a name that no key can have."""
    parts = registry.parts(path)
    if any(len(part) > _LONGEST_NAME for part in parts):
        raise Complaint("reg_parameter")
    registry.check_readable(tuple(part.casefold() for part in parts))
    if len(parts) == 2 and registry.find(path) is None:
        # No key can be made directly below HKLM or HKU: they are no keys of a hive's own.
        raise Complaint("reg_parameter")


def _add(machine: Machine, arguments: list[str]) -> None:
    call = _call(arguments, "/ve /f", "/v /t /d /s")
    if "\\" not in call.path:
        raise Refused(f"reg add to {call.path} itself")
    kind, raw = _data(call.given, machine.words.classic)
    check_writable(machine.registry, call.path)
    name = call.given.get("/v", "")
    key = machine.registry.find(call.path)
    asks = bool({"/v", "/ve", "/d", "/t"} & set(call.given)) and "/f" not in call.given
    if asks and key is not None and name.casefold() in key.values:
        raise Refused(f"reg add of a value that is there, without /f: it asks: {call.path} {name}")
    machine.registry.set(call.path, name, kind, raw)


def _data(given: Mapping[str, str], classic: bool) -> tuple[int, bytes]:
    """(type, bytes) as ``/t``, ``/d`` and ``/s`` say; raises Complaint."""
    kind = _TYPES.get(given.get("/t", "REG_SZ").upper())
    separator = given.get("/s", "\\0")
    if kind is None or (classic and kind == regfile.REG_QWORD):
        raise Complaint("reg_syntax")
    if "/s" in given and (kind != regfile.REG_MULTI_SZ or len(separator) != 1):
        raise Complaint("reg_syntax")
    if classic and "/d" in given and not {"/v", "/ve"} & set(given):
        raise Complaint("reg_syntax")
    if kind in (regfile.REG_DWORD, regfile.REG_DWORD_BIG_ENDIAN, regfile.REG_QWORD):
        return kind, _number(given.get("/d"), 8 if kind == regfile.REG_QWORD else 4, classic)
    text = given.get("/d", "")
    if kind == regfile.REG_BINARY:
        return kind, _bytes(text, classic)
    if kind == regfile.REG_MULTI_SZ:
        return kind, _list(text, separator)
    return kind, (text + "\0").encode("utf-16-le", "surrogatepass")


def _number(text: str | None, size: int, classic: bool) -> bytes:
    """Little-endian, also for REG_DWORD_BIG_ENDIAN, as in every version of reg.exe."""
    if text is None and (classic or size == 8):
        text = "0"
    match = re.fullmatch(r"(0[xX][0-9a-fA-F]+)|([0-9]+)", text or "")
    if match is None:
        raise Complaint("reg_data")
    octal = classic and match[2] and match[2].startswith("0")
    if octal and not set(match[2]) <= set("01234567"):
        raise Complaint("reg_data")
    number = int(match[0], 16 if match[1] else 8 if octal else 10)
    if number >= 1 << 8 * size:
        raise Complaint("reg_data")
    return number.to_bytes(size, "little")


def _bytes(text: str, classic: bool) -> bytes:
    if not re.fullmatch("[0-9a-fA-F]*", text):
        raise Complaint("reg_data")
    if len(text) % 2:
        text = text + "0" if classic else "0" + text
    return bytes.fromhex(text)


def _list(text: str, separator: str) -> bytes:
    """Each item closed by a NUL, one more at the end; an empty item is an error."""
    units = "".join("\0" if unit == separator else unit for unit in _units(text, separator))
    if (units.startswith("\0") and len(units) > 1) or "\0\0" in units:
        raise Complaint("reg_data")
    closed = units + ("\0\0" if units and not units.endswith("\0") else "\0")
    return closed.encode("utf-16-le", "surrogatepass")


def _units(text: str, separator: str) -> list[str]:
    return re.findall(r"\\0|.", text, re.DOTALL) if separator == "\\0" else list(text)


def _delete(machine: Machine, arguments: list[str]) -> None:
    call = _call(arguments, "/ve /va /f", "/v")
    registry = machine.registry
    key = registry.find(call.path)
    if key is None:
        raise Complaint("reg_absent")
    if "/f" not in call.given:
        raise Refused(f"reg delete without /f: it asks: {call.path}")
    if "/va" in call.given:
        for value in list(key.values):
            registry.delete_value(call.path, value)
    elif "/v" in call.given or "/ve" in call.given:
        if not registry.delete_value(call.path, call.given.get("/v", "")):
            raise Complaint("reg_absent")
    else:
        delete_tree(machine, call.path)


def delete_tree(machine: Machine, path: str) -> None:
    """Deletes a key and all below it, with what ``regini`` said about them. Raises AccessDenied."""
    registry = machine.registry
    long = registry.long_path(path)
    if long.count("\\") < 2:
        raise Refused(f"the deletion of {long} as a whole")
    key = registry.find(path)
    if key is not None and registry.guards:
        _check_tree(registry, long, key)
    registry.delete_key(path)
    for other in [one for one in machine.access if f"{one}\\".casefold().startswith(f"{long}\\".casefold())]:
        del machine.access[other]


def _check_tree(registry: Registry, path: str, key: Key) -> None:
    registry.find(path)
    for child in key.subkeys.values():
        _check_tree(registry, f"{path}\\{child.name}", child)


def _import(machine: Machine, arguments: list[str]) -> None:
    if len(arguments) != 1:
        raise Complaint("reg_syntax")
    try:
        content = machine.files.read(arguments[0])
    except FileFault:
        raise Complaint("reg_no_file") from None
    try:
        assignments = list(regfile.read_as_windows(content, f"cp{machine.ansi}"))
    except regfile.RegFileError:
        raise Complaint("reg_not_script") from None
    left_out = False
    for one in assignments:
        try:
            _assign(machine, one)
        except (AccessDenied, Complaint):
            left_out = True
    if left_out:
        raise Complaint("reg_partly")


def _assign(machine: Machine, one: regfile.Assignment) -> None:
    if not one.path.upper().startswith("HKEY_") or long_hive(one.path.split("\\", 1)[0]) is None:
        raise Complaint("reg_invalid")
    if "\\" not in one.path:
        raise Refused(f"reg import of {one.path} itself")
    if one.delete and one.name is None:
        delete_tree(machine, one.path)
        return
    if one.delete:
        machine.registry.find(one.path)
        machine.registry.delete_value(one.path, one.name or "")
        return
    check_writable(machine.registry, one.path)
    if one.name is None:
        machine.registry.create(one.path)
    else:
        machine.registry.set(one.path, one.name, one.type, one.raw)


VERBS: t.Final[Mapping[str, Callable[[Machine, list[str], Streams], int]]] = {
    "add": _verb("add", _add),
    "delete": _verb("delete", _delete),
    "import": _verb("import", _import),
}
