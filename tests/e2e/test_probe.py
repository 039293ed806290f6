# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe as a module of real Ansible, and what the audit makes of it: the same as of ``probe: true``."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.lab.fleet import Lab
from tests.support.run_ansible import ad_hoc, results_of, run
from tests.support.tls_servers import IMAP, SMTP, Authority, Issued, Loopback, mail_server, server_context

MODULE = "mailfleet.client.mail_tls_probe"
AUDIT = "mailfleet.client.mail_tls_audit"
REPORT = Path(__file__).parents[1] / "unit" / "plugin_utils" / "read" / "data" / "sslyze-6.3.1.json"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(hosts=[{"name": "seven", "os": "win7-sp1"}, {"name": "ten", "os": "win10-22h2"}]) as running:
        yield running


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Issued:
    return Authority(tmp_path_factory.mktemp("probe")).issue("good", names=("127.0.0.1",))


def probed(*more: str, **options: t.Any) -> dict[str, t.Any]:
    """``ansible localhost -c local -m mail_tls_probe``."""
    done = run("ansible", "localhost", "-c", "local", "-m", MODULE, "-a", json.dumps(options), *more)
    assert "Traceback" not in done.stdout + done.stderr
    return t.cast("dict[str, t.Any]", results_of(done.stdout)["localhost"])


def audited(lab: Lab, server: dict[str, t.Any]) -> dict[str, t.Any]:
    return ad_hoc(lab.inventory, AUDIT, {"servers": [server]})


@pytest.mark.parametrize("versions", [("TLSv1_2", "TLSv1_2"), ("TLSv1_3", "TLSv1_3"), ("TLSv1", "TLSv1_1")])
def test_the_audit_takes_what_the_probe_returns(lab: Lab, issued: Issued, versions: tuple[str, str]) -> None:
    context = server_context(issued, low=versions[0], high=versions[1])
    with Loopback(mail_server(IMAP, context)) as server:
        at = {"host": "127.0.0.1", "port": server.port, "protocol": "imap", "security": "starttls"}
        result = probed(**at)
        asked_directly = audited(lab, {**at, "probe": True})
    assert (result["changed"], result["error"]) == (False, None)
    told = audited(lab, result["server"])
    assert told["seven"]["routes"]
    assert told == asked_directly


def test_suites_and_roots_are_judged_for_each_host(lab: Lab, issued: Issued) -> None:
    """No host knows the root of the tests' own authority; that aside, Windows 7 has none of the server's suites."""
    context = server_context(issued, low="TLSv1_2", high="TLSv1_2", ciphers="ECDHE-RSA-AES128-GCM-SHA256")
    with Loopback(mail_server(SMTP, context, implicit=True)) as server:
        result = probed(host="127.0.0.1", port=server.port, protocol="smtp", security="implicit")
    with_root = audited(lab, result["server"])
    assert all("the root is not a public one" in one["routes"][0]["why"] for one in with_root.values())
    accepts = {name: known for name, known in result["accepts"].items() if name != "certificate"}
    aside = audited(lab, {**result["server"], "accepts": accepts})
    assert aside["ten"]["routes"][0]["now"] == "works"
    assert aside["seven"]["routes"][0]["after"] != "works"


def test_nothing_learnt_is_a_failure_in_one_sentence(issued: Issued) -> None:
    with Loopback(lambda _connection, _number: None) as server:
        port = server.port
    result = probed(host="127.0.0.1", port=port, protocol="pop3", security="implicit")
    assert result["failed"] is True
    assert result["msg"] == f"127.0.0.1 port {port}: the server refused the connection."
    assert result["server"] is None


def test_check_mode_asks_all_the_same(issued: Issued) -> None:
    with Loopback(mail_server(IMAP, server_context(issued), implicit=True)) as server:
        result = probed("--check", host="127.0.0.1", port=server.port, protocol="imap", security="implicit", full=False)
    assert (result["changed"], result["accepts"]["tls"]) == (False, ["1.0", "1.1", "1.2", "1.3"])


def test_once_for_a_fleet(lab: Lab, issued: Issued, tmp_path: Path) -> None:
    """The playbook of the documentation: a server is asked once, from the controller, however many hosts there are."""
    with Loopback(mail_server(IMAP, server_context(issued, low="TLSv1_2"), implicit=True)) as server:
        door = {"host": "127.0.0.1", "port": server.port, "protocol": "imap", "security": "implicit"}
        book = tmp_path / "fleet.yml"
        book.write_text(yaml.safe_dump([_play([door], tmp_path)]), "utf-8")
        done = run("ansible-playbook", "-i", str(lab.inventory), str(book))
        handshakes = server.connections
    assert done.returncode == 0, done.stdout
    assert handshakes <= 25
    written = {file.stem: json.loads(file.read_text("utf-8")) for file in tmp_path.glob("*.json")}
    assert sorted(written) == ["seven", "ten"]
    assert {route["port"] for result in written.values() for route in result["routes"]} == {server.port}


def _play(doors: list[dict[str, t.Any]], folder: Path) -> dict[str, t.Any]:
    local = {"delegate_to": "localhost"}
    return {
        "hosts": "windows",
        "gather_facts": False,
        "tasks": [
            {
                MODULE: {name: "{{ item." + name + " }}" for name in ("host", "port", "protocol", "security")},
                "loop": doors,
                "run_once": True,
                "register": "probed",
                **local,
            },
            {AUDIT: {"servers": "{{ probed.results | map(attribute='server') }}"}, "register": "audit"},
            {
                "ansible.builtin.copy": {
                    "content": "{{ audit | to_json }}",
                    "dest": str(folder) + "/{{ inventory_hostname }}.json",
                },
                **local,
            },
        ],
    }


def test_a_report_of_sslyze(lab: Lab) -> None:
    told = audited(lab, {"host": "smtp.example.test", "port": 587, "sslyze": str(REPORT)})
    route = told["ten"]["routes"][0]
    assert (route["server"], route["port"]) == ("smtp.example.test", 587)
    assert "the certificate is not for smtp.example.test" in route["why"]
    gone = audited(lab, {"host": "gone.example.test", "port": 993, "sslyze": str(REPORT)})
    assert gone["seven"]["failed"] is True
    assert gone["seven"]["msg"].startswith("servers[0].sslyze: sslyze learnt nothing of 'gone.example.test' port 993")


def test_its_documentation() -> None:
    shown = run("ansible-doc", MODULE)
    assert shown.returncode == 0, shown.stderr
    for word in ("ca_file", "EXAMPLES", "problems", "days_left"):
        assert word in shown.stdout
