# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's own copy of a journal: values ``Data1`` ... ``DataN`` and ``State`` below our key, one key for each run.

What stands there is input like any other. Commands are made of our constants, ids of runs and base64 only.
"""

from __future__ import annotations

import base64
import binascii
import re
import typing as t
import zlib
from collections.abc import Iterable, Sequence

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal_codec import (
    MOST_BYTES,
    JournalError,
    Signed,
    as_json,
    from_json,
    is_run,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryKey, RegistryType
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.commands import removal_of_empty
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.own import JOURNALS, LOCKS, ROOT

#: What a run says of itself on the host, in this order.
STATES: t.Final = ("prepared", "begun", "done")

#: Characters of one piece; reg.exe, cmd.exe and the line of the connection all take that.
_PIECE: t.Final = 1000
#: Pieces of one journal: far more than the largest journal has.
_MOST_PIECES: t.Final = 8192
_BASE64: t.Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9+/]*={0,2}")
_NAME: t.Final = re.compile(r"data([1-9][0-9]{0,3})", re.IGNORECASE | re.ASCII)


def pieces(signed: Signed) -> tuple[str, ...]:
    """The journal as text that any command line carries: base64 of zlib of JSON, at most 1,000 characters each.

    No piece begins with ``/``, ``+`` or ``=``, which reg.exe could take for a switch and cmd.exe for a separator.

    :raises JournalError: it is no sound journal, or too large to be read back.
    """
    text = base64.b64encode(zlib.compress(as_json(signed), 9)).decode("ascii")
    found = []
    while text:
        cut = min(_PIECE, len(text))
        while 1 < cut < len(text) and not text[cut].isalnum():
            cut -= 1
        found.append(text[:cut])
        text = text[cut:]
    return tuple(found)


def kept_pieces(key: RegistryKey) -> tuple[str, ...]:
    """``Data1`` to ``DataN`` as far as they are text and none is missing between them."""
    found: dict[int, str] = {}
    for value in key.values:
        number = _NAME.fullmatch(value.name)
        if number and value.type is RegistryType.SZ and isinstance(value.data, str):
            found[int(number[1])] = value.data
    kept: list[str] = []
    while len(kept) + 1 in found:
        kept.append(found[len(kept) + 1])
    return tuple(kept)


def signed_of(key: RegistryKey) -> Signed:
    """The journal that a key of the host holds; its signature is not verified here.

    :raises JournalError: it holds none, or not the one of the run that it is named after.
    """
    found = kept_pieces(key)
    if not found:
        raise JournalError("the host keeps no journal there")
    if len(found) > _MOST_PIECES or sum(map(len, found)) > MOST_BYTES:
        raise JournalError("the journal is larger than any that is made")
    try:
        packed = base64.b64decode("".join(found).encode("ascii"), validate=True)
        unpacker = zlib.decompressobj()
        # One byte more than allowed: what would grow beyond that is never unpacked.
        raw = unpacker.decompress(packed, MOST_BYTES + 1)
    except (UnicodeEncodeError, binascii.Error, zlib.error):
        raise JournalError("the journal is damaged") from None
    if len(raw) > MOST_BYTES:
        raise JournalError(f"the journal has more than {MOST_BYTES} bytes")
    if not unpacker.eof or unpacker.unused_data:
        raise JournalError("the journal is incomplete, or something stands behind it")
    signed = from_json(raw)
    name = key.path.rpartition("\\")[2]
    if signed.journal.run != name:
        raise JournalError(f"the journal is of run {signed.journal.run}, but is kept as {shown(name)}")
    return signed


def state_of(key: RegistryKey) -> str:
    """One of STATES; "" where the host says none of them."""
    value = key.get("State")
    data = value.data if value is not None and value.type is RegistryType.SZ else ""
    return data if isinstance(data, str) and data in STATES else ""


def commands_to_write(run: str, parts: Sequence[str], state: str) -> tuple[str, ...]:
    """One command for each piece, and one for the state, which comes last: where it stands the journal is complete.

    :raises ValueError: an id, a piece or a state that is none of ours.
    """
    for part in parts:
        if len(part) > _PIECE or not _BASE64.fullmatch(part):
            raise ValueError("this is no piece of a journal")
    key = _key(run)
    writing = (f"reg add {key} /v Data{number} /t REG_SZ /d {part} /f" for number, part in enumerate(parts, 1))
    return (*writing, command_to_state(run, state))


def command_to_state(run: str, state: str) -> str:
    """Say how far a run is.

    :raises ValueError: an id or a state that is none of ours.
    """
    if state not in STATES:
        raise ValueError(f"a run is one of {', '.join(STATES)}, never {shown(state, 20)!r}")
    return f"reg add {_key(run)} /v State /t REG_SZ /d {state} /f"


def commands_to_remove(runs: Iterable[str], *, last: bool) -> str:
    """One command that removes the journals of some runs; ``last``: the keys above them too, each only if it is empty.

    To leave nothing behind it has to come after the lock was given back, which has a record below our key.

    :raises ValueError: the id of a run is none.
    """
    removing = [f"reg delete {_key(run)} /f" for run in dict.fromkeys(runs)]
    if last:
        # Another run may write there in between: it reads back what it wrote, finds nothing, and gives up.
        removing.append(removal_of_empty((JOURNALS, LOCKS, ROOT)))
    return "&".join(removing)


def _key(run: str) -> str:
    if not is_run(run):
        raise ValueError(f"{shown(run)!r} is not the id of a run")
    return f"{JOURNALS}\\{run}"
