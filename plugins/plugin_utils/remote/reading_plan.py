# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to read of a host, packed into lines before the hosts are known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.pack import Batch, pack
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.sections import reading
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.signs import SURE_FILE, file_names, signs_of


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """What to read of a host.

    ``profiles``: "loaded", or "all" to load the hives of users who are not logged on too. ``files``: those whose
    versions are asked for, below the Windows folder. ``extra``: those of the sections that only a run needs which is
    to change the host.
    """

    sections: tuple[Section, ...]
    profiles: str = "loaded"
    files: tuple[str, ...] = (SURE_FILE,)
    extra: tuple[Section, ...] = ()
    _packed: dict[int, tuple[Batch, ...]] = field(default_factory=dict, repr=False, compare=False)

    def batches(self, limit: int) -> tuple[Batch, ...]:
        """The lines, packed once for each limit: before the fork, where the parent asks first."""
        if limit not in self._packed:
            self._packed[limit] = pack(self.sections, limit)
        return self._packed[limit]


def plan_reading(
    knowledge: Knowledge,
    thumbprints: Iterable[str] = (),
    profiles: str = "loaded",
    extra: tuple[Section, ...] = (),
) -> ReadingPlan:
    """The reading of one audit.

    :param thumbprints: SHA-1 thumbprints (40 upper-case hex digits) of certificates to look for in the stores.
    :raises ValueError: a thumbprint is none.
    """
    signs = signs_of(knowledge)
    return ReadingPlan((*reading(signs, thumbprints), *extra), profiles, file_names(signs), extra)
