# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From entries with ``probe: true`` to what the audit takes: with a prober that is told, and with real servers."""

from __future__ import annotations

import json
import shutil
import typing as t
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.module_utils.probe import probe
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Protocol, Server, Source
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.server_options import parse_servers
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.servers import (
    OnceProber,
    acceptance,
    resolve,
    resolve_options,
)
from tests.support.tls_servers import SMTP, Authority, Issued, Loopback, Words, mail_server, server_context


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Issued:
    return Authority(tmp_path_factory.mktemp("servers")).issue("good")


def _servers(port: int, **more: t.Any) -> tuple[Server, ...]:
    return parse_servers([{"host": "127.0.0.1", "port": port, "protocol": "smtp", "security": "starttls", **more}])


def _result(**changes: t.Any) -> dict[str, t.Any]:
    """A result of ``probe`` in which nothing was learnt."""
    empty = {"versions": {}, "suites": None, "starttls": None, "certificate": None, "auth_advertised": None}
    return {**empty, "error": "the server did not answer in time", **changes}


class Told:
    """A prober that says what it was told, and remembers whom it was asked about."""

    def __init__(self, **changes: t.Any) -> None:
        self._result = _result(**changes)
        self.asked: list[int] = []

    def __call__(self, servers: Sequence[Server]) -> list[Mapping[str, t.Any]]:
        self.asked += [server.port for server in servers]
        return [self._result for _unused in servers]


def test_only_those_that_want_it() -> None:
    servers = (
        _servers(25) + _servers(26, probe=True) + _servers(27, accepts={"tls": ["1.2"]}) + _servers(28, probe=True)
    )
    told = Told()
    resolved = resolve(servers, told)
    assert told.asked == [26, 28]
    assert [server.port for server in resolved] == [25, 26, 27, 28]
    assert (resolved[0], resolved[2]) == (servers[0], servers[2])
    assert [server.accepts.error if server.accepts else None for server in (resolved[1], resolved[3])] == [
        "the server did not answer in time"
    ] * 2


def test_nobody_is_asked_without_need() -> None:
    told = Told()
    assert resolve((), told) == ()
    assert resolve(_servers(25), told) == _servers(25)
    assert told.asked == []


@pytest.mark.parametrize(
    ("advertised", "said", "auth"),
    [
        (["XOAUTH2", "OAUTHBEARER"], None, ("oauth2",)),
        (["PLAIN", "XOAUTH2"], None, None),  # advertised, perhaps refused: nobody can tell
        (["XOAUTH2"], ["password"], ("password",)),  # the operator knows better
        ([], None, None),
        (None, None, None),
    ],
)
def test_ways_to_sign_in(advertised: list[str] | None, said: list[str] | None, auth: tuple[str, ...] | None) -> None:
    servers = _servers(25, probe=True, **({"auth": said} if said else {}))
    (server,) = resolve(servers, Told(auth_advertised=advertised))
    assert server.auth == auth


def test_options() -> None:
    options = AuditOptions(policy="strict", servers=_servers(25, probe=True))
    resolved = resolve_options(options, Told())
    assert resolved.policy == "strict"
    assert resolved.servers[0].accepts is not None


def test_a_real_server_is_asked_once(issued: Issued) -> None:
    context = server_context(issued, low="TLSv1_2", ciphers="AES128-SHA")
    prober = OnceProber(timeout=5)
    with Loopback(mail_server(SMTP, context)) as server:
        (first,) = resolve(_servers(server.port, probe=True), prober)
        asked = server.connections
        assert resolve(_servers(server.port, probe=True), prober) == (first,)
        assert server.connections == asked > 0
    accepts = first.accepts
    assert accepts is not None
    assert (accepts.source, accepts.error, accepts.starttls) == (Source.PROBE, None, True)
    assert accepts.tls == {Protocol.TLS12, Protocol.TLS13}
    assert accepts.refused == {Protocol.TLS10, Protocol.TLS11}
    assert accepts.suites == ("TLS_RSA_WITH_AES_128_CBC_SHA",)
    assert "TLS_RSA_WITH_RC4_128_SHA" in accepts.undetermined_suites
    assert accepts.certificate is not None
    assert (accepts.certificate.key, accepts.certificate.trusted) == ("rsa", False)
    assert accepts.certificate.thumbprints[0] == issued.sha1


def test_the_prober_of_the_process_keeps_what_it_learnt(issued: Issued) -> None:
    with Loopback(mail_server(SMTP, server_context(issued))) as server:
        (first,) = resolve(_servers(server.port, probe=True), timeout=7.5)
    assert resolve(_servers(server.port, probe=True), timeout=7.5) == (first,)  # the server is gone by now


@pytest.mark.parametrize(
    "words", [SMTP, Words(SMTP.greeting, SMTP.before, SMTP.after, b"502 no\r\n")], ids=["works", "refuses"]
)
def test_handing_on_is_the_same_as_probing(issued: Issued, words: Words) -> None:
    """The ``accepts`` that a probe returns gives the audit what ``probe: true`` gives it."""
    context = server_context(issued, low="TLSv1_1", high="TLSv1_2", ciphers="AES128-SHA:AES256-SHA")
    with Loopback(mail_server(words, context)) as server:
        result = probe("127.0.0.1", server.port, "smtp", "starttls", 5.0)
    if result["error"] is not None:
        assert result["accepts"] is None
        assert acceptance(result).error == result["error"]
        return
    (handed,) = _servers(server.port, accepts=result["accepts"])
    assert handed.accepts == acceptance(result)


# -- reports of sslyze ------------------------------------------------------------------------------------------------

REPORT = Path(__file__).parents[1] / "read" / "data" / "sslyze-6.3.1.json"
IMAPS = {"host": "imap.example.test", "port": 993}


def test_a_report_of_sslyze(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path counts from where Ansible is run; nobody is asked for such an entry."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(REPORT, tmp_path / "report.json")
    told = Told()
    one, two = resolve(parse_servers([{**IMAPS, "sslyze": "report.json"}, {**IMAPS, "port": 143}]), told)
    assert one.accepts is not None
    assert (one.accepts.tls, two.accepts, told.asked) == ({Protocol.TLS12, Protocol.TLS13}, None, [])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"\xff", "is no JSON"),
        (b"{", "is no JSON"),
        (b"[" * 200_000, "is no JSON"),
        (b"[]", "it is no report that sslyze wrote"),
        (
            json.dumps({"server_scan_results": []}).encode(),
            "does not have 'imap.example.test' port 993, it has no server",
        ),
    ],
)
def test_a_report_that_cannot_be_used(tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / "report.json"
    if content is not None:
        file.write_bytes(content)
    servers = parse_servers([{**IMAPS, "port": 143}, {**IMAPS, "sslyze": str(file)}])
    with pytest.raises(OptionError) as caught:
        resolve(servers)
    said = str(caught.value)
    assert said.startswith("servers[1].sslyze: ")
    assert words in said
