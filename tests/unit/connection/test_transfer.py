# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files to hosts over the wire: whole, in little memory, resumed after whatever goes wrong."""

from __future__ import annotations

import hashlib
import random
import time
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.stage import folder_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_text import PART, TransferError
from tests.lab.fleet import Lab
from tests.lab.host import SimulatedHost
from tests.unit.connection.conftest import Connect

FOLDER = folder_of("a run")
NAME = "WindowsXP-KB4019276-x86-ENU.exe"
FILE = rf"C:\Windows\{FOLDER}\{NAME}"
#: Requests of a transfer of SMALL bytes in parts of SMALL_PART, generously.
REQUESTS = 45
SMALL_PART = 57 * 1600
SMALL = 2 * SMALL_PART - 100


def broken(kind: str, number: int) -> str:
    """The name of a host that fails in that way at that request."""
    return f"{kind}-{number}"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A few hosts that work, and one for each request at which a connection can go."""
    hosts: list[dict[str, t.Any]] = [
        {"name": f"{os}-{auth}", "os": os, "auth": auth}
        for os in ("xp-sp3", "win10-1709")
        for auth in ("basic", "ntlm")
    ]
    hosts += [
        {"name": broken(kind, n), "os": "xp-sp3", "auth": auth, "faults": [{"at": n, "kind": kind, "times": 1}]}
        for n in range(1, REQUESTS)
        for kind, auth in (("lost", "basic"), ("reset", "ntlm"))
    ]
    hosts += [
        {"name": "full", "os": "win7-sp1", "auth": "basic", "disk_bytes": 1_000_000},
        {"name": "fault", "os": "win7-sp1", "auth": "basic", "faults": [{"at": "send", "kind": "disk_full"}]},
    ]
    with Lab(hosts) as running:
        yield running


@pytest.fixture
def source(tmp_path: Path) -> Callable[[int], Path]:
    """A function size → file of random bytes."""

    def make(size: int) -> Path:
        file = tmp_path / f"{size}.exe"
        file.write_bytes(random.Random(size).randbytes(size))
        return file

    return make


def there(lab: Lab, name: str) -> bytes:
    """What has arrived."""
    backend = lab.host(name).backend
    assert isinstance(backend, SimulatedHost)
    return bytes(backend.files.read(FILE))


@pytest.mark.parametrize("host", ["xp-sp3-basic", "xp-sp3-ntlm", "win10-1709-basic", "win10-1709-ntlm"])
@pytest.mark.parametrize("size", [0, 1, 112_128, 112_129, 2_000_000, PART + 1])
def test_bytes_arrive_as_they_are(
    lab: Lab, connect: Connect, source: Callable[[int], Path], host: str, size: int
) -> None:
    lab.host(host).run(rf"rd /s /q C:\Windows\{FOLDER}")
    file, connection = source(size), connect(lab, host)
    digest, _unused = connection.put(file, FOLDER, NAME)
    assert digest == hashlib.sha256(file.read_bytes()).hexdigest()
    assert there(lab, host) == file.read_bytes()
    assert lab.host(host).counters.refused == []
    connection.close()
    assert lab.host(host).counters.shells_open == 0


@pytest.mark.parametrize("kind", ["lost", "reset"])
def test_a_connection_that_goes_at_any_request_is_made_up_for(
    lab: Lab, connect: Connect, source: Callable[[int], Path], kind: str
) -> None:
    file, errors = source(SMALL), []
    for number in range(1, REQUESTS):
        host = broken(kind, number)
        connection = connect(lab, host)
        try:
            connection.put(file, FOLDER, NAME, SMALL_PART)
        except ShellError as error:
            errors.append(error)
            connection.put(file, FOLDER, NAME, SMALL_PART)
        assert there(lab, host) == file.read_bytes()
        assert lab.host(host).counters.refused == []
        connection.close()
        assert lab.host(host).counters.shells_open <= 1  # one whose Create was answered to nobody
    assert 25 <= len(errors) < REQUESTS - 1  # so the last hosts finished before their fault
    assert all(error.unreachable and "\n" not in str(error) for error in errors)


@pytest.mark.parametrize(("host", "says"), [("full", "its disk is full"), ("fault", "not enough space on the disk")])
def test_a_full_disk_is_told(lab: Lab, connect: Connect, source: Callable[[int], Path], host: str, says: str) -> None:
    with pytest.raises((TransferError, ShellError), match=says):
        connect(lab, host).put(source(2_000_000), FOLDER, NAME)


def test_a_host_that_takes_larger_requests_gets_fewer(
    lab: Lab, connect: Connect, source: Callable[[int], Path]
) -> None:
    file, host, requests = source(2_000_000), "win10-1709-ntlm", []
    for kilobytes in (32, 150, 500):
        lab.host(host).run(rf"rd /s /q C:\Windows\{FOLDER}")
        before = lab.host(host).counters.requests
        connect(lab, host, ansible_winrs_envelope_kb=kilobytes).put(file, FOLDER, NAME)
        requests.append(lab.host(host).counters.requests - before)
        assert there(lab, host) == file.read_bytes()
    assert requests[0] - requests[1] > 90
    assert requests[1] - requests[2] > 12


def test_a_host_that_takes_no_larger_requests_says_so(
    lab: Lab, connect: Connect, source: Callable[[int], Path]
) -> None:
    file, host = source(2_000_001), "xp-sp3-ntlm"
    with pytest.raises(ShellError, match="MaxEnvelopeSizekb"):
        connect(lab, host, ansible_winrs_envelope_kb=500).put(file, FOLDER, NAME)
    connect(lab, host).put(file, FOLDER, NAME)
    assert there(lab, host) == file.read_bytes()


def test_a_large_file_takes_little_memory(
    lab: Lab, connect: Connect, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    file, size, host = tmp_path / "large.msu", 30_000_000, "win10-1709-ntlm"
    with file.open("wb") as sparse:
        sparse.truncate(size)
    connection = connect(lab, host)
    connection.run("ver")
    requests, begun = lab.host(host).counters.requests, time.monotonic()
    digest, peak = connection.put(file, FOLDER, "large.msu", traced=True)
    seconds, taken = time.monotonic() - begun, lab.host(host).counters.requests - requests
    record_property("peak_bytes", peak)
    record_property("requests", taken)
    record_property("megabytes_per_second", round(size / 1e6 / seconds, 1))
    assert digest == hashlib.sha256(bytes(size)).hexdigest()
    assert peak < 20_000_000
    assert taken < 500
