# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was read of one host, before anybody judges it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    Absent,
    RegistryImage,
    Unread,
)


@dataclass(frozen=True, slots=True)
class FileVersion:
    """A file's fixed version, for example 6.1.7601.23375."""

    parts: tuple[int, ...]

    def __str__(self) -> str:
        return ".".join(str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class UserHive:
    """One user whose registry was read: the SID, the root of the hive (``HKU\\S-1-5-21-...``), the profile folder."""

    sid: str
    root: str
    profile: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that one reading of a host gave.

    ``environment`` holds what ``set PROCESSOR_ARCH`` printed; ``ver`` what ``ver`` printed (localised, digits only
    count); ``files`` maps casefolded paths such as ``system32\\winhttp.dll`` to versions; ``unread`` names what could
    not be read and why, in words for people.
    """

    image: RegistryImage
    environment: Mapping[str, str] | Unread
    ver: str | Unread
    files: Mapping[str, FileVersion | Absent] | Unread
    users: tuple[UserHive, ...] | Unread
    codepage: int | None = None
    unread: tuple[tuple[str, str], ...] = ()
    writes: tuple[str, ...] = field(default=())
