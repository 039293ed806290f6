# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loopback addresses, listening sockets, the certificate: what a lab needs of the machine it runs on."""

from __future__ import annotations

import contextlib
import errno
import random
import resource
import socket
import ssl
import subprocess
import typing as t
from collections.abc import Iterator
from pathlib import Path

HTTP_PORT: t.Final = 5985
HTTPS_PORT: t.Final = 5986


def allow_many_files() -> None:
    """A thousand hosts are two thousand listening sockets; the usual soft limit is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def addresses() -> Iterator[str]:
    """Addresses 127.x.y.z for ever, from a random place on, so that labs side by side seldom meet."""
    number = random.SystemRandom().randrange(2 << 16, 250 << 16)
    while True:
        number = number + 1 if number < (254 << 16) else 2 << 16
        if number & 0xFF not in (0, 255):
            yield f"127.{number >> 16}.{number >> 8 & 0xFF}.{number & 0xFF}"


def listen(address: str, port: int) -> socket.socket | None:
    """A listening socket, or None where somebody else has the address."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((address, port))
        sock.listen(128)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            return None
        raise
    sock.setblocking(False)
    return sock


def listen_pair(places: Iterator[str]) -> tuple[str, socket.socket, socket.socket]:
    """(address, HTTP socket, HTTPS socket) on the next address where both ports are free."""
    for address in places:
        plain = listen(address, HTTP_PORT)
        if plain is None:
            continue
        secure = listen(address, HTTPS_PORT)
        if secure is not None:
            return address, plain, secure
        plain.close()
    raise AssertionError("addresses() never ends")


def server_context(folder: Path) -> ssl.SSLContext:
    """TLS with a fresh self-signed certificate, made by openssl in that folder."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=standin".split()
    subprocess.run(
        ["openssl", *request, "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
