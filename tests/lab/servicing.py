# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Component based servicing, Vista and later: ``wusa``, ``dism``, ``pkgmgr``, ``expand``.

Exit codes of the facts, 5.4. ``wusa`` refuses whoever is not SYSTEM. [own]: the codes of a damaged file, and of an
update that waits for a restart.
"""

from __future__ import annotations

import re
import typing as t

from . import packages
from .arguments import split_arguments
from .files import FileFault
from .grammar import Refused
from .installers import RESTART, behaviour, log_to, through
from .packages import Row
from .updates import INSTALLED

if t.TYPE_CHECKING:
    from .machine import Shell, Streams

_WUSA_INSTALLED, _WUSA_NOT_INSTALLED, _WUSA_NOT_APPLICABLE = 0x240006, 0x240007, 0x80240017
_CBS_NOT_APPLICABLE, _CBS_STACK, _CBS_RESTART = 0x800F081E, 0x800F0823, 0x800F082F
_DAMAGED: t.Final = 0x80070570

#: Reason of a refusal → exit code, by program. update.exe installs again what is there, and keeps newer files.
_CODES: t.Final = {
    "wusa": {"installed": _WUSA_INSTALLED, "damaged": _DAMAGED, "restart": 0x80242014},
    "dism": {"installed": 0, "servicing": _CBS_STACK, "restart": _CBS_RESTART, "damaged": _DAMAGED},
}


def signed(code: int) -> int:
    """As cmd.exe has it in ERRORLEVEL: 0x80240017 is negative there."""
    return code - (1 << 32) if code >> 31 else code


def _content(shell: Shell, path: str) -> bytes | bytearray | None:
    try:
        return shell.machine.files.read(path)
    except FileFault:
        return None


def _cbs(shell: Shell, program: str, path: str) -> int:
    """An .msu or .cab for component based servicing; the exit code, unsigned."""
    content = _content(shell, path)
    if content is None:
        return 2
    header = packages.read(content)
    if header is None:
        return _DAMAGED
    row = packages.row_of(header.kb, header.os)

    def act() -> int:
        reason = shell.machine.updates.refusal(header, row)
        usual = _WUSA_NOT_APPLICABLE if program == "wusa" else _CBS_NOT_APPLICABLE
        code = _CODES["wusa" if program == "wusa" else "dism"].get(reason, usual) if reason else 0
        if reason is None and row is not None and not row.classic:
            blocks = behaviour(shell, header.kb).blocks
            code = RESTART if shell.machine.updates.install(row, blocks=blocks) else 0
        outcome = f"{reason or 'installed'} [HRESULT = 0x{code:08x}]"
        log_to(shell, r"C:\Windows\Logs\CBS\CBS.log", f"{program} {header.kb}: {outcome}")
        return code

    return through(shell, f"{program}.exe", header.kb, act)


def _remove(shell: Shell, program: str, row: Row | None, absent: int) -> int:
    updates = shell.machine.updates
    if row is None or updates.state(updates.name(row)) != INSTALLED:
        return absent

    def act() -> int:
        updates.remove(row)
        return RESTART

    return through(shell, f"{program}.exe", row.kb, act)


def _denied(shell: Shell, name: str, rest: str) -> bool:
    return not shell.machine.may_write(f"{name}{rest}")


def wusa(shell: Shell, rest: str, streams: Streams) -> int:
    """``wusa FILE.msu /quiet /norestart``, ``wusa /uninstall /kb:N /quiet /norestart``: as SYSTEM only."""
    arguments = [one.lower() for one in split_arguments(rest)]
    if _denied(shell, "wusa", rest) or not shell.job.system:
        return 5
    kb = next((one[len("/kb:") :] for one in arguments if one.startswith("/kb:")), "")
    other = set(arguments) - {"/quiet", "/norestart", "/uninstall", f"/kb:{kb}"}
    if not {"/quiet", "/norestart"} <= set(arguments) or ("/uninstall" in arguments) is not bool(kb):
        raise Refused(f"wusa{rest}")
    if kb and not other:
        if shell.machine.system.nt < (6, 1):
            return 87
        return signed(_remove(shell, "wusa", packages.row_of(f"KB{kb}", shell.machine.entry.os), _WUSA_NOT_INSTALLED))
    if len(other) != 1 or kb:
        raise Refused(f"wusa{rest}")
    return signed(_cbs(shell, "wusa", other.pop()))


_DISM: t.Final = re.compile(
    r"/online\s+/(?:(?P<add>add-package)\s+/packagepath:|remove-package\s+/packagename:)"
    r'(?P<what>"[^"]+"|\S+)\s+/quiet\s+/norestart(?:\s+/logpath:(?P<log>"[^"]+"|\S+))?',
    re.IGNORECASE,
)
_DISM_LOG: t.Final = r"C:\Windows\Logs\DISM\dism.log"


def dism(shell: Shell, rest: str, streams: Streams) -> int:
    """``dism /online /add-package /packagepath:CAB /quiet /norestart``, and ``/remove-package /packagename:NAME``.

    Its log goes where ``/logpath:`` says: https://learn.microsoft.com/windows-hardware/manufacture/desktop/
    dism-global-options-for-command-line-syntax. [own]: its words.
    """
    match = _DISM.fullmatch(rest.strip())
    if match is None:
        raise Refused(f"dism{rest}")
    if _denied(shell, "dism", rest):
        return 5
    code = _serviced(shell, "dism", match["add"] is not None, match["what"].strip('"'), streams)
    if code in (0, RESTART):
        line = "Info                  DISM   DISM.EXE: Successfully processed the command line."
    else:
        line = f"Error                 DISM   DISM.EXE: the command line failed. HRESULT={code & 0xFFFFFFFF:X}"
    log_to(shell, (match["log"] or _DISM_LOG).strip('"'), f"2026-01-01 12:00:00, {line}", "2026-01-01 12:00:01, Info")
    return code


_PKGMGR: t.Final = re.compile(r'/(?:(?P<add>ip)\s+/m:|up:)(?P<what>"[^"]+"|\S+)\s+/quiet\s+/norestart', re.IGNORECASE)


def pkgmgr(shell: Shell, rest: str, streams: Streams) -> int:
    """``start /w pkgmgr /ip /m:CAB /quiet /norestart``, and ``/up:NAME``: nobody hears of it without ``start /w``."""
    match = _PKGMGR.fullmatch(rest.strip())
    if match is None or not shell.waits:
        raise Refused(f"pkgmgr{rest}" + ("" if shell.waits else ", without start /w: it comes back at once"))
    if _denied(shell, "pkgmgr", rest):
        return 5
    return _serviced(shell, "pkgmgr", match["add"] is not None, match["what"].strip('"'), streams)


def _serviced(shell: Shell, program: str, add: bool, what: str, streams: Streams) -> int:
    if add and not what.lower().endswith(".cab"):
        raise Refused(f"{program} with a file that is no cabinet: {what}")
    if add:
        code = _cbs(shell, program, what)
    else:
        rows = (row for row in packages.table()[0] if row.package)
        row = next((one for one in rows if shell.machine.updates.name(one).casefold() == what.casefold()), None)
        code = _remove(shell, program, row, _CBS_NOT_APPLICABLE)
    if program == "dism":
        words = "The operation completed successfully." if code in (0, RESTART) else f"\r\nError: 0x{code:08x}"
        streams.out.append(f"\r\nDeployment Image Servicing and Management tool\r\n\r\n{words}\r\n")
    return signed(code)


_EXPAND: t.Final = re.compile(r'\s+/?-?f:\*\s+("[^"]+"|\S+)\s+("[^"]+"|\S+)\s*', re.IGNORECASE)
#: The SHA-1 at the end of a name is no part of the names inside.
_SUFFIX: t.Final = re.compile(r"(_[0-9a-f]{40})?\.msu$", re.IGNORECASE)


def expand(shell: Shell, rest: str, streams: Streams) -> int:
    """``expand -f:* FILE.msu FOLDER``: the cabinet and what comes with it, into a folder that is there."""
    match = _EXPAND.fullmatch(rest)
    if match is None:
        raise Refused(f"expand{rest}")
    if _denied(shell, "expand", rest):
        streams.out.append(shell.machine.words["denied"] + "\r\n")
        return 5
    source, folder = (one.strip('"').rstrip("\\") for one in match.groups())
    content = _content(shell, source)
    header = packages.read(content) if content else None
    if content is None or header is None or not header.whole:
        streams.out.append(f"Can't open input file: {source}.\r\n")
        return 1
    base = _SUFFIX.sub("", source.rpartition("\\")[2])
    try:
        for name, text in ((f"{base}.cab", content), ("WSUSSCAN.cab", b"MSCF"), (f"{base}.xml", b"<unattend/>")):
            shell.machine.files.append(shell.machine.files.open(rf"{folder}\{name}", append=False), text)
    except FileFault:
        streams.out.append(f"Can't open output file in {folder}.\r\n")
        return 1
    streams.out.append("Expanding Files Complete ...\r\n3 files total.\r\n")
    return 0
