# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a file to a host costs the controller, beside ``put_file`` of Ansible's own ``winrm``, against the same lab.

The lab runs on the same machine and takes its share of the seconds, which is told too. There is no PowerShell in it:
for ``winrm`` it only decodes what that connection sends to its script, and answers with the checksum.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tempfile
import time
import typing as t
from collections.abc import Callable
from pathlib import Path

from tests.lab.fleet import Lab
from tests.lab.host import Printed, SimulatedHost
from tests.support.sending import send

#: A staging folder, named as the collection names them.
_FOLDER = "MailFleet-00000000000be9c4"
_FILE = "package.msu"
#: By the name in the table: what is different in the host's entry.
_WAYS: dict[str, dict[str, t.Any]] = {
    "winrs, xp-sp3, ntlm": {"os": "xp-sp3", "auth": "ntlm"},
    "winrs, xp-sp3, basic": {"os": "xp-sp3", "auth": "basic"},
    "winrs, win10-22h2, ntlm": {"os": "win10-22h2", "auth": "ntlm"},
    "winrs, win10-22h2, basic": {"os": "win10-22h2", "auth": "basic"},
    "winrs, win10-22h2, ntlm, 500 KB": {
        "os": "win10-22h2",
        "auth": "ntlm",
        "vars": {"ansible_winrs_envelope_kb": 500},
    },
    "winrm put_file, win10-22h2, ntlm": {"os": "win10-22h2", "auth": "ntlm", "connection": "winrm"},
    "winrm put_file, win10-22h2, basic": {"os": "win10-22h2", "auth": "basic", "connection": "winrm"},
}

Run = Callable[[str, int, "bytes | None"], Printed]


def _powershell(run: Run) -> Run:
    """A host that also does what Ansible's put_file would have PowerShell do, apart from keeping the file."""

    def answer(line: str, codepage: int = 0, stdin: bytes | None = None) -> Printed:
        if stdin is None or "-encodedcommand" not in line.lower():
            return run(line, codepage, stdin)
        digest = hashlib.sha1(usedforsecurity=False)
        # ansible-core 2.21 sends its script first, 2.19 has it in the line.
        for text in stdin.rpartition(b"\n\0\0\0\0\n")[2].split(b"\r\n"):
            digest.update(base64.b64decode(text, validate=True))
        return Printed(0, json.dumps({"sha1": digest.hexdigest()}).encode(), b"")

    return answer


def transfers(megabytes: int) -> dict[str, dict[str, float]]:
    """What each way takes for one file of random bytes."""
    fleet = [{"name": f"way{number}", **way} for number, way in enumerate(_WAYS.values())]
    with tempfile.TemporaryDirectory() as folder, Lab(hosts=fleet) as lab:
        source = Path(folder, _FILE)
        with source.open("wb") as file:
            for _unused in range(megabytes):
                file.write(os.urandom(1_000_000))
        return {name: _transfer(lab, f"way{number}", source, megabytes) for number, name in enumerate(_WAYS)}


def _transfer(lab: Lab, name: str, source: Path, megabytes: int) -> dict[str, float]:
    host, backend = lab.host(name), lab.host(name).backend
    assert isinstance(backend, SimulatedHost)
    if host.entry.connection == "winrm":
        backend.run = _powershell(backend.run)  # type: ignore[method-assign]
    before = time.process_time()
    cost = send(lab, name, source, _FOLDER, _FILE)
    lab_cpu = time.process_time() - before
    host.run(rf"rd /s /q C:\Windows\{_FOLDER}")
    return {
        "mb_per_s": round(megabytes / cost.wall, 1),
        "wall_s": round(cost.wall, 1),
        "cpu_s": round(cost.cpu, 2),
        "cpu_s_of_the_lab": round(lab_cpu, 1),
        "requests": cost.requests,
        "idle_mib": round(cost.idle, 1),
        "peak_mib": round(cost.peak, 1),
        "above_idle_mib": round(cost.peak - cost.idle, 1),
    }
