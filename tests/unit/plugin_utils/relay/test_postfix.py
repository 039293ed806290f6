# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a smarthost: what they say, what is refused, and that nothing given can say more than it should."""

from __future__ import annotations

import re
import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import postfix, smarthost_unit
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.smarthost_files import (
    smarthost_files,
    smarthost_secrets,
)
from tests.support.relays import CONSENTS, FACTS
from tests.support.smarthosts import ROOTS, SECRET, wanted, wish


def parameters(**fields: t.Any) -> dict[str, str]:
    """main.cf, read as Postfix reads it."""
    text = postfix.main_cf(wish(**fields), ROOTS)
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(re.match(r"[a-zA-Z0-9_]+ =( |$)", line) for line in lines)
    found = dict(line.partition(" =")[::2] for line in lines)
    assert len(found) == len(lines), "a parameter stands there twice"
    return {name: value.strip() for name, value in found.items()}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"relayhost": "[smtp.example.net]:587", "smtp_tls_wrappermode": "no", "smtp_tls_CAfile": ROOTS}),
        ({"port": 465, "security": "implicit"}, {"smtp_tls_wrappermode": "yes"}),
        ({"ca_file": "/etc/ssl/own.pem"}, {"smtp_tls_CAfile": "/etc/ssl/own.pem"}),
        (
            {"addresses": ["198.51.100.1", "2001:db8::1"]},
            {
                "relayhost": "[198.51.100.1]:587, [2001:db8::1]:587",
                "smtp_tls_secure_cert_match": "smtp.example.net",
                "smtp_tls_servername": "smtp.example.net",
            },
        ),
        (
            {"allow": ["192.0.2.0/24", "2001:db8::/32"], "listen": ["[::]:2525"], "any_address": True},
            {"mynetworks": "192.0.2.0/24, [2001:db8::]/32"},
        ),
        (
            {"senders": ["Example.NET", "A@example.org"]},
            {"smtpd_sender_restrictions": "check_sender_access texthash:/etc/mailfleet-smtp-relay/senders, reject"},
        ),
        ({"hide_clients": False}, {"smtp_header_checks": None}),
        ({"message_mib": "7"}, {"message_size_limit": str(7 * 1024 * 1024)}),
        ({"queue_days": 3}, {"maximal_queue_lifetime": "3d", "bounce_queue_lifetime": "3d"}),
        ({"retry_seconds": 9}, {"minimal_backoff_time": "9s", "queue_run_delay": "9s", "transport_retry_time": "9s"}),
    ],
)
def test_what_is_wanted_becomes_parameters(fields: dict[str, t.Any], expected: dict[str, str | None]) -> None:
    found = parameters(**fields)
    assert {name: found.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("smtp_tls_security_level", "secure"),
        ("smtp_tls_mandatory_protocols", "!SSLv2, !SSLv3, !TLSv1, !TLSv1.1"),
        ("smtp_sasl_security_options", "noplaintext, noanonymous"),
        ("smtp_sasl_tls_security_options", "noanonymous"),
        ("mydestination", ""),
        ("relay_domains", ""),
        ("local_transport", "error:5.1.1 this relay has no mailboxes"),
        ("smtpd_relay_restrictions", "permit_mynetworks, reject"),
        ("smtpd_client_restrictions", "permit_mynetworks, reject"),
        # Else <postmaster> would be taken from everybody.
        ("smtpd_delay_reject", "no"),
        # Whoever is in mynetworks would else be free of both.
        ("smtpd_client_event_limit_exceptions", ""),
        ("smtpd_forbid_bare_newline_exclusions", ""),
        ("disable_vrfy_command", "yes"),
        ("disable_mime_output_conversion", "yes"),
        ("smtp_line_length_limit", "0"),
        ("local_header_rewrite_clients", ""),
    ],
)
def test_what_is_always_said(name: str, value: str) -> None:
    assert parameters()[name] == value


def test_no_file_but_one_has_the_password() -> None:
    made = smarthost_files(wanted(), FACTS, CONSENTS)
    assert SECRET not in repr(made)
    assert "password" not in repr(wish()).replace("password_", "").replace("texthash", "")
    secrets = smarthost_secrets(wanted(addresses=["198.51.100.1", "198.51.100.2"]), FACTS, CONSENTS)
    assert secrets == {
        made["password"]: postfix.HEAD
        + f"[198.51.100.1]:587\tme@example.net:{SECRET}\n[198.51.100.2]:587\tme@example.net:{SECRET}\n"
    }


@pytest.mark.parametrize(
    ("listen", "lines"),
    [
        (["192.0.2.10:25", "[2001:db8::1]:2525"], ["192.0.2.10:25", "[2001:db8::1]:2525"]),
        (["[::]:25"], ["[::]:25", "0.0.0.0:25"]),
        (["0.0.0.0:25"], ["0.0.0.0:25"]),
    ],
)
def test_listeners(listen: list[str], lines: list[str]) -> None:
    one = wish(
        listen=listen,
        allow=["192.0.2.0/24", "2001:db8::/32"] if "::" in str(listen) else ["192.0.2.0/24"],
        any_address=True,
    )
    found = [line.split()[0] for line in postfix.master_cf(one.listen).splitlines() if line.split()[1:2] == ["inet"]]
    assert found == lines
    services = [line.split()[-1] for line in postfix.master_cf(one.listen).splitlines()]
    assert not {"local", "pipe", "virtual", "lmtp", "spawn"} & set(services)


def test_a_lost_trigger_keeps_a_message_for_a_minute_at_most() -> None:
    wakes = {line.split()[0]: line.split()[5] for line in postfix.master_cf(()).splitlines() if " unix " in line}
    assert (wakes["qmgr"], wakes["pickup"]) == ("60", "60")


def test_the_fence_is_a_table_of_its_own() -> None:
    text = smarthost_unit.rules(wish(listen=["192.0.2.10:25", "192.0.2.11:2525"]))
    assert "table inet mailfleet_smtp_relay {" in text
    assert "mailfleet_relay" not in text
    assert "tls_relay" not in text
    assert "\n\t\tip daddr 192.0.2.10 tcp dport 25 jump relay-smtp-relay\n" in text
    assert "\n\t\tip daddr 192.0.2.11 tcp dport 2525 jump relay-smtp-relay-2\n" in text


@pytest.mark.parametrize(("port", "can"), [(25, True), (2525, False)])
def test_a_capability_only_where_a_port_needs_it(port: int, can: bool) -> None:
    assert ("CAP_NET_BIND_SERVICE" in smarthost_unit.unit(wish(listen=[f"192.0.2.10:{port}"]))) is can


DEBIAN_12 = """\
mail_version = 3.7.11
smtpd_forbid_bare_newline = no
smtpd_forbid_bare_newline_exclusions = $mynetworks
"""


def test_a_release_is_told_what_it_knows() -> None:
    facts = {**FACTS, "postfix": DEBIAN_12}
    text = smarthost_files(wanted(), facts, CONSENTS)["files"]["/etc/mailfleet-smtp-relay/main.cf"]
    assert "\nsmtpd_forbid_bare_newline = yes\n" in text
    assert "smtpd_forbid_unauth_pipelining" not in text
    assert "\ncompatibility_level = 3.6\n" in text
    old = postfix.parse_release(DEBIAN_12.replace("3.7.11", "3.5.25"))
    assert "\ncompatibility_level = 2\n" in postfix.main_cf(wish(), ROOTS, release=old)


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ("mail_version = 3.4.23\n", "3.4 is too old"),
        ("mail_version = 3.7.5\n", "update the package"),
        ("postconf: fatal", "holds no version"),
    ],
)
def test_releases_that_are_refused(printed: str, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        postfix.parse_release(printed)


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("LISTEN 0 100 192.0.2.10:2525 0.0.0.0:* cgroup:/system.slice/mailfleet-smtp-relay.service", ""),
        ("LISTEN 0 100 0.0.0.0:2525 0.0.0.0:* cgroup:/system.slice/postfix.service", "taken by postfix.service"),
        (
            "LISTEN 0 100 192.0.2.10:2525 0.0.0.0:* cgroup:/system.slice/x/mailfleet-relay@a.service",
            "taken by mailfleet-relay@a.service",
        ),
    ],
)
def test_ports_of_others(line: str, refused: str) -> None:
    facts = {**FACTS, "listening": line}
    if not refused:
        assert smarthost_files(wanted(), facts, CONSENTS)
        return
    with pytest.raises(OptionError, match=refused):
        smarthost_files(wanted(), facts, CONSENTS)


@pytest.mark.needs("postconf", "postmap")
def test_postfix_knows_every_parameter_and_reads_the_tables(tmp_path: Path) -> None:
    """The real program, with everything in use that may be said; it warns about parameters that nobody asks for."""
    places = postfix.Places(*(str(tmp_path / name) for name in ("etc", "spool", "lib")))
    (tmp_path / "etc").mkdir()
    one = wish(senders=["example.net", "<>"], addresses=["198.51.100.1", "2001:db8::1"], hide_clients=True)
    printed = run("postconf", "-d", *postfix.QUESTIONS)
    texts = {
        f"{places.folder}/main.cf": postfix.main_cf(one, ROOTS, places, postfix.parse_release(printed.stdout)),
        f"{places.folder}/master.cf": postfix.master_cf(one.listen),
        **postfix.tables(one, places),
        **postfix.password_table(one, places),
    }
    for path, text in texts.items():
        Path(path).write_text(text, encoding="utf-8")
    for option in ("-n", "-M", "-P"):
        found = run("postconf", "-c", places.folder, option)
        assert (found.returncode, found.stderr) == (0, "")
    asked = [
        (f"texthash:{places.folder}/password", "[2001:db8::1]:587", f"me@example.net:{SECRET}"),
        (f"texthash:{places.folder}/senders", "<>", "OK"),
        (f"texthash:{places.folder}/senders", "example.org", ""),
        (
            f"regexp:{places.folder}/headers",
            "Received: from pc (unknown [192.0.2.7])\n\tby relay.example.net (Postfix) with ESMTP id 4X\n\tfor <a@b.c>",
            "REPLACE Received: by relay.example.net (Postfix) with ESMTP id 4X\n\tfor <a@b.c>",
        ),
        (f"regexp:{places.folder}/headers", "Received: from pc by relay-example.net (Postfix) with ESMTP id 4X", ""),
    ]
    for table, key, value in asked:
        assert run("postmap", "-c", places.folder, "-q", key, table).stdout.rstrip("\n") == value


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """A program, wherever daemons live."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
