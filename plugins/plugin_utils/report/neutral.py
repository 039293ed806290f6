# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from hosts, made safe to show.

A host can name a key so that a terminal obeys it (escape sequences), that a line reads backwards (bidirectional
marks), or that one line looks like two. All such characters become visible escapes.
https://www.unicode.org/reports/tr9/, https://trojansource.codes/
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping

#: C0 and C1 controls, DEL, bidirectional and zero-width marks, line and paragraph separators, tags, lone surrogates.
_HOSTILE: t.Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\U000e0000-\U000e007f]"
)
#: Longest text that a result carries; longer ones are cut and say so.
LONGEST: t.Final = 2000


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def neutral(text: str) -> str:
    """The text with every character that a console or a reader could stumble over as a visible escape."""
    shown = _HOSTILE.sub(_escape, text)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}... ({len(shown)} characters)"


def plain(data: t.Any) -> t.Any:
    """Anything, as types that JSON has: tuples and sets as lists, bytes as hexadecimal digits, text made neutral."""
    if data is None or isinstance(data, (bool, int, float)):
        return data
    if isinstance(data, bytes):
        return neutral(data.hex())
    if isinstance(data, Mapping):
        return {neutral(str(key)): plain(value) for key, value in data.items()}
    if isinstance(data, (frozenset, set)):
        return sorted(plain(item) for item in data)
    if isinstance(data, (tuple, list)):
        return [plain(item) for item in data]
    return neutral(str(data))
