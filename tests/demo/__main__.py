# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make demo``: start a small fleet, audit it with the playbook that a real fleet gets, print what was found.

Everything that it writes is under ``build/``: the inventory, the playbook's own output, one JSON file per host.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import typing as t
from collections.abc import Iterator
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build"
RESULTS = BUILD / "audit"
LAB_INVENTORY = BUILD / "demo" / "inventory.yml"
LAB_LOG = BUILD / "demo" / "lab.log"
PLAYBOOK_LOG = BUILD / "demo" / "playbook.log"

sys.path.insert(0, str(ROOT / "tests" / "collections"))

from ansible_collections.mailfleet.client.plugins.plugin_utils.report.table import table  # noqa: E402


def own_environment() -> dict[str, str]:
    """The environment, but with this checkout's Ansible settings and home, and without a proxy before loopback."""
    proxies = {"http_proxy", "https_proxy", "all_proxy"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    kept = {name: value for name, value in kept.items() if name.lower() not in proxies}
    return kept | {
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_HOME": str(BUILD / "ansible-home"),
        "PYTHONUNBUFFERED": "1",
    }


@contextlib.contextmanager
def running_lab() -> Iterator[None]:
    """The lab, once every endpoint listens, until the block ends; RuntimeError where it does not start."""
    command = [sys.executable, "-m", "tests.lab", "up"]
    command += ["--hosts", str(HERE / "hosts.yml"), "--inventory", str(LAB_INVENTORY)]
    with LAB_LOG.open("wb") as log:
        lab = subprocess.Popen(
            command,
            cwd=ROOT,
            env=own_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    with lab:
        try:
            for line in lab.stdout or ():
                if line.startswith("ready"):
                    yield
                    return
            raise RuntimeError(f"the lab did not start:\n{LAB_LOG.read_text(encoding='utf-8', errors='replace')}")
        finally:
            lab.terminate()


def audit() -> None:
    """Run the playbook on the lab; RuntimeError where it fails."""
    playbook = Path(sys.executable).parent / "ansible-playbook"
    command = [str(playbook), str(ROOT / "playbooks" / "audit.yml")]
    command += ["-i", str(LAB_INVENTORY)]
    command += ["-e", f"@{HERE / 'servers.yml'}", "-e", json.dumps({"mailfleet_build": str(BUILD)})]
    with PLAYBOOK_LOG.open("wb") as log:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=own_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"the playbook failed:\n{PLAYBOOK_LOG.read_text(encoding='utf-8', errors='replace')}")


def host_names() -> list[str]:
    """The hosts of the demo, in the order of its file."""
    fleet = yaml.safe_load((HERE / "hosts.yml").read_text(encoding="utf-8"))
    return [str(host["name"]) for host in fleet["hosts"]]


def results() -> dict[str, t.Any]:
    """Host name -> result, as the playbook wrote them; RuntimeError where one is missing."""
    found = {}
    for name in host_names():
        file = RESULTS / f"{name}.json"
        if not file.is_file():
            raise RuntimeError(f"the playbook wrote no result for {name}; its output: {PLAYBOOK_LOG}")
        found[name] = json.loads(file.read_text(encoding="utf-8"))
    return found


def main() -> int:
    """Start, audit, print; 1 where a step failed."""
    shutil.rmtree(RESULTS, ignore_errors=True)
    LAB_LOG.parent.mkdir(parents=True, exist_ok=True)
    try:
        print("demo: starting the lab: stand-ins for Windows hosts, on loopback addresses", flush=True)
        with running_lab():
            print("demo: ansible-playbook playbooks/audit.yml", flush=True)
            audit()
        lines = table(results())
    except RuntimeError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    print("", *lines, "", sep="\n")
    print(f"The full results: {RESULTS.relative_to(ROOT)}/*.json; what the verdicts mean: README.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
