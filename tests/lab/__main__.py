# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.lab up --hosts HOSTS.yml --inventory OUT.yml``: a fleet in the foreground, until SIGTERM."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from .entry import EntryError
from .fleet import Lab, read_fleet


def main(arguments: list[str] | None = None) -> int:
    """Prints ``ready N hosts`` when every endpoint listens. Exit codes: 0 stopped, 2 a bad fleet file."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description="A fleet of Windows stand-ins.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    up = verbs.add_parser("up", help="run a fleet in the foreground until SIGTERM or Ctrl-C")
    up.add_argument("--hosts", required=True, type=Path, help="the fleet file (YAML)")
    up.add_argument("--inventory", required=True, type=Path, help="where to write the inventory (YAML)")
    given = parser.parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_unused: ended.set())
    try:
        with Lab(read_fleet(given.hosts), folder=given.hosts.parent, inventory=given.inventory) as lab:
            print(f"ready {len(lab.hosts)} hosts", flush=True)
            ended.wait()
    except (EntryError, FileNotFoundError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
