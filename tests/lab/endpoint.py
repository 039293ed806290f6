# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP side of a host: keep-alive, authentication, encryption, and all that can go wrong on purpose.

Each answer leaves in one segment: header and body written apart cost 40 ms a request (Nagle and delayed ACK).
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
import typing as t

from . import auth, soap
from .auth import Account, Gate, NotSealed
from .entry import Fault
from .wsman import Backend, Reply, Service

_REASONS: t.Final = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 500: "Internal Server Error"}
_SOAP: t.Final = "application/soap+xml;charset=UTF-8"
_HTML: t.Final = (
    b"<!DOCTYPE html><html><head><title>404 Not Found</title></head><body><h1>Not Found</h1>"
    b"<p>The requested URL /wsman was not found on this server.</p></body></html>"
)
_LARGEST_REQUEST: t.Final = 4_000_000


class Drop(Exception):
    """Ends the connection: ``reset`` with RST; ``partial`` is what still goes out."""

    def __init__(self, reset: bool = False, partial: bytes = b"") -> None:
        super().__init__("the lab drops the connection")
        self.reset, self.partial = reset, partial


class Endpoint:
    """One host on the wire: its service, its faults, its account."""

    def __init__(self, backend: Backend, account: Account) -> None:
        self.backend, self.account = backend, account
        self.service = Service(backend, account.user)
        self.connections: set[Connection] = set()
        self._left = {index: fault.times or -1 for index, fault in enumerate(backend.entry.faults)}

    def fault(self, number: int, operation: str | None) -> Fault | None:
        """The fault for the request of that number (operation None: before it was read) or for that operation."""
        for index, fault in enumerate(self.backend.entry.faults):
            hit = fault.at == number if operation is None else fault.at in (operation, "any")
            if hit and self._left[index]:
                self._left[index] -= 1
                return fault
        return None

    def gone(self) -> None:
        """The host goes down: connections are reset, shells and what ran in them are no more."""
        for connection in list(self.connections):
            connection.reset()
        self.service = Service(self.backend, self.account.user)
        self.backend.counters.shells_open = 0

    def connection(self, secure: bool) -> Connection:
        entry = self.backend.entry
        return Connection(self, Gate(self.account, secure, entry.auth == "basic"))


class Connection(asyncio.Protocol):
    """One TCP connection of one client."""

    def __init__(self, endpoint: Endpoint, gate: Gate) -> None:
        self._endpoint, self._gate = endpoint, gate
        self._buffer = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = t.cast(asyncio.Transport, transport)
        self._endpoint.connections.add(self)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def reset(self) -> None:
        """Ends the connection with RST."""
        self._end(Drop(reset=True))

    def connection_lost(self, exc: Exception | None) -> None:
        self._endpoint.connections.discard(self)
        self._transport = None
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._next()

    def _next(self) -> None:
        if self._task is not None or self._transport is None:
            return
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        lines = bytes(self._buffer[:end]).decode("latin-1").split("\r\n")
        headers = {
            name.strip().lower(): value.strip() for name, _unused, value in (line.partition(":") for line in lines[1:])
        }
        length = int(headers.get("content-length") or 0)
        if length > _LARGEST_REQUEST:
            self._transport.abort()
            return
        if len(self._buffer) < end + 4 + length:
            return
        body = bytes(self._buffer[end + 4 : end + 4 + length])
        del self._buffer[: end + 4 + length]
        self._endpoint.backend.counters.bytes_up += end + 4 + length
        self._task = asyncio.get_running_loop().create_task(self._serve(headers, body))

    async def _serve(self, headers: dict[str, str], body: bytes) -> None:
        try:
            self._write(await self._answer(headers, body))
        except Drop as drop:
            self._end(drop)
        except Exception as error:
            # A fault of the lab itself must neither hang the client nor look like a fault of Windows.
            logging.exception("the lab failed")
            self._endpoint.backend.counters.refused.append(f"the lab failed: {error!r}")
            self._write(http(500, f"lab: failed: {error!r}".encode(), "text/plain"))
        finally:
            self._task = None
        self._next()

    def _write(self, content: bytes) -> None:
        if self._transport is not None:
            self._endpoint.backend.counters.bytes_down += len(content)
            self._transport.write(content)

    def _end(self, drop: Drop) -> None:
        if self._transport is None:
            return
        if drop.reset:
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
            return
        self._write(drop.partial)
        self._transport.close()

    async def _answer(self, headers: dict[str, str], body: bytes) -> bytes:
        backend = self._endpoint.backend
        backend.counters.requests += 1
        if backend.entry.latency_ms:
            await asyncio.sleep(backend.entry.latency_ms / 1000)
        if backend.entry.not_windows:
            return http(404, _HTML, "text/html")
        fault = self._endpoint.fault(backend.counters.requests, None)
        if fault is not None:
            early = await self._early(fault)
            if early is not None:
                return early
        content = await self._handled(headers, body, fault)
        if fault is not None and fault.kind == "lost":
            await self._lose()
        return content

    async def _handled(self, headers: dict[str, str], body: bytes, fault: Fault | None) -> bytes:
        admitted, challenges = self._gate.admit(headers.get("authorization", ""))
        if not admitted:
            return http(401, b"", _SOAP, *(f"WWW-Authenticate: {one}" for one in challenges))
        try:
            message = self._gate.unseal(headers.get("content-type", ""), body)
        except NotSealed:
            return http(400, b"", _SOAP)
        if not message:
            return http(200, b"", _SOAP)
        sealed = headers.get("content-type", "").lower().startswith("multipart/encrypted")
        return await self._operation(message, sealed, fault)

    async def _operation(self, message: bytes, sealed: bool, fault: Fault | None) -> bytes:
        try:
            request = soap.read(message)
        except soap.BadEnvelope as error:
            return self._reply(Reply(500, soap.fault("", 87, f"lab: refused: {error}")), sealed)
        if len(message) > self._endpoint.backend.envelope:
            too_large = f"lab: an envelope of {len(message)} bytes, more than this host's MaxEnvelopeSizekb"
            return self._reply(Service.fault(request, soap.TOO_LARGE, too_large, "w:EncodingLimit"), sealed)
        if fault is None:
            fault = self._endpoint.fault(0, request.operation)
            early = await self._early(fault) if fault else None
            if early is not None:
                return early
        kind = fault.kind if fault else ""
        if kind == "fault_access_denied":
            reply = Service.fault(request, soap.ACCESS_DENIED, "Access is denied.", "w:AccessDenied")
        elif kind == "disk_full":
            reply = Service.fault(request, soap.DISK_FULL, "There is not enough space on the disk.")
        elif kind == "garbage":
            reply = Reply(200, b"\x00\xff<not xml" + os.urandom(64))
        else:
            reply = await self._endpoint.service.answer(request)
        content = self._reply(reply, sealed)
        if kind == "lost":
            await self._lose()
        if kind == "truncate":
            raise Drop(partial=content[: len(content) - len(reply.body) // 2])
        return content

    async def _lose(self) -> t.NoReturn:
        """The connection dies when the host has done what it was asked to, so that nobody hears of it."""
        await self._endpoint.service.settled()
        raise Drop

    async def _early(self, fault: Fault) -> bytes | None:
        """What goes wrong before the host has done anything; None where the fault is another one."""
        if fault.kind == "drop":
            raise Drop
        if fault.kind == "reset":
            raise Drop(reset=True)
        if fault.kind == "timeout":
            await asyncio.sleep(fault.seconds)
        if fault.kind == "http500":
            return http(500, b"Internal Server Error", "text/plain")
        if fault.kind == "denied":
            return http(401, b"", _SOAP, *(f"WWW-Authenticate: {one}" for one in self._gate.challenges()))
        if fault.kind == "not_windows":
            return http(404, _HTML, "text/html")
        return None

    def _reply(self, reply: Reply, sealed: bool) -> bytes:
        if sealed:
            return http(reply.status, self._gate.seal(reply.body), auth.SEALED_TYPE)
        return http(reply.status, reply.body, _SOAP)


def http(status: int, body: bytes, content_type: str, *headers: str) -> bytes:
    """A whole answer, as one piece."""
    lines = [
        f"HTTP/1.1 {status} {_REASONS[status]}",
        f"Content-Type: {content_type}",
        "Server: Microsoft-HTTPAPI/2.0",
        *headers,
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
