# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a port stands for, on Linux hosts as on the controller."""

from __future__ import annotations

import itertools

import pytest

from ansible_collections.mailfleet.client.plugins.module_utils.mail_doors import PROTOCOLS, SECURITIES, Door, door
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.server_options import parse_servers

PORTS = (None, 0, 1, 24, *sorted(load().ports), 2525, 65535, 65536)


def on_the_controller(port: int | None, protocol: str | None, security: str | None) -> Door | None:
    entry = {"host": "a.test", "port": port, "protocol": protocol, "security": security}
    try:
        (server,) = parse_servers([entry])
    except OptionError:
        return None
    return Door(server.port, server.protocol.value, server.security.value)


@pytest.mark.parametrize("port", PORTS)
def test_the_same_as_in_the_option_servers(port: int | None) -> None:
    for protocol, security in itertools.product((None, *PROTOCOLS), (None, *SECURITIES)):
        try:
            found: Door | None = door(port, protocol, security)
        except ValueError:
            found = None
        assert found == on_the_controller(port, protocol, security), (protocol, security)
