# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units: what differs for one relay, and what systemd thinks of them."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import places, unit
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.facts import parse_facts
from tests.support.relays import FACTS, relay

#: Of 10; the bar of the project is 2.5.
EXPOSURE = 2.5


@pytest.mark.parametrize(
    ("port", "capability"), [(2587, ""), (1024, ""), (25, "CAP_NET_BIND_SERVICE"), (993, "CAP_NET_BIND_SERVICE")]
)
def test_only_a_port_that_needs_a_capability_gets_it(port: int, capability: str) -> None:
    lines = unit.unit(relay(listen=f"192.0.2.10:{port}")).splitlines()
    assert f"CapabilityBoundingSet={capability}" in lines
    assert (f"AmbientCapabilities={capability}" in lines) is bool(capability)
    # In a user namespace of its own the capability would be worth nothing.
    assert ("PrivateUsers=yes" in lines) is not bool(capability)


def test_each_relay_has_a_user_of_its_own() -> None:
    names = ("a", "mail-1", "x" * 32)
    users = [unit.user_of(name) for name in names]
    assert len({*users, places.GROUP}) == len(names) + 1
    for name, user in zip(names, users, strict=True):
        assert f"User={user}" in unit.unit(relay(name=name)).splitlines()
        # Longer ones systemd refuses.
        assert len(user) <= 31


def test_no_relay_without_its_fence() -> None:
    lines = unit.template(parse_facts(FACTS)).splitlines()
    assert f"Requires={places.FILTER}" in lines
    assert any(line.startswith("After=") and places.FILTER in line.split() for line in lines)
    loader, drop_in = unit.fence_files().values()
    assert f"ExecStart=/usr/sbin/nft -f {places.RULES}" in loader.splitlines()
    assert "PartOf=nftables.service" in loader.splitlines()
    # Starting or reloading nftables.service empties all tables.
    assert drop_in.splitlines()[1:] == [
        "[Service]",
        f"ExecStartPost=-/usr/sbin/nft -f {places.RULES}",
        f"ExecReload=-/usr/sbin/nft -f {places.RULES}",
    ]


def test_a_relay_sees_its_own_folder_only() -> None:
    lines = unit.template(parse_facts(FACTS)).splitlines()
    hidden = f"TemporaryFileSystem={places.FOLDER}:ro"
    assert lines.index(hidden) < lines.index(f"BindReadOnlyPaths={places.FOLDER}/%i")
    assert f"ExecStartPre=/bin/rm -f {places.inner('%i')}" in lines
    assert f"ExecStart=/usr/bin/stunnel {places.configuration('%i')}" in lines
    assert f"RuntimeDirectory={places.inner('%i').removeprefix('/run/').removesuffix('/upstream.sock')}" in lines


def installed(root: Path, made: t.Any) -> str:
    """The units of that relay in a folder that stands for a machine; the name of the instance."""
    files = {
        f"{places.UNITS}/{places.TEMPLATE}": unit.template(parse_facts(FACTS)),
        f"{places.UNITS}/{places.FILTER}": unit.fence_files()[f"{places.UNITS}/{places.FILTER}"],
        places.drop_in(made.name): unit.unit(made),
    }
    for place, text in files.items():
        path = root / place.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")
    return places.service(made.name)


@pytest.mark.needs("systemd-analyze")
@pytest.mark.parametrize("port", [2587, 25])
def test_what_a_relay_exposes(tmp_path: Path, port: int) -> None:
    name = installed(tmp_path, relay(listen=f"192.0.2.10:{port}"))
    command = ["systemd-analyze", "security", "--offline=yes", "--no-pager", f"--root={tmp_path}"]
    done = subprocess.run(
        [*command, f"--threshold={int(EXPOSURE * 10)}", name],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Overall exposure level" in done.stdout


@pytest.mark.needs("systemd-analyze")
def test_systemd_knows_every_word(tmp_path: Path) -> None:
    name = installed(tmp_path, relay())
    for place in ("usr/bin/stunnel", "usr/sbin/nft", "bin/kill", "bin/rm"):
        program = tmp_path / place
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text("#!/bin/sh\n", encoding="ascii")
        program.chmod(0o755)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", f"--root={tmp_path}", name],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "mailfleet" in line or "Unknown" in line]
    assert ours == [], done.stderr
