# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every row of the tables has, and the rows about what plans may change.

Every row says where it comes from (``source``) and how sure that is (``confidence``):
"2+" two or more independent sources, "1" one source, "own" general knowledge that nobody verified,
"test" observed by running it, "hive" read out of a real registry.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

Confidence = t.Literal["2+", "1", "own", "test", "hive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What every row has."""

    source: str
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Changeable(Row):
    """Values of the registry that a plan may write: what a journal may be about, and nothing else.

    ``family``: of the steps. ``paths``: ids of RegistryPaths whose keys these are. ``values``: names of values; empty:
    those of the paths. ``twin``: the keys' twins below Wow6432Node count, too. ``type``: registry type that is written.
    ``content``: what the data must be: "switch" (0 or 1), "mask" (protocols of WinHTTP and WinINET; other bits stay as
    they were), "suites" (names that a policy knows), "text" (one printable line), "wininet-proxy" and "winhttp-proxy"
    (binary settings that can be read), "root" (a certificate that binds itself). ``may_go``: a plan may delete the
    value. ``levels``: how many keys a step may create: the key itself and those right above it. ``thumbprints``: the
    key is one below the path's, named by the SHA-1 thumbprint of a certificate.
    """

    id: str
    family: str
    paths: tuple[str, ...]
    values: tuple[str, ...]
    twin: bool
    type: str
    content: t.Literal["switch", "mask", "suites", "text", "wininet-proxy", "winhttp-proxy", "root"]
    may_go: bool
    levels: int
    thumbprints: bool = False
