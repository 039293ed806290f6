# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run has to know of a host before it may change it: which host this is, which boot, and who holds the lock."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import HostIdentity
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryImage,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import stage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, Section, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.sections import ENVIRONMENT

_PATHS: t.Final = load().registry
ROOT: t.Final = _PATHS["own-root"].key
LOCKS: t.Final = _PATHS["own-lock"].key
JOURNALS: t.Final = _PATHS["own-journal"].key


def _place(row: str) -> tuple[str, str]:
    return _PATHS[row].key, str(_PATHS[row].value)


_NAME: t.Final = _place("computer-name")
_MACHINE: t.Final = _place("machine-guid")
#: Both change with each boot or shutdown of any Windows since XP [own]; a host that has neither has no boot identity.
_BOOT: t.Final = tuple(map(_place, ("boot-id", "shutdown-time")))
#: Count of boots and stamp of the last shutdown, or one of them.
BOOT: t.Final = re.compile(r"[0-9a-f]{1,32}(?:-[0-9a-f]{1,32})?")
_GUID: t.Final = re.compile(r"[0-9A-Fa-f-]{1,64}")
#: Full access for Administrators (1) and SYSTEM (17), and for nobody else.
#: https://learn.microsoft.com/troubleshoot/windows-client/application-management/use-regini-to-change-permissions
_ACCESS: t.Final = "[1 17]"
_ACCESS_FILE: t.Final = "access.txt"


def access_commands(folder: str, keys: Iterable[str]) -> tuple[str, ...]:
    """Commands, in their order, that make some keys of ours, for Administrators and SYSTEM alone.

    A key inherits when it is made, so each is to be named, :data:`ROOT` among them.

    :param folder: a staging folder, as :mod:`stage` names them; it is made and removed.
    :param keys: below HKLM, without blanks.
    :raises ValueError: a key is none of ours.
    """
    lines = []
    for key in keys:
        if key != ROOT and not key.startswith(f"{ROOT}\\"):
            raise ValueError(f"This is no key of ours: {shown(key)}")
        # XP's regini knows the kernel's names of the hives only.
        lines.append(f"\\Registry\\Machine{key.removeprefix('HKLM')} {_ACCESS}")
    return (
        *stage.written(folder, _ACCESS_FILE, lines),
        f"regini {stage.path(folder, _ACCESS_FILE)}",
        stage.removed(folder),
    )


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
    """What tells this boot from others, of the form :data:`BOOT`; "" where nothing does, or a part was not read."""
    found = []
    for key, name in _BOOT:
        read = image.value(key, name)
        if isinstance(read, Unread):
            return ""
        data = read.data if isinstance(read, RegistryValue) else None
        if isinstance(data, int):
            found.append(f"{data:x}")
        elif isinstance(data, bytes) and data:
            found.append(data[:16].hex())
    text = "-".join(found)
    return text if BOOT.fullmatch(text) else ""


def may_be_leaving(before: str, now: str) -> bool:
    """Whether a host that told another boot before may still be going down.

    Windows stamps its shutdown, which is a part of the identity, while it still answers; only what counts the boots
    proves that another one runs.
    """
    count, both, _stamp = now.partition("-")
    count_before, both_before, _stamp_before = before.partition("-")
    return not (both and both_before and count != count_before)
