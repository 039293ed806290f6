# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An old mail client: sends a message in clear text, fetches it with TLS 1.0, and ends with 0 if it is the same.

Arguments: address of the relay, its port for SMTP, its port for IMAP, file with the root of its certificate.
"""

from __future__ import annotations

import imaplib
import secrets
import smtplib
import ssl
import sys
import warnings


def old_tls(root: str) -> ssl.SSLContext:
    """TLS 1.0 and nothing newer, as on a host that knows no better."""
    context = ssl.create_default_context(cafile=root)
    context.check_hostname = False
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    return context


def main(address: str, smtp_port: str, imap_port: str, root: str) -> bool:
    """Whether the message came back unchanged."""
    sent = f"Subject: {secrets.token_hex(8)}\r\n\r\nGr\u00fc\u00dfe\r\n.\r\nend\r\n".encode()
    with smtplib.SMTP(address, int(smtp_port), timeout=10) as smtp:
        smtp.sendmail("a@example.test", "b@example.test", sent)
    imap = imaplib.IMAP4_SSL(address, int(imap_port), ssl_context=old_tls(root), timeout=10)
    imap.login("user", "password")
    imap.select("INBOX")
    fetched = imap.fetch("1", "(RFC822)")[1][0]
    return fetched is not None and fetched[1] == sent


if __name__ == "__main__":
    sys.exit(0 if main(*sys.argv[1:]) else "the message is not the one that was sent")
