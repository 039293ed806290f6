#!/usr/bin/python
# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name: Windows never runs Python, so there is nothing to run here."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mail_tls_fix
short_description: Change what keeps the mail clients of a Windows host from connecting, with an exact undo
version_added: 0.1.0
author:
  - The mailfleet.client developers (@mailfleet)
description:
  - Audits the host as M(mailfleet.client.mail_tls_audit) does, carries out that part of the plan which
    settings of the host can do, and judges the host again. Both judgements are in the result.
  - Sets SCHANNEL's client switches, the protocols of WinHTTP and WinINET, .NET's switches, outbound rules of Windows
    Firewall, and proxies, and of each only what the policy asks for and is not in effect yet. Where group policy
    decides nothing is written.
  - Before anything is changed, what is there is written to a journal, on the controller and on the host
    (C(HKLM\\SOFTWARE\MailFleet), for administrators only), and read back.
    M(mailfleet.client.mail_tls_rollback) puts it back exactly; either journal is enough.
  - A run that breaks off is finished by running again, or undone; its id is in the message.
  - One run at a time on each host, by a lock there.
  - Updates are installed with O(updates=true) only, and the host is restarted with O(reboot=true) only; else the plan
    and RV(reboot_required) say what is needed. Mail accounts are changed, and a root is
    placed, only where O(relay) and O(relay_root) ask for it.
options:
  updates:
    description:
      - Whether the update packages of the plan are installed, before the settings that they make possible. See
        M(mailfleet.client.mail_tls_update), which has the same options and does that alone.
      - The order is packages, settings, one restart (O(reboot=true)), and a look at the host after that. Settings do
        not wait for the restart.
      - An update that no mail needs is installed if O(source) has its file, and else named in RV(withheld).
      - If anything speaks against a package, nothing is done, the settings included.
      - With O(only) or O(skip), updates are installed as far as C(updates) is among the families that count.
    type: bool
    default: false
  profiles:
    description:
      - Whose settings and accounts are read and changed.
      - V(loaded) means users whose registry is loaded, which is those who are logged on. The others are named.
      - V(all) means the others too. Their hives are loaded for a second or two under a random name, read or changed,
        and unloaded, all within one line. Whoever logs on just then may get a temporary profile, so choose the hour.
      - V(default_too) means V(all) and the profile that new users start with. Results call it V(default profile); in
        keys and journals it is C(HKU\\S-1-5-21-0-0-0-0), a SID that no account has.
      - A user whose hive cannot be loaded is named among what RV(before) could not read, and the rest goes on.
      - V(all) and V(default_too) write to the host even to read it, so check mode and O(reg_file) refuse them.
    type: str
    choices: [loaded, all, default_too]
    default: loaded
  proxy:
    description:
      - The proxy that programs on the host are to use. Left as it is where this option is left out, apart from
        repairing settings that contradict themselves.
      - SMTP, IMAP and POP3 use no proxy. Autodiscover and Exchange over HTTP do.
    type: dict
    suboptions:
      state:
        description: V(set) sets O(proxy.server). V(off) switches the named proxy and the script off.
        type: str
        choices: [set, 'off']
        required: true
      server:
        description: C(host:port), or for WinINET also C(http=host:port;https=host:port). Without a password.
        type: str
      bypass:
        description: Patterns of hosts that are reached directly. V(<local>) means names without a dot.
        type: list
        elements: str
        default: []
      stacks:
        description: For which of the two stacks.
        type: list
        elements: str
        choices: [winhttp, wininet]
        default: [winhttp, wininet]
  on_error:
    description:
      - What to do where a step did not take, which is found by reading back.
      - V(stop) leaves the host as it is and fails. V(unwind) undoes this run, and fails.
    type: str
    choices: [stop, unwind]
    default: stop
  reg_file:
    description:
      - Write the plan to this file on the controller, as a C(.reg) file for machines that WinRM does not reach, and
        its undo beside it (C(.undo.reg)). Nothing is changed on the host then. Not together with O(updates) or
        O(reboot).
      - Firewall rules cannot be in such a file; RV(reg_files.left_out) has the commands to type.
    type: path
extends_documentation_fragment:
  - mailfleet.client.attributes
  - mailfleet.client.attributes.action_group
  - mailfleet.client.updating
  - mailfleet.client.judgement
  - mailfleet.client.changing
  - mailfleet.client.repointing
  - mailfleet.client.servers
attributes:
  check_mode:
    support: full
    details:
      - Writes nothing, neither on the host nor on the controller.
      - O(profiles=all) and O(profiles=default_too) are refused, since they write.
  diff_mode:
    support: full
  idempotent:
    support: full
  platform:
    platforms: windows
  action:
    support: full
seealso:
  - module: mailfleet.client.mail_tls_audit
  - module: mailfleet.client.mail_tls_update
  - module: mailfleet.client.mail_tls_rollback
  - module: mailfleet.client.mail_tls_verify
"""

EXAMPLES = r"""
- name: See what would be changed
  mailfleet.client.mail_tls_fix:
  check_mode: true
  diff: true

- name: Make the hosts fit for the servers that matter
  mailfleet.client.mail_tls_fix:
    servers:
      - {host: imap.example.com, port: 993, accepts: {tls: ['1.2', '1.3']}}
      - {host: smtp.example.com, port: 587, accepts: {tls: ['1.2', '1.3']}}
    journal_dir: /srv/mailfleet/journals
    journal_key: "{{ vault_mailfleet_journal_key }}"
  register: fix

- name: Change SCHANNEL only, and undo it where a step does not take
  mailfleet.client.mail_tls_fix:
    only: [tls]
    on_error: unwind

- name: Users who are not logged on, and users to come, too
  mailfleet.client.mail_tls_fix:
    only: [wininet]
    profiles: default_too

- name: Switch off a local firewall rule that cuts mail ports
  mailfleet.client.mail_tls_fix:
    only: [firewall]
    consent: [firewall_block_rule]

- name: Let Outlook reach Exchange through the proxy of the branch
  mailfleet.client.mail_tls_fix:
    only: [proxy]
    proxy: {state: set, server: 'proxy.branch.example:3128', bypass: ['<local>', '*.branch.example']}
    consent: [own_connection]

- name: Packages, settings, one restart
  mailfleet.client.mail_tls_fix:
    updates: true
    source: /srv/packages
    checksum_file: /srv/packages.sha256
    consent: [posready]
    reboot: true
    servers:
      - {host: imap.example.com, port: 993, accepts: {tls: ['1.2']}}

- name: Send the accounts of tills through the relay of the branch
  mailfleet.client.mail_tls_fix:
    only: [accounts]
    consent: [cleartext_leg]
    relay:
      - {server: pop.example.com, port: 995, protocol: pop3, host: 10.0.7.2, listen_port: 1110, security: none}
      - {server: smtp.example.com, port: 465, protocol: smtp, host: 10.0.7.2, listen_port: 1025, security: none}

- name: Send accounts to a relay by TLS, and let their hosts trust it
  mailfleet.client.mail_tls_fix:
    only: [accounts]
    consent: [root_ca]
    relay_root: "{{ lookup('ansible.builtin.file', 'relay-authority/root.pem') }}"
    relay: "{{ relays_of_the_branch }}"

- name: Write the plan of a typical host as a file for machines without WinRM
  mailfleet.client.mail_tls_fix:
    reg_file: /srv/mailfleet/typical.reg
"""

RETURN = r"""
schema:
  description: Version of the shape of this result.
  returned: success
  type: str
  sample: '1.0'
run:
  description: Id of this run, for M(mailfleet.client.mail_tls_rollback). Null where nothing was changed.
  returned: success
  type: str
  sample: 20261122T064500Z-1a2b3c4d
verdict:
  description: The verdict after the run, as in M(mailfleet.client.mail_tls_audit).
  returned: success
  type: str
  sample: ok
before:
  description: The audit before the run, packages included.
  returned: success
  type: dict
after:
  description: The audit after the run. What the run touched was read again. Null in check mode, if there are changes.
  returned: success
  type: dict
changes:
  description: What was changed, or would be in check mode.
  returned: success
  type: list
  elements: dict
  contains:
    kind: {description: V(registry) or V(firewall) or V(file)., type: str, sample: registry}
    family: {description: Family of the checks that asked for it., type: str, sample: tls}
    key: {description: Key of the registry or path of the file., type: str}
    name: {description: Name of the value or of the rule., type: str, sample: DisabledByDefault}
    before: {description: What was there. Null where there was nothing., type: raw}
    after: {description: What is there now. Null where there is nothing., type: raw}
withheld:
  description: Changes of the plan that were left undone, and why. With O(updates=true), packages among them.
  returned: success
  type: list
  elements: dict
  contains:
    family: {description: Family of the checks that asked for it., type: str, sample: firewall}
    what: {description: What it is for., type: str}
    key: {description: Key of the registry., type: str}
    name: {description: Name of the value or of the rule., type: str}
    why: {description: Why it was left undone., type: str}
    consent: {description: The name in O(consent) that would let it pass., type: str}
accounts_left:
  description: One sentence for each account that O(relay) may have been meant for and that was left alone.
  returned: success
  type: list
  elements: str
errors:
  description: One sentence for each step that did not take.
  returned: success
  type: list
  elements: str
locks_broken:
  description: One sentence for each lock of a dead run that was broken.
  returned: success
  type: list
  elements: str
reboot_required:
  description: Whether the host should be restarted.
  returned: success
  type: bool
reboot_reasons:
  description: Why.
  returned: success
  type: list
  elements: str
updates:
  description: What became of the packages, as in M(mailfleet.client.mail_tls_update).
  returned: where O(updates=true)
  type: dict
  contains:
    changed: {description: Whether the packages changed anything., type: bool}
    packages: {description: What was run., type: list, elements: dict}
    left: {description: "Updates that were not run, and why.", type: list, elements: dict}
    changes: {description: What was changed in the registry for them., type: list, elements: dict}
    run: {description: Id by which RV(updates.changes) can be undone., type: str}
    restarts: {description: How often the host was restarted for the packages., type: int}
    reboot_required: {description: Whether they need another restart., type: bool}
    reboot_reasons: {description: Why., type: list, elements: str}
    remarks: {description: What could not be checked., type: list, elements: str}
    errors: {description: What went wrong., type: list, elements: str}
    locks_broken: {description: Locks of dead runs that were broken., type: list, elements: str}
run_again:
  description:
    - Id of the fix after the restart, where that had something left to change. RV(changes) has both, and each has to be
      undone by its own id.
  returned: success
  type: str
restarts:
  description: How often the host was restarted.
  returned: success
  type: int
  sample: 1
reg_files:
  description: The files that were written.
  returned: where O(reg_file) is given
  type: dict
  contains:
    do: {description: The file that carries the plan out., type: str}
    undo: {description: The file that undoes it., type: str}
    left_out: {description: What such files cannot say., type: list, elements: str}
unwound:
  description: The result of the rollback, as in M(mailfleet.client.mail_tls_rollback).
  returned: where a step did not take and O(on_error=unwind)
  type: dict
"""
