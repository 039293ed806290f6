# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listening sockets of one host: open, closed while the host is away, open again at the same address."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import socket
import ssl
import typing as t
from collections.abc import Callable

from . import network
from .endpoint import Endpoint

#: How long opening and closing may take before the host gives up on it: the lab is being closed then.
_PATIENCE: t.Final = 10


class Doors:
    """What a host listens with. Made and used in the thread of the loop; :meth:`powered` in any other."""

    def __init__(self, endpoint: Endpoint, loop: asyncio.AbstractEventLoop) -> None:
        self._endpoint, self._loop = endpoint, loop
        self._open: list[tuple[asyncio.Server, tuple[str, int], ssl.SSLContext | None]] = []
        #: Closed for the time of a restart.
        self._shut: list[tuple[tuple[str, int], ssl.SSLContext | None]] = []

    async def open(self, sock: socket.socket, tls: ssl.SSLContext | None) -> None:
        """Answers on that listening socket."""
        place = sock.getsockname()
        server = await self._loop.create_server(lambda: self._endpoint.connection(tls is not None), sock=sock, ssl=tls)
        self._open.append((server, place, tls))

    def close(self) -> None:
        """For good."""
        for server, _place, _tls in self._open:
            server.close()
        self._open, self._shut = [], []

    async def _down(self) -> None:
        self._shut = [(place, tls) for _server, place, tls in self._open]
        for server, _place, _tls in self._open:
            server.close()
        self._open = []
        self._endpoint.gone()

    async def _up(self) -> None:
        shut, self._shut = self._shut, []
        for place, tls in shut:
            # Nobody else takes an address of the lab, unless by chance another lab does, for a moment.
            while (sock := network.listen(*place)) is None:
                await asyncio.sleep(0.05)
            await self.open(sock, tls)

    def powered(self, up: bool) -> None:
        """Returns when the doors are open, or closed. Raises RuntimeError or TimeoutError where the lab has ended."""
        act: Callable[[], t.Coroutine[t.Any, t.Any, None]] = self._up if up else self._down
        if self._loop.is_closed():
            raise RuntimeError("the lab has ended")
        with contextlib.suppress(concurrent.futures.CancelledError):
            asyncio.run_coroutine_threadsafe(act(), self._loop).result(_PATIENCE)
