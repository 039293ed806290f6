# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a value holds: what was to be written is what the host's registry holds, and nothing else was executed.

On simulated hosts the raw data and every command that ran are compared; on Wine the raw data of one large batch.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep, inverse
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    RegistryType,
    RegistryValue,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.quote import quotable
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.commands import sections
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.pack import new_token, pack
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import LIMITS, cmd
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.stage import new_folder
from tests.lab.arguments import split_arguments
from tests.lab.files import Folder
from tests.lab.fleet import Lab, LabHost
from tests.lab.host import SimulatedHost
from tests.lab.wine_template import COMPILER
from tests.unit.plugin_utils.remote.stand_ins import entry

R = RegistryType
ROOT = r"HKLM\SOFTWARE\MailFleet Test"
FRAGMENTS = (
    *(
        "%",
        '"',
        "&",
        "|",
        "<",
        ">",
        "^",
        "!",
        "'",
        "(",
        ")",
        "\\",
        "/",
        "-",
        " ",
        ",",
        ";",
        "=",
        "\r",
        "\n",
        "\t",
        "\x1a",
    ),
    *(
        "%PATH%",
        "%SystemRoot%",
        "%t",
        "%~i",
        "!PATH!",
        "{user}",
        "{part}",
        "0" * 16,
        "\\0",
        "\\\\",
        '\\"',
        "/f",
        "/?",
        "on",
    ),
    *(r"HKLM\SOFTWARE\Microsoft", r"HKLM\SYSTEM\CurrentControlSet", r"Windows\CurrentVersion\Internet Settings"),
    *(
        "&md PWNED&",
        '" & md PWNED & "',
        "' & md PWNED & '",
        ") & md PWNED & (",
        "\r\nmd PWNED\r\n",
        "\ud800",
        "\U0001f4e7",
    ),
)
TEXTS = st.one_of(
    st.text(st.characters(min_codepoint=1, exclude_categories=()), max_size=40),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
    st.lists(st.sampled_from(FRAGMENTS) | st.text("ab", max_size=3), max_size=6).map("".join),
)
BYTES = st.binary(max_size=60) | st.integers(0, 400).map(bytes)
DATA: dict[RegistryType, st.SearchStrategy[t.Any]] = {
    **dict.fromkeys(R, BYTES),
    **dict.fromkeys((R.SZ, R.EXPAND_SZ), TEXTS),
    R.MULTI_SZ: st.lists(TEXTS, max_size=5).map(tuple),
    R.DWORD: st.integers(0, 2**32 - 1) | st.binary(max_size=9).filter(lambda data: len(data) != 4),
    R.QWORD: st.integers(0, 2**64 - 1) | st.binary(max_size=9).filter(lambda data: len(data) != 8),
}
SAFE = st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"%&|<>^!')
#: Names with these are refused.
TAKEN = re.compile(r"0{16}|{user}|{part}|/\?")
NAMES = st.text(SAFE, max_size=30) | st.lists(st.sampled_from(FRAGMENTS), max_size=4).map("".join)
NAMES = NAMES.filter(lambda name: (not name or quotable(name)) and not TAKEN.search(name))
VALUES = st.one_of(st.builds(RegistryValue, NAMES, st.just(kind), data) for kind, data in DATA.items())
PARTS = st.text(SAFE, min_size=1, max_size=20).filter(lambda part: "\\" not in part and not TAKEN.search(part))


def raw(value: RegistryValue) -> tuple[int, bytes]:
    """The type's number and the bytes that Windows keeps for it."""
    number, data = list(R).index(value.type), value.data
    if isinstance(data, int):
        return number, data.to_bytes(4 if value.type is R.DWORD else 8, "little")
    if isinstance(data, bytes):
        return number, data
    text = data + "\0" if isinstance(data, str) else "".join(f"{item}\0" for item in (*data, ""))
    return number, text.encode("utf-16-le", "surrogatepass")


def writing(values: Iterable[RegistryValue], key: str = ROOT) -> list[RegistryStep]:
    return [RegistryStep("tls", key, value.name, ABSENT, value) for value in values]


def lines(steps: Sequence[RegistryStep], limit: int = LIMITS[0], wrap: bool = False) -> Iterator[str]:
    """What is sent for these steps."""
    for batch in pack(sections(steps, new_folder()), limit):
        text = batch.text(new_token())
        yield cmd(text) if wrap else text


def distinct(values: list[RegistryValue]) -> list[RegistryValue]:
    return list({value.name.casefold(): value for value in values}.values())


#: What may run for a value: its own ``reg add``, or a file of echoed digits that is imported.
_FILE = r"C:\\Windows\\MailFleet-[0-9a-f]{16}"
_DIGITS = r"(hex(\([0-9a-b]\))?:)?([0-9a-f]{2},?)*\\?|dword:[0-9a-f]{8}|-"
_STAGED = re.compile(
    rf"md {_FILE}|rd /s /q {_FILE}|reg import {_FILE}\\value\.reg|echo\.|echo Windows Registry Editor Version 5\.00"
    rf'|echo \[HKEY_LOCAL_MACHINE\\[ -~]*\]|echo (@|"[ -~]*")=({_DIGITS})|echo   ({_DIGITS})'
)
_AROUND = re.compile(r'echo off|echo [0-9a-f]{16}:\w+|reg query HKLM\\[0-9a-f]{16}|find "REG_"|cmd\.exe /d /s /c .*')


def strangers(host: SimulatedHost, steps: Sequence[RegistryStep]) -> list[str]:
    """Commands that ran and were not meant to."""
    own = {(step.key, step.name) for step in steps}
    found = []
    for command in host.counters.executed:
        arguments = split_arguments(command)
        if arguments[:2] in (["reg", "add"], ["reg", "delete"]):
            name = arguments[4] if arguments[3] == "/v" else ""
            meant = (arguments[2], name) in own and arguments[-1] == "/f"
            meant &= len(arguments) in ((5, 6) if arguments[1] == "delete" else (8, 9, 10, 11, 12))
        else:
            meant = bool(_STAGED.fullmatch(command) or _AROUND.fullmatch(command))
            meant |= bool(re.fullmatch(r"reg query HKLM\\SYSTEM /v [0-9a-f]{16}", command))
            meant |= arguments[:2] == ["reg", "query"] and any(arguments[2:] == [key] for key, _name in own)
        if not meant:
            found.append(command)
    return found


@pytest.fixture(scope="module", params=["xp-sp3", "win10-22h2"])
def host(request: pytest.FixtureRequest) -> SimulatedHost:
    return SimulatedHost("host", entry(request.param), {})


@given(
    values=st.lists(VALUES, min_size=1, max_size=6).map(distinct),
    parts=st.lists(PARTS, max_size=3),
    limit=st.sampled_from(LIMITS),
    wrap=st.booleans(),
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_on_a_simulated_host(
    host: SimulatedHost, values: list[RegistryValue], parts: list[str], limit: int, wrap: bool
) -> None:
    key = "\\".join((ROOT, *parts))
    host.registry.delete_key(ROOT)
    host.counters.executed.clear()
    steps = writing(values, key)
    for _unused in range(2):
        for line in lines(steps, limit, wrap):
            host.run(line)
    assert host.counters.refused == []
    assert strangers(host, steps) == []
    found = host.registry.find(key)
    assert found is not None
    assert {v.name: (v.type, v.raw) for v in found.values.values()} == {v.name: raw(v) for v in values}
    assert not found.subkeys
    windows = host.files.find(r"C:\Windows")
    assert isinstance(windows, Folder)
    assert not any(name.startswith(("mailfleet-", "pwned")) for name in windows.entries)
    undone = [RegistryStep("tls", key, value.name, value, ABSENT) for value in values]
    for line in lines(undone, limit, wrap):
        host.run(line)
    assert strangers(host, undone) == []
    assert host.counters.refused == []
    left = host.registry.find(key)
    assert left is not None
    assert not left.values


#: One value of every kind that has bitten, for a host on which an example takes a second.
KNOWN = [
    RegistryValue(f"{number} {kind.value}", kind, data)
    for kind, samples in {
        R.SZ: ["", "plain", "a b\\", " a ", "/f", "-f", "it's", "".join(FRAGMENTS), "\u20ac" * 500, "x" * 1300],
        R.EXPAND_SZ: ["", "plain", "%SystemRoot%\\a", "a b"],
        R.MULTI_SZ: [(), ("",), ("a",), ("a", "b c"), ("a", "", "b"), ("#", ";"), ("a\\0b", "%"), ("a", "")],
        R.DWORD: [0, 1, 2**31, 2**32 - 1, b"", b"\1", b"\1\2\3\4\5"],
        R.QWORD: [0, 2**64 - 1, b"\1"],
        R.BINARY: [b"", b"\0", bytes(8), bytes(range(256)), b"\xff" * 700],
        R.NONE: [b"", b"\1"],
        R.LINK: [b"a\0"],
        R.DWORD_BIG_ENDIAN: [b"\0\0\0\1"],
        R.RESOURCE_LIST: [b"\1\2"],
    }.items()
    for number, data in enumerate(samples)
] + [RegistryValue("", R.SZ, "default"), RegistryValue("it's (a) /name\\", R.DWORD, 1)]


def test_the_known_ones_on_a_simulated_host(host: SimulatedHost) -> None:
    host.registry.delete_key(ROOT)
    each = [RegistryValue(f"fragment {number}", R.SZ, text) for number, text in enumerate(FRAGMENTS)]
    for line in lines(writing([*KNOWN, *each])):
        host.run(line)
    found = host.registry.find(ROOT)
    assert found is not None
    assert {v.name: (v.type, v.raw) for v in found.values.values()} == {v.name: raw(v) for v in (*KNOWN, *each)}


@pytest.fixture(scope="module")
def wine() -> Iterator[LabHost]:
    with Lab([{"name": "wine", "os": "win7-sp1", "kind": "wine"}]) as lab:
        yield lab.host("wine")


def carry_out(wine: LabHost, *steps: RegistryStep) -> None:
    # Short lines: the lab has to write a group into a file otherwise for Wine, which makes lines longer.
    for line in lines(steps, 4000):
        wine.run(line)
    assert wine.counters.refused == []


def values_on(wine: LabHost, key: str) -> dict[str, tuple[int, bytes]] | None:
    """The values of a key below HKLM, None where there is no such key."""
    return wine.export(key).get(key.replace("HKLM", "HKEY_LOCAL_MACHINE", 1))


@pytest.mark.wine
@pytest.mark.needs(COMPILER)
@given(values=st.lists(VALUES, min_size=10, max_size=25).map(distinct), part=PARTS)
@settings(max_examples=1, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
def test_on_wine(wine: LabHost, values: list[RegistryValue], part: str) -> None:
    key = rf"{ROOT}\{part}"
    named = distinct([*KNOWN, *values])
    carry_out(wine, *writing(named, key))
    assert values_on(wine, key) == {value.name: raw(value) for value in named}


@pytest.mark.wine
@pytest.mark.needs(COMPILER)
def test_only_empty_keys_are_removed_on_wine(wine: LabHost) -> None:
    top, middle, key = (rf"{ROOT}\{path}" for path in ("top", r"top\TLS 1.2", r"top\TLS 1.2\Client"))
    value = RegistryValue("n", R.DWORD, 1)
    step = RegistryStep("tls", key, "n", ABSENT, value, (top, middle, key), ())
    stays = RegistryStep("tls", middle, "stays", ABSENT, replace(value, name="stays"), (top, middle), ())
    carry_out(wine, step, stays, inverse(step))
    assert (values_on(wine, key), values_on(wine, middle)) == (None, {"stays": (4, b"\1\0\0\0")})
    carry_out(wine, inverse(stays))
    assert values_on(wine, top) is None
    carry_out(wine, replace(step, after=ABSENT))
    assert values_on(wine, key) == {}
    carry_out(wine, replace(step, key=top, after=ABSENT, creates=(), removes=(top,)))
    assert values_on(wine, key) == {}
