# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removals on simulated hosts, and what else is read for those who install or remove something."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.install_facts import (
    in_domain,
    install_language,
)
from tests.support.hosts import KNOWLEDGE
from tests.unit.plugin_utils.plan.update_stories import (
    Story,
)


@pytest.mark.parametrize(
    ("os", "kb", "command"),
    [
        ("xp-sp3", "KB4019276", r"%SystemRoot%\$NtUninstallKB4019276$\spuninst\spuninst.exe /quiet /norestart"),
        ("xp-sp3", "KB4230450", r"%SystemRoot%\ie8updates\KB4230450-IE8\spuninst\spuninst.exe /quiet /norestart"),
        ("server-2003-sp2", "KB948963", r"%SystemRoot%\$NtUninstallKB948963$\spuninst\spuninst.exe /quiet /norestart"),
        ("xp-x64-sp2", "KB948963", r"%SystemRoot%\$NtUninstallKB948963$\spuninst\spuninst.exe /quiet /norestart"),
        (
            "vista-sp2",
            "KB4019276",
            "start /w pkgmgr /up:Package_for_KB4019276~31bf3856ad364e35~x86~~6.0.1.2 /quiet /norestart",
        ),
        (
            "win7-sp1",
            "KB3140245",
            "dism /online /remove-package /packagename:Package_for_KB3140245~31bf3856ad364e35~amd64~~6.1.1.1 /quiet"
            " /norestart",
        ),
        (
            "server-2012",
            "KB3140245",
            "dism /online /remove-package /packagename:Package_for_KB3140245~31bf3856ad364e35~amd64~~6.2.1.1 /quiet"
            " /norestart",
        ),
    ],
)
def test_what_is_read_is_enough_to_remove_an_update(tmp_path: Path, os: str, kb: str, command: str) -> None:
    story = Story(tmp_path, os)
    assert story.removal(kb).way is None
    assert "no " in story.removal(kb).why
    names = [way.name for way in KNOWLEDGE.updates[kb].detect if way.kind == "hotfix"]
    story.install(names[0] if names and os.startswith(("xp", "server-2003")) else kb)
    story.host.restart()
    way = story.removal(kb).way
    assert way is not None
    assert " ".join(way.filled({})) == command


def test_an_update_without_a_backup_stays(tmp_path: Path) -> None:
    story = Story(tmp_path, "xp-sp3")
    story.install("KB4019276", backup=False)
    story.host.restart()
    assert story.removal("KB4019276").way is None
    assert "without a backup (/nobackup)" in story.removal("KB4019276").why


def test_the_list_of_programs_will_do(tmp_path: Path) -> None:
    """The family's record is there without its command."""
    story = Story(tmp_path, "xp-sp3")
    story.install("KB4019276")
    story.host.restart()
    story.host.registry.delete_value(r"HKLM\SOFTWARE\Microsoft\Updates\Windows XP\SP4\KB4019276", "UninstallCommand")
    assert story.removal("KB4019276").way is not None
    assert r"Uninstall\KB4019276\UninstallString" in story.removal("KB4019276").why


@pytest.mark.parametrize("os", ["win10-1709", "win11-24h2"])
def test_nothing_can_be_removed_from_windows_10(tmp_path: Path, os: str) -> None:
    assert Story(tmp_path, os).removal("KB5017811").way is None


@pytest.mark.parametrize(("language", "langid"), [("en", "0409"), ("de", "0407"), ("ja", "0411"), ("ru", "0419")])
def test_the_language_is_read(tmp_path: Path, language: str, langid: str) -> None:
    ctx = Story(tmp_path, "xp-sp3", language=language).look()
    assert install_language(ctx) == langid
    assert in_domain(ctx) is False


def test_a_member_of_a_domain_is_told(tmp_path: Path) -> None:
    story = Story(tmp_path, "win7-sp1")
    story.host.registry.set_number(r"HKLM\SYSTEM\CurrentControlSet\Services\Netlogon", "Start", 2)
    assert in_domain(story.look()) is True
