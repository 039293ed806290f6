# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users who are not logged on and users to come, by real Ansible over every way into a host."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import baseline
from tests.lab.fleet import Lab
from tests.lab.host import SimulatedHost
from tests.lab.systems import systems
from tests.support.run_ansible import results_of, run

BOB = "S-1-5-21-1-2-3-1002"
DEFAULT = "S-1-5-21-0-0-0-0"
FIX = "mailfleet.client.mail_tls_fix"
ROLLBACK = "mailfleet.client.mail_tls_rollback"
FLEET = {
    "xp": {"os": "xp-sp3"},
    "win10": {"os": "win10-22h2"},
    "powershell": {"os": "win10-22h2", "connection": "winrm"},
    "openssh": {"os": "win10-22h2", "connection": "ssh"},
}
PROXY = {"state": "set", "server": "proxy.example:3128", "stacks": ["wininet"]}
OPTIONS = {"policy": "standard", "only": ["wininet", "proxy"], "proxy": PROXY, "consent": ["own_connection"]}


def bobs_file(os: str) -> str:
    return rf"{baseline.user_home(systems()[os])}\bob\NTUSER.DAT"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("profiles")
    key = r"HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Internet Settings"
    lines = ["Windows Registry Editor Version 5.00", "", f"[{key}]", '"SecureProtocols"=dword:000000a0', ""]
    (folder / "bob.reg").write_text("\r\n".join(lines), encoding="utf-16")
    hosts = [
        {"name": name, **entry, "profiles": {bobs_file(entry["os"]): {"sid": BOB, "registry": ["bob.reg"]}}}
        for name, entry in FLEET.items()
    ]
    with Lab(hosts=hosts, folder=folder) as lab:
        yield lab


def call(lab: Lab, module: str, *more: str, **options: t.Any) -> dict[str, t.Any]:
    """Results by host."""
    arguments = json.dumps(options)
    return results_of(run("ansible", "windows", "-i", str(lab.inventory), "-m", module, "-a", arguments, *more).stdout)


def states(lab: Lab) -> dict[str, t.Any]:
    """All registries, with the hives of Bob and of users to come."""
    found = {}
    for name, host in lab.hosts.items():
        backend = host.backend
        assert isinstance(backend, SimulatedHost)
        files = (bobs_file(backend.entry.os), baseline.default_hive_file(backend.system))
        found[name] = (host.export(), *(backend.hives.export(file) for file in files))
    return found


def test_fix_again_and_back(lab: Lab, tmp_path: Path) -> None:
    first = states(lab)
    done = call(lab, FIX, journal_dir=str(tmp_path), profiles="default_too", **OPTIONS)
    for name, one in done.items():
        assert one.get("errors") == [], (name, one.get("msg"))
        users = {change["key"].split("\\")[1] for change in one["changes"]}
        assert {BOB, DEFAULT} < users, name
        found = [finding for finding in one["after"]["findings"] if finding["subject"] == "default profile"]
        states_found = {finding["id"]: finding["state"] for finding in found}
        assert states_found["proxy.wininet"] == "pass", name
        assert states_found["wininet.mask"] == ("fail" if name == "xp" else "pass"), name
    assert not [name for name, state in states(lab).items() if state[1] == first[name][1]]
    again = call(lab, FIX, journal_dir=str(tmp_path), profiles="default_too", **OPTIONS)
    assert {name: (one["changed"], one["changes"]) for name, one in again.items()} == dict.fromkeys(FLEET, (False, []))
    undone = call(lab, ROLLBACK, journal_dir=str(tmp_path), run="last", consent=["own_connection"])
    for name, one in undone.items():
        assert (one.get("errors"), one.get("refused")) == ([], []), (name, one.get("msg"))
    assert states(lab) == first


@pytest.mark.parametrize("profiles", ["all", "default_too"])
@pytest.mark.parametrize(("more", "reg_file", "words"), [(("--check",), None, "check mode"), ((), "x.reg", "reg_file")])
def test_what_must_not_write_loads_nothing(
    lab: Lab, tmp_path: Path, profiles: str, more: tuple[str, ...], reg_file: str | None, words: str
) -> None:
    lab.reset()
    options = {"reg_file": str(tmp_path / reg_file)} if reg_file else {}
    for one in call(lab, FIX, *more, journal_dir=str(tmp_path), profiles=profiles, **options).values():
        assert one["failed"]
        assert f"profiles: '{profiles}' writes to the host" in one["msg"]
        assert words in one["msg"]
    assert {counters["requests"] for counters in lab.counters().values()} == {0}
    assert list(tmp_path.iterdir()) == []


def test_other_profiles_are_refused(lab: Lab, tmp_path: Path) -> None:
    for one in call(lab, FIX, journal_dir=str(tmp_path), profiles="everybody").values():
        assert one["failed"]
        assert "profiles" in one["msg"]
