# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role smtp_relay on throwaway hosts with systemd, by molecule: Debian 12 and 13, and an upstream."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.molecule import run_molecule

pytestmark = pytest.mark.needs("podman", "runc", "mmdebstrap")


def test_the_whole_scenario_is_green(repository: Path) -> None:
    sys.stderr.write(run_molecule(repository, "smtp_relay"))
