# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which release of Windows a host runs.

Build numbers decide; product names do not (Windows 11 still calls itself Windows 10 in the registry, and
``CurrentVersion`` stays at 6.3 from Windows 10 on).
"""

from __future__ import annotations

import re

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Host
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge, OsRelease
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryImage,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import Snapshot

_DIGITS = re.compile(r"\d+")
_ARCHITECTURES = {"x86": "x86", "amd64": "amd64", "arm64": "arm64"}


class _Reader:
    """Short forms over the few values that tell a release."""

    def __init__(self, knowledge: Knowledge, image: RegistryImage) -> None:
        self._knowledge, self._image = knowledge, image

    def raw(self, registry_id: str, name: str) -> object:
        return self._image.value(self._knowledge.registry[registry_id].key, name)

    def text(self, registry_id: str, name: str) -> str:
        value = self.raw(registry_id, name)
        return value.data if isinstance(value, RegistryValue) and isinstance(value.data, str) else ""

    def number(self, registry_id: str, name: str) -> int | None:
        value = self.raw(registry_id, name)
        return value.data if isinstance(value, RegistryValue) and isinstance(value.data, int) else None


def identify(knowledge: Knowledge, snapshot: Snapshot) -> Host:
    """Name the release of Windows that a snapshot was taken from; ``Host.os`` is "unknown" where no row fits."""
    read = _Reader(knowledge, snapshot.image)
    version, build = _version(read), _build(read)
    pack = _service_pack(read)
    product = _product(read)
    architecture, view32 = _architecture(snapshot)
    raw = " ".join(part for part in (read.text("current-version", "ProductName"), version, f"build {build}") if part)
    ver = snapshot.ver if isinstance(snapshot.ver, str) else ""
    release, why = None, ""
    if not version or build is None:
        why, raw = "the version values of the registry could not be read", ver or "unknown"
    else:
        fitting = [
            row for row in knowledge.releases.values() if _fits(row, version, build, pack, product, architecture)
        ]
        # Embedded editions share every number with their desktop twin: only the flag tells them apart.
        flagged = [row for row in fitting if row.posready and _posready(read)]
        fitting = flagged or [row for row in fitting if not row.posready]
        release = fitting[0] if len(fitting) == 1 else None
        why = "" if release else f"no row of the table of Windows releases fits {raw}"
    if architecture == "unknown" and release and len(release.architectures) == 1:
        architecture = release.architectures[0]
    ubr = read.raw("current-version", "UBR")
    return Host(
        release=release,
        os=release.id if release else "unknown",
        name=read.text("computer-name", "ComputerName"),
        raw_version=raw + (f" service pack {pack}" if pack else ""),
        build=build,
        ubr=ubr if isinstance(ubr, Unread) else read.number("current-version", "UBR"),
        architecture=architecture,
        bits32_view=view32,
        why=why,
    )


def _version(read: _Reader) -> str:
    major = read.number("current-version", "CurrentMajorVersionNumber")
    minor = read.number("current-version", "CurrentMinorVersionNumber")
    if major is not None:
        return f"{major}.{minor or 0}"
    return read.text("current-version", "CurrentVersion")


def _build(read: _Reader) -> int | None:
    # XP keeps nonsense in CurrentBuild ("1.511.1 () (Obsolete data - do not use)"), so the other one comes first.
    for name in ("CurrentBuildNumber", "CurrentBuild"):
        text = read.text("current-version", name)
        if text.isascii() and text.isdigit():
            return int(text)
    return None


def _service_pack(read: _Reader) -> int | None:
    # Control\Windows holds the number itself; the text of CSDVersion is localised on some systems.
    number = read.number("service-pack", "CSDVersion")
    if number is not None:
        return number >> 8
    raw = read.raw("current-version", "CSDVersion")
    if isinstance(raw, Unread):
        return None
    digits = _DIGITS.search(read.text("current-version", "CSDVersion"))
    return int(digits.group()) if digits else 0


def _product(read: _Reader) -> str:
    kind = read.text("product-type", "ProductType").casefold()
    installation = read.text("current-version", "InstallationType").casefold()
    # Windows 10 and 11 for many sessions say ServerNT, and are clients all the same.
    if kind and installation != "client":
        return "client" if kind == "winnt" else "server"
    if installation:
        return "client" if installation == "client" else "server"
    name = read.text("current-version", "ProductName").casefold()
    return "" if not name else "server" if "server" in name else "client"


def _posready(read: _Reader) -> bool:
    return read.number("posready", "Installed") == 1


def _architecture(snapshot: Snapshot) -> tuple[str, bool]:
    if isinstance(snapshot.environment, Unread):
        return "unknown", False
    native = snapshot.environment.get("PROCESSOR_ARCHITEW6432", "")
    seen = snapshot.environment.get("PROCESSOR_ARCHITECTURE", "")
    return _ARCHITECTURES.get((native or seen).casefold(), "unknown"), bool(native)


def _fits(row: OsRelease, version: str, build: int, pack: int | None, product: str, architecture: str) -> bool:
    return (
        row.version == version
        and row.builds[0] <= build <= row.builds[1]
        and row.product in ("any", product)
        and (row.service_packs is None or pack in row.service_packs)
        and (architecture == "unknown" or architecture in row.architectures)
    )
