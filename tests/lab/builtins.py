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

from . import (
    account_tools,
    file_commands,
    filters,
    netsh,
    power,
    powershell,
    processes,
    programs,
    reg_command,
    scripts,
    servicing,
    tasks,
    transfer_tools,
)
from .arguments import split_arguments
from .batch import Exit
from .machine import Shell, Streams
from .parse import Refused

Command = Callable[[Shell, str, Streams], int]


def _echo(shell: Shell, rest: str, streams: Streams) -> int:
    if rest.strip().lower() in ("on", "off"):
        shell.echo = rest.strip().lower() == "on"
    elif not rest.strip():
        raise Refused("echo without a text")
    elif "/?" in rest.split():
        raise Refused(f"echo{rest}: with /? it prints its help")
    else:
        streams.out.append(rest[1:] + "\r\n")
    return shell.errorlevel


def _echo_dot(shell: Shell, rest: str, streams: Streams) -> int:
    """``echo.`` is an empty line, ``echo.text`` prints the text, "on" and "off" included."""
    if "/?" in rest.split():
        raise Refused(f"echo.{rest}: with /? it prints its help")
    streams.out.append(rest + "\r\n")
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
    return reg_command.reg(shell.machine, rest, streams)


def _find(shell: Shell, rest: str, streams: Streams) -> int:
    return filters.find(rest, streams)


def _findstr(shell: Shell, rest: str, streams: Streams) -> int:
    return filters.findstr(split_arguments(rest), streams)


_START: t.Final = re.compile(r'\s+(?:""\s+)?(?:/(?:b|min)\s+)*/(?:w|wait)\s+(?:/(?:b|min)\s+)*(\S.*)', re.IGNORECASE)
_EXIT: t.Final = re.compile(r"(\s+/b)?(?:\s+(-?\d+))?\s*", re.IGNORECASE)


def _start(shell: Shell, rest: str, streams: Streams) -> int:
    """``start /w PROGRAM``. Without ``/w`` the program would end with the remote shell."""
    match = _START.fullmatch(rest)
    if match is None:
        raise Refused(f"start{rest}")
    return shell.child(match[1], streams, waits=True)


def _exit(shell: Shell, rest: str, streams: Streams) -> int:
    match = _EXIT.fullmatch(rest)
    if match is None:
        raise Refused(f"exit{rest}")
    raise Exit(shell.errorlevel if match[2] is None else int(match[2]), bool(match[1]))


_WMIC: t.Final = re.compile(
    r"\s*datafile\s+where\s+(\"[^\"]*\"|\([^)]*\))\s+get\s+name\s*,\s*version\s*", re.IGNORECASE
)
_CLAUSE: t.Final = re.compile(r"\s*name\s*=\s*(?:'([^']*)'|\\?\"([^\"]*)\\?\")\s*", re.IGNORECASE)


def _wmic(shell: Shell, rest: str, streams: Streams) -> int:
    """``wmic datafile where "name='C:\\\\...' or ..." get Name,Version``, padded columns, its odd line ends and all."""
    told = programs.owners(shell, rest, streams)
    if told is not None:
        return told
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


#: Known as what would change a host, counted, and not done.
_WRITERS: t.Final = "xcopy mklink sc attrib icacls takeown msiexec regsvr32 bcdedit net wevtutil".split()

#: By lower-case name, without ``.exe``.
COMMANDS: t.Final[Mapping[str, Command]] = {
    "echo": _echo,
    "echo.": _echo_dot,
    "ver": _ver,
    "set": _set,
    "chcp": _chcp,
    "md": file_commands.md,
    "mkdir": file_commands.md,
    "ren": file_commands.ren,
    "rename": file_commands.ren,
    "rd": file_commands.rd,
    "rmdir": file_commands.rd,
    "del": file_commands.delete,
    "erase": file_commands.delete,
    "dir": account_tools.dir_,
    "move": account_tools.move,
    "type": file_commands.type_,
    "copy": file_commands.copy,
    "certutil": transfer_tools.certutil,
    "reg": _reg,
    "find": _find,
    "findstr": _findstr,
    "wmic": _wmic,
    "netsh": netsh.netsh,
    "regini": scripts.regini,
    "cscript": scripts.cscript,
    "cmd": _cmd,
    "start": _start,
    "exit": _exit,
    "schtasks": tasks.schtasks,
    "shutdown": power.shutdown,
    "taskkill": processes.taskkill,
    "tasklist": programs.tasklist,
    "expand": servicing.expand,
    "wusa": servicing.wusa,
    "dism": servicing.dism,
    "pkgmgr": servicing.pkgmgr,
    "powershell": powershell.powershell,
    **{verb: _write(verb) for verb in _WRITERS},
}

_INTERNAL: t.Final = (
    "echo echo. dir ver set md mkdir rd rmdir del erase type copy move ren rename mklink start exit".split()
)
PROGRAMS: t.Final = frozenset(COMMANDS) - frozenset(_INTERNAL)

#: Those that run lines of their own, or take their time: the host is not locked while they run.
CHILDREN: t.Final = frozenset(("cmd", "powershell", "start", "wusa", "dism", "pkgmgr"))
