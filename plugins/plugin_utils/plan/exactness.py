# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be put back exactly as it was, and kept in a journal meanwhile.

reg.exe prints the text of a value through the code page of a console, and ends it at the first NUL and at a line break
at its end; a letter that the page lacks becomes "?". Numbers and bytes arrive as they are. So a text that is nothing
but printable ASCII is what stands in the registry, any other one may not be. Some things nobody can see in the output:
a line break at the very end of a text, what follows a NUL, wide letters that Windows prints as their ASCII cousins, and
a REG_DWORD or REG_QWORD of the wrong size, where it is printed as a number.

reg.exe prints REG_NONE also for types that Windows has no name for, and turns the bytes of some others into a number or
a text in ways that nobody documents: data of such types are never taken for what stands there.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    Absent,
    RegistryData,
    RegistryType,
    RegistryValue,
    is_secret,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.logins import holds_login

_PRINTABLE: t.Final = re.compile(r"[ -~]*")
_UTF_8: t.Final = 65001
_NUMBERS: t.Final = {RegistryType.DWORD: 32, RegistryType.QWORD: 64}
_TEXTS: t.Final = frozenset({RegistryType.SZ, RegistryType.EXPAND_SZ})
#: Characters of a text, or of all items of a list, and bytes: far more than a plan ever meets in its places.
_LONGEST: t.Final = 16384
_LARGEST: t.Final = 65536


def objection(value: RegistryValue | Absent, codepage: int | None) -> str:
    """Why that value may not become a side of a step; "" where it may. Goes on in a sentence about the value.

    :param codepage: through which the host was read; None: unknown.
    """
    if isinstance(value, Absent):
        return ""
    if is_secret(value.name):
        return "may hold a password, which no journal may keep"
    if _is_large(value.data):
        return "is larger than anything that is put back"
    if holds_login(value.data):
        return "holds a user and a password, which no journal may keep"
    if value.type in _NUMBERS:
        fits = isinstance(value.data, int) and 0 <= value.data < 1 << _NUMBERS[value.type]
        return "" if fits else f"is no {value.type.value} that could be put back"
    if value.type in _TEXTS:
        return _of_text(value.data, codepage) if isinstance(value.data, str) else _of_no_type(value)
    if value.type is RegistryType.MULTI_SZ:
        return _of_list(value, codepage)
    if value.type is not RegistryType.BINARY:
        return f"is a {value.type.value}, and data of that type cannot be put back for sure"
    return "" if isinstance(value.data, bytes) else _of_no_type(value)


def _is_large(data: RegistryData) -> bool:
    if isinstance(data, tuple):
        return sum(len(item) + 1 for item in data) > _LONGEST
    if isinstance(data, bytes):
        return len(data) > _LARGEST
    return isinstance(data, str) and len(data) > _LONGEST


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
