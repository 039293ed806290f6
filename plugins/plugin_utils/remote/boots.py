# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which boot a host runs, and the line that ends it.

Programs are closed by force (``/f``), so unsaved work is lost. Without it, XP waits for ever for the first program that
asks its user something, and refuses while its screen is locked; since Vista, a delay implies it anyway.
https://learn.microsoft.com/windows-server/administration/windows-commands/shutdown

The line asks first, in the same shell of the host, whether that still runs the boot that is to end, and a Windows that
is going down says so. So it may be sent again when its answer was lost: no host is ever restarted twice by it.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryImage,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import own
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, Section, by_code, section

#: What a look at a host asks for: its boot, and that it is still the same machine that answers.
IDENTITY: t.Final = own.identity_section(with_name=True)
#: Code of the request in an answer.
REQUEST: t.Final = "RST"

_BOOT: t.Final = tuple(by_code((IDENTITY,))[code] for code in ("BID", "SHT"))
#: Seconds between the answer and the shutdown.
_DELAY: t.Final = 5
_SAID: t.Final = "MailFleet code "
_SAYS: t.Final = re.compile(rf"{_SAID}(\d+) *")


class Reply(Enum):
    """What a host says to the request. LATER: it is not ready, or runs another boot by now; nothing was done."""

    TAKEN = auto()
    UNDER_WAY = auto()
    DENIED = auto()
    LATER = auto()
    FAILED = auto()


#: Exit codes of shutdown.exe, which are errors of Windows: ERROR_ACCESS_DENIED, ERROR_NOT_READY (to be tried again),
#: ERROR_SHUTDOWN_IN_PROGRESS, ERROR_SHUTDOWN_IS_SCHEDULED; 1 stands for every other one.
#: https://learn.microsoft.com/windows/win32/api/winreg/nf-winreg-initiatesystemshutdownexw
_REPLIES: t.Final = {
    5: Reply.DENIED,
    21: Reply.LATER,
    1115: Reply.UNDER_WAY,
    1190: Reply.UNDER_WAY,
    0: Reply.TAKEN,
    1: Reply.FAILED,
}


@dataclass(frozen=True, slots=True)
class Said:
    """``words``: of shutdown.exe itself, in the host's language, for people."""

    reply: Reply
    words: str = ""


def boot_in(image: RegistryImage) -> str | Unread:
    """What tells the boot that runs on the host from all others (see ``own.boot``), from what ``IDENTITY`` read."""
    reasons = (found.why for found in _values(image) if isinstance(found, Unread))
    return own.boot(image) or Unread(next(reasons, "it has neither a BootId nor a ShutdownTime"))


def _values(image: RegistryImage) -> tuple[t.Any, ...]:
    return tuple(image.value(query.root, str(query.value)) for query in _BOOT)


def request(image: RegistryImage) -> Section:
    """Restart, if the host still runs the boot of that image. Only numbers and hex digits of it stand in the line."""
    others = "".join(
        f"&(if errorlevel {code} (if not errorlevel {code + 1} (echo {_SAID}{code})))" for code in _REPLIES if code > 1
    )
    command = (
        f"shutdown /r /t {_DELAY} /f&(if not errorlevel 1 (echo {_SAID}0)){others}&(if errorlevel 1 (echo {_SAID}1))"
    )
    for query, value in zip(_BOOT, _values(image), strict=True):
        data = value.data if isinstance(value, RegistryValue) else None
        text = f"0x{data:x}" if isinstance(data, int) else data[:16].hex() if isinstance(data, bytes) else ""
        if text:
            command = f'{query.text(False)}|find /i "{text}" >nul&(if not errorlevel 1 ({command}))'
    return section("restart", Query(REQUEST, command=command))


def said(lines: Iterable[str] | Unread) -> Said:
    """What the host answered to the request."""
    texts = () if isinstance(lines, Unread) else tuple(lines)
    codes = [int(found[1]) for line in texts if (found := _SAYS.fullmatch(line))]
    if not codes:
        return Said(Reply.LATER)
    words = " ".join(word for line in texts if not _SAYS.fullmatch(line) for word in line.split())
    return Said(_REPLIES.get(codes[0], Reply.FAILED), shown(words, 200))
