# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of the rows about mail accounts in the registry: where they stand, and which of their values may change."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPlace:
    """Keys that hold one account each. ``path``: id of a RegistryPath in the hive of a user.

    ``below``: the rest of the key, in which ``{account}`` stands for eight hex digits, ``{identity}`` for a GUID in
    braces, ``{profile}`` for the name of a profile. ``{...}`` always is one whole name of the path.
    """

    path: str
    below: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountValue(Row):
    """One value of an account, for some protocols: ``{protocol}`` in ``name`` is SMTP, IMAP or POP3.

    ``types``: what it may be of, the type of a new one first; that of one which is there is kept. Texts in REG_BINARY
    are UTF-16 with a NUL at their end.
    ``numbers``: of values about encryption, what stands for "none", "implicit" and "starttls"; for a word that is not
    there the value says nothing and is left. ``known``: every number that may be found there; other ones are nothing
    that we understand. ``added``: for which encryption a plan makes the value where it is not there.
    """

    name: str
    protocols: tuple[str, ...]
    part: t.Literal["server", "port", "security"]
    types: tuple[str, ...]
    numbers: Mapping[str, int] | None = None
    known: tuple[int, ...] = ()
    added: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStore(Row):
    """How one family of clients keeps its accounts. ``id``: an ``account_store`` of mail_clients.yml.

    ``without_starttls``: versions of its clients that have no such setting.
    ``folders``: of a store that keeps each account in a file, and so has no ``places``: the name of the folder in
    which the client has its files, and the id of that client. Texts of its elements are the values; a number is
    hexadecimal text, and no element is ever added.
    """

    id: str
    places: tuple[AccountPlace, ...]
    values: tuple[AccountValue, ...]
    without_starttls: tuple[str, ...] = ()
    folders: Mapping[str, str] | None = None
