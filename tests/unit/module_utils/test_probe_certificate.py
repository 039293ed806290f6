# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the probe says of certificates: real ones, of real servers on loopback."""

from __future__ import annotations

import ssl
import typing as t
from pathlib import Path

import pytest

from tests.support.tls_servers import (
    DAY,
    NAME,
    NOW,
    SMTP,
    Authority,
    Issued,
    Loopback,
    mail_server,
    server_context,
)

Ask = t.Callable[..., dict[str, t.Any]]


def test_certificate_of_a_trusted_server(authority: Authority, good: Issued, ask: Ask) -> None:
    with Loopback(mail_server(SMTP, server_context(good, low="TLSv1_2"), implicit=True)) as server:
        found = ask(server.port)["certificate"]
    assert found["names"] == [NAME]
    assert (found["key"], found["key_bits"], found["keys"], found["signature"]) == ("rsa", 2048, ["rsa"], "sha256")
    assert (found["trusted"], found["trust_error"], found["needs_sni"]) == (True, None, False)
    assert found["thumbprints"] == [good.sha1, authority.root.sha1]
    assert found["roots"] == [authority.root.sha1]
    assert found["not_after"] == (NOW + 30 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"end": NOW - DAY, "start": NOW - 9 * DAY}, "expired"),
        ({"start": NOW + DAY}, "not yet valid"),
        ({"names": ("other.example.test",)}, "not valid for"),
        ({"self_signed": True}, "self-signed"),
    ],
)
def test_untrusted(authority: Authority, ask: Ask, options: dict[str, t.Any], words: str) -> None:
    bad = authority.issue("bad", **options)
    with Loopback(mail_server(SMTP, server_context(bad, low="TLSv1_2"), implicit=True)) as server:
        result = ask(server.port)
    assert result["error"] is None
    assert result["certificate"]["trusted"] is False
    assert words in result["certificate"]["trust_error"].replace("self signed", "self-signed").lower()
    assert result["certificate"]["thumbprints"][0] == bad.sha1


def test_trust_is_asked_of_the_named_authority(authority: Authority, good: Issued, ask: Ask, tmp_path: Path) -> None:
    """The same server, seen by someone who trusts another authority of the same name."""
    other = Authority(tmp_path)
    with Loopback(mail_server(SMTP, server_context(good, low="TLSv1_2"), implicit=True)) as server:
        found = ask(server.port, cafile=str(other.root.chain))["certificate"]
    assert found["trusted"] is False


def test_ecdsa_only(ecdsa: Issued, ask: Ask) -> None:
    with Loopback(mail_server(SMTP, server_context(ecdsa, high="TLSv1_2"), implicit=True)) as server:
        result = ask(server.port)
    assert (result["certificate"]["key"], result["certificate"]["keys"]) == ("ecdsa", ["ecdsa"])
    assert all("_ECDSA_" in suite for suite in result["suites"]["accepted"])


def test_two_certificates_show_the_rsa_one(good: Issued, ecdsa: Issued, ask: Ask) -> None:
    """TLS 1.3 prefers the ECDSA one here; XP could not use it, and does not have to."""
    ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
    with Loopback(
        mail_server(SMTP, server_context(good, ecdsa, low="TLSv1_2", ciphers=ciphers), implicit=True)
    ) as server:
        result = ask(server.port)
    assert (result["certificate"]["key"], result["certificate"]["keys"]) == ("rsa", ["ecdsa", "rsa"])
    assert result["certificate"]["thumbprints"][0] == good.sha1
    assert len(result["suites"]["accepted"]) == 2


@pytest.mark.parametrize(("default_names", "needs"), [(("other.example.test",), True), (("*.example.test",), False)])
def test_server_name_indication(
    authority: Authority, good: Issued, ask: Ask, default_names: tuple[str, ...], needs: bool
) -> None:
    context = server_context(authority.issue("default", names=default_names), low="TLSv1_2")
    named = server_context(good, low="TLSv1_2")

    def choose(tls: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        if name == NAME:
            tls.context = named

    context.sni_callback = choose  # type: ignore[assignment]
    with Loopback(mail_server(SMTP, context, implicit=True)) as server:
        found = ask(server.port)["certificate"]
    assert (found["names"], found["needs_sni"], found["trusted"]) == ([NAME], needs, True)


def test_no_certificate_without_a_name(good: Issued, ask: Ask) -> None:
    context = server_context(good, low="TLSv1_2")

    def choose(_tls: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> int | None:
        return None if name == NAME else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    context.sni_callback = choose  # type: ignore[assignment]
    with Loopback(mail_server(SMTP, context, implicit=True)) as server:
        assert ask(server.port)["certificate"]["needs_sni"] is True


def test_address_as_name(authority: Authority, ask: Ask) -> None:
    issued = authority.issue("address", names=("127.0.0.1",))
    with Loopback(mail_server(SMTP, server_context(issued, low="TLSv1_2"), implicit=True)) as server:
        found = ask(server.port, server_name=None)["certificate"]
    assert (found["names"], found["trusted"], found["needs_sni"]) == (["127.0.0.1"], True, False)
