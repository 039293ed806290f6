# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the knowledge tables add to the reading list: updates to look for, files, and signs of mail clients."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import ClientDetection, Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import PART, Group, Query

#: On every host: an answer about file versions that does not name it is no answer.
SURE_FILE: t.Final = r"system32\schannel.dll"
#: Header lines of keys only.
KEYS: t.Final = ('find "HKEY_"',)
_SAFE_KEY: t.Final = re.compile(r"[A-Za-z0-9 ._{}()-]+(\\[A-Za-z0-9 ._{}()-]+)*")


@dataclass(frozen=True, slots=True)
class Signs:
    """What the knowledge tables add to the list.

    ``packages``: KB ids whose packages are looked for by name (component-based servicing). ``filelists``: KB ids
    whose record of installed files is read (XP). ``files``: below the Windows folder, whose version proves an update.
    ``clients``: signs of mail clients. ``programs``: file names of mail clients.
    """

    packages: tuple[str, ...] = ()
    filelists: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    clients: tuple[ClientDetection, ...] = ()
    programs: tuple[str, ...] = ()


def signs_of(knowledge: Knowledge) -> Signs:
    """The signs that the tables name, without repetition, in their order."""
    ways = [(update, way) for update in knowledge.updates.values() for way in update.detect]
    kb = re.compile(r"KB\d+", re.IGNORECASE)
    packages = [found[0].upper() for _update, way in ways if way.kind == "package" and (found := kb.search(way.name))]
    filelists = [found[0].upper() for update, way in ways if way.kind == "filelist" and (found := kb.match(update.id))]
    files = [way.name.casefold() for _update, way in ways if way.kind == "file_version"]
    clients = [sign for client in knowledge.clients.values() for sign in client.detect]
    programs = [client.program for client in knowledge.clients.values() if _SAFE_KEY.fullmatch(client.program)]
    return Signs(_once(packages), _once(filelists), _once(files), tuple(dict.fromkeys(clients)), _once(programs))


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def file_names(signs: Signs) -> tuple[str, ...]:
    """The files that wmic is asked about, below the Windows folder.

    :raises ValueError: a name that cannot stand in a command.
    """
    for name in signs.files:
        if not _SAFE_KEY.fullmatch(name):
            raise ValueError(f"not the name of a file below the Windows folder: {name!r}")
    return tuple(dict.fromkeys((SURE_FILE, *signs.files)))


def sign_groups(signs: Signs, scope: str, code: str) -> tuple[Group, ...]:
    """One group for keys, one for each name of a value; in both views where the sign says so."""
    places: dict[tuple[tuple[str, ...], str | None], dict[str, None]] = {}
    for sign in signs.clients:
        for text in (sign.key, sign.value or "-"):
            if not _SAFE_KEY.fullmatch(text):
                raise ValueError(f"a sign of a mail client that cannot stand in a command: {text!r}")
        if sign.scope == scope:
            hives: tuple[str, ...] = ("HKLM\\",) if scope == "machine" else ("HKU\\{user}\\",)
            key = sign.key.removeprefix("HKLM\\")
            if sign.view32:
                hives, key = ("HKLM\\SOFTWARE\\", "HKLM\\SOFTWARE\\Wow6432Node\\"), key.removeprefix("SOFTWARE\\")
            places.setdefault((hives, sign.value), {})[key] = None
    groups = []
    for number, ((hives, value), keys) in enumerate(places.items()):
        before, parts, after = _factored(tuple(keys))
        filters = KEYS if value is None else ()
        queries = tuple(
            Query(
                f"{code}{number}{view}", f"{hive}{before}{PART}{after}", value, filters=filters, keys_only=value is None
            )
            for view, hive in enumerate(hives)
        )
        groups.append(Group(queries, parts))
    return tuple(groups)


def _factored(keys: tuple[str, ...]) -> tuple[str, tuple[str, ...], str]:
    """What all paths begin with, what is different, what all end with; whole names only, and something is different."""
    if len(keys) == 1:
        return "", keys, ""
    names = [key.split("\\") for key in keys]
    shortest = min(map(len, names))
    start = next(i for i in range(shortest + 1) if i == shortest - 1 or len({name[i] for name in names}) > 1)
    end = next(
        i for i in range(shortest - start) if len({name[-1 - i] for name in names}) > 1 or i == shortest - start - 1
    )
    middle = tuple("\\".join(name[start : len(name) - end]) for name in names)
    return (
        "".join(f"{n}\\" for n in names[0][:start]),
        middle,
        "".join(f"\\{n}" for n in names[0][len(names[0]) - end :]),
    )
