#!/usr/bin/python
# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name: Windows never runs Python, so there is nothing to run here."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mail_tls_audit
short_description: Tell whether the mail clients of a Windows host can connect, why not, and what would change that
version_added: 0.1.0
author:
  - The mailfleet.client developers (@mailfleet)
description:
  - Reads a Windows host, from XP SP3 to Windows 11 and Server 2025, in one round trip of plain C(cmd.exe) lines, and
    judges it against a policy and against the mail servers that its clients talk to.
  - What counts is the effective state, that is the default of this release of Windows, with these updates, with what
    the registry says, with what group policy says. A missing value is a value.
  - What could not be read is reported as C(unknown), with the reason, and never as passed.
  - Works over the connection P(mailfleet.client.winrs#connection), which needs no PowerShell on the host, and over
    existing inventories with P(ansible.builtin.winrm#connection) or P(ansible.builtin.ssh#connection).
  - Nothing is changed on the host, with one exception that has to be asked for, O(profiles=all).
options:
  profiles:
    description:
      - Whose settings and accounts are read.
      - V(loaded) reads the users whose registry is loaded, which is those who are logged on. The others are named.
      - V(all) also loads the hives of users who are not logged on, one after the other, under a random name, and
        unloads them in the same line. B(This writes to the host) - loading a hive rewrites its log files - and is
        reported in RV(writes). It is refused in check mode.
    type: str
    choices: [loaded, all]
    default: loaded
extends_documentation_fragment:
  - mailfleet.client.attributes
  - mailfleet.client.attributes.action_group
  - mailfleet.client.judgement
  - mailfleet.client.servers
attributes:
  check_mode:
    support: full
    details: [Reads in check mode as without it. Refuses O(profiles=all), which writes.]
  diff_mode:
    support: none
    details: [Changes nothing, so there is nothing to compare.]
  idempotent:
    support: full
  platform:
    platforms: windows
  action:
    support: full
seealso:
  - plugin: mailfleet.client.winrs
    plugin_type: connection
    description: The connection that needs no PowerShell on the host.
"""

EXAMPLES = r"""
- name: Audit with the defaults
  mailfleet.client.mail_tls_audit:

- name: Audit against the servers that matter, asking them what they accept
  mailfleet.client.mail_tls_audit:
    servers:
      - {host: imap.example.com, port: 993, protocol: imap, security: implicit, probe: true}
      - {host: smtp.example.com, port: 587, protocol: smtp, security: starttls, probe: true}
  register: audit

- name: Audit against a server that the controller cannot reach
  mailfleet.client.mail_tls_audit:
    servers:
      - host: mail.branch.example
        port: 995
        protocol: pop3
        security: implicit
        accepts:
          tls: ['1.2']
          suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]

- name: Look at TLS and the firewall only, for laptops that are never in a domain
  mailfleet.client.mail_tls_audit:
    only: [tls, firewall]
    firewall_profiles: [private, public]

- name: Accept a finding until the end of the year
  mailfleet.client.mail_tls_audit:
    waivers:
      - {check: tls.ssl30, reason: the label printer needs it, expires: '2026-12-31'}

# Ad hoc, for a group of hosts:
# ansible windows -m mailfleet.client.mail_tls_audit
"""

RETURN = r"""
schema:
  description: Version of the shape of this result. The schema itself is C(docs/schema/audit-result.schema.json).
  returned: success
  type: str
  sample: '1.0'
verdict:
  description:
    - One word for the host, the first of these that applies.
    - V(unknown), something that decides a route could not be read. V(blocked), a group policy, a firewall that we may
      not change, or the server forbids it. V(needs_relay), no change on the host can make a route work.
      V(needs_update), a package or a service pack is needed. V(fixable), settings of the host are enough. V(ok).
  returned: success
  type: str
  sample: fixable
reason:
  description: The first reason for the verdict, empty where it is V(ok).
  returned: success
  type: str
  sample: 'mail.example:993: no common TLS version: this host offers TLS 1.0, mail.example accepts TLS 1.2'
next_step:
  description: What to do next, in words.
  returned: success
  type: str
  sample: apply the plan (4 steps)
policy:
  description: The policy that was judged by.
  returned: success
  type: str
  sample: compat
host:
  description: Which Windows this is.
  returned: success
  type: dict
  contains:
    os: {description: Id of the release or V(unknown)., type: str, sample: win7-sp1}
    os_name: {description: Its name., type: str, sample: Windows 7 SP1}
    version: {description: What the host itself says., type: str, sample: Windows 7 Professional 6.1 build 7601}
    name: {description: The computer's name., type: str, sample: PC-042}
    build: {description: Build number., type: int, sample: 7601}
    revision: {description: "Revision of the build (UBR), from Windows 10 on.", type: int, sample: 6216}
    architecture: {description: V(x86) or V(amd64) or V(arm64)., type: str, sample: amd64}
    clients: {description: Mail clients that were found., type: list, elements: str, sample: [outlook-2010]}
findings:
  description: One entry for each check and subject.
  returned: success
  type: list
  elements: dict
  contains:
    id: {description: Id of the check., type: str, sample: tls.tls12}
    family: {description: Its family., type: str, sample: tls}
    state: {description: V(pass) V(fail) V(unknown) V(waived) V(not_applicable)., type: str, sample: fail}
    severity: {description: V(info) V(low) V(medium) V(high)., type: str, sample: high}
    subject: {description: What it is about where a check has several subjects., type: str, sample: native}
    observed: {description: What was read., type: raw}
    effective: {description: What it amounts to on this host., type: raw, sample: off by default}
    wanted: {description: What the policy asks for., type: raw, sample: 'on'}
    where: {description: The exact place in the registry., type: str}
    why: {description: One or two sentences., type: str}
    remedy: {description: The verdict that this finding alone would give., type: str, sample: fixable}
    source: {description: Where the rule comes from., type: str}
routes:
  description: One entry for each client of each user and each server.
  returned: success
  type: list
  elements: dict
  contains:
    user: {description: SID of the user or V(*)., type: str, sample: '*'}
    client: {description: Id of the mail client., type: str, sample: schannel}
    account: {description: Name of the account., type: str, sample: ''}
    server: {description: Name of the server., type: str, sample: imap.example.com}
    port: {description: TCP port., type: int, sample: 993}
    protocol: {description: Mail protocol., type: str, sample: imap}
    security: {description: How the connection is protected., type: str, sample: implicit}
    now: {description: V(works) V(fails) V(unknown)., type: str, sample: fails}
    after: {description: The same after the plan., type: str, sample: works}
    via: {description: V(direct) or V(relay)., type: str, sample: direct}
    why: {description: Everything that stands in the way., type: str}
plan:
  description: The smallest list of changes, in order. Entries with C(optional) are not needed by any route.
  returned: success
  type: list
  elements: dict
  contains:
    kind: {description: V(update) V(registry) V(firewall) V(account) V(relay) V(reboot)., type: str, sample: registry}
    family: {description: Family of the checks it belongs to., type: str, sample: tls}
    optional: {description: No route needs it., type: bool, sample: false}
    consent: {description: What has to be consented to by name., type: str}
    why: {description: What it is for., type: str, sample: offer TLS 1.2}
unread:
  description: What could not be read, and why.
  returned: success
  type: list
  elements: dict
  contains:
    what: {description: A key or a user., type: str}
    why: {description: The reason., type: str}
writes:
  description: What reading had to write on the host. Empty unless O(profiles=all).
  returned: success
  type: list
  elements: str
"""
