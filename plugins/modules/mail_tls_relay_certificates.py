#!/usr/bin/python
# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which runs on the controller: its keys stay there."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mail_tls_relay_certificates
short_description: Certificates for relays that old mail clients reach by TLS, from a small authority on the controller
version_added: 0.1.0
author:
  - The mailfleet.client developers (@mailfleet)
description:
  - Makes a private authority in a folder on the controller, and a certificate with a key for each relay. Certificates
    that are there and good are left alone, so the second run changes nothing.
  - The root can speak for O(names) and nothing else (critical name constraints), for TLS servers only, and for no
    authority below it. All other names and IP addresses are refused by every client that knows X.509.
  - The root and all certificates are RSA with 2048 bits, signed with SHA-256, and valid for two years; a certificate
    ends with its root at the latest. One that ends within 60 days, or whose names differ, is made anew, with a new key.
  - Made for Windows XP SP3 and newer. The first name of a leaf is its common name, and IPv4 addresses stand among the
    DNS names too, since XP looks for them there.
  - The key of the root never leaves the controller. C(mail_tls_fix) places the root on hosts (C(relay_root), consent
    C(root_ca)).
options:
  folder:
    description:
      - Folder on the controller, made if it is not there (mode 0700). It holds C(root.pem), C(root.key), and for each
        leaf C(NAME.pem) and C(NAME.key), all for you alone (0600).
      - A folder that others may write, a key that others may read, and links are refused.
      - Keep it, and keep it secret. Whoever has C(root.key) can speak for O(names) to all hosts that trust the root.
    type: path
    required: true
  names:
    description:
      - DNS names and IP addresses that the authority is bound to, when it is made. With a DNS name, all names below it
        are allowed too.
      - They cannot be changed later, and a name that an authority of before does not cover is refused. Name the relays
        to come, too, or a domain that holds nothing but relays. At most 40; names without a dot are refused.
    type: list
    elements: str
    default: []
  leaves:
    description: The certificates that are wanted.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: "Name of the relay, and of the files.", type: str, required: true}
      names:
        description:
          - DNS names and IP addresses by which clients reach the relay, without wildcards. The one that accounts have
            first.
        type: list
        elements: str
        required: true
  root_certificate:
    description:
      - The root as PEM text, where the authority is kept elsewhere, such as in a vault. Together with O(root_key).
      - It has to be bound as one of ours is. A copy is written to C(root.pem).
    type: str
  root_key:
    description: The private key of O(root_certificate) as PEM text, not encrypted. It is not written anywhere.
    type: str
extends_documentation_fragment:
  - mailfleet.client.attributes
attributes:
  check_mode:
    support: full
    details:
      - Makes nothing, so RV(root_certificate) and RV(fingerprint) of an authority that is not there yet are null.
  diff_mode:
    support: full
    details: [Names what is made and why. Keys are not shown.]
  idempotent:
    support: full
  platform:
    platforms: posix
  action:
    support: full
notes:
  - Runs on the controller, whatever host the task is of. One task for all hosts (C(run_once)) is enough.
  - Certificates are made anew only when this runs. Run it, and the role P(mailfleet.client.tls_relay#role), at least
    every month.
  - When the root itself ends within 60 days the task warns. Then make a new authority in a new folder, place its root
    on the hosts, and let the relays have their leaves from it.
  - Clients before Windows XP SP3 and Server 2003 with KB938397 cannot verify SHA-256.
seealso:
  - module: mailfleet.client.mail_tls_fix
  - module: mailfleet.client.mail_tls_probe
"""

EXAMPLES = r"""
- name: Certificates for two relays
  mailfleet.client.mail_tls_relay_certificates:
    folder: "{{ inventory_dir }}/relay-authority"
    names: [relay.branch.example, 192.0.2.10]
    leaves:
      - {name: mailbox, names: [relay.branch.example, 192.0.2.10]}
      - {name: submission, names: [smtp.relay.branch.example]}
  delegate_to: localhost
  run_once: true
  register: relay_certificates

- name: The same with an authority from a vault
  mailfleet.client.mail_tls_relay_certificates:
    folder: "{{ inventory_dir }}/relay-leaves"
    root_certificate: "{{ vault_relay_root }}"
    root_key: "{{ vault_relay_root_key }}"
    leaves:
      - {name: mailbox, names: [relay.branch.example]}
  delegate_to: localhost
  run_once: true

- name: Let the hosts trust it
  mailfleet.client.mail_tls_fix:
    relay_root: "{{ relay_certificates.root_certificate }}"
    consent: [root_ca]
    relay:
      - {server: imap.example.com, port: 993, protocol: imap, host: relay.branch.example, listen_port: 993,
         security: implicit}
"""

RETURN = r"""
root:
  description: Path of the root.
  returned: success
  type: str
  sample: /srv/mailfleet/relay-authority/root.pem
root_certificate:
  description: The root as PEM text. Null in check mode where it would be made.
  returned: success
  type: str
fingerprint:
  description: SHA-256 of the root, in hexadecimal digits. Null in check mode where it would be made.
  returned: success
  type: str
leaves:
  description: For each leaf, by its name, where its certificate and key are, what it is for, and when it ends.
  returned: success
  type: dict
  contains:
    certificate: {description: Path of the certificate., type: str}
    key: {description: Path of the key., type: str}
    names: {description: DNS names and IP addresses., type: list, elements: str}
    not_after: {description: When it ends (UTC)., type: str, sample: '2028-11-21T14:05:00Z'}
"""
