#!/usr/bin/python
# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module: arguments → probe → report. Runs on Linux hosts and the controller, with the standard library alone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mail_tls_probe
short_description: Ask a mail server or a relay what it accepts, by real handshakes from a Linux host
version_added: 0.1.0
author:
  - The mailfleet.client developers (@mailfleet)
description:
  - Connects to one mail server, after C(STARTTLS) where that is how, and finds out which versions of TLS and which
    cipher suites it accepts, what its certificate says and who trusts it, and which ways to sign in it offers.
  - Runs where the task runs, on a Linux host or on the controller. Windows hosts cannot run it; the other modules of
    this collection audit those, and take what this one returns in RV(server) as an entry of their option C(servers).
  - At most 25 handshakes, one after the other. It never signs in and sends no mail.
  - Nothing is claimed that was not seen. What the OpenSSL of this machine cannot offer (SSL 2.0 and 3.0, RC4, and 3DES
    nearly everywhere today) is undetermined, and so is what an error hides.
  - The task fails where nothing could be learnt, with one sentence that says why.
options:
  host:
    description: Name or address of the server.
    type: str
    required: true
  port:
    description: TCP port. Follows from O(protocol) and O(security) where it is left out.
    type: int
  protocol:
    description: What is spoken there. Follows from O(port) where that is 25, 110, 143, 465, 587, 993 or 995.
    type: str
    choices: [smtp, imap, pop3]
  security:
    description: TLS from the first byte, after C(STARTTLS), or not at all. Follows from O(port) in the same way.
    type: str
    choices: [implicit, starttls, none]
  name:
    description:
      - The name to send (SNI) and to look for in the certificate, where it is not O(host).
      - With a relay as O(host), this is the name in the relay's certificate.
    type: str
  address:
    description:
      - Connect to this address, or to the host of this name, instead of O(host).
      - Asks one of several servers of the same name, or one whose name does not resolve here.
    type: str
  ca_file:
    description:
      - PEM file, on the machine where the task runs, with the roots to trust. Without it, that machine's own store.
      - It decides RV(certificate.trusted). What stands in RV(accepts) is what the machine's own store says, since that
        is nearer to what hosts know.
    type: path
  timeout:
    description:
      - Seconds for one connection with its dialogue and its handshake. The whole probe ends after six times that.
    type: int
    default: 10
  full:
    description:
      - Look for every cipher suite.
      - V(false) asks for the versions, the certificate and the ways to sign in only, by fewer handshakes.
    type: bool
    default: true
extends_documentation_fragment:
  - mailfleet.client.attributes
attributes:
  check_mode:
    support: full
    details: [Changes nothing, so it does the same in check mode.]
  diff_mode:
    support: none
    details: [Changes nothing, so there is nothing to compare.]
  idempotent:
    support: full
  platform:
    platforms: posix
  action:
    support: none
notes:
  - Mail servers see connections that end early; some count that as an attack (C(fail2ban)). Ask each server once for
    the whole fleet (C(run_once)), not once for each host.
  - Needs Python 3.8 or newer, nothing else. With Python older than 3.10, of a chain only the certificate of the server
    itself can be seen, so RV(certificate.roots) is null unless that is a root.
  - In a play over Windows hosts, use C(delegate_to=localhost).
seealso:
  - module: mailfleet.client.mail_tls_audit
  - module: mailfleet.client.mail_tls_verify
"""

EXAMPLES = r"""
- name: Ask a server, from the controller
  mailfleet.client.mail_tls_probe:
    host: smtp.example.com
    port: 587
  delegate_to: localhost
  run_once: true

- name: Ask each server once for the whole fleet
  mailfleet.client.mail_tls_probe:
    host: "{{ item.host }}"
    port: "{{ item.port }}"
  loop:
    - {host: imap.example.com, port: 993}
    - {host: smtp.example.com, port: 587}
  delegate_to: localhost
  run_once: true
  register: probed

- name: Audit the fleet against what they said
  mailfleet.client.mail_tls_audit:
    servers: "{{ probed.results | map(attribute='server') }}"

- name: Look from a relay at the server behind it, and insist on its certificate
  mailfleet.client.mail_tls_probe:
    host: imap.example.com
    port: 993
    full: false
  register: upstream
  failed_when: upstream is failed or not upstream.certificate.trusted

- name: Ask one of two servers of the same name, whose certificate comes from an authority of our own
  mailfleet.client.mail_tls_probe:
    host: mail.example.com
    address: 192.0.2.17
    protocol: imap
    security: implicit
    ca_file: /etc/ssl/our-root.pem
"""

RETURN = r"""
host: {description: The server., returned: always, type: str, sample: smtp.example.com}
address: {description: Where it was asked instead., returned: always, type: str}
port: {description: TCP port., returned: always, type: int, sample: 587}
protocol: {description: What was spoken., returned: always, type: str, sample: smtp}
security: {description: How the connection was protected., returned: always, type: str, sample: starttls}
name: {description: The name that was sent and looked for., returned: always, type: str, sample: smtp.example.com}
error:
  description: Why nothing could be learnt, in one sentence; null where something was. The task fails with it.
  returned: always
  type: str
  sample: 'smtp.example.com port 587: the server refused the connection.'
error_kind:
  description:
    - The same in one word, V(dns) V(refused) V(unreachable) V(timeout) V(closed) V(too_much) V(not_tls) V(greeting)
      V(starttls_missing) V(starttls_refused) V(starttls_unavailable) V(protocol) V(alert) V(version) V(local).
  returned: always
  type: str
  sample: refused
problems:
  description: What stands in the way of clients, is a danger to them, or could not be learnt, in sentences.
  returned: always
  type: list
  elements: str
  sample: ['The certificate expires in 9 days, on 2026-12-31.']
versions:
  description:
    - Every version, from C(SSL 2.0) to C(TLS 1.3), with C(state) (V(accepted) V(refused) V(undetermined)), C(why), and
      for an accepted one C(suite), which the server chose.
    - Empty where O(security=none).
  returned: always
  type: dict
  sample: {TLS 1.2: {state: accepted, why: '', suite: TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384}}
suites:
  description:
    - Cipher suites of TLS 1.2 and older that Windows clients have, by their IANA names.
    - Null where they were not looked for.
  returned: always
  type: dict
  contains:
    accepted: {description: Accepted by at least one version., type: list, elements: str}
    refused: {description: Refused., type: list, elements: str}
    undetermined: {description: "Could not be offered, or were not asked for.", type: list, elements: str}
starttls: {description: Whether it offers C(STARTTLS); null where nobody looked., returned: always, type: bool}
certificate:
  description: Its certificate, the RSA one where it has several; null where none was seen.
  returned: always
  type: dict
  contains:
    names: {description: Names and addresses it is for., type: list, elements: str, sample: [smtp.example.com]}
    covers_name: {description: Whether RV(name) is among them., type: bool, sample: true}
    issuer: {description: "Who signed it, as it says itself.", type: str, sample: "CN=R11, O=Let's Encrypt, C=US"}
    key: {description: Algorithm of its key., type: str, sample: rsa}
    key_bits: {description: Length of its key., type: int, sample: 2048}
    key_kinds: {description: Algorithms of all certificates that were seen., type: list, elements: str, sample: [rsa]}
    signature: {description: Hash of its signature., type: str, sample: sha256}
    not_before: {description: UTC., type: str, sample: '2026-10-02T00:00:00Z'}
    not_after: {description: UTC., type: str, sample: '2026-12-31T00:00:00Z'}
    days_left: {description: "Whole days until then, negative where that is past.", type: int, sample: 61}
    trusted: {description: "Whether chain and name are accepted by O(ca_file), or by this machine.", type: bool}
    trust_error: {description: Why not., type: str, sample: certificate has expired}
    public: {description: Whether this machine's own store accepts them., type: bool}
    roots: {description: SHA-1 thumbprints of roots that would do., type: list, elements: str}
    thumbprints: {description: SHA-1 thumbprints of what it presents., type: list, elements: str}
    needs_sni: {description: Clients that send no name do not get this certificate., type: bool, sample: false}
auth:
  description: Ways to sign in that it offers (inside TLS where there is TLS); null where nobody could look.
  returned: always
  type: list
  elements: str
  sample: [PLAIN, LOGIN, XOAUTH2]
accepts:
  description: What C(accepts) of an entry of C(servers) takes; null where nothing was learnt or O(security=none).
  returned: always
  type: dict
  sample: {source: probe, tls: ['1.2', '1.3'], refused: ['1.0', '1.1']}
server:
  description: A whole entry of C(servers); null where nothing was learnt.
  returned: always
  type: dict
  sample: {host: smtp.example.com, port: 587, protocol: smtp, security: starttls, accepts: {tls: ['1.2', '1.3']}}
handshakes: {description: How many were begun., returned: always, type: int, sample: 17}
seconds: {description: How long all of it took., returned: always, type: float, sample: 1.204}
openssl: {description: Who shook hands., returned: always, type: str, sample: OpenSSL 3.0.19 27 Jan 2026}
"""

import time
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailfleet.client.plugins.module_utils.mail_doors import PROTOCOLS, SECURITIES, door
from ansible_collections.mailfleet.client.plugins.module_utils.probe import probe
from ansible_collections.mailfleet.client.plugins.module_utils.probe_report import report

ARGUMENT_SPEC: dict[str, dict[str, t.Any]] = {
    "host": {"type": "str", "required": True},
    "port": {"type": "int"},
    "protocol": {"type": "str", "choices": list(PROTOCOLS)},
    "security": {"type": "str", "choices": list(SECURITIES)},
    "name": {"type": "str"},
    "address": {"type": "str"},
    "ca_file": {"type": "path"},
    "timeout": {"type": "int", "default": 10},
    "full": {"type": "bool", "default": True},
}


def ask(asked: t.Mapping[str, t.Any], now: float) -> dict[str, t.Any]:
    """The result for these options. Raises ValueError, one sentence, where one of them is not what it should be."""
    host, address = asked["host"], asked["address"]
    at = door(asked["port"], asked["protocol"], asked["security"])
    name = asked["name"] or host
    found = probe(
        address or host, *at, timeout=asked["timeout"], server_name=name, cafile=asked["ca_file"], full=asked["full"]
    )
    return report(found, host, address, now)


def main() -> None:
    """Ask, and say."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = ask(module.params, time.time())
    except ValueError as error:
        module.fail_json(msg="{}.".format(str(error).rstrip(".")))
    if result["error"] is not None:
        module.fail_json(msg=result["error"], **result)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
