# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run knows of a host before it changes it, and keys of ours that nobody else may touch."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import HostIdentity
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryData, RegistryImage, Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import own, stage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, section
from tests.support.hosts import KNOWLEDGE, Keys, region
from tests.support.lab_shell import Bench, LabShell

KEY = f"{own.ROOT}\\Updates\\KB1234567"


def image(**rows: RegistryData) -> RegistryImage:
    """What was read: data by the id of its place in the tables."""
    keys: dict[str, dict[str, RegistryData]] = {}
    for row, data in rows.items():
        place = KNOWLEDGE.registry[row.replace("_", "-")]
        keys.setdefault(place.key, {})[str(place.value)] = data
    given: Keys = keys
    return RegistryImage((region("HKLM", given),))


@pytest.mark.parametrize(
    ("found", "boot"),
    [
        (image(), ""),
        (image(boot_id=27), "1b"),
        (image(shutdown_time=bytes(range(8))), "0001020304050607"),
        (image(boot_id=0, shutdown_time=b"\xff" * 40), "0-" + "ff" * 16),
        (image(boot_id="& calc"), ""),
        (image(boot_id=27, shutdown_time=b""), "1b"),
        (image(shutdown_time=b""), ""),
        (image(boot_id=-1), ""),
        (RegistryImage(), ""),
    ],
)
def test_the_boot_is_told_in_harmless_characters(found: RegistryImage, boot: str) -> None:
    assert own.boot(found) == boot


@pytest.mark.parametrize(
    ("found", "identity"),
    [
        (image(computer_name="PC", machine_guid="0AF-1"), HostIdentity("PC", "0AF-1")),
        (image(computer_name="PC"), HostIdentity("PC", "")),
        (image(computer_name="PC", machine_guid="x & calc"), HostIdentity("PC", "")),
        (image(computer_name="PC", machine_guid=7), HostIdentity("PC", "")),
        (image(computer_name=""), Unread("the host has no name")),
        (image(computer_name=7), Unread("the host has no name")),
    ],
)
def test_which_host_it_is(found: RegistryImage, identity: HostIdentity | Unread) -> None:
    assert own.identity(found) == identity


def test_the_sections_read_what_is_asked_of_them(tmp_path: Path) -> None:
    exchange = Exchange(LabShell(Bench(tmp_path, os="xp-sp3").host))
    found = exchange.run((own.identity_section(with_name=True), own.lock_section(), own.journal_section()))
    assert isinstance(own.identity(found), HostIdentity)
    assert own.boot(found)
    assert found.unread() == ()
    assert (found.below(own.LOCKS), found.below(own.JOURNALS)) == (found.key(own.LOCKS), found.key(own.JOURNALS))


@pytest.mark.parametrize("os", ["xp-sp3", "win7-sp1"])
def test_keys_of_ours_are_for_administrators_only(os: str, tmp_path: Path) -> None:
    host = Bench(tmp_path, os=os).host
    folder = stage.new_folder()
    command = "&".join(own.access_commands(folder, (own.ROOT, KEY)))
    Exchange(LabShell(host)).run((section("access", Query("JA", command=command)),))
    long = [key.replace("HKLM", "HKEY_LOCAL_MACHINE") for key in (own.ROOT, KEY)]
    assert host.access == dict.fromkeys(long, (1, 17))
    assert not host.files.exists(rf"C:\Windows\{folder}")


@pytest.mark.parametrize("key", [r"HKLM\SOFTWARE", r"HKLM\SOFTWARE\MailFleetX", r"HKU\SOFTWARE\MailFleet", ""])
def test_access_to_keys_of_others_is_never_changed(key: str) -> None:
    with pytest.raises(ValueError, match="no key of ours"):
        own.access_commands(stage.new_folder(), (own.ROOT, key))


def test_our_keys_stay_where_hosts_have_them() -> None:
    assert own.ROOT == r"HKLM\SOFTWARE\MailFleet"
    assert (own.LOCKS, own.JOURNALS) == (own.ROOT + r"\Lock", own.ROOT + r"\Journal")
