# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server for packages on 127.0.0.1, with its moods."""

from __future__ import annotations

import re
import threading
import typing as t
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class WebFolder:
    """``files``: path without its first slash → bytes. ``ranges``: it knows them. ``statuses``: path → what it answers.

    ``cuts``: so many answers end in the middle. ``whole``: what Content-Range says instead of the length. ``asked``:
    the Range of each request.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    statuses: dict[str, int] = field(default_factory=dict)
    cuts: int = 0
    whole: str = ""
    asked: list[str] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> t.Self:
        folder = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                folder._answer(self)

            def log_message(self, *_unused: t.Any) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_unused: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Of the folder."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        name = request.path.removeprefix("/")
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", ""))
        self.asked.append(wanted[0] if wanted else "")
        content = self.files.get(name, b"")
        status = self.statuses.get(name, 200 if name in self.files else 404)
        if status == 200 and self.ranges and wanted:
            status = 206 if int(wanted[1]) < len(content) else 416
        request.send_response(status)
        body = content if status == 200 else b""
        if status == 206 and wanted:
            body = content[int(wanted[1]) : int(wanted[2]) + 1]
            whole = self.whole or len(content)
            request.send_header("Content-Range", f"bytes {wanted[1]}-{int(wanted[1]) + len(body) - 1}/{whole}")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if self.cuts and body:
            self.cuts -= 1
            body = body[: len(body) // 2]
        request.wfile.write(body)
