# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mail client without TLS and passwords: what it hands to the relay, and what arrives at the upstream.

send RELAY PORT NAME    sends the message of that name
refused RELAY PORT SENDER    sees that nobody may send with that address
arrived UPSTREAM ROOT SECONDS CLIENT NAME ...    waits until messages of these names, and of no others that are like
them, have arrived once and unchanged; no line of the relay's may tell of the address CLIENT
"""

from __future__ import annotations

import imaplib
import smtplib
import ssl
import sys
import time
import typing as t


def message(name: str) -> bytes:
    """All that is changed by servers that change anything: 8-bit text, long lines, dots, blanks, empty lines."""
    head = (
        f"Subject: {name} Gr\u00fc\u00dfe\r\nX-Folded: a\r\n\tb  \r\n   c\r\nFrom: A <a@example.test>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    body = (
        "\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        ".\r\n..\r\n.leading\r\n\u20ac \u00fc\r\n  blanks \t \r\n\r\n\r\nFrom here\r\n"
    )
    long_line = "0123456789" * 400 + "\u00fc" * 700 + "\r\n"
    return (head + body + long_line).encode() + b"\xff\xfe\x80 latin \xe4\r\n--b--\r\n\r\n\r\n"


def send(relay: str, port: str, name: str) -> bool:
    """Hand it over."""
    with smtplib.SMTP(relay, int(port), "client.example.test", timeout=20) as smtp:
        smtp.sendmail("a@example.test", ["b@example.test"], message(name), ["BODY=8BITMIME"])
    return True


def refused(relay: str, port: str, sender: str) -> bool:
    """Whether the relay says no."""
    try:
        with smtplib.SMTP(relay, int(port), "client.example.test", timeout=20) as smtp:
            smtp.sendmail(sender, ["b@example.test"], b"Subject: no\r\n\r\nno\r\n")
    except (smtplib.SMTPSenderRefused, smtplib.SMTPRecipientsRefused):
        return True
    return False


def mailbox(upstream: str, root: str) -> list[bytes]:
    """Everything that lies at the upstream."""
    context = ssl.create_default_context(cafile=root)
    context.check_hostname = False
    with imaplib.IMAP4_SSL(upstream, ssl_context=context, timeout=20) as imap:
        imap.login("user", "password")
        if imap.select("INBOX", readonly=True)[1] == [b"0"]:
            return []
        parts = imap.fetch("1:*", "(BODY.PEEK[])")[1]
        return [part[1] for part in parts if isinstance(part, tuple)]


def count(found: t.Iterable[bytes], name: str, client: str) -> int:
    """How often the message has arrived as it was sent; -1 where it is not what it was."""
    wanted = message(name)
    alike = [one for one in found if f"\r\nSubject: {name} ".encode() in one]
    for one in alike:
        added = one.removesuffix(wanted)
        if added == one or client.encode() in added:
            sys.stderr.write(one.decode("utf-8", "backslashreplace"))
            return -1
    return len(alike)


def arrived(upstream: str, root: str, seconds: str, client: str, *names: str) -> bool:
    """Whether each has come once."""
    end = time.monotonic() + float(seconds)
    while True:
        found = mailbox(upstream, root)
        counts = [count(found, name, client) for name in names]
        if all(one == 1 for one in counts):
            return True
        if time.monotonic() > end or any(one not in (0, 1) for one in counts):
            sys.stderr.write(f"{dict(zip(names, counts, strict=True))}\n")
            return False
        time.sleep(0.3)


if __name__ == "__main__":
    sys.exit(0 if {"send": send, "refused": refused, "arrived": arrived}[sys.argv[1]](*sys.argv[2:]) else 1)
