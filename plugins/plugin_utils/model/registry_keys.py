# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of a registry image: whether one is there, and the image as it would be after one was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    Absent,
    Region,
    RegistryImage,
    RegistryKey,
    Unread,
)


def has_key(image: RegistryImage, path: str) -> bool | None:
    """Whether there is such a key. None: what was read cannot tell.

    As everywhere, the first region that covers a place counts. "Absent" in answer to the query of one value may be
    said of the value only, so it is no proof of anything here.
    """
    folded = path.casefold()
    for region in image.regions:
        answer = _presence(region, folded)
        if isinstance(answer, Unread):
            return None
        if answer is not None:
            return answer
    return None


def _presence(region: Region, folded: str) -> bool | Unread | None:
    """What one region says of a key: nothing (None), or that it should say something and was not read (Unread)."""
    root = region.root.casefold()
    if root.startswith(folded + "\\"):
        return True if isinstance(region.keys, Mapping) and region.keys else None
    if root != folded and not folded.startswith(root + "\\"):
        return None
    if isinstance(region.keys, Unread):
        return region.keys if region.recursive or root == folded else None
    if isinstance(region.keys, Absent):
        return False if region.names is None else None
    if folded in region.keys:
        return True
    if region.names is not None or not region.lists_subkeys:
        return None
    first, _slash, deeper = folded[len(root) + 1 :].partition("\\")
    top = region.keys.get(root)
    if top is None or first not in {name.casefold() for name in top.subkeys}:
        return False
    return True if not deeper else False if region.recursive else None


def with_key(image: RegistryImage, path: str) -> RegistryImage:
    """The image as it would be after that key, and what is missing above it, was made. Unread regions stay unread."""
    return RegistryImage(tuple(_grown(region, path) for region in image.regions))


def _grown(region: Region, path: str) -> Region:
    folded, root = path.casefold(), region.root.casefold()
    within = folded == root or folded.startswith(root + "\\")
    if isinstance(region.keys, Unread) or not within:
        return region
    keys = dict(region.keys) if isinstance(region.keys, Mapping) else {}
    at = region.root
    keys.setdefault(root, RegistryKey(at))
    for child in path[len(root) + 1 :].split("\\") if folded != root else ():
        parent = keys[at.casefold()]
        if region.lists_subkeys and child.casefold() not in {name.casefold() for name in parent.subkeys}:
            keys[at.casefold()] = replace(parent, subkeys=(*parent.subkeys, child))
        if not region.recursive:
            break
        at = f"{at}\\{child}"
        keys.setdefault(at.casefold(), RegistryKey(at))
    return replace(region, keys=keys)
