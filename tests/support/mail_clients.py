# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail clients that cost little, so that a test can have hundreds of them: coroutines that send, fetch and wait."""

from __future__ import annotations

import asyncio
import base64
import ssl
import time
from dataclasses import dataclass

from tests.support.mail_servers import DOMAIN, NAME, PASSWORD, USER

_AUTH = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode())
#: Of a mail of a few paragraphs.
BODY = b"A line of an ordinary mail, about as long as such lines are.\r\n" * 40
#: Seconds for any answer.
PATIENCE = 30.0
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Way:
    """To one server: ``context`` is None where the client speaks clear text, to a relay."""

    address: tuple[str, int]
    context: ssl.SSLContext | None = None
    starttls: bool = False

    async def open(self) -> Streams:
        """Connected, and inside TLS where that comes first."""
        host, port = self.address
        if self.context is None or self.starttls:
            return await asyncio.open_connection(host, port)
        return await asyncio.open_connection(host, port, ssl=self.context, server_hostname=NAME)


async def _answer(reader: asyncio.StreamReader, expected: bytes) -> None:
    """An answer of SMTP, to its last line."""
    while True:
        line = await asyncio.wait_for(reader.readline(), PATIENCE)
        if line[3:4] != b"-":
            break
    if not line.startswith(expected):
        raise ConnectionError(f"{expected!r} expected, and this came: {line!r}")


async def send(way: Way, identity: str) -> float:
    """Send one message over a connection of its own; the seconds from connecting to the server's word."""
    start = time.monotonic()
    reader, writer = await way.open()
    try:
        await _answer(reader, b"220")
        hello = (b"EHLO client.example.test", b"250")
        if way.starttls and way.context is not None:
            for words, expected in (hello, (b"STARTTLS", b"220")):
                writer.write(words + b"\r\n")
                await _answer(reader, expected)
            await writer.start_tls(way.context, server_hostname=NAME)
        sender, recipient = (f"{one}@{DOMAIN}".encode() for one in ("sender", USER))
        message = b"Message-ID: <%s>\r\nSubject: load\r\n\r\n%s." % (identity.encode(), BODY)
        for words, expected in (
            hello,
            (b"AUTH PLAIN " + _AUTH, b"235"),
            (b"MAIL FROM:<%s>" % sender, b"250"),
            (b"RCPT TO:<%s>" % recipient, b"250"),
            (b"DATA", b"354"),
            (message, b"250"),
        ):
            writer.write(words + b"\r\n")
            await _answer(reader, expected)
        took = time.monotonic() - start
        writer.write(b"QUIT\r\n")
        await _answer(reader, b"221")
        return took
    finally:
        writer.close()


class Session:
    """An IMAP session, signed in, with the inbox of that user open."""

    def __init__(self, streams: Streams) -> None:
        self._reader, self._writer = streams

    @classmethod
    async def open(cls, way: Way, user: str) -> Session:
        """A new one."""
        one = cls(await way.open())
        await one._line()
        await one.ask(f"LOGIN {user} {PASSWORD}".encode())
        await one.ask(b"SELECT INBOX")
        return one

    async def _line(self) -> bytes:
        line = await asyncio.wait_for(self._reader.readline(), PATIENCE)
        if not line.endswith(b"\n"):
            raise ConnectionError("the session ended")
        return line

    async def ask(self, command: bytes) -> bytes:
        """All that is said up to the answer to this command."""
        self._writer.write(b"a " + command + b"\r\n")
        return await self._to_the_end()

    async def _to_the_end(self) -> bytes:
        found = b""
        while not (line := await self._line()).startswith(b"a "):
            found += line
        if not line.startswith(b"a OK"):
            raise ConnectionError(f"the server said {line!r}")
        return found

    async def idle(self) -> None:
        """Begin to wait for mail."""
        self._writer.write(b"a IDLE\r\n")
        while not (await self._line()).startswith(b"+"):
            pass

    async def wakes(self) -> bool:
        """Whether it ends waiting when told, and then hears of the mail that has come."""
        self._writer.write(b"DONE\r\n")
        try:
            heard = await self._to_the_end()
            return b"EXISTS" in heard + await self.ask(b"NOOP")
        except (OSError, TimeoutError):
            return False

    def close(self) -> None:
        """End the connection."""
        self._writer.close()
