# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the bytes of an answer to text, by the code page that the host itself names (``chcp``)."""

from __future__ import annotations

import codecs
import re
import typing as t

_DIGITS: t.Final = re.compile(rb"(?<!\d)\d{3,5}(?!\d)")
#: Code pages whose codec in Python has another name than cpNNN.
_NAMES: t.Final = {
    1361: "johab",
    20127: "ascii",
    20866: "koi8_r",
    20932: "euc_jp",
    21866: "koi8_u",
    28591: "iso8859_1",
    28592: "iso8859_2",
    28605: "iso8859_15",
    51949: "euc_kr",
    54936: "gb18030",
    65001: "utf_8",
}


def codepage_of(output: bytes, token: str, code: str) -> int | None:
    """The code page that the section of that code names; None where it is not there.

    Marks and digits are ASCII in every code page that a console of Windows can have.
    """
    start = output.find(f"{token}:{code}".encode("ascii"))
    if start < 0:
        return None
    end = output.find(token.encode("ascii"), start + 1)
    found = _DIGITS.findall(output[output.find(b"\n", start) : end if end >= 0 else None])
    return int(found[-1]) if found else None


def codec_of(codepage: int | None) -> str | None:
    """The name of Python's codec for a code page, None where there is none."""
    if codepage is None:
        return None
    name = _NAMES.get(codepage, f"cp{codepage}")
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None


def decode(output: bytes, codepage: int | None) -> str:
    """The text of an answer. Bytes that mean nothing become U+FFFD; so does all but ASCII if the page is unknown."""
    return output.decode(codec_of(codepage) or "ascii", "replace")
