# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which values of mail accounts a plan may write, and what may stand in them: for plans, and for those who judge them.

Unlike other settings, both sides of a step must be what we understand: what an account holds before it is changed is a
server's name, a port, or a number that the client knows, or the account is left alone. So nothing else is ever put
back, either.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.host_names import is_address
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.account_rows import AccountStore, AccountValue
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.account_files import file_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep, Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailProtocol
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Absent,
    RegistryType,
    RegistryValue,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.account_legs import PREFIX
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.oeaccount import number_of_text

#: Of the steps.
FAMILY: t.Final = "accounts"
LAST_PORT: t.Final = 65535
_USERS: t.Final = "hku\\"
#: What stands for a name of a path. A profile has a name that people chose: only what is harmless in every command.
_NAMES: t.Final = {
    "{account}": "[0-9a-f]{8}",
    "{identity}": r"\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}",
    "{profile}": r"[\w(](?:[\w .,@()\[\]+=#~$;-]{0,98}[\w.)])?",
}
#: An account's file below the folder of its client: what is harmless in every command.
_FILE: t.Final = (
    r"[a-z]:(?:\\[\w(][\w .,@()\[\]+=#~$;-]{0,98}(?<![ .]))*\\(?:{folders})"
    r"(?:\\[\w(][\w .,@()\[\]+=#~$;-]{0,98}(?<![ .]))*\\account\{[0-9a-z-]{1,40}\}\.oeaccount"
)
_LONGEST_FILE: t.Final = 220
_LABEL: t.Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST_NAME: t.Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_LONGEST_NAME: t.Final = 253


def is_host_name(text: object) -> bool:
    """Whether that is the name of a host by RFC 1123, or an IPv4 address: nothing that could be anything else."""
    if not isinstance(text, str) or not _HOST_NAME.fullmatch(text) or len(text) > _LONGEST_NAME:
        return False
    # A name whose last label is a number is an address, or a mistake.
    return not text.rpartition(".")[2].isdigit() or is_address(text)


def is_port(number: object) -> bool:
    """Whether that is the number of a TCP port."""
    return isinstance(number, int) and not isinstance(number, bool) and 0 < number <= LAST_PORT


def store_of(knowledge: Knowledge, key: str) -> AccountStore | None:
    """The store of which that key holds an account; None: it is no place where a plan changes one.

    :param key: short form, in the hive of a user.
    """
    if not key.casefold().startswith(_USERS) or not key.isascii():
        return None
    rest = key[len(_USERS) :].partition("\\")[2]
    if (path := file_of(key)) is not None:
        return _store_of_file(knowledge, path)
    for store in knowledge.account_stores.values():
        for place in store.places:
            pattern = "\\\\".join(_NAMES.get(name, re.escape(name)) for name in place.below.split("\\"))
            root = re.escape(knowledge.registry[place.path].key + "\\")
            if re.fullmatch(root + pattern, rest, re.ASCII | re.IGNORECASE):
                return store
    return None


def _store_of_file(knowledge: Knowledge, path: str) -> AccountStore | None:
    for store in knowledge.account_stores.values():
        pattern = _FILE.replace("{folders}", "|".join(map(re.escape, store.folders or ())))
        if store.folders and len(path) <= _LONGEST_FILE and re.fullmatch(pattern, path, re.ASCII | re.IGNORECASE):
            return store
    return None


def is_about_account(step: Step) -> bool:
    """Whether that step says so."""
    return isinstance(step, RegistryStep) and step.family == FAMILY


def name_of(value: AccountValue, protocol: MailProtocol) -> str:
    """The name of that value for a protocol."""
    return value.name.replace("{protocol}", PREFIX[protocol])


def value_of(store: AccountStore, name: str) -> AccountValue | None:
    """The row about the value of that name; None: no plan writes it."""
    for value in store.values:
        for protocol in MailProtocol:
            if protocol.value in value.protocols and name_of(value, protocol).casefold() == name.casefold():
                return value
    return None


def text_in(value: RegistryValue) -> str | None:
    """The text that a value of an account holds; None where it holds none, or more than that."""
    if isinstance(value.data, str) and value.type is RegistryType.SZ:
        return value.data
    if not isinstance(value.data, bytes) or value.type is not RegistryType.BINARY:
        return None
    try:
        text, _end, rest = value.data.decode("utf-16-le").partition("\0")
    except UnicodeDecodeError:
        return None
    return None if rest.strip("\0") else text


def number_in(value: RegistryValue) -> int | None:
    """The number that a value of an account holds, in a file as text; None where it holds none."""
    if isinstance(value.data, str) and value.type is RegistryType.SZ:
        return number_of_text(value.data)
    return value.data if isinstance(value.data, int) else None


def side_objection(row: AccountValue, side: RegistryValue | Absent) -> str:
    """Why that is nothing that may stand in such a value, as the rest of a sentence; "": it may."""
    if isinstance(side, Absent):
        return "is not there, and every account has a server" if row.part == "server" else ""
    if side.type.value not in row.types:
        return f"is a {side.type.value}, and no plan writes one there"
    if row.part == "server":
        return "" if is_host_name(text_in(side)) else "is not the name of a host"
    if row.part == "port":
        return "" if is_port(number_in(side)) else "is not the number of a port"
    return "" if number_in(side) in row.known else "is no setting that is known there"


def step_objection(knowledge: Knowledge, step: RegistryStep, kind: str) -> str | None:
    """Why no plan could have made that step of an account, as the rest of a sentence; None: one could.

    :param kind: of the journal: "fix" or "rollback".
    """
    store = store_of(knowledge, step.key)
    row = None if store is None else value_of(store, step.name)
    if row is None:
        return "is no place that a plan changes"
    if step.family != FAMILY:
        return f"is of the family {FAMILY}, not {step.family}"
    if step.creates or step.removes:
        return "says that keys come or go with an account, which no plan does"
    for side in (step.before, step.after):
        if why := side_objection(row, side):
            return f"holds what no plan puts into an account: it {why}"
    if file_of(step.key) is not None and ABSENT in (step.before, step.after):
        return "says that an element of a file comes or goes, which no plan does"
    if isinstance(step.after, Absent):
        return "says that a value of an account is deleted, which no fix does" if kind == "fix" else None
    if isinstance(step.before, RegistryValue) and step.before.type is not step.after.type:
        return "changes the type of a value of an account"
    return None
