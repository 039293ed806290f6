# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What matters to whoever installs something on a host: the language of its Windows, and whether it is in a domain."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import ABSENT, RegistryValue, Unread

_LANGID: t.Final = re.compile(r"[0-9a-f]{4}", re.IGNORECASE | re.ASCII)
#: Start of a service that comes up with Windows; on demand it is 3, never 4.
_AUTOMATIC: t.Final = 2


def install_language(ctx: Context) -> str | None:
    """The language id of Windows itself, as in languages.yml ("0409"); None: it was not read, or is none.

    Programs and users of such a Windows may still show another language (MUI).
    """
    read = _read(ctx, "install-language")
    text = read.data if isinstance(read, RegistryValue) and isinstance(read.data, str) else ""
    return text.lower() if _LANGID.fullmatch(text) else None


def in_domain(ctx: Context) -> bool | Unread:
    """Whether the host is a member of a domain, so that its own account (SYSTEM) can log on to other machines.

    Told by the Net Logon service: joining a domain makes it start with Windows, and only members need it. That is an
    inference: somebody may have set the service by hand. https://www.windows-security.org/windows-service/netlogon
    """
    read = _read(ctx, "netlogon-start")
    if read is ABSENT:
        return False
    if isinstance(read, Unread):
        return Unread(f"{ctx.place('netlogon-start')}: {clause(read.why)}")
    return isinstance(read, RegistryValue) and read.data == _AUTOMATIC


def _read(ctx: Context, row_id: str) -> object:
    row = ctx.knowledge.registry[row_id]
    return ctx.snapshot.image.value(row.key, row.value or "")
