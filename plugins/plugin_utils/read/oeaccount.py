# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Account files of Windows Mail and Windows Live Mail (``account{...}.oeaccount``).

XML in UTF-16, one element per value of :mod:`accounts`, blanks written as underscores:
``<SMTP_Port type="DWORD">0000024b</SMTP_Port>``. The text of a DWORD is hexadecimal without prefix.
A file comes from a host, so a document type, and with it every entity, is refused before the XML parser sees it.
Of its elements only those are kept of which an account is made: no password, no user name, no folder.
"""

from __future__ import annotations

import re
import typing as t
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.account_files import file_key, file_of, name_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryImage,
    RegistryKey,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import UserHive
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.account_legs import (
    AccountReading,
    Dialect,
    legs,
    stored_protocols,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

#: Of :attr:`MailAccount.kind`, and of the clients that keep such files.
KIND: t.Final = "oeaccount"
#: Real files have 2 to 4 KB and below 100 elements.
MOST_BYTES: t.Final = 256 * 1024

_ROOT: t.Final = "MessageAccount"
_MOST_TAGS: t.Final = 2000
_NUMBER: t.Final = re.compile(r"[0-9a-fA-F]{1,8}", re.ASCII)
_WORDS: t.Final = {"TRUE": 1, "FALSE": 0}
_TEXTS: t.Final = re.compile(r"account name|smtp email address|(?:smtp|pop3|imap) server", re.IGNORECASE)
_NUMBERS: t.Final = re.compile(r"(?:smtp|pop3|imap) (?:port|secure connection|use sicily)", re.IGNORECASE)


class _Refused(Exception):
    """The file is not what it should be; the message says why."""


def _root(text: str) -> ET.Element:
    text = text.removeprefix("\ufeff").strip()
    if "<!" in text.replace("<!--", ""):
        raise _Refused("it holds a document type or a marked section")
    if text.count("<") > _MOST_TAGS:
        raise _Refused("it has too many elements")
    try:
        root = ET.fromstring(text)
    except (ET.ParseError, ValueError) as problem:
        raise _Refused(f"it is not XML: {shown(str(problem))}") from None
    if root.tag != _ROOT:
        raise _Refused(f"its root is {shown(root.tag, 30)}, not {_ROOT}")
    return root


def _value(element: ET.Element) -> RegistryValue | None:
    """What an element says, its text as it stands there; None where no account is made of it."""
    name, kind = name_of(element.tag), element.get("type", "").upper()
    if _TEXTS.fullmatch(name):
        return None if len(element) or kind != "SZ" else RegistryValue(name, RegistryType.SZ, element.text or "")
    if not _NUMBERS.fullmatch(name):
        return None
    if len(element) or kind != "DWORD":
        return RegistryValue(name, RegistryType.NONE, b"")
    return RegistryValue(name, RegistryType.SZ, element.text or "")


def account_file(text: str, key: str) -> RegistryKey | Unread:
    """What an account's file says of servers, as the values of that key, each with the text that stands in it.

    :param text: what the file holds; elements of passwords may be missing.
    :param key: see ``model.account_files``.
    """
    try:
        if len(text) > MOST_BYTES:
            raise _Refused("it is too large")
        values: dict[str, RegistryValue] = {}
        seen: set[str] = set()
        for element in _root(text):
            name = element.tag.casefold()
            if name in seen:
                raise _Refused(f"ambiguous: {shown(name_of(element.tag), 40)} stands in it twice")
            seen.add(name)
            if (value := _value(element)) is not None:
                values[value.name.casefold()] = value
    except _Refused as problem:
        return Unread(f"not an account file: {problem}")
    return RegistryKey(key, tuple(values.values()))


def number_of_text(text: str) -> int | None:
    """The number that the text of an element of type DWORD is; None where it is none."""
    return int(text, 16) if _NUMBER.fullmatch(text) else None


def _typed(key: RegistryKey) -> RegistryKey:
    """The key with numbers where its texts are numbers, as an account of the registry has them."""
    return replace(key, values=tuple(_as_number(value) for value in key.values))


def _as_number(value: RegistryValue) -> RegistryValue:
    if not isinstance(value.data, str) or not _NUMBERS.fullmatch(value.name):
        return value
    text = value.data.strip()
    number = _WORDS.get(text.upper(), number_of_text(text))
    return value if number is None else replace(value, type=RegistryType.DWORD, data=number)


def file_accounts(image: RegistryImage, user: UserHive, dialects: Callable[[str], Dialect]) -> AccountReading:
    """The accounts that a user keeps in files, as far as the files are in the image.

    :param dialects: how the client stores accounts whose file has that path.
    """
    reading = AccountReading()
    above = file_key(user.root, "").casefold()
    seen: set[str] = set()
    for region in image.regions:
        root = region.root.casefold()
        if root in seen or not root.startswith(above):
            continue
        seen.add(root)
        if isinstance(region.keys, Unread):
            reading += AccountReading(unread=((region.root, region.keys.why),))
        for key in region.keys.values() if isinstance(region.keys, Mapping) else ():
            typed = _typed(key)
            reading += legs(typed, stored_protocols(typed), user.sid, dialects(file_of(key.path) or ""))
    return reading
