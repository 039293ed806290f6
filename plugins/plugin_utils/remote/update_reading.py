# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run of packages has to know of a host before it begins."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.job_records import records_section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.own import identity_section, lock_section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.reading_plan import ReadingPlan, plan_reading
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_sections import update_sections


def update_reading(knowledge: Knowledge, removing: Iterable[str] = ()) -> ReadingPlan:
    """The reading.

    :param removing: ids of updates that are to be removed.
    """
    return plan_reading(
        knowledge,
        extra=(
            identity_section(with_name=False),
            lock_section(),
            records_section(),
            *update_sections(knowledge, removing),
        ),
    )
