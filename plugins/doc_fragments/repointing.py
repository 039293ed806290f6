# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option that sends accounts through a relay."""

from __future__ import annotations


class ModuleDocFragment:
    """Relays for accounts."""

    DOCUMENTATION = r"""
options:
  relay:
    description:
      - Accounts of Outlook Express, Outlook, Windows Mail and Windows Live Mail whose server and port are named here go
        to the relay instead. Server, port and encryption are changed together, are part of the journal, and are put
        back by M(mailfleet.client.mail_tls_rollback).
      - An account is changed as a whole or left alone; C(accounts_left) in the result says which and why. Left alone
        are accounts of a user for whom the program runs, or may run; Exchange accounts; and those that may sign in by
        OAuth 2.0, where a relay cannot help.
      - Windows Mail and Windows Live Mail keep an account in a file, C(account{...}.oeaccount). Only the text of its
        elements is changed, in UTF-16 with its mark only; a file that lacks one of them, writes a number otherwise than
        in hexadecimal digits or has a comment in it is left alone, as is one outside of a folder of the program's name.
      - Where nothing is named here, no account is touched.
      - What the relay is on its side is not looked at. It has to be there, and to work. The playbook
        C(mailfleet.client.relay) makes relays, tries them, and gives this option to each host.
    type: list
    elements: dict
    default: []
    suboptions:
      server: {description: Name of the mail server as the accounts have it., type: str, required: true}
      port: {description: Port of the mail server as the accounts have it., type: int, required: true}
      protocol: {description: What is spoken there., type: str, choices: [smtp, imap, pop3], required: true}
      host: {description: Name or IPv4 address of the relay., type: str, required: true}
      listen_port: {description: Port of the relay., type: int, required: true}
      security:
        description: How programs are to talk to the relay. V(none) needs the consent C(cleartext_leg).
        type: str
        choices: [none, implicit, starttls]
        required: true
  relay_root:
    description:
      - The root of the relays' own authority as PEM text, such as M(mailfleet.client.mail_tls_relay_certificates)
        returns it. With the consent C(root_ca) it is placed among the roots of the machine
        (C(HKLM\SOFTWARE\Microsoft\SystemCertificates\ROOT)), is part of the journal, and is taken away again by
        M(mailfleet.client.mail_tls_rollback).
      - It is placed only on hosts where an account goes, now or by this run, to one of the relays by V(implicit) or
        V(starttls), and only if it is not there yet.
      - Without the consent, and where the host distrusts it, accounts that would go to such a relay are left as they
        are, since their programs would not know its certificate.
      - Only a root is taken that binds itself, by critical name constraints and an extended key usage of C(serverAuth)
        alone. All relays with V(implicit) or V(starttls) have to be within its names.
      - A rollback leaves it where an account that may need it has to be left.
    type: str
"""
