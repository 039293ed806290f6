# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole runs of molecule, on the containers of scripts/throwaway-host."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.run_ansible import ROOT

#: What ``throwaway-host check`` ends with where no container starts, whatever is installed.
NO_CONTAINERS = 3
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_STEP = re.compile(r"^(?:INFO|ERROR) .*➜ (\w+: Executed: \w+)")


def need_containers() -> None:
    """Skip where no container can be had: in CI only where the machine itself cannot, with the words of the runtime."""
    if os.geteuid() != 0:
        pytest.skip("only root can have throwaway hosts (scripts/throwaway-host)")
    check = subprocess.run(
        [ROOT / "scripts" / "throwaway-host", "check"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if check.returncode == NO_CONTAINERS:
        pytest.skip(check.stderr.strip())
    assert check.returncode == 0, check.stderr


def run_molecule(repository: Path, scenario: str) -> str:
    """Run the scenario from begin to end; how long each step took. Fails with the end of its output where it is red."""
    need_containers()
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [repository / "scripts" / "molecule", "test", "-s", scenario]
    began, lines, steps = time.monotonic(), [], []
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(_COLOUR.sub("", line))
            if found := _STEP.search(lines[-1]):
                steps.append(f"{time.monotonic() - began:6.1f} s {found.group(1)}")
    if process.returncode != 0:
        pytest.fail("".join(lines[-150:]), pytrace=False)
    return f"\nmolecule {scenario}:\n" + "\n".join(steps) + "\n"
