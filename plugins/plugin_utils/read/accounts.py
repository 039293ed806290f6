# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail accounts in the registry of a user: Outlook's profiles, Outlook Express and its identities.

What is not stored has a default: Outlook and Outlook Express leave out ports that are 110, 143 or 25, whatever the
security. Texts are REG_BINARY holding UTF-16 in Outlook up to 2010 and REG_SZ later; both are read everywhere.
Nothing here ever looks at a password.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import RegistryPath
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailProtocol, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    Absent,
    RegistryImage,
    RegistryKey,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import UserHive
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.account_legs import (
    PREFIX,
    AccountReading,
    Dialect,
    Wrong,
    legs,
    number_of,
    stored_protocols,
    text_of,
)

__all__ = [
    "AccountPaths",
    "AccountReading",
    "ProfileRoot",
    "account_paths",
    "outlook_accounts",
    "outlook_express_accounts",
]

#: Kinds of accounts by ``clsid``, from the constants of Outlook's Account Management API.
_POP3_CLASS: t.Final = "{ed475411-b0d6-11d2-8c3b-00104b2a6676}"
_IMAP_CLASS: t.Final = "{ed475412-b0d6-11d2-8c3b-00104b2a6676}"
_MAPI_CLASS: t.Final = "{ed475414-b0d6-11d2-8c3b-00104b2a6676}"
_EAS_CLASS: t.Final = "{4db5cbf0-3b77-4852-bc8e-bb81908861f3}"
_INCOMING: t.Final = {_POP3_CLASS: MailProtocol.POP3, _IMAP_CLASS: MailProtocol.IMAP}
#: Of the many services of the class above, the one that is Exchange; others are stores and address books.
_EXCHANGE_SERVICE: t.Final = "MSEMS"
_OUTLOOK_SECURITY: t.Final = {0: Security.NONE, 1: Security.IMPLICIT, 2: Security.STARTTLS, 3: Security.AUTO}


@dataclass(frozen=True, slots=True)
class ProfileRoot:
    """A key whose subkeys are Outlook profiles, relative to the hive of the user.

    ``versions``: the versions of Outlook that keep profiles there, newest first, each with the place (key, name of a
    value) that exists where it is installed; without a place the version is certain.
    """

    key: str
    versions: tuple[tuple[str, tuple[str, str] | None], ...]


@dataclass(frozen=True, slots=True)
class AccountPaths:
    """Where accounts stand. ``manager`` and ``identities`` (Outlook Express) are relative to the hive of the user."""

    profiles: tuple[ProfileRoot, ...]
    manager: str
    identities: str


def account_paths(registry: Mapping[str, RegistryPath]) -> AccountPaths:
    """The places where accounts stand, out of the table of registry paths.

    :raises KeyError: the table lacks one of them.
    """
    shared = [
        (version, (place.key, place.value or ""))
        for version, number in (("14.0", "14"), ("12.0", "12"), ("11.0", "11"))
        for place in (registry[f"outlook-{number}-root"], registry[f"outlook-{number}-root-wow6432"])
    ]
    return AccountPaths(
        profiles=(
            ProfileRoot(registry["outlook-profiles-16"].key, (("16.0", None),)),
            ProfileRoot(registry["outlook-profiles-15"].key, (("15.0", None),)),
            ProfileRoot(registry["outlook-profiles-mapi"].key, tuple(shared)),
        ),
        manager=registry["outlook-express-accounts"].key,
        identities=registry["outlook-express-identities"].key,
    )


def _outlook_security(key: RegistryKey, protocol: MailProtocol, _port: int) -> Security:
    """``Secure Connection`` says more than ``Use SSL`` (documented for SMTP; for IMAP and POP3 read where it is there).

    "No encryption" and "use SSL" together contradict each other: UNKNOWN.
    """
    mode = number_of(key, f"{PREFIX[protocol]} Secure Connection")
    ssl = bool(number_of(key, f"{PREFIX[protocol]} Use SSL"))
    if mode is None:
        return Security.IMPLICIT if ssl else Security.NONE
    if mode == 0 and ssl:
        return Security.UNKNOWN
    return _OUTLOOK_SECURITY.get(mode, Security.UNKNOWN)


def _outlook_account(key: RegistryKey, user: str, version: str) -> AccountReading:
    def spa(account: RegistryKey, protocol: MailProtocol) -> bool:
        return bool(number_of(account, f"{PREFIX[protocol]} Use SPA"))

    try:
        kind = text_of(key, "clsid").casefold()
        name = text_of(key, "Account Name") or key.path.rpartition("\\")[2]
        if kind == _EAS_CLASS:
            return AccountReading(others=(f"eas: {name}",))
        if kind == _MAPI_CLASS and text_of(key, "Service Name").upper().startswith(_EXCHANGE_SERVICE):
            return AccountReading(others=(f"exchange: {name}",))
    except Wrong as wrong:
        value, why = wrong.args
        return AccountReading(unread=((f"{key.path} | {value}", why),))
    if kind and kind not in _INCOMING:
        return AccountReading()
    incoming = [_INCOMING[kind]] if kind else list(stored_protocols(key))
    if not incoming:
        return AccountReading()
    return legs(key, incoming, user, Dialect("outlook", version, "Email", _outlook_security, spa))


def _below(image: RegistryImage, path: str) -> tuple[tuple[RegistryKey, ...], AccountReading]:
    """All keys below a path; nothing and a note where they could not be read."""
    keys = image.below(path)
    if isinstance(keys, Unread):
        return (), AccountReading(unread=((path, keys.why),))
    return (() if isinstance(keys, Absent) else keys), AccountReading()


def _version(image: RegistryImage, root: ProfileRoot) -> str:
    """The newest installed version of Outlook that keeps its profiles there; "" where nobody knows."""
    for version, place in root.versions:
        if place is None or isinstance(image.value(*place), RegistryValue):
            return version
    return ""


def outlook_accounts(image: RegistryImage, user: UserHive, paths: AccountPaths) -> AccountReading:
    """The accounts in all Outlook profiles of a user.

    All keys below a profile are looked at, because accounts do not always stand in the usual section.

    :returns: one leg per protocol and account; never raises.
    """
    reading = AccountReading()
    for root in paths.profiles:
        keys, problem = _below(image, f"{user.root}\\{root.key}")
        version = _version(image, root) if keys else ""
        reading += problem
        for key in keys:
            reading += _outlook_account(key, user.sid, version)
    return reading


def _express_account(key: RegistryKey, user: str, dialect: Dialect) -> AccountReading:
    """The legs of one account; directories (LDAP) and news have none."""
    reading = legs(key, stored_protocols(key), user, dialect)
    if key.get("HTTPMail Server"):
        reading += AccountReading(others=(f"httpmail: {_name_of(key)}",))
    return reading


def _name_of(key: RegistryKey) -> str:
    try:
        return text_of(key, "Account Name") or key.path.rpartition("\\")[2]
    except Wrong:
        return key.path.rpartition("\\")[2]


def outlook_express_accounts(
    image: RegistryImage,
    user: UserHive,
    paths: AccountPaths,
    dialect: Dialect,
) -> AccountReading:
    """The accounts of Outlook Express: those of the main identity, and those of all others.

    :returns: one leg per protocol and account; never raises.
    """
    accounts = f"{paths.manager}\\Accounts"
    main, reading = _below(image, f"{user.root}\\{accounts}")
    others, problem = _below(image, f"{user.root}\\{paths.identities}")
    reading += problem
    prefix = rf"{re.escape(user.root)}\\(?:{re.escape(paths.identities)}\\[^\\]+\\)?"
    account = re.compile(rf"{prefix}{re.escape(accounts)}\\[^\\]+", re.IGNORECASE)
    for key in (*main, *others):
        if account.fullmatch(key.path):
            reading += _express_account(key, user.sid, dialect)
    return reading
