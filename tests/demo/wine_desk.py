# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of the demo that can shake hands: Wine, whose SCHANNEL obeys the registry; and a server for it to talk to."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import struct
import time
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.lab import wine_template
from tests.support.tls_servers import Authority, Issued, Loopback, server_context

NAME = "wine-desk"
#: Environment variable; "1" asks for this host. Wine starts hundreds of programs for a reading, which takes its time.
SWITCH = "MAILFLEET_DEMO_WINE"

_STORE = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\SystemCertificates\Root\Certificates"
_PROTOCOLS = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols"


@dataclass(frozen=True)
class Desk:
    """``entry``: the host for the lab. ``server``: an entry of ``servers:``. ``trusted``: its root, as a PEM file."""

    entry: dict[str, t.Any]
    server: dict[str, t.Any]
    trusted: Path


@contextlib.contextmanager
def desk(folder: Path) -> Iterator[Desk | None]:
    """The host, and while the block lasts its server; None where nobody asked for it.

    :raises RuntimeError: it was asked for, and there is no Wine or no cross compiler.

    The host trusts the server, and somebody has switched TLS 1.2 off there; the server takes nothing else.
    """
    if os.environ.get(SWITCH) != "1":
        yield None
        return
    _insist_on_wine()
    authority = Authority(folder)
    issued = authority.issue("localhost", names=("localhost",))
    registry = folder / f"{NAME}.reg"
    registry.write_text("\r\n".join(_registry(authority)), encoding="utf-16")
    with Loopback(_imaps(issued)) as server:
        yield Desk(
            {"name": NAME, "os": "win10-1709", "kind": "wine", "registry": [str(registry)]},
            {
                "host": "localhost",
                "port": server.port,
                "protocol": "imap",
                "security": "implicit",
                "accepts": {"tls": ["1.2"]},
            },
            authority.root.chain,
        )


def _insist_on_wine() -> None:
    try:
        wine_template.binaries()
    except wine_template.NoWine as error:
        raise RuntimeError(f"{SWITCH}=1 needs Wine: {error}") from None
    if shutil.which(wine_template.COMPILER) is None:
        raise RuntimeError(f"{SWITCH}=1 needs a cross compiler: {wine_template.COMPILER} is not installed")


def _registry(authority: Authority) -> list[str]:
    """The authority as a root: SHA-1 and DER as properties 3 and 32 of the store's format; and TLS 1.2 switched off."""
    der = authority.root.der
    digest = hashlib.sha1(der, usedforsecurity=False).digest()
    blob = b"".join(struct.pack("<III", kind, 1, len(data)) + data for kind, data in ((3, digest), (32, der)))
    root = [f"[{_STORE}\\{authority.root.sha1}]", f'"Blob"=hex:{blob.hex(",")}', ""]
    off = [rf"[{_PROTOCOLS}\TLS 1.2\Client]", '"Enabled"=dword:00000000', '"DisabledByDefault"=dword:00000001', ""]
    return ["Windows Registry Editor Version 5.00", "", *root, *off]


def _imaps(issued: Issued) -> t.Callable[[socket.socket, int], None]:
    """Greets late: Wine 8 now and then cannot decrypt what comes together with the end of a handshake."""
    context = server_context(issued, low="TLSv1_2", high="TLSv1_2")

    def handle(connection: socket.socket, _number: int) -> None:
        with context.wrap_socket(connection, server_side=True) as tls:
            time.sleep(0.3)
            tls.sendall(b"* OK ready\r\n")
            tls.recv(4096)

    return handle
