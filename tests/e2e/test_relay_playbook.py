# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook of the relays as far as no relay is needed: its list, and what ends a run before anything is changed."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import typing as t
from pathlib import Path

from tests.lab.fleet import Lab
from tests.support.relay_story import Account, Story
from tests.support.run_ansible import ROOT, run

NAME = "mail.example.test"
OURS = Account(pop3=(NAME, 995, True), smtp=(NAME, 587, False))
#: Names and values are data, whatever stands in them.
HOSTILE = Account(pop3=("{{ lookup('pipe', 'touch /tmp/owned') }}", 995, True), smtp=("a\x1b]0;x", 25, True))
ACCEPTS = {"tls": ["1.2"], "suites": ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]}
SERVERS = [
    {"host": NAME, "port": 995, "protocol": "pop3", "security": "implicit", "accepts": ACCEPTS},
    {"host": NAME, "port": 465, "protocol": "smtp", "security": "implicit", "accepts": ACCEPTS},
    {"host": NAME, "port": 587, "protocol": "smtp", "security": "starttls", "accepts": ACCEPTS},
    {"host": "imap.live.com", "port": 993, "protocol": "imap", "security": "implicit", "accepts": ACCEPTS},
]


def fleet(folder: Path) -> list[dict[str, t.Any]]:
    return [
        {"name": "till", "os": "xp-sp3", "registry": [OURS.write(folder / "till.reg")]},
        {"name": "odd", "os": "xp-sp3", "registry": [HOSTILE.write(folder / "odd.reg")]},
        {"name": "off", "os": "xp-sp3", "unreachable": True},
    ]


def story(lab: Lab, folder: Path, machines: dict[str, t.Any], **variables: t.Any) -> Story:
    others = folder / "others.json"
    others.write_text(json.dumps({"relays": {"hosts": machines}}), "utf-8")
    return Story(lab, others, folder / "build", servers=SERVERS, **{"consent": ["cleartext_leg"], **variables})


def gate(**more: t.Any) -> dict[str, t.Any]:
    return {"gate": {"ansible_host": "192.0.2.10", **more}}


def writes(lab: Lab) -> int:
    return sum(host.counters.writes for host in lab.hosts.values() if host.backend is not None)


def words(done: subprocess.CompletedProcess[str]) -> str:
    return re.sub(r"\s+", " ", done.stdout + done.stderr)


def test_check_mode_ends_with_the_list(tmp_path: Path) -> None:
    with Lab(hosts=fleet(tmp_path)) as lab:
        given = {"relay_clients": {"odd": "198.51.100.7"}, "relay_names": ["relay.example.test"]}
        play = story(lab, tmp_path, gate(), **given)
        done = play.play("relay", "--check")
        assert writes(lab) == 0
        assert "Not reached: off." in words(done)
        assert done.returncode != 0
    plan = play.result("gate/plan")
    till = f"{lab.hosts['till'].address}/32"
    found = {one["port"]: (one["name"], one["listen"], one["allow"]) for one in plan["relays"]}
    assert found == {
        465: ("smtp-mail-example-test", "192.0.2.10:2500", ["198.51.100.7/32"]),
        587: ("smtp-mail-example-test-2", "192.0.2.10:2501", [till, "198.51.100.7/32"]),
        995: ("pop3-mail-example-test", "192.0.2.10:2502", [till, "198.51.100.7/32"]),
    }
    assert {end["host"] for end in plan["accounts"]["till"]} == {"relay.example.test"}
    assert "relay pop3-mail-example-test: pop3, clear on 192.0.2.10:2502, to mail.example.test port 995" in done.stdout
    assert any(line.startswith("no relay for till to imap.live.com port 993: Outlook.com") for line in plan["lines"])
    assert "\x1b]" not in done.stdout
    assert not Path("/tmp/owned").exists()
    assert not (tmp_path / "build" / "relay" / "gate" / "relays.json").exists()
    assert oct((tmp_path / "build" / "relay" / "gate" / "plan.json").stat().st_mode & 0o777) == "0o600"


def test_what_the_relays_lack_is_said_before_anything_is_changed(tmp_path: Path) -> None:
    registry = [str(ROOT / "tests/demo/registry/xp-updates.reg"), OURS.write(tmp_path / "new.reg")]
    hosts = [*fleet(tmp_path)[:1], {"name": "new", "os": "xp-sp3", "registry": registry}]
    lacks = "relay pop3-mail-example-test-2: certificate: it has none; let a private authority issue one"
    with Lab(hosts=hosts) as lab:
        unasked = story(lab, tmp_path, gate(), consent=[])
        for words_of_check in (["--check"], []):
            done = unasked.play("relay", *words_of_check)
            assert "relay pop3-mail-example-test: inbound: clear carries" in words(done).replace('\\"', '"')
            assert lacks in words(done)
            assert "Make them" not in done.stdout
            assert ("Nothing was changed." in words(done)) is (done.returncode != 0) is (not words_of_check)
        leaves = {"pop3-mail-example-test-2": {}, "smtp-mail-example-test-2": {}}
        assert lacks not in words(story(lab, tmp_path, gate(tls_relay_leaves=leaves)).play("relay", "--check"))
        own = story(lab, tmp_path, gate(), relay_authority=str(tmp_path / "authority"))
        assert own.play("relay", "--check").returncode == 0
        assert own.result("gate/plan")["lacks"] == []
        assert writes(lab) == 0


def test_results_of_an_audit_do_as_well(tmp_path: Path) -> None:
    with Lab(hosts=fleet(tmp_path)[:1]) as lab:
        play = story(lab, tmp_path, gate())
        play.play("relay", "--check")
        first = play.result("gate/plan")
        play.play("audit")
        asked = lab.host("till").counters.requests
        done = play.play("relay", "--check", audits=str(tmp_path / "build" / "audit"))
        assert done.returncode == 0, done.stdout + done.stderr
        assert lab.host("till").counters.requests == asked
        assert play.result("gate/plan") == first
        done = play.play("relay", "--check", audits=str(tmp_path / "build"))
        assert "no result of an audit (HOST.json) is in" in words(done)
        assert done.returncode != 0


def test_one_machine_at_a_time(tmp_path: Path) -> None:
    with Lab(hosts=[{"name": "till", "os": "xp-sp3"}]) as lab:
        two = {**gate(), "other": {"ansible_host": "192.0.2.11"}}
        done = story(lab, tmp_path, two).play("relay", "--check")
        assert "mailfleet_relays: 2 hosts match, and one run makes the relays of one machine" in words(done)
        assert done.returncode != 0
        assert story(lab, tmp_path, two, relays="other").play("relay", "--check").returncode == 0


def test_where_nobody_needs_a_relay_none_is_made(tmp_path: Path) -> None:
    """And the machine for them is not even asked."""
    with Lab(hosts=[{"name": "new", "os": "win11-24h2"}]) as lab:
        done = story(lab, tmp_path, gate()).play("relay")
        assert done.returncode == 0, done.stdout + done.stderr
        assert writes(lab) == 0
    assert story(lab, tmp_path, gate()).result("gate/plan")["relays"] == []


def test_without_a_relay_no_account_is_touched(tmp_path: Path) -> None:
    """The machine of the relays does not answer: the run ends there."""
    with Lab(hosts=fleet(tmp_path)[:1]) as lab, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        first = lab.host("till").export()
        machine = gate(ansible_port=nobody.getsockname()[1], ansible_host="127.0.0.1")
        done = story(lab, tmp_path, machine, relay_listen="192.0.2.10").play("relay")
        assert done.returncode != 0
        assert "Send the accounts" not in done.stdout
        assert lab.host("till").export() == first
    assert not (tmp_path / "build" / "relay" / "gate" / "relays.json").exists()


def test_the_playbook_names_its_variables() -> None:
    """Whatever it reads is explained at its top."""
    parts = [ROOT / "playbooks" / path for path in ("relay.yml", "tasks/check_relays.yml")]
    text = "".join(part.read_text("utf-8") for part in parts)
    head = text.partition("\n- name:")[0]
    read = set(re.findall(r"\b(mailfleet_\w+)\s*\|\s*default", text))
    made = set(re.findall(r"^\s+(mailfleet_\w+):", text, re.MULTILINE))
    assert {name for name in read - made if name not in head} == set()
    assert run("ansible-playbook", "playbooks/relay.yml", "--syntax-check").returncode == 0
