# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tries by which a relay could be made to take what it must not: ADDRESS PORT [smuggle].

From an address that is not let in every way of naming sender and recipient is tried, and a message counts as taken as
soon as a recipient does. With "smuggle", from one that is let in: messages that hold another one, which is taken if the
relay ever says more often "taken" than messages were sent. Prints JSON; standard library only, for bare hosts.
"""

from __future__ import annotations

import concurrent.futures
import json
import socket
import sys

HELO = b"EHLO outside.example.net\r\n"
#: Sender, recipient.
PAIRS = [
    ("<a@outside.example.net>", recipient)
    for recipient in (
        "<b@example.test>",
        "<b@outside.example.org>",
        "<b%outside.example.org@{own}>",
        "<b%outside.example.org@[{address}]>",
        "<b%outside.example.org>",
        "<outside.example.org!b>",
        "<outside.example.org!b@{own}>",
        "<outside.example.org!b@[{address}]>",
        "<@{own}:b@outside.example.org>",
        "<@[{address}]:b@outside.example.org>",
        "<@{own},@localhost:b@outside.example.org>",
        '<"b@outside.example.org">',
        '<"b@outside.example.org"@{own}>',
        '<"b%outside.example.org"@{own}>',
        '<"b@outside.example.org"@[127.0.0.1]>',
        "<b@outside.example.org@{own}>",
        "<b@outside.example.org@>",
        "b@outside.example.org",
        "<b>",
        "<postmaster>",
        "<postmaster@{own}>",
        "<root@localhost>",
        "<root@[127.0.0.1]>",
        "<root@[{address}]>",
        "<b@[IPv6:::1]>",
        "<b@outside.example.org.>",
        "<b@[198.51.100.9]>",
        "<b@mail.example.test>",
    )
] + [
    (sender, "<b@outside.example.org>")
    for sender in (
        "<>",
        "<a@example.test>",
        "<a@{own}>",
        "<a@localhost>",
        "<a@[{address}]>",
        "<a@[127.0.0.1]>",
        "<a>",
        "<root>",
        "<scanner@example.org>",
        "<a@example.test> AUTH=<a@example.test>",
        "<a@example.test> SIZE=1 BODY=8BITMIME",
    )
]
#: Lines before the envelope that might let somebody in.
BEFORE = [
    b"XCLIENT ADDR=10.88.0.1 NAME=localhost\r\nEHLO localhost\r\n",
    b"XCLIENT LOGIN=relay\r\nEHLO localhost\r\n",
    b"XFORWARD ADDR=10.88.0.1 NAME=localhost SOURCE=LOCAL\r\n",
    b"AUTH PLAIN AHJlbGF5AHJlbGF5\r\n",
    b"ETRN example.test\r\n",
    b"HELO localhost\r\n",
    b"EHLO [127.0.0.1]\r\n",
    b"RSET\r\nHELO mail.example.test\r\n",
]
ENVELOPE = b"MAIL FROM:<a@example.test>\r\nRCPT TO:<b@example.test>\r\n"
INNER = b"MAIL FROM:<a@example.test>\r\nRCPT TO:<smuggled@example.test>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n"
#: What some servers take for the end of a message.
ENDS = [
    b"\n.\r\n",
    b"\r\n.\n",
    b"\n.\n",
    b"\r.\r",
    b"\r\n.\r",
    b"\r.\r\n",
    b"\n\n.\r\n",
    b"\r\n\x00.\r\n",
    b"\r\n.\x00\r\n",
]


class Talk:
    """One connection."""

    def __init__(self, address: str, port: int) -> None:
        self._socket = socket.create_connection((address, port), 10)
        self._file = self._socket.makefile("rb")
        self.answer()

    def answer(self) -> str:
        """The last line of an answer; "" where the connection is gone."""
        while line := self._file.readline():
            if line[3:4] != b"-":
                return line.decode("ascii", "replace")
        return ""

    def say(self, words: bytes) -> list[str]:
        """The answers to these lines."""
        try:
            self._socket.sendall(words)
            return [self.answer() for _line in range(words.count(b"\n"))]
        except OSError:
            return [""]

    def rest(self, words: bytes) -> str:
        """Everything that is said until the connection ends, or for two seconds nothing."""
        found = b""
        self._socket.settimeout(2)
        try:
            self._socket.sendall(words)
            while data := self._socket.recv(4096):
                found += data
        except OSError:
            pass
        return found.decode("ascii", "replace")

    def close(self) -> None:
        """End it."""
        self._file.close()
        self._socket.close()


def taken(answers: list[str]) -> bool:
    """Whether the last answer is a yes."""
    return answers[-1][:1] in ("2", "3") and answers[-1] != ""


def outside(address: str, port: int) -> list[str]:
    """The tries that a recipient was taken in, of all."""
    found = []
    own = socket.getfqdn(address)
    for sender, recipient in PAIRS:
        talk = Talk(address, port)
        names = {"own": own, "address": address}
        talk.say(HELO)
        talk.say(f"MAIL FROM:{sender.format(**names)}\r\n".encode())
        if taken(talk.say(f"RCPT TO:{recipient.format(**names)}\r\n".encode())) or taken(talk.say(b"DATA\r\n")):
            found.append(f"{sender} {recipient}")
        talk.close()
    for before in BEFORE:
        talk = Talk(address, port)
        talk.say(HELO)
        talk.say(before)
        answers = talk.say(ENVELOPE)
        if taken(answers) or taken(talk.say(b"DATA\r\n")):
            found.append(str(before))
        talk.close()
    # All at once, as who does not wait for answers; and BDAT, which needs no DATA.
    for words in (HELO + ENVELOPE + b"DATA\r\nx\r\n.\r\n", HELO + ENVELOPE + b"BDAT 3 LAST\r\nx\r\n"):
        talk = Talk(address, port)
        if "queued" in talk.rest(words):
            found.append(str(words))
        talk.close()
    return found


def smuggled(address: str, port: int) -> list[str]:
    """The ends that were taken for one and were none, or with which more than one message was taken."""

    def queued(begin: bytes, rest: bytes) -> int:
        talk = Talk(address, port)
        for line in begin.splitlines(keepends=True):
            talk.say(line)
        count = talk.rest(rest).count("queued")
        talk.close()
        return count

    tries = [
        (HELO + ENVELOPE + b"DATA\r\n", b"Subject: carrier\r\n\r\nx" + end + INNER + b"QUIT\r\n", 1) for end in ENDS
    ] + [
        (b"", HELO + ENVELOPE + b"BDAT 9 LAST\r\nx\r\n.\r\n\r\n" + INNER, 0),
        (b"", HELO + ENVELOPE.replace(b"\r\n", b"\n") + b"DATA\nx\r\n.\r\n" + INNER, 0),
    ]
    # At the same time: each waits for two seconds of silence.
    with concurrent.futures.ThreadPoolExecutor(len(tries)) as pool:
        counts = pool.map(lambda one: queued(one[0], one[1]), tries)
        return [str(rest) for (_begin, rest, most), count in zip(tries, counts, strict=True) if count > most]


if __name__ == "__main__":
    where = (sys.argv[1], int(sys.argv[2]))
    if "smuggle" in sys.argv:
        tries, result = len(ENDS) + 2, smuggled(*where)
    else:
        tries, result = len(PAIRS) + len(BEFORE) + 2, outside(*where)
    json.dump({"tries": tries, "accepted": result}, sys.stdout)
