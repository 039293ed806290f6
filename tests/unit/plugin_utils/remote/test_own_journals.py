# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fix of a host of the lab writes into its journal is never refused afterwards, nor is its undoing."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.gather import context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import HostIdentity, Journal, inverse
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal_codec import Signed, as_json, from_json
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import settings
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.journal_trust import objections
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.steps import steps
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.proxy_options import parse_proxy
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.collect import collect
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.reading_plan import plan_reading
from tests.lab.entry import HostEntry
from tests.lab.systems import systems
from tests.support.hosts import KNOWLEDGE, TODAY
from tests.unit.plugin_utils.remote.stand_ins import SimulatedShell

RUN = "20261122T070000Z-0123abcd"
LATER = "20261122T080000Z-0123abcd"
HOST = HostIdentity("PC", "")
WISHES = (None, {"state": "set", "server": "proxy.example:8080", "bypass": ["<local>"]}, {"state": "off"})


@pytest.mark.parametrize("os", sorted(systems()))
def test_own_journals_are_followed(os: str) -> None:
    snapshot = collect(SimulatedShell(HostEntry(name="pc", os=os)), plan_reading(KNOWLEDGE))
    assert isinstance(snapshot.users, tuple)
    sids = {user.sid for user in snapshot.users}
    seen = 0
    for policy in KNOWLEDGE.policies:
        for wish in WISHES:
            options = AuditOptions(today=TODAY, policy=policy, proxy=parse_proxy(wish))
            ctx = context(KNOWLEDGE, options, snapshot)
            planned = steps(ctx, settings.changes(ctx), RUN).steps
            back = tuple(inverse(step) for step in reversed(planned))
            for journal in (
                Journal(RUN, "fix", HOST, "2026-11-22T07:00:00Z", planned),
                Journal(LATER, "rollback", HOST, "2026-11-22T08:00:00Z", back, (RUN,)),
            ):
                kept = from_json(as_json(Signed(journal, None))).journal
                assert kept == journal
                assert objections(KNOWLEDGE, kept, HOST, sids) == ()
            seen += len(planned)
    assert seen
