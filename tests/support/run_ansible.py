# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real Ansible, run the way a user runs it, against an inventory."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import typing as t
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BIN = Path(sys.executable).parent
_HOST = re.compile(r"^(\S+) \| (SUCCESS|CHANGED|FAILED!?|UNREACHABLE!) => (?=\{)", re.MULTILINE)


def run(
    program: str, *words: str, environment: Mapping[str, str] | None = None, timeout: float = 300
) -> subprocess.CompletedProcess[str]:
    """Run one of Ansible's programs in the checkout, with what the tests' own Ansible home holds."""
    return subprocess.run(
        [str(_BIN / program), *words],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def ad_hoc(inventory: Path, module: str, arguments: Mapping[str, t.Any] | None = None, *more: str) -> dict[str, t.Any]:
    """Results of ``ansible windows -m MODULE``, by host."""
    words = ["windows", "-i", str(inventory), "-m", module]
    if arguments:
        words += ["-a", json.dumps(dict(arguments))]
    return results_of(run("ansible", *words, *more).stdout)


def results_of(output: str) -> dict[str, t.Any]:
    """The results in what ``ansible`` prints."""
    decoder = json.JSONDecoder()
    found = {}
    for match in _HOST.finditer(output):
        result = decoder.raw_decode(output, match.end())[0]
        # Ansible says so before the result, and takes it out of that.
        found[match[1]] = {**result, "failed": True} if match[2].startswith("FAILED") else result
    return found


def playbook(
    inventory: Path, build: Path, variables: Mapping[str, t.Any] | None = None, *more: str
) -> tuple[dict[str, t.Any], subprocess.CompletedProcess[str]]:
    """(results by host, the run) of the collection's own playbook."""
    given = {"mailfleet_build": str(build), **(variables or {})}
    done = run("ansible-playbook", "-i", str(inventory), "playbooks/audit.yml", "-e", json.dumps(given), *more)
    folder = build / "audit"
    files = sorted(folder.glob("*.json")) if folder.is_dir() else []
    return {file.stem: json.loads(file.read_text("utf-8")) for file in files}, done


def findings(result: Mapping[str, t.Any], check: str) -> list[dict[str, t.Any]]:
    """The findings of one check."""
    return [finding for finding in result["findings"] if finding["id"] == check]


def finding(result: Mapping[str, t.Any], check: str, subject: str = "") -> dict[str, t.Any]:
    """The one finding of a check on a subject."""
    (found,) = (one for one in findings(result, check) if one["subject"] == subject)
    return found
