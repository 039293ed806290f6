# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account of Windows Live Mail over the wire: audited, sent to a relay, put back; and no password anywhere."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from tests.e2e.test_fix import FIX, ROLLBACK, call
from tests.lab.fleet import Lab
from tests.lab.host import SimulatedHost
from tests.support.live_mail import FILE, PASSWORD, account, put, registry
from tests.support.run_ansible import results_of, run

AUDIT = "mailfleet.client.mail_tls_audit"
RELAY = [
    {"server": "pop.example.com", "port": 995, "protocol": "pop3", "host": "10.0.7.2", "listen_port": 1110},
    {"server": "smtp.example.com", "port": 465, "protocol": "smtp", "host": "10.0.7.2", "listen_port": 1025},
]
OPTIONS: dict[str, t.Any] = {
    "relay": [{**one, "security": "none"} for one in RELAY],
    "consent": ["cleartext_leg"],
    "only": ["accounts"],
}


def backend(lab: Lab, name: str = "pc") -> SimulatedHost:
    found = lab.host(name).backend
    assert isinstance(found, SimulatedHost)
    return found


def held(lab: Lab) -> bytes:
    return bytes(backend(lab).files.read(FILE))


def audited(lab: Lab) -> dict[str, t.Any]:
    return results_of(run("ansible", "windows", "-i", str(lab.inventory), "-m", AUDIT).stdout)["pc"]


@pytest.mark.parametrize("connection", ["mailfleet.client.winrs", "winrm"])
def test_there_and_back(tmp_path: Path, connection: str) -> None:
    host = {"name": "pc", "os": "win7-sp1", "registry": [tmp_path / registry(tmp_path)], "connection": connection}
    journals = tmp_path / "journals"
    with Lab(hosts=[host]) as lab:
        put(backend(lab).files, account())
        before, export = held(lab), lab.host("pc").export()
        audit = audited(lab)
        routes = [(one["client"], one["server"], one["port"]) for one in audit["routes"]]
        assert {("windows-live-mail", "pop.example.com", 995), ("windows-live-mail", "smtp.example.com", 465)} <= {
            *routes
        }
        assert audit["unread"] == []
        checked = call(lab, FIX, journals, "--check", "--diff", **OPTIONS)["pc"]
        assert (checked["changed"], held(lab)) == (True, before)
        arguments = json.dumps({"journal_dir": str(journals), **OPTIONS})
        printed = run("ansible", "windows", "-i", str(lab.inventory), "-m", FIX, "-a", arguments, "-vvvvv", "--diff")
        done = results_of(printed.stdout)["pc"]
        assert (done["changed"], done.get("accounts_left")) == (True, [])
        assert {(one["kind"], one["key"]) for one in done["changes"]} == {("file", FILE)}
        assert held(lab) not in (before, b"")
        assert {one["server"] for one in audited(lab)["routes"] if one["account"]} == {"10.0.7.2"}
        assert call(lab, FIX, journals, **OPTIONS)["pc"]["changed"] is False
        undone = call(lab, ROLLBACK, journals, run="last")["pc"]
        assert undone["changed"] is True
        assert held(lab) == before
        assert lab.host("pc").export() == export
        assert backend(lab).counters.refused == []
        told = json.dumps([audit, checked, done, undone], default=str) + printed.stdout + printed.stderr
        told += "".join(path.read_text() for path in journals.rglob("*") if path.is_file())
        told += run("ansible", "windows", "-i", str(lab.inventory), "-m", AUDIT, "-vvvvv").stdout
    assert "pop.example.com" in told
    assert PASSWORD not in told
    assert PASSWORD[8:] not in told


def test_what_it_costs(tmp_path: Path, record_property: t.Callable[..., None]) -> None:
    """A host with such an account costs two lines more; one without costs what it did."""
    without = {"name": "without", "os": "win7-sp1"}
    hosts = [without, {**without, "name": "pc", "registry": [tmp_path / registry(tmp_path)]}]
    with Lab(hosts=hosts) as lab:
        put(backend(lab).files, account())
        run("ansible", "windows", "-i", str(lab.inventory), "-m", AUDIT)
        counted = {name: lab.host(name).counters for name in ("without", "pc")}
        for name, one in counted.items():
            record_property(name, f"{one.requests} requests, {one.bytes_up} up, {one.bytes_down} down")
    assert counted["without"].lines == 1
    assert counted["pc"].lines == 3
    assert counted["pc"].requests <= counted["without"].requests + 5
    assert counted["pc"].bytes_down < counted["without"].bytes_down + 20_000
