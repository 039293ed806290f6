# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module as a program: its options in, one JSON object out."""

from __future__ import annotations

import json
import socket
import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.mailfleet.client.plugins.modules.mail_tls_probe import main
from tests.support.tls_servers import SMTP, Issued, Loopback, mail_server, server_context


def run(capsys: pytest.CaptureFixture[str], **options: t.Any) -> dict[str, t.Any]:
    with patch_module_args(options), pytest.raises(SystemExit):
        main()
    return t.cast("dict[str, t.Any]", json.loads(capsys.readouterr().out))


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.mark.parametrize("check_mode", [False, True])
def test_success(good: Issued, capsys: pytest.CaptureFixture[str], check_mode: bool) -> None:
    options = {"host": "127.0.0.1", "protocol": "smtp", "security": "implicit", "ca_file": str(good.chain)}
    with Loopback(mail_server(SMTP, server_context(good), implicit=True)) as server:
        result = run(capsys, **options, port=server.port, _ansible_check_mode=check_mode)
    assert (result["changed"], result.get("failed", False), result["error"]) == (False, False, None)
    assert result["address"] is None
    assert "The certificate is not for 127.0.0.1, but for mail.example.test." in result["problems"]


def test_a_refused_connection_fails_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    port = closed_port()
    result = run(capsys, host="127.0.0.1", port=port, protocol="imap", security="implicit")
    assert result["failed"] is True
    assert result["msg"] == f"127.0.0.1 port {port}: the server refused the connection."
    assert (result["msg"], result["error_kind"]) == (result["error"], "refused")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"port": 2525}, "Port 2525 does not tell the protocol; add protocol (smtp, imap, pop3)."),
        ({}, "Without port, both protocol and security are needed."),
        ({"port": 0}, "port: 0 is not a port from 1 to 65535."),
        ({"port": 993, "timeout": 0}, "timeout 0 is not between 0 and 3600 seconds."),
        ({"port": 993, "host": "a b"}, "'a b' is not the name or the address of a host."),
        ({"port": 993, "name": "a\nb"}, "'a\\nb' is not the name or the address of a host."),
    ],
)
def test_options_that_are_none(capsys: pytest.CaptureFixture[str], options: dict[str, t.Any], message: str) -> None:
    result = run(capsys, **{"host": "127.0.0.1", **options})
    assert (result["failed"], result["msg"]) == (True, message)


def test_a_file_of_roots_that_is_none(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "none.pem"
    result = run(capsys, host="127.0.0.1", port=993, ca_file=str(file))
    assert result["failed"] is True
    assert result["msg"].startswith(f"ca_file '{file}' cannot be read: ")
