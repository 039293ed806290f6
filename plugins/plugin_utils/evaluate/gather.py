# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was read to what the checks are handed: which Windows, which clients, whose accounts."""

from __future__ import annotations

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import clients, host
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailAccount
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import Snapshot
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.accounts import (
    account_paths,
    outlook_accounts,
    outlook_express_accounts,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.oeaccount import file_accounts

#: How the reader of accounts marks those that speak HTTP to an Exchange server.
_EXCHANGE = "exchange"


def context(knowledge: Knowledge, options: AuditOptions, snapshot: Snapshot) -> Context:
    """Everything that the checks of one host may look at."""
    paths = account_paths(knowledge.registry)
    legs: list[MailAccount] = []
    exchange: list[tuple[str, str]] = []
    unread: list[tuple[str, str]] = []
    express = clients.express(knowledge)
    for user in snapshot.users if not isinstance(snapshot.users, Unread) else ():
        found = outlook_accounts(snapshot.image, user, paths)
        found += outlook_express_accounts(snapshot.image, user, paths, express)
        found += file_accounts(snapshot.image, user, lambda path: clients.express(knowledge, path))
        legs.extend(found.accounts)
        exchange.extend((user.sid, name) for name in found.others if name.startswith(_EXCHANGE))
        unread.extend(found.unread)
    present = clients.installed(knowledge, snapshot)
    unread.extend((f"accounts of {found.client.name}", clients.NOT_READ) for found in clients.unreadable(present))
    return Context(
        knowledge=knowledge,
        options=options,
        snapshot=snapshot,
        host=host.identify(knowledge, snapshot),
        clients=present,
        accounts=tuple(legs),
        exchange=tuple(exchange),
        accounts_unread=tuple(unread),
    )
