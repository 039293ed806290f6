# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts for the tests of pure code: a release of Windows, and the few registry values that a test is about."""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Mapping

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.gather import context
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    Region,
    RegistryData,
    RegistryImage,
    RegistryKey,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import Snapshot, UserHive

KNOWLEDGE = load()
ALICE = UserHive("S-1-5-21-1-2-3-1001", r"HKU\S-1-5-21-1-2-3-1001", r"C:\Users\alice", "alice")
TODAY = datetime.date(2026, 11, 22)
#: Key → value name → data.
Keys = Mapping[str, Mapping[str, RegistryData]]
NT = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
SCHANNEL = r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL"
PROTOCOLS = SCHANNEL + r"\Protocols"


def value(name: str, data: RegistryData) -> RegistryValue:
    """A value of the type that its data suggests."""
    kinds = {int: RegistryType.DWORD, str: RegistryType.SZ, bytes: RegistryType.BINARY, tuple: RegistryType.MULTI_SZ}
    return RegistryValue(name, kinds[type(data)], data)


def region(root: str, keys: Keys) -> Region:
    """Everything below a hive: what is not among the keys is absent."""
    found: dict[str, RegistryKey] = {root.casefold(): RegistryKey(root)}
    for path, values in keys.items():
        parts = path.split("\\")
        for depth in range(2, len(parts)):
            parent = "\\".join(parts[:depth])
            found.setdefault(parent.casefold(), RegistryKey(parent))
        found[path.casefold()] = RegistryKey(path, tuple(value(n, d) for n, d in values.items()))
    for key in list(found.values()):
        parent, _unused, child = key.path.rpartition("\\")
        above = found.get(parent.casefold())
        if above is not None and child.casefold() not in (name.casefold() for name in above.subkeys):
            found[parent.casefold()] = RegistryKey(above.path, above.values, (*above.subkeys, child))
    return Region(root, True, found)


def release_keys(os_id: str) -> dict[str, dict[str, RegistryData]]:
    """The values by which that release is recognised."""
    row = KNOWLEDGE.releases[os_id]
    pack = row.service_packs[0] if row.service_packs else 0
    current: dict[str, RegistryData] = {
        "CurrentVersion": row.version if not row.version.startswith("10") else "6.3",
        "CurrentBuildNumber": str(row.builds[0]),
        "ProductName": row.name,
    }
    if row.version.startswith("10"):
        current |= {"CurrentMajorVersionNumber": 10, "CurrentMinorVersionNumber": 0}
    keys: dict[str, dict[str, RegistryData]] = {
        NT: current,
        r"HKLM\SYSTEM\CurrentControlSet\Control\ProductOptions": {
            "ProductType": "ServerNT" if row.product == "server" else "WinNT"
        },
        r"HKLM\SYSTEM\CurrentControlSet\Control\Windows": {"CSDVersion": pack << 8},
        r"HKLM\SYSTEM\CurrentControlSet\Services\MpsSvc": {"Start": 2},
    }
    if row.posready:
        keys[KNOWLEDGE.registry["posready"].key] = {"Installed": 1}
    return keys


def snapshot(os_id: str, *layers: Keys, unread: Mapping[str, str] | None = None, **fields: t.Any) -> Snapshot:
    """A snapshot of a host of that release. Later layers win; what is at or below a key of ``unread`` is unread."""
    keys: dict[str, dict[str, RegistryData]] = {}
    for layer in (release_keys(os_id), *layers):
        for path, values in layer.items():
            keys.setdefault(path, {}).update(values)
    denied = [Region(root, True, Unread(why)) for root, why in (unread or {}).items()]
    machine = region("HKLM", {path: values for path, values in keys.items() if path.startswith("HKLM")})
    users = region("HKU", {path: values for path, values in keys.items() if path.startswith("HKU")})
    given: dict[str, t.Any] = {
        "environment": {"PROCESSOR_ARCHITECTURE": KNOWLEDGE.releases[os_id].architectures[-1].upper()},
        "ver": "",
        "files": Unread("was not asked for"),
        "users": (ALICE,),
        **fields,
    }
    return Snapshot(image=RegistryImage((*denied, machine, users)), **given)


def host(os_id: str, *layers: Keys, options: AuditOptions | None = None, **fields: t.Any) -> Context:
    """What the checks are handed for such a host."""
    wishes = options or AuditOptions(today=TODAY)
    return context(KNOWLEDGE, wishes, snapshot(os_id, *layers, **fields))
