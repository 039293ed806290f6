# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook that says which packages to fetch: one catalogue for the fleet, and nothing written to any host."""

from __future__ import annotations

import json
from pathlib import Path

from tests.lab.fleet import Lab
from tests.support.run_ansible import run

FLEET = [
    {"name": "xp", "os": "xp-sp3"},
    {"name": "win7", "os": "win7-sp1"},
    {"name": "win11", "os": "win11-24h2"},
    {"name": "gone", "os": "win7-sp1", "unreachable": True},
]


def test_what_to_fetch_for_a_fleet(tmp_path: Path) -> None:
    servers = [{"host": "imap.example.com", "port": 993, "accepts": {"tls": ["1.2"]}}]
    given = json.dumps({"mailfleet_build": str(tmp_path), "mailfleet_servers": servers})
    with Lab(hosts=FLEET) as lab:
        done = run("ansible-playbook", "-i", str(lab.inventory), "playbooks/updates.yml", "-e", given)
        assert {one["writes"] for one in lab.counters().values()} == {0}
    assert done.returncode == 0, done.stdout + done.stderr
    folder = tmp_path / "updates"
    data = json.loads((folder / "catalogue.json").read_text("utf-8"))
    wanted = {file["kb"]: file for file in data["files"]}
    assert data["hosts"] == 4
    assert wanted["KB4019276"]["hosts"] == ["xp"]
    assert wanted["KB3140245"]["optional_for"] == ["win7"]
    assert {what["what"]: what["hosts"] for what in data["missing"]}["audit"] == ["gone"]
    text = (folder / "catalogue.txt").read_text("utf-8")
    assert text.startswith("Packages for 4 hosts, in the order of installation:\n")
    assert "windows6.1-kb3140245-x64_5b067ffb69a94a6e5f9da89ce88c658e52a0dec0.msu" in text
    assert "KB4019276  x86" in done.stdout
    assert {oct(file.stat().st_mode & 0o777) for file in folder.iterdir()} == {"0o600"}
