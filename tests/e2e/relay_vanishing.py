# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that goes without a word: every packet to and from it is dropped while a session idles through a relay.

``python -m tests.e2e.relay_vanishing WHO`` in a network namespace of its own, as root there; WHO is "upstream" or
"client". Prints after how many seconds the relay ended the connections. Its keepalives are as they are configured,
but for the figures: one second of silence, then one question, for a second.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import stunnel
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.facts import parse_facts
from tests.support.relays import FACTS, free_port, relay, started
from tests.support.tls_servers import Authority, Loopback, server_context
from tests.support.waiting import until

_RULES = """\
table inet vanishing {{
    chain input {{
        type filter hook input priority 0
        tcp sport {port} drop
        tcp dport {port} drop
    }}
}}
"""


def main() -> None:
    """See above."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = Authority(folder)
        context = server_context(authority.issue("server"))

        def server(connection: socket.socket, _number: int) -> None:
            with context.wrap_socket(connection, server_side=True) as tls:
                tls.settimeout(None)
                tls.sendall(b"* OK ready\r\n")
                tls.recv(1)

        listen = ("127.0.0.1", free_port("127.0.0.1"))
        with Loopback(server) as upstream:
            made = relay(
                listen=f"{listen[0]}:{listen[1]}",
                allow=["127.0.0.0/8"],
                protocol="imap",
                upstream_security="implicit",
                port=upstream.port,
                addresses=["127.0.0.1"],
                ca_file=str(authority.root.chain),
            )
            text = re.sub(r"(TCP_KEEP[A-Z]+)=\d+", r"\1=1", stunnel.configuration(made, parse_facts(FACTS)))
            with started(text, folder) as (_process, log_file), socket.create_connection(listen, 5) as client:
                client.settimeout(30)
                client.recv(100)
                gone = upstream.port if sys.argv[1] == "upstream" else listen[1]
                subprocess.run(["nft", "-f", "-"], input=_RULES.format(port=gone), text=True, check=True)
                start = time.monotonic()
                until(lambda: re.search("Connection (closed|reset)", log_file.read_text("ascii")), 30)
                if sys.argv[1] == "upstream" and client.recv(1):
                    raise SystemExit("the client was sent something")
                print(time.monotonic() - start)  # noqa: T201


if __name__ == "__main__":
    main()
