# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does what plans may write hang together with the registry paths?"""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.rows import Changeable
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.words import FAMILIES

_TYPES: t.Final = {
    "switch": "REG_DWORD",
    "mask": "REG_DWORD",
    "suites": "REG_MULTI_SZ",
    "text": "REG_SZ",
    "wininet-proxy": "REG_BINARY",
    "winhttp-proxy": "REG_BINARY",
    "root": "REG_BINARY",
}
#: Names of a path that no step may create or remove: HKLM\\SOFTWARE\\Microsoft, a user's Software\\Microsoft.
_FIXED: t.Final = {False: 3, True: 2}


def changeable(k: Knowledge) -> Iterator[str]:
    """Every place exists, stands there once, is no policy, and only keys well below a hive may come and go."""
    seen: dict[tuple[str, str, bool], str] = {}
    for row in k.changeable.values():
        for field, why in _row(k, row):
            yield f"changeable.yml: {row.id}: {field}: {why}"
        for path in (k.registry[one] for one in row.paths if one in k.registry):
            for name in row.values or (path.value or "",):
                place = (path.key.casefold(), name.casefold(), path.per_user)
                if place in seen:
                    yield f"changeable.yml: {row.id}: paths: {seen[place]} is about {path.key}, {name}, too"
                seen.setdefault(place, row.id)


def _row(k: Knowledge, row: Changeable) -> Iterator[tuple[str, str]]:
    if row.family not in FAMILIES:
        yield "family", f"there is no family {row.family!r}"
    if row.type != _TYPES[row.content]:
        yield "type", f"{row.content} is of type {_TYPES[row.content]}"
    if row.thumbprints != (row.content == "root"):
        yield "thumbprints", "is for roots, and for nothing else"
    if not row.paths:
        yield "paths", "is empty"
    for one in row.paths:
        path = k.registry.get(one)
        if path is None:
            yield "paths", f"there is no registry path {one!r}"
            continue
        if "\\policies\\" in path.key.casefold():
            yield "paths", f"{one} is a group policy, around which nobody plans"
        if path.value is None and not row.values:
            yield "values", f"must name values, since {one} does not"
        if not row.values and path.type != row.type:
            yield "type", f"{one} is of type {path.type}"
        if row.twin and path.view != "native":
            yield "twin", f"{one} has no twin below Wow6432Node"
        depth = path.key.count("\\") + 1 + row.thumbprints
        if not 0 <= row.levels <= depth - _FIXED[path.per_user]:
            yield "levels", f"{row.levels} levels of {one} would reach keys that Windows always has"
