# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows about errors that Windows and mail clients tell of."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorCode(Row):
    """What an error means for a connection over TLS.

    ``id``: Microsoft's name, without ERROR_WINHTTP_. ``code``: unsigned, 32 bits; a Win32 error, or an HRESULT that
    carries none. ``handshake``: whether the TLS handshake was finished, as far as the error alone tells. ``says``: a
    clause for people; ``advice``: further ones, what to do, the likeliest cause first.
    """

    id: str
    code: int
    handshake: t.Literal["works", "fails", "unknown"]
    says: str
    advice: tuple[str, ...] = ()
