# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authorities for tests: made once, since an RSA key takes a tenth of a second."""

from __future__ import annotations

import datetime
import functools
import subprocess
from pathlib import Path

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import authority
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.authority import Authority, Leaf, Pair

NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
DAY = datetime.timedelta(days=1)
NAMES = ("relay.branch.example", "192.0.2.10")


@functools.cache
def founded(*names: str, age: int = 0) -> tuple[Authority, Pair]:
    """An authority for these names that was made so many days ago."""
    return authority.founded(names or NAMES, NOW - age * DAY)


@functools.cache
def issued(leaf: Leaf, age: int = 0) -> Pair:
    """A leaf of the authority of NAMES."""
    return authority.issued(founded()[0], leaf, NOW - age * DAY)


def openssl_verify(folder: Path, root: bytes, leaf: bytes, *options: str) -> str:
    """What ``openssl verify`` says of a leaf as a TLS server; "" where it is content."""
    (folder / "root.crt").write_bytes(root)
    (folder / "leaf.crt").write_bytes(leaf)
    command = ["openssl", "verify", "-purpose", "sslserver", "-x509_strict", *options]
    command += ["-CAfile", str(folder / "root.crt"), str(folder / "leaf.crt")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr
