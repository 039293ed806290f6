# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``servers``, which every module that judges mail servers takes in the same shape."""

from __future__ import annotations


class ModuleDocFragment:
    """Mail servers and what they accept."""

    DOCUMENTATION = r"""
options:
  servers:
    description:
      - The mail servers that matter. An entry describes the server of an account, or stands for itself where no account
        on the host names it.
      - Without an entry, a server is assumed to accept what the policy names (TLS 1.2 and newer).
    type: list
    elements: dict
    default: []
    suboptions:
      host:
        description: Name or address of the server.
        type: str
        required: true
      port:
        description: TCP port. Follows from O(servers[].protocol) and O(servers[].security) where it is left out.
        type: int
      protocol:
        description: What is spoken there. Follows from O(servers[].port) where it is left out.
        type: str
        choices: [smtp, imap, pop3]
      security:
        description: TLS from the first byte, after C(STARTTLS), or not at all. Follows from O(servers[].port).
        type: str
        choices: [implicit, starttls, none]
      auth:
        description: The ways to sign in that the server accepts. Left out, the table of large providers is asked.
        type: list
        elements: str
        choices: [password, app_password, oauth2]
      probe:
        description:
          - Ask the server itself what it accepts, by real handshakes from the controller.
          - Not together with O(servers[].accepts) or O(servers[].sslyze).
          - Costs one probe for each host; M(mailfleet.client.mail_tls_probe) asks once for a fleet.
        type: bool
        default: false
      sslyze:
        description:
          - A report that sslyze wrote (C(--json_out)), a file of the controller, instead of O(servers[].accepts).
          - The server is found in it by O(servers[].host) and O(servers[].port). It must have been scanned with
            C(--starttls) where O(servers[].security=starttls). What was not scanned is unknown.
        type: path
      accepts:
        description:
          - What the server accepts, where you know it. Not together with O(servers[].probe) or O(servers[].sslyze).
        type: dict
        suboptions:
          tls:
            description: The versions it accepts, for example V(1.2).
            type: list
            elements: str
            choices: ['1.0', '1.1', '1.2', '1.3']
          suites:
            description: The cipher suites it accepts with TLS 1.2 and older, by their IANA names.
            type: list
            elements: str
          certificate:
            description: What is known of its certificate. What is left out is not looked at.
            type: dict
            suboptions:
              names:
                description: The DNS names it is for.
                type: list
                elements: str
              key:
                description: The algorithm of its key, V(rsa) or V(ecdsa).
                type: str
              signature:
                description: The hash of its signature, for example V(sha256).
                type: str
              needs_sni:
                description: A client that sends no server name (XP, 2003) is shown another certificate.
                type: bool
              roots:
                description: SHA-1 thumbprints of the roots that would do. The host's stores are searched for them.
                type: list
                elements: str
              thumbprints:
                description: SHA-1 thumbprints of the certificates it presents. The host's Disallowed store is searched.
                type: list
                elements: str
              not_before:
                description: The first day of its validity, ISO 8601.
                type: str
              not_after:
                description: The last day of its validity, ISO 8601.
                type: str
              trusted:
                description: Whether the store of public roots accepts it.
                type: bool
          starttls:
            description: Whether it offers C(STARTTLS) on this port.
            type: bool
          refused:
            description: The versions it refuses, where some are neither accepted nor refused for sure.
            type: list
            elements: str
          undetermined_suites:
            description: Cipher suites of which nobody knows whether it accepts them.
            type: list
            elements: str
          source:
            description: Where this comes from. V(probe) for what a probe returned.
            type: str
            choices: [declared, probe]
            default: declared
"""
