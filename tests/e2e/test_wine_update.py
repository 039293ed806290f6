# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An update of a Wine host: a real program is sent over the wire, verified, run by a task, watched, and in force.

One story on one host, told by ``story``; each test looks at one part of it. cmd.exe, reg.exe, the registry, and who may
open which file are Wine's; ``certutil``, ``schtasks`` and ``shutdown`` are the lab's own there, and the package is made
from ``tests/lab/wine_tools/update.c``.
"""

from __future__ import annotations

import hashlib
import re
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.test_fix import ROLLBACK, Export, call
from tests.e2e.test_hostile_hosts import reg_file
from tests.lab import wine_packages
from tests.lab.fleet import Lab
from tests.lab.wine import WineHost
from tests.support.run_ansible import finding

pytestmark = [pytest.mark.wine, pytest.mark.needs("x86_64-w64-mingw32-gcc")]
UPDATE = "mailfleet.client.mail_tls_update"
LANGUAGE = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Nls\Language"
SOFTWARE = r"HKEY_LOCAL_MACHINE\SOFTWARE"
POSREADY = r"HKEY_LOCAL_MACHINE\SYSTEM\WPA\PosReady"
INSTALLED = rf"{SOFTWARE}\Microsoft\Updates\Windows XP\SP4\KB4019276"
JOBS = rf"{SOFTWARE}\MailFleet\Updates"
#: Odd, more than a megabyte, so that it takes many requests.
SIZE = 1_300_001


@dataclass
class Story:
    """What was found, in the order in which it happened."""

    runs: dict[str, dict[str, t.Any]] = field(default_factory=dict)
    exports: dict[str, Export] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    executed: list[str] = field(default_factory=list)
    package: str = ""
    left: list[str] = field(default_factory=list)
    restarts: int = 0


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("wine")
    source = folder / "packages"
    source.mkdir()
    package = wine_packages.package(source, "KB4019276", "deu", seconds=2, size=SIZE)
    registry = reg_file(folder, "german.reg", [f"[{LANGUAGE}]", '"InstallLanguage"="0407"'])
    # As quick as a host can be: a second of it is a hundredth of one.
    host = {"name": "pc", "os": "xp-sp3", "kind": "wine", "registry": [registry], "second_ms": 10, "restart_ms": 50}
    with Lab(hosts=[host]) as lab:
        return told(lab, package, folder / "journals")


def told(lab: Lab, package: Path, journals: Path) -> Story:
    """What happens, one thing after another."""
    story, host = Story(package=package.name), lab.host("pc")
    backend = host.backend
    assert isinstance(backend, WineHost)
    given = {"kb": ["KB4019276"], "source": str(package.parent), "reboot": True, "consent": ["posready"]}
    given |= {"checksums": {package.name: hashlib.sha256(package.read_bytes()).hexdigest()}}
    for what, module, options in (
        ("installed", UPDATE, given),
        ("again", UPDATE, given),
        ("rolled back", ROLLBACK, {"run": "last"}),
    ):
        before = host.counters.requests
        story.runs[what] = call(lab, module, journals, **options)["pc"]
        story.requests[what] = host.counters.requests - before
        story.exports[what] = host.export()
    story.refused, story.executed = list(host.counters.refused), list(host.counters.executed)
    windows = backend.drive / "windows"
    tasks = [entry for entry in windows.iterdir() if entry.name.lower() == "tasks"]
    names = [entry.name for place in (backend.drive, windows, *tasks) for entry in place.iterdir()]
    story.left = [name for name in names if re.match(r"MailFleet|lab-", name)]
    story.restarts = backend.power.restarts
    return story


def test_the_package_is_installed_and_in_force_after_one_restart(story: Story) -> None:
    run = story.runs["installed"]
    assert (run["changed"], run["errors"], run["reboot_required"]) == (True, [], False)
    (package,) = run["packages"]
    assert (package["outcome"], package["code"], package["file"]) == ("installed", "3010", story.package)
    assert (run["restarts"], story.restarts) == (1, 1)
    assert finding(run["before"], "updates.needed", "KB4019276")["state"] == "fail"
    assert finding(run["after"], "updates.needed", "KB4019276")["state"] == "pass"
    assert (run["before"]["verdict"], run["after"]["verdict"]) == ("needs_update", "fixable")


def test_the_program_itself_has_written_its_records(story: Story) -> None:
    export = story.exports["installed"]
    assert export[INSTALLED]["InstalledBy"] == (1, "SYSTEM\0".encode("utf-16-le"))
    assert export[rf"{INSTALLED}\Filelist\0"]["Version"] == (1, "5.1.2600.7346\0".encode("utf-16-le"))
    assert rf"{SOFTWARE}\Microsoft\Updates\UpdateExeVolatile" not in export


def test_it_was_sent_as_text_and_run_from_a_fresh_folder(story: Story) -> None:
    line = next(line for line in story.executed if line.startswith('find /v "" >'))
    assert re.fullmatch(r'find /v "" >%SystemRoot%\\MailFleet-[0-9a-f]{16}\\text0\.txt', line)
    # Base64 within base64, in pieces of some hundred kilobytes, and the lines around it.
    assert SIZE * 16 / 9 / 150_000 < story.requests["installed"] < 300


def test_a_second_run_does_nothing(story: Story) -> None:
    again = story.runs["again"]
    assert (again["changed"], again["packages"], again["restarts"], again["errors"]) == (False, [], 0, [])
    assert [(one["kb"], one["kind"]) for one in again["left"]] == [("KB4019276", "present")]


def test_rollback_takes_the_flag_away_and_leaves_the_update(story: Story) -> None:
    one = (4, b"\1\0\0\0")
    assert story.exports["installed"][POSREADY]["Installed"] == story.exports["again"][POSREADY]["Installed"] == one
    assert story.runs["rolled back"]["undone"] == [story.runs["installed"]["run"]]
    assert POSREADY not in story.exports["rolled back"]
    assert INSTALLED in story.exports["rolled back"]


def test_nothing_is_refused_and_nothing_left(story: Story) -> None:
    assert (story.refused, story.left) == ([], [])
    for what in ("installed", "again", "rolled back"):
        assert not any(key.startswith(rf"{JOBS}" + "\\") for key in story.exports[what])
