# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host over ssh: OpenSSH's own sshd on the host's loopback address, whose forced command is the lab's interpreter.

It runs as whoever runs the lab, with a configuration, host key and client key in the lab's folder; the only login that
it lets in is that user's, by that key.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import typing as t
from pathlib import Path

from .entry import EntryError

PORT: t.Final = 2222
_ENTRY: t.Final = Path(__file__).parent / "ssh_entry.py"

_CONFIG: t.Final = """\
ListenAddress {address}:{port}
HostKey {folder}/ssh_host_key
PidFile none
AuthorizedKeysFile {folder}/client_key.pub
AllowUsers {user}
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
PubkeyAuthentication yes
UsePAM no
StrictModes no
PermitTTY no
AllowTcpForwarding no
AllowAgentForwarding no
X11Forwarding no
PrintMotd no
MaxStartups 100
ForceCommand {command}
"""


def login() -> str:
    """The user that ssh endpoints let in: the one who runs the lab."""
    return getpass.getuser()


class SshServer:
    """One sshd. ``control`` is the URL of the lab's control service."""

    def __init__(self, name: str, address: str, folder: Path, control: str) -> None:
        self._name, self._address, self._folder, self._control = name, address, folder, control
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> int:
        """Returns the port when it listens; raises EntryError where there is no sshd or it does not start."""
        sshd = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if sshd is None:
            raise EntryError(f"host {self._name}: sshd is not installed (package openssh-server)")
        for key in ("ssh_host_key", "client_key"):
            _make_key(self._folder / key)
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        command = shlex.join([sys.executable, "-I", str(_ENTRY), self._control, self._name])
        config = self._folder / f"sshd_config_{self._address}"
        config.write_text(
            _CONFIG.format(address=self._address, port=PORT, folder=self._folder, user=login(), command=command)
        )
        log = (self._folder / f"sshd_log_{self._address}").open("wb")
        self._process = subprocess.Popen([sshd, "-D", "-e", "-f", str(config)], stdin=subprocess.DEVNULL, stderr=log)
        log.close()
        self._wait(Path(log.name))
        return PORT

    def _wait(self, log: Path) -> None:
        assert self._process is not None
        for _unused in range(100):
            if self._process.poll() is not None:
                raise EntryError(f"host {self._name}: sshd ended: {log.read_text(errors='replace')[-300:]}")
            try:
                socket.create_connection((self._address, PORT), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise EntryError(f"host {self._name}: sshd does not listen")

    def stop(self) -> None:
        """Ends this sshd and the sessions below it, which a client's ControlPersist would keep alive."""
        if self._process is not None:
            for pid in _descendants(self._process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def powered(self, up: bool) -> None:
        """The host goes down, or comes back."""
        if up:
            self.start()
        else:
            self.stop()


def _descendants(pid: int) -> list[int]:
    try:
        children = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [*children, *(below for child in children for below in _descendants(child))]


def _make_key(path: Path) -> None:
    if not path.exists():
        keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(path)]
        subprocess.run(keygen, check=True, stdin=subprocess.DEVNULL)
