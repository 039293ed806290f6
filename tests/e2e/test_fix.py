# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fix and rollback by real Ansible over the wire: what they cost, and the connection that dies at every request."""

from __future__ import annotations

import concurrent.futures
import json
import re
import typing as t
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.lab.fleet import Lab
from tests.support.run_ansible import results_of, run

FIX = "mailfleet.client.mail_tls_fix"
ROLLBACK = "mailfleet.client.mail_tls_rollback"
#: The requests of a fix: NTLM's three, Create, Command and Receive for each of three lines, Delete.
REQUESTS = 11
RULES = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules"
PROFILES = RULES.rpartition("\\")[0]

Export = dict[str, dict[str, tuple[int, bytes]]]


def fixing(lab: Lab, journals: Path) -> tuple[str, ...]:
    return "-i", str(lab.inventory), "-m", FIX, "-a", json.dumps({"journal_dir": str(journals)})


def diff_of(lab: Lab, journals: Path, *more: str) -> list[str]:
    """The lines of the diff that Ansible shows for the host win7."""
    return changed_lines(run("ansible", "win7", *fixing(lab, journals), "--diff", *more).stdout)


def changed_lines(output: str) -> list[str]:
    """The lines of a diff, without the ids of runs and the colours."""
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in output.splitlines()]
    return [re.sub(r"\d{8}T\d{6}Z-[0-9a-f]{8}", "RUN", line) for line in lines if line[:1] in "+-"]


def call(lab: Lab, module: str, journals: Path, *more: str, **options: t.Any) -> dict[str, t.Any]:
    """Results by host."""
    arguments = json.dumps({"journal_dir": str(journals), **options})
    return results_of(run("ansible", "windows", "-i", str(lab.inventory), "-m", module, "-a", arguments, *more).stdout)


def exports(lab: Lab) -> dict[str, Export]:
    return {name: host.export() for name, host in lab.hosts.items()}


def blocking(folder: Path) -> Path:
    """A .reg file by which the firewall lets nothing out of itself, so that a fix has a rule to add."""
    lines = ["Windows Registry Editor Version 5.00", ""]
    for profile in ("DomainProfile", "StandardProfile", "PublicProfile"):
        lines += [f"[{PROFILES}\\{profile}]", '"DefaultOutboundAction"=dword:00000001', ""]
    file = folder / "blocking.reg"
    file.write_text("\r\n".join(lines), encoding="utf-16")
    return file


# --- what it costs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("auth", ["basic", "ntlm", "ntlm-https"])
def test_twenty_values_take_few_requests(tmp_path: Path, auth: str, record_property: t.Callable[..., None]) -> None:
    profiles = {}
    users = [f"S-1-5-21-1-2-3-{number}" for number in range(1001, 1020)]
    lines = ["Windows Registry Editor Version 5.00", ""]
    for sid in users:
        key = rf"HKEY_USERS\{sid}\Software\Microsoft\Windows\CurrentVersion\Internet Settings"
        lines += [f"[{key}]", '"SecureProtocols"=dword:000000a0', ""]
    (tmp_path / "users.reg").write_text("\r\n".join(lines), encoding="utf-16")
    host = {"name": "pc", "os": "win7-sp1", "auth": auth, "registry": [tmp_path / "users.reg"], "profiles": profiles}
    with Lab(hosts=[host]) as lab:
        done = call(lab, FIX, tmp_path, policy="standard", consent=["own_connection"])["pc"]
        counters = lab.host("pc").counters
        record_property("requests", counters.requests)
        assert len(done["changes"]) >= 20
        assert done["errors"] == []
        assert counters.requests <= 12
        assert counters.shells_open == 0


# --- check mode --------------------------------------------------------------------------------------------------


def test_check_mode_writes_nothing_and_its_diff_is_what_then_changes(tmp_path: Path) -> None:
    fleet = [
        {"name": name, "os": os, "registry": [blocking(tmp_path)]}
        for name, os in (("xp", "xp-sp3"), ("win7", "win7-sp1"), ("win11", "win11-24h2"))
    ]
    with Lab(hosts=fleet) as lab:
        first = exports(lab)
        foretold = diff_of(lab, tmp_path / "journals", "--check")
        planned = call(lab, FIX, tmp_path / "journals", "--check")
        assert exports(lab) == first
        assert {host.counters.writes for host in lab.hosts.values()} == {0}
        assert not (tmp_path / "journals").exists()
        lines = run("ansible", "win7", *fixing(lab, tmp_path / "journals"), "--diff").stdout
        assert foretold == changed_lines(lines)
        assert '+"DisabledByDefault"=dword:00000000' in foretold
        done = call(lab, FIX, tmp_path / "journals") | results_of(lines)
        for name in first:
            assert planned[name]["changed"]
            assert done[name]["changed"]
            assert nameless(planned[name]["changes"], planned[name]) == nameless(done[name]["changes"], done[name])
        again = call(lab, FIX, tmp_path / "journals")
        assert {name: (one["changed"], one["changes"]) for name, one in again.items()} == dict.fromkeys(
            first, (False, [])
        )


def nameless(part: t.Any, result: Mapping[str, t.Any]) -> str:
    """A part of a result without the ids of runs, which stand in the names of rules."""
    names = [change["name"] for change in result["changes"] if change["kind"] == "firewall"]
    text = json.dumps(part)
    for name in names:
        text = text.replace(name.split()[1], "RUN")
    return text


# --- the connection dies -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, t.Any]]:
    """One host for each request and each way to die there: what happened to it, in the order in which it did."""
    folder = tmp_path_factory.mktemp("crash")
    registry = [blocking(folder)]
    fleet = [
        {"name": f"{kind}-{n}", "os": "win7-sp1", "registry": registry, "faults": [{"at": n, "kind": kind, "times": 1}]}
        for kind in ("drop", "lost")
        for n in range(1, REQUESTS + 1)
    ]
    with Lab(hosts=fleet) as lab:
        story = {
            "first": exports(lab),
            "broken": call(lab, FIX, folder / "journals", "-f", "13"),
            "fixed": call(lab, FIX, folder / "journals", "-f", "13"),
            "again": call(lab, FIX, folder / "journals", "-f", "13"),
            "undone": call(lab, ROLLBACK, folder / "journals", "-f", "13", run="all"),
            "last": exports(lab),
        }
    return {name: {part: found[name] for part, found in story.items()} for name in story["first"]}


CRASHES = [f"{kind}-{number}" for kind in ("drop", "lost") for number in range(1, REQUESTS + 1)]


@pytest.mark.parametrize("name", CRASHES)
def test_a_run_that_broke_off_is_finished_by_a_new_one_and_undone(
    crashed: dict[str, dict[str, t.Any]], name: str
) -> None:
    story = crashed[name]
    broken = story["broken"]
    if broken.get("unreachable") or broken.get("failed"):
        assert "\n" not in broken["msg"]
        assert "Traceback" not in broken["msg"]
    assert story["fixed"].get("errors") == []
    assert (story["again"]["changed"], story["again"]["changes"]) == (False, [])
    assert (story["undone"].get("errors"), story["undone"].get("refused")) == ([], [])
    assert story["last"] == story["first"]


def test_the_connection_did_die_at_every_request(crashed: dict[str, dict[str, t.Any]]) -> None:
    broken = {name: story["broken"] for name, story in crashed.items()}
    died = [name for name, one in broken.items() if one.get("unreachable") or one.get("failed")]
    # The last requests of a run only clean up: Delete, and none at all.
    assert {name for name in died if name.startswith("drop")} >= {f"drop-{number}" for number in range(4, 11)}
    interrupted = [one for one in broken.values() if "run" in one and one.get("unreachable")]
    assert interrupted, "at least one run broke off after its steps were sent"
    assert all(one["run"] in one["msg"] for one in interrupted)


# --- two controllers ---------------------------------------------------------------------------------------------


def test_two_controllers_at_once(tmp_path: Path) -> None:
    # With command_ms the commands of two controllers alternate on a host, as they do on a real one.
    fleet = [{"name": f"pc-{number}", "os": "win7-sp1", "latency_ms": 20, "command_ms": 3} for number in range(6)]
    with Lab(hosts=fleet) as lab:
        first = exports(lab)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            both = list(pool.map(lambda name: call(lab, FIX, tmp_path / name, "-f", "6"), ("one", "two")))
        for name in first:
            outcomes = [results[name] for results in both]
            winners = [one for one in outcomes if one.get("run")]
            assert len(winners) == 1, [(one["run"], one.get("msg"), one["changes"]) for one in winners]
            for other in outcomes:
                assert other.get("run") or "is being changed by run" in other.get("msg", "") or not other["changes"]
        again = call(lab, FIX, tmp_path / "one")
        assert {one["changed"] for one in again.values()} == {False}
        undone = [call(lab, ROLLBACK, tmp_path / name, run="last", consent=["host_journal"]) for name in ("one", "two")]
        for one in (one for results in undone for one in results.values()):
            assert (one.get("errors"), one.get("refused")) == ([], [])
        assert exports(lab) == first


# --- refusals ----------------------------------------------------------------------------------------------------


def test_what_may_cut_the_own_connection_is_refused_by_name(tmp_path: Path) -> None:
    fleet = [{"name": "https", "os": "win10-22h2", "auth": "ntlm-https"}, {"name": "http", "os": "win10-22h2"}]
    with Lab(hosts=fleet) as lab:
        proxy = {"state": "set", "server": "proxy.example:3128"}
        for options, hosts in (({"policy": "strict"}, {"https"}), ({"proxy": proxy}, {"https", "http"})):
            results = call(lab, FIX, tmp_path, **options)
            refused = {name for name, one in results.items() if one.get("failed")}
            assert refused == hosts, results
            for name in refused:
                assert "own_connection" in results[name]["msg"]
                assert "HKLM" in results[name]["msg"]
        assert lab.host("https").counters.writes == 0


def test_hosts_that_cannot_keep_a_journal_are_left_alone(tmp_path: Path) -> None:
    fleet = [
        {"name": "read-only", "os": "win7-sp1", "writes": "deny"},
        {
            "name": "software-denied",
            "os": "win7-sp1",
            "unreadable": [r"HKLM\SOFTWARE"],
            "readable": [r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"],
        },
    ]
    with Lab(hosts=fleet) as lab:
        first = lab.host("read-only").export()
        results = call(lab, FIX, tmp_path)
        assert lab.host("read-only").export() == first
    for one in results.values():
        assert one["failed"]
        assert "\n" not in one["msg"]
    assert "is the account an administrator there?" in results["read-only"]["msg"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"only": ["mail"]}, "only"),
        ({"consent": ["everything"]}, "consent"),
        ({"proxy": {"state": "set"}}, "server"),
        ({"proxy": {"state": "set", "server": "user:secret@proxy.example:1"}}, "proxy"),
        ({"on_error": "pray"}, "on_error"),
    ],
)
def test_bad_options_are_one_clear_sentence(tmp_path: Path, options: dict[str, t.Any], words: str) -> None:
    with Lab(hosts=[{"name": "pc"}]) as lab:
        result = call(lab, FIX, tmp_path, **options)["pc"]
        assert lab.host("pc").counters.requests == 0
    assert result["failed"]
    assert words in result["msg"]
    assert "secret" not in json.dumps(result)


# --- .reg files --------------------------------------------------------------------------------------------------


def test_the_plan_as_reg_files(tmp_path: Path) -> None:
    with Lab(hosts=[{"name": "pc", "os": "win7-sp1"}]) as lab:
        first = lab.host("pc").export()
        planned = call(lab, FIX, tmp_path / "journals", "--check", reg_file=str(tmp_path / "plan.reg"))["pc"]
        assert planned["changed"]
        assert not (tmp_path / "plan.reg").exists()
        done = call(lab, FIX, tmp_path / "journals", reg_file=str(tmp_path / "plan.reg"))["pc"]
        assert done["changed"]
        assert lab.host("pc").counters.writes == 0
        assert lab.host("pc").export() == first
        again = call(lab, FIX, tmp_path / "journals", reg_file=str(tmp_path / "plan.reg"))["pc"]
        assert not again["changed"]
    text = (tmp_path / "plan.reg").read_text("utf-16")
    assert '"DisabledByDefault"=dword:00000000' in text
    assert "DefaultSecureProtocols" in text or "TLS 1.2" in text
    assert '"DisabledByDefault"=-' in (tmp_path / "plan.undo.reg").read_text("utf-16")
