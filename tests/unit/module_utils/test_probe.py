# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe against real servers on loopback, one kind of server per test."""

from __future__ import annotations

import socket
import ssl
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.module_utils import probe_attempts
from ansible_collections.mailfleet.client.plugins.module_utils.probe import probe, probe_many
from tests.support import tls_servers
from tests.support.tls_servers import (
    DAY,
    IMAP,
    NAME,
    NOW,
    SMTP,
    WORDS,
    Authority,
    Issued,
    Loopback,
    Words,
    mail_server,
    s_server,
    server_context,
)

VERSIONS = ("TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3")
PYTHON = ("TLSv1", "TLSv1_1", "TLSv1_2", "TLSv1_3")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("probe"))


@pytest.fixture(scope="module")
def good(authority: Authority) -> Issued:
    return authority.issue("good")


@pytest.fixture(scope="module")
def ecdsa(authority: Authority) -> Issued:
    return authority.issue("ecdsa", ecdsa=True)


@pytest.fixture(scope="module")
def ask(authority: Authority) -> t.Callable[..., dict[str, t.Any]]:
    """``probe`` on loopback, trusting the tests' own authority, for the name that its certificates have."""

    def run(port: int, protocol: str = "smtp", security: str = "implicit", **more: t.Any) -> dict[str, t.Any]:
        settings = {"timeout": 2.0, "server_name": NAME, "cafile": str(authority.root.chain), **more}
        return probe("127.0.0.1", port, protocol, security, **settings)

    return run


Ask = t.Callable[..., dict[str, t.Any]]


def _states(result: dict[str, t.Any]) -> dict[str, str]:
    return {version: state["state"] for version, state in result["versions"].items()}


def _expected(*accepted: str) -> dict[str, str]:
    """What the local OpenSSL cannot offer is undetermined, all else is accepted or refused."""
    states = {version: "accepted" if version in accepted else "refused" for version in VERSIONS}
    return {"SSL 2.0": "undetermined", "SSL 3.0": "undetermined", **states}


@pytest.mark.parametrize(("low", "high"), [(low, high) for low in range(4) for high in range(low, 4)])
def test_every_range_of_versions(good: Issued, ask: Ask, low: int, high: int) -> None:
    context = server_context(good, low=PYTHON[low], high=PYTHON[high], ciphers="AES128-SHA:AES128-GCM-SHA256")
    with Loopback(mail_server(SMTP, context, implicit=True)) as server:
        result = ask(server.port)
    assert result["error"] is None
    assert _states(result) == _expected(*VERSIONS[low : high + 1])


@pytest.mark.parametrize("protocol", sorted(WORDS))
def test_starttls(good: Issued, ask: Ask, protocol: str) -> None:
    with Loopback(mail_server(WORDS[protocol], server_context(good, low="TLSv1_2"))) as server:
        result = ask(server.port, protocol, "starttls")
    assert (result["error"], result["starttls"], result["injected"]) == (None, True, False)
    assert _states(result) == _expected("TLS 1.2", "TLS 1.3")
    expected = {
        "smtp": ["PLAIN", "LOGIN", "XOAUTH2"],  # the last word had bytes that no mechanism has
        "imap": ["PLAIN", "XOAUTH2", "LOGIN"],
        "pop3": ["PLAIN", "LOGIN", "USER"],
    }
    assert result["auth_advertised"] == expected[protocol]


@pytest.mark.parametrize("protocol", sorted(WORDS))
def test_implicit_asks_for_auth_inside_tls(good: Issued, ask: Ask, protocol: str) -> None:
    with Loopback(mail_server(WORDS[protocol], server_context(good, low="TLSv1_3"), implicit=True)) as server:
        result = ask(server.port, protocol)
    assert result["auth_advertised"][0] == "PLAIN"
    assert result["starttls"] is None


def test_plain_server(ask: Ask) -> None:
    with Loopback(mail_server(IMAP, None)) as server:
        result = ask(server.port, "imap", "none")
    assert (result["error"], result["starttls"], result["auth_advertised"]) == (None, True, [])
    assert (result["suites"], result["accepts"], result["handshakes"]) == (None, None, 0)


# -- suites -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ciphers", "expected"),
    [
        ("ECDHE-RSA-AES128-GCM-SHA256", {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"}),
        ("AES128-SHA", {"TLS_RSA_WITH_AES_128_CBC_SHA"}),
        (
            "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305:AES256-SHA256:ECDHE-RSA-AES128-SHA",
            {
                "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                "TLS_RSA_WITH_AES_256_CBC_SHA256",
                "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
            },
        ),
        ("CAMELLIA128-SHA", set()),  # no suite that a SCHANNEL client has, but the version is accepted
    ],
)
def test_suites(good: Issued, ask: Ask, ciphers: str, expected: set[str]) -> None:
    context = server_context(good, low="TLSv1_2", high="TLSv1_2", ciphers=ciphers)
    with Loopback(mail_server(SMTP, context, implicit=True)) as server:
        result = ask(server.port)
    assert _states(result) == _expected("TLS 1.2")
    assert set(result["suites"]["accepted"]) == expected
    never = {"TLS_RSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"}
    offerable = probe_attempts.tls_offer.offerable()
    assert never - offerable <= set(result["suites"]["undetermined"])
    assert set(result["suites"]["undetermined"]).isdisjoint(offerable)
    assert set(result["suites"]["refused"]) == offerable - expected


def test_suites_of_tls10(good: Issued, ask: Ask) -> None:
    context = server_context(good, high="TLSv1", ciphers="AES128-SHA:ECDHE-RSA-AES256-SHA")
    with Loopback(mail_server(SMTP, context, implicit=True)) as server:
        result = ask(server.port)
    assert result["suites"]["accepted"] == ["TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"]
    assert "TLS_RSA_WITH_AES_128_GCM_SHA256" in result["suites"]["refused"]  # TLS 1.2 is refused, and only it has that


def test_tls13_only_has_no_older_suites(good: Issued, ask: Ask) -> None:
    with Loopback(mail_server(SMTP, server_context(good, low="TLSv1_3"), implicit=True)) as server:
        result = ask(server.port)
    assert result["suites"]["accepted"] == []
    assert set(result["suites"]["refused"]) == probe_attempts.tls_offer.offerable()
    assert result["certificate"]["trusted"] is True


def test_number_of_handshakes_is_bounded(good: Issued, ecdsa: Issued, ask: Ask) -> None:
    """A server that takes everything with two certificates: the certificate and every version are looked at first."""
    with Loopback(mail_server(SMTP, server_context(good, ecdsa, ciphers="ALL"), implicit=True)) as server:
        result = ask(server.port)
        assert server.connections == result["handshakes"] <= probe_attempts.MAX_HANDSHAKES
    assert _states(result) == _expected(*VERSIONS)
    assert result["certificate"]["trusted"] is True
    assert set(result["suites"]["accepted"]).isdisjoint(result["suites"]["refused"] + result["suites"]["undetermined"])


# -- certificate ------------------------------------------------------------------------------------------------------


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


# -- OpenSSL's own server ---------------------------------------------------------------------------------------------


@pytest.mark.needs("openssl")
@pytest.mark.parametrize(
    ("options", "versions", "suites"),
    [
        (
            ["-tls1", "-cipher", "AES256-SHA:@SECLEVEL=0"],
            ["TLS 1.0"],
            ["TLS_RSA_WITH_AES_256_CBC_SHA"],
        ),
        (
            ["-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384"],
            ["TLS 1.2"],
            ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
        ),
        (["-tls1_3"], ["TLS 1.3"], []),
        (
            # Accepts every version, but has no suite that TLS 1.1 and older could use: handshake_failure.
            ["-cipher", "ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"],
            ["TLS 1.2", "TLS 1.3"],
            ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
        ),
    ],
)
def test_s_server(good: Issued, ask: Ask, options: list[str], versions: list[str], suites: list[str]) -> None:
    with s_server(good, *options) as port:
        result = ask(port, timeout=10)
    assert result["error"] is None
    assert _states(result) == _expected(*versions)
    assert result["suites"]["accepted"] == suites
    assert result["auth_advertised"] == ["PLAIN"]


# -- faults -----------------------------------------------------------------------------------------------------------


def _hang(_connection: socket.socket, _number: int) -> None:
    time.sleep(5)


def _drip(connection: socket.socket, _number: int) -> None:
    for _ in range(50):
        connection.sendall(b"2")
        time.sleep(0.1)


def _drip_tls(connection: socket.socket, _number: int) -> None:
    connection.sendall(b"\x16\x03\x03\x40\x00")
    _drip(connection, _number)


def _shut(connection: socket.socket, _number: int) -> None:
    connection.recv(10)


def _leave(_connection: socket.socket, _number: int) -> None:
    pass


def _flood(connection: socket.socket, _number: int) -> None:
    while True:
        connection.sendall(b"220-" + b"x" * 65536)


def _flood_tls(connection: socket.socket, _number: int) -> None:
    connection.recv(2000)
    while True:
        connection.sendall(b"\x16\x03\x03\x40\x00\x0b\x00\xff\xff" + b"\0" * (0x4000 - 4))


def _alert(number: int) -> tls_servers.Handler:
    def handle(connection: socket.socket, _number: int) -> None:
        connection.recv(2000)
        connection.sendall(bytes([21, 3, 1, 0, 2, 2, number]))

    return handle


@pytest.mark.parametrize(
    ("handler", "security", "kind"),
    [
        (_hang, "implicit", "timeout"),
        (_hang, "starttls", "timeout"),
        (_drip, "starttls", "timeout"),
        (_drip_tls, "implicit", "timeout"),
        (_shut, "implicit", "closed"),
        (_leave, "starttls", "closed"),
        (_flood, "starttls", "too_much"),
        (mail_server(SMTP, None), "implicit", "not_tls"),
        (_alert(80), "implicit", "alert"),
    ],
)
def test_faults(ask: Ask, handler: tls_servers.Handler, security: str, kind: str) -> None:
    with Loopback(handler) as server:
        result = ask(server.port, security=security, timeout=0.3)
    assert result["error_kind"] == kind
    assert result["error"].startswith("the server ")
    assert set(_states(result).values()) == {"undetermined"}
    assert result["seconds"] < 2.5
    assert result["accepts"] is None


def test_nothing_but_suites_that_cannot_be_offered(ask: Ask) -> None:
    """Server 2003 has RC4 and 3DES only and answers handshake_failure: nobody may call that a refusal of TLS 1.0."""
    with Loopback(_alert(40)) as server:
        result = ask(server.port)
    states = _states(result)
    assert {states.pop("TLS 1.3"), *states.values()} == {"refused", "undetermined"}
    assert set(states.values()) == {"undetermined"}
    assert "could not be offered" in result["versions"]["TLS 1.0"]["why"]
    assert result["suites"]["accepted"] == result["suites"]["refused"] == []


def test_every_version_refused(ask: Ask) -> None:
    with Loopback(_alert(70)) as server:
        result = ask(server.port)
    assert result["error"] is None
    assert _states(result) == _expected()
    assert result["certificate"] is None
    assert result["accepts"]["tls"] == []


def _offers_old(connection: socket.socket) -> bool:
    """True for a ClientHello of TLS 1.1 or older: the version stands after two headers of 5 and 4 bytes."""
    return connection.recv(11, socket.MSG_PEEK | socket.MSG_WAITALL)[9:] < b"\x03\x03"


def test_closing_on_old_versions_is_a_refusal(good: Issued, ask: Ask) -> None:
    serve = mail_server(SMTP, server_context(good, ciphers="AES128-SHA"), implicit=True)

    def handle(connection: socket.socket, number: int) -> None:
        if not _offers_old(connection):
            serve(connection, number)

    with Loopback(handle) as server:
        result = ask(server.port)
    assert _states(result) == _expected("TLS 1.2", "TLS 1.3")


def test_closing_on_everything_later_is_no_refusal(good: Issued, ask: Ask) -> None:
    """Whoever limits connections closes them too: two went well, then none does."""
    serve = mail_server(SMTP, server_context(good), implicit=True)

    def handle(connection: socket.socket, number: int) -> None:
        if number < 2:
            serve(connection, number)

    with Loopback(handle) as server:
        result = ask(server.port)
    states = _states(result)
    assert (states["TLS 1.2"], states["TLS 1.3"]) == ("accepted", "accepted")
    assert (states["TLS 1.0"], states["TLS 1.1"]) == ("undetermined", "undetermined")
    assert result["suites"]["refused"] == []
    assert result["certificate"]["trusted"] is None


def test_server_that_goes_away(good: Issued, ask: Ask) -> None:
    serve = mail_server(SMTP, server_context(good), implicit=True)
    servers: list[Loopback] = []

    def handle(connection: socket.socket, number: int) -> None:
        if number == 1:
            servers[0].stop_listening()
        serve(connection, number)

    with Loopback(handle) as server:
        servers.append(server)
        result = ask(server.port)
    states = _states(result)
    assert states["TLS 1.2"] == "accepted"
    assert states["TLS 1.0"] == "undetermined"
    assert "refused" not in states.values()
    assert result["suites"]["refused"] == []


@pytest.mark.parametrize(
    ("words", "kind", "starttls"),
    [
        (Words(SMTP.greeting, {b"EHLO": b"250 x\r\n"}, {}, b""), "starttls_missing", False),
        (Words(SMTP.greeting, SMTP.before, {}, b"502 no\r\n"), "starttls_refused", False),
        (Words(SMTP.greeting, SMTP.before, {}, b"454 not now\r\n"), "starttls_unavailable", None),
        (Words(b"554 go away\r\n", {}, {}, b""), "greeting", None),
        (Words(b"SSH-2.0-OpenSSH_9.2\r\n", {}, {}, b""), "protocol", None),
        (Words(SMTP.greeting, {}, {}, b""), "starttls_missing", False),
        (Words(SMTP.greeting, {b"EHLO": b"421 too many\r\n"}, {}, b""), "greeting", None),
        (Words(SMTP.greeting, {b"EHLO": b"250-x\r\n"}, {}, b""), "timeout", None),
    ],
)
def test_starttls_faults(ask: Ask, words: Words, kind: str, starttls: bool | None) -> None:
    with Loopback(mail_server(words, None)) as server:
        result = ask(server.port, security="starttls", timeout=0.3)
        assert server.connections == 1
    assert (result["error_kind"], result["starttls"]) == (kind, starttls)
    assert set(_states(result).values()) == {"undetermined"}


@pytest.mark.parametrize("protocol", sorted(WORDS))
def test_closed_after_starttls(ask: Ask, protocol: str) -> None:
    words = WORDS[protocol]
    with Loopback(mail_server(words, None)) as server:
        result = ask(server.port, protocol, "starttls")
    assert (result["error_kind"], result["starttls"], result["injected"]) == ("closed", True, False)


@pytest.mark.parametrize("protocol", sorted(WORDS))
def test_text_injected_after_starttls_is_thrown_away(good: Issued, ask: Ask, protocol: str) -> None:
    """What was sent in clear must not count as the answer to what is asked inside TLS."""
    words = WORDS[protocol]
    evil = {"smtp": b"250 AUTH EVIL\r\n", "imap": b"* CAPABILITY AUTH=EVIL\r\n", "pop3": b"+OK\r\nSASL EVIL\r\n.\r\n"}
    injected = Words(words.greeting, words.before, words.after, words.starttls + evil[protocol])
    with Loopback(mail_server(injected, server_context(good, low="TLSv1_2"))) as server:
        result = ask(server.port, protocol, "starttls")
    assert (result["error"], result["injected"]) == (None, True)
    assert result["auth_advertised"]
    assert "EVIL" not in result["auth_advertised"]


def test_text_injected_a_moment_later(ask: Ask) -> None:
    def handle(connection: socket.socket, number: int) -> None:
        mail_server(SMTP, None)(connection, number)
        time.sleep(0.05)
        connection.sendall(b"250 AUTH EVIL\r\n")

    with Loopback(handle) as server:
        result = ask(server.port, security="starttls")
    assert (result["error_kind"], result["injected"]) == ("not_tls", True)


def test_endless_handshake_is_bounded(ask: Ask) -> None:
    with Loopback(_flood_tls) as server:
        result = ask(server.port, timeout=2.0)
    assert result["error_kind"] in ("local", "too_much")
    assert set(_states(result).values()) == {"undetermined"}


def test_refused_connection(ask: Ask) -> None:
    with Loopback(_shut) as server:
        port = server.port
    result = ask(port)
    assert (result["error_kind"], result["handshakes"]) == ("refused", 0)


@pytest.mark.parametrize("slow", [False, True])
def test_name_that_does_not_resolve(ask: Ask, monkeypatch: pytest.MonkeyPatch, slow: bool) -> None:
    def getaddrinfo(*_arguments: object, **_options: object) -> t.NoReturn:
        time.sleep(2 if slow else 0)
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    result = ask(25, timeout=0.2)
    assert result["error_kind"] == "dns"
    assert result["seconds"] < 1


# -- several, and arguments -------------------------------------------------------------------------------------------


def test_many_at_once(good: Issued) -> None:
    with Loopback(_hang) as slow, Loopback(mail_server(SMTP, server_context(good), implicit=True)) as fast:
        requests = [
            {"host": "127.0.0.1", "port": port, "protocol": protocol, "security": "implicit", "timeout": timeout}
            for port, protocol, timeout in (
                (slow.port, "smtp", 0.4),
                (fast.port, "smtp", 10),
                (slow.port, "imap", 0.4),
                (slow.port, "smtp", 0.4),
            )
        ]
        started = time.monotonic()
        results = probe_many(requests)
        took = time.monotonic() - started
        assert slow.connections == 4  # two distinct ones, each given up after two timeouts
    assert [r["port"] for r in results] == [slow.port, fast.port, slow.port, slow.port]
    assert [r["error_kind"] for r in results] == ["timeout", None, "timeout", "timeout"]
    assert took < 1.6
    assert probe_many([]) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"protocol": "http"}, "protocol 'http'"),
        ({"security": "auto"}, "security 'auto'"),
        ({"port": 0}, "port 0"),
        ({"port": 70000}, "port 70000"),
        ({"timeout": 0}, "timeout 0"),
        ({"host": ""}, "host"),
        ({"host": "a b"}, "'a b'"),
        ({"host": "a\r\nQUIT"}, "'a\\\\r\\\\nQUIT'"),
        ({"server_name": "x" * 300}, "xxx"),
        ({"cafile": "/nonexistent/ca.pem"}, "cafile"),
    ],
)
def test_bad_arguments(changes: dict[str, t.Any], words: str) -> None:
    arguments = {"host": "127.0.0.1", "port": 25, "protocol": "smtp", "security": "implicit", **changes}
    with pytest.raises(ValueError, match=words):
        probe(**arguments)


def test_names_travel_as_idna(good: Issued, ask: Ask) -> None:
    seen: list[str | None] = []
    context = server_context(good, low="TLSv1_2")
    context.sni_callback = lambda _tls, name, _context: seen.append(name)  # type: ignore[assignment]
    with Loopback(mail_server(SMTP, context, implicit=True)) as server:
        result = ask(server.port, server_name="M\u00fcnchen.example.test.")
    assert set(seen) == {"xn--mnchen-3ya.example.test", None}
    assert result["certificate"]["trusted"] is False
