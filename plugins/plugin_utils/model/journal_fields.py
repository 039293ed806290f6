# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks that every field of a journal passes: plain data in, believed data out, or a sentence that says where."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Sequence
from datetime import datetime

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RUN
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import HIVES

#: The version of the data; others are refused.
VERSION: t.Final = 1

#: Characters of a part of a key, as Windows limits them, and of a whole key.
#: https://learn.microsoft.com/windows/win32/sysinfo/registry-element-size-limits
_KEY_PART: t.Final = 255
_KEY: t.Final = 4000
#: Keys that come or go with one step.
_KEYS: t.Final = 64

_TIME: t.Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|\+00:00)", re.ASCII)
_HIVES: t.Final = frozenset(HIVES.values())


class JournalError(ValueError):
    """This is no journal. The message is one sentence that says where, and what is wrong."""


def is_run(text: str) -> bool:
    """Whether that is the id of a run, in ASCII: it stands in commands and in file names."""
    return text.isascii() and RUN.fullmatch(text) is not None


def fields_of(data: object, where: str, names: Sequence[str], *, version: bool = False) -> dict[str, t.Any]:
    """A mapping of exactly these fields. ``version``: the field ``journal`` must hold the version of the data."""
    if not isinstance(data, dict):
        raise JournalError(f"{where}: must be a mapping")
    # Another version may have other fields: it is named before they are.
    found = data.get("journal")
    if version and (not isinstance(found, int) or isinstance(found, bool) or found != VERSION):
        raise JournalError(
            f"{where}: must be of version {VERSION}; another version of this collection may have made it"
        )
    for name in data:
        if name not in names:
            raise JournalError(f"{where}: {str(name)[:40]!a} is no field of it")
    for name in names:
        if name not in data:
            raise JournalError(f"{where}: the field {name} is missing")
    return data


def list_of(data: object, where: str, most: int) -> list[t.Any]:
    """A list of at most so many entries."""
    if not isinstance(data, list):
        raise JournalError(f"{where}: must be a list")
    if len(data) > most:
        raise JournalError(f"{where}: holds {len(data)} entries, more than the {most} that a journal may have")
    return data


def text_of(data: object, where: str, most: int) -> str:
    """Text of at most so many characters and without a NUL."""
    if not isinstance(data, str):
        raise JournalError(f"{where}: must be text")
    if len(data) > most:
        raise JournalError(f"{where}: has {len(data)} characters, more than the {most} that it may have")
    if "\0" in data:
        raise JournalError(f"{where}: holds a NUL, which no text of a registry does")
    return data


def run_of(data: object, where: str) -> str:
    """The id of a run."""
    if not isinstance(data, str) or not is_run(data):
        raise JournalError(f"{where}: must be the id of a run, like 20260131T235959Z-0123abcd")
    return data


def time_of(data: object) -> str:
    """A time in UTC, ISO 8601."""
    if isinstance(data, str) and _TIME.fullmatch(data):
        try:
            datetime.strptime(data[:19], "%Y-%m-%dT%H:%M:%S")
        except ValueError:
            pass
        else:
            return data
    raise JournalError("time: must be a time in UTC, like 2026-01-31T23:59:59Z")


def path_of(data: object, where: str) -> str:
    """The path of a key, in short form."""
    text = text_of(data, where, _KEY)
    hive, *parts = text.split("\\")
    if hive not in _HIVES or not parts or not all(0 < len(part) <= _KEY_PART for part in parts):
        raise JournalError(f"{where}: must be the path of a key below a hive's short name, like HKLM\\SOFTWARE\\X")
    return text


def paths_of(data: object, where: str) -> tuple[str, ...]:
    """The paths of several keys."""
    return tuple(path_of(one, where) for one in list_of(data, where, _KEYS))
