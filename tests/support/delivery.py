# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A package on its way to a simulated host, in small pieces, without a network between us and the host."""

from __future__ import annotations

import hashlib
import random
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.packages import PackageFile
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.package_source import PackageSource, parse_source
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import stage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.deliver import deliver
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_text import TransferError
from tests.lab.entry import read_entry
from tests.lab.files import File, Folder
from tests.lab.host import SimulatedHost
from tests.support.lab_shell import LabShell

NAME = "windowsxp-kb4019276-x86-embedded-enu.exe"
FOLDER = stage.folder_of("a run")
WHERE = rf"C:\Windows\{FOLDER}"
PIECE = 4_096
CONTENT = random.Random(4).randbytes(2 * PIECE + 5)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
WANTED = PackageFile(NAME, None, SHA256)
VERSIONS = {"xp-sp3": "5.1", "server-2003-sp2": "5.2", "vista-sp2": "6.0", "win7-sp1": "6.1", "win10-22h2": "10.0"}
SHARE = r"\\srv.example\My Updates"


def make_host(folder: Path, os: str = "xp-sp3", **entry: t.Any) -> SimulatedHost:
    """A host that knows the share, whose seconds are short. ``folder``: of the packages; it gets one."""
    (folder / NAME).write_bytes(CONTENT)
    told = {"name": "pc", "os": os, "shares": {SHARE: folder}, "second_ms": 1, **entry}
    return SimulatedHost("pc", read_entry(told, folder), {})


class Clock:
    """Time that passes only while somebody sleeps, and faster than elsewhere."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """What runs on the host meanwhile takes real time."""
        self.now += seconds
        time.sleep(0.002)


def bring(
    host: SimulatedHost | LabShell,
    source: PackageSource | str,
    file: PackageFile = WANTED,
    report: t.Callable[[int, int], None] | None = None,
    clock: Clock | None = None,
    **how: t.Any,
) -> None:
    """Deliver it."""
    shell = host if isinstance(host, LabShell) else LabShell(host)
    place = source if isinstance(source, PackageSource) else parse_source(source)
    told: dict[str, t.Any] = {"second_hop": False, "domain": False, **how}
    clock = clock or Clock()
    version = VERSIONS[shell.host.entry.os]
    deliver(shell, place, file, FOLDER, report, version=version, clock=clock, sleep=clock.sleep, **told)


def there(host: SimulatedHost) -> dict[str, bytes]:
    """Name → content of what is in the folder."""
    found = host.files.find(WHERE)
    if not isinstance(found, Folder):
        return {}
    return {one.name: bytes(one.content) for one in found.entries.values() if isinstance(one, File)}


def put_on(host: SimulatedHost, path: str, content: bytes = CONTENT) -> None:
    """A file on the host."""
    host.files.make(path.rpartition("\\")[0], exists_ok=True)
    host.files.append(host.files.open(path, append=False), content)


def refused(host: SimulatedHost | LabShell, source: str, *words: str, **how: t.Any) -> str:
    """The sentence with which it fails."""
    with pytest.raises(TransferError) as failure:
        bring(host, source, **how)
    message = str(failure.value)
    assert message.isprintable()
    assert message.endswith(".")
    for word in words:
        assert word in message
    real = host if isinstance(host, SimulatedHost) else host.host
    assert there(real).get(NAME) != CONTENT or "SHA-256" in message
    return message
