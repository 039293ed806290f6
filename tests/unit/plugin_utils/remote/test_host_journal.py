# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's copy of a journal: written by harmless commands, read back whole, and not believed otherwise."""

from __future__ import annotations

import base64
import random
import re
import zlib
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import Journal
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal_codec import (
    MOST_BYTES,
    JournalError,
    Signed,
    as_data,
    as_json,
    signature,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    RegistryKey,
    RegistryType,
    RegistryValue,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import own
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.host_journal import (
    STATES,
    command_to_state,
    commands_to_remove,
    commands_to_write,
    kept_pieces,
    pieces,
    signed_of,
    state_of,
)
from tests.lab import parse
from tests.lab.entry import HostEntry
from tests.lab.host import SimulatedHost
from tests.unit.plugin_utils.model.journals import FIX, OLDER, RUN, SWITCH, journals

SIGNED = Signed(FIX, signature(as_data(FIX), "key"))
KEY = f"{own.JOURNALS}\\{RUN}"


def key_of(parts: Sequence[str], state: str | None = "done", path: str = KEY) -> RegistryKey:
    found = [RegistryValue(f"Data{number}", RegistryType.SZ, part) for number, part in enumerate(parts, 1)]
    if state is not None:
        found.append(RegistryValue("State", RegistryType.SZ, state))
    return RegistryKey(path, tuple(found))


def packed(raw: bytes) -> tuple[str, ...]:
    text = base64.b64encode(zlib.compress(raw, 9)).decode("ascii")
    return tuple(text[at : at + 1000] for at in range(0, len(text), 1000))


def long_journal() -> Journal:
    """Data that cannot be packed, so that there are many pieces."""
    blob = random.Random(7).randbytes(6000)
    value = RegistryValue("DisabledByDefault", RegistryType.BINARY, blob)
    return replace(FIX, steps=(replace(SWITCH, before=value, after=ABSENT),))


@given(journals(), st.none() | st.just("ab" * 32))
@settings(max_examples=60)
def test_what_was_written_is_read_back(journal: Journal, sealed: str | None) -> None:
    signed = Signed(journal, sealed)
    path = f"{own.JOURNALS}\\{journal.run}"
    parts = pieces(signed)
    assert signed_of(key_of(parts, path=path)) == signed
    assert kept_pieces(key_of(tuple(parts), path=path)) == parts


def test_pieces_are_short_and_begin_harmlessly() -> None:
    parts = pieces(Signed(long_journal(), None))
    assert len(parts) > 8
    for part in parts:
        assert re.fullmatch("[A-Za-z0-9][A-Za-z0-9+/=]{0,999}", part)
    joined = "".join(parts)
    assert any(joined[at] in "+/" for at in range(1000, len(joined), 1000)) or len(set(map(len, parts))) > 2


def test_names_are_read_without_case_and_out_of_order() -> None:
    parts = pieces(Signed(long_journal(), None))
    key = key_of(parts)
    values = tuple(replace(value, name=value.name.upper()) for value in reversed(key.values))
    assert signed_of(replace(key, values=values)).journal == long_journal()


BOMB = packed(b" " * (MOST_BYTES * 20))
GOOD = pieces(SIGNED)
TEXT = "".join(GOOD)


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (key_of(()), "keeps no journal"),
        (replace(key_of(GOOD), values=key_of(GOOD).values[1:]), "keeps no journal"),
        (key_of((TEXT[:-8],)), "incomplete|damaged"),
        (key_of((TEXT[:40],)), "incomplete"),
        (key_of((TEXT[:80] + "A" + TEXT[81:],)), "damaged"),
        (key_of(("not base64!",)), "damaged"),
        (key_of(("\u00e9\ud800",)), "damaged"),
        (key_of((TEXT, "AAAA")), "damaged|incomplete"),
        (key_of(packed(as_json(SIGNED) + b"x")), "is not JSON"),
        (key_of((base64.b64encode(zlib.compress(as_json(SIGNED)) + b"x").decode(),)), "something stands behind it"),
        (key_of(packed(b"[]")), "must be a mapping"),
        (key_of(BOMB), "more than 4194304 bytes"),
        (key_of(("A" * 1000,) * 5000), "larger than any"),
        (key_of(("A",) * 9000), "larger than any"),
        (key_of(GOOD, path=f"{own.JOURNALS}\\{OLDER}"), "but is kept as"),
        (key_of(GOOD, path=f"{own.JOURNALS}\\\u202ecalc"), r"kept as \\u202ecalc"),
        (RegistryKey(KEY, (RegistryValue("Data1", RegistryType.BINARY, b"x"),)), "keeps no journal"),
    ],
)
def test_what_is_no_journal_is_refused(key: RegistryKey, why: str) -> None:
    with pytest.raises(JournalError, match=why):
        signed_of(key)


@given(st.lists(st.text(max_size=30), max_size=3))
def test_any_text_gives_an_error(parts: list[str]) -> None:
    with pytest.raises(JournalError):
        signed_of(key_of(parts))


@given(st.binary(max_size=60))
def test_any_packed_bytes_give_an_error(raw: bytes) -> None:
    with pytest.raises(JournalError):
        signed_of(key_of(packed(raw)))


@pytest.mark.parametrize(
    ("data", "state"), [*((state, state) for state in STATES), ("ready", ""), ("", ""), (None, "")]
)
def test_states(data: str | None, state: str) -> None:
    assert state_of(key_of((), data)) == state


def test_a_state_of_another_type_is_none() -> None:
    assert state_of(RegistryKey(KEY, (RegistryValue("State", RegistryType.MULTI_SZ, ("done",)),))) == ""


def test_the_commands() -> None:
    assert commands_to_write(RUN, ("eA==", "b+/c"), "prepared") == (
        rf"reg add HKLM\SOFTWARE\MailFleet\Journal\{RUN} /v Data1 /t REG_SZ /d eA== /f",
        rf"reg add HKLM\SOFTWARE\MailFleet\Journal\{RUN} /v Data2 /t REG_SZ /d b+/c /f",
        rf"reg add HKLM\SOFTWARE\MailFleet\Journal\{RUN} /v State /t REG_SZ /d prepared /f",
    )
    assert commands_to_remove((RUN, OLDER, RUN), last=False) == (
        rf"reg delete HKLM\SOFTWARE\MailFleet\Journal\{RUN} /f"
        rf"&reg delete HKLM\SOFTWARE\MailFleet\Journal\{OLDER} /f"
    )
    assert commands_to_remove((), last=False) == ""


@pytest.mark.parametrize("run", ["", "x", f"{RUN}&calc", f"{RUN}\\..", "\u0662" + RUN[1:], f'{RUN}"'])
def test_nothing_but_an_id_stands_in_a_command(run: str) -> None:
    for make in (
        lambda: commands_to_write(run, ("eA==",), "done"),
        lambda: command_to_state(run, "done"),
        lambda: commands_to_remove((run,), last=True),
    ):
        with pytest.raises(ValueError, match="is not the id of a run"):
            make()


@pytest.mark.parametrize("part", ["", "/f", "a b", "a&calc", "%PATH%", '"', "a" * 1001, "=", "a\n"])
def test_nothing_but_a_piece_stands_in_a_command(part: str) -> None:
    with pytest.raises(ValueError, match="no piece"):
        commands_to_write(RUN, (part,), "done")


@pytest.mark.parametrize("state", ["", "done&calc", "Done"])
def test_nothing_but_a_state_stands_in_a_command(state: str) -> None:
    with pytest.raises(ValueError, match="never"):
        command_to_state(RUN, state)


def test_commands_are_ones_that_the_lab_knows_and_that_pass_a_second_cmd() -> None:
    line = "&".join((*commands_to_write(RUN, GOOD, "prepared"), commands_to_remove((RUN,), last=True)))
    parse.parse(line)
    assert line.isascii()
    assert line.isprintable()
    assert "%" not in re.sub("%~?k", "", line)
    for quoted in re.findall('"([^"]*)"', line):
        assert not set(quoted) & set("&|<>^()!")
    assert len(commands_to_remove((RUN,) * 2, last=True)) < 1200


# --- on a host of the lab ------------------------------------------------------------------------------------------

VALUE = f"reg add {own.ROOT} /v Theirs /t REG_SZ /d x /f"
EMPTY_VALUE = f"reg add {own.JOURNALS} /ve /f"
SUBKEY = f"reg add {own.JOURNALS}\\{{0}} /f"


@pytest.mark.parametrize("system", ["xp-sp3", "win7-sp1"])
@pytest.mark.parametrize(
    ("others", "left"),
    [
        ((), set()),
        ((VALUE,), {own.ROOT}),
        ((EMPTY_VALUE,), {own.ROOT, own.JOURNALS}),
        ((SUBKEY,), {own.ROOT, own.JOURNALS, f"{own.JOURNALS}\\{{0}}"}),
        ((f"reg add {own.LOCKS}\\{OLDER} /f",), {own.ROOT, own.LOCKS, f"{own.LOCKS}\\{OLDER}"}),
        ((f"reg add {own.LOCKS}\\{OLDER} /f", f"reg delete {own.LOCKS}\\{OLDER} /f"), set()),
    ],
)
def test_only_what_is_empty_goes(system: str, others: tuple[str, ...], left: set[str]) -> None:
    host = SimulatedHost("pc", HostEntry(name="pc", os=system), {})
    writing = commands_to_write(RUN, GOOD, "done")
    host.run("&".join((*writing, *others)) + " <nul", 0)
    host.run(commands_to_remove((RUN,), last=True) + " <nul", 0)
    assert not host.counters.refused
    places = (own.ROOT, own.JOURNALS, own.LOCKS, KEY, f"{own.JOURNALS}\\{{0}}", f"{own.LOCKS}\\{OLDER}")
    assert {place for place in places if host.registry.find(place) is not None} == left


def test_a_key_that_cannot_be_read_is_not_deleted() -> None:
    entry = HostEntry(name="pc", os="win7-sp1", unreadable=(own.ROOT,))
    host = SimulatedHost("pc", entry, {})
    host.run(commands_to_remove((), last=True), 0)
    assert not any(line.startswith("reg delete") for line in host.counters.executed)
