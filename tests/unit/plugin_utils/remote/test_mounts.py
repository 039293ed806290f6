# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines for hives that have to be loaded: their length, their names, and what their answers are worth."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Region,
    RegistryImage,
    RegistryKey,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.hives import DEFAULT_SID, is_leftover, new_mount
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.lock import guarded
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.mounts import (
    Mount,
    Mounts,
    cleaning,
    mounts_for,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.pack import pack
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import commands

RUN = "20261122T064500Z-1a2b3c4d"
BOB = "S-1-5-21-3623811015-3361044348-3030082001-10132"
KEY = rf"HKU\{BOB}\Software\Microsoft\Windows\CurrentVersion\Internet Settings"
POWERSHELL = 2900
LONGEST = "C:\\Documents and Settings\\" + "a" * 174


def number(name: str = "SecureProtocols", key: str = KEY) -> RegistryStep:
    return RegistryStep("wininet", key, name, ABSENT, RegistryValue(name, RegistryType.DWORD, 2048))


def texts(mounts: Mounts, *steps: RegistryStep) -> list[str]:
    """The lines that carry steps out over the connection with the shortest lines."""
    return [batch.text("0123456789abcdef") for batch in pack(mounts.sections(steps, run=RUN), POWERSHELL)]


@pytest.mark.parametrize(
    "data",
    [
        RegistryValue("ProxyServer", RegistryType.SZ, "p" * 1350),
        RegistryValue("ProxyServer", RegistryType.SZ, "p" * 4000),
        RegistryValue("ProxyServer", RegistryType.SZ, "p%q" * 500),
        RegistryValue("ProxyServer", RegistryType.BINARY, bytes(range(256)) * 20),
    ],
    ids=lambda value: f"{value.type.value}-{len(value.data)}",
)
def test_any_step_of_a_user_with_long_names_fits_into_a_short_line(data: RegistryValue) -> None:
    steps = [RegistryStep("proxy", KEY, data.name, ABSENT, data, (KEY,)), *map(number, string.ascii_letters)]
    lines = texts(Mounts((Mount(BOB, LONGEST),)), *steps)
    for line in lines:
        assert line.count("reg load ") == line.count("reg unload ")
    together = "".join(lines)
    for letter in string.ascii_letters:
        assert together.count(f"/v {letter} /t") == 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from((RegistryType.SZ, RegistryType.EXPAND_SZ)),
            st.text(st.characters(min_codepoint=1, exclude_categories=("Cs",)), max_size=3000),
        ),
        max_size=6,
    )
)
def test_whatever_is_written_the_lines_fit(texts_: list[tuple[RegistryType, str]]) -> None:
    steps = [
        RegistryStep("proxy", KEY, f"Value{place}", ABSENT, RegistryValue(f"Value{place}", kind, text))
        for place, (kind, text) in enumerate(texts_)
    ]
    for line in texts(Mounts((Mount(BOB, LONGEST),)), *steps):
        assert len(line) <= POWERSHELL
        assert line.isascii()


def test_a_step_stands_in_a_loop_over_both_names_and_under_the_lock() -> None:
    mount = Mount(BOB, r"C:\Users\bob")
    (block,) = Mounts((mount,)).sections((number(),), run=RUN)
    line = "&".join(commands(block))
    assert f'reg load HKU\\{mount.name} "C:\\Users\\bob\\NTUSER.DAT"' in line
    assert guarded(RUN, "(for ").partition("(for ")[0] + "(for %u" in line
    assert f"(for %u in ({mount.name} {BOB}) do (reg query HKU\\%u >nul&(if not errorlevel 1 (reg add" in line
    assert r'reg add "HKU\%u\Software\Microsoft\Windows\CurrentVersion\Internet Settings" /v SecureProtocols' in line
    (reading,) = Mounts((mount,)).sections((number(),))
    assert "reg add" not in "&".join(commands(reading))


def test_nobody_logs_on_as_the_default_profile() -> None:
    mount = Mount(DEFAULT_SID, r"C:\Users\Default")
    step = number(key=KEY.replace(BOB, DEFAULT_SID))
    line = "".join(texts(Mounts((mount,)), step))
    assert "reg add" in line
    assert DEFAULT_SID not in line


def test_others_are_read_as_ever() -> None:
    mounts = Mounts((Mount(BOB, r"C:\Users\bob"),))
    alice = number(key=KEY.replace(BOB, "S-1-5-21-1-2-3-1001"))
    longer = number(key=KEY.replace(BOB, BOB + "3"))
    assert mounts.others((number(), alice, longer)) == (alice, longer)
    assert [item.name for item in mounts.sections((alice, longer))] == ["touched", "touched"]
    assert mounts.sid_of(KEY.lower()) == BOB


@pytest.mark.parametrize(
    ("loaded", "folder", "found", "refused"),
    [
        ((), r"C:\Users\bob", [BOB], ""),
        ((BOB,), r"C:\Users\bob", [], ""),
        ((), None, [], "its profile folder is unknown"),
        ((), r"C:\Users\..\bob", [], "its profile folder has an unusual name"),
        ((), "C:\\" + "b" * 198, [], "its profile folder has a name of more than 200 characters"),
    ],
)
def test_who_has_to_be_loaded(loaded: tuple[str, ...], folder: str | None, found: list[str], refused: str) -> None:
    mounts = mounts_for([number()], loaded, {BOB: folder, "S-1-5-21-1-2-3-9": r"C:\Users\eve"})
    assert [mount.sid for mount in mounts.found] == found
    assert refused in mounts.refused.get(BOB, "")
    assert bool(refused) is (BOB in mounts.refused)
    image, _left = mounts.settled(RegistryImage(), [KEY])
    assert isinstance(image.value(KEY, "SecureProtocols"), Unread)
    assert not mounts_for([number()], loaded, {BOB: folder}, check=True).found


# --- answers -----------------------------------------------------------------------------------------------------


def hive(name: str, *subkeys: str) -> Region:
    """The answer to "is there a hive of that name"."""
    root = f"HKU\\{name}"
    keys = {root.casefold(): RegistryKey(root, (), subkeys)} if subkeys else ABSENT
    return Region(root, False, keys, keys_only=True)


def mask(name: str, data: int | None) -> Region:
    root = KEY.replace(BOB, name)
    values = () if data is None else (RegistryValue("SecureProtocols", RegistryType.DWORD, data),)
    return Region(root, False, ABSENT if data is None else {root.casefold(): RegistryKey(root, values)})


@pytest.mark.parametrize(
    ("loaded", "own", "still", "gone", "held"),
    [
        ((True, 5), (False, None), (True, False), True, 5),
        ((False, None), (True, 7), (False, True), True, 7),
        ((True, 5), (True, 7), (True, True), True, 5),
        ((True, 5), (False, None), (False, False), True, None),
        ((True, 5), (True, 7), (False, True), True, 7),
        ((False, None), (False, None), (False, False), True, None),
        ((True, 5), (False, None), (True, False), False, 5),
    ],
    ids=["loaded", "logged on", "both", "taken away", "taken away, logged on", "neither", "not unloaded"],
)
def test_only_what_stood_before_and_after_is_believed(
    loaded: tuple[bool, int | None],
    own: tuple[bool, int | None],
    still: tuple[bool, bool],
    gone: bool,
    held: int | None,
) -> None:
    mount = Mount(BOB, r"C:\Users\bob")
    regions: list[Region] = [Region("HKLM\\X", False, ABSENT)]
    for name, (there, data), stayed in zip(mount.names, (loaded, own), still, strict=True):
        some = ("Software",)
        regions += [hive(name, *some * there), mask(name, data), hive(name, *some * stayed)]
    regions.append(hive(mount.name, *() if gone else ("Software",)))
    image, left = Mounts((mount,)).settled(RegistryImage(tuple(regions)), [KEY])
    found = image.value(KEY, "SecureProtocols")
    if held is None:
        assert isinstance(found, Unread)
        assert "is not logged on" in found.why
    else:
        assert isinstance(found, RegistryValue)
        assert found.data == held
    assert bool(left) is not gone
    assert mount.name not in str(image)
    assert image.key("HKLM\\X") is ABSENT


def test_only_our_own_leftovers_are_unloaded() -> None:
    ours = new_mount()
    assert is_leftover(ours)
    names = ("S-1-5-18", "MailFleet-somebody", ours, f"{ours}0", f"x{ours}")
    assert [query.command for item in cleaning(names) for query in item.queries] == [f"reg unload HKU\\{ours}"]
