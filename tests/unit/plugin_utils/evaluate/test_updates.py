# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proof of updates, and the detector against captures of real machines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.standing import alternative
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import installed_kbs, presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import FileVersion
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_file import parse
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_image import image_of
from tests.support.hosts import ALICE, KNOWLEDGE, Keys, host

PACKAGES = KNOWLEDGE.registry["cbs-packages"].key
KB3140245 = PACKAGES + r"\Package_for_KB3140245~31bf3856ad364e35~amd64~~6.1.1.1"
ROLLUP = PACKAGES + r"\Package_for_RollupFix~31bf3856ad364e35~amd64~~7601.24545.1.8"
OLD_ROLLUP = PACKAGES + r"\Package_for_RollupFix~31bf3856ad364e35~amd64~~7601.23313.1.0"
DLLS = [rf"{folder}\{name}" for folder in ("system32", "syswow64") for name in ("winhttp.dll", "webio.dll")]
OLD = {name: FileVersion((6, 1, 7601, 17514)) for name in DLLS}
NEW = {name: FileVersion((6, 1, 7601, 24545)) for name in DLLS}
NO_FILES = Unread("wmic is not there")


@pytest.mark.parametrize(
    ("layer", "files", "present", "pending"),
    [
        ({}, OLD, False, False),
        ({}, NEW, True, False),
        ({}, NO_FILES, None, False),
        ({KB3140245: {"CurrentState": 0x70}}, NO_FILES, True, False),
        ({KB3140245: {"CurrentState": 0x50}}, NO_FILES, True, False),  # superseded: a newer one is in its place
        ({KB3140245: {"CurrentState": 0x60}}, NO_FILES, False, True),
        ({KB3140245: {}}, NO_FILES, None, False),  # a name without its state proves nothing
        ({ROLLUP: {"CurrentState": 0x70}}, NO_FILES, True, False),
        ({OLD_ROLLUP: {"CurrentState": 0x70}}, NO_FILES, None, False),
        ({KB3140245: {"CurrentState": 0x70}}, OLD, False, False),  # the file itself is older
        ({KB3140245: {"CurrentState": 0x60}}, OLD, False, True),  # and will be newer after the reboot
        ({KB3140245: {"CurrentState": 0x0}, KB3140245[:-1] + "2": {"CurrentState": 0x70}}, NO_FILES, True, False),
        ({ROLLUP: {}, ROLLUP[:-1] + "9": {"CurrentState": 0x70}}, NO_FILES, True, False),
    ],
)
def test_kb3140245_on_windows_7(
    layer: dict[str, dict[str, int]], files: object, present: bool | None, pending: bool
) -> None:
    found = presence(host("win7-sp1", layer, files=files), "KB3140245")
    assert (found.present, found.pending) == (present, pending)
    assert found.why


def test_unread_packages_are_unknown() -> None:
    ctx = host("win7-sp1", files=NO_FILES, unread={PACKAGES: "Access is denied."})
    assert presence(ctx, "KB3140245").present is None


def test_a_newer_carrier_counts_on_vista_and_not_on_xp() -> None:
    newer = {PACKAGES + r"\Package_for_KB4056564~31bf3856ad364e35~amd64~~6.0.1.0": {"CurrentState": 0x70}}
    assert presence(host("vista-sp2", newer), "KB4019276").present is True
    assert presence(host("xp-sp3", newer), "KB4019276").present is False


def test_a_bare_kb4230450_proves_nothing_off_xp() -> None:
    assert "win7-sp1" not in KNOWLEDGE.updates["KB4230450"].os
    bare = {r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\HotFix\KB4230450": {"Installed": 1}}
    assert presence(host("xp-sp3", bare), "KB4230450").present is False


def test_what_is_assumed_is_in() -> None:
    ctx = host("xp-sp3")
    assert presence(ctx, "KB4019276").present is False


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("overlay", "capture"),
    [
        ("win7sp1-shieldbase.hotfix-derived.reg", "7_sp1_x64_enterprise_en-us_B_qfe.txt"),
        ("win10-1709-office16.hotfix-derived.reg", "10_1803_x64_proforworkstations_en-us_A_20190305_qfe.txt"),
    ],
)
def test_the_detector_agrees_with_the_capture(realdata: Path, overlay: str, capture: str) -> None:
    image = image_of([parse((realdata / "hosts" / overlay).read_bytes())], ALICE.root)
    listed = set(re.findall(r"\bKB\d+\b", (realdata / "qfe" / capture).read_bytes().decode("utf-16")))
    assert listed
    assert installed_kbs(image, PACKAGES, ()) == listed


@pytest.mark.realdata
def test_the_relevant_updates_of_the_overlays(realdata: Path) -> None:
    image = image_of([parse((realdata / "hosts" / "win7sp1-shieldbase.hotfix-derived.reg").read_bytes())], ALICE.root)
    found = installed_kbs(image, PACKAGES, ())
    assert "KB3140245" in found
    assert not {"KB2655992", "KB968389"} & found


VISTA = PACKAGES + r"\Package_for_{}~31bf3856ad364e35~amd64~~6.0.1.1"
OLD_SCHANNEL = {r"system32\schannel.dll": FileVersion((6, 0, 6002, 18005))}


@pytest.mark.parametrize(
    ("state", "files", "present", "pending"),
    [
        (0x70, NO_FILES, True, False),
        (0x70, OLD_SCHANNEL, False, False),  # no name of another package proves more than the file
        (0x60, OLD_SCHANNEL, False, True),
    ],
)
def test_what_carries_the_same_files(state: int, files: object, present: bool, pending: bool) -> None:
    ctx = host("vista-sp2", {VISTA.format("KB4056564"): {"CurrentState": state}}, files=files)
    found = presence(ctx, "KB4019276")
    assert (found.present, found.pending) == (present, pending)


HOTFIX = KNOWLEDGE.registry["hotfix"].key
FAMILY = KNOWLEDGE.registry["updates-xp"].key


@pytest.mark.parametrize(
    ("layer", "present"),
    [
        ({}, False),
        ({FAMILY + r"\KB4019276": {}}, True),
        ({HOTFIX + r"\KB4019276": {"Installed": 1}}, None),  # tools write this key without installing anything
        ({HOTFIX + r"\KB4019276": {"Installed": 1}, FAMILY + r"\KB4019276": {}}, True),
    ],
)
def test_a_hotfix_key_alone_is_weak(layer: dict[str, dict[str, int]], present: bool | None) -> None:
    assert presence(host("xp-sp3", layer, files=NO_FILES), "KB4019276").present is present


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("os_id", "overlay", "capture"),
    [
        ("win7-sp1", "win7sp1-shieldbase.hotfix-derived.reg", "7_sp1_x64_enterprise_en-us_B_qfe.txt"),
        (
            "win10-1803",
            "win10-1709-office16.hotfix-derived.reg",
            "10_1803_x64_proforworkstations_en-us_A_20190305_qfe.txt",
        ),
    ],
)
def test_every_update_of_the_table_is_judged_as_the_capture_has_it(
    realdata: Path, os_id: str, overlay: str, capture: str
) -> None:
    image = image_of([parse((realdata / "hosts" / overlay).read_bytes())], ALICE.root)
    keys = image.below(PACKAGES)
    assert isinstance(keys, tuple)
    layer = {key.path: {value.name: value.data for value in key.values} for key in keys}
    listed = set(re.findall(r"\bKB\d+\b", (realdata / "qfe" / capture).read_bytes().decode("utf-16")))
    ctx = host(os_id, layer, files=NO_FILES)
    named = [
        row.id for row in KNOWLEDGE.updates.values() if os_id in row.os and any(d.kind == "package" for d in row.detect)
    ]
    for update_id in named:
        if update_id in listed:
            assert presence(ctx, update_id).present is True, update_id
    found = {update_id for update_id in named if presence(ctx, update_id).present}
    assert found - listed == set() or all(
        set(lookup.superseding(KNOWLEDGE, update_id, os_id)) & listed for update_id in found - listed
    )
    assert ("KB3140245" in found) == ("KB3140245" in listed)


FAMILY_2003 = KNOWLEDGE.registry["updates-2003"].key
MANAGER = KNOWLEDGE.registry["reboot-renames"].key
MARK: Keys = {KNOWLEDGE.registry["reboot-update-exe"].key: {"Flags": 1}}
RECORD: Keys = {FAMILY + r"\KB4019276": {}}
LISTED: Keys = {FAMILY + r"\KB4019276\Filelist\0": {"FileName": "schannel.dll", "Version": "5.1.2600.7346"}}
XP_OLD = {r"system32\schannel.dll": FileVersion((5, 1, 2600, 5512))}
XP_NEW = {r"system32\schannel.dll": FileVersion((5, 1, 2600, 7346))}


def renames(*targets: str, name: str = "PendingFileRenameOperations") -> Keys:
    """Files that are replaced at the next restart."""
    return {MANAGER: {name: tuple(text for one in targets for text in (r"\??\C:\WINDOWS\SET1.tmp", "!\\??\\" + one))}}


OURS = renames(r"C:\WINDOWS\System32\SCHANNEL.DLL")
OURS_TOO = renames(r"C:\WINDOWS\system32\schannel.dll", name="PendingFileRenameOperations2")
OTHERS = renames(r"C:\WINDOWS\system32\winhttp.dll", r"C:\temp\schannel.dll", r"C:\x\mysystem32\schannel.dll")


@pytest.mark.parametrize(
    ("layers", "files", "present", "pending"),
    [
        # Installed, not restarted; with and without a version of the file.
        ((RECORD, MARK), NO_FILES, False, True),
        ((LISTED, MARK), NO_FILES, False, True),
        ((RECORD, OURS), NO_FILES, False, True),
        ((RECORD, OURS_TOO), NO_FILES, False, True),
        ((RECORD, LISTED, MARK, OURS), NO_FILES, False, True),
        ((RECORD, LISTED, MARK, OURS), XP_OLD, False, True),
        # After the restart the signs are gone.
        ((RECORD, LISTED), NO_FILES, True, False),
        ((RECORD, LISTED), XP_NEW, True, False),
        # Another update waits: whose files these are cannot always be told, unless the file was looked at.
        ((RECORD, MARK, OTHERS), NO_FILES, False, True),
        ((RECORD, MARK, OTHERS), XP_NEW, True, False),
        # Something else than an update waits.
        ((RECORD, OTHERS), NO_FILES, True, False),
        # Nothing is recorded: somebody else's restart brings nothing, and a mere HotFix key stays weak.
        ((MARK, OURS), NO_FILES, False, False),
        (({HOTFIX + r"\KB4019276": {"Installed": 1}}, MARK), NO_FILES, None, False),
        # A record without its file, and nothing that would bring it.
        ((RECORD,), XP_OLD, False, False),
    ],
)
def test_an_update_of_xp_is_in_force_after_the_restart(
    layers: tuple[Keys, ...], files: object, present: bool | None, pending: bool
) -> None:
    found = presence(host("xp-sp3", *layers, files=files), "KB4019276")
    assert (found.present, found.pending) == (present, pending), found.why


@pytest.mark.parametrize(
    ("layer", "why"),
    [(MARK, "which may be this one"), (OURS, r"system32\schannel.dll is only replaced at the next restart")],
)
def test_why_an_update_of_xp_waits(layer: Keys, why: str) -> None:
    found = presence(host("xp-sp3", RECORD, layer), "KB4019276")
    assert why in found.why


def test_signs_that_could_not_be_looked_for_are_none() -> None:
    unread = {KNOWLEDGE.registry["reboot-update-exe"].key: "Denied.", MANAGER: "Denied."}
    assert presence(host("xp-sp3", RECORD, unread=unread), "KB4019276").present is True


def test_an_update_of_2003_waits_by_the_mark_alone() -> None:
    record: Keys = {FAMILY_2003 + r"\KB948963": {}}
    assert presence(host("server-2003-sp2", record), "KB948963").present is True
    assert presence(host("server-2003-sp2", record, MARK), "KB948963").pending is True


def test_what_does_the_same_and_waits_is_named_apart() -> None:
    older, newer = KNOWLEDGE.updates["KB938397"], KNOWLEDGE.updates["KB968730"]
    record: Keys = {FAMILY_2003 + r"\KB938397": {}}
    ctx = host("server-2003-sp2", record, MARK)
    assert (alternative(ctx, newer), alternative(ctx, newer, pending=True)) == (None, older.id)
    ctx = host("server-2003-sp2", record)
    assert (alternative(ctx, newer), alternative(ctx, newer, pending=True)) == (older.id, None)


def test_component_based_servicing_says_itself_what_waits() -> None:
    """Signs of a restart change nothing about a package that has its state."""
    ctx = host("win7-sp1", {KB3140245: {"CurrentState": 0x70}}, OURS, MARK, files=NO_FILES)
    assert presence(ctx, "KB3140245").present is True
