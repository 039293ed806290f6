# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A leaf of the authority in a real stunnel, before a client of TLS 1.0 that verifies chain, purpose and name."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import authority as certificates
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.authority import Leaf
from tests.support.relays import ASK, SIGN_IN, old_client, running, signs_in
from tests.support.tls_servers import WORDS, Authority, Issued, Loopback, mail_server, server_context
from tests.unit.plugin_utils.relay.authorities import NOW, founded

pytestmark = pytest.mark.needs("stunnel", "openssl")


@pytest.mark.parametrize(
    ("name", "option", "works"),
    [
        ("relay.branch.example", "-verify_hostname", True),
        ("192.0.2.10", "-verify_ip", True),
        ("bank.example", "-verify_hostname", False),
    ],
)
def test_a_client_that_verifies_takes_it_for_names_within_the_bounds(
    authority: Authority, leaf: Issued, tmp_path: Path, name: str, option: str, works: bool
) -> None:
    root, pair = founded()
    made = certificates.issued(root, Leaf("front", (name,)), NOW)
    for file, raw in (("root", pair.certificate), ("front", made.certificate), ("key", made.key)):
        (tmp_path / file).write_bytes(raw)
    front = {"certificate": str(tmp_path / "front"), "key": str(tmp_path / "key"), "inbound": "legacy_tls"}
    upstream = {"upstream_security": "implicit", "addresses": ["127.0.0.1"], "ca_file": str(authority.root.chain)}
    server = mail_server(WORDS["smtp"], server_context(leaf, low="TLSv1_2"), implicit=True)
    verify = ("-CAfile", str(tmp_path / "root"), "-verify_return_error", "-purpose", "sslserver", option, name)
    with Loopback(server) as one, running(port=one.port, **upstream, **front) as relay:
        answer = old_client(relay.address, *verify, words=ASK["smtp"], until=SIGN_IN)
        assert signs_in(answer) is works, relay.log()
