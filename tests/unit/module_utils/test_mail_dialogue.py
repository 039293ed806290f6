# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What servers say, hostile ones too, without a network: a channel that plays a script."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.module_utils import mail_dialogue
from ansible_collections.mailfleet.client.plugins.module_utils.tls_channel import Channel
from ansible_collections.mailfleet.client.plugins.module_utils.tls_offer import ProbeError


class Script:
    """A channel: what the server sends, in pieces, whatever it is asked; and what it was asked."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)
        self.sent = b""

    def send(self, data: bytes) -> None:
        self.sent += data

    def receive(self) -> bytes:
        if not self._pieces:
            raise ProbeError("closed", "the server closed the connection")
        return self._pieces.pop(0)

    def address_literal(self) -> str:
        return "[127.0.0.1]"


def _dialogue(protocol: str, *pieces: bytes) -> t.Any:
    return mail_dialogue.DIALOGUES[protocol](t.cast(Channel, Script(*pieces)))


@pytest.mark.parametrize(
    ("protocol", "said", "starttls", "auth"),
    [
        ("smtp", b"250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n", True, ["PLAIN", "LOGIN"]),
        ("smtp", b"250-x\r\n250-starttls\r\n250-AUTH=LOGIN\r\n250 AUTH LOGIN NTLM\r\n", True, ["LOGIN", "NTLM"]),
        ("smtp", b"250-STARTTLS\r\n250-AUTH\r\n250\r\n", False, []),  # the first line is the server's name
        ("smtp", b"250-x\n250 STARTTLSX\n", False, []),
        ("smtp", b"502 what?\r\n", False, []),
        ("imap", b"* CAPABILITY IMAP4 STARTTLS AUTH=plain\r\nA1 OK\r\n", True, ["PLAIN", "LOGIN"]),
        ("imap", b"* CAPABILITY IMAP4 LOGINDISABLED\r\na1 ok done\r\n", False, []),
        ("imap", b"* 3 EXISTS\r\n* CAPABILITY X\r\nA1 OK\r\n", False, ["LOGIN"]),
        ("pop3", b"+OK\r\nSTLS\r\nSASL PLAIN XOAUTH2\r\nUSER\r\n.\r\n", True, ["PLAIN", "XOAUTH2", "USER"]),
        ("pop3", b"+ok\r\n.\r\n", False, []),
        ("pop3", b"-ERR what?\r\n", False, ["USER"]),
    ],
)
def test_capabilities(protocol: str, said: bytes, starttls: bool, auth: list[str]) -> None:
    assert _dialogue(protocol, said).capabilities() == (starttls, auth)


@pytest.mark.parametrize(
    ("protocol", "said", "kind"),
    [
        ("smtp", b"554-no\r\n554 go away\r\n", "greeting"),
        ("smtp", b"421 later\r\n", "greeting"),
        ("smtp", b"* OK imap\r\n", "protocol"),
        ("smtp", b"220-a\r\n221 b\r\n", "protocol"),
        ("smtp", b"2200 a\r\n", "protocol"),
        ("smtp", b"220-more\r\n" * 300, "too_much"),
        ("smtp", b"220 " + b"x" * 9000 + b"\r\n", "too_much"),
        ("smtp", b"\x16\x03\x01\x00\x02", "closed"),
        ("imap", b"* BYE no\r\n", "greeting"),
        ("imap", b"* PREAUTH welcome\r\n", "greeting"),
        ("imap", b"220 smtp\r\n", "protocol"),
        ("pop3", b"-ERR no\r\n", "greeting"),
        ("pop3", b"220 smtp\r\n", "protocol"),
    ],
)
def test_bad_greeting(protocol: str, said: bytes, kind: str) -> None:
    with pytest.raises(ProbeError) as caught:
        _dialogue(protocol, said).greet()
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("protocol", "said", "kind"),
    [
        ("smtp", b"454 not now\r\n", "starttls_unavailable"),
        ("smtp", b"502 no\r\n", "starttls_refused"),
        ("imap", b"A2 NO\r\n", "starttls_refused"),
        ("imap", b"A2 BAD\r\n", "starttls_refused"),
        ("imap", b"* BYE\r\n", "greeting"),
        ("imap", b"+ go on\r\n", "protocol"),
        ("pop3", b"-ERR no\r\n", "starttls_refused"),
        ("pop3", b"-ERR [SYS/TEMP] later\r\n", "starttls_unavailable"),
    ],
)
def test_refused_starttls(protocol: str, said: bytes, kind: str) -> None:
    with pytest.raises(ProbeError) as caught:
        _dialogue(protocol, said).starttls()
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("protocol", "said"),
    [("smtp", b"220 go\r\n"), ("imap", b"A2 OK go\r\n"), ("pop3", b"+OK go\r\n")],
)
@pytest.mark.parametrize("more", [b"", b"250 AUTH PLAIN\r\n", b"x"])
def test_words_after_starttls_are_noticed(protocol: str, said: bytes, more: bytes) -> None:
    dialogue = _dialogue(protocol, said + more)
    dialogue.starttls()
    assert dialogue.leftover() is bool(more)


@pytest.mark.parametrize("protocol", mail_dialogue.DIALOGUES)
def test_lines_in_pieces(protocol: str) -> None:
    said = {"smtp": b"220 go\r\n", "imap": b"* OK go\r\n", "pop3": b"+OK go\r\n"}[protocol]
    _dialogue(protocol, *(said[i : i + 1] for i in range(len(said)))).greet()


def test_messages_are_safe_for_a_console() -> None:
    with pytest.raises(ProbeError) as caught:
        _dialogue("smtp", b"554 \x1b]0;owned\x07 \xe2\x80\xae" + b"y" * 500 + b"\r\n").greet()
    assert caught.value.message.isprintable()
    assert caught.value.message.isascii()
    assert len(caught.value.message) < 150


@settings(deadline=None)
@given(st.lists(st.text(max_size=30), max_size=100))
def test_mechanisms_are_words(words: list[str]) -> None:
    found = mail_dialogue.mechanisms(words)
    assert len(found) == len(set(found)) <= mail_dialogue.MAX_WORDS
    letters = [character for word in found for character in word]
    assert all(letter.isascii() and (letter.isalnum() or letter in "-_") for letter in letters)


_STEPS = ("greet", "capabilities", "starttls")


@settings(deadline=None)
@given(st.sampled_from(sorted(mail_dialogue.DIALOGUES)), st.sampled_from(_STEPS), st.lists(st.binary(max_size=60)))
def test_arbitrary_servers(protocol: str, step: str, pieces: list[bytes]) -> None:
    try:
        getattr(_dialogue(protocol, *[piece for piece in pieces if piece]), step)()
    except ProbeError as error:
        message = error.message
    else:
        message = ""
    assert message.isprintable()
