# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a ``.reg`` file that is to make mail work. Most such files come from blogs.

regedit says nothing about lines that it does not understand, so a broken file imports "successfully" and half of its
values land elsewhere or nowhere. Each rule below looks at the lines of :mod:`reg_scan` and yields its defects.
"""

from __future__ import annotations

import codecs
import re
import typing as t
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MASK_BITS, Protocol
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Severity
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_scan import Line, scan
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import decode, shown

#: Ends of keys, casefolded: what a value means depends on them alone.
_WINHTTP: t.Final = r"\internet settings\winhttp"
_WOW6432: t.Final = r"\wow6432node"
_POSREADY: t.Final = r"\wpa\posready"
_CRYPTO: t.Final = (r"\advancedoptions\crypto\tls1.1", r"\advancedoptions\crypto\tls1.2")
_PROTOCOL_KEY: t.Final = re.compile(r"\\schannel\\protocols\\([^\\]+)\\(client|server)$")

#: Updates for embedded XP, which ordinary XP refuses without the PosReady flag; IE 8 cumulatives among them.
_EMBEDDED: t.Final = re.compile(r"windowsxp-kb\d{6,7}-[^\s.]{1,20}embedded", re.IGNORECASE)
_IE8_UPDATES: t.Final = re.compile(r"KB(?:4230450|4316682|4493435)\b", re.IGNORECASE)
#: The update whose article documents only these bits of DefaultSecureProtocols.
_XP_WINHTTP_UPDATE: t.Final = re.compile(r"KB4467770", re.IGNORECASE)
_XP_WINHTTP_BITS: t.Final = MASK_BITS[Protocol.TLS11] | MASK_BITS[Protocol.TLS12]

_MASK: t.Final = re.compile(r"(?:0x|dword:)([0-9a-f]{1,8})\b", re.IGNORECASE)
_BIT_ROW: t.Final = re.compile(r"0x([0-9a-f]{1,8})\s+(?:enable\s+)?((?:SSL|TLS) \d\.\d)\b", re.IGNORECASE)
_SSL_BITS: t.Final = MASK_BITS[Protocol.SSL2] | MASK_BITS[Protocol.SSL3]


@dataclass(frozen=True, slots=True)
class Defect:
    """One defect. ``line``: counted from 1; 0 where the file as a whole lacks something.

    ``severity``: HIGH the file does not do what it says, MEDIUM it does only a part, LOW and INFO it does no harm.
    ``code``: one word for machines, such as ``typographic-quotes``; ``message``: one or two sentences for people.
    """

    line: int
    code: str
    message: str
    severity: Severity


def _quotes(lines: tuple[Line, ...]) -> Iterator[Defect]:
    for line in lines:
        if line.repaired:
            message = 'The name stands in typographic quotes; regedit knows only ", so this line sets nothing.'
            yield Defect(line.number, "typographic-quotes", message, Severity.HIGH)


def _headers(lines: tuple[Line, ...]) -> Iterator[Defect]:
    """Headers that regedit does not see, although values follow that are meant for them."""
    for line, followed in _unseen_headers(lines):
        where = f"The values that follow it land in {shown(line.key or 'no key at all', 120)}." if followed else ""
        if line.commented and followed:
            yield Defect(line.number, "commented-header", f"This header is commented out. {where}", Severity.HIGH)
        elif not line.commented:
            message = f"Without [ and ] this is no header. {where}".strip()
            yield Defect(line.number, "header-without-brackets", message, Severity.HIGH)


def _unseen_headers(lines: tuple[Line, ...]) -> Iterator[tuple[Line, bool]]:
    """Each with whether values follow before the next header."""
    pending: Line | None = None
    for line in lines:
        unseen = line.kind == "bare header" or bool(line.commented)
        if pending and (unseen or line.kind in ("header", "value", "broken value")):
            yield pending, line.kind in ("value", "broken value")
            pending = None
        pending = line if unseen else pending
    if pending:
        yield pending, False


def _duplicates(lines: tuple[Line, ...]) -> Iterator[Defect]:
    seen: dict[tuple[str, str], int] = {}
    for line in lines:
        if line.value is None:
            continue
        place = (line.key.casefold(), line.value.name.casefold())
        if place in seen:
            message = (
                f"{_name(line)} in {shown(line.key, 120)} was already set in line {seen[place]}; the last one wins."
            )
            yield Defect(line.number, "duplicate-value", message, Severity.HIGH)
        seen.setdefault(place, line.number)


def _name(line: Line) -> str:
    return shown(line.value.name, 60) or "The default value" if line.value else ""


def _unread_lines(lines: tuple[Line, ...]) -> Iterator[Defect]:
    if not any(line.kind == "signature" for line in lines):
        message = "The first line is not that of a .reg file; regedit refuses to import it."
        yield Defect(1, "no-signature", message, Severity.HIGH)
    for line in lines:
        if line.kind == "other":
            message = f"Neither header nor value nor comment; regedit skips it in silence: {shown(line.text, 40)}"
            yield Defect(line.number, "unknown-line", message, Severity.HIGH)
        elif line.kind == "broken value":
            yield Defect(line.number, "bad-value", f"This value cannot be read: {line.problem}.", Severity.HIGH)
        elif line.kind == "value" and not line.key:
            message = f"{_name(line)} stands before the first header and is not set anywhere."
            yield Defect(line.number, "value-without-key", message, Severity.HIGH)


def _stray(lines: tuple[Line, ...]) -> Iterator[Defect]:
    for line in _set(lines, "secureprotocols", (_WINHTTP,)):
        message = (
            "SecureProtocols is a value of Internet Settings; in the WinHttp key nothing reads it. Found on a host, "
            "it is the trace of a file with this defect."
        )
        yield Defect(line.number, "stray-secure-protocols", message, Severity.HIGH)


def _set(lines: tuple[Line, ...], name: str, ends: tuple[str, ...] = ("",)) -> list[Line]:
    """The lines that set a value of that name in a key with one of these ends."""
    named = [line for line in lines if line.value is not None and line.value.name.casefold() == name]
    return [line for line in named if line.key.casefold().endswith(ends)]


def _mask_claims(lines: tuple[Line, ...]) -> Iterator[Defect]:
    names = {protocol.value: bit for protocol, bit in MASK_BITS.items()}
    for line in lines:
        if line.kind != "comment":
            continue
        masks = [int(found[1], 16) for found in _MASK.finditer(line.text)]
        if "all ssl" in line.text.casefold() and any(mask & _SSL_BITS != _SSL_BITS for mask in masks):
            message = "The comment says that this mask holds SSL; it lacks the bits of SSL 2.0 (0x8) or SSL 3.0 (0x20)."
            yield Defect(line.number, "wrong-mask-claim", message, Severity.LOW)
        for found in _BIT_ROW.finditer(line.text):
            if names.get(found[2].upper(), int(found[1], 16)) != int(found[1], 16):
                message = f"The bit of {found[2].upper()} is {names[found[2].upper()]:#x}, not 0x{found[1]}."
                yield Defect(line.number, "wrong-mask-claim", message, Severity.LOW)
        if "outlook express" in line.text.casefold() and masks:
            message = "This mask is WinHTTP's; SMTP, IMAP and POP3 do not use WinHTTP, so it changes nothing for them."
            yield Defect(line.number, "mask-is-not-for-mail", message, Severity.INFO)


def _undocumented_bits(lines: tuple[Line, ...]) -> Iterator[Defect]:
    """A block of comments that gives the update of XP bits that its article does not know."""
    block: list[Line] = []
    for line in (*lines, Line(0, "other", "")):
        if line.kind == "comment":
            block.append(line)
            continue
        rows = [(row, found) for row in block for found in _BIT_ROW.finditer(row.text)]
        bits = [(row, int(found[1], 16)) for row, found in rows]
        beyond = [row for row, bit in bits if bit & ~_XP_WINHTTP_BITS]
        if beyond and any(_XP_WINHTTP_UPDATE.search(row.text) for row in block):
            message = (
                "The comment gives these bits to KB4467770, which documents only TLS 1.1 (0x200) and TLS 1.2 (0x800); "
                "the longer list is that of KB3140245."
            )
            yield Defect(beyond[0].number, "undocumented-bits", message, Severity.LOW)
        block = []


def _protocol_keys(lines: tuple[Line, ...]) -> Iterator[Defect]:
    for line in lines:
        found = _PROTOCOL_KEY.search(line.key.casefold()) if line.kind == "header" else None
        if found and found[1] == Protocol.TLS13.value.casefold():
            message = "SCHANNEL has TLS 1.3 only from Windows 11 and Server 2022 on; elsewhere this key has no effect."
            yield Defect(line.number, "unsupported-protocol", message, Severity.LOW)
        if found and found[2] == "server":
            message = "A Server key says what this host accepts as a server; for a mail client it means nothing."
            yield Defect(line.number, "server-side-key", message, Severity.INFO)


def _missing(lines: tuple[Line, ...]) -> Iterator[Defect]:
    """What the file should set beside what it sets."""
    text = "\n".join(line.text for line in lines)
    embedded, winhttp = _EMBEDDED.search(text), _set(lines, "defaultsecureprotocols", (_WINHTTP,))
    if embedded and not _set(lines, "installed", (_POSREADY,)):
        message = (
            "The updates it names are for embedded XP; they refuse ordinary XP unless WPA\\PosReady Installed is 1."
        )
        yield Defect(0, "posready-missing", message, Severity.MEDIUM)
    if embedded and _set(lines, "secureprotocols"):
        if not all(_set(lines, "osversion", (key,)) for key in _CRYPTO):
            message = "SecureProtocols on XP also needs OSVersion below AdvancedOptions\\CRYPTO, for TLS1.1 and TLS1.2."
            yield Defect(0, "osversion-missing", message, Severity.MEDIUM)
        if not _IE8_UPDATES.search(text):
            message = "SecureProtocols on XP needs a cumulative update of IE 8 for embedded XP; the file names none."
            yield Defect(0, "ie8-update-missing", message, Severity.MEDIUM)
    native = [line for line in winhttp if _WOW6432 not in line.key.casefold()]
    if native and len(native) == len(winhttp):
        message = "DefaultSecureProtocols is not set below Wow6432Node: on x64, 32-bit programs do not get it."
        yield Defect(native[0].number, "wow6432-missing", message, Severity.LOW)


_RULES: t.Final[tuple[Callable[[tuple[Line, ...]], Iterator[Defect]], ...]] = (
    _quotes,
    _headers,
    _duplicates,
    _unread_lines,
    _stray,
    _mask_claims,
    _undocumented_bits,
    _protocol_keys,
    _missing,
)


def lint(data: bytes) -> tuple[Defect, ...]:
    """All defects of a file, in the order of its lines.

    Values in typographic quotes are reported, and then looked at as if their quotes were right.

    :param data: the file as it is on disk.
    :returns: empty for a good file; never raises.
    """
    lines = scan(decode(data).removeprefix("\ufeff"))
    defects = [defect for rule in _RULES for defect in rule(lines)]
    if not data.startswith(codecs.BOM_UTF16_LE) and any("Version 5" in line.text for line in lines[:1]):
        message = "A file of version 5 is UTF-16 with a byte order mark; 8-bit text is read in the host's code page."
        defects.append(Defect(1, "not-utf16", message, Severity.LOW))
    return tuple(sorted(defects, key=lambda defect: (defect.line, defect.code)))
