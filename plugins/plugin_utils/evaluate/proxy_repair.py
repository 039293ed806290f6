# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it takes until proxies are in order where nothing is wished: no damaged record, no contradiction."""

from __future__ import annotations

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import proxy_settings as settings
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.proxy_edits import (
    LEFT,
    Aim,
    Edit,
    aim,
    mended,
    plain_edit,
    same,
    unread_plain,
    unread_policies,
    unreadable,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.proxy_settings import (
    InternetPlace,
    WinHttpPlace,
    on,
    text,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryType, Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Remedy, State
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.logins import clean
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.proxy import ConnectionSettings


def winhttp(place: WinHttpPlace) -> Aim:
    """What it takes until WinHTTP's record can be read: a damaged one is deleted, which means direct."""
    record = place.record
    if not isinstance(record.parts, Unread):
        return Aim(State.PASS, "")
    if not record.damaged:
        return unreadable(record)
    why = f"the settings are damaged: {clause(record.parts.why)}"
    if place.doubt:
        return Aim(State.FAIL, f"{why}; {place.doubt}, so {LEFT}")
    return aim(mended(place.key, settings.WINHTTP, record), why, "")


def consistent(place: InternetPlace) -> Aim:
    """What it takes until the plain values say what counts. Who reads or sets only them is misled otherwise."""
    blob = place.blob
    if isinstance(blob, Unread) and not place.default.damaged:
        return unreadable(place.default, f"{settings.DEFAULT}: ")
    edits: tuple[Edit, ...] = ()
    if isinstance(blob, Unread):
        edits = mended(place.connections, settings.DEFAULT, place.default)
        why = f"{settings.DEFAULT} is damaged: {clause(blob.why)}"
    else:
        unread = unread_plain(place, ("ProxyEnable", "ProxyServer", "AutoConfigURL"))
        if unread:
            return Aim(State.UNKNOWN, unread)
        if not isinstance(blob, ConnectionSettings):
            return Aim(State.PASS, f"there is no {settings.DEFAULT}, so the plain values count")
        edits, differences = _following(place, blob)
        why = f"{'; '.join(differences)}; the binary settings count"
    doubt = place.doubt or unread_policies(place)
    if edits and doubt:
        return Aim(State.FAIL, f"{why}; {doubt}, so {LEFT}")
    if edits and place.policies:
        policy = next(iter(place.policies))  # type: ignore[arg-type]
        return Aim(State.FAIL, f"{why}; there is a group policy at {policy}, so {LEFT}", (), Remedy.BLOCKED)
    return aim(edits, why, "the plain values agree with the binary settings")


def _following(place: InternetPlace, blob: ConnectionSettings) -> tuple[tuple[Edit, ...], list[str]]:
    """(plain values to write so that they follow the record, the differences in words)."""
    edits: list[Edit] = []
    found: list[str] = []
    server, script = text(place.plain["ProxyServer"]), text(place.plain["AutoConfigURL"])
    ours, url = blob.proxy.strip(), blob.script.strip() if blob.uses_script else ""
    enabled = on(place.plain["ProxyEnable"])
    if blob.uses_proxy and not same(server, ours):
        edits.append(plain_edit(place, "ProxyServer", RegistryType.SZ, ours or None))
        if enabled:
            found.append(f"ProxyServer is {clean(server)!r}, in the binary settings {clean(ours)!r}")
    if enabled != blob.uses_proxy:
        says, real = ("off", "on") if blob.uses_proxy else ("on", "off")
        found.insert(0, f"ProxyEnable says {says}, the binary settings say {real}")
        edits.append(plain_edit(place, "ProxyEnable", RegistryType.DWORD, int(blob.uses_proxy)))
    if not same(script, url):
        found.append(f"AutoConfigURL is {clean(script)!r}, in the binary settings {clean(url)!r}")
        edits.append(plain_edit(place, "AutoConfigURL", RegistryType.SZ, url or None))
    return tuple(edits), found
