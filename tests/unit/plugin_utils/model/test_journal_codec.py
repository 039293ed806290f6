# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Journals as data and back: nothing is lost, nothing is believed, and one spelling only."""

from __future__ import annotations

import copy
import hashlib
import json
import typing as t
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import Journal, RegistryStep
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal_codec import (
    MOST_BYTES,
    JournalError,
    Signed,
    as_data,
    as_json,
    canonical,
    from_json,
    is_run,
    is_signed_by,
    journal_of,
    signature,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    RegistryData,
    RegistryType,
    RegistryValue,
)
from tests.unit.plugin_utils.model.journals import CLIENT, FIX, OLDER, RUN, SWITCH, journals

MISSING = object()
DATA = as_data(FIX)
BEFORE, MASK_AT, RULE_AT = "steps/1/before", "steps/1", "steps/2"


def changed(path: str, value: object) -> dict[str, t.Any]:
    data = copy.deepcopy(DATA)
    place: t.Any = data
    *way, last = (int(step) if step.isdigit() else step for step in path.split("/"))
    for step in way:
        place = place[step]
    if value is MISSING:
        del place[last]
    else:
        place[last] = value
    return data


@pytest.mark.parametrize(
    ("kind", "data", "written"),
    [
        (RegistryType.DWORD, 0, 0),
        (RegistryType.DWORD, 0xFFFFFFFF, 0xFFFFFFFF),
        (RegistryType.DWORD, b"\x01", {"hex": "01"}),
        (RegistryType.QWORD, 2**64 - 1, 2**64 - 1),
        (RegistryType.SZ, "", ""),
        (RegistryType.SZ, "0x1 \x1b \u202e \ud800", "0x1 \x1b \u202e \ud800"),
        (RegistryType.EXPAND_SZ, "%PATH%", "%PATH%"),
        (RegistryType.BINARY, b"", {"hex": ""}),
        (RegistryType.BINARY, b"\0\xff", {"hex": "00ff"}),
        (RegistryType.NONE, b"a", {"hex": "61"}),
        (RegistryType.MULTI_SZ, (), []),
        (RegistryType.MULTI_SZ, ("a", "", "b"), ["a", "", "b"]),
    ],
)
def test_data_survive_exactly(kind: RegistryType, data: RegistryData, written: object) -> None:
    value = RegistryValue("Enabled", kind, data)
    step = RegistryStep("tls", CLIENT, "enabled", value, ABSENT)
    journal = replace(FIX, steps=(step,))
    plain = as_data(journal)
    assert plain["steps"][0]["before"]["data"] == written
    assert plain["steps"][0]["after"] is None
    signed = Signed(journal, None)
    assert from_json(as_json(signed)) == signed


BAD = [
    ("journal", 2, "must be of version 1"),
    ("journal", True, "must be of version 1"),
    ("journal", MISSING, "must be of version 1"),
    ("command", "calc", "'command' is no field"),
    ("\x1b[2J", 1, r"'\\x1b\[2J' is no field"),
    ("time", MISSING, "the field time is missing"),
    ("run", "../../etc", "run: must be the id of a run"),
    ("run", RUN + "\n", "run: must be the id"),
    ("run", "\u0662" + RUN[1:], "run: must be the id"),
    ("run", 7, "run: must be the id"),
    ("kind", "repair", "kind: must be"),
    ("kind", ["fix"], "kind: must be"),
    ("host", "PC", "host: must be a mapping"),
    ("host/name", None, "host.name: must be text"),
    ("host/name", "x" * 256, "host.name: has 256 characters"),
    ("time", "2026-13-01T00:00:00Z", "time: must be a time"),
    ("time", "yesterday", "time: must be a time"),
    ("undoes", [OLDER], "only a rollback"),
    ("undoes", ["x"], "undoes: must be the id"),
    ("steps", {}, "steps: must be a list"),
    ("steps", [DATA["steps"][0]] * 2001, "steps: holds 2001 entries"),
    ("steps/0", 1, "step 1: step must be value or rule"),
    ("steps/0/step", "command", "step 1: step must be"),
    ("steps/0/step", ["value"], "step 1: step must be"),
    ("steps/0/step", "rule", "step 1: 'family' is no field"),
    ("steps/0/family", "a b", "family: must be a word"),
    ("steps/0/key", "HKEY_LOCAL_MACHINE\\SOFTWARE", "key: must be the path"),
    ("steps/0/key", "hklm\\SOFTWARE", "key: must be the path"),
    ("steps/0/key", "HKLM", "key: must be the path"),
    ("steps/0/key", "HKLM\\", "key: must be the path"),
    ("steps/0/key", "HKLM\\a\\\\b", "key: must be the path"),
    ("steps/0/key", "HKLM\\" + "x" * 256, "key: must be the path"),
    ("steps/0/key", "HKLM\\a\0b", "holds a NUL"),
    ("steps/0/key", "HKLM\\" + "x\\" * 2500, "key: has"),
    ("steps/0/name", "a\0", "holds a NUL"),
    ("steps/0/creates", "HKLM\\A", "creates: must be a list"),
    ("steps/0/creates", ["A"], "creates: must be the path"),
    ("steps/0/removes", ["HKLM\\A"] * 65, "removes: holds 65 entries"),
    (f"{BEFORE}/name", "Other", "is not the name of the step"),
    (f"{BEFORE}/type", "REG_COMMAND", "type: must be the name"),
    (f"{BEFORE}/type", 4, "type: must be the name"),
    (f"{BEFORE}/data", True, "are no data of a REG_DWORD"),
    (f"{BEFORE}/data", 1.0, "are no data of a REG_DWORD"),
    (f"{BEFORE}/data", -1, "are no data of a REG_DWORD"),
    (f"{BEFORE}/data", 2**32, "are no data of a REG_DWORD"),
    (f"{BEFORE}/data", "1", "are no data of a REG_DWORD"),
    (f"{BEFORE}/data", {"hex": "01000000"}, "are no data of a REG_DWORD"),
    (f"{BEFORE}/data", {"hex": "0G"}, "are no data"),
    (f"{BEFORE}/data", {"hex": "0A"}, "are no data"),
    (f"{BEFORE}/data", {"hex": "0"}, "are no data"),
    (f"{BEFORE}/data", {}, "the field hex is missing"),
    (BEFORE, {"name": "SecureProtocols", "type": "REG_SZ", "data": "a\0b"}, "holds a NUL"),
    (BEFORE, {"name": "SecureProtocols", "type": "REG_MULTI_SZ", "data": "a"}, "must be a list"),
    (f"{RULE_AT}/after", 5, "after: must be text"),
    (f"{RULE_AT}/after", None, "no rule before it and none after it"),
    (f"{RULE_AT}/after", "x" * 40000, "after: has 40000 characters"),
]


@pytest.mark.parametrize(("path", "value", "why"), BAD)
def test_what_is_no_journal_is_named(path: str, value: object, why: str) -> None:
    with pytest.raises(JournalError, match=why) as caught:
        journal_of(changed(path, value))
    text = str(caught.value)
    assert text.isprintable()
    assert len(text) < 250


@pytest.mark.parametrize("data", [None, 1, "x", [], {}, {"journal": 1}, [DATA]])
def test_other_json_is_no_journal(data: object) -> None:
    with pytest.raises(JournalError):
        journal_of(data)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "is not JSON"),
        (as_json(Signed(FIX, None))[:-20], "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"9" * 5000, "is not JSON"),
        (b'{"hmac":null,"journal":NaN}', "NaN is no number"),
        (b'{"hmac":null,"hmac":null,"journal":{}}', "a field twice"),
        (b'{"hmac":"' + b"A" * 64 + b'","journal":{}}', "hmac: must be"),
        (b'{"hmac":7,"journal":{}}', "hmac: must be"),
        (b'{"journal":{}}', "the field hmac is missing"),
        (b" " * (MOST_BYTES + 1), "more than 4194304 bytes"),
    ],
)
def test_what_is_no_file_of_a_journal(raw: bytes, why: str) -> None:
    with pytest.raises(JournalError, match=why):
        from_json(raw)


def test_a_journal_that_could_not_be_read_back_is_not_written() -> None:
    huge = RegistryValue("Functions", RegistryType.MULTI_SZ, ("x" * 1024 * 1024,) * 5)
    with pytest.raises(JournalError, match="more than the"):
        as_json(Signed(replace(FIX, steps=(replace(SWITCH, name="Functions", before=huge, after=ABSENT),)), None))
    with pytest.raises(JournalError, match="run"):
        as_json(Signed(replace(FIX, run="x"), None))


def test_the_signature_is_about_what_the_journal_says() -> None:
    sealed = signature(DATA, "secret")
    shuffled = dict(reversed(list(json.loads(canonical(DATA)).items())))
    assert sealed == signature(shuffled, "secret")
    assert len(sealed) == 64
    assert is_signed_by(DATA, sealed, "secret")
    assert not is_signed_by(DATA, sealed, "Secret")
    assert not is_signed_by(changed("steps/0/after/data", 1), sealed, "secret")
    assert not is_signed_by(DATA, None, "secret")
    assert not is_signed_by(DATA, "\u00e9\ud800", "secret")
    with pytest.raises(ValueError, match="empty"):
        signature(DATA, "")


def test_the_signature_is_hmac_sha256_of_the_canonical_json() -> None:
    """RFC 2104, written out."""
    assert canonical({"b": [1, None], "a": "\u00e9"}) == b'{"a":"\\u00e9","b":[1,null]}'
    inner, outer = (bytes(byte ^ pad for byte in b"Jefe".ljust(64, b"\0")) for pad in (0x36, 0x5C))
    wanted = hashlib.sha256(outer + hashlib.sha256(inner + canonical(DATA)).digest()).hexdigest()
    assert signature(DATA, "Jefe") == wanted


@pytest.mark.parametrize(
    ("text", "sound"), [(RUN, True), (RUN.upper(), False), ("\u0662" + RUN[1:], False), ("", False)]
)
def test_ids_of_runs(text: str, sound: bool) -> None:
    assert is_run(text) is sound


@given(journals(), st.none() | st.just("0" * 64))
@settings(max_examples=200)
def test_nothing_is_lost(journal: Journal, sealed: str | None) -> None:
    assert journal_of(as_data(journal)) == journal
    signed = Signed(journal, sealed)
    assert from_json(as_json(signed)) == signed


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
_places = st.sampled_from(sorted({path for path, _value, _why in BAD}))


@given(_places, _json)
@settings(max_examples=300)
def test_any_change_gives_a_journal_of_one_spelling_or_an_error(path: str, value: object) -> None:
    data = changed(path, value)
    try:
        journal = journal_of(data)
    except JournalError:
        return
    assert as_data(journal) == data


@given(_json)
def test_any_json_gives_an_error(data: object) -> None:
    with pytest.raises(JournalError):
        journal_of(data)
