#!/usr/bin/python
# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name: Windows never runs Python, so there is nothing to run here."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mail_tls_verify
short_description: Shake hands with the mail servers of a Windows host, from the controller and from the host itself
version_added: 0.1.0
author:
  - The mailfleet.client developers (@mailfleet)
description:
  - Reads and judges the host as M(mailfleet.client.mail_tls_audit) does, and then connects to every server of
    its mail accounts and of O(servers), each once, at most 50.
  - From the controller by a TLS handshake of its own OpenSSL, after C(STARTTLS) where that is how.
  - From the host by its own SCHANNEL, where Windows Script Host can be used, through WinHTTP. A script of a few lines
    is written into a fresh folder below the Windows folder, run by C(cscript), and removed in the same line. It
    neither chooses versions nor ignores certificates, uses no proxy and signs in nowhere.
  - WinHTTP stands on SCHANNEL, which the mail clients use directly, and narrows it down to its own list of versions.
    So a success proves SCHANNEL. A failure proves nothing for SMTP, IMAP and POP3, unless WinHTTP's list, as read in
    the same run, holds the versions in question.
  - WinHTTP speaks TLS from the first byte only. Servers that want C(STARTTLS) can be verified from the controller only.
  - An answer that could not be had is never taken for a success.
options:
  from:
    description:
      - Who shakes hands.
      - V(host) is left out in check mode, since it writes a file and removes it.
    type: list
    elements: str
    choices: [controller, host]
    default: [controller, host]
  timeout:
    description: Seconds for one connection with its handshake, 1 to 60. On the host, for each step of it.
    type: int
    default: 10
  policy:
    description: The policy of the audit, as in M(mailfleet.client.mail_tls_audit).
    type: str
    choices: [compat, standard, strict]
    default: compat
  profiles:
    description:
      - Whose accounts are read.
      - V(loaded) means users whose registry is loaded, which is those who are logged on. The others are named.
      - V(all) reads the others too, by loading their hives for a moment. This writes to the host and is refused in
        check mode.
    type: str
    choices: [loaded, all]
    default: loaded
  probe_timeout:
    description: Seconds that one step of a probe may take, for entries of O(servers) with C(probe).
    type: int
    default: 10
extends_documentation_fragment:
  - mailfleet.client.attributes
  - mailfleet.client.attributes.action_group
  - mailfleet.client.servers
attributes:
  check_mode:
    support: partial
    details: [Verifies from the controller only, and says so.]
  diff_mode:
    support: none
    details: [Changes nothing that stays, so there is nothing to compare.]
  idempotent:
    support: full
  platform:
    platforms: windows
  action:
    support: full
notes:
  - Reported as RV(ignore:changed=false), although a file is written and removed. RV(host.wrote) names the folders.
  - Names of servers come from the hosts. Any user of a host can make the controller and the host connect to a server of
    their choice. No password is sent anywhere, and what is said there is a handshake, the greeting of a mail client, or
    one request in HTTP.
  - Mail servers see a connection that ends early, or an HTTP request; some count that as an attack (C(fail2ban)).
seealso:
  - module: mailfleet.client.mail_tls_audit
"""

EXAMPLES = r"""
- name: Verify the servers of all accounts
  mailfleet.client.mail_tls_verify:

- name: Verify one server from the host only
  mailfleet.client.mail_tls_verify:
    from: [host]
    servers:
      - {host: imap.example.com, port: 993, accepts: {tls: ['1.2', '1.3']}}
  register: verified

- name: Insist that nothing failed
  ansible.builtin.assert:
    that: verified.verdict != 'failed'
    fail_msg: "{{ verified.reason }}"

- name: Insist that the host's own SCHANNEL is proven for every server that WinHTTP can speak to
  ansible.builtin.assert:
    that: item.host.proves == 'works'
    fail_msg: "{{ item.server }}: {{ item.why }}"
  loop: "{{ verified.targets | selectattr('security', 'eq', 'implicit') }}"
  loop_control:
    label: "{{ item.server }}:{{ item.port }}"
"""

RETURN = r"""
schema:
  description: Version of the shape of this result.
  returned: success
  type: str
  sample: '1.0'
verdict:
  description:
    - One word for the host, the first of these that any server has.
    - V(failed), the host's own SCHANNEL is proven not to come to terms with the server, or nothing is known of it and
      the controller does not get through. V(unknown), nobody proved it for the host. V(ok), it is proven for the host,
      or for the controller where O(from) names only that.
  returned: success
  type: str
  sample: ok
reason:
  description: The first reason for the verdict, empty where it is V(ok).
  returned: success
  type: str
  sample: 'mail.example:993: from the host: no common version or suite, or no TLS at all on this port (0x80072F7D)'
audit:
  description: What the audit says of the host, with nothing tried.
  returned: success
  type: dict
  contains:
    verdict: {description: Its verdict., type: str, sample: fixable}
    reason: {description: Its first reason., type: str}
    policy: {description: The policy that was judged by., type: str, sample: compat}
targets:
  description: One entry for each server, port, protocol and way of protection.
  returned: success
  type: list
  elements: dict
  contains:
    server: {description: Name of the server., type: str, sample: imap.example.com}
    port: {description: TCP port., type: int, sample: 993}
    protocol: {description: Mail protocol., type: str, sample: imap}
    security: {description: How the connection is protected., type: str, sample: implicit}
    wanted_by:
      description: "Who wants it: C(user) (SID), C(client), C(account), and C(audit), which is what the audit says."
      type: list
      elements: dict
    result: {description: V(works) V(fails) V(unknown)., type: str, sample: works}
    why: {description: Why it does not work or is not known., type: str}
    controller:
      description: What the controller saw; null where it was not asked.
      type: dict
      contains:
        stack: {description: Who shook hands., type: str, sample: OpenSSL 3.0.19}
        result: {description: V(works) V(fails) V(unknown)., type: str, sample: works}
        handshake: {description: Whether one was finished; null where none was tried., type: bool, sample: true}
        version: {description: The version that the server chose., type: str, sample: TLS 1.3}
        versions:
          description: That version, and the one that it chooses for a client without TLS 1.3.
          type: list
          elements: str
          sample: [TLS 1.3, TLS 1.2]
        suite: {description: The cipher suite., type: str, sample: TLS_AES_256_GCM_SHA384}
        certificate:
          description: Its certificate.
          type: dict
          contains:
            trusted: {description: Whether the controller trusts it., type: bool, sample: true}
            trust_error: {description: Why not., type: str}
            names: {description: The names it is for., type: list, elements: str}
            not_before: {description: UTC., type: str}
            not_after: {description: UTC., type: str}
            days_left: {description: Days until then., type: int, sample: 61}
            thumbprint: {description: SHA-1., type: str}
        error: {description: Why there was no handshake., type: str}
    host:
      description: What the host's own SCHANNEL said; null where it was not wanted.
      type: dict
      contains:
        stack: {description: Always V(winhttp)., type: str, sample: winhttp}
        result: {description: V(answered) V(no_answer) V(not_possible) V(not_asked)., type: str, sample: answered}
        code: {description: HRESULT of the error or status of HTTP., type: str, sample: '0x80072F78'}
        name: {description: Its name., type: str, sample: INVALID_SERVER_RESPONSE}
        handshake: {description: V(works) V(fails) V(unknown)., type: str, sample: works}
        says: {description: What it means., type: str}
        proves:
          description: What it proves for the SCHANNEL of mail clients, V(works), V(fails) or V(nothing).
          type: str
          sample: works
        why: {description: Why it proves that., type: str}
        advice: {description: What to do., type: str}
left_out:
  description: Servers beyond the first 50.
  returned: success
  type: list
  elements: dict
host:
  description: The host, and whether its own SCHANNEL could be asked.
  returned: success
  type: dict
  contains:
    os: {description: Id of the release or V(unknown)., type: str, sample: win7-sp1}
    name: {description: The computer's name., type: str, sample: PC-042}
    usable: {description: Whether the script ran; null where it was not tried., type: bool, sample: true}
    why: {description: Why it did not run or was not tried., type: str}
    wrote: {description: Folders that were made and removed., type: list, elements: str}
    left_behind: {description: Those of which nobody saw that they were removed., type: list, elements: str}
unread:
  description: What could not be read, and why.
  returned: success
  type: list
  elements: dict
  contains:
    what: {description: A key or a user., type: str}
    why: {description: The reason., type: str}
"""
