# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the modules that change hosts: consent, journals, the lock."""

from __future__ import annotations


class ModuleDocFragment:
    """Consent, journals, the lock."""

    DOCUMENTATION = r"""
options:
  consent:
    description:
      - Risks that you take, by name. Whatever weakens a host, or may cut a connection, is left undone or refused
        without the name that stands in the message.
      - V(firewall_block_rule) lets a local block rule of Windows Firewall be switched off that cuts mail ports.
      - V(own_connection) lets a step pass that may cut the connection of Ansible itself to the host.
      - V(host_journal) lets a rollback follow the journal that stands on the host, where the controller has none and
        O(journal_key) cannot check it. Who is administrator there may have written it.
      - V(posready) lets the flag be set that makes Windows XP say that it is Windows Embedded POSReady 2009
        (C(HKLM\SYSTEM\WPA\PosReady), C(Installed=1)), which the packages with C(embedded) in their names insist on.
        Microsoft made them for that and not for XP, supports none of it, and Windows Update may from then on offer the
        host further updates for POSReady. It counts where packages are installed only.
      - V(cleartext_leg) lets accounts go to a relay in clear text, passwords included. Whoever can listen between the
        host and the relay reads them.
      - V(root_ca) lets the root of the relays' own authority be placed among the roots that the host trusts (see
        C(relay_root) of M(mailfleet.client.mail_tls_fix)), also where a rollback puts back what another one took away.
        Whoever has its key can speak to the host for the names that the root is bound to.
    type: list
    elements: str
    choices: [firewall_block_rule, own_connection, host_journal, posready, cleartext_leg, root_ca]
    default: []
  journal_dir:
    description:
      - Folder on the controller for the journals, one file for each run and host, readable by you alone. Keep it, for
        it is what a rollback goes by. A relative path counts from the folder that Ansible is run in.
      - In C(mailfleet/journals) below Ansible's home (C(~/.ansible)) where this is left out.
    type: path
  journal_key:
    description:
      - A secret by which journals are signed and checked (HMAC-SHA256), from your vault.
      - With it, a journal that was changed, or is not signed, is refused; and the journal that a host keeps can be
        believed.
    type: str
  lock_timeout:
    description:
      - Seconds after which the lock of another run on the host is taken for dead and broken, which the result then
        says.
      - A lock from before the last restart of the host is broken at once, and so is one of a run of this controller
        whose process is gone.
    type: int
    default: 600
"""
