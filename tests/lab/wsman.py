# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell service of WS-Management for one host: Create, Command, Receive, Send, Signal, Delete."""

from __future__ import annotations

import asyncio
import base64
import functools
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
    #: Bytes that a request may have.
    envelope: int

    def run(self, line: str, codepage: int = 0, stdin: bytes | None = None) -> Printed: ...


@dataclass(slots=True)
class _Command:
    """``stdin``: what has come in for a command that reads it; it runs when that has ended. None: it has run."""

    printed: asyncio.Future[Printed]
    line: str = ""
    stdin: bytearray | None = None
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
            for command in shell.commands.values():
                self._break_off(command, shell)
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
            self._break_off(command, shell)
            del shell.commands[command_id.upper()]
            return self._good(request, "<rsp:SignalResponse/>")
        if request.operation == "send":
            return self._send(request, shell, command)
        return await self._receive(request, command_id, command)

    async def settled(self) -> None:
        """Returns when every command that was started has ended."""
        commands = [command for shell in self._shells.values() for command in shell.commands.values()]
        running = [command.printed for command in commands if command.stdin is None]
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
        if request.options.get("WINRS_SKIP_CMD_SHELL", "FALSE").upper() == "TRUE":
            return self.fault(request, 50, "lab: refused: WINRS_SKIP_CMD_SHELL: no program is started without cmd here")
        command = _Command(asyncio.get_running_loop().create_future(), line)
        if request.options.get("WINRS_CONSOLEMODE_STDIN", "TRUE").upper() == "TRUE":
            self._run(command, shell)
        else:
            command.stdin = bytearray()
        command_id = str(uuid.uuid4()).upper()
        shell.commands[command_id] = command
        return self._good(request, soap.started(command_id))

    def _run(self, command: _Command, shell: _Shell) -> None:
        """A command starts when its input has ended: nothing that is sent answers before."""
        stdin = None if command.stdin is None else bytes(command.stdin)
        command.stdin = None
        if self._backend.blocking:
            loop = asyncio.get_running_loop()
            running = loop.run_in_executor(None, self._backend.run, command.line, shell.codepage, stdin)
            running.add_done_callback(functools.partial(_hand_on, command.printed))
        else:
            command.printed.set_result(self._backend.run(command.line, shell.codepage, stdin))

    def _break_off(self, command: _Command, shell: _Shell) -> None:
        """One that is ended while it still reads has done what it does with the input until then."""
        if command.stdin is not None:
            self._run(command, shell)

    def _send(self, request: soap.Request, shell: _Shell, command: _Command) -> Reply:
        if command.stdin is None:
            return self.fault(request, soap.NO_READER, "The pipe is being closed.")
        for name, content, end in request.streams():
            if name != "stdin":
                return self.fault(request, 87, f"lab: refused: input for {name}")
            command.stdin += base64.b64decode(content)
            if end:
                self._run(command, shell)
                break
        return self._good(request, "<rsp:SendResponse/>")

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


def _hand_on(waiting: asyncio.Future[Printed], done: asyncio.Future[Printed]) -> None:
    """Those who wait for a command to be run wait for another future than the one of its thread."""
    if waiting.cancelled() or done.cancelled():
        return
    error = done.exception()
    if error is None:
        waiting.set_result(done.result())
    else:
        waiting.set_exception(error)


#: The element of the body that carries the id of the command.
_WITH_ID: t.Final = {"receive": "DesiredStream", "signal": "Signal", "send": "Stream"}
