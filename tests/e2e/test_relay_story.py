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
from tests.support.molecule import need_containers
from tests.support.relay_story import HERE, Account, Story, account, changed, connects, known, passes, throwaway
from tests.support.run_ansible import ROOT, run
from tests.support.tls_servers import NAME, Authority

RELAY, UPSTREAM = "mf-story-relay", "mf-story-upstream"
#: A name that the certificate of the mail server does not have.
OTHER = "other.example.test"
#: By this name the accounts know the relays.
FRONT = "relay.example.test"
#: Stock XP; XP with the updates that bring AES; such a one without the consent to trust a root; and one whose mail
#: server is not who it says it is.
BEFORE = {
    "stock": Account(pop3=(NAME, 995, True), smtp=(NAME, 587, False)),
    "updated": Account(pop3=(NAME, 995, True), smtp=(NAME, 465, True)),
    "unasked": Account(pop3=(NAME, 995, True), smtp=(NAME, 465, True)),
    "misled": Account(pop3=(OTHER, 995, True), smtp=(NAME, 587, False)),
}
UPDATES = {name: [str(ROOT / "tests/demo/registry/xp-updates.reg")] for name in ("updated", "unasked")}
CONSENT = "{{ ['cleartext_leg'] + (['root_ca'] if inventory_hostname != 'unasked' else []) }}"
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
    """What the story is played on; ``root`` (DER) has signed the certificate of the mail server."""

    story: Story
    lab: Lab
    root: bytes
    relay: str
    upstream: str


@contextlib.contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Machines that are ready, and a fleet."""
    need_containers()
    authority = Authority(folder)
    fleet: list[dict[str, t.Any]] = [
        {"name": name, "os": "xp-sp3", "registry": [*UPDATES.get(name, []), one.write(folder / f"{name}.reg")]}
        for name, one in BEFORE.items()
    ]
    with relay_story.machines(RELAY, UPSTREAM) as at, Lab(hosts=fleet) as lab:
        groups = {"relays": {RELAY: at[RELAY]}, "upstreams": {UPSTREAM: at[UPSTREAM]}}
        others = relay_story.inventory(folder / "others.json", **groups)
        servers = by_host(prepared(folder, others, authority))
        trusted = {"addresses": [at[UPSTREAM]], "ca_file": "/etc/ssl/upstream.pem"}
        story = Story(
            lab,
            others,
            folder / "build",
            consent=CONSENT,
            servers=servers,
            relay_names=[FRONT],
            relay_authority=str(folder / "authority"),
            relay_clients=dict.fromkeys(BEFORE, HERE),
            relay_upstreams={NAME: trusted, OTHER: trusted},
        )
        story.role = {"tls_relay_trial_seconds": 1}
        yield Stage(story, lab, authority.root.der, at[RELAY], at[UPSTREAM])


def by_host(servers: list[dict[str, t.Any]]) -> str:
    """The entries of ``servers``; what only one host hears of gets no relay for the others."""
    more = [misnamed(one) for one in servers if one["protocol"] == "pop3"]
    return f"{{{{ {servers} + ({more} if inventory_hostname == 'misled' else []) }}}}"


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
        return FRONT, ports[name], tls

    clear = leg("smtp-mail-example-test-2", False)
    return {
        "stock": Account(leg("pop3-mail-example-test", False), clear),
        "updated": Account(leg("pop3-mail-example-test-2", True), leg("smtp-mail-example-test", True)),
        # Its programs would meet a root that it does not know.
        "unasked": BEFORE["unasked"],
        # Its mail server is not who it says it is: no password goes there.
        "misled": Account(BEFORE["misled"].pop3, clear),
    }


@pytest.mark.needs("podman", "runc", "mmdebstrap")
def test_from_an_audit_to_a_working_mailbox_and_back(tmp_path: Path) -> None:
    with stage(tmp_path) as on:
        first = {name: host.export() for name, host in on.lab.hosts.items()}
        roots = relay_story.roots(on.lab.host("updated"))
        assert accounts(on.lab) == BEFORE
        done = on.story.play("relay")
        assert "PLAY [Report]" in done.stdout, done.stdout + done.stderr
        broken = {one["name"]: one["why"] for one in on.story.result(f"{RELAY}/checks") if not one["works"]}
        assert set(broken) == {"pop3-other-example-test"}, broken
        assert f"the certificate of {OTHER} port 995 is not accepted: " in broken["pop3-other-example-test"]
        assert done.returncode != 0
        assert f"relay pop3-other-example-test does not work: the certificate of {OTHER}" in done.stdout + done.stderr
        assert accounts(on.lab) == repointed(on)

        assert r'"This needs the consent \"root_ca\": it would make the host trust the root' in done.stdout
        trusted_for_its_certificate(on, roots)
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


def trusted_for_its_certificate(on: Stage, before: dict[str, bytes]) -> None:
    """Mail passes both ways; a TLS client is shown a certificate by exactly the root that its host was given."""
    now = {name: relay_story.roots(host) for name, host in on.lab.hosts.items()}
    (root,) = (one for thumbprint, one in now["updated"].items() if thumbprint not in before)
    made = (Path(on.story.variables["relay_authority"]) / "root.pem").read_text("ascii")
    assert root == ssl.PEM_cert_to_DER_cert(made)
    assert [name for name, there in now.items() if root in there.values()] == ["updated"]
    with known(FRONT, on.relay):
        assert passes(account(on.lab.host("stock")), relay_story.old_tls())
        assert passes(account(on.lab.host("updated")), relay_story.old_tls(root))
        with pytest.raises(ssl.SSLCertVerificationError):
            passes(account(on.lab.host("updated")), relay_story.old_tls(on.root))


def only_root_passes(on: Stage) -> None:
    """Who is on the machine of the relays, and is not root, is not let in; nor is anybody else."""
    port = account(on.lab.host("stock")).smtp[1]
    assert connects(RELAY, "root", on.relay, port)
    assert not connects(RELAY, "nobody", on.relay, port)
    assert not connects(UPSTREAM, "root", on.relay, port)
