# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's own SCHANNEL, asked through WinHTTP: a few lines of JScript for cscript, removed in the same line.

The script sets neither the versions nor anything about certificates: what is to be seen is what the host does by
itself. It keeps away from proxies (mail clients do) and from signing in anywhere: a server that an account names is
nobody's friend, and WinHTTP would answer the request of a server in the intranet for a login by itself.

What goes onto the command line are numbers, constants, and names of servers, which come from hosts and are hostile:
only those that are plain names or IPv4 addresses do.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Sequence
from dataclasses import dataclass, field

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.host_names import canonical
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.verification import HostReport, Reply, VerifyTarget
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.transcript import Part, split
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import stage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.decode import decode
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.pack import (
    CANARY,
    FILTERED,
    Batch,
    new_token,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Shell, ShellError

#: The only names of hosts that may stand on a command line: no blank, no quote, nothing that cmd.exe or cscript reads.
HOST_NAME: t.Final = re.compile(r"(?!-)[A-Za-z0-9.-]{1,253}", re.ASCII)
#: Seconds that one line may take if every server of it is silent; winrs ends a line after 300.
_LINE_SECONDS: t.Final = 100

_BEGIN, _END = "MFV begin", "MFV end"
#: Printable ASCII without %, ", and !, in short lines. ``SetProxy(1)``: no proxy; ``SetAutoLogonPolicy(2)``: never;
#: ``Option(6)``: whether to follow to another server. SecureProtocols and SslErrorIgnoreFlags stay untouched.
#: https://learn.microsoft.com/windows/win32/winhttp/iwinhttprequest-interface
SCRIPT: t.Final = (
    "function p(t){WScript.Echo('MFV '+t)}",
    "p('begin');",
    "var a=WScript.Arguments,m=a(0)*1000,i,r;",
    "for(i=1;a.length-i;i++){",
    "try{",
    "r=new ActiveXObject('WinHttp.WinHttpRequest.5.1')",
    "}catch(e){p(i+' object '+e.number);continue}",
    "try{",
    "r.SetProxy(1);",
    "r.SetTimeouts(m,m,m,m);",
    "r.Open('GET','https://'+a(i)+'/',false);",
    "r.SetAutoLogonPolicy(2);",
    "r.Option(6)=false;",
    "r.Send();",
    "p(i+' status '+r.Status)",
    "}catch(e){p(i+' error '+e.number)}",
    "}",
    "p('end')",
)
#: ``.js`` also for those who choose the engine by it.
_FILE: t.Final = "verify.js"
_ANSWER: t.Final = re.compile(r"MFV ([1-9][0-9]{0,2}) (object|status|error) (-?[0-9]{1,10})", re.ASCII)
_MADE, _RUN, _REMOVED, _GONE = "VMK", "VRN", "VRM", "VGN"
_GONE_WORD: t.Final = "gone"


def refusal(target: VerifyTarget) -> str:
    """Why a target cannot be verified from the host; "" where it can."""
    if target.security is not Security.IMPLICIT:
        return "not possible: WinHTTP speaks TLS from the first byte only"
    if not HOST_NAME.fullmatch(canonical(target.server)):
        return "not sent: only plain names and IPv4 addresses may stand on a command line"
    if not 1 <= target.port <= 65535:
        return "not sent: this is not the number of a port"
    return ""


def address(target: VerifyTarget) -> str:
    """``server:port`` as it stands on the command line.

    :raises ValueError: it may not stand there.
    """
    if refusal(target):
        raise ValueError(f"{target.server!a}: {refusal(target)}")
    return f"{canonical(target.server)}:{target.port:d}"


@dataclass(slots=True)
class _Asking:
    shell: Shell
    codepage: int | None
    seconds: int
    plain: bool = False
    why: str = ""
    replies: dict[str, Reply] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def batch(self, folder: str, addresses: Sequence[str]) -> Batch:
        """The line that writes the script, runs it and removes it."""
        file = stage.path(folder, _FILE)
        limit = 2 * self.seconds * len(addresses) + 15
        # Wine's cscript, for one, knows no other switch, and then does nothing and says nothing.
        switches = "//nologo" if self.plain else f"//nologo //E:JScript //T:{limit}"
        return Batch(
            (
                section(
                    "verify",
                    Query(_MADE, command="&".join(stage.written(folder, _FILE, SCRIPT))),
                    Query(_RUN, command=f"cscript {switches} {file} {self.seconds} {' '.join(addresses)}"),
                    *_cleaning(folder),
                ),
            )
        )

    def ask(self, addresses: Sequence[str]) -> None:
        """Send all of them, a few a line, until it turns out that the host cannot be asked."""
        waiting = list(addresses)
        while waiting and not self.why:
            folder = stage.new_folder()
            taken = waiting[: max(1, _LINE_SECONDS // self.seconds)]
            while len(taken) > 1 and len(self.batch(folder, taken)) > self.shell.limit:
                taken.pop()
            said = self._send(folder, taken)
            if said == "" and not self.plain:
                self.plain = True
                continue
            if said is not None:
                self.why = f"cscript does not run the script; it said: {said or 'nothing'}"
            waiting = waiting[len(taken) :]

    def _send(self, folder: str, addresses: Sequence[str]) -> str | None:
        """None: the script ran. Else what was said instead, "" where nothing was."""
        self.folders.append(folder)
        try:
            parts = self._parts(self.batch(folder, addresses))
        except ShellError as error:
            self.why = f"the line that runs the script failed: {error}"
            self._clean(folder)
            return None
        if not _is_gone(parts):
            self._clean(folder)
        run = parts.get(_RUN)
        lines = run.lines if run is not None and not run.ambiguous else ()
        if run is not None and not run.complete:
            lines = lines[:-1]  # may be half a line
        if _BEGIN not in lines:
            made = parts.get(_MADE)
            return _words((*(made.lines if made else ()), *lines))
        for found in filter(None, map(_ANSWER.fullmatch, lines)):
            index, kind, number = int(found[1]), found[2], int(found[3]) & 0xFFFFFFFF
            if kind == "object":
                self.why = f"the object WinHttp.WinHttpRequest.5.1 cannot be made there (0x{number:08X})"
            elif index <= len(addresses):
                self.replies.setdefault(addresses[index - 1], Reply(kind, number))
        return None

    def _parts(self, batch: Batch) -> dict[str, Part]:
        token = new_token()
        output = self.shell.run(batch.text(token))
        text = decode(output.out, self.codepage)
        codes = {CANARY, FILTERED, _MADE, _RUN, _REMOVED, _GONE}
        found = {part.code: part for part in split(text, token, codes)}
        if not found:
            raise ShellError(f"the host answered: {_words((text,)) or 'nothing'}")
        return found

    def _clean(self, folder: str) -> None:
        """Once more; what nobody saw go is named."""
        try:
            gone = _is_gone(self._parts(Batch((section("clean", *_cleaning(folder)),))))
        except ShellError:
            gone = False
        if not gone:
            self.left.append(f"%SystemRoot%\\{folder}")


def _cleaning(folder: str) -> tuple[Query, Query]:
    gone = f"(if not exist %SystemRoot%\\{folder} (echo {_GONE_WORD}))"
    return Query(_REMOVED, command=stage.removed(folder)), Query(_GONE, command=gone)


def _is_gone(parts: dict[str, Part]) -> bool:
    part = parts.get(_GONE)
    return part is not None and part.usable and _words(part.lines) == _GONE_WORD


def _words(lines: Sequence[str]) -> str:
    """What was said, in one line that is safe to show."""
    return shown(" ".join(" ".join(lines).split()), 200)


def ask(shell: Shell, codepage: int | None, targets: Sequence[VerifyTarget], seconds: int = 10) -> HostReport:
    """Ask the host's own SCHANNEL about these targets; those that may not be asked about are left out.

    :param codepage: of the shell, as the reading found it.
    :param seconds: how long each step of one connection may take there, 1 to 60.
    """
    addresses = tuple(dict.fromkeys(address(target) for target in targets if not refusal(target)))
    if not addresses:
        return HostReport()
    asking = _Asking(shell, codepage, seconds)
    asking.ask(addresses)
    return HostReport(
        asking.why, tuple(asking.replies.items()), tuple(asking.folders), tuple(dict.fromkeys(asking.left))
    )
