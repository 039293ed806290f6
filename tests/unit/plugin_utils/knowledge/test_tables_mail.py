# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of clients and providers, and what the policies are: spelled out by hand."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load

K = load()


@pytest.mark.parametrize(
    ("client", "smtp", "http"),
    [
        ("outlook-2003", "schannel", "winhttp"),
        ("outlook-2010", "schannel", "winhttp"),
        ("outlook-2016", "schannel", "winhttp"),
        ("outlook-express", "schannel", "none"),
        ("windows-live-mail", "schannel", "wininet"),
        ("new-outlook", "webview2", "webview2"),
        ("thunderbird", "nss", "nss"),
        ("oe-classic", "openssl", "openssl"),
        ("schannel", "schannel", "none"),
    ],
)
def test_stacks_of_clients(client: str, smtp: str, http: str) -> None:
    stacks = K.clients[client].stacks
    assert (stacks["smtp"], stacks["imap"], stacks["pop3"], stacks["http"]) == (smtp, smtp, smtp, http)


def test_outlook_express_on_587_is_an_open_question() -> None:
    client = K.clients["outlook-express"]
    assert (client.starttls_ports, client.starttls_unknown_ports) == ((25,), (587,))


@pytest.mark.parametrize(
    ("provider", "protocol", "methods"),
    [
        ("microsoft-365", "imap", {"oauth2"}),
        ("microsoft-365", "smtp", {"oauth2", "password"}),
        ("microsoft-365-legacy", "imap", {"oauth2"}),
        ("outlook-com", "smtp", {"oauth2"}),
        ("gmail", "imap", {"oauth2", "app_password"}),
        ("yahoo", "pop3", {"oauth2", "app_password"}),
        ("icloud", "smtp", {"app_password"}),
        ("gmx", "imap", {"password", "app_password"}),
    ],
)
def test_what_providers_accept(provider: str, protocol: str, methods: set[str]) -> None:
    assert set(K.providers[provider].auth[protocol]) == methods


def test_endpoints_for_old_tls_promise_nothing() -> None:
    """Microsoft switches those of POP3 and IMAP off in 2026, and the rest needs the consent of the tenant."""
    assert K.providers["microsoft-365-legacy"].tls is None


def test_icloud_has_no_pop3() -> None:
    assert set(K.providers["icloud"].auth) == {"smtp", "imap"}


def test_mail_ports() -> None:
    assert {port: (row.protocol, row.security) for port, row in K.ports.items()} == {
        25: ("smtp", "starttls"),
        587: ("smtp", "starttls"),
        465: ("smtp", "implicit"),
        110: ("pop3", "starttls"),
        995: ("pop3", "implicit"),
        143: ("imap", "starttls"),
        993: ("imap", "implicit"),
    }


@pytest.mark.parametrize(
    ("policy", "schannel", "winhttp"),
    [
        ("compat", "off off leave on_where_shipped_off on leave", "leave leave leave leave on leave"),
        ("standard", "off off off off on leave", "off off off off on leave"),
        ("strict", "off off off off on leave", "off off off off on leave"),
    ],
)
def test_policies(policy: str, schannel: str, winhttp: str) -> None:
    row = K.policies[policy]
    assert " ".join(row.schannel.values()) == schannel
    assert " ".join(row.winhttp.values()) == winhttp
    assert row.wininet == row.winhttp


def test_an_explicit_off_is_kept_but_for_tls_12() -> None:
    assert set(K.policies["compat"].keep_explicit_off) == {"SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.3"}


def test_only_strict_asks_for_modern_suites() -> None:
    assert {name: row.suites for name, row in K.policies.items()} == {
        "compat": "leave",
        "standard": "leave",
        "strict": "modern",
    }
    assert all("_GCM_" in name or "CHACHA20" in name for name in K.policies["strict"].modern_suites)


def test_the_catalogue_of_checks() -> None:
    assert set(K.checks) == {
        "os.recognised",
        "os.service_pack",
        "tls.ssl20",
        "tls.ssl30",
        "tls.tls10",
        "tls.tls11",
        "tls.tls12",
        "tls.tls13",
        "tls.value_types",
        "tls.unsupported_keys",
        "tls.suites",
        "tls.fips",
        "winhttp.mask",
        "winhttp.stray_value",
        "wininet.mask",
        "dotnet.strong_crypto",
        "updates.needed",
        "firewall.default_outbound",
        "firewall.rules.local",
        "firewall.rules.policy",
        "firewall.local_merge",
        "firewall.outbound",
        "proxy.winhttp",
        "proxy.wininet",
        "proxy.consistent",
        "accounts.read",
        "accounts.security_port",
        "accounts.cleartext",
        "accounts.auth",
        "trust.roots",
        "trust.disallowed",
        "trust.auto_update",
        "clock.source",
        "reboot.pending",
    }
