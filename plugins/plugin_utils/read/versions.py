# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small answers of a host: versions of files, environment, code page, ``ver``. None is localised where it counts."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable, Mapping

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import FileVersion
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

_PATH: t.Final = re.compile(r"[A-Za-z]:\\[^<>\"|?*]*")
_FILE_VERSION: t.Final = re.compile(r"\d{1,10}(?:\.\d{1,10}){1,3}", re.ASCII)
#: Where Windows keeps the files that are asked for; the rest of the path is the name in the result.
_SYSTEM: t.Final = re.compile(r"\\((?:system32|syswow64|sysnative)\\.*)", re.DOTALL)
_VARIABLE: t.Final = re.compile(r"(PROCESSOR_ARCH[A-Z0-9_]*)=([A-Za-z0-9_]{1,32})", re.IGNORECASE | re.ASCII)
_NUMBERS: t.Final = re.compile(r"\d+", re.ASCII)
_CODE_PAGES: t.Final = range(37, 65536)
_VERSION: t.Final = re.compile(r"\d+\.\d+\.\d+", re.ASCII)


def _plain(lines: Iterable[str]) -> list[str]:
    """The lines that say something. wmic may write UTF-16, which read as 8-bit text has a NUL after every character."""
    cleaned = (line.replace("\0", "").strip() for line in lines)
    return [line for line in cleaned if line]


def file_versions(lines: Iterable[str]) -> Mapping[str, FileVersion] | Unread:
    """Read ``wmic datafile where "..." get Name,Version``.

    :returns: version by casefolded path from ``system32\\`` (``syswow64\\``) on, by full path elsewhere. Files that do
        not exist or have no version are missing. Unread where there is no table (no wmic, denied), or where it
        holds something else; never raises.
    """
    rows = _plain(lines)
    header = rows[0].casefold().split() if rows else []
    # A byte order mark may stand before the first word, read as whatever the code page makes of it.
    if len(header) != 2 or not header[0].endswith("name") or header[1] != "version":
        return Unread(shown(" ".join(rows)) or "wmic printed nothing")
    versions: dict[str, FileVersion] = {}
    for row in rows[1:]:
        path, _blank, last = row.rpartition(" ")
        version = last if path and _FILE_VERSION.fullmatch(last) else ""
        path = path.rstrip() if version else row
        if not _PATH.fullmatch(path):
            return Unread(f"ambiguous: text among the versions of files: {shown(row, 40)}")
        inside = _SYSTEM.search(path.casefold())
        name = inside[1] if inside else path.casefold()
        if name in versions:
            return Unread(f"ambiguous: a file that appears twice: {shown(name, 40)}")
        if version:
            versions[name] = FileVersion(tuple(int(part) for part in version.split(".")))
    return versions


def environment(lines: Iterable[str]) -> Mapping[str, str]:
    """Read ``set PROCESSOR_ARCH``: upper-case names and what they hold.

    Other lines are left out, and so is a variable that appears twice with different values. Never raises.
    """
    found: dict[str, set[str]] = {}
    for line in _plain(lines):
        variable = _VARIABLE.fullmatch(line)
        if variable:
            found.setdefault(variable[1].upper(), set()).add(variable[2])
    return {name: values.pop() for name, values in found.items() if len(values) == 1}


def code_page(lines: Iterable[str]) -> int | None:
    """The number in what ``chcp`` printed (the words are localised).

    :returns: None where there is not exactly one number, or not one of a code page; never raises.
    """
    numbers = _NUMBERS.findall(" ".join(_plain(lines)))
    if len(numbers) != 1 or len(numbers[0]) > 5 or int(numbers[0]) not in _CODE_PAGES:
        return None
    return int(numbers[0])


def ver_text(lines: Iterable[str]) -> str | Unread:
    """What ``ver`` printed, in one line of at most 120 characters; only its digits mean the same everywhere.

    :returns: Unread where there is no version of three numbers in it; never raises.
    """
    text = shown(" ".join(_plain(lines)), 120)
    return text if _VERSION.search(text) else Unread(text or "ver printed nothing")
