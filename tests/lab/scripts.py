# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-ins for ``regini``, as far as access lists go, and for ``cscript``."""

from __future__ import annotations

import re
import typing as t

from . import transfer_tools
from .arguments import split_arguments
from .file_commands import complain
from .files import FileFault
from .parse import Refused
from .reg_write import Complaint, check_writable
from .registry import AccessDenied, long_hive

if t.TYPE_CHECKING:
    from .machine import Machine, Shell, Streams

_LINE: t.Final = re.compile(r"(\S.*?)\s*\[((?:\s*\d+)+)\s*\]\s*")
#: Names of the kernel for the hives; regini of XP knows no others.
_KERNEL: t.Final = {r"\registry\machine": "HKLM", r"\registry\user": "HKU"}


def regini(shell: Shell, rest: str, streams: Streams) -> int:
    """``regini FILE``: each line a key and its access list by numbers, all that was there before replaced.

    1 is Administrators, 17 SYSTEM, both with full access, https://ss64.com/nt/regini-permissions.html. A key that is
    not there is made. Values in the file are refused.
    """
    machine = shell.machine
    arguments = split_arguments(rest)
    if len(arguments) != 1:
        raise Refused(f"regini{rest}")
    if not machine.may_write(f"regini{rest}"):
        complain(machine, streams, "denied")
        return 1
    try:
        content = machine.files.read(arguments[0])
    except FileFault as fault:
        complain(machine, streams, fault.word, fault.path)
        return 1
    wide = content.startswith(b"\xff\xfe")
    text = content[2:].decode("utf-16-le", "replace") if wide else content.decode(f"cp{machine.ansi}", "replace")
    code = 0
    for line in text.splitlines():
        if line.strip() and not line.startswith(";"):
            code |= _permit(machine, line, streams)
    return code


def _permit(machine: Machine, line: str, streams: Streams) -> int:
    match = _LINE.fullmatch(line)
    if match is None:
        raise Refused(f"regini with the line {line}")
    path = _path(match[1])
    try:
        check_writable(machine.registry, path)
    except (AccessDenied, Complaint):
        complain(machine, streams, "denied")
        return 1
    machine.registry.create(path)
    machine.access[machine.registry.long_path(path)] = tuple(int(one) for one in match[2].split())
    return 0


def _path(text: str) -> str:
    for kernel, hive in _KERNEL.items():
        if text.lower().startswith(kernel + "\\"):
            return hive + text[len(kernel) :]
    if not text.upper().startswith("HKEY_") or long_hive(text.split("\\", 1)[0]) is None or "\\" not in text:
        raise Refused(f"regini with the key {text}")
    return text


def cscript(shell: Shell, rest: str, streams: Streams) -> int:
    """Scripts of ours are done; else what the host entry says; by default, that scripts are disabled."""
    code = transfer_tools.run_script(shell, rest, streams)
    if code is not None:
        return code
    text, code = shell.machine.script_answer
    streams.out.append(text.replace("\r\n", "\n").replace("\n", "\r\n") + "\r\n")
    return code
