# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that are forgotten: what is closed, what is less patient then, and that all comes back as it was."""

from __future__ import annotations

import types
import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import shell_for


class FakeConnection:
    """A connection that is open. ``error``: what closing it raises."""

    def __init__(self, transport: str, error: Exception | None = None, **options: t.Any) -> None:
        self.transport = transport
        self._shell = types.SimpleNamespace(SHELL_FAMILY="cmd")
        self._play_context = types.SimpleNamespace(no_log=None)
        self.error, self.options = error, options
        self.protocol: t.Any = types.SimpleNamespace(transport=types.SimpleNamespace(read_timeout_sec=30))
        self.runspace: t.Any = "runspace"
        self.shell_id: str | None = "1"
        self._connected = True
        self.acts: list[str] = []
        #: How long the host had to answer the farewell.
        self.farewell: int | None = None

    def get_option(self, name: str) -> t.Any:
        return self.options[name]

    def set_option(self, name: str, value: t.Any) -> None:
        assert name in self.options
        self.options[name] = value

    def close(self) -> None:
        self._act("close")

    def reset(self) -> None:
        self._act("reset")

    def _act(self, name: str) -> None:
        self.acts.append(name)
        self.farewell = self.protocol.transport.read_timeout_sec if self.protocol else None
        if self.error:
            raise self.error


USUAL: dict[str, dict[str, t.Any]] = {
    "mailfleet.client.winrs": {"connection_timeout": None, "winrs_command_timeout": 300, "other": 1},
    "winrm": {"connection_timeout": 300, "other": 1},
    "psrp": {"connection_timeout": 30, "read_timeout": 30, "operation_timeout": 20},
    "ssh": {"timeout": 10, "ssh_extra_args": "-o A=b", "reconnection_retries": 3, "other": 1},
}
BRIEF: dict[str, dict[str, t.Any]] = {
    "mailfleet.client.winrs": {"connection_timeout": 15, "winrs_command_timeout": 30, "other": 1},
    "winrm": {"connection_timeout": 15, "other": 1},
    "psrp": {"connection_timeout": 15, "read_timeout": 25, "operation_timeout": 15},
    "ssh": {
        "timeout": 15,
        "ssh_extra_args": "-o A=b -o ServerAliveInterval=5 -o ServerAliveCountMax=3",
        "reconnection_retries": 0,
        "other": 1,
    },
}


@pytest.mark.parametrize("transport", USUAL)
def test_patience_is_lent_and_given_back(transport: str) -> None:
    connection = FakeConnection(transport, **USUAL[transport])
    shell = shell_for(connection)
    for _unused in range(3):
        shell.renew(15)
        assert connection.options == BRIEF[transport]
    shell.renew()
    assert connection.options == USUAL[transport]
    shell.renew()
    assert connection.options == USUAL[transport]


@pytest.mark.parametrize("error", [None, OSError("gone"), KeyError("x")])
@pytest.mark.parametrize("transport", USUAL)
def test_what_is_open_is_closed_and_forgotten_whatever_happens(transport: str, error: Exception | None) -> None:
    connection = FakeConnection(transport, error, **USUAL[transport])
    shell_for(connection).renew()
    assert connection.acts == ["reset" if transport == "ssh" else "close"]
    assert connection.farewell == 5
    assert (connection.protocol, connection.shell_id, connection.runspace, connection._connected) == (
        None,
        None,
        None,
        False,
    )
    assert connection._play_context.no_log is None


def test_without_arguments_of_its_own_ssh_gets_ours_alone() -> None:
    connection = FakeConnection("ssh", **{**USUAL["ssh"], "ssh_extra_args": None})
    shell_for(connection).renew(1)
    assert connection.options["ssh_extra_args"] == "-o ServerAliveInterval=1 -o ServerAliveCountMax=3"


def test_one_that_was_to_stop_stops() -> None:
    connection = FakeConnection("winrm", **USUAL["winrm"])
    connection.error = KeyboardInterrupt()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        shell_for(connection).renew()
