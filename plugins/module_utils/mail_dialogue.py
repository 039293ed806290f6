# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The few words of SMTP, IMAP and POP3 that lead to STARTTLS, and the list of ways to log in.

Every line we send is a constant (but our own address after EHLO), so nothing that an operator or a server wrote can
become a command. What a server sends is bounded and never trusted: RFC 5321, 3207 (SMTP), 3501, 2595 (IMAP),
1939, 2449, 2595 (POP3).
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.mailfleet.client.plugins.module_utils.tls_channel import Channel
from ansible_collections.mailfleet.client.plugins.module_utils.tls_offer import ProbeError

#: Bytes of one line and lines of one connection. IMAP servers send capability lines of about 1 KB.
MAX_LINE, MAX_LINES = 8192, 256
MAX_WORDS = 32

#: RFC 4422 3.1: names of SASL mechanisms.
_MECHANISM = re.compile(r"[A-Z0-9_-]{1,20}\Z")
_SMTP_REPLY = re.compile(r"([0-9]{3})(?:([ -])(.*))?\Z", re.DOTALL)


class Capabilities(t.NamedTuple):
    """What a server says it can. ``auth``: SASL mechanisms, and ``LOGIN`` (IMAP) or ``USER`` (POP3) for the plain
    commands of that name; upper case, in the server's order.
    """

    starttls: bool
    auth: list[str]


def shown(text: str) -> str:
    """At most 80 printable ASCII characters of a server's words."""
    return re.sub(r"[^ -~]+", "?", text)[:80]


def mechanisms(words: t.Iterable[str]) -> list[str]:
    """Those words that are names of mechanisms, once each, at most 32."""
    found: list[str] = []
    for word in words:
        word = word.upper()
        if _MECHANISM.match(word) and word not in found:
            found.append(word)
    return found[:MAX_WORDS]


class _Dialogue:
    """Lines in both directions. A dialogue starts anew, with an empty buffer, after the handshake."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._buffer = b""
        self._lines = 0

    def _read(self) -> str:
        while b"\n" not in self._buffer:
            if len(self._buffer) > MAX_LINE:
                raise ProbeError("too_much", f"the server sent a line of more than {MAX_LINE} bytes")
            self._buffer += self._channel.receive()
        line, _newline, self._buffer = self._buffer.partition(b"\n")
        self._lines += 1
        if len(line) > MAX_LINE or self._lines > MAX_LINES:
            raise ProbeError("too_much", "the server sent a line too long, or too many lines")
        return line.decode("latin-1").rstrip("\r")

    def _write(self, line: str) -> None:
        self._channel.send(line.encode("ascii") + b"\r\n")

    def leftover(self) -> bool:
        """True where the server sent more than it was asked for: after STARTTLS, someone put words into its mouth."""
        return bool(self._buffer)

    def greet(self) -> None:
        """Read the greeting. Raises ProbeError("greeting") where the server does not want us."""
        raise NotImplementedError

    def capabilities(self) -> Capabilities:
        """Ask what the server can."""
        raise NotImplementedError

    def starttls(self) -> None:
        """Ask for TLS. Raises ProbeError, "starttls_refused" or, where it is for now only, "starttls_unavailable"."""
        raise NotImplementedError

    def quit(self) -> None:
        """Say good-bye; the answer is not waited for."""
        raise NotImplementedError


class _Smtp(_Dialogue):
    def _reply(self) -> tuple[int, list[str]]:
        """One reply of one or more lines: the code and the texts."""
        texts: list[str] = []
        code = ""
        while True:
            line = self._read()
            match = _SMTP_REPLY.match(line)
            if match is None or (code and match.group(1) != code):
                raise ProbeError("protocol", f"the server does not answer in SMTP: {shown(line)}")
            code = match.group(1)
            texts.append(match.group(3) or "")
            if match.group(2) != "-":
                return int(code), texts

    def greet(self) -> None:
        code, texts = self._reply()
        if code != 220:
            raise ProbeError("greeting", f"the server greets with {code} {shown(texts[0])}")

    def capabilities(self) -> Capabilities:
        self._write("EHLO " + self._channel.address_literal())
        code, texts = self._reply()
        if code == 421:
            raise ProbeError("greeting", f"the server answers EHLO with {code} {shown(texts[0])}")
        words = [text.upper().split() for text in texts[1:]] if code == 250 else []
        auth: list[str] = []
        for line in words:
            if line and (line[0] == "AUTH" or line[0].startswith("AUTH=")):  # "AUTH=LOGIN": servers before RFC 2554
                auth += [line[0][5:], *line[1:]]
        return Capabilities(["STARTTLS"] in words, mechanisms(auth))

    def starttls(self) -> None:
        self._write("STARTTLS")
        code, texts = self._reply()
        if code != 220:
            kind = "starttls_unavailable" if 400 <= code < 500 else "starttls_refused"
            raise ProbeError(kind, f"the server answers STARTTLS with {code} {shown(texts[0])}")

    def quit(self) -> None:
        self._write("QUIT")


class _Imap(_Dialogue):
    def _answer(self, tag: str) -> tuple[str, list[str]]:
        """The tagged line (without the tag, upper case) and the untagged ones before it."""
        untagged: list[str] = []
        while True:
            line = self._read().upper()
            if line.startswith(tag + " "):
                return line[len(tag) + 1 :], untagged
            if line.startswith("* BYE"):
                raise ProbeError("greeting", f"the server says good-bye: {shown(line)}")
            if not line.startswith("* "):
                raise ProbeError("protocol", f"the server does not answer in IMAP: {shown(line)}")
            untagged.append(line[2:])

    def greet(self) -> None:
        line = self._read()
        if line.upper().startswith(("* BYE", "* PREAUTH")):
            raise ProbeError("greeting", f"the server greets with {shown(line)}")
        if not line.upper().startswith("* OK"):
            raise ProbeError("protocol", f"the server does not greet in IMAP: {shown(line)}")

    def capabilities(self) -> Capabilities:
        self._write("A1 CAPABILITY")
        status, untagged = self._answer("A1")
        if not status.startswith("OK"):
            raise ProbeError("protocol", f"the server answers CAPABILITY with {shown(status)}")
        words = [word for line in untagged if line.startswith("CAPABILITY ") for word in line.split()[1:]]
        auth = [word[5:] for word in words if word.startswith("AUTH=")]
        return Capabilities("STARTTLS" in words, mechanisms(auth + ([] if "LOGINDISABLED" in words else ["LOGIN"])))

    def starttls(self) -> None:
        self._write("A2 STARTTLS")
        status, _untagged = self._answer("A2")
        if not status.startswith("OK"):
            raise ProbeError("starttls_refused", f"the server answers STARTTLS with {shown(status)}")

    def quit(self) -> None:
        self._write("A3 LOGOUT")


class _Pop3(_Dialogue):
    def _status(self) -> tuple[bool, str]:
        line = self._read()
        if not line.upper().startswith(("+OK", "-ERR")):
            raise ProbeError("protocol", f"the server does not answer in POP3: {shown(line)}")
        return line.startswith("+"), line

    def greet(self) -> None:
        well, line = self._status()
        if not well:
            raise ProbeError("greeting", f"the server greets with {shown(line)}")

    def capabilities(self) -> Capabilities:
        self._write("CAPA")
        well, _line = self._status()
        if not well:  # older than RFC 2449: it has USER and PASS, and no STLS
            return Capabilities(False, ["USER"])
        lines: list[list[str]] = []
        line = self._read()
        while line != ".":
            lines.append(line.upper().split())
            line = self._read()
        auth = [word for words in lines if words[:1] == ["SASL"] for word in words[1:]]
        return Capabilities(["STLS"] in lines, mechanisms(auth + (["USER"] if ["USER"] in lines else [])))

    def starttls(self) -> None:
        self._write("STLS")
        well, line = self._status()
        if not well:
            kind = "starttls_unavailable" if "[SYS/TEMP]" in line.upper() else "starttls_refused"
            raise ProbeError(kind, f"the server answers STLS with {shown(line)}")

    def quit(self) -> None:
        self._write("QUIT")


DIALOGUES: t.Mapping[str, t.Callable[[Channel], _Dialogue]] = {"smtp": _Smtp, "imap": _Imap, "pop3": _Pop3}
