# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By real Ansible: certificates for a relay, its root and an account on Windows XP, and all of it back."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from tests.e2e.test_fix import FIX, ROLLBACK, call
from tests.lab.fleet import Lab
from tests.support.run_ansible import results_of, run
from tests.unit.plugin_utils.remote.test_fixing_relays import FILE

STORE = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\SystemCertificates\ROOT\Certificates"
RELAY = {"server": "pop.example.com", "port": 995, "protocol": "pop3", "host": "relay.branch.example"}
RELAYS = [RELAY | {"listen_port": 2995, "security": "implicit"}]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The root, as the module that makes it returns it."""
    leaf = {"name": "mailbox", "names": ["relay.branch.example"]}
    wanted = {"folder": str(tmp_path_factory.mktemp("x") / "ca"), "names": leaf["names"], "leaves": [leaf]}
    words = ["-i", "localhost,", "-c", "local", "-m", "mail_tls_relay_certificates", "-a", json.dumps(wanted)]
    return str(results_of(run("ansible", "all", *words).stdout)["localhost"]["root_certificate"])


def roots(lab: Lab) -> set[str]:
    export = lab.host("till").export()
    return {key.rpartition("\\")[2] for key in export if key.startswith(STORE + "\\")}


def test_the_root_and_the_account_there_and_back(tmp_path: Path, certificate: str) -> None:
    (tmp_path / "oe.reg").write_bytes(b"\xff\xfe" + FILE.encode("utf-16-le"))
    host = {"name": "till", "os": "xp-sp3", "registry": [str(tmp_path / "oe.reg")]}
    asked: dict[str, t.Any] = {"only": ["accounts"], "relay": RELAYS, "relay_root": certificate}
    with Lab(hosts=[host]) as lab:
        before, there = lab.host("till").export(), roots(lab)

        def fix(*words: str, **more: t.Any) -> dict[str, t.Any]:
            found: dict[str, t.Any] = call(lab, FIX, tmp_path / "journals", *words, **{**asked, **more})["till"]
            return found

        without = fix()
        assert not without["changed"]
        assert {one["consent"] for one in without["withheld"]} == {"root_ca"}
        foreseen = fix("--check", consent=["root_ca"])
        assert foreseen["changed"]
        assert lab.host("till").export() == before
        done = fix(consent=["root_ca"])
        assert done["changes"] == foreseen["changes"]
        assert len(roots(lab) - there) == 1
        assert not fix(consent=["root_ca"])["changed"]
        undone = call(lab, ROLLBACK, tmp_path / "journals", run="last")["till"]
        assert undone["changed"]
        assert undone["refused"] == []
        assert lab.host("till").export() == before


def test_a_root_without_bounds_reaches_no_host(tmp_path: Path, certificate: str) -> None:
    with Lab(hosts=[{"name": "till", "os": "xp-sp3"}]) as lab:
        host = {**RELAYS[0], "host": "relay.other.example"}
        found = call(lab, FIX, tmp_path / "journals", relay=[host], relay_root=certificate, consent=["root_ca"])["till"]
        assert found["failed"]
        assert "outside of what relay_root is bound to (relay.branch.example)" in found["msg"]
        assert lab.host("till").counters.requests == 0
