# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of XP and 2003 that install and remove updates: update.exe in its packages, and spuninst.

update.exe's failures are all 1603, and its log tells which it was. How long an installer takes, whether it hangs, and
which code it returns come from the host's entry (``installers:``). Attended mode hangs for ever: there is no desktop.
[own]: extended codes of the log.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable

from . import packages
from .arguments import split_arguments
from .entry import Installer
from .files import FileFault, is_path
from .grammar import Refused
from .packages import Header

if t.TYPE_CHECKING:
    from .machine import Shell, Streams

_MASKED: t.Final = 1603
_BUSY, RESTART, _RESTARTS_ITSELF = 1618, 3010, 1641
_NOT_EXECUTABLE: t.Final = 193
#: What update.exe writes into its log, and its extended code.
_WORDS: t.Final = {
    "os": ("This update is for another version of Windows, or another service pack.", 0xF201),
    "architecture": ("This update is for another kind of processor.", 0xF201),
    "language": (
        "Setup cannot update your Windows files because the language installed on your system is different from the"
        " update language.",
        0xF20B,
    ),
    "prerequisite": ("Condition Check for Line 1 of PreRequisite returned FALSE", 0xF0F4),
    "restart": ("Setup cannot continue: a previous installation has to be completed by a restart.", 0xF0F4),
    "damaged": ("The file is damaged.", 0xF0F0),
    "failed": ("Fatal error during installation.", 0xF0F0),
    "disk": ("There is not enough space on the disk.", 0xF0F0),
}
#: Everything that some update.exe knows; the first four keep it from waiting for somebody.
_QUIET: t.Final = frozenset({"/quiet", "/passive", "-q", "-u", "/q", "/u"})
_STAY: t.Final = frozenset({"/norestart", "-z", "/z"})
_NO_BACKUP: t.Final = frozenset({"/nobackup", "-n", "/n"})
_FURTHER: t.Final = frozenset({"/overwriteoem", "-o", "/o"})


def behaviour(shell: Shell, kb: str) -> Installer:
    """What the entry says of that package."""
    return shell.machine.entry.installers.get(kb) or Installer()


def log_to(shell: Shell, path: str, *lines: str) -> None:
    folder = path.rpartition("\\")[0]
    try:
        shell.machine.files.make(folder, exists_ok=True)
        file = shell.machine.files.open(path, append=True)
        text = "".join(f"{line}\r\n" for line in lines)
        shell.machine.files.append(file, text.encode("latin-1", "replace"))
    except FileFault:
        return


def through(shell: Shell, image: str, kb: str, act: Callable[[], int]) -> int:
    """Runs an installer: alone on its host, as long as the entry says, and to the end only where nobody kills it."""
    machine, how = shell.machine, behaviour(shell, kb)
    with machine.lock:
        busy = any(one.installer for one in machine.processes.images())
    if busy:
        return _BUSY
    with machine.processes.process(image, shell.job, installer=True) as process:
        if not machine.processes.wait(process, None if how.hangs else how.seconds):
            return 1
        with machine.lock:
            return act() if how.exit_code is None else how.exit_code


def run_file(shell: Shell, path: str, rest: str, streams: Streams) -> int:
    """A program that is no part of Windows: a package of update.exe, or what removes one."""
    content = shell.machine.files.read(path)
    header = packages.read(content)
    remover = re.fullmatch(rb"MAILFLEET-LAB-REMOVER (\S+)", bytes(content[:100]))
    if not shell.machine.may_write(f"{path}{rest}"):
        streams.err.append(shell.machine.words["denied"] + "\r\n")
        return 5
    if remover:
        return _spuninst(shell, remover[1].decode(), split_arguments(rest))
    if header is None or (header.arch == "amd64" and shell.machine.architecture == "x86"):
        streams.err.append(f"{path} is not a valid Win32 application.\r\n")
        return _NOT_EXECUTABLE
    return _update_exe(shell, path, header, split_arguments(rest))


def _update_exe(shell: Shell, path: str, header: Header, arguments: list[str]) -> int:
    switches = {one.lower().partition(":")[0] for one in arguments}
    if switches - _QUIET - _STAY - _NO_BACKUP - _FURTHER - {"/log", "/forcerestart"}:
        raise Refused(f"a package with {' '.join(arguments)}")
    given = next((one[len("/log:") :] for one in arguments if one.lower().startswith("/log:")), "")
    log = given if is_path(given) else rf"C:\Windows\{header.kb}.log"
    image = path.rpartition("\\")[2]
    if not switches & _QUIET:
        # It shows its first page, and nobody is there to press the button.
        with shell.machine.processes.process(image, shell.job) as process:
            if not shell.machine.blocking and not shell.job.system:
                # It would hold up the whole lab.
                raise Refused("a package without /quiet, which hangs")
            shell.machine.processes.wait(process, None)
            return 1
    row = packages.row_of(header.kb, header.os)
    log_to(shell, log, f"0.500: Hotfix started with following command line: {' '.join(arguments)}")

    def act() -> int:
        reason = shell.machine.updates.refusal(header, row)
        if reason or row is None:
            return _failed(shell, log, reason or "os")
        restart = shell.machine.updates.install(row, not switches & _NO_BACKUP, behaviour(shell, header.kb).blocks)
        log_to(shell, log, f"3.000: {row.title} was installed.")
        return _ended(shell, restart, bool(switches & _STAY), log)

    code = through(shell, image, header.kb, act)
    forced = behaviour(shell, header.kb).exit_code
    if forced is not None and forced not in (0, RESTART):
        _failed(shell, log, "disk" if forced == 112 else "failed")
    return code


def _failed(shell: Shell, log: str, reason: str) -> int:
    text, extended = _WORDS[reason]
    log_to(shell, log, f"2.000: {text}", f"2.500: Update.exe extended error code = 0x{extended:x}")
    log_to(shell, log, "2.500: Update.exe return code was masked to 0x643 for MSI custom action compliance.")
    return _MASKED


def _ended(shell: Shell, restart: bool, stays: bool, log: str) -> int:
    if not restart:
        return 0
    log_to(shell, log, "3.100: IsRebootRequiredForFileQueue: At least one file operation was delayed.")
    if stays:
        return RESTART
    shell.machine.power.schedule(30)
    return _RESTARTS_ITSELF


def _spuninst(shell: Shell, kb: str, arguments: list[str]) -> int:
    switches = {one.lower() for one in arguments}
    if not switches & _QUIET or switches - _QUIET - _STAY:
        raise Refused(f"spuninst.exe with {' '.join(arguments)}")
    row = packages.row_of(kb, shell.machine.entry.os)
    log = rf"C:\Windows\{kb}.log"
    if row is None:
        return _failed(shell, log, "os")

    def act() -> int:
        shell.machine.updates.remove(row)
        return _ended(shell, True, bool(switches & _STAY), log)

    return through(shell, "spuninst.exe", kb, act)
