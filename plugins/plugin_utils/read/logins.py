# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and passwords that people put before the name of a proxy, in clear text: ``http://bob:secret@proxy:8080``.

A password may hold any sign, so where a login begins and ends is not looked for. An "@" is enough, be it written as
"%40": names of servers have none, and nothing else that is written to a host by us has one.
https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryData,
    RegistryType,
    RegistryValue,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.certificate_blob import root_in
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.proxy import (
    ConnectionSettings,
    WinHttpProxy,
    connection_settings,
    winhttp_settings,
)

#: What stands in place of data that may hold a login.
HIDDEN: t.Final = "(not shown: may hold a user and a password)"
_TEXTS: t.Final = frozenset({RegistryType.SZ, RegistryType.EXPAND_SZ})
#: In a text, which may be UTF-16 that was taken for bytes.
_SIGN: t.Final = re.compile(r"@|%\0?4\0?0")
#: Among other bytes: a 0x40 with nothing but NULs around it is a number.
_SIGN_IN_BYTES: t.Final = re.compile(rb"%\0?4\0?0|[!-~]\0?@|@\0?(?:[^\0]|\Z)")


def holds_login(data: RegistryData | None) -> bool:
    """Whether data of whatever type may hold a name and a password: no plan and no journal may carry them.

    Takes time in proportion to the data, whatever they are.
    """
    if isinstance(data, tuple):
        return any(map(holds_login, data))
    if isinstance(data, str):
        return _SIGN.search(data) is not None
    # A certificate is public, and some of its bytes look like anything.
    if not isinstance(data, bytes) or root_in(data) is not None:
        return False
    strings, rest = strings_of(data)
    return any(map(holds_login, strings)) or _SIGN_IN_BYTES.search(rest) is not None


def hidden(value: RegistryValue) -> bool:
    """Whether no result may show the data of that value, but :data:`HIDDEN`.

    So it is with data that do not fit their type, too: those are pieces of something printed, and nobody can tell what.
    """
    return holds_login(value.data) or (isinstance(value.data, str) and value.type not in _TEXTS)


def clean(words: str) -> str:
    """Words of a host as a result may show them."""
    return HIDDEN if holds_login(words) else words


def strings_of(data: bytes) -> tuple[tuple[str, ...], bytes]:
    """(the strings of a record of proxies, what else it holds); the latter is all where it cannot be understood."""
    wininet, winhttp = connection_settings(data), winhttp_settings(data)
    if isinstance(wininet, ConnectionSettings):
        return (wininet.proxy, wininet.bypass, wininet.script), wininet.tail
    if isinstance(winhttp, WinHttpProxy):
        return (winhttp.proxy, winhttp.bypass), winhttp.tail
    return (), data
