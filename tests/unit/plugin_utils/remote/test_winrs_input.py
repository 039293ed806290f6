# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Input for a command: its chunks, and what becomes of errors on the way."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from winrm.exceptions import WinRMOperationTimeoutError, WSManFaultError

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import winrs_input
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.winrs_input import InputError, feed, pieces


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
    feed(host.send, iter([b"x" * winrs_input.CHUNK, b"y"]))
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


def test_a_chunk_fits_into_an_envelope_of_old_hosts() -> None:
    used: t.Any = winrs_input.CHUNK / 3 * 4
    assert 153_600 - 5_000 < used < 153_600 - 4_000
