# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one form of PowerShell that the lab decodes: a cmd line wrapped in ``-EncodedCommand``.

Ansible's builtin connections wrap every command so: ansible-core 2.19 by ``ShellModule._encode_script`` (each line
stripped, "PowerShell"), 2.21 by ``get_pwsh_encoded_cmdline`` ("powershell"). Inside, the lab takes
``cmd.exe /d /s /c '...'`` (quotes doubled), with or without ``; exit $LASTEXITCODE``, and a bare ``ver``; all else is
refused: there is no PowerShell here.
"""

from __future__ import annotations

import base64
import binascii
import re
import typing as t

from .machine import Shell, Streams
from .parse import Refused

_OUTER: t.Final = re.compile(
    r"\s*-NoProfile\s+-NonInteractive\s+-ExecutionPolicy\s+Unrestricted\s+-EncodedCommand\s+([A-Za-z0-9+/=]+)\s*",
    re.IGNORECASE,
)
_INNER: t.Final = re.compile(
    r"\s*cmd\.exe /d /s /c '((?:[^']|'')*)'\s*(;\s*exit \$LASTEXITCODE\s*;?)?\s*", re.IGNORECASE
)
#: How scripts of ansible-core begin, such as those by which its connections copy files, and what an older PowerShell
#: than 5.1, which came with Windows 10, makes of them.
_CORE: t.Final = 'if ($PSVersionTable.PSVersion -lt [Version]"5.1") {'
_TOO_OLD: t.Final = '{"failed":true,"msg":"Ansible requires PowerShell v5.1"}\r\n'


def powershell(shell: Shell, rest: str, streams: Streams) -> int:
    """Runs the wrapped line in a new cmd.exe. Without ``exit $LASTEXITCODE`` PowerShell turns any failure into 1."""
    if shell.machine.system.nt < (10, 0) and _CORE in decode(rest):
        streams.out.append(_TOO_OLD)
        return 0
    line, exact = unwrap(rest)
    code = shell.child(line, streams)
    return code if exact else int(code != 0)


def unwrap(arguments: str) -> tuple[str, bool]:
    """(the line, True where its exit code is passed on) in the arguments of ``powershell``; raises Refused."""
    script = decode(arguments)
    if script.strip().lower() == "ver":
        return "ver", False
    match = _INNER.fullmatch(script)
    if match is None:
        raise Refused(f"PowerShell other than cmd.exe /d /s /c '...': {script[:120]!r}")
    if re.search("[\u2018-\u201b]", match[1]):
        raise Refused("a typographic quote, which PowerShell takes for a real one, inside '...'")
    return match[1].replace("''", "'"), match[2] is not None


def decode(arguments: str) -> str:
    """The script in the arguments of ``powershell``; raises Refused."""
    match = _OUTER.fullmatch(arguments)
    if match is None:
        raise Refused(f"powershell{arguments[:120]}")
    try:
        return base64.b64decode(match[1], validate=True).decode("utf-16-le")
    except (binascii.Error, UnicodeDecodeError):
        raise Refused("an -EncodedCommand that is not base64 of UTF-16") from None
