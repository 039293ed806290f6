#!/usr/bin/python
# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name: Windows never runs Python, so there is nothing to run here."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mail_tls_update
short_description: Install the Windows updates that bring TLS 1.1 and 1.2 to mail clients, from your own files
version_added: 0.1.0
author:
  - The mailfleet.client developers (@mailfleet)
description:
  - Installs the packages that M(mailfleet.client.mail_tls_audit) asks for, or those that you name, on Windows from XP
    SP3 on, in the order of the tables, and audits the host again. It needs neither PowerShell nor Windows Update.
  - Each package is checked before anything is done, by its name, SHA-256, Windows, architecture, service pack,
    language, and what has to be there before it. If anything speaks against one of them, nothing at all is done, and
    the message has every reason.
  - The file goes into a fresh folder below C(%SystemRoot%), is verified there by its SHA-256, run by a scheduled task
    as C(SYSTEM), and removed. The task lives on if the connection is lost. The next run finds it running, or ended, and
    goes on from there.
  - What is in already, in any guise, is not installed again. A newer update, or a rollup that carries the same files,
    counts as well.
  - The settings that an update makes possible are not made here, but by M(mailfleet.client.mail_tls_fix), which can
    also install the packages (O(mailfleet.client.mail_tls_fix#module:updates)).
  - B(No real Windows has run this yet.) It was only ever seen on simulated hosts, and in part on Wine. Try it on one
    machine that you can do without.
options:
  kb:
    description:
      - The updates, such as V(KB4019276). What they require is installed too, and before them.
      - Left out, those that the plan of the audit names. Of these, one that no mail needs is installed if O(source) has
        its file, and else named in RV(left).
      - Only updates of the tables of this collection can be named.
    type: list
    elements: str
  state:
    description:
      - V(present) installs.
      - V(absent) removes the updates in O(kb), in the reverse of that order, where Windows allows it, and needs no
        O(source). Where one of them cannot be removed, nothing is done, and the message says why.
      - On XP and Server 2003 an update is removed by its own C(spuninst.exe), which is there unless it was installed
        with C(/nobackup). From Vista on, by component based servicing.
      - Not removed can be what came as a part of a rollup, what a newer update has replaced, what Windows marks as
        permanent (servicing stacks), what waits for a restart, and service packs.
      - The flag of POSReady is not removed with it; M(mailfleet.client.mail_tls_rollback) does that.
    type: str
    choices: [present, absent]
    default: present
  profiles:
    description:
      - Whose accounts are read, which decides what mail needs.
      - V(loaded) means users who are logged on, V(all) the others too, as in M(mailfleet.client.mail_tls_audit). The
        latter writes to the host and is refused in check mode.
    type: str
    choices: [loaded, all]
    default: loaded
extends_documentation_fragment:
  - mailfleet.client.attributes
  - mailfleet.client.attributes.action_group
  - mailfleet.client.updating
  - mailfleet.client.judgement
  - mailfleet.client.changing
  - mailfleet.client.servers
attributes:
  check_mode:
    support: full
    details:
      - Makes every check of the packages and writes nothing, neither on the host nor on the controller. Files that are
        elsewhere than on the controller are not looked at.
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
  - module: mailfleet.client.mail_tls_fix
  - module: mailfleet.client.mail_tls_rollback
  - plugin: mailfleet.client.update_catalogue
    plugin_type: filter
    description: Which files to fetch for a fleet.
"""

EXAMPLES = r"""
- name: See what would be installed, and whether the files are right
  mailfleet.client.mail_tls_update:
    source: /srv/packages
    checksum_file: /srv/packages.sha256
    consent: [posready]
  check_mode: true
  diff: true

- name: Bring TLS 1.2 to XP, and restart it
  mailfleet.client.mail_tls_update:
    kb: [KB4019276, KB4467770]
    source: /srv/packages
    checksums:
      windowsxp-kb4467770-x86-embedded-enu_f61e16be7e32887953b29ae1b8ba90064f3ef0a5.exe: "{{ kb4467770_sha256 }}"
    consent: [posready]
    reboot: true

- name: Let the hosts of a branch fetch it from there
  mailfleet.client.mail_tls_update:
    kb: [KB3140245]
    source: http://packages.branch.example/windows
    checksum_file: /srv/packages.sha256

- name: From a share, over CredSSP or as the computer account of the domain
  mailfleet.client.mail_tls_update:
    source: '\\files.example.com\packages\tls'
    checksum_file: /srv/packages.sha256

- name: Remove one again
  mailfleet.client.mail_tls_update:
    kb: [KB4467770]
    state: absent
    reboot: true
"""

RETURN = r"""
schema:
  description: Version of the shape of this result.
  returned: success
  type: str
  sample: '1.0'
verdict:
  description: The verdict after the run, as in M(mailfleet.client.mail_tls_audit).
  returned: success
  type: str
  sample: fixable
before:
  description: The audit before the run.
  returned: success
  type: dict
after:
  description: The audit after the run. Null where nothing was done, or where the host was lost meanwhile.
  returned: success
  type: dict
packages:
  description: What was run, in that order, or would be in check mode.
  returned: success
  type: list
  elements: dict
  contains:
    kb: {description: The update., type: str, sample: KB4019276}
    verb: {description: V(install) or V(remove)., type: str, sample: install}
    outcome:
      description:
        - What became of it. V(planned) in check mode.
        - Good are V(installed), V(removed), V(needs_reboot), V(already_installed), V(not_installed), V(superseded).
        - Not good are V(not_applicable), V(missing_prerequisite), V(access_denied), V(disk_full), V(busy), V(running),
          V(failed).
      type: str
      sample: needs_reboot
    words: {description: The same as a sentence., type: str, sample: KB4019276 is done but for a reboot.}
    file: {description: The package that was run. Null where none was., type: str}
    code: {description: The exit code as people look it up. Null where there was none., type: str, sample: '3010'}
    resumed: {description: Whether an earlier run had begun it., type: bool, sample: false}
left:
  description: Updates that were not run, and why.
  returned: success
  type: list
  elements: dict
  contains:
    kb: {description: The update., type: str, sample: KB3140245}
    kind:
      description:
        - V(present), in, or something newer is. V(waiting), in, and waits for a restart, or has to come after one.
          V(superseded), this run installs something newer. V(not_applicable), not for this Windows, so nothing is
          missing, or not there to be removed. V(refused), a service pack that has to come first, or an update that no
          mail needs and whose file is not there.
      type: str
      sample: present
    why: {description: A sentence., type: str}
    by: {description: The update that carries the same files or newer ones. Null where there is none., type: str}
changes:
  description: What was changed in the registry (the flag of POSReady), as in M(mailfleet.client.mail_tls_fix).
  returned: success
  type: list
  elements: dict
run:
  description: Id by which M(mailfleet.client.mail_tls_rollback) undoes RV(changes). Null where there are none.
  returned: success
  type: str
  sample: 20261122T064500Z-1a2b3c4d
restarts:
  description: How often the host was restarted.
  returned: success
  type: int
  sample: 1
reboot_required:
  description: Whether the host should be restarted.
  returned: success
  type: bool
reboot_reasons:
  description: Why.
  returned: success
  type: list
  elements: str
remarks:
  description: What could not be checked, or is good to know.
  returned: success
  type: list
  elements: str
errors:
  description: One sentence for each thing that went wrong. No package was run after that.
  returned: success
  type: list
  elements: str
locks_broken:
  description: One sentence for each lock of a dead run that was broken.
  returned: success
  type: list
  elements: str
"""
