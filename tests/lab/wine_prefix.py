# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Wine prefix is made of: copies of the template, and a registry as a ``.reg`` file."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from .regfile import REG_BINARY
from .registry import Registry


def copy(template: Path, prefix: Path) -> None:
    """Hard links for Windows itself, copies for the registry and the users' folders."""
    prefix.mkdir(mode=0o700)
    (prefix / "drive_c").mkdir()
    for entry in template.iterdir():
        if entry.is_file():
            shutil.copy2(entry, prefix)
    shutil.copytree(template / "dosdevices", prefix / "dosdevices", symlinks=True)
    for entry in (template / "drive_c").iterdir():
        links = ["-al"] if entry.name != "users" else ["-a"]
        subprocess.run(["cp", *links, str(entry), str(prefix / "drive_c")], check=True)


def processes(prefix: Path) -> list[int]:
    """The ids of all that runs in that prefix, its server too."""
    mark = f"WINEPREFIX={prefix}\0".encode()
    found = []
    for entry in Path("/proc").iterdir():
        # Those of others cannot be read, and any may be gone meanwhile.
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes():
                found.append(int(entry.name))
    return found


def end(prefix: Path) -> None:
    """Ends what runs there: without their server, Wine's services sleep for ever."""
    for _attempt in range(100):
        running = processes(prefix)
        if not running:
            return
        for one in running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        time.sleep(0.02)


def clean(runs: Path) -> None:
    """Removes the prefixes of processes that are no more."""
    for old in runs.iterdir():
        pid = old.name.partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            end(old)
            shutil.rmtree(old, ignore_errors=True)


def reg_line(name: str, kind: int, raw: bytes) -> str:
    """A value in a ``.reg`` file."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    quoted = f'"{escaped}"' if name else "@"
    return f"{quoted}={'hex' if kind == REG_BINARY else f'hex({kind:x})'}:{raw.hex(',')}"


def reg_text(registry: Registry) -> str:
    """A registry as the body of a ``.reg`` file; every value as bytes, so only names need escapes."""
    lines: list[str] = []
    for hive in ("HKEY_LOCAL_MACHINE", "HKEY_USERS"):
        for path, key in registry.walk(hive):
            if path == hive:
                continue
            lines.append(f"[{path}]")
            for value in key.values.values():
                lines.append(reg_line(value.name, value.type, value.raw))
            lines.append("")
    return "\r\n".join(lines) + "\r\n"
