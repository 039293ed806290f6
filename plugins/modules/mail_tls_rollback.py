#!/usr/bin/python
# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name: Windows never runs Python, so there is nothing to run here."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mail_tls_rollback
short_description: Put back exactly what a fix changed on a Windows host
version_added: 0.1.0
author:
  - The mailfleet.client developers (@mailfleet)
description:
  - Reads the places that M(mailfleet.client.mail_tls_fix) changed, and puts back what its journal says was
    there, types and absence included; keys that the fix made go again if they are empty.
  - Goes by the journal of the controller, or, where it has none, by the one that the host keeps.
  - A value that somebody changed after the fix is left alone and named.
  - Keeps a journal of its own, so that an undo can be undone, by its id. Once all is as it was, the host's journals
    go, and with them the last trace of the collection there; the controller keeps its own.
options:
  run:
    description:
      - Id of a run. V(last) means the newest fix that is not undone yet, V(all) every such fix, newest first.
      - The id of a rollback does again what that rollback undid.
    type: str
    required: true
  on_drift:
    description:
      - What to do where a value is neither what the fix wrote nor what was there before.
      - V(skip) leaves it as it is and puts back the rest. V(stop) puts back nothing, and fails.
    type: str
    choices: [skip, stop]
    default: skip
extends_documentation_fragment:
  - mailfleet.client.attributes
  - mailfleet.client.attributes.action_group
  - mailfleet.client.changing
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
  platform:
    platforms: windows
  action:
    support: full
seealso:
  - module: mailfleet.client.mail_tls_fix
"""

EXAMPLES = r"""
- name: See what undoing the last fix would change
  mailfleet.client.mail_tls_rollback:
    run: last
  check_mode: true
  diff: true

- name: Undo one run
  mailfleet.client.mail_tls_rollback:
    run: 20261122T064500Z-1a2b3c4d
    journal_dir: /srv/mailfleet/journals
    journal_key: "{{ vault_mailfleet_journal_key }}"

- name: Undo everything, by the journals that the host keeps
  mailfleet.client.mail_tls_rollback:
    run: all
    consent: [host_journal]
"""

RETURN = r"""
schema:
  description: Version of the shape of this result.
  returned: success
  type: str
  sample: '1.0'
run:
  description: Id of this rollback, by which it can be undone. Null where nothing was changed.
  returned: success
  type: str
  sample: 20261122T070000Z-5e6f7a8b
undone:
  description: The runs that this is about, newest first.
  returned: success
  type: list
  elements: str
changes:
  description: What was put back, or would be in check mode, as in M(mailfleet.client.mail_tls_fix).
  returned: success
  type: list
  elements: dict
refused:
  description: One sentence for each place that was left alone, since it has changed after the fix or cannot be read.
  returned: success
  type: list
  elements: str
already:
  description: Places that are as they were before the fix.
  returned: success
  type: list
  elements: str
errors:
  description: One sentence for each place that could not be put back.
  returned: success
  type: list
  elements: str
locks_broken:
  description: One sentence for each lock of a dead run that was broken.
  returned: success
  type: list
  elements: str
"""
