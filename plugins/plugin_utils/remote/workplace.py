# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host on which packages are run, and what is left of them there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import PackageRun
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import install_job
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.holding import Hold
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.job_records import JobRecord
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import FileShell
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_order import (
    Pace,
    UpdateOrder,
)


@dataclass(frozen=True, slots=True)
class Workplace:
    """A host on which packages are run. ``look_again``: reads it anew. ``dirty``: updates whose files are still open.

    ``second_hop``, ``domain``, ``version``: see :func:`deliver.deliver`.
    """

    shell: FileShell
    exchange: Exchange
    hold: Hold
    order: UpdateOrder
    pace: Pace
    knowledge: Knowledge
    look_again: Callable[[], Context]
    second_hop: bool
    domain: bool | Unread
    version: str
    dirty: set[str] = field(default_factory=set)


class PackageFailed(Exception):
    """A package was not run, or not to its end. ``run``: what is to be reported; its words are one sentence."""

    def __init__(self, run: PackageRun) -> None:
        super().__init__(run.words)
        self.run = run


def clean(place: Workplace, record: JobRecord) -> None:
    """Leave nothing of it on the host; what cannot go yet is removed by the next run.

    :raises ShellError: the connection was lost.
    """
    if not install_job.clean(place.exchange, record, place.pace.sleep):
        place.dirty.add(record.kb)
        place.pace.report(f"{record.kb}: the host still has a file of it open; the next run removes it")
