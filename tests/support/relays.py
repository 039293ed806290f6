# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Relays for tests: entries as operators write them, and a real stunnel that runs what is made of them."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import typing as t
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import stunnel
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.facts import parse_facts
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.refusals import CLEARTEXT_LEG, parse_relays
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import Relay
from tests.support.waiting import wait

FACTS: dict[str, t.Any] = {"os_family": "Debian", "distribution_major_version": "12"}
CONSENTS = (CLEARTEXT_LEG,)
READY = "Configuration successful"
ASK = {"smtp": b"EHLO client.example.test\r\n", "imap": b"a CAPABILITY\r\n", "pop3": b"CAPA\r\n"}
#: Only said once TLS is there.
SIGN_IN = (b"AUTH", b"SASL")


def entry(**fields: t.Any) -> dict[str, t.Any]:
    """An entry of ``relays:`` that nobody would refuse, with these fields instead (None: left out)."""
    given = {
        "name": "submission",
        "upstream": "mail.example.test",
        "port": 2525,
        "protocol": "smtp",
        "upstream_security": "starttls",
        "listen": "192.0.2.10:2587",
        "inbound": "clear",
        "allow": ["192.0.2.0/24"],
        **fields,
    }
    return {key: value for key, value in given.items() if value is not None}


def relay(**fields: t.Any) -> Relay:
    """The same, read."""
    return parse_relays([entry(**fields)], CONSENTS)[0]


@dataclass(frozen=True)
class Running:
    """A stunnel that serves on ``address``."""

    address: tuple[str, int]
    log_file: Path
    process: subprocess.Popen[bytes]

    def log(self) -> str:
        """What it wrote so far."""
        return self.log_file.read_text(encoding="utf-8")

    def log_with(self, words: str) -> str:
        """The same, as soon as these words stand in it; at the latest after five seconds."""
        wait(lambda: words in self.log())
        return self.log()


def free_port(address: str) -> int:
    """A port of that address on which nobody listens."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as one:
        one.bind((address, 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def running(**fields: t.Any) -> t.Iterator[Running]:
    """The relay of that entry, listening on an address of its own of the loopback network."""
    host = fields.pop("host", "127.83.1.1")
    shown = f"[{host}]" if ":" in host else host
    port = free_port(host)
    allow = fields.pop("allow", ["::1/128"] if ":" in host else ["127.0.0.0/8"])
    made = relay(**{"listen": f"{shown}:{port}", "allow": allow, **fields})
    # Short: the path of a socket has at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="mf-relay-"))
    try:
        doors = stunnel.Doors(stunnel.address(made.listen), str(folder / "inner.sock"))
        text = stunnel.render(stunnel.services(made, parse_facts(FACTS), doors))
        with started(text, folder) as (process, log_file):
            yield Running((host, port), log_file, process)
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def started(text: str, folder: Path) -> t.Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A stunnel with that configuration; ready, or already gone again."""
    configuration, log_file = folder / "stunnel.conf", folder / "log"
    configuration.write_text(text, encoding="ascii")
    with (
        log_file.open("wb") as log,
        subprocess.Popen(["stunnel", str(configuration)], stdin=subprocess.DEVNULL, stdout=log, stderr=log) as process,
    ):
        try:
            wait(lambda: READY in log_file.read_text(encoding="utf-8") or process.poll() is not None)
            yield process, log_file
        finally:
            process.terminate()


def old_client(address: tuple[str, int], *options: str, words: bytes, until: tuple[bytes, ...]) -> bytes:
    """What OpenSSL's client gets that speaks TLS 1.0 and nothing newer: all lines up to one with a word of ``until``.

    Nothing comes where the handshake fails: then the client ends.
    """
    command = ["openssl", "s_client", "-connect", f"{address[0]}:{address[1]}", "-tls1", "-cipher", "ALL:@SECLEVEL=0"]
    with subprocess.Popen(
        [*command, "-quiet", *options],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        stdin, stdout = t.cast("t.IO[bytes]", process.stdin), t.cast("t.IO[bytes]", process.stdout)
        found = b""
        try:
            with contextlib.suppress(BrokenPipeError):
                stdin.write(words)
            for line in stdout:
                found += line
                if any(word in line for word in until):
                    break
        finally:
            process.kill()
    return found


def clear_client(address: tuple[str, int], *, words: bytes, until: tuple[bytes, ...]) -> bytes:
    """The same for a client that knows no TLS at all; a connection that is reset is one that ended."""
    found = b""
    with (
        contextlib.suppress(ConnectionResetError, BrokenPipeError),
        socket.create_connection(address, 5) as connection,
    ):
        connection.settimeout(5)
        connection.sendall(words)
        while not any(word in found for word in until) and (data := connection.recv(4096)):
            found += data
    return found


def ask(one: Running, protocol: str, inbound: str = "clear") -> bytes:
    """What a client of that kind is told about signing in."""
    if inbound == "clear":
        return clear_client(one.address, words=ASK[protocol], until=SIGN_IN)
    options = ("-starttls", protocol) if inbound == "legacy_starttls" else ()
    return old_client(one.address, *options, words=ASK[protocol], until=SIGN_IN)


def signs_in(answer: bytes) -> bool:
    """Whether that is said."""
    return any(word in answer for word in SIGN_IN)
