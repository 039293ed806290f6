# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process of its own that sends one file over one connection of Ansible and tells what that cost it.

:func:`send` starts it. What it measures begins when everything is imported and the connection is open.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
import time
import typing as t
from dataclasses import asdict, dataclass
from pathlib import Path

if t.TYPE_CHECKING:
    from tests.lab.fleet import Lab

_ROOT = Path(__file__).resolve().parents[2]
#: Asks Linux to forget the highest memory of a process until now.
_FORGET_PEAK = "5"


@dataclass(frozen=True, slots=True)
class Cost:
    """MiB of the process before and at most, seconds of its CPU and of the clock; ``requests`` as the host counts."""

    idle: float
    peak: float
    cpu: float
    wall: float
    requests: int = 0


def send(lab: Lab, name: str, source: Path, folder: str, file: str, profile: Path | None = None) -> Cost:
    """Send a file into a staging folder of a host in the lab. ``profile``: where cProfile's figures go."""
    from tests.lab.inventory import variables

    host = lab.host(name)
    told = {"ansible_user": lab.account.user, **variables(host, lab)}
    order = {"variables": told, "source": str(source), "folder": folder, "file": file}
    words = ["-m", "cProfile", "-o", str(profile), "-m"] if profile else ["-m"]
    before = host.counters.requests
    done = subprocess.run(
        [sys.executable, *words, "tests.support.sending"],
        input=json.dumps(order),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=_ROOT,
        env={**os.environ, "ANSIBLE_CONFIG": str(_ROOT / "ansible.cfg")},
    )
    return Cost(**{**json.loads(done.stdout), "requests": host.counters.requests - before})


def _memory(field: str) -> float:
    """MiB, by the name of a field of proc(5)."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:"))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _act(connection: t.Any, order: dict[str, t.Any]) -> t.Callable[[], object]:
    """How the file goes: as the modules of this collection send it, or by Ansible's own copy over ``winrm``."""
    if order["variables"]["ansible_connection"] == "winrm":
        return lambda: connection.put_file(order["source"], rf"C:\Windows\{order['folder']}\{order['file']}")
    from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import transfer
    from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import shell_for

    shell = shell_for(connection)
    return lambda: transfer.put(shell, Path(order["source"]), order["folder"], order["file"])


def _measured(order: dict[str, t.Any]) -> Cost:
    from ansible import constants
    from ansible.playbook.play_context import PlayContext
    from ansible.plugins.loader import connection_loader, init_plugin_loader

    init_plugin_loader([str(_ROOT / "tests" / "collections")])
    told = order["variables"]
    connection = connection_loader.get(told["ansible_connection"], PlayContext())
    known = constants.config.get_plugin_vars("connection", connection._load_name)
    options = {name: value for name, value in told.items() if name in known}
    connection.set_options(var_options={**options, "_extras": {}})
    act = _act(connection, order)
    connection._connect()
    with contextlib.suppress(OSError):  # then the highest until now counts, which is never too little
        Path("/proc/self/clear_refs").write_text(_FORGET_PEAK, "ascii")
    idle, cpu, begun = _memory("VmRSS"), _cpu(), time.monotonic()
    act()
    cost = Cost(idle, _memory("VmHWM"), _cpu() - cpu, time.monotonic() - begun)
    connection.close()
    return cost


if __name__ == "__main__":
    json.dump(asdict(_measured(json.load(sys.stdin))), sys.stdout)
