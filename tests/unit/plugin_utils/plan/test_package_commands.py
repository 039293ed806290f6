# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that install and remove packages, and texts of a host that never become one."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.package_commands import (
    PackageCommand,
    Removal,
    installing,
    record_names,
    removal,
)
from tests.support.hosts import KNOWLEDGE, NT, Keys, host

UPDATES = KNOWLEDGE.registry["updates-xp"].key
IE8_UPDATES = KNOWLEDGE.registry["updates-xp-ie8"].key
UNINSTALL = KNOWLEDGE.registry["uninstall"].key
PACKAGES = KNOWLEDGE.registry["cbs-packages"].key
SPUNINST = r"$NtUninstallKB4019276$\spuninst\spuninst.exe"
NAME = "Package_for_KB3140245~31bf3856ad364e35~amd64~~6.1.1.1"


@pytest.mark.parametrize(
    ("os_id", "file", "backup", "command"),
    [
        ("xp-sp3", "a.exe", True, "a.exe /quiet /norestart /log:LOG"),
        ("server-2003-sp2", "A.EXE", True, "A.EXE /quiet /norestart /log:LOG"),
        ("xp-sp3", "a.exe", False, "a.exe /quiet /norestart /log:LOG /nobackup"),
        (
            "win7-sp1",
            "a.msu",
            True,
            "dism /online /add-package /packagepath:CAB /quiet /norestart /logpath:LOG",
        ),
        ("win7-sp1", "a.cab", False, "dism /online /add-package /packagepath:a.cab /quiet /norestart /logpath:LOG"),
        (
            "vista-sp2",
            "a.msu",
            True,
            "start /w pkgmgr /ip /m:CAB /quiet /norestart",
        ),
        ("vista-sp2", "a.cab", True, "start /w pkgmgr /ip /m:a.cab /quiet /norestart"),
        ("win7-sp1", "a.exe", True, None),
        ("xp-sp3", "a.msu", True, None),
    ],
)
def test_commands_that_install(os_id: str, file: str, backup: bool, command: str | None) -> None:
    values = {"file": file, "log": "LOG", "cab": "CAB", "folder": "FOLDER"}
    way = installing(host(os_id), file, backup)
    assert (way and " ".join(way.filled(values))) == command


def test_only_msu_files_are_unpacked() -> None:
    ways = [installing(host("win7-sp1"), f"a.{suffix}", True) for suffix in ("msu", "cab")]
    assert [way and " ".join(way.prepare) for way in ways] == ["expand -f:* {file} {folder}", ""]


def test_a_placeholder_without_a_value_is_an_error() -> None:
    way = installing(host("xp-sp3"), "a.exe", True)
    assert way is not None
    with pytest.raises(KeyError):
        way.filled({"file": "a.exe"})


def way_of(found: Removal) -> PackageCommand:
    """The way, where there has to be one."""
    assert found.way is not None, found.why
    return found.way


def record(command: str, name: str = "KB4019276", root: str = UPDATES, value: str = "UninstallCommand") -> Keys:
    return {rf"{root}\{name}": {value: command}}


@pytest.mark.parametrize(
    "layer",
    [
        record(rf"C:\WINDOWS\{SPUNINST}"),
        record(rf'"C:\WINDOWS\{SPUNINST}"'),
        record(rf"%windir%\{SPUNINST}"),
        record(rf"%SystemRoot%\{SPUNINST.upper()}"),
        record(rf"D:\WINNT\{SPUNINST}"),
        record(rf"C:\WINDOWS\{SPUNINST}", root=UNINSTALL, value="UninstallString"),
        {**record("notepad"), **record(rf"C:\WINDOWS\{SPUNINST}", root=UNINSTALL, value="UninstallString")},
        {**record(rf"E:\XP\{SPUNINST}"), NT: {"SystemRoot": r"e:\xp"}},
    ],
)
def test_the_recorded_spuninst_is_run_from_the_folder_of_windows(layer: Keys) -> None:
    found = removal(host("xp-sp3", layer), KNOWLEDGE.updates["KB4019276"])
    way = way_of(found)
    assert (way.installer, way.verb) == ("update_exe", "remove")
    assert " ".join(way.filled({})).casefold() == rf"%SystemRoot%\{SPUNINST} /quiet /norestart".casefold()


@pytest.mark.parametrize(
    "command",
    [
        "",
        "notepad.exe",
        SPUNINST,
        rf"C:\WINDOWS\{SPUNINST} & echo PWNED",
        rf"C:\WINDOWS\{SPUNINST} /quiet",
        rf'"C:\WINDOWS\{SPUNINST}',
        rf"C:\Users\{SPUNINST}",
        rf"C:\WINDOWS\..\{SPUNINST}",
        rf"C:\WINDOWS\temp\{SPUNINST}",
        rf"\\server\WINDOWS\{SPUNINST}",
        r"C:\WINDOWS\$NtUninstallKB4467770$\spuninst\spuninst.exe",
        r"C:\WINDOWS\ie8\spuninst\spuninst.exe",  # removes Internet Explorer itself
        "C:\\WINDOWS\\" + SPUNINST + "\n",
        rf"C:\WINDOWS\{SPUNINST}" + "\u202e",
    ],
)
def test_a_record_of_another_shape_is_never_run(command: str) -> None:
    found = removal(host("xp-sp3", record(command)), KNOWLEDGE.updates["KB4019276"])
    assert found.way is None
    assert "which is not run" in found.why
    assert "\u202e" not in found.why
    assert "\n" not in found.why


def test_a_folder_that_is_not_that_of_windows_is_refused() -> None:
    ctx = host("xp-sp3", record(rf"C:\WINDOWS\{SPUNINST}"), {NT: {"SystemRoot": r"D:\WINDOWS"}})
    assert removal(ctx, KNOWLEDGE.updates["KB4019276"]).way is None


@pytest.mark.parametrize(
    ("name", "root", "folder", "works"),
    [
        ("KB4230450-IE8", IE8_UPDATES, r"ie8updates\KB4230450-IE8", True),
        ("KB4230450-IE8", IE8_UPDATES, r"$NtUninstallKB4230450$", False),
        ("KB4230450", UPDATES, r"$NtUninstallKB4230450$", False),  # another update of the same number
    ],
)
def test_updates_of_internet_explorer_8(name: str, root: str, folder: str, works: bool) -> None:
    layer = record(rf"C:\WINDOWS\{folder}\spuninst\spuninst.exe", name, root)
    assert (removal(host("xp-sp3", layer), KNOWLEDGE.updates["KB4230450"]).way is not None) is works


def test_a_later_issue_is_removed_by_its_own_program() -> None:
    layer = record(r"C:\WINDOWS\$NtUninstallKB4019276-v2$\spuninst\spuninst.exe", "KB4019276-v2")
    way = way_of(removal(host("xp-sp3", layer), KNOWLEDGE.updates["KB4019276"]))
    assert "KB4019276-v2" in way.filled({})[0]


@pytest.mark.parametrize(
    ("layer", "unread", "why"),
    [
        ({}, {}, "no record of it is on this host"),
        ({rf"{UPDATES}\KB4019276": {}}, {}, "installed without a backup (/nobackup)"),
        (
            {rf"{UPDATES}\KB4019276": {}},
            {rf"{UPDATES}\KB4019276": "Denied."},
            "UninstallCommand could not be read: Denied",
        ),
        ({}, {UPDATES: "Denied."}, "the record of installed updates could not be read"),
    ],
)
def test_why_an_update_of_xp_cannot_be_removed(layer: Keys, unread: dict[str, str], why: str) -> None:
    found = removal(host("xp-sp3", layer, unread=unread), KNOWLEDGE.updates["KB4019276"])
    assert found.way is None
    assert found.why.startswith("KB4019276 cannot be removed: ")
    assert why in found.why


def test_the_list_of_programs_that_was_not_read_says_nothing() -> None:
    """A record without a command was installed without a backup; that of another place was simply not asked for."""
    ctx = host("xp-sp3", {rf"{UPDATES}\KB4019276": {}}, unread={UNINSTALL: "was not asked for"})
    assert "without a backup" in removal(ctx, KNOWLEDGE.updates["KB4019276"]).why


@pytest.mark.parametrize(("kb", "names"), [("KB4019276", ("KB4019276",)), ("KB4230450", ("KB4230450-IE8",))])
def test_names_of_records(kb: str, names: tuple[str, ...]) -> None:
    assert record_names(KNOWLEDGE.updates[kb]) == names


def state(number: int | None, name: str = NAME) -> Keys:
    return {rf"{PACKAGES}\{name}": {} if number is None else {"CurrentState": number}}


def test_an_installed_package_is_removed_by_dism() -> None:
    way = way_of(removal(host("win7-sp1", state(0x70)), KNOWLEDGE.updates["KB3140245"]))
    assert " ".join(way.filled({})) == f"dism /online /remove-package /packagename:{NAME} /quiet /norestart"


def test_on_vista_pkgmgr_alone_removes() -> None:
    name = "Package_for_KB4019276~31bf3856ad364e35~amd64~~6.0.1.0"
    way = way_of(removal(host("vista-sp2", state(0x70, name)), KNOWLEDGE.updates["KB4019276"]))
    assert " ".join(way.filled({})) == f"start /w pkgmgr /up:{name} /quiet /norestart"


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        ({}, "no package of it is on this host"),
        (state(0x80), "Windows marks it as permanent"),
        (state(0x50), "a newer update has taken its place"),
        (state(0x60), "it waits for a reboot"),
        (state(0x0), "it is not installed"),
        (state(None), "its state was not read"),
        (state(0x70, NAME + " & echo"), "does not have a name as Windows gives them"),
        (
            state(0x70, NAME.replace("31bf3856ad364e35", "0000000000000000")),
            "does not have a name as Windows gives them",
        ),
        (
            state(0x70, "Package_for_RollupFix~31bf3856ad364e35~amd64~~7601.24545.1.8"),
            "is in as a part of another update",
        ),
    ],
)
def test_why_a_package_cannot_be_removed(layer: Keys, why: str) -> None:
    found = removal(host("win7-sp1", layer), KNOWLEDGE.updates["KB3140245"])
    assert found.way is None
    assert why in found.why


def test_unread_packages_are_not_removed() -> None:
    found = removal(host("win7-sp1", state(0x70), unread={PACKAGES: "Denied."}), KNOWLEDGE.updates["KB3140245"])
    assert "could not be read: Denied." in found.why
