# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoints, spoken to by the real pywinrm."""

from __future__ import annotations

import contextlib
import socket
import time
import typing as t
import urllib.request
import warnings
from collections.abc import Iterator

import pytest
import requests
from winrm.exceptions import InvalidCredentialsError, WinRMTransportError, WSManFaultError
from winrm.protocol import Protocol

from tests.lab.fleet import Lab

LINE = r"echo off&(reg query HKLM\SOFTWARE\Microsoft /s&ver) <nul 2>&1"
TRANSPORTS = [
    ("basic", "http", {}),
    ("basic", "https", {}),
    ("ntlm", "http", {"message_encryption": "always"}),
    ("ntlm", "https", {"message_encryption": "always"}),
    ("ntlm", "https", {}),
]

FLEET: list[dict[str, t.Any]] = [
    {"name": "open", "auth": "basic"},
    {"name": "closed"},
    {"name": "chunked", "auth": "basic", "chunk": 1000},
    {"name": "russian", "auth": "basic", "language": "ru"},
    {"name": "quota", "auth": "basic", "max_shells": 2},
    {"name": "slow", "auth": "basic", "latency_ms": 80},
    {"name": "linux", "auth": "basic", "not_windows": True},
    {"name": "gone", "unreachable": True},
]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    warnings.simplefilter("ignore")
    with Lab(FLEET) as running:
        yield running


def connect(lab: Lab, name: str, transport: str = "basic", scheme: str = "http", **more: t.Any) -> Protocol:
    host = lab.host(name)
    port = 5985 if scheme == "http" else 5986
    password = more.pop("password", lab.account.password)
    return Protocol(
        f"{scheme}://{host.address}:{port}/wsman",
        transport=transport,
        username=lab.account.user,
        password=password,
        server_cert_validation="ignore",
        **more,
    )


def run(protocol: Protocol, line: str, codepage: int = 437) -> tuple[bytes, bytes, int]:
    shell = protocol.open_shell(codepage=codepage)
    try:
        command = protocol.run_command(shell, line)
        printed = protocol.get_command_output(shell, command)
        protocol.cleanup_command(shell, command)
    finally:
        protocol.close_shell(shell)
    return t.cast("tuple[bytes, bytes, int]", printed)


@pytest.mark.parametrize(("transport", "scheme", "more"), TRANSPORTS)
def test_a_command_over_every_transport(lab: Lab, transport: str, scheme: str, more: dict[str, str]) -> None:
    lab.reset()
    out, err, code = run(connect(lab, "open", transport, scheme, **more), LINE)
    assert (code, err) == (0, b"")
    assert out.decode("cp437") == lab.host("open").run(LINE)[1]
    counters = lab.host("open").counters
    # NTLM with encryption needs three requests before the first one that asks for something.
    assert counters.requests == (5 if transport == "basic" else 8 if more else 7)
    assert (counters.shells_open, counters.shells_most, counters.refused) == (0, 1, [])
    assert counters.bytes_up > 5_000
    assert counters.bytes_down > len(out)


@pytest.mark.parametrize(("transport", "scheme", "more"), TRANSPORTS)
def test_a_wrong_password_is_rejected(lab: Lab, transport: str, scheme: str, more: dict[str, str]) -> None:
    with pytest.raises(InvalidCredentialsError):
        connect(lab, "open", transport, scheme, password="wrong", **more).open_shell()


def test_basic_in_the_clear_needs_the_entrys_consent(lab: Lab) -> None:
    with pytest.raises(InvalidCredentialsError):
        connect(lab, "closed", "basic").open_shell()
    assert run(connect(lab, "closed", "basic", "https"), "ver")[2] == 0


def test_ntlm_without_encryption_over_http_is_refused(lab: Lab) -> None:
    with pytest.raises(WinRMTransportError):
        connect(lab, "closed", "ntlm", message_encryption="never").open_shell()


def test_a_chunk_is_at_most_what_the_entry_says(lab: Lab) -> None:
    lab.reset()
    out = run(connect(lab, "chunked"), LINE)[0]
    backend = lab.host("chunked").backend
    assert backend is not None
    assert out == backend.run(LINE).out
    assert lab.host("chunked").counters.requests == 4 + -(-len(out) // 1000)


def test_the_clients_envelope_size_is_kept(lab: Lab) -> None:
    name = "open"
    registry = lab.host(name).backend.registry  # type: ignore[union-attr]
    registry.set(r"HKLM\SOFTWARE\Big", "b", 3, bytes(150_000))
    protocol = connect(lab, name)
    sizes = []
    send = protocol.transport.send_message

    def measured(message: str | bytes) -> bytes:
        answer = send(message)
        sizes.append(len(answer))
        return t.cast(bytes, answer)

    protocol.transport.send_message = measured
    out = run(protocol, r"reg query HKLM\SOFTWARE\Big")[0]
    assert len(out) > 300_000
    assert max(sizes) <= 153_600
    assert sum(size > 100_000 for size in sizes) == 2


@pytest.mark.parametrize(("codepage", "word"), [(866, "кодовая"), (65001, "кодовая"), (437, "???????")])
def test_the_code_page_of_the_shell(lab: Lab, codepage: int, word: str) -> None:
    out = run(connect(lab, "russian"), "chcp", codepage)[0].decode("utf-8" if codepage == 65001 else f"cp{codepage}")
    assert word in out
    assert str(codepage) in out


def test_shells_left_open_are_counted_and_the_quota_holds(lab: Lab) -> None:
    protocol = connect(lab, "quota")
    shells = [protocol.open_shell(), protocol.open_shell()]
    assert lab.host("quota").counters.shells_open == 2
    with pytest.raises(WSManFaultError, match="maximum number of concurrent shells"):
        protocol.open_shell()
    for shell in shells:
        protocol.close_shell(shell, close_session=False)
    assert lab.host("quota").counters.shells_open == 0


def test_latency_is_added_to_every_request(lab: Lab) -> None:
    began = time.monotonic()
    run(connect(lab, "slow"), "ver")
    assert time.monotonic() - began >= 5 * 0.08


def test_what_is_not_windows_answers_html(lab: Lab) -> None:
    with pytest.raises(WinRMTransportError, match="404"):
        connect(lab, "linux").open_shell()


def test_nobody_listens_where_a_host_is_unreachable(lab: Lab) -> None:
    with pytest.raises(requests.exceptions.ConnectionError):
        connect(lab, "gone").open_shell()


def test_an_unknown_shell_and_input_that_nobody_reads_are_faults(lab: Lab) -> None:
    protocol = connect(lab, "open")
    with pytest.raises(WSManFaultError, match="shell was not found"):
        protocol.run_command("00000000-0000-0000-0000-000000000000", "ver")
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "ver")
    with pytest.raises(WSManFaultError, match="pipe is being closed"):
        protocol.send_command_input(shell, command, "x")
    with pytest.raises(WSManFaultError, match="SKIP_CMD_SHELL"):
        protocol.run_command(shell, "ver", skip_cmd_shell=True)
    protocol.close_shell(shell)


def test_an_answer_leaves_in_one_segment(lab: Lab) -> None:
    """With header and body apart, Nagle's algorithm and delayed acknowledgements cost 40 ms a request."""
    host = lab.host("open")
    with contextlib.closing(socket.create_connection((host.address, 5985))) as client:
        for _unused in range(5):
            client.sendall(b"POST /wsman HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            answer = client.recv(65536)
            assert answer.startswith(b"HTTP/1.1 401 ")
            assert answer.endswith(b"\r\n\r\n")


def test_control_needs_its_secret(lab: Lab) -> None:
    assert lab.control is not None
    base, _unused, _unused = lab.control.url.rpartition("/")
    with urllib.request.urlopen(f"{lab.control.url}/counters") as answer:
        assert answer.status == 200
    for path in ("counters", "wrong/counters"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{base}/{path}")


def test_a_command_reads_its_input_to_the_end(lab: Lab) -> None:
    protocol = connect(lab, "open")
    shell = protocol.open_shell(codepage=437)
    command = protocol.run_command(shell, 'find "b"', console_mode_stdin=False)
    for piece in (b"abc\r\nd", b"ef\r\nb\r\n"):
        protocol.send_command_input(shell, command, piece)
    protocol.send_command_input(shell, command, b"", end=True)
    assert protocol.get_command_output(shell, command) == (b"abc\r\nb\r\n", b"", 0)
    protocol.close_shell(shell)


@pytest.mark.parametrize("ended", ["cleanup_command", "close_shell"])
def test_a_command_that_is_broken_off_has_used_what_it_got(lab: Lab, ended: str) -> None:
    protocol = connect(lab, "open")
    shell = protocol.open_shell()
    file = rf"C:\Windows\{ended}.txt"
    command = protocol.run_command(shell, f'find /v "" >{file}', console_mode_stdin=False)
    protocol.send_command_input(shell, command, b"half a li")
    getattr(protocol, ended)(shell, *([command] if ended == "cleanup_command" else []))
    assert lab.host("open").run(f"type {file}") == (0, "half a li\r\n", "")


@pytest.mark.parametrize(("size", "taken"), [(113_000, True), (116_000, False)])
def test_an_envelope_has_a_largest_size(lab: Lab, size: int, taken: bool) -> None:
    protocol = connect(lab, "open")
    shell = protocol.open_shell()
    command = protocol.run_command(shell, 'find /v "" >nul', console_mode_stdin=False)
    with contextlib.nullcontext() if taken else pytest.raises(WSManFaultError, match="MaxEnvelopeSizekb"):
        protocol.send_command_input(shell, command, bytes(size), end=True)
    protocol.close_shell(shell)
