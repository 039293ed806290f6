# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do the places and values of mail accounts hang together with the registry paths and the mail clients?"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator, Mapping

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.account_rows import AccountStore, AccountValue
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.words import ACCOUNT_STORES, MAIL_PROTOCOLS

_TYPES: t.Final = {
    "server": {"REG_SZ", "REG_EXPAND_SZ", "REG_BINARY"},
    "port": {"REG_DWORD"},
    "security": {"REG_DWORD"},
}
#: In a file, everything is text.
_IN_FILES: t.Final = {part: {"REG_SZ"} for part in _TYPES}
_SECURITIES: t.Final = frozenset({"none", "implicit", "starttls"})
_PLACEHOLDER: t.Final = re.compile(r"\{(?:account|identity|profile)\}")


def account_stores(k: Knowledge) -> Iterator[str]:
    """Every place is a key below a known one of a user, and every part of an account has a value."""
    for row in k.account_stores.values():
        for field, why in (*_places(k, row), *_values(row)):
            yield f"account_stores.yml: {row.id}: {field}: {why}"


def _places(k: Knowledge, row: AccountStore) -> Iterator[tuple[str, str]]:
    if row.id not in ACCOUNT_STORES or not any(client.account_store == row.id for client in k.clients.values()):
        yield "id", "no mail client keeps its accounts there"
    for number, place in enumerate(row.places):
        field = f"places.{number}"
        path = k.registry.get(place.path)
        if path is None or not path.per_user or path.value is not None:
            yield f"{field}.path", f"{place.path!r} is no key in the hive of a user"
        names = place.below.split("\\")
        if names[-1] != "{account}" or any("{" in one and not _PLACEHOLDER.fullmatch(one) for one in names):
            yield f"{field}.below", "must end in {account}, and a placeholder is a whole name"
    for folder, client in (row.folders or {}).items():
        if client not in k.clients or k.clients[client].account_store != row.id:
            yield f"folders.{folder}", f"{client!r} keeps no accounts there"
    if bool(row.places) == bool(row.folders):
        yield "places", "must be there, or folders, and not both"
    versions = {client.account_version for client in k.clients.values() if client.account_store == row.id}
    for version in row.without_starttls:
        if version not in versions:
            yield "without_starttls", f"no client of this store has the version {version!r}"


def _values(row: AccountStore) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for number, value in enumerate(row.values):
        for field, why in _value(value, _IN_FILES if row.folders else _TYPES):
            yield f"values.{number}.{field}", why
        for protocol in value.protocols:
            name = value.name.replace("{protocol}", protocol).casefold()
            if name in seen:
                yield f"values.{number}.name", f"{name} stands there twice"
            seen.add(name)
    for protocol in MAIL_PROTOCOLS:
        parts = [value.part for value in row.values if protocol in value.protocols]
        if parts.count("server") != 1 or parts.count("port") != 1 or "security" not in parts:
            yield "values", f"{protocol} needs one server, one port, and what says how it is encrypted"


def _value(value: AccountValue, types: Mapping[str, set[str]]) -> Iterator[tuple[str, str]]:
    if "password" in value.name.casefold():
        yield "name", "no plan touches a password"
    if set(value.protocols) - MAIL_PROTOCOLS or not value.protocols:
        yield "protocols", "must be mail protocols"
    if not value.types or set(value.types) - types[value.part]:
        yield "types", f"a {value.part} is {' or '.join(sorted(types[value.part]))}"
    numbers = value.numbers or {}
    told = {bool(numbers), bool(value.known)}
    if told != {value.part == "security"} or set(numbers) - _SECURITIES:
        yield "numbers", "belongs to values about encryption, with known, and only there"
    if set(numbers.values()) - set(value.known):
        yield "known", "must hold every number of numbers"
    if set(value.added) - set(numbers) or "none" in value.added:
        yield "added", "must be words of numbers; what is not there means none"
