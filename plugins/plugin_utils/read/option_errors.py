# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of an option that is not what it should be, and how its value is shown."""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Mapping

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown


class OptionError(ValueError):
    """One sentence that names the option and its value. Nothing was sent to any host."""


def quoted(value: object) -> str:
    """A value of the operator's, short and safe in a message: texts in quotes, other things by their kind or number."""
    if value is None or isinstance(value, (bool, int, float)):
        return str(value)
    if isinstance(value, str):
        return "'" + shown(value, 60) + "'"
    return f"a {type(value).__name__}"


def listed(words: Collection[str]) -> str:
    """``a, b or c``."""
    found = list(words)
    return " or ".join([", ".join(found[:-1]), found[-1]]) if len(found) > 1 else "".join(found)


def entries(option: str, raw: object) -> list[Mapping[str, t.Any]]:
    """A list of dictionaries with texts for keys; None is an empty one. Raises OptionError."""
    if raw is None:
        return []
    if not isinstance(raw, (list, tuple)):
        raise OptionError(f"{option}: {quoted(raw)} is not a list.")
    for number, entry in enumerate(raw):
        mapping(f"{option}[{number}]", entry)
    return list(raw)


def mapping(option: str, raw: object) -> Mapping[str, t.Any]:
    """A dictionary with texts for keys. Raises OptionError."""
    if not isinstance(raw, Mapping):
        raise OptionError(f"{option}: {quoted(raw)} is not a dictionary.")
    for key in raw:
        if not isinstance(key, str):
            raise OptionError(f"{option}: the key {quoted(key)} is not a text.")
    return raw


def only_keys(option: str, raw: Mapping[str, t.Any], known: Collection[str]) -> None:
    """Refuse keys that mean nothing: a misspelt one would otherwise go unnoticed. Raises OptionError."""
    for key in raw:
        if key not in known:
            raise OptionError(f"{option}: there is no key {quoted(key)} here, only {listed(known)}.")


def choice(option: str, raw: object, known: Collection[str]) -> str:
    """One of some words, in lower case. Raises OptionError."""
    word = raw.lower() if isinstance(raw, str) else ""
    if word not in known:
        raise OptionError(f"{option}: {quoted(raw)} is not one of {listed(known)}.")
    return word


def texts(option: str, raw: object, *, empty: bool = False) -> list[str]:
    """A list of texts, not empty unless that is allowed. Raises OptionError."""
    if not isinstance(raw, (list, tuple)):
        raise OptionError(f"{option}: {quoted(raw)} is not a list.")
    for item in raw:
        if not isinstance(item, str):
            raise OptionError(f"{option}: {quoted(item)} is not a text.")
    if not raw and not empty:
        raise OptionError(f"{option}: the list is empty; leave the key out where nothing is known.")
    return [str(item) for item in raw]


def boolean(option: str, raw: object) -> bool:
    """True or False, also as YAML 1.1 and command lines write them. Raises OptionError."""
    if isinstance(raw, bool):
        return raw
    word = raw.strip().lower() if isinstance(raw, str) else ""
    if word in ("true", "yes", "on", "1"):
        return True
    if word in ("false", "no", "off", "0"):
        return False
    raise OptionError(f"{option}: {quoted(raw)} is neither true nor false.")
