# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mail_tls_relay_certificates by real Ansible: check mode, twice, several hosts at once, refusals."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from tests.support.run_ansible import results_of, run

LEAF = {"name": "mailbox", "names": ["relay.branch.example", "192.0.2.10"]}


def task(arguments: dict[str, t.Any], *more: str, hosts: str = "localhost,") -> tuple[dict[str, t.Any], str]:
    """({host: result}, all that was printed)."""
    words = ["all", "-i", hosts, "-c", "local", "-m", "mail_tls_relay_certificates", "-a", json.dumps(arguments)]
    done = run("ansible", *words, *more)
    return results_of(done.stdout), done.stdout + done.stderr


def files(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir()}


def test_made_once_and_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "ca"
    wanted = {"folder": str(folder), "names": ["relay.branch.example", "192.0.2.10"], "leaves": [LEAF]}
    checked, _words = task(wanted, "--check", "--diff")
    assert checked["localhost"]["changed"]
    assert checked["localhost"]["root_certificate"] is None
    assert not folder.exists()
    made, words = task(wanted, "--diff", "-vvvv")
    first = made["localhost"]
    assert first["changed"]
    assert first["root_certificate"].encode() == (folder / "root.pem").read_bytes()
    assert "PRIVATE KEY" not in words
    before = files(folder)
    assert sorted(before) == ["mailbox.key", "mailbox.pem", "root.key", "root.pem"]
    again, _words = task(wanted)
    assert not again["localhost"]["changed"]
    assert again["localhost"]["leaves"] == first["leaves"]
    assert files(folder) == before
    (folder / "root.key").chmod(0o644)
    refused, _words = task(wanted)
    assert refused["localhost"]["failed"]
    assert "is open to others" in refused["localhost"]["msg"]
    assert files(folder) == before


def test_hosts_at_once_get_one_authority(tmp_path: Path) -> None:
    """A role that runs on five relays delegates five such tasks, each with its leaf."""
    folder = tmp_path / "ca"
    leaf = {"name": "{{ inventory_hostname }}", "names": ["{{ inventory_hostname }}.relay.branch.example"]}
    wanted = {"folder": str(folder), "names": ["relay.branch.example"], "leaves": [leaf]}
    found, words = task(wanted, "--forks", "5", hosts="a,b,c,d,e,")
    assert sorted(found) == ["a", "b", "c", "d", "e"], words
    assert len({result["fingerprint"] for result in found.values()}) == 1
    assert len(files(folder)) == 12


def test_a_key_of_a_vault_is_told_to_nobody(tmp_path: Path) -> None:
    task({"folder": str(tmp_path / "ca"), "names": ["relay.branch.example"]})
    pem, key = ((tmp_path / "ca" / name).read_text() for name in ("root.pem", "root.key"))
    wanted = {"folder": str(tmp_path / "leaves"), "root_certificate": pem, "root_key": key, "leaves": [LEAF]}
    found, words = task(wanted, "-vvvv")
    assert "192.0.2.10" in found["localhost"]["msg"]
    assert not list((tmp_path / "leaves").glob("*"))
    assert key.splitlines()[5] not in words
