# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An old mail client: sends one message in clear text and one with TLS 1.0 after STARTTLS, and fetches both by TLS 1.0.

Arguments: address of the relay, its ports for SMTP in clear, SMTP with STARTTLS, and IMAP with TLS at once; address of
the upstream, which has to refuse such a client; file with the root of all certificates. Prints what it found and ends
with 0 if all is as it should be.
"""

from __future__ import annotations

import imaplib
import secrets
import smtplib
import ssl
import sys
import time
import warnings

LOGIN = ("user@example.test", "password")


def old_tls(root: str) -> ssl.SSLContext:
    """TLS 1.0 and nothing newer, as on a host that knows no better."""
    context = ssl.create_default_context(cafile=root)
    context.check_hostname = False
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    return context


def send(address: str, port: str, context: ssl.SSLContext | None) -> tuple[str, bytes]:
    """Sign in and send a message; its token, and what it is."""
    token = secrets.token_hex(8)
    message = f"Subject: {token}\r\n\r\nGr\u00fc\u00dfe {token}\r\n.\r\n..\r\nend\r\n".encode()
    with smtplib.SMTP(address, int(port), timeout=10) as smtp:
        if context is not None:
            smtp.starttls(context=context)
        smtp.login(*LOGIN)
        smtp.sendmail("a@example.test", "b@example.test", message)
    return token, message


def fetch(imap: imaplib.IMAP4, token: str) -> bytes:
    """The message with that token, as soon as it is there; nothing after ten seconds."""
    for _turn in range(100):
        imap.select("INBOX")
        if numbers := imap.search(None, "SUBJECT", token)[1][0].split():
            # Beside it, the server may tell of flags that another client changed.
            parts = imap.fetch(numbers[0].decode(), "(RFC822)")[1]
            found = next((part for part in parts if isinstance(part, tuple)), None)
            return found[1] if found else b""
        time.sleep(0.1)
    return b""


def refused(upstream: str, context: ssl.SSLContext) -> str:
    """What the upstream itself says to TLS 1.0: "" is acceptance."""
    try:
        imaplib.IMAP4_SSL(upstream, 993, ssl_context=context, timeout=10).logout()
    except (ssl.SSLError, OSError) as problem:
        return str(problem)
    return ""


def main(address: str, clear: str, starttls: str, imap_port: str, upstream: str, root: str) -> list[str]:
    """What is wrong."""
    context, wrong = old_tls(root), []
    sent = [send(address, clear, None), send(address, starttls, context)]
    imap = imaplib.IMAP4_SSL(address, int(imap_port), ssl_context=context, timeout=10)
    version = getattr(imap.sock, "version", str)()
    if version != "TLSv1":
        wrong.append(f"the relay spoke {version}")
    imap.login(*LOGIN)
    for token, message in sent:
        fetched = fetch(imap, token)
        # Servers write lines about its way before a message, and change nothing of it.
        if not fetched.endswith(message):
            wrong.append(f"sent {message!r} and fetched {fetched!r}")
    imap.logout()
    if not refused(upstream, context):
        wrong.append("the upstream itself took TLS 1.0")
    return wrong


if __name__ == "__main__":
    sys.exit("\n".join(main(*sys.argv[1:])) or 0)
