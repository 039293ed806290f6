# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verification by real Ansible: from the controller to real servers, and from Wine's own WinHTTP and SCHANNEL."""

from __future__ import annotations

import hashlib
import json
import socket
import struct
import time
import typing as t
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.e2e.test_hostile_hosts import reg_file
from tests.lab.fleet import Lab
from tests.support.run_ansible import results_of, run
from tests.support.tls_servers import SMTP, Authority, Issued, Loopback, mail_server, server_context

PROTOCOLS = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols"
ROOTS = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\SystemCertificates\Root\Certificates"
Results = dict[str, t.Any]


def imaps(issued: Issued) -> t.Callable[[socket.socket, int], None]:
    """TLS 1.2 only. Greets late: Wine 8 now and then cannot decrypt what comes together with the end of a handshake."""
    context = server_context(issued, low="TLSv1_2", high="TLSv1_2")

    def handle(connection: socket.socket, _number: int) -> None:
        with context.wrap_socket(connection, server_side=True) as tls:
            time.sleep(0.3)
            tls.sendall(b"* OK ready\r\n")
            tls.recv(4096)

    return handle


def https(issued: Issued) -> t.Callable[[socket.socket, int], None]:
    """TLS 1.2 only."""
    context = server_context(issued, low="TLSv1_2", high="TLSv1_2")

    def handle(connection: socket.socket, _number: int) -> None:
        with context.wrap_socket(connection, server_side=True) as tls:
            if tls.recv(4096).startswith(b"GET / "):
                tls.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")

    return handle


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("servers"))


@pytest.fixture(scope="module")
def servers(authority: Authority) -> Iterator[list[dict[str, t.Any]]]:
    """An IMAPS server, one that speaks HTTPS, and one for STARTTLS."""
    issued = authority.issue("localhost", names=("localhost",))
    starttls = mail_server(SMTP, server_context(issued))
    with Loopback(imaps(issued)) as one, Loopback(https(issued)) as two, Loopback(starttls) as three:
        yield [
            {"host": "localhost", "port": one.port, "protocol": "imap", "security": "implicit"},
            {"host": "localhost", "port": two.port, "protocol": "pop3", "security": "implicit"},
            {"host": "localhost", "port": three.port, "protocol": "smtp", "security": "starttls"},
        ]


def verified(lab: Lab, authority: Authority, arguments: Mapping[str, t.Any], *more: str) -> Results:
    """Results by host; the controller trusts the authority of this test."""
    words = ("windows", "-i", str(lab.inventory), "-m", "mailfleet.client.mail_tls_verify")
    trust = {"SSL_CERT_FILE": str(authority.root.chain)}
    done = run("ansible", *words, "-a", json.dumps(dict(arguments)), *more, environment=trust)
    return results_of(done.stdout)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(hosts=[{"name": "xp", "os": "xp-sp3"}, {"name": "ten", "os": "win10-22h2"}]) as running:
        yield running


def test_a_host_without_scripts_is_verified_from_the_controller(
    lab: Lab, authority: Authority, servers: list[dict[str, t.Any]]
) -> None:
    results = verified(lab, authority, {"servers": servers})
    assert set(results) == {"xp", "ten"}
    for name, result in results.items():
        assert (result["changed"], result["verdict"], result["schema"]) == (False, "unknown", "1.0")
        assert result["host"]["usable"] is False
        assert "Windows Script Host access is disabled" in result["host"]["why"]
        assert (len(result["host"]["wrote"]), result["host"]["left_behind"]) == (1, [])
        controllers = [one["controller"] for one in result["targets"]]
        assert [one["version"] for one in controllers] == ["TLS 1.2", "TLS 1.2", "TLS 1.3"]
        assert [one["versions"][-1] for one in controllers] == ["TLS 1.2"] * 3
        assert [one["certificate"]["trusted"] for one in controllers] == [True] * 3
        assert {one["certificate"]["days_left"] for one in controllers} <= {29, 30}
        assert [one["host"]["result"] for one in result["targets"]] == ["no_answer", "no_answer", "not_possible"]
        assert {one["host"]["proves"] for one in result["targets"]} == {"nothing"}
        assert "from the first byte only" in result["targets"][2]["why"]
        folder = result["host"]["wrote"][0]
        assert lab.host(name).run(f"if exist {folder} (echo there)")[1] == ""


def test_from_the_controller_only(lab: Lab, authority: Authority, servers: list[dict[str, t.Any]]) -> None:
    lab.reset()
    result = verified(lab, authority, {"servers": servers, "from": ["controller"]})["ten"]
    assert (result["verdict"], result["reason"], result["host"]["usable"]) == ("ok", "", None)
    assert [one["host"] for one in result["targets"]] == [None] * 3
    assert lab.counters()["ten"]["writes"] == 0


def test_check_mode_writes_nothing_and_says_so(lab: Lab, authority: Authority, servers: list[dict[str, t.Any]]) -> None:
    lab.reset()
    result = verified(lab, authority, {"servers": servers}, "--check")["xp"]
    assert lab.counters()["xp"]["writes"] == 0
    assert "check mode" in result["host"]["why"]
    assert {one["host"]["result"] for one in result["targets"]} == {"not_asked", "not_possible"}
    assert result["verdict"] == "unknown"


def test_an_untrusted_and_an_absent_server(lab: Lab, servers: list[dict[str, t.Any]]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = {"host": "localhost", "port": unused.getsockname()[1], "protocol": "imap", "security": "implicit"}
        words = ("windows", "-i", str(lab.inventory), "-m", "mail_tls_verify", "-a")
        given = {"servers": [servers[0], dead], "from": ["controller"]}
        result = results_of(run("ansible", *words, json.dumps(given)).stdout)["ten"]
    assert [one["result"] for one in result["targets"]] == ["unknown", "fails"]
    assert [one["controller"]["handshake"] for one in result["targets"]] == [True, False]
    assert result["targets"][0]["controller"]["certificate"]["trusted"] is False
    assert result["verdict"] == "failed"
    assert "refused" in result["reason"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [({"timeout": 0}, "timeout"), ({"timeout": 61}, "timeout"), ({"from": []}, "from"), ({"from": ["moon"]}, "moon")],
)
def test_bad_input_is_one_sentence(lab: Lab, authority: Authority, arguments: dict[str, t.Any], word: str) -> None:
    lab.reset()
    result = verified(lab, authority, arguments)["ten"]
    assert "verdict" not in result
    assert word in result["msg"]
    assert "\n" not in result["msg"]
    assert lab.counters()["ten"]["requests"] == 0


def test_nothing_to_verify_is_no_success(lab: Lab, authority: Authority) -> None:
    result = verified(lab, authority, {"policy": "standard"})["ten"]
    assert (result["verdict"], result["targets"], result["host"]["wrote"]) == ("unknown", [], [])
    assert "no server to verify" in result["reason"]


def test_the_playbook(lab: Lab, tmp_path: Path, servers: list[dict[str, t.Any]]) -> None:
    given = {"mailfleet_build": str(tmp_path), "mailfleet_servers": servers, "mailfleet_from": ["controller"]}
    done = run("ansible-playbook", "-i", str(lab.inventory), "playbooks/verify.yml", "-e", json.dumps(given))
    assert done.returncode == 0, done.stdout + done.stderr
    written = {file.stem: json.loads(file.read_text("utf-8")) for file in (tmp_path / "verify").glob("*.json")}
    assert {name: result["verdict"] for name, result in written.items()} == {"xp": "unknown", "ten": "unknown"}
    assert "unknown: localhost:" in done.stdout


def trusting(authority: Authority) -> list[str]:
    """The authority as a root of the host: SHA-1 and DER as properties 3 and 32 of the store's format."""
    der = authority.root.der
    digest = hashlib.sha1(der, usedforsecurity=False).digest()
    blob = b"".join(struct.pack("<III", kind, 1, len(data)) + data for kind, data in ((3, digest), (32, der)))
    return [f"[{ROOTS}\\{authority.root.sha1}]", f'"Blob"=hex:{blob.hex(",")}', ""]


def switched(enabled: int) -> list[str]:
    key = f"[{PROTOCOLS}\\TLS 1.2\\Client]"
    return [key, f'"Enabled"=dword:{enabled:08x}', f'"DisabledByDefault"=dword:{1 - enabled:08x}', ""]


@pytest.mark.wine
@pytest.mark.needs("x86_64-w64-mingw32-gcc")
def test_the_own_schannel_of_a_wine_host(authority: Authority, servers: list[dict[str, t.Any]], tmp_path: Path) -> None:
    fleet = [
        {
            "name": name,
            "os": "win10-1709",
            "kind": "wine",
            "registry": [reg_file(tmp_path, f"{name}.reg", trusting(authority) + switched(enabled))],
        }
        for name, enabled in (("on", 1), ("off", 0))
    ]
    with Lab(hosts=fleet) as lab:
        # One after the other: two Wine hosts at a time are slow on a small machine.
        results = verified(lab, authority, {"servers": servers[:2], "timeout": 5}, "-f", "1")
        refused = {name: lab.host(name).counters.refused for name in results if lab.host(name).counters.refused}
        assert all("host" in result for result in results.values()), results
        left = [lab.host(n).run(f"if exist {r['host']['wrote'][0]} (echo there)")[1] for n, r in results.items()]
    assert refused == {}
    assert [text for text in left if "there" in text] == []
    assert [one["host"]["usable"] for one in results.values()] == [True, True], results
    assert [one["host"]["left_behind"] for one in results.values()] == [[], []]
    on, off = results["on"], results["off"]
    assert [one["host"]["code"] for one in on["targets"]] == ["0x80072F78", "200"]
    assert [one["host"]["proves"] for one in on["targets"]] == ["works", "works"]
    assert (on["verdict"], on["reason"]) == ("ok", "")
    assert [one["host"]["code"] for one in off["targets"]] == ["0x80072F7D", "0x80072F7D"]
    assert [one["host"]["proves"] for one in off["targets"]] == ["fails", "fails"]
    assert [one["controller"]["result"] for one in off["targets"]] == ["works", "works"]
    assert off["verdict"] == "failed"
