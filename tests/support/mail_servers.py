# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Postfix and Dovecot as Debian and Ubuntu have them, on a loopback address, with all they keep in one folder.

Both take one version of TLS and no other. What Postfix takes lies in the mailbox a moment later. Needs root: both
change to users of their own. The configuration is that of Dovecot 2.3.
"""

from __future__ import annotations

import collections
import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import typing as t
from collections.abc import Iterator
from pathlib import Path

from tests.support.relays import free_port
from tests.support.tls_servers import Issued
from tests.support.waiting import until

NAME, DOMAIN = "mail.example.test", "example.test"
#: Any other user has a mailbox too; mail for whomever comes to this one.
USER, PASSWORD = "user", "password"
#: What mailboxes belong to: any user that is nobody else's.
_OWNER = "nobody"
_DAEMONS = Path("/usr/lib/postfix/sbin")
_POSTFIX_PROTOCOLS = {"1.2": ">=TLSv1.2, <=TLSv1.2", "1.3": ">=TLSv1.3"}
_OPENSSL = """\
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = versions
[versions]
MaxProtocol = TLSv{version}
"""

_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.test
mydestination =
mynetworks = {address}/32
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = example.test
virtual_mailbox_base = {folder}/boxes
virtual_mailbox_maps = static:user/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_transport = virtual
virtual_destination_concurrency_limit = 4
in_flow_delay = 0
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_sasl_type = dovecot
smtpd_sasl_path = {folder}/sasl
smtpd_sasl_auth_enable = yes
smtpd_tls_auth_only = yes
smtpd_tls_security_level = may
smtpd_tls_cert_file = {chain}
smtpd_tls_key_file = {key}
smtpd_tls_protocols = {protocols}
smtpd_tls_mandatory_protocols = {protocols}
"""

_MASTER = """\
{smtp} inet n - n - 300 smtpd
{submission} inet n - n - 300 smtpd -o smtpd_tls_security_level=encrypt
{submissions} inet n - n - 300 smtpd -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""

#: The figures of the service imap-login are those of "high-performance mode":
#: https://doc.dovecot.org/2.3/admin_manual/login_processes/
_DOVECOT = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap pop3
listen = {address}
import_environment = OPENSSL_CONF={folder}/openssl.cnf
ssl = required
ssl_cert = <{chain}
ssl_key = <{key}
ssl_min_protocol = TLSv{version}
disable_plaintext_auth = yes
auth_mechanisms = plain login
default_vsz_limit = 512M
mail_location = maildir:{folder}/boxes/%n
mail_max_userip_connections = 5000
mailbox_list_index = no
first_valid_uid = 1
default_client_limit = 9000
default_process_limit = 3000
passdb {{
  driver = static
  args = password=password
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/boxes/%n allow_all_users=yes
}}
service imap-login {{
  service_count = 0
  process_min_avail = 2
  process_limit = 2
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 3000
}}
service auth {{
  unix_listener {folder}/sasl {{
    mode = 0666
  }}
}}
"""
_QUEUES = "active bounce corrupt defer deferred flush hold incoming private saved trace maildrop public".split()
_PORTS = {"postfix": ("smtp", "submission", "submissions"), "dovecot": ("imap", "imaps", "pop3", "pop3s")}
_ID = re.compile(rb"(?im)^message-id: *<([^>]*)>")


class MailServers:
    """Both, running as long as the context does. ``ports``: by what is spoken there."""

    def __init__(self, issued: Issued, version: str = "1.2", address: str = "127.84.1.1") -> None:
        self.address = address
        # Others have to get in, and the path of a socket has at most 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="mf-mail-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.ports = {name: free_port(address) for names in _PORTS.values() for name in names}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._write(issued, version)

    def _write(self, issued: Issued, version: str) -> None:
        owner, postfix = pwd.getpwnam(_OWNER), pwd.getpwnam("postfix")
        chain, key = (shutil.copy(file, self.folder) for file in (issued.chain, issued.key))
        fields: dict[str, t.Any] = {
            "folder": self.folder,
            "address": self.address,
            "chain": chain,
            "key": key,
            "uid": owner.pw_uid,
            "gid": owner.pw_gid,
            "protocols": _POSTFIX_PROTOCOLS[version],
            "version": version,
            **self.ports,
        }
        at = {name: f"{self.address}:{port}" for name, port in self.ports.items()}
        texts = {
            "postfix/main.cf": _MAIN.format_map(fields),
            "postfix/master.cf": _MASTER.format_map(at),
            "dovecot.conf": _DOVECOT.format_map(fields),
            "openssl.cnf": _OPENSSL.format_map(fields),
        }
        for folder in ("postfix", "queue", "data", "boxes", "run", "state", "queue/pid"):
            (self.folder / folder).mkdir()
        for name, text in texts.items():
            (self.folder / name).write_text(text, "utf-8")
        for queue in _QUEUES:
            (self.folder / "queue" / queue).mkdir(mode=0o700)
            os.chown(self.folder / "queue" / queue, postfix.pw_uid, postfix.pw_gid)
        os.chown(self.folder / "data", postfix.pw_uid, postfix.pw_gid)
        os.chown(self.folder / "boxes", owner.pw_uid, owner.pw_gid)

    def __enter__(self) -> MailServers:
        try:
            for name in _PORTS:
                self.start(name)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        for name in _PORTS:
            self.stop(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, name: str) -> None:
        """Start ``postfix`` or ``dovecot``, and wait until it listens."""
        command = {
            "postfix": [str(_DAEMONS / "master"), "-d", "-c", str(self.folder / "postfix")],
            "dovecot": ["/usr/sbin/dovecot", "-F", "-c", str(self.folder / "dovecot.conf")],
        }[name]
        with (self.folder / "output").open("ab") as output:
            self._processes[name] = process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        until(lambda: process.poll() is not None or all(self._listening(name)), 20)
        assert process.poll() is None, self.log()

    def _listening(self, name: str) -> Iterator[bool]:
        """For each port of that program whether somebody listens there."""
        for spoken in _PORTS[name]:
            try:
                socket.create_connection((self.address, self.ports[spoken]), 1).close()
                yield True
            except OSError:
                yield False

    def stop(self, name: str) -> None:
        """Kill it, with all processes that it has started, and wait until nobody listens."""
        process = self._processes.pop(name, None)
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        # Its children have the listening sockets too, and one of them may be the last to go.
        until(lambda: not any(self._listening(name)), 20)
        if name == "dovecot":
            # So may those with its sockets for itself, and where one answers, the next Dovecot does not start.
            shutil.rmtree(self.folder / "run")
            (self.folder / "run").mkdir()

    def log(self) -> str:
        """What both wrote so far."""
        files = [self.folder / name for name in ("output", "postfix.log", "dovecot.log")]
        return "".join(file.read_text("utf-8", "replace") for file in files if file.exists())

    def message_ids(self, user: str = USER) -> collections.Counter[str]:
        """How often each message lies in that mailbox."""
        found: collections.Counter[str] = collections.Counter()
        for part in ("new", "cur"):
            for file in sorted((self.folder / "boxes" / user).glob(f"{part}/*")):
                header = _ID.search(file.read_bytes().partition(b"\n\n")[0])
                found[header.group(1).decode() if header else ""] += 1
        return found

    def put(self, message: bytes, user: str = USER) -> None:
        """Lay a message into that mailbox, without any server."""
        owner = pwd.getpwnam(_OWNER)
        box = self.folder / "boxes" / user
        for folder in (box, box / "tmp", box / "new", box / "cur"):
            folder.mkdir(exist_ok=True, mode=0o700)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        descriptor, path = tempfile.mkstemp(dir=box / "tmp")
        with open(descriptor, "wb") as file:
            file.write(message)
        os.chown(path, owner.pw_uid, owner.pw_gid)
        os.replace(path, box / "new" / Path(path).name)
