# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A look into a running lab from outside: a small HTTP service on 127.0.0.1 behind a random path.

``GET /TOKEN/counters`` gives all counters as JSON, ``POST /TOKEN/reset`` zeroes them, ``POST /TOKEN/run/HOST`` runs the
body as a line on a host (the forced command of the ssh endpoints uses that).
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import typing as t
import urllib.parse

if t.TYPE_CHECKING:
    from .fleet import Lab


class Control:
    """The service; ``url`` ends with the secret and no slash."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._token = secrets.token_urlsafe(16)
        self._server: asyncio.Server | None = None
        self.url = ""

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._loop = asyncio.get_running_loop()
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/{self._token}"

    def close(self) -> None:
        if self._server is not None:
            self._loop.call_soon_threadsafe(self._server.close)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            lengths = [line.partition(":")[2] for line in head[1:] if line.lower().startswith("content-length:")]
            body = await reader.readexactly(int(lengths[0])) if lengths else b""
            verb, path, _unused = head[0].split(" ", 2)
            status, answer = await self._answer(verb, urllib.parse.unquote(path), body)
            text = json.dumps(answer).encode()
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n"
                f"Content-Length: {len(text)}\r\n\r\n".encode()
                + text
            )
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            pass
        finally:
            writer.close()

    async def _answer(self, verb: str, path: str, body: bytes) -> tuple[str, t.Any]:
        prefix = f"/{self._token}/"
        if not secrets.compare_digest(path[: len(prefix)].encode(), prefix.encode()):
            return "404 Not Found", None
        match (verb, *path[len(prefix) :].split("/", 1)):
            case ("GET", "counters"):
                return "200 OK", self._lab.counters()
            case ("POST", "reset"):
                self._lab.reset()
                return "200 OK", None
            case ("POST", "run", name) if name in self._lab.hosts:
                backend = self._lab.hosts[name].backend
                assert backend is not None
                backend.counters.requests += 1
                printed = await asyncio.to_thread(backend.run, body.decode("utf-8"))
                outputs = (base64.b64encode(one).decode() for one in (printed.out, printed.err))
                return "200 OK", dict(zip(("out", "err", "code"), (*outputs, printed.code), strict=True))
        return "404 Not Found", None
