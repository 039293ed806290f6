# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of a plan as commands of cmd.exe: ``reg add`` and ``reg delete``, netsh, and ``reg import`` for the rest.

What a host, a user or a journal wrote never becomes a command: a text that :mod:`quote` does not take travels as hex
digits in a staged file, or the step is refused. Every command may be repeated without harm. None tells whether it
worked: that is known by reading back.

https://learn.microsoft.com/windows-server/administration/windows-commands/reg-add (XP's knows no REG_QWORD)
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterable, Iterator, Sequence

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.account_files import file_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep, Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    LONG_HIVES,
    Absent,
    RegistryType,
    RegistryValue,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read import reg_file
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.quote import Unquotable, quotable, quote
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import account_files, rule_commands, stage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import (
    PART,
    USER,
    Query,
    Section,
    joined,
    section,
)

#: The longest ``reg add``: it must fit into a line over PowerShell. Longer data travel in a file, which can be cut.
_LONGEST_ADD: t.Final = 1500
#: How many characters of commands make one section, for the same reason.
_LONGEST_SECTION: t.Final = 2100
#: No command may hold these: sections and lines put something else for the first two, their placeholders; with the
#: last one echo, and perhaps reg.exe, prints its help.
_TAKEN: t.Final = (PART, USER, "/?")
#: Each may part the items of a REG_MULTI_SZ; one that no item has is taken.
_SEPARATORS: t.Final = "#;,@$+=:"
_FILE: t.Final = "value.reg"

#: Deletes ``HIVE\%~k`` if it is empty, in both dialects of reg.exe and in every language: the key answers, no line is
#: that of a value (four blanks, the word of a type), no line names a key below it (XP prints the key itself, too).
#: ``find`` exits 1 for "not found", and also where there is no ``find``: so it must first find something. It takes a
#: backslash before its closing quote as it is, and must prove that as well.
_REMOVE_IF_EMPTY: t.Final = (
    r'echo a\b|find "a\" >nul'
    r'&(if not errorlevel 1 (reg query "{short}\%~k" >nul'
    r'&(if not errorlevel 1 (reg query "{short}\%~k"|find "    " >nul'
    r'&(if errorlevel 1 (if not errorlevel 2 (reg query "{short}\%~k"|find "REG_" >nul'
    r'&(if errorlevel 1 (if not errorlevel 2 (reg query "{short}\%~k"|find /i "{long}\%~k\" >nul'
    r'&(if errorlevel 1 (if not errorlevel 2 (reg delete "{short}\%~k" /f)))))))))))))'
)


def commands(step: Step, folder: str) -> tuple[str, ...]:
    """The commands that carry out one step. All of them in this order, perhaps in several lines.

    :param folder: name of a fresh staging folder, see :func:`stage.new_folder`; used only where a file is needed, and
        removed again.
    :raises Unquotable: a key or a name that must not stand in a command, or is none.
    :raises ValueError: data that are not of their type; a firewall rule that netsh cannot make (``rule_commands``).
    """
    return _checked(tuple(_registry(step, folder)) if isinstance(step, RegistryStep) else rule_commands.commands(step))


def _checked(made: tuple[str, ...]) -> tuple[str, ...]:
    for command in made:
        _check(command)
    return made


def _check(text: str) -> None:
    if taken := next((taken for taken in _TAKEN if taken in text), None):
        raise Unquotable(f"A step holds {taken}, which means something else in a command: {shown(text)}")


def sections(steps: Iterable[Step], folder: str) -> tuple[Section, ...]:
    """One section per step, in their order, to be packed into lines. Step number 3 has the mark ``X3``.

    Those of one account's file are one, and stand last.

    A step that is too long for a line over PowerShell has more sections, with the marks ``X3_1``, ``X3_2`` ...; they
    append to a staged file, and the last one imports it. A name that is too long for any line is left to ``pack``.

    :raises ValueError: as :func:`commands`.
    """
    found: list[Section] = []
    for number, made in enumerate(_made(steps, folder)):
        for part, body in enumerate(_bodies(made)):
            code = f"X{number}_{part}" if part else f"X{number}"
            found.append(section(f"step {number}", Query(code, command=body)))
    return tuple(found)


def _made(steps: Iterable[Step], folder: str) -> Iterator[tuple[str, ...]]:
    """The commands of each step; those of one file are one."""
    files: dict[str, list[RegistryStep]] = {}
    for step in steps:
        if isinstance(step, RegistryStep) and file_of(step.key) is not None:
            files.setdefault(step.key.casefold(), []).append(step)
        else:
            yield commands(step, folder)
    for together in files.values():
        yield _checked(account_files.commands(together, folder))


def _bodies(made: Iterable[str]) -> Iterator[str]:
    """Commands joined as long as they fit into a section."""
    waiting: list[str] = []
    for command in made:
        if waiting and len(joined([*waiting, command])) > _LONGEST_SECTION:
            yield joined(waiting)
            waiting = []
        waiting.append(command)
    if waiting:
        yield joined(waiting)


def _registry(step: RegistryStep, folder: str) -> Iterator[str]:
    key = _key(step.key)
    name = _name(step)
    if isinstance(step.after, Absent):
        if step.creates:
            # reg add without a value's name would set the default value.
            yield from _imported(reg_file.RegFileKey(_own(step, step.creates)[0]), folder)
        if not step.name or _is_argument(step.name):
            yield f"reg delete {quote(key)} {f'/v {quote(name)}' if name else '/ve'} /f"
        else:
            # An import makes the key, which may be gone already.
            gone = reg_file.RegFileKey(key, (reg_file.ValueDeletion(name),))
            yield from _imported(gone, folder, f"reg query {quote(key)} >nul")
    else:
        data = _data(step.after) if not name or _is_argument(name) else None
        which = f"/v {quote(name)}" if name else "/ve"
        add = f"reg add {quote(key)} {which} /t {step.after.type.value} {data} /f"
        if data is not None and len(add) <= _LONGEST_ADD:
            yield add
        else:
            yield from _imported(reg_file.RegFileKey(key, (step.after,)), folder)
    if step.removes:
        yield removal_of_empty(_own(step, step.removes))


def _key(path: str) -> str:
    """The key in short form.

    :raises Unquotable: it is none, or must not stand in a command.
    """
    if file_of(path) is not None:
        raise Unquotable(f"A step of a file is no step of the registry: {shown(path)}")
    try:
        key = reg_file.RegFileKey(path).path
    except reg_file.RegFileError as problem:
        raise Unquotable(f"A step can only be about a key of the registry: {problem}") from None
    if "\\" not in key:
        raise Unquotable(f"A step can only be about a key below a hive, not about {key} itself.")
    _check(quote(key))
    return key


def _name(step: RegistryStep) -> str:
    """The value's name, in the spelling of what is to be there."""
    name = step.name if isinstance(step.after, Absent) else step.after.name
    if name.casefold() != step.name.casefold():
        raise ValueError(f"A step about the value {shown(step.name)} holds one named {shown(name)}.")
    if name:
        _check(quote(name))
    return name


def _own(step: RegistryStep, keys: tuple[str, ...]) -> list[str]:
    """The keys that a step makes or removes, innermost first: its own key and those above it."""
    own = _key(step.key).casefold() + "\\"
    found = [_key(key) for key in keys]
    if strange := next((key for key in found if not own.startswith(key.casefold() + "\\")), None):
        raise ValueError(f"A step about {shown(step.key)} may not make or remove the key {shown(strange)}.")
    return sorted(found, key=len, reverse=True)


def removal_of_empty(keys: Sequence[str]) -> str:
    """The command that deletes keys of one hive, innermost first, as far as they are empty."""
    hive = keys[0].partition("\\")[0]
    names = [key.partition("\\")[2] for key in keys]
    if strange := next((name for name in names if "*" in name or "?" in name), None):
        raise Unquotable(f"A key with * or ? in its name cannot be removed: {shown(strange)}")
    listed = " ".join(f'"{name}"' for name in names)
    return f"(for %k in ({listed}) do ({_REMOVE_IF_EMPTY.format(short=hive, long=LONG_HIVES[hive])}))"


def _imported(key: reg_file.RegFileKey, folder: str, condition: str = "") -> Iterator[str]:
    """By way of a file, in which all data but a REG_DWORD are hex digits. ``condition``: what must succeed first."""
    yield from stage.written(folder, _FILE, reg_file.lines(reg_file.RegFile((key,)), as_bytes=True))
    command = f"reg import {stage.path(folder, _FILE)}"
    yield f"{condition}&(if not errorlevel 1 ({command}))" if condition else command
    yield stage.removed(folder)


def _is_argument(text: str) -> bool:
    """Whether reg.exe takes that text for a name or data, and as it is: switches begin with / or -, blanks may go."""
    if text.startswith(("/", "-")) or text != text.strip(" ") or any(taken in text for taken in _TAKEN):
        return False
    # Over PowerShell each single quote counts twice; a file has none of the data's.
    return quotable(text) and "'" not in text


def _number(data: object) -> str | None:
    return f"/d {data:d}" if isinstance(data, int) and 0 <= data < 1 << 32 else None


def _text(data: object) -> str | None:
    if data == "":
        return '/d ""'
    return f"/d {quote(data)}" if isinstance(data, str) and _is_argument(data) else None


def _bytes(data: object) -> str | None:
    return f"/d {data.hex()}" if isinstance(data, bytes) and data and _is_argument(data.hex()) else None


def _items(data: object) -> str | None:
    r"""Items and their separator. Without one, reg.exe parts at ``\0``, so no item may hold that."""
    if not isinstance(data, tuple) or not data or not all(_is_argument(item) and "\\0" not in item for item in data):
        return None
    separator = next((sign for sign in _SEPARATORS if not any(sign in item for item in data)), None)
    text = separator.join(data) if separator else ""
    return f"/s {quote(separator)} /d {quote(text)}" if separator and quotable(text) else None


#: How the data of a type become arguments of ``reg add``, None where they cannot. Other types travel in files.
_ARGUMENTS: t.Final[dict[RegistryType, Callable[[object], str | None]]] = {
    RegistryType.DWORD: _number,
    RegistryType.SZ: _text,
    RegistryType.EXPAND_SZ: _text,
    RegistryType.BINARY: _bytes,
    RegistryType.MULTI_SZ: _items,
}


def _data(value: RegistryValue) -> str | None:
    """Data as arguments, None where they have to travel in a file."""
    arguments = _ARGUMENTS.get(value.type)
    return arguments(value.data) if arguments else None
