# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Can each error be told from the others, and does each that is none of success say what to do?"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.error_rows import ErrorCode
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge

#: HRESULTs of Win32 errors, which stand in the table as those: HRESULT_FROM_WIN32, [MS-ERREF] 2.1.2.
_WIN32 = 0x8007


def error_codes(k: Knowledge) -> Iterator[str]:
    """Every code stands there once, in one spelling, and every text is a clause."""
    codes: dict[int, str] = {}
    for row in k.error_codes.values():
        for field, why in _error_code(row):
            yield f"error_codes.yml: {row.id}: {field}: {why}"
        if row.code in codes:
            yield f"error_codes.yml: {row.id}: code: is the one of {codes[row.code]} too"
        codes.setdefault(row.code, row.id)


def _error_code(row: ErrorCode) -> Iterator[tuple[str, str]]:
    if not 0 <= row.code < 1 << 32:
        yield "code", "must be unsigned and have 32 bits at most"
    if row.code >> 16 == _WIN32:
        yield "code", f"must be that of the Win32 error, {row.code & 0xFFFF}"
    for field, texts in (("says", (row.says,)), ("advice", row.advice)):
        if not all(text and text == text.strip(" .") for text in texts):
            yield field, "must be a clause: without a full stop and without blanks around it"
    if (row.handshake == "works") != (not row.advice):
        yield "advice", "must be given where the handshake was not, or perhaps not, finished"
