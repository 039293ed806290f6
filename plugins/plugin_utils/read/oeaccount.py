# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Account files of Windows Mail and Windows Live Mail (``account{...}.oeaccount``).

XML in UTF-16, one element per value of :mod:`accounts`, blanks written as underscores:
``<SMTP_Port type="DWORD">0000024b</SMTP_Port>``. The text of a DWORD is hexadecimal without prefix.
A file comes from a host, so a document type, and with it every entity, is refused before the XML parser sees it.
"""

from __future__ import annotations

import re
import typing as t
import xml.etree.ElementTree as ET
from collections.abc import Iterable

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryKey,
    RegistryType,
    RegistryValue,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.account_legs import (
    AccountReading,
    express_dialect,
    legs,
    stored_protocols,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import decode, shown

#: On which SMTP ports "secure" means STARTTLS is not documented beyond port 25.
STARTTLS_PORTS: t.Final = (25,)
UNKNOWN_PORTS: t.Final = (587,)

_ROOT: t.Final = "MessageAccount"
#: Real files have 2 to 4 KB and below 100 elements.
_MOST_BYTES: t.Final = 256 * 1024
_MOST_TAGS: t.Final = 2000
_NUMBER: t.Final = re.compile(r"[0-9a-fA-F]{1,8}")
_WORDS: t.Final = {"TRUE": 1, "FALSE": 0}


class _Refused(Exception):
    """The file is not what it should be; the message says why."""


def _root(data: bytes) -> ET.Element:
    if len(data) > _MOST_BYTES:
        raise _Refused(f"it has {len(data)} bytes")
    text = decode(data).removeprefix("\ufeff")
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
    """The value that an element holds, as the registry would; None where it is of no use. (Passwords are BINARY.)"""
    name, text = element.tag.replace("_", " "), (element.text or "").strip()
    kind = element.get("type", "").upper()
    if len(element):
        return None
    if kind == "SZ":
        return RegistryValue(name, RegistryType.SZ, element.text or "")
    if kind != "DWORD":
        return None
    if text.upper() in _WORDS:
        return RegistryValue(name, RegistryType.DWORD, _WORDS[text.upper()])
    return RegistryValue(name, RegistryType.DWORD, int(text, 16) if _NUMBER.fullmatch(text) else text)


def oeaccount_accounts(
    data: bytes,
    *,
    user: str,
    file: str,
    starttls_ports: Iterable[int] = STARTTLS_PORTS,
    unknown_ports: Iterable[int] = UNKNOWN_PORTS,
) -> AccountReading:
    """The legs of the account that a file holds.

    :param data: what the file holds.
    :param user: SID of the user whose file it is.
    :param file: its path, for :attr:`MailAccount.key`.
    :returns: a reading; what cannot be read is in ``unread``. Never raises.
    """
    try:
        root = _root(data)
    except _Refused as problem:
        return AccountReading(unread=((file, f"not an account file: {problem}"),))
    values: dict[str, RegistryValue] = {}
    for element in root:
        value = _value(element)
        if value and value.name.casefold() in values:
            return AccountReading(unread=((file, f"ambiguous: {shown(value.name, 40)} stands in it twice"),))
        if value:
            values[value.name.casefold()] = value
    key = RegistryKey(file, tuple(values.values()))
    return legs(key, stored_protocols(key), user, express_dialect("oeaccount", starttls_ports, unknown_ports))
