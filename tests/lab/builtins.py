# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that the lab's cmd.exe knows. ``PROGRAMS`` are those that are files on a real Windows.

The difference matters in pipes: a program gets its arguments as they are, all else goes as text through another cmd.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable, Mapping

from . import filters, powershell, reg_command
from .machine import Shell, Streams
from .parse import Refused

Command = Callable[[Shell, str, Streams], int]


_PLAIN_ARGUMENT: t.Final = re.compile(r'(?:[^ \t"]|"[^"]*(?:"|\Z))+')


def split_arguments(text: str) -> list[str]:
    """Arguments as the C run-time of reg.exe and others splits them: quotes group, backslashes escape only quotes.

    https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments
    """
    if '"' not in text:
        return [argument for argument in text.replace("\t", " ").split(" ") if argument]
    if '\\"' not in text:
        return [argument.replace('"', "") for argument in _PLAIN_ARGUMENT.findall(text)]
    return _split_escaped(text)


def _split_escaped(text: str) -> list[str]:
    arguments: list[str] = []
    current: str | None = None
    quoted = False
    for slashes, char in re.findall(r"(\\*)([^\\]|\Z)", text, re.DOTALL):
        if char == '"':
            current = (current or "") + "\\" * (len(slashes) // 2)
            if len(slashes) % 2:
                current += '"'
            else:
                quoted = not quoted
            continue
        if slashes:
            current = (current or "") + slashes
        if char and (quoted or char not in " \t"):
            current = (current or "") + char
        elif current is not None and (char or not quoted):
            arguments.append(current)
            current = None
    return arguments if current is None else [*arguments, current]


def _echo(shell: Shell, rest: str, streams: Streams) -> int:
    if rest.strip().lower() in ("on", "off"):
        shell.echo = rest.strip().lower() == "on"
    elif not rest.strip():
        raise Refused("echo without a text")
    else:
        streams.out.append(rest[1:] + "\r\n")
    return shell.errorlevel


def _ver(shell: Shell, rest: str, streams: Streams) -> int:
    if rest.strip():
        raise Refused(f"ver{rest}")
    streams.out.append(f"\r\n{shell.machine.version_line()}\r\n")
    return 0


def _chcp(shell: Shell, rest: str, streams: Streams) -> int:
    if rest.strip():
        raise Refused(f"chcp{rest}: it would change the code page of the shell")
    streams.out.append(shell.machine.words["chcp"].format(shell.codepage) + "\r\n")
    return 0


def _set(shell: Shell, rest: str, streams: Streams) -> int:
    prefix = rest.strip().upper()
    if not re.fullmatch(r"[A-Z0-9_()]+", prefix):
        raise Refused(f"set{rest}")
    found = sorted(name for name in shell.machine.environment if name.startswith(prefix))
    if not found:
        streams.err.append(shell.machine.words["set_undefined"].format(rest.strip()) + "\r\n")
        return 1
    streams.out.extend(f"{name}={shell.machine.environment[name]}\r\n" for name in found)
    return 0


def _reg(shell: Shell, rest: str, streams: Streams) -> int:
    return reg_command.reg(shell.machine, split_arguments(rest), streams)


def _find(shell: Shell, rest: str, streams: Streams) -> int:
    return filters.find(rest, streams)


def _findstr(shell: Shell, rest: str, streams: Streams) -> int:
    return filters.findstr(split_arguments(rest), streams)


_WMIC: t.Final = re.compile(
    r"\s*datafile\s+where\s+(\"[^\"]*\"|\([^)]*\))\s+get\s+name\s*,\s*version\s*", re.IGNORECASE
)
_CLAUSE: t.Final = re.compile(r"\s*name\s*=\s*(?:'([^']*)'|\\?\"([^\"]*)\\?\")\s*", re.IGNORECASE)


def _wmic(shell: Shell, rest: str, streams: Streams) -> int:
    """``wmic datafile where "name='C:\\\\...' or ..." get Name,Version``, padded columns, its odd line ends and all."""
    match = _WMIC.fullmatch(rest)
    clauses = re.split(r"\bor\b", match[1][1:-1], flags=re.IGNORECASE) if match else [""]
    names = [_CLAUSE.fullmatch(clause) for clause in clauses]
    if not all(names):
        raise Refused(f"wmic{rest}")
    wanted = [re.sub(r"\\\\", r"\\", name[1] or name[2]) for name in names if name]
    found = [(path, version) for path in wanted if (version := shell.machine.file_version(path)) is not None]
    if not found:
        streams.err.append(shell.machine.words["wmic_none"] + "\r\n")
        return 0
    width = max(len("Name"), *(len(path) for path, _unused in found)) + 2
    tail = max(len("Version"), *(len(version) for _unused, version in found)) + 2
    rows = [("Name", "Version"), *((path.lower(), version) for path, version in found)]
    streams.out.append("".join(f"{path:<{width}}{version:<{tail}}\r\r\n" for path, version in rows) + "\r\r\n")
    return 0


def _cmd(shell: Shell, rest: str, streams: Streams) -> int:
    match = re.fullmatch(r'(?:\s*/[ds])*\s*/c\s+"(.*)"\s*', rest, re.IGNORECASE | re.DOTALL)
    if match is None:
        raise Refused(f"cmd{rest[:200]}")
    return shell.child(match[1], streams)


def _write(verb: str) -> Command:
    def command(shell: Shell, rest: str, streams: Streams) -> int:
        if not shell.machine.may_write(f"{verb}{rest}"):
            streams.err.append(shell.machine.words["denied"] + "\r\n")
            return 1
        raise Refused(f"{verb}{rest}")

    return command


_WRITERS: t.Final = (
    "md mkdir rd rmdir del erase copy xcopy move ren rename mklink netsh sc schtasks attrib icacls takeown "
    "certutil wusa dism msiexec regsvr32 bcdedit shutdown net wevtutil".split()
)

#: By lower-case name, without ``.exe``.
COMMANDS: t.Final[Mapping[str, Command]] = {
    "echo": _echo,
    "ver": _ver,
    "set": _set,
    "chcp": _chcp,
    "reg": _reg,
    "find": _find,
    "findstr": _findstr,
    "wmic": _wmic,
    "cmd": _cmd,
    "powershell": powershell.powershell,
    **{verb: _write(verb) for verb in _WRITERS},
}

PROGRAMS: t.Final = frozenset(COMMANDS) - {"echo", "ver", "set", *"md mkdir rd rmdir del erase copy move ren".split()}
