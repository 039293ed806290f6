# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run has to know of a host before it may change it: which host this is, which boot, and who holds the lock."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import HostIdentity
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryImage,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, Section, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.sections import ENVIRONMENT

ROOT: t.Final = r"HKLM\SOFTWARE\MailFleet"
LOCKS: t.Final = ROOT + r"\Lock"
JOURNALS: t.Final = ROOT + r"\Journal"

_CONTROL: t.Final = r"HKLM\SYSTEM\CurrentControlSet\Control"
_NAME: t.Final = (rf"{_CONTROL}\ComputerName\ComputerName", "ComputerName")
_MACHINE: t.Final = (r"HKLM\SOFTWARE\Microsoft\Cryptography", "MachineGuid")
#: Both change with each boot or shutdown of any Windows since XP [own]; a host that has neither has no boot identity.
_BOOT: t.Final = (
    (rf"{_CONTROL}\Session Manager\Memory Management\PrefetchParameters", "BootId"),
    (rf"{_CONTROL}\Windows", "ShutdownTime"),
)
_GUID: t.Final = re.compile(r"[0-9A-Fa-f-]{1,64}")


def identity_section(*, with_name: bool) -> Section:
    """Which host and which boot. ``with_name``: where nothing else of the reading asks for that, and for the shell."""
    queries = [Query("MGU", *_MACHINE), Query("BID", *_BOOT[0]), Query("SHT", *_BOOT[1])]
    if with_name:
        queries += [Query("OCN", *_NAME), Query(ENVIRONMENT, command="set PROCESSOR_ARCH")]
    return section("identity", *queries)


def lock_section() -> Section:
    """The records of all runs that hold, or want, the lock."""
    return section("locks", Query("OWL", LOCKS, recursive=True))


def journal_section() -> Section:
    """All journals that the host itself keeps."""
    return section("journals", Query("OWJ", JOURNALS, recursive=True))


def identity(image: RegistryImage) -> HostIdentity | Unread:
    """Which host this is; Unread where not even its name could be read."""
    name = image.value(*_NAME)
    if not isinstance(name, RegistryValue) or not isinstance(name.data, str) or not name.data:
        return name if isinstance(name, Unread) else Unread("the host has no name")
    machine = image.value(*_MACHINE)
    data = machine.data if isinstance(machine, RegistryValue) else ""
    return HostIdentity(name.data, data if isinstance(data, str) and _GUID.fullmatch(data) else "")


def is_32_bit_shell(lines: tuple[str, ...] | Unread) -> bool:
    """Whether the lines run in a 32-bit process of a 64-bit Windows, which sees other keys under the same names.

    :param lines: what the identity section printed of the environment.
    """
    return not isinstance(lines, Unread) and any("PROCESSOR_ARCHITEW6432=" in line.upper() for line in lines)


def boot(image: RegistryImage) -> str:
    """What tells this boot from others, as hex digits and dashes; "" where nothing does, or a part was not read."""
    found = []
    for key, name in _BOOT:
        read = image.value(key, name)
        if isinstance(read, Unread):
            return ""
        data = read.data if isinstance(read, RegistryValue) else None
        if isinstance(data, int):
            found.append(f"{data:x}")
        elif isinstance(data, bytes):
            found.append(data[:16].hex())
    return "-".join(found)
