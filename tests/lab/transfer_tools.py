# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What decodes base64 and computes checksums: ``certutil``, and the two scripts that cscript runs here.

A file's text is handled a few lines at a time: a lab holds a file once.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import typing as t

from . import account_tools, download
from .arguments import split_arguments
from .file_commands import complain
from .files import FileFault
from .parse import Refused

if t.TYPE_CHECKING:
    from .machine import Machine, Shell, Streams

#: SHA-256 of the script that JScript would be asked to run, with CR LF; a test compares it with what is sent.
TRANSFER_SCRIPT: t.Final = "23cd223d3ad5101df4f936ee5c8a0ebc342e744dc31222ebbde4e43f3173ae30"
#: Characters of text that are decoded at once; lines of 76 characters with CR LF divide it.
_SLICE: t.Final = 78 * 4096
_ARMOUR: t.Final = re.compile(rb"-----(BEGIN|END)[^\r\n]*-----")
#: From here on certutil prints a sum without blanks; before here it knows no -hashfile.
_TIGHT, _HASHES = (6, 2), (6, 0)
_NO_DATA: t.Final = "CertUtil: -decode command FAILED: 0x8007000d (WIN32: 13)\r\nCertUtil: The data is invalid.\r\n"


def certutil(shell: Shell, rest: str, streams: Streams) -> int:
    """``certutil -f -decode TEXT FILE`` and ``certutil -hashfile FILE SHA256``."""
    machine, arguments = shell.machine, split_arguments(rest)
    match [one.lower() for one in arguments]:
        case ["-f", "-decode", _text, _file]:
            return _decode(machine, f"certutil{rest}", arguments[2], arguments[3], streams)
        case ["-hashfile", _file, "sha256"]:
            return _hashfile(machine, arguments[1], streams)
    raise Refused(f"certutil{rest}")


def _decode(machine: Machine, what: str, source: str, target: str, streams: Streams) -> int:
    if not machine.may_write(what):
        complain(machine, streams, "denied")
        return 5
    try:
        decode(machine, source, target)
    except FileFault as fault:
        streams.out.append(f"CertUtil: -decode command FAILED\r\nCertUtil: {machine.words[fault.word]}\r\n")
        return 1
    except binascii.Error:
        streams.out.append(_NO_DATA)
        return 13
    streams.out.append("CertUtil: -decode command completed successfully.\r\n")
    return 0


def decode(machine: Machine, source: str, target: str) -> None:
    """Decodes a text into a file; raises FileFault, and binascii.Error where it is no base64 or ends within one."""
    text = machine.files.read(source)
    if text.startswith(b"-----"):
        text = _ARMOUR.sub(b"", text)
    pieces = [bytes(text[at : at + _SLICE]).translate(None, b"\r\n \t") for at in range(0, len(text), _SLICE)]
    if not any(pieces):
        raise binascii.Error("no data")
    file = machine.files.open(target, append=False)
    for piece in pieces:
        machine.files.append(file, base64.b64decode(piece, validate=True))


def _hashfile(machine: Machine, path: str, streams: Streams) -> int:
    if machine.system.nt < _HASHES:
        streams.out.append("CertUtil: Unknown arg: -hashfile\r\n")
        return 87
    try:
        digest = hashlib.sha256(machine.files.read(path))
    except FileFault as fault:
        streams.out.append(f"CertUtil: -hashfile command FAILED\r\nCertUtil: {machine.words[fault.word]}\r\n")
        return 2
    text = digest.hexdigest() if machine.system.nt >= _TIGHT else digest.digest().hex(" ")
    name = "SHA256 hash of" if machine.system.nt >= _TIGHT else "SHA256 hash of file"
    streams.out.append(f"{name} {path}:\r\n{text}\r\nCertUtil: -hashfile command completed successfully.\r\n")
    return 0


_SWITCHES: t.Final = ["//nologo", "//e:jscript"]


def run_script(shell: Shell, rest: str, streams: Streams) -> int | None:
    """Does what our scripts do, if cscript is given one of them; None where it is not."""
    machine, arguments = shell.machine, split_arguments(rest)
    try:
        content = machine.files.read(arguments[2]) if len(arguments) > 2 else b""
    except (FileFault, Refused):
        return None
    act = _SCRIPTS.get(hashlib.sha256(content).hexdigest())
    if act is None:
        return None
    if [one.lower() for one in arguments[:2]] != _SWITCHES:
        raise Refused(f"cscript{rest}")
    try:
        said = act(machine, f"cscript{rest}", arguments[3:])
    except (FileFault, binascii.Error) as fault:
        streams.out.append(f"{arguments[2]}(6, 1) ADODB.Stream: {fault}\r\n")
        return 0
    except download.DownloadFault as fault:
        streams.out.append(f"{arguments[2]}(5, 1) WinHttp.WinHttpRequest: {fault}\r\n")
        return 0
    streams.out.append(f"{'MFA' if act is account_tools.change else 'MFT'} {said}\r\n")
    return 0


def _done(machine: Machine, what: str, arguments: list[str]) -> str:
    match arguments:
        case ["decode", source, target]:
            if not machine.may_write(what):
                raise FileFault("denied")
            decode(machine, source, target)
            return "done"
        case ["hash", path, begin, count, state]:
            return _hashed(machine.files.read(path), int(begin), int(count), state)
    raise Refused(what)


def _hashed(content: bytes | bytearray, begin: int, count: int, state: str) -> str:
    """The sum where these bytes reach to the end; before that the sum up to there, in place of SHA-256's own state."""
    before = "-" if begin == 0 else hashlib.sha256(memoryview(content)[:begin]).hexdigest()
    if begin % 64 or count % 64 or state != before:
        raise Refused(f"a hash from {begin} over {count} bytes with a state that nobody told")
    return hashlib.sha256(memoryview(content)[: begin + count]).hexdigest()


_SCRIPTS: t.Final = {
    TRANSFER_SCRIPT: _done,
    download.DOWNLOAD_SCRIPT: download.run,
    account_tools.ACCOUNT_SCRIPT: account_tools.change,
}
