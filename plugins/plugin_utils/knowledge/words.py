# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words that the tables may use, and the error that says where a table is wrong."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

#: Names of SCHANNEL's registry keys, oldest first.
PROTOCOLS: t.Final = ("SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3")
#: All bits of DefaultSecureProtocols and SecureProtocols.
#: https://learn.microsoft.com/windows/win32/winhttp/option-flags
MASK_BITS: t.Final = 0x0008 | 0x0020 | 0x0080 | 0x0200 | 0x0800 | 0x2000
ARCHITECTURES: t.Final = frozenset({"x86", "amd64", "arm64"})
MAIL_PROTOCOLS: t.Final = frozenset({"smtp", "imap", "pop3"})
STACKS: t.Final = frozenset({"schannel", "winhttp", "wininet", "nss", "openssl", "webview2", "none"})
ACCOUNT_STORES: t.Final = frozenset({"outlook", "outlook-express", "oeaccount", "none"})
AUTH_METHODS: t.Final = frozenset({"password", "app_password", "oauth2"})
PORT_SECURITY: t.Final = frozenset({"implicit", "starttls"})
POLICY_WORDS: t.Final = frozenset({"on", "off", "leave", "on_where_shipped_off"})
SEVERITIES: t.Final = frozenset({"info", "low", "medium", "high"})
FAMILIES: t.Final = frozenset(
    {
        "os",
        "tls",
        "winhttp",
        "wininet",
        "dotnet",
        "updates",
        "firewall",
        "proxy",
        "accounts",
        "trust",
        "clock",
        "reboot",
    }
)
REGISTRY_TYPES: t.Final = frozenset({"REG_SZ", "REG_EXPAND_SZ", "REG_BINARY", "REG_DWORD", "REG_MULTI_SZ", "REG_QWORD"})


class TableError(ValueError):
    """A table is wrong. ``file``, ``row`` and ``field`` say where ("" where that cannot be said), ``why`` says what."""

    def __init__(self, file: str, row: str, field: str, why: str) -> None:
        super().__init__(": ".join(part for part in (file, row, field, why) if part))
        self.file, self.row, self.field, self.why = file, row, field, why


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words that updates.yml defines for itself: capability → meaning, prerequisite → versions of NT it applies to."""

    capabilities: Mapping[str, str]
    prerequisites: Mapping[str, tuple[str, ...]]
