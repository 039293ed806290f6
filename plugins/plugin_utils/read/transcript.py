# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One output of a host, cut at the marks of the run.

A mark is a line that is exactly ``<token>:<code>`` or ``<token>:<code> <argument>``. The token is random, so that a
value cannot hold a mark by chance; a user who sees the command line run may still write one into a value in time.
So nothing that looks forged is believed: see :attr:`Part.ambiguous`.
"""

from __future__ import annotations

import re
import typing as t
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import lines_of

#: The code of the last mark of every line that is sent.
END: t.Final = "END"


@dataclass(frozen=True, slots=True)
class Part:
    """What stands between a mark and the next one.

    ``complete``: False where no mark follows, because the output was cut off; what it holds proves nothing.
    ``ambiguous``: somebody may have forged a mark: the same mark stands twice (then both parts, and those before
    them, in which the forged one may stand), or a line of the part holds the token without being a mark.
    """

    code: str
    argument: str
    lines: tuple[str, ...]
    complete: bool = True
    ambiguous: bool = False

    @property
    def usable(self) -> bool:
        """True where the part may be believed."""
        return self.complete and not self.ambiguous


@dataclass(slots=True)
class _Draft:
    code: str
    argument: str
    lines: list[str]
    tainted: bool = False


def _drafts(lines: list[str], token: str, codes: Collection[str] | None) -> list[_Draft]:
    mark = re.compile(re.escape(token) + r":([A-Za-z0-9_]+)(?: (\S|\S.*\S))?", re.DOTALL)
    drafts: list[_Draft] = []
    for line in lines:
        found = mark.fullmatch(line) if line.startswith(token) else None
        if found and (codes is None or found[1] == END or found[1] in codes):
            drafts.append(_Draft(found[1], found[2] or "", []))
        elif drafts:
            drafts[-1].lines.append(line)
            drafts[-1].tainted |= token in line
    return drafts


def _taint(drafts: list[_Draft]) -> None:
    """Mark what a forged mark may have touched. A mark after END makes END a repeated or a forged one."""
    times = Counter((draft.code, draft.argument) for draft in drafts)
    for position, draft in enumerate(drafts):
        last = position == len(drafts) - 1
        if times[draft.code, draft.argument] > 1 or (draft.code == END and (draft.argument or not last)):
            draft.tainted = True
            if position:
                drafts[position - 1].tainted = True


def split(output: str, token: str, codes: Collection[str] | None = None) -> tuple[Part, ...]:
    """Cut the output of one line into parts, in the order in which they were printed.

    :param output: what the host printed, decoded.
    :param token: the random token of the run; must not be empty.
    :param codes: the section codes that were sent; a mark with another code is none (it taints its part).
        None: any code is accepted.
    :returns: one part per mark except END. What stands before the first mark is dropped.
    :raises ValueError: the token is empty.
    """
    if not token:
        raise ValueError("the token of the run is empty")
    drafts = _drafts(lines_of(output), token, codes)
    _taint(drafts)
    parts = []
    for position, draft in enumerate(drafts):
        if draft.code == END:
            continue
        following = drafts[position + 1] if position + 1 < len(drafts) else None
        # Text after the last END: that END is not ours, and the output was cut off after it.
        forged_end = following is not None and following.code == END and any(map(str.strip, following.lines))
        complete = following is not None and not forged_end
        parts.append(Part(draft.code, draft.argument, tuple(draft.lines), complete, draft.tainted))
    return tuple(parts)
