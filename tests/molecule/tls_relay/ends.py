# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connect to ADDRESS at each PORT ...: nothing may come, and the connection has to end within a second."""

from __future__ import annotations

import contextlib
import socket
import sys
import time


def seconds(address: str, port: int) -> float:
    """Until the end; RuntimeError where something comes instead."""
    began = time.monotonic()
    # It may be reset before we know that it is there.
    with (
        contextlib.suppress(ConnectionResetError, BrokenPipeError),
        socket.create_connection((address, port), timeout=5) as connection,
    ):
        if data := connection.recv(100):
            raise RuntimeError(f"port {port} said {data!r}")
    return time.monotonic() - began


if __name__ == "__main__":
    times = {port: seconds(sys.argv[1], int(port)) for port in sys.argv[2:]}
    sys.stdout.write(" ".join(f"{port}: {time:.2f} s" for port, time in times.items()) + "\n")
    sys.exit(max(times.values()) > 1)
