# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The place where the root of the relays' own authority belongs, read with all else: a plan puts it there only once."""

from __future__ import annotations

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.relay_root import BLOB, STORE
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.root_certificate import RootCertificate
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, Section, section


def root_section(knowledge: Knowledge, root: RootCertificate) -> Section:
    """The section that reads it."""
    return section("relay root", Query("RRB", f"{knowledge.registry[STORE].key}\\{root.thumbprint}", BLOB))
