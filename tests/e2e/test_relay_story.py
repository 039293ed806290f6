# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole story: hosts that no setting helps, relays for them, their mail through these, and back again.

Simulated Windows hosts; the relays, Postfix and Dovecot on throwaway hosts with Debian; clients that speak clear text
and TLS 1.0 to exactly what stands in the accounts.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab.fleet import Lab
from tests.support import relay_story
from tests.support.relay_story import HERE, Account, Story, account, changed, connects, passes, throwaway
from tests.support.run_ansible import ROOT, run
from tests.support.tls_servers import NAME, Authority

RELAY, UPSTREAM = "mf-story-relay", "mf-story-upstream"
#: A name that the certificate of the mail server does not have.
OTHER = "other.example.test"
#: Stock XP; XP with the updates that bring AES; and one whose mail server is not who it says it is.
BEFORE = {
    "stock": Account(pop3=(NAME, 995, True), smtp=(NAME, 587, False)),
    "updated": Account(pop3=(NAME, 995, True), smtp=(NAME, 465, True)),
    "misled": Account(pop3=(OTHER, 995, True), smtp=(NAME, 587, False)),
}
UPDATES = {"updated": [str(ROOT / "tests/demo/registry/xp-updates.reg")]}
#: Relays with TLS. What ``servers`` names and no account of a host does gets relays too: other programs may use it.
LEGACY = ("pop3-mail-example-test-2", "smtp-mail-example-test", "pop3-other-example-test-2")
#: TLS 1.2 with elliptic curves only, as many providers have it: no update of XP brings those.
MODERN = "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384"
#: Both machines at the same time; and what the mail server accepts, as it says itself.
PREPARE = f"""
- hosts: all
  gather_facts: false
  strategy: free
  tasks:
    - ansible.builtin.include_tasks: {ROOT}/tests/molecule/shared/upstream.yml
      when: "'upstreams' in group_names"
    - ansible.builtin.shell: |
        echo 'ssl_cipher_list = {MODERN}' >>/etc/dovecot/dovecot.conf
        postconf -e tls_medium_cipherlist={MODERN} tls_high_cipherlist={MODERN}
        systemctl restart dovecot postfix
      when: "'upstreams' in group_names"
    - ansible.builtin.apt: {{name: [stunnel4, nftables], update_cache: true, install_recommends: false}}
      when: "'relays' in group_names"
    - ansible.builtin.copy: {{src: "{{{{ root }}}}", dest: /etc/ssl/upstream.pem, mode: "0644"}}
      when: "'relays' in group_names"
- hosts: upstreams
  connection: local
  gather_facts: false
  vars: {{ansible_python_interpreter: "{{{{ ansible_playbook_python }}}}"}}
  tasks:
    - mailfleet.client.mail_tls_probe: {{host: {NAME}, address: "{{{{ ansible_host }}}}", port: "{{{{ item }}}}"}}
      loop: [995, 465, 587]
      register: probed
    - ansible.builtin.copy:
        content: "{{{{ probed.results | map(attribute='server') | to_json }}}}"
        dest: "{{{{ servers }}}}"
"""


@dataclass(frozen=True)
class Stage:
    """What the story is played on; ``root`` has signed all certificates."""

    story: Story
    lab: Lab
    root: Path
    relay: str
    upstream: str


@contextlib.contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Machines that are ready, and a fleet."""
    relay_story.need_machines()
    authority = Authority(folder)
    fleet: list[dict[str, t.Any]] = [
        {"name": name, "os": "xp-sp3", "registry": [*UPDATES.get(name, []), one.write(folder / f"{name}.reg")]}
        for name, one in BEFORE.items()
    ]
    with relay_story.machines(RELAY, UPSTREAM) as at, Lab(hosts=fleet) as lab:
        groups = {"relays": {RELAY: at[RELAY]}, "upstreams": {UPSTREAM: at[UPSTREAM]}}
        others = relay_story.inventory(folder / "others.json", **groups)
        servers = prepared(folder, others, authority)
        front = authority.issue("front", names=(at[RELAY],))
        leaf = {"certificate": front.chain.read_text("ascii"), "key": front.key.read_text("ascii")}
        trusted = {"addresses": [at[UPSTREAM]], "ca_file": "/etc/ssl/upstream.pem"}
        story = Story(
            lab,
            others,
            folder / "build",
            consent=["cleartext_leg"],
            servers=[*servers, *(misnamed(one) for one in servers if one["protocol"] == "pop3")],
            relay_clients=dict.fromkeys(BEFORE, HERE),
            relay_upstreams={NAME: trusted, OTHER: trusted},
        )
        story.role = {
            "tls_relay_leaves": dict.fromkeys(LEGACY, leaf),
            "tls_relay_trial_seconds": 1,
        }
        yield Stage(story, lab, authority.root.chain, at[RELAY], at[UPSTREAM])


def misnamed(server: dict[str, t.Any]) -> dict[str, t.Any]:
    """An entry of ``servers`` by somebody who did not look at the certificate."""
    accepts = {key: value for key, value in server["accepts"].items() if key in ("tls", "refused", "suites")}
    return {**server, "host": OTHER, "accepts": accepts}


def prepared(folder: Path, others: Path, authority: Authority) -> list[dict[str, t.Any]]:
    """The mail server runs, and the entries of ``servers`` for it."""
    mail = authority.issue("mail")
    (folder / "prepare.yml").write_text(PREPARE, "utf-8")
    given = {
        "upstream_certificate": str(mail.chain),
        "upstream_key": str(mail.key),
        "root": str(authority.root.chain),
        "servers": str(folder / "servers.json"),
    }
    done = run("ansible-playbook", "-i", str(others), str(folder / "prepare.yml"), "-e", json.dumps(given))
    assert done.returncode == 0, done.stdout + done.stderr
    found: list[dict[str, t.Any]] = json.loads((folder / "servers.json").read_text("utf-8"))
    return found


def accounts(lab: Lab) -> dict[str, Account]:
    return {name: account(host) for name, host in lab.hosts.items()}


def repointed(on: Stage) -> dict[str, Account]:
    """What the accounts have to say: by name of the relay that is meant for each leg, as the playbook wrote it down."""
    ports = {one["name"]: int(one["listen"].rpartition(":")[2]) for one in on.story.result(f"{RELAY}/relays")["relays"]}

    def leg(name: str, tls: bool) -> tuple[str, int, bool]:
        return on.relay, ports[name], tls

    clear = leg("smtp-mail-example-test-2", False)
    return {
        "stock": Account(leg("pop3-mail-example-test", False), clear),
        "updated": Account(leg("pop3-mail-example-test-2", True), leg("smtp-mail-example-test", True)),
        # Its mail server is not who it says it is: no password goes there.
        "misled": Account(BEFORE["misled"].pop3, clear),
    }


@pytest.mark.needs("podman", "runc", "mmdebstrap")
def test_from_an_audit_to_a_working_mailbox_and_back(tmp_path: Path) -> None:
    with stage(tmp_path) as on:
        first = {name: host.export() for name, host in on.lab.hosts.items()}
        assert accounts(on.lab) == BEFORE
        done = on.story.play("relay")
        assert "PLAY [Report]" in done.stdout, done.stdout + done.stderr
        broken = {one["name"]: one["why"] for one in on.story.result(f"{RELAY}/checks") if not one["works"]}
        assert set(broken) == {"pop3-other-example-test", "pop3-other-example-test-2"}, broken
        assert all(f"the certificate of {OTHER} port 995 is not accepted: " in why for why in broken.values())
        assert done.returncode != 0
        assert f"relay pop3-other-example-test does not work: the certificate of {OTHER}" in done.stdout + done.stderr
        assert accounts(on.lab) == repointed(on)

        for name in ("stock", "updated"):
            assert passes(account(on.lab.host(name)), on.root), name
        with pytest.raises(ssl.SSLError), socket.create_connection((on.upstream, 995), 10) as straight:
            relay_story.old_tls(on.root).wrap_socket(straight, server_hostname=NAME)
        versions = throwaway("run", UPSTREAM, "cat", "/var/log/dovecot.log", "/var/log/postfix.log").stdout
        assert "TLSv1.2 with cipher" in versions
        assert "TLSv1 with cipher" not in versions
        only_root_passes(on)

        again = on.story.play("relay")
        assert set(changed(again).values()) == {0}, again.stdout
        assert accounts(on.lab) == repointed(on)
        back = on.story.play("rollback")
        assert back.returncode == 0, back.stdout + back.stderr
        assert {name: host.export() for name, host in on.lab.hosts.items()} == first


def only_root_passes(on: Stage) -> None:
    """Who is on the machine of the relays, and is not root, is not let in; nor is anybody else."""
    port = account(on.lab.host("stock")).smtp[1]
    assert connects(RELAY, "root", on.relay, port)
    assert not connects(RELAY, "nobody", on.relay, port)
    assert not connects(UPSTREAM, "root", on.relay, port)
