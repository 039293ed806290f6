# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which mail clients a host has, and the accounts its users keep in them."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import InstalledClient
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import (
    ClientDetection,
    Knowledge,
    MailClient,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.account_files import file_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailAccount
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    Absent,
    RegistryImage,
    RegistryKey,
    RegistryValue,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import Snapshot, UserHive
from ansible_collections.mailfleet.client.plugins.plugin_utils.read import oeaccount
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.account_legs import Dialect, express_dialect

#: One folder on a drive, without variables, in characters that may stand in a command.
_FOLDER: t.Final = re.compile(r"[A-Za-z]:(?:\\[\w ._()-]+)+\\?", re.ASCII)
#: The pseudo client of servers that no account names: any program that leaves TLS to SCHANNEL.
ANY_CLIENT = "schannel"
#: The client, and what its accounts are called.
_EXPRESS: t.Final = "outlook-express"


def installed(knowledge: Knowledge, snapshot: Snapshot) -> tuple[InstalledClient, ...]:
    """Clients of which a sign was found, each once per machine or user."""
    users = snapshot.users if isinstance(snapshot.users, tuple) else ()
    found: dict[tuple[str, str], InstalledClient] = {}
    for client in knowledge.clients.values():
        for sign in client.detect:
            for key, user in _places(sign, users):
                if (client.id, user) not in found and _there(snapshot.image, key, sign):
                    found[(client.id, user)] = InstalledClient(client, key, user)
    return tuple(found.values())


def may_be_installed(client: MailClient, image: RegistryImage) -> bool:
    """False where every sign of it that a machine's registry would have is known not to be there."""
    for sign in client.detect:
        for key, _user in _places(sign, ()):
            read = image.key(key) if sign.value is None else image.value(key, sign.value)
            if not isinstance(read, Absent):
                return True
    return False


def _places(sign: ClientDetection, users: tuple[UserHive, ...]) -> tuple[tuple[str, str], ...]:
    if sign.scope == "user":
        return tuple((f"{user.root}\\{sign.key}", user.sid) for user in users)
    keys = [sign.key]
    if sign.view32:
        keys.append(sign.key.replace("HKLM\\SOFTWARE\\", "HKLM\\SOFTWARE\\Wow6432Node\\", 1))
    return tuple((key, "") for key in keys)


def _there(image: RegistryImage, key: str, sign: ClientDetection) -> bool:
    if sign.value is None:
        return isinstance(image.key(key), RegistryKey)
    read = image.value(key, sign.value)
    return isinstance(read, RegistryValue) and (sign.prefix is None or str(read.data).startswith(sign.prefix))


def program_path(knowledge: Knowledge, image: RegistryImage, program: str) -> str | None:
    """Where a program of that file name is, as it registered itself; None where it did not, or not plainly."""
    read = image.value(f"{knowledge.registry['app-paths'].key}\\{program}", "Path")
    folder = read.data if isinstance(read, RegistryValue) and isinstance(read.data, str) else ""
    return f"{folder.rstrip(chr(92))}\\{program}" if _FOLDER.fullmatch(folder) else None


def of_file(knowledge: Knowledge, path: str) -> MailClient | None:
    """The client in whose folder an account's file stands; None where the folder has another name."""
    folders = [part.casefold() for part in path.split("\\")]
    for store in knowledge.account_stores.values():
        for folder, client in (store.folders or {}).items():
            if folder.casefold() in folders:
                return knowledge.clients[client]
    return None


def express(knowledge: Knowledge, path: str = "") -> Dialect:
    """How Outlook Express tells an encrypted connection, or the client after it whose file that is."""
    own = of_file(knowledge, path) if path else None
    known = own if own is not None and own.starttls_ports is not None else knowledge.clients[_EXPRESS]
    kind = oeaccount.KIND if path else _EXPRESS
    return express_dialect(kind, known.starttls_ports or (), known.starttls_unknown_ports)


def client_of(knowledge: Knowledge, account: MailAccount, clients: tuple[InstalledClient, ...]) -> MailClient:
    """The client that an account belongs to, by its store and version: one that is installed, else the newest."""
    path = file_of(account.key)
    if path is not None and (found := of_file(knowledge, path)) is not None:
        return found
    fitting = [
        client
        for client in reversed(lookup.clients_of(knowledge, account.kind))
        if _fits(client.account_version, account.client_version)
    ]
    present = {one.client.id for one in clients}
    fitting.sort(key=lambda client: client.id not in present)
    return fitting[0] if fitting else knowledge.clients[ANY_CLIENT]


#: Profiles of Outlook 2003 to 2010 stand in one place, so that an account there may be of any of these.
_SHARED_STORE = ("11.0", "12.0", "14.0")


def _fits(client_version: str | None, account_version: str) -> bool:
    return client_version in (None, account_version) or (not account_version and client_version in _SHARED_STORE)


#: Why accounts of some clients are missing.
NOT_READ = "they are kept in files, which are not read"
_READABLE_STORES = ("outlook", "outlook-express", "oeaccount")


def unreadable(present: tuple[InstalledClient, ...]) -> tuple[InstalledClient, ...]:
    """The installed clients whose accounts this reading cannot see."""
    return tuple(found for found in present if found.client.account_store not in _READABLE_STORES)
