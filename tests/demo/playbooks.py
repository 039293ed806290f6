# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab of the demo and the playbooks of the collection, each a process that writes below ``build/`` only."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import typing as t
from collections.abc import Iterator, Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build"
DEMO = BUILD / "demo"
HOSTS = DEMO / "hosts.yml"
INVENTORY = DEMO / "inventory.yml"
LAB_LOG = DEMO / "lab.log"
PLAYBOOK_LOG = DEMO / "playbook.log"
JOURNALS = DEMO / "journals"

Results = dict[str, dict[str, t.Any]]


def own_environment() -> dict[str, str]:
    """The environment, but with this checkout's Ansible settings and home, and without a proxy before loopback."""
    proxies = {"http_proxy", "https_proxy", "all_proxy"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    kept = {name: value for name, value in kept.items() if name.lower() not in proxies}
    return kept | {
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_HOME": str(BUILD / "ansible-home"),
        "PYTHONUNBUFFERED": "1",
        # Where the lab keeps its template of a Wine host.
        "XDG_CACHE_HOME": str(BUILD / "cache"),
    }


@contextlib.contextmanager
def running_lab() -> Iterator[None]:
    """The lab, once every endpoint listens, until the block ends; RuntimeError where it does not start."""
    command = [sys.executable, "-m", "tests.lab", "up", "--hosts", str(HOSTS), "--inventory", str(INVENTORY)]
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


def play(book: str, folder: Path, variables: Mapping[str, t.Any], *words: str, trusted: Path | None = None) -> Results:
    """Run one of the collection's playbooks on the lab; what it wrote for each host, in alphabetical order.

    :param folder: the playbook's ``mailfleet_build``.
    :param words: more arguments.
    :param trusted: certificates that the controller trusts instead of its own.
    :raises RuntimeError: it failed.
    """
    given = {"mailfleet_build": str(folder), "mailfleet_journals": str(JOURNALS), **variables}
    command = [str(Path(sys.executable).parent / "ansible-playbook"), str(ROOT / "playbooks" / f"{book}.yml")]
    command += ["-i", str(INVENTORY), *words, "-e", json.dumps(given)]
    environment = own_environment() | ({"SSL_CERT_FILE": str(trusted)} if trusted else {})
    with PLAYBOOK_LOG.open("ab") as log:
        log.write(f"== {' '.join(command)}\n".encode())
        log.flush()
        start = log.tell()
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        said = PLAYBOOK_LOG.read_bytes()[start:].decode("utf-8", "replace")
        raise RuntimeError(f"the playbook {book}.yml failed:\n{said}")
    files = sorted((folder / book).glob("*.json"))
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}
