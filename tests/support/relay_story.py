# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the story of a relay: throwaway hosts, accounts of Outlook Express, and an old client that uses them."""

from __future__ import annotations

import contextlib
import json
import poplib
import secrets
import smtplib
import socket
import ssl
import struct
import subprocess
import time
import typing as t
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from tests.lab.fleet import Lab, LabHost
from tests.support.run_ansible import ROOT, run

_THROWAWAY: t.Final = str(ROOT / "scripts" / "throwaway-host")
_ACCOUNT: t.Final = r"Software\Microsoft\Internet Account Manager\Accounts\00000001"
_ROOTS: t.Final = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\SystemCertificates\ROOT\Certificates"
#: CERT_CERT_PROP_ID of wincrypt.h: the property of a value ``Blob`` that is the certificate itself.
_CERTIFICATE: t.Final = 32
_LOGIN: t.Final = ("user", "password")
#: What podman's network calls the machine that the tests run on: relays see its clients come from there.
HERE: t.Final = "10.88.0.1"


def throwaway(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """scripts/throwaway-host with these words."""
    return subprocess.run(
        [_THROWAWAY, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=check, timeout=300
    )


@contextlib.contextmanager
def machines(*names: str) -> Iterator[dict[str, str]]:
    """Name → address of hosts with systemd, which go away again."""
    try:
        with ThreadPoolExecutor() as pool:
            yield dict(zip(names, (one.stdout.strip() for one in pool.map(_up, names)), strict=True))
    finally:
        for name in names:
            throwaway("down", name, check=False)


def _up(name: str) -> subprocess.CompletedProcess[str]:
    return throwaway("up", name, "bookworm")


def connects(machine: str, user: str, host: str, port: int) -> bool:
    """Whether that user of a throwaway host gets a connection there; who gets no answer is refused."""
    words = ("runuser", "-u", user, "--", "timeout", "2", "bash", "-c", f"</dev/tcp/{host}/{port}")
    done = throwaway("run", machine, *words, check=False)
    assert done.returncode in (0, 124), done.stderr
    return done.returncode == 0


def inventory(path: Path, **groups: Mapping[str, str]) -> Path:
    """An inventory of such hosts, by group; they are reached as root over ssh."""
    how = {
        "ansible_user": "root",
        "ansible_ssh_private_key_file": throwaway("key").stdout.strip(),
        "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_ssh_pipelining": True,
        # A host that had the address a moment ago may still be remembered.
        "ansible_ssh_timeout": 30,
        "ansible_ssh_retries": 2,
    }
    text = {
        group: {"hosts": {name: {"ansible_host": address, **how} for name, address in hosts.items()}}
        for group, hosts in groups.items()
    }
    path.write_text(json.dumps(text), "utf-8")
    return path


@dataclass(frozen=True)
class Account:
    """What an account of Outlook Express says: (server, port, TLS) for each protocol."""

    pop3: tuple[str, int, bool]
    smtp: tuple[str, int, bool]

    def write(self, path: Path) -> str:
        """The same as a .reg file."""
        lines = [
            "Windows Registry Editor Version 5.00",
            "",
            rf"[HKEY_CURRENT_USER\{_ACCOUNT}]",
            '"Account Name"="till"',
        ]
        for word, (server, port, tls) in (("POP3", self.pop3), ("SMTP", self.smtp)):
            lines += [
                f'"{word} Server"="{server}"',
                f'"{word} Port"=dword:{port:08x}',
                f'"{word} Secure Connection"=dword:{tls:08x}',
                f'"{word} User Name"="user"',
                f'"{word} Password2"=hex:01,02,03,04',
            ]
        path.write_bytes(
            b"\xff\xfe" + "\r\n".join([*lines, '"SMTP Email Address"="user@example.test"', ""]).encode("utf-16-le")
        )
        return str(path)


def account(host: LabHost) -> Account:
    """What the account on that host says now."""
    (values,) = (values for path, values in host.export("HKU").items() if path.endswith(_ACCOUNT))
    return Account(*(_leg(values, word) for word in ("POP3", "SMTP")))


def _leg(values: Mapping[str, tuple[int, bytes]], word: str) -> tuple[str, int, bool]:
    server = values[f"{word} Server"][1].decode("utf-16-le").rstrip("\0")
    port, tls = (int.from_bytes(values[f"{word} {name}"][1], "little") for name in ("Port", "Secure Connection"))
    return server, port, bool(tls)


def roots(host: LabHost) -> dict[str, bytes]:
    """Thumbprint → certificate (DER) of what stands among the roots of that machine, as far as it has one."""
    there = host.export(_ROOTS)
    values = {key.rpartition("\\")[2]: held["Blob"][1] for key, held in there.items() if "Blob" in held}
    found = {name: dict(_properties(raw)).get(_CERTIFICATE, b"") for name, raw in values.items()}
    return {name: certificate for name, certificate in found.items() if certificate}


def _properties(raw: bytes) -> Iterator[tuple[int, bytes]]:
    while raw:
        kind, _one, length = struct.unpack_from("<III", raw)
        yield kind, raw[12 : 12 + length]
        raw = raw[12 + length :]


def old_tls(*trusted: bytes) -> ssl.SSLContext:
    """TLS 1.0 and nothing newer, with the suites that an update brings to XP; chain and name are verified.

    :param trusted: roots (DER), and no others.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for root in trusted:
        context.load_verify_locations(cadata=root)
    context.set_ciphers("AES128-SHA:AES256-SHA:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    return context


@contextlib.contextmanager
def known(name: str, address: str) -> Iterator[None]:
    """In this process, the name leads to the address, as DNS does it for a mail program."""
    ask = socket.getaddrinfo

    def answer(host: t.Any, *words: t.Any, **more: t.Any) -> t.Any:
        return ask(address if host == name else host, *words, **more)

    with mock.patch.object(socket, "getaddrinfo", answer):
        yield


def passes(there: Account, client: ssl.SSLContext) -> bool:
    """Whether a message that an old client sends by that account comes back to it by that account, unchanged."""
    token = secrets.token_hex(8)
    sent = (
        "From: <user@example.test>\r\nTo: <user@example.test>\r\n"
        f"Subject: {token}\r\nMessage-ID: <{token}@example.test>\r\n"
        "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        "Gr\u00fc\u00dfe\r\n.\r\n..\r\nFrom here\r\nend\r\n"
    ).encode()
    _send(there.smtp, client, sent)
    for _turn in range(100):
        # What a server puts on top (Received and the like) is the server's.
        if any(one.endswith(sent) for one in _fetched(there.pop3, client)):
            return True
        time.sleep(0.1)
    return False


def _send(leg: tuple[str, int, bool], client: ssl.SSLContext, message: bytes) -> None:
    server, port, tls = leg
    kind: t.Any = smtplib.SMTP_SSL if tls else smtplib.SMTP
    with kind(server, port, timeout=10, **({"context": client} if tls else {})) as smtp:
        smtp.login(*_LOGIN)
        smtp.sendmail("user@example.test", "user@example.test", message)


def _fetched(leg: tuple[str, int, bool], client: ssl.SSLContext) -> list[bytes]:
    server, port, tls = leg
    box = poplib.POP3_SSL(server, port, context=client, timeout=10) if tls else poplib.POP3(server, port, 10)
    box.user(_LOGIN[0])
    box.pass_(_LOGIN[1])
    count = box.stat()[0]
    found = [b"\r\n".join([*box.retr(number + 1)[1], b""]) for number in range(count)]
    box.quit()
    return found


class Story:
    """A lab, a machine for relays, and what both get told; results stand in ``folder``."""

    def __init__(self, lab: Lab, others: Path, folder: Path, **variables: t.Any) -> None:
        self.lab, self.others, self.folder, self.variables = lab, others, folder, variables
        #: Variables of the role, as they are.
        self.role: dict[str, t.Any] = {}

    def play(self, book: str, *words: str, **more: t.Any) -> subprocess.CompletedProcess[str]:
        """A playbook of the collection; variables without ``mailfleet_``."""
        given = {"build": str(self.folder), "journals": str(self.folder / "journals"), "serial": 10}
        told = {f"mailfleet_{name}": value for name, value in {**given, **self.variables, **more}.items()}
        inventories = ("-i", str(self.lab.inventory), "-i", str(self.others))
        given = json.dumps({**told, **self.role})
        done = run("ansible-playbook", *inventories, f"playbooks/{book}.yml", *words, "-e", given)
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return done

    def result(self, name: str) -> t.Any:
        """What the last run wrote to a file of that name."""
        return json.loads((self.folder / "relay" / f"{name}.json").read_text("utf-8"))


def changed(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """How many tasks changed something, by host, as Ansible counts them."""
    recap = done.stdout.partition("PLAY RECAP")[2].splitlines()[1:]
    rows = [line.split() for line in recap if "changed=" in line]
    return {row[0]: int(next(word for word in row if word.startswith("changed=")).partition("=")[2]) for row in rows}
