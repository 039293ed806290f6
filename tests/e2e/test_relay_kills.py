# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Relay or server killed in the middle of something, more than a hundred times: clients are told, and never hang."""

from __future__ import annotations

import contextlib
import os
import random
import select
import socket
import ssl
import subprocess
import sys
import threading
import typing as t
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.support.mail_servers import DOMAIN, PASSWORD, USER, MailServers
from tests.support.relays import Running, running
from tests.support.run_ansible import ROOT
from tests.support.tls_servers import Authority

pytestmark = pytest.mark.needs("stunnel", "postfix", "dovecot")

#: Of the relay and of the server in each situation, for both kinds of clients: 102 in all.
RELAY_KILLS, SERVER_KILLS = 10, 7
#: Seconds: how long a client may be left in the dark, and the latest moment of a kill.
TOLD, LATEST = 1.0, 0.08
#: Mailboxes, and what lies there.
BIG, IDLE = "big", "idle"
PIECE = b"A line of a message that nobody will ever have sent to its end.\r\n" * 250
Begin = Callable[[socket.socket], None]
GoOn = Callable[[socket.socket, threading.Event], None]
MOMENTS = random.Random(20260702)


@dataclass
class Scene:
    """Servers, and how a relay of theirs begins. ``inbound``: what its clients speak."""

    servers: MailServers
    inbound: str
    fields: dict[str, t.Any]

    def relay(self, protocol: str) -> contextlib.AbstractContextManager[Running]:
        """A new one, for "smtp" or "imap"."""
        smtp = protocol == "smtp"
        return running(
            protocol=protocol,
            port=self.servers.ports["submission" if smtp else "imaps"],
            upstream_security="starttls" if smtp else "implicit",
            inbound=self.inbound,
            **self.fields,
        )

    def connect(self, to: Running) -> socket.socket:
        """A client of that relay."""
        plain = socket.create_connection(to.address, 5)
        if self.inbound == "clear":
            return plain
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(plain)


#: What clients of relays speak, and the only version of TLS that the servers know.
@pytest.fixture(scope="module", params=[("clear", "1.2"), ("legacy_tls", "1.3")], ids=["clear", "legacy_tls"])
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    inbound, version = request.param
    authority = Authority(tmp_path_factory.mktemp("ca"))
    front = authority.issue("front", names=("relay.example.test",))
    fields: dict[str, t.Any] = {"ca_file": str(authority.root.chain)}
    if inbound != "clear":
        fields |= {"certificate": str(front.chain), "key": str(front.key)}
    with MailServers(authority.issue("server"), version, "127.84.1.3") as servers:
        servers.put(b"Message-ID: <big@example.test>\r\n\r\n" + PIECE * 2000, BIG)
        yield Scene(servers, inbound, {"addresses": [servers.address], **fields})


def converse(client: socket.socket, *steps: tuple[str, bytes]) -> None:
    """Say each line, and read up to the words that shall come."""
    for words, expected in steps:
        if words:
            client.sendall(words.encode() + b"\r\n")
        heard = b""
        while expected not in heard:
            data = client.recv(4096)
            assert data, heard
            heard += data


def begin_data(client: socket.socket) -> None:
    """Up to the message itself."""
    converse(
        client,
        ("", b"220 "),
        ("EHLO client.example.test", b"250 "),
        ("AUTH PLAIN AHVzZXIAcGFzc3dvcmQ=", b"235 "),
        (f"MAIL FROM:<sender@{DOMAIN}>", b"250 "),
        (f"RCPT TO:<{USER}@{DOMAIN}>", b"250 "),
        ("DATA", b"354 "),
    )


def data(client: socket.socket, _killed: threading.Event) -> None:
    """A message without an end."""
    with contextlib.suppress(OSError):
        while not select.select([client], [], [], 0.001)[0]:
            client.sendall(PIECE)


def begin_fetch(client: socket.socket) -> None:
    """Up to the beginning of a big message."""
    converse(client, ("", b"OK"), (f"a LOGIN {BIG} {PASSWORD}", b"a OK"), ("b SELECT INBOX", b"b OK"))
    converse(client, ("c FETCH 1 (BODY.PEEK[])", b"FETCH"))


def read(client: socket.socket, killed: threading.Event) -> None:
    """What comes: not too fast before the kill, so that the answer to the FETCH is not at its end by then."""
    with contextlib.suppress(OSError):
        while client.recv(65536):
            killed.wait(0.002)


def begin_idle(client: socket.socket) -> None:
    """Up to waiting."""
    converse(client, ("", b"OK"), (f"a LOGIN {IDLE} {PASSWORD}", b"a OK"), ("b SELECT INBOX", b"b OK"))
    converse(client, ("c IDLE", b"+ "))


#: What is going on → protocol and server, what comes before, and what goes on until the end.
DOINGS: dict[
    str, tuple[str, str, Callable[[socket.socket], None], Callable[[socket.socket, threading.Event], None]]
] = {
    "DATA": ("smtp", "postfix", begin_data, data),
    "FETCH": ("imap", "dovecot", begin_fetch, read),
    "IDLE": ("imap", "dovecot", begin_idle, read),
}


@dataclass
class Client:
    """A client in the middle of something, in a thread."""

    client: socket.socket
    doing: str
    killed: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Begin; who made it goes on when the client is in the middle of it."""
        _protocol, _server, begin, go_on = DOINGS[self.doing]
        begin(self.client)
        self.client.settimeout(10)

        def until_the_end() -> None:
            go_on(self.client, self.killed)
            self.ended.set()

        self._thread = threading.Thread(target=until_the_end, daemon=True)
        self._thread.start()

    def told(self, kill: Callable[[], object]) -> bool:
        """Whether it is there until the kill, at some moment, and sees its connection end soon after."""
        there = not self.ended.wait(MOMENTS.uniform(0, LATEST))
        kill()
        self.killed.set()
        seen = self.ended.wait(TOLD)
        self.client.close()
        self._thread.join(12)
        return there and seen


@pytest.mark.parametrize("doing", DOINGS)
def test_the_relay_is_killed(scene: Scene, doing: str) -> None:
    told = []
    for _time in range(RELAY_KILLS):
        with scene.relay(DOINGS[doing][0]) as relay:
            told.append(Client(scene.connect(relay), doing).told(relay.process.kill))
    assert told == [True] * RELAY_KILLS
    assert_nothing_cut_off_was_delivered(scene)


@pytest.mark.parametrize("doing", DOINGS)
def test_the_server_is_killed(scene: Scene, doing: str) -> None:
    protocol, server, _begin, _go_on = DOINGS[doing]
    told = []
    with scene.relay(protocol) as relay:
        for _time in range(SERVER_KILLS):
            told.append(Client(scene.connect(relay), doing).told(lambda: scene.servers.stop(server)))
            scene.servers.start(server)
        assert relay.process.poll() is None
    assert told == [True] * SERVER_KILLS, relay
    assert_nothing_cut_off_was_delivered(scene)


def assert_nothing_cut_off_was_delivered(scene: Scene) -> None:
    assert not scene.servers.message_ids()


@pytest.mark.needs("nft", "unshare", "ip")
@pytest.mark.parametrize("who", ["upstream", "client"])
def test_a_machine_that_vanishes_without_a_word_is_found_out(who: str) -> None:
    """Without keepalives the session would be there for twelve hours."""
    command = ["unshare", "--map-root-user", "--net", sys.executable, "-m", "tests.e2e.relay_vanishing", who]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests/collections'}"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert 0.5 < float(done.stdout) < 15
