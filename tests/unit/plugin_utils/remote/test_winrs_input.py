# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Input for a command: its chunks, and what becomes of errors on the way."""

from __future__ import annotations

import base64
import typing as t
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from winrm.exceptions import WinRMOperationTimeoutError, WSManFaultError

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import winrs_input
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.winrs_input import (
    InputError,
    chunk_size,
    feed,
    pieces,
    sender,
)


@given(st.lists(st.binary(max_size=50)), st.integers(1, 20))
def test_chunks_are_full_but_for_the_last_and_hold_everything(parts: list[bytes], size: int) -> None:
    chunks = list(pieces(iter(parts), size))
    assert b"".join(chunk for chunk, _unused in chunks) == b"".join(parts)
    assert [last for _unused, last in chunks] == [False] * (len(chunks) - 1) + [True]
    assert all(len(chunk) == size for chunk, last in chunks if not last)
    assert len(chunks[-1][0]) <= size
    assert list(pieces(b"".join(parts), size)) == chunks


def fault(code: int) -> WSManFaultError:
    """A fault of WS-Management."""
    return WSManFaultError(500, "m", "r", "why", wsman_fault_code=code)


class Host:
    """Takes input, or raises what it is told to raise, in turn."""

    def __init__(self, *errors: Exception | None) -> None:
        self.errors, self.taken = list(errors), []

    taken: list[tuple[bytes, bool]]

    def send(self, chunk: bytes, last: bool) -> None:
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        self.taken.append((chunk, last))


def test_a_busy_host_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(winrs_input, "_PAUSE", 0)
    host = Host(fault(170), fault(170))
    feed(host.send, b"abc")
    assert host.taken == [(b"abc", True)]
    with pytest.raises(WSManFaultError):
        feed(Host(*[fault(170)] * 3).send, b"abc")


def test_what_took_long_is_not_sent_twice() -> None:
    host = Host(WinRMOperationTimeoutError())
    feed(host.send, iter([b"x" * chunk_size(150), b"y"]))
    assert host.taken == [(b"y", True)]


@pytest.mark.parametrize("error", [fault(112), ConnectionError("gone")])
def test_other_errors_end_it(error: Exception) -> None:
    with pytest.raises(type(error)):
        feed(Host(error).send, b"abc")


def test_an_input_that_cannot_be_read_is_not_the_hosts_fault() -> None:
    def broken() -> Iterator[bytes]:
        yield b"abc"
        raise OSError("disk error")

    with pytest.raises(InputError, match="could not be read: disk error"):
        feed(Host().send, broken())


@pytest.mark.parametrize("kilobytes", [32, 150, 500])
def test_a_chunk_fits_into_an_envelope_of_the_host(kilobytes: int) -> None:
    used = chunk_size(kilobytes) / 3 * 4
    assert kilobytes * 1024 - 5_000 < used < kilobytes * 1024 - 4_000
    host = Host()
    feed(host.send, bytes(chunk_size(kilobytes) + 1), kilobytes)
    assert [len(chunk) for chunk, _unused in host.taken] == [chunk_size(kilobytes), 1]


def test_a_limit_below_the_least_that_there_is_counts_as_that() -> None:
    assert chunk_size(0) == chunk_size(-1) == chunk_size(32)


@pytest.mark.parametrize("command", ["8F9D", base64.b64encode(winrs_input._PLACE).decode()])
@pytest.mark.parametrize(("chunk", "last"), [(b"", True), (b"abcd", False), (winrs_input._PLACE, True)])
def test_the_input_stands_in_the_envelope_whatever_the_host_calls_its_command(
    command: str, chunk: bytes, last: bool
) -> None:
    sent: list[str] = []

    def write(protocol: t.Any, shell: str, command: str, stdin: bytes, eof: bool) -> None:
        """As Ansible's connection does it."""
        header = protocol._get_soap_header()
        protocol.send_message(f"{header} {shell} {command} {eof}>{base64.b64encode(stdin).decode()}</s>")

    def answer(envelope: str) -> None:
        sent.append(envelope)

    protocol = SimpleNamespace(_get_soap_header=lambda: "header", send_message=answer)
    sender(write, protocol, "shell", command)(chunk, last)
    assert sent == [f"header shell {command} {last}>{base64.b64encode(chunk).decode()}</s>"]
