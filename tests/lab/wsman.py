# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell service of WS-Management for one host: Create, Command, Receive, Send, Signal, Delete."""

from __future__ import annotations

import asyncio
import base64
import typing as t
import uuid
from dataclasses import dataclass, field

from . import soap
from .entry import HostEntry
from .host import Counters, Printed

#: What an envelope takes beside the output in it, generously.
_ENVELOPE: t.Final = 2_600


class Backend(t.Protocol):
    """A host behind the service. ``run`` may block; then ``blocking`` is True and it runs in a thread."""

    name: str
    entry: HostEntry
    counters: Counters
    blocking: bool

    def run(self, line: str, codepage: int = 0) -> Printed: ...


@dataclass(slots=True)
class _Command:
    printed: asyncio.Future[Printed]
    out_at: int = 0
    err_at: int = 0


@dataclass(slots=True)
class _Shell:
    codepage: int
    commands: dict[str, _Command] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """A status and an envelope."""

    status: int
    body: bytes


class Service:
    """The shells of one host."""

    def __init__(self, backend: Backend, user: str) -> None:
        self._backend, self._user = backend, user
        self._shells: dict[str, _Shell] = {}

    async def answer(self, request: soap.Request) -> Reply:
        """The reply to one request; a fault has status 500, as WinRM sends it."""
        if request.operation == "create":
            return self._create(request)
        shell = self._shells.get((request.shell_id or "").upper())
        if shell is None:
            reason = "The request for the Windows Remote Shell failed because the shell was not found on the server."
            return self.fault(request, soap.INVALID_SHELL, reason, "w:InvalidSelectors")
        if request.operation == "delete":
            del self._shells[(request.shell_id or "").upper()]
            self._count()
            return self._good(request, "")
        if request.operation == "command":
            return self._command(request, shell)
        command_id = request.attribute(_WITH_ID[request.operation], "CommandId") or ""
        command = shell.commands.get(command_id.upper())
        if command is None:
            if request.operation == "signal":
                return self._good(request, "<rsp:SignalResponse/>")
            return self.fault(request, soap.INVALID_SHELL, "The command was not found.", "w:InvalidSelectors")
        if request.operation == "signal":
            del shell.commands[command_id.upper()]
            return self._good(request, "<rsp:SignalResponse/>")
        if request.operation == "send":
            return self.fault(request, 50, "lab: refused: input for a command; nothing that we send reads any")
        return await self._receive(request, command_id, command)

    async def settled(self) -> None:
        """Returns when every command that was started has ended."""
        running = [command.printed for shell in self._shells.values() for command in shell.commands.values()]
        if running:
            await asyncio.wait(running)

    @staticmethod
    def fault(request: soap.Request, code: int, reason: str, subcode: str = "w:InternalError") -> Reply:
        return Reply(500, soap.fault(request.message_id, code, reason, subcode))

    @staticmethod
    def _good(request: soap.Request, body: str) -> Reply:
        return Reply(200, soap.answer(request, body))

    def _count(self) -> None:
        counters = self._backend.counters
        counters.shells_open = len(self._shells)
        counters.shells_most = max(counters.shells_most, counters.shells_open)

    def _create(self, request: soap.Request) -> Reply:
        most = self._backend.entry.max_shells
        if most and len(self._shells) >= most:
            reason = "The maximum number of concurrent shells for this user has been exceeded."
            return self.fault(request, soap.QUOTA_SHELLS, reason, "w:QuotaLimit")
        codepage = request.options.get("WINRS_CODEPAGE", "0")
        shell_id = str(uuid.uuid4()).upper()
        self._shells[shell_id] = _Shell(int(codepage) if codepage.isdigit() else 0)
        self._count()
        return self._good(request, soap.created(shell_id, self._user))

    def _command(self, request: soap.Request, shell: _Shell) -> Reply:
        words = [*request.text("Command")[:1], *request.text("Arguments")]
        line = " ".join(words)
        loop = asyncio.get_running_loop()
        if request.options.get("WINRS_SKIP_CMD_SHELL", "FALSE").upper() == "TRUE":
            return self.fault(request, 50, "lab: refused: WINRS_SKIP_CMD_SHELL: no program is started without cmd here")
        if self._backend.blocking:
            printed = asyncio.ensure_future(loop.run_in_executor(None, self._backend.run, line, shell.codepage))
        else:
            printed = loop.create_future()
            printed.set_result(self._backend.run(line, shell.codepage))
        command_id = str(uuid.uuid4()).upper()
        shell.commands[command_id] = _Command(printed)
        return self._good(request, soap.started(command_id))

    async def _receive(self, request: soap.Request, command_id: str, command: _Command) -> Reply:
        if not command.printed.done():
            try:
                await asyncio.wait_for(asyncio.shield(command.printed), request.timeout)
            except TimeoutError:
                reason = "The WS-Management service cannot complete the operation within the time specified."
                return self.fault(request, soap.TIMED_OUT, reason, "w:TimedOut")
        printed = command.printed.result()
        # Four characters of base64 for three bytes, and the envelope may not be larger than the client said.
        room = max(3, (request.max_envelope - _ENVELOPE) // 4 * 3)
        if self._backend.entry.chunk:
            room = min(room, self._backend.entry.chunk)
        out = printed.out[command.out_at : command.out_at + room]
        err = printed.err[command.err_at : command.err_at + room - len(out)]
        command.out_at += len(out)
        command.err_at += len(err)
        done = command.out_at == len(printed.out) and command.err_at == len(printed.err)
        pieces = [("stdout", out), ("stderr", err)]
        streams = "".join(
            soap.stream(command_id, name, base64.b64encode(piece).decode(), False) for name, piece in pieces if piece
        )
        if done:
            streams += "".join(soap.stream(command_id, name, "", True) for name, _unused in pieces)
        return self._good(request, soap.received(command_id, streams, printed.code if done else None))


#: The element of the body that carries the id of the command.
_WITH_ID: t.Final = {"receive": "DesiredStream", "signal": "Signal", "send": "Stream"}
