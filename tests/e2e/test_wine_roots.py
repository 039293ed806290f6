# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A root that is placed on a Wine host, judged by Wine's own chain engine: it is trusted for its names and no others.

The relay is a server with a leaf of the authority, the stranger one with a leaf of the same authority for a name that
is outside of its bounds.
"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import authority as certificates
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.authority import Authority, Leaf
from tests.e2e.test_fix import FIX, ROLLBACK, call
from tests.e2e.test_hostile_hosts import reg_file
from tests.e2e.test_verify import https, switched
from tests.lab.fleet import Lab
from tests.support.run_ansible import results_of, run
from tests.support.tls_servers import Issued, Loopback
from tests.unit.plugin_utils.relay.authorities import NOW

pytestmark = [pytest.mark.wine, pytest.mark.needs("x86_64-w64-mingw32-gcc")]
ADDRESS = "127.0.0.1"
#: ERROR_WINHTTP_SECURE_CHANNEL_ERROR: what Wine makes of a chain that it does not believe.
REFUSED = "0x80072F7D"
#: Goes to the relay already: a Wine host does not list its programs, so no account is changed there.
ACCOUNT = r"[HKEY_CURRENT_USER\Software\Microsoft\Internet Account Manager\Accounts\00000001]"


def account(port: int) -> list[str]:
    """An account of Outlook Express whose server is the relay, for a .reg file."""
    values = ('"Account Name"="till"', f'"POP3 Server"="{ADDRESS}"', '"POP3 Secure Connection"=dword:00000001')
    return [ACCOUNT, *values, f'"POP3 Port"=dword:{port:08x}', ""]


def issued(authority: Authority, folder: Path, name: str) -> Issued:
    """A leaf as the tests' servers take it."""
    pair = certificates.issued(authority, Leaf(name, (name,)), NOW)
    files = folder / f"{name}.pem", folder / f"{name}.key"
    for file, raw in zip(files, (pair.certificate, pair.key), strict=True):
        file.write_bytes(raw)
    key = serialization.load_pem_private_key(pair.key, None)
    return Issued(*files, x509.load_pem_x509_certificate(pair.certificate), t.cast(t.Any, key))


def host(folder: Path, port: int) -> dict[str, t.Any]:
    """A Wine host that can TLS 1.2."""
    registry = reg_file(folder, "pc.reg", [*account(port), *switched(1)])
    return {"name": "pc", "os": "win10-1709", "kind": "wine", "registry": [registry]}


def codes(lab: Lab, servers: list[dict[str, t.Any]]) -> list[str]:
    """WinHTTP's answers."""
    arguments = {"servers": servers, "from": ["host"], "timeout": 5}
    words = ["windows", "-i", str(lab.inventory), "-m", "mail_tls_verify", "-a", json.dumps(arguments)]
    targets = results_of(run("ansible", *words).stdout)["pc"]["targets"]
    return [one["host"]["code"] for one in targets if one["port"] in {server["port"] for server in servers}]


def test_wine_trusts_the_root_for_its_names_only(tmp_path: Path) -> None:
    authority, pair = certificates.founded((ADDRESS, "relay.branch.example"), NOW)
    relay, stranger = (issued(authority, tmp_path, name) for name in (ADDRESS, "localhost"))
    with Loopback(https(relay)) as one, Loopback(https(stranger)) as two, Lab(hosts=[host(tmp_path, one.port)]) as lab:
        servers = [
            {"host": name, "port": server.port, "protocol": "pop3", "security": "implicit"}
            for name, server in ((ADDRESS, one), ("localhost", two))
        ]
        end = {"server": "pop.example.com", "port": 995, "protocol": "pop3", "host": ADDRESS}
        options = {
            "only": ["accounts"],
            "relay": [end | {"listen_port": one.port, "security": "implicit"}],
            "relay_root": pair.certificate.decode(),
            "consent": ["root_ca"],
        }
        fixed = call(lab, FIX, tmp_path / "journals", **options)["pc"]
        after = codes(lab, servers)
        undone = call(lab, ROLLBACK, tmp_path / "journals", run="last")["pc"]
        last = codes(lab, servers)
    assert [change["name"] for change in fixed["changes"]] == ["Blob"]
    assert (fixed["errors"], undone["errors"], undone["refused"]) == ([], [], [])
    # The root alone makes the difference for the one, and its bounds keep it from making any for the other.
    assert (after, last) == (["200", REFUSED], [REFUSED, REFUSED])
