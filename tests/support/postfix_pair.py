# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A smarthost as relay/postfix.py writes it, and an upstream that keeps what it takes: two Postfix that can be killed.

Each is a master in a process group of its own on a loopback address. Needs root: Postfix changes to users of its own.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
from pathlib import Path

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import postfix
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.smarthost import Smarthost, parse_smarthost
from tests.support.relays import CONSENTS, free_port
from tests.support.tls_servers import NAME, Issued
from tests.support.waiting import until

_QUEUES = "active bounce corrupt defer deferred flush hold incoming private saved trace maildrop public".split()
_LOG = "postlog unix-dgram n - n - 1 postlogd\n"
_UPSTREAM = """\
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/lib
maillog_file = {folder}/log
maillog_file_prefixes = /tmp
myhostname = {name}
mydestination =
alias_maps =
local_recipient_maps =
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_end_of_data_restrictions = check_sender_access static:HOLD
smtpd_client_connection_count_limit = 0
enable_long_queue_ids = yes
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = {folder}/mail.pem
smtpd_tls_key_file = {folder}/mail.key
smtpd_tls_mandatory_protocols = >=TLSv1.2, <=TLSv1.2
"""
_ID = re.compile(rb"X-Test-Id: ([0-9a-f-]+)")


class Instance:
    """One Postfix in ``folder``: etc, spool, lib, log."""

    def __init__(self, folder: Path, main: str, master: str, address: tuple[str, int]) -> None:
        self.folder, self.address = folder, address
        self._process: subprocess.Popen[bytes] | None = None
        owner = pwd.getpwnam("postfix")
        places = [folder, folder / "etc", folder / "spool", folder / "spool" / "pid"]
        theirs = [folder / "lib", *(folder / "spool" / name for name in _QUEUES)]
        for place in (*places, *theirs):
            place.mkdir(mode=0o755)
        for place in theirs:
            os.chown(place, owner.pw_uid, owner.pw_gid)
        (folder / "etc" / "main.cf").write_text(main, encoding="ascii")
        (folder / "etc" / "master.cf").write_text(master + _LOG, encoding="ascii")

    def start(self) -> None:
        """Start it, and wait until it listens."""
        command = ["/usr/lib/postfix/sbin/master", "-d", "-c", str(self.folder / "etc")]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
        until(self._listens, 20)

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()[-2000:]
        with contextlib.suppress(OSError):
            socket.create_connection(self.address, 1).close()
            return True
        return False

    def kill(self) -> None:
        """All of its processes, at once; none can say goodbye."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def retry(self) -> None:
        """Have it try all that it has put off, as an administrator can; who has just started it may come too early."""
        command = ["/usr/sbin/postqueue", "-c", str(self.folder / "etc"), "-f"]
        until(lambda: subprocess.run(command, check=False).returncode == 0, 20)

    def log(self) -> str:
        """What it wrote so far."""
        file = self.folder / "log"
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    def queued(self, *queues: str) -> list[tuple[str, str]]:
        """Id of the message and of the queue file, of all that are complete: Postfix then sets the bit to execute."""
        found = []
        for queue in queues:
            for file in (self.folder / "spool" / queue).rglob("*"):
                with contextlib.suppress(FileNotFoundError):
                    if file.is_file() and file.stat().st_mode & stat.S_IXUSR:
                        named = _ID.search(file.read_bytes())
                        found.append((named[1].decode() if named else "?", file.name))
        return found


class Pair:
    """Both, running as long as the context does."""

    def __init__(self, issued: Issued, root: Path) -> None:
        assert os.geteuid() == 0, "Postfix changes to users of its own: run this as root"
        # Others have to get in, and the path of a socket has at most 107 characters.
        self._folder = Path(tempfile.mkdtemp(prefix="mf-smtp-", dir="/tmp"))
        self._folder.chmod(0o755)
        at = ("127.85.1.1", free_port("127.85.1.1"))
        self.upstream = self._upstream(issued, at)
        self.relay = self._relay(root, at)

    def _upstream(self, issued: Issued, at: tuple[str, int]) -> Instance:
        folder = self._folder / "upstream"
        master = f"{at[0]}:{at[1]} inet n - n - - smtpd\n" + postfix.master_cf(())
        made = Instance(folder, _UPSTREAM.format(folder=folder, name=NAME), master, at)
        shutil.copy(issued.chain, folder / "mail.pem")
        shutil.copy(issued.key, folder / "mail.key")
        return made

    def _relay(self, root: Path, upstream: tuple[str, int]) -> Instance:
        folder = self._folder / "relay"
        places = postfix.Places(*(str(folder / name) for name in ("etc", "spool", "lib")))
        at = ("127.85.1.2", free_port("127.85.1.2"))
        wish = self.wish(upstream, at)
        log = f"maillog_file = {folder}/log\nmaillog_file_prefixes = /tmp\n"
        main = postfix.main_cf(wish, str(root), places).replace("queue_run_delay = 5s", "queue_run_delay = 1s")
        soon = re.sub(r"(?m)^((?:min|max)imal_backoff_time|transport_retry_time) = 5s$", r"\1 = 1s", main)
        made = Instance(folder, soon + log, postfix.master_cf(wish.listen), at)
        for path, text in {**postfix.tables(wish, places), **postfix.password_table(wish, places)}.items():
            Path(path).touch(mode=0o600 if path.endswith("password") else 0o644)
            Path(path).write_text(text, encoding="utf-8")
        return made

    @staticmethod
    def wish(upstream: tuple[str, int], at: tuple[str, int]) -> Smarthost:
        """A smarthost that tries again as soon as it may."""
        return parse_smarthost(
            {
                "upstream": {
                    "host": NAME,
                    "port": upstream[1],
                    "security": "starttls",
                    "user": "user",
                    "password": "password",
                    "addresses": [upstream[0]],
                },
                "listen": [f"{at[0]}:{at[1]}"],
                "allow": ["127.0.0.0/8"],
                "hostname": "relay.example.test",
                "client_connections": 100,
                "client_messages": 100000,
                "retry_seconds": 5,
                "retry_most_seconds": 5,
            },
            CONSENTS,
        )

    def __enter__(self) -> Pair:
        self.upstream.start()
        self.relay.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.relay.kill()
        self.upstream.kill()
        shutil.rmtree(self._folder)
