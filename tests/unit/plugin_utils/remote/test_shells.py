# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shells over Ansible's connections: how a line is wrapped, how long it may be, and what becomes of errors."""

from __future__ import annotations

import base64
import types
import typing as t
from pathlib import Path

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.utils.display import Display

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import CMD_LIMIT, Output, ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import (
    PLAIN_LIMIT,
    cmd,
    encoded,
    powershell,
    shell_for,
    wrapped_limit,
)


class FakeConnection:
    """What a shell needs of a connection of Ansible. ``answer``: what exec_command returns or raises."""

    def __init__(self, transport: str, family: str = "cmd", answer: t.Any = (0, b"out", b"")) -> None:
        self.transport = transport
        self._shell = types.SimpleNamespace(SHELL_FAMILY=family)
        self._play_context = types.SimpleNamespace(no_log=None)
        self.answer = answer
        self.sent: list[tuple[str, t.Any, bool, t.Any]] = []

    def exec_command(self, line: str, in_data: t.Any = None, sudoable: bool = True) -> t.Any:
        self.sent.append((line, in_data, sudoable, self._play_context.no_log))
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("transport", "family", "sent"),
    [
        ("mailfleet.client.winrs", "winrs", "a 'b' \"c\""),
        ("winrm", "cmd", "cmd.exe /d /s /c 'a ''b'' \"c\"'"),
        ("winrm", "powershell", "cmd.exe /d /s /c 'a ''b'' \"c\"'"),
        ("psrp", "powershell", "cmd.exe /d /s /c 'a ''b'' \"c\"'"),
        ("ssh", "cmd", 'cmd.exe /d /s /c "a \'b\' "c""'),
    ],
)
def test_lines_are_wrapped_as_the_connection_needs_it(transport: str, family: str, sent: str) -> None:
    connection = FakeConnection(transport, family)
    assert shell_for(connection).run("a 'b' \"c\"") == Output(0, b"out", b"")
    assert connection.sent == [(sent, None, False, None if transport == "ssh" else True)]


def test_input_goes_over_winrs_only() -> None:
    connection = FakeConnection("mailfleet.client.winrs", "winrs")
    shell = shell_for(connection)
    chunks = iter([b"a"])
    assert shell.feeds
    assert shell.feed("find", chunks) == Output(0, b"out", b"")
    assert connection.sent == [("find", chunks, False, True)]
    for transport, family in (("winrm", "powershell"), ("psrp", "powershell"), ("ssh", "cmd")):
        shell = shell_for(FakeConnection(transport, family))
        assert not shell.feeds
        with pytest.raises(ShellError, match=rf"The connection {transport} gives lines of cmd\.exe no input\."):
            shell.feed("find", chunks)


@pytest.mark.parametrize(
    ("error", "unreachable"),
    [(AnsibleConnectionFailure("gone"), True), (AnsibleError("no"), False), (OSError("x"), True)],
)
def test_files_go_by_what_the_connection_has(error: Exception, unreachable: bool) -> None:
    connection = FakeConnection("winrm", "powershell")
    copied: list[t.Any] = []
    connection.put_file = lambda *what: copied.append(what)  # type: ignore[attr-defined]
    shell_for(connection).carry(Path("a"), r"C:\Windows\a")
    assert copied == [("a", r"C:\Windows\a")]

    def fail(*_unused: str) -> None:
        raise error

    connection.put_file = fail  # type: ignore[attr-defined]
    with pytest.raises(ShellError) as failure:
        shell_for(connection).carry(Path("a"), r"C:\Windows\a")
    assert failure.value.unreachable is unreachable
    # All that ansible-core says of an older PowerShell is that no checksum was returned.
    assert ("copies files by PowerShell 5.1" in str(failure.value)) is not unreachable


def test_over_ssh_a_powershell_gets_the_line_where_its_quotes_are_safe() -> None:
    connection = FakeConnection("ssh", "powershell")
    shell_for(connection).run('reg query "HKLM\\a b"')
    before, _blank, script = connection.sent[0][0].rpartition(" ")
    assert before == "powershell -NoProfile -NonInteractive -EncodedCommand"
    assert base64.b64decode(script).decode("utf-16-le") == powershell('reg query "HKLM\\a b"')


def test_nothing_that_is_sent_is_longer_than_cmd_takes() -> None:
    prefix = "PowerShell -NoProfile -NonInteractive -ExecutionPolicy Unrestricted -EncodedCommand "
    longest = "'" * 16 + "x" * (wrapped_limit() - 16)
    script = base64.b64encode(powershell(longest).encode("utf-16-le"))
    assert CMD_LIMIT - 250 < len(prefix) + len(script) < CMD_LIMIT - 100
    assert len(encoded(longest)) < CMD_LIMIT
    assert PLAIN_LIMIT == 8000
    assert len(cmd("x" * shell_for(FakeConnection("ssh")).limit)) <= PLAIN_LIMIT


def test_a_line_that_is_too_long_is_not_sent() -> None:
    connection = FakeConnection("winrm")
    with pytest.raises(ShellError, match=r"A line of 3001 characters is too long for this connection \(29\d\d\)"):
        shell_for(connection).run("x" * 3001)
    assert connection.sent == []


@pytest.mark.parametrize(
    ("transport", "family", "words"),
    [
        ("ssh", "sh", "ansible_shell_type has to be cmd or powershell"),
        ("local", "sh", "The connection local runs no lines of cmd.exe"),
        ("ansible.netcommon.network_cli", "sh", "The connection network_cli runs no lines of cmd.exe"),
        ("", "", "The connection of this host runs no lines of cmd.exe"),
    ],
)
def test_other_connections_are_refused_in_one_sentence(transport: str, family: str, words: str) -> None:
    with pytest.raises(ShellError) as failure:
        shell_for(FakeConnection(transport, family))
    assert words in str(failure.value)
    assert str(failure.value).endswith(".")
    assert not failure.value.unreachable


@pytest.mark.parametrize(
    ("error", "words", "unreachable"),
    [
        (AnsibleConnectionFailure("ntlm: no route"), "ntlm: no route.", True),
        (AnsibleError("not today"), "not today.", False),
        (KeyError("x"), "The connection failed: 'x'.", True),
        (AnsibleConnectionFailure("a\r\n\x1b[31mb"), "a \\x1b[31mb.", True),
        (ValueError(""), "The connection failed: ValueError.", True),
        (
            AnsibleConnectionFailure("ntlm: Access is denied. (extended fault data: {'wsmanfault_code': 5})"),
            "ntlm: Access is denied; the account may open no shell: it has to be an administrator, over WinRM too.",
            True,
        ),
        (
            AnsibleConnectionFailure("ntlm: cannot connect (Connection refused)"),
            "ntlm: cannot connect (Connection refused); nothing listens there: enable WinRM on the host, or correct"
            " ansible_host and ansible_port.",
            True,
        ),
    ],
)
def test_errors_become_one_sentence(error: Exception, words: str, unreachable: bool) -> None:
    with pytest.raises(ShellError) as failure:
        shell_for(FakeConnection("winrm", answer=error)).run("ver")
    assert str(failure.value) == words
    assert failure.value.unreachable is unreachable


def test_a_task_that_is_told_to_stop_stops() -> None:
    with pytest.raises(KeyboardInterrupt):
        shell_for(FakeConnection("winrm", answer=KeyboardInterrupt())).run("ver")


def test_why_a_command_was_cut_is_kept() -> None:
    connection = FakeConnection("mailfleet.client.winrs", answer=(258, b"part", b"took more than 3 seconds\n"))
    assert shell_for(connection).run("ver") == Output(
        258, b"part", b"took more than 3 seconds\n", "took more than 3 seconds"
    )


@pytest.mark.parametrize("before", [None, False, True])
def test_what_a_host_prints_is_not_logged_and_the_setting_comes_back(before: bool | None) -> None:
    connection = FakeConnection("winrm", answer=AnsibleError("x"))
    connection._play_context.no_log = before
    with pytest.raises(ShellError):
        shell_for(connection).run("ver")
    assert connection.sent[0][3] is True
    assert connection._play_context.no_log is before


@pytest.mark.parametrize(("verbosity", "meanwhile"), [(6, 2), (3, 2), (2, 2), (0, 0)])
def test_over_ssh_the_verbosity_goes_down_instead(
    monkeypatch: pytest.MonkeyPatch, verbosity: int, meanwhile: int
) -> None:
    """With no_log, ansible-core's ssh would hide its own errors as well."""
    seen: list[int] = []

    class Ssh(FakeConnection):
        def exec_command(self, line: str, in_data: t.Any = None, sudoable: bool = True) -> t.Any:
            seen.append(Display().verbosity)
            return super().exec_command(line, in_data, sudoable)

    monkeypatch.setattr(Display(), "verbosity", verbosity)
    shell_for(Ssh("ssh")).run("ver")
    assert seen == [meanwhile]
    assert Display().verbosity == verbosity
