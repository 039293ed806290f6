# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection against real endpoints: what it sends, what it refuses, what it says when a host misbehaves."""

from __future__ import annotations

import os
import subprocess
import sys
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from tests.lab.entry import HostEntry
from tests.lab.fleet import Lab
from tests.unit.connection.conftest import Connect

WINRS = "mailfleet.client.winrs"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Hosts of every kind of authentication."""
    kinds = ("basic", "ntlm", "basic-https", "ntlm-https")
    hosts: list[t.Any] = [HostEntry(auth, "win10-1709", auth=auth) for auth in kinds]
    hosts += [
        HostEntry("builtin", "win10-1709", connection="winrm"),
        HostEntry("xp", "xp-sp3", auth="basic", max_shells=1),
        HostEntry("chatty", "win10-1709", auth="basic", chunk=4096),
    ]
    with Lab(hosts) as running:
        yield running


@pytest.mark.parametrize("host", ["basic", "ntlm", "basic-https", "ntlm-https"])
def test_a_line_goes_there_and_its_bytes_come_back(lab: Lab, connect: Connect, host: str) -> None:
    connection = connect(lab, host)
    rc, out, err = connection.run("ver")
    assert (rc, out, err) == (0, b"\r\nMicrosoft Windows [Version 10.0.16299.15]\r\n", b"")
    rc, out, _err = connection.run(r"reg query HKLM\no\such\key 2>&1")
    assert (rc, out.strip()) == (1, b"ERROR: The system was unable to find the specified registry key or value.")


@pytest.mark.parametrize(("host", "most"), [("basic", 6), ("ntlm", 9), ("basic-https", 6), ("ntlm-https", 9)])
def test_a_whole_audit_takes_few_requests_and_leaves_no_shell(lab: Lab, connect: Connect, host: str, most: int) -> None:
    counters = lab.host(host).counters
    before = counters.requests
    connection = connect(lab, host)
    snapshot = connection.audit()
    connection.close()
    assert counters.requests - before <= most
    assert counters.shells_open == 0
    assert snapshot.unread == ()


@pytest.mark.realdata
@pytest.mark.parametrize(("auth", "most"), [("basic", 6), ("ntlm", 9)])
def test_a_real_registry_stays_within_the_budget(realdata: Path, connect: Connect, auth: str, most: int) -> None:
    file = realdata / "hosts" / "win10-1709-office16.reg"
    entry = HostEntry("real", "win10-1709", auth=auth, registry=(file,), unreadable=(r"HKLM\SOFTWARE",))
    with Lab([entry]) as real:
        connection = connect(real, "real")
        connection.audit()
        connection.close()
        counters = real.host("real").counters
        assert counters.requests <= most
        assert counters.bytes_up <= 40_000
        assert counters.bytes_down <= 120_000


def test_answers_in_small_pieces_are_the_same_answers(lab: Lab, connect: Connect) -> None:
    whole = connect(lab, "basic").audit()
    pieces = connect(lab, "chatty").audit()
    key = r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName"
    regions = [(r.root, r.keys) for r in whole.image.regions if r.root != key]
    assert [(r.root, r.keys) for r in pieces.image.regions if r.root != key] == regions


def test_the_builtin_connection_reads_the_same(lab: Lab, connect: Connect) -> None:
    snapshot = connect(lab, "builtin").audit()
    assert snapshot.unread == ()
    assert snapshot.codepage == 65001
    assert lab.host("builtin").counters.lines > 1


@pytest.mark.needs("sshd", "ssh")
@pytest.mark.parametrize(("os", "language", "codepage"), [("win10-1709", "en", 437), ("win7-sp1", "de", 850)])
def test_ssh_reads_the_same(connect: Connect, os: str, language: str, codepage: int) -> None:
    with Lab([HostEntry("host", os, connection="ssh", language=language)]) as running:
        snapshot = connect(running, "host").audit()
        assert snapshot.unread == ()
        assert snapshot.codepage == codepage
        with pytest.raises(ShellError, match=r"Permission denied") as failure:
            connect(running, "host", ansible_user="nobody-of-that-name").audit()
        assert failure.value.unreachable


@pytest.mark.parametrize("codepage", [437, 850, 65001])
def test_the_code_page_is_asked_for(lab: Lab, connect: Connect, codepage: int) -> None:
    connection = connect(lab, "basic", ansible_winrs_codepage=codepage)
    assert connection.run("chcp")[1] == f"Active code page: {codepage}\r\n".encode()


def test_437_is_asked_for_where_nobody_says_otherwise(lab: Lab, connect: Connect) -> None:
    assert connect(lab, "basic").run("chcp")[1] == b"Active code page: 437\r\n"


def test_a_reset_leaves_no_shell_behind(lab: Lab, connect: Connect) -> None:
    connection = connect(lab, "xp")  # allows one shell
    connection.call("reset")  # nothing to reset yet
    connection.run("ver")
    first = connection.text_of("shell_id")
    connection.call("reset")
    assert connection.text_of("shell_id") != first
    assert connection.run("ver")[0] == 0
    assert lab.host("xp").counters.shells_open == 1
    connection.close()
    connection.close()
    assert lab.host("xp").counters.shells_open == 0


@pytest.mark.parametrize("transport", ["basic", "plaintext", "ssl", None])
def test_passwords_are_not_sent_in_clear_text(lab: Lab, connect: Connect, transport: str | None) -> None:
    requests = lab.host("basic").counters.requests
    more = {"ansible_winrs_allow_basic_over_http": False, "ansible_winrm_transport": transport and [transport]}
    with pytest.raises(AnsibleError, match="does not send passwords in clear text") as failure:
        connect(lab, "basic", **more).run("ver")
    assert not isinstance(failure.value, AnsibleConnectionFailure)
    assert lab.host("basic").counters.requests == requests


@pytest.mark.parametrize(
    ("host", "asked", "encrypted"),
    [
        ("ntlm", None, True),
        ("ntlm", "auto", True),
        ("ntlm", "always", True),
        ("ntlm-https", None, False),
        ("ntlm-https", "always", True),
        ("basic", None, False),
    ],
)
def test_messages_are_encrypted_by_default(
    lab: Lab, connect: Connect, host: str, asked: str | None, encrypted: bool
) -> None:
    more = {} if asked is None else {"ansible_winrm_message_encryption": asked}
    connection = connect(lab, host, **more)
    connection.run("ver")
    assert (connection.text_of("protocol.transport.encryption") != "None") is encrypted


def test_auto_means_always_over_http_and_never_is_obeyed(lab: Lab, connect: Connect) -> None:
    connection = connect(lab, "ntlm")
    connection.run("ver")
    assert connection.text_of("protocol.transport.message_encryption") == "always"
    bare = connect(lab, "ntlm", ansible_winrm_message_encryption="never")
    with pytest.raises(AnsibleConnectionFailure):  # the host insists on it
        bare.run("ver")


@pytest.mark.parametrize(
    ("line", "data"),
    [
        ("powershell -NoProfile -EncodedCommand AAAA", None),
        ("PowerShell -encodedcommand AAAA", None),
        ("powershell -NoProfile -", b"data"),
        ("cmd /c pwsh.exe", b"data"),
    ],
)
def test_powershell_is_refused_before_anything_is_sent(
    lab: Lab, connect: Connect, line: str, data: bytes | None
) -> None:
    requests = lab.host("basic").counters.requests
    connection = connect(lab, "basic")
    with pytest.raises(AnsibleError, match="runs no PowerShell"):
        connection.call("exec_command", line, in_data=data)
    for refused in ("put_file", "fetch_file"):
        with pytest.raises(AnsibleError, match="copies no files in this release"):
            connection.call(refused, "a", "b")
    assert lab.host("basic").counters.requests == requests


def test_becoming_somebody_else_is_refused(lab: Lab, connect: Connect) -> None:
    connection = connect(lab, "basic")
    connection.call("set_become_plugin", "anybody")
    with pytest.raises(AnsibleError, match="cannot become another user"):
        connection.run("ver")
    assert connection.text_of("_connected") == "False"


@pytest.mark.parametrize("name", ["mkdtemp", "_mkdtemp2", "expand_user", "_expand_user2", "exists", "remove"])
def test_the_shell_makes_no_powershell(lab: Lab, connect: Connect, name: str) -> None:
    connection = connect(lab, "basic")
    assert connection.text_of("_shell._IS_WINDOWS") == "True"
    with pytest.raises(AnsibleError, match=r"mailfleet\.client\.winrs cannot .* lines of cmd\.exe only"):
        connection.call(f"_shell.{name}", "x")


@pytest.mark.parametrize("host", ["ntlm", "builtin"])
def test_what_a_host_prints_is_logged_at_no_verbosity(lab: Lab, connect: Connect, host: str) -> None:
    printed, logged = connect(lab, host).log_of("echo off&(echo from-the-host) <nul 2>&1")
    assert printed == b"from-the-host\r\n"
    assert "ESTABLISH WINRM CONNECTION" in logged
    assert "from-the-host" not in logged.replace("echo off&(echo from-the-host)", "")


def test_all_options_of_the_builtin_connection_are_there() -> None:
    from ansible.plugins.connection.winrm import DOCUMENTATION as BUILTIN

    from ansible_collections.mailfleet.client.plugins.connection.winrs import DOCUMENTATION
    from ansible_collections.mailfleet.client.plugins.doc_fragments.winrm_options import ModuleDocFragment

    builtin = yaml.safe_load(BUILTIN)["options"]
    fragment = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    own = yaml.safe_load(DOCUMENTATION)["options"]
    assert fragment.keys() == builtin.keys()
    assert all({**fragment[name], "version_added": 0} == {**builtin[name], "version_added": 0} for name in builtin)
    assert not own.keys() & builtin.keys()
    assert all(option["vars"] == [{"name": f"ansible_{name}"}] for name, option in own.items())


def ansible(lab: Lab, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program ``ansible`` on hosts of the lab."""
    command = [sys.executable, "-m", "ansible", "adhoc", "-i", str(lab.inventory), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ, timeout=120, check=False)


def test_raw_works_and_modules_are_refused_in_one_sentence(lab: Lab) -> None:
    done = ansible(lab, "ntlm,ntlm-https", "-m", "ansible.builtin.raw", "-a", "ver")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Microsoft Windows [Version 10.0.16299.15]") == 2
    lines = lab.host("ntlm").counters.lines
    done = ansible(lab, "ntlm", "-m", "ansible.builtin.ping")
    assert done.returncode == 2
    assert "cannot run modules on the host" in done.stdout
    runas = ("-b", "--become-method", "ansible.builtin.runas", "--become-user", "SYSTEM")
    done = ansible(lab, "ntlm", *runas, "-m", "ansible.builtin.raw", "-a", "ver")
    assert "cannot become another user" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert lab.host("ntlm").counters.lines == lines
    assert lab.host("ntlm").counters.shells_open == 0
