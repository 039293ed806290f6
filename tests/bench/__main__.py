# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit costs beside one ``ansible.builtin.raw: ver``, over the same connection and against the same lab.

The two run in turns, so that a machine whose speed drifts does them the same wrong. Prints medians as JSON; and what
fixes, rollbacks, a file to a host and a relay cost, once.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.relay import relayed
from tests.bench.transfer import transfers
from tests.lab.fleet import Lab

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
_BIN = Path(sys.executable).parent
_PAIRS = {
    "playbook": (
        ["ansible-playbook", str(_HERE / "audit.yml")],
        ["ansible-playbook", str(_HERE / "raw.yml")],
    ),
    "ad_hoc": (
        ["ansible", "windows", "-m", "mailfleet.client.mail_tls_audit"],
        ["ansible", "windows", "-m", "ansible.builtin.raw", "-a", "ver"],
    ),
}


@dataclass(frozen=True, slots=True)
class Run:
    """One run of Ansible: seconds of wall clock and CPU of it and its forks, MiB of its largest process."""

    wall: float
    cpu: float
    memory: float


def run(command: list[str], inventory: Path, forks: int) -> Run:
    """Run one Ansible command to its end; SystemExit where it fails, since a failed run measures nothing."""
    words = [str(_BIN / command[0]), "-i", str(inventory), "-f", str(forks), *command[1:]]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(_ROOT / "ansible.cfg"), "ANSIBLE_FORCE_COLOR": "0"}
    with tempfile.TemporaryFile() as output:
        start = time.monotonic()
        process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT, cwd=_ROOT, env=environment)
        _pid, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        code = os.waitstatus_to_exitcode(status)
        if code != 0:
            output.seek(0)
            said = output.read()[-4000:].decode("utf-8", "replace")
            raise SystemExit(f"bench: {' '.join(words)} ended with {code}:\n{said}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def compare(pair: tuple[list[str], list[str]], inventory: Path, arguments: argparse.Namespace) -> dict[str, object]:
    """Run both commands of a pair in turns, after one warm-up each."""
    runs: tuple[list[Run], list[Run]] = ([], [])
    for turn in range(arguments.runs + 1):
        for side, command in enumerate(pair):
            found = run(command, inventory, arguments.forks)
            if turn:
                runs[side].append(found)
    shown = {name: _medians(side, arguments.hosts) for name, side in zip(("audit", "raw"), runs, strict=True)}
    ratio = statistics.median(a.wall for a in runs[0]) / statistics.median(b.wall for b in runs[1])
    return {**shown, "wall_ratio": round(ratio, 3)}


def _medians(runs: list[Run], hosts: int) -> dict[str, float]:
    return {
        "wall_s": round(statistics.median(one.wall for one in runs), 2),
        "cpu_s": round(statistics.median(one.cpu for one in runs), 2),
        "cpu_ms_per_host": round(1000 * statistics.median(one.cpu for one in runs) / hosts, 1),
        "largest_process_mib": round(max(one.memory for one in runs), 1),
    }


def on_the_wire(arguments: argparse.Namespace) -> dict[str, dict[str, int]]:
    """Requests and bytes of one audit, by the way in; with real registries where MAILFLEET_REALDATA names them."""
    folder = Path(os.environ.get("MAILFLEET_REALDATA", _ROOT.parent / "shared" / "realdata")) / "hosts"
    registry = sorted(folder.glob("win10-1709-office16.reg"))
    entry = {"os": "win10-1709", "registry": registry} if registry else {"os": arguments.os}
    ways: dict[str, dict[str, object]] = {
        "basic": {"auth": "basic"},
        "ntlm": {"auth": "ntlm"},
        "ntlm, 4096 bytes a chunk": {"auth": "ntlm", "chunk": 4096},
        "winrm": {"auth": "ntlm", "connection": "winrm"},
    }
    fleet = [{"name": f"way{number}", **entry, **way} for number, way in enumerate(ways.values())]
    with Lab(hosts=fleet) as lab:
        run(_PAIRS["playbook"][0], lab.inventory, arguments.forks)
        counters = lab.counters()
    return {
        name: {key: counters[f"way{number}"][key] for key in ("requests", "lines", "bytes_up", "bytes_down")}
        for number, name in enumerate(ways)
    }


def fixing(arguments: argparse.Namespace) -> dict[str, dict[str, float]]:
    """What a first fix, a second one that finds nothing to do, and a rollback cost for each host."""
    fleet = [{"name": "fix", "os": "win7-sp1", "kind": "simulated", "count": arguments.hosts}]
    found = {}
    with Lab(hosts=fleet) as lab, tempfile.TemporaryDirectory() as journals:
        for name, module, more in (
            ("fix", "mail_tls_fix", ""),
            ("second fix", "mail_tls_fix", ""),
            ("rollback", "mail_tls_rollback", " run=last"),
        ):
            lab.reset()
            words = ["ansible", "windows", "-m", f"mailfleet.client.{module}", "-a", f"journal_dir={journals}{more}"]
            once = run(words, lab.inventory, arguments.forks)
            requests = sum(one["requests"] for one in lab.counters().values()) / arguments.hosts
            found[name] = {**_medians([once], arguments.hosts), "requests_per_host": round(requests, 1)}
    return found


def main() -> None:
    """``python -m tests.bench [--hosts 200] [--forks 10] [--runs 3] [--os win10-22h2] [--megabytes 100]
    [--seconds 60]``
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--forks", type=int, default=10)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--os", default="win10-22h2")
    parser.add_argument("--megabytes", type=int, default=100, help="of the file that is sent")
    parser.add_argument("--seconds", type=int, default=60, help="of the load on a relay")
    arguments = parser.parse_args()
    fleet = [{"name": "bench", "os": arguments.os, "kind": "simulated", "count": arguments.hosts}]
    with Lab(hosts=fleet) as lab:
        results: dict[str, object] = {name: compare(pair, lab.inventory, arguments) for name, pair in _PAIRS.items()}
    results["wire"] = on_the_wire(arguments)
    results["fixing"] = fixing(arguments)
    results["transfer"] = {"megabytes": arguments.megabytes, **transfers(arguments.megabytes)}
    results["relay"] = relayed(arguments.seconds)
    print(json.dumps({"hosts": arguments.hosts, "forks": arguments.forks, "runs": arguments.runs, **results}, indent=1))


if __name__ == "__main__":
    main()
