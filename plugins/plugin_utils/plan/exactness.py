# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be put back exactly as it was, and kept in a journal meanwhile.

reg.exe prints the text of a value through the code page of a console, and ends it at the first NUL and at a line break
at its end; a letter that the page lacks becomes "?". Numbers and bytes arrive as they are. So a text that is nothing
but printable ASCII is what stands in the registry, any other one may not be. Three things nobody can see in the output:
a line break at the very end of a text, what follows a NUL, and wide letters that Windows prints as their ASCII cousins.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.proxy_settings import strings_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    Absent,
    RegistryData,
    RegistryType,
    RegistryValue,
    is_secret,
)

_PRINTABLE: t.Final = re.compile(r"[ -~]*")
_UTF_8: t.Final = 65001
_NUMBERS: t.Final = {RegistryType.DWORD: 32, RegistryType.QWORD: 64}
_TEXTS: t.Final = frozenset({RegistryType.SZ, RegistryType.EXPAND_SZ})
#: A user and a password before the name of a server, in text or in the bytes of proxy settings.
_USERINFO: t.Final = re.compile(r"[^\x00-\x20\x7f-\U0010ffff/@;=:]+:[^\x00-\x20\x7f-\U0010ffff/@;]*@")


def objection(value: RegistryValue | Absent, codepage: int | None) -> str:
    """Why that value may not become a side of a step; "" where it may. Goes on in a sentence about the value.

    :param codepage: through which the host was read; None: unknown.
    """
    if isinstance(value, Absent):
        return ""
    if is_secret(value.name):
        return "may hold a password, which no journal may keep"
    if _holds_password(value.data):
        return "holds a user and a password, which no journal may keep"
    if value.type in _NUMBERS:
        wrong = not isinstance(value.data, int) or not 0 <= value.data < 1 << _NUMBERS[value.type]
        return f"is no {value.type.value} that could be put back" if wrong and not isinstance(value.data, bytes) else ""
    if value.type in _TEXTS:
        return _of_text(value.data, codepage) if isinstance(value.data, str) else _of_no_type(value)
    if value.type is RegistryType.MULTI_SZ:
        return _of_list(value, codepage)
    return "" if isinstance(value.data, bytes) else _of_no_type(value)


def _of_no_type(value: RegistryValue) -> str:
    return f"was printed in a way that does not fit {value.type.value}, so its data are not known"


def _of_list(value: RegistryValue, codepage: int | None) -> str:
    if not isinstance(value.data, tuple):
        return _of_no_type(value)
    if "" in value.data or any("\\0" in item for item in value.data):
        return "is a list whose items cannot be told apart for sure"
    return next((why for item in value.data if (why := _of_text(item, codepage))), "")


def _of_text(text: RegistryData, codepage: int | None) -> str:
    if not isinstance(text, str) or not _PRINTABLE.fullmatch(text):
        return "holds other characters than printable ASCII, which cannot be put back for sure"
    if text != text.strip():
        return "begins or ends with a blank, which cannot be put back for sure"
    if "?" in text and codepage != _UTF_8:
        return 'holds "?", which may stand for a letter that the code page lacks'
    return ""


def _holds_password(data: RegistryData) -> bool:
    if isinstance(data, tuple):
        return any(map(_holds_password, data))
    if isinstance(data, bytes):
        strings, rest = strings_of(data)
        return any("@" in one for one in strings) or _USERINFO.search(rest.decode("latin-1")) is not None
    return isinstance(data, str) and _USERINFO.search(data) is not None
