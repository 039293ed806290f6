# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mail server that speaks TLS 1.2 and nothing else: CERTIFICATE KEY. It keeps the last message in memory.

SMTP on 2525 (STARTTLS), IMAP on 993 (TLS at once). Standard library only: it runs on a bare host.
"""

from __future__ import annotations

import socketserver
import ssl
import sys
import threading
import typing as t

CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
MESSAGES: list[bytes] = []


class Lines(socketserver.StreamRequestHandler):
    """Lines in, lines out."""

    rbufsize = 0

    def say(self, *lines: bytes) -> None:
        self.wfile.write(b"".join(line + b"\r\n" for line in lines))

    def secure(self) -> None:
        self.request = CONTEXT.wrap_socket(self.request, server_side=True)
        self.setup()

    def heard(self) -> t.Iterator[bytes]:
        """The client's lines, until it goes."""
        while line := self.rfile.readline():
            yield line.rstrip(b"\r\n")


class Smtp(Lines):
    """Takes every message, after STARTTLS only."""

    def handle(self) -> None:
        secured = False
        self.say(b"220 mail.example.test ESMTP")
        for line in self.heard():
            word = line[:4].upper()
            if word == b"EHLO":
                self.say(b"250-mail.example.test", b"250 8BITMIME" if secured else b"250 STARTTLS")
            elif word == b"STAR":
                self.say(b"220 go ahead")
                self.secure()
                secured = True
            elif not secured and word != b"QUIT":
                self.say(b"530 STARTTLS first")
            elif word == b"DATA":
                self.say(b"354 go ahead")
                self.take()
            else:
                self.say(b"221 bye" if word == b"QUIT" else b"250 ok")

    def take(self) -> None:
        """A message, up to the line with a dot."""
        lines = []
        for line in self.heard():
            if line == b".":
                break
            lines.append(line.removeprefix(b"."))
        MESSAGES.append(b"".join(line + b"\r\n" for line in lines))
        self.say(b"250 taken")


class Imap(Lines):
    """One mailbox, with the last message in it."""

    def handle(self) -> None:
        self.secure()
        self.say(b"* OK ready")
        for line in self.heard():
            tag, word = line.split()[:2]
            if word == b"CAPABILITY":
                self.say(b"* CAPABILITY IMAP4rev1")
            elif word == b"SELECT":
                self.say(b"* 1 EXISTS")
            elif word == b"FETCH":
                self.say(b"* 1 FETCH (RFC822 {%d}" % len(MESSAGES[-1]))
                self.wfile.write(MESSAGES[-1] + b")\r\n")
            self.say(tag + b" OK done")


class Server(socketserver.ThreadingTCPServer):
    """Serves each client in a thread."""

    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    CONTEXT.minimum_version = CONTEXT.maximum_version = ssl.TLSVersion.TLSv1_2
    CONTEXT.load_cert_chain(sys.argv[1], sys.argv[2])
    threading.Thread(target=Server(("", 2525), Smtp).serve_forever, daemon=True).start()
    Server(("", 993), Imap).serve_forever()
