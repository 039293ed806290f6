# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all tests share: a private Ansible, and the rules by which a test may be skipped.

A test is skipped for three reasons only: ``realdata`` where the folder with real registries is absent; ``needs`` (or
``wine``) where a program is missing and nobody promised it (where ``CI=true`` programs are promised, so such a test
fails there instead); and ``support/molecule.py`` where the machine cannot start a container.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent
COLLECTIONS = ROOT / "tests" / "collections"
IN_CI = os.environ.get("CI") == "true"
#: Daemons live where an ordinary user's PATH does not look.
PROGRAM_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])


def private_ansible() -> Path:
    """Hide the user's Ansible from the tests and the tests from the user's Ansible; return the home they get.

    Set in ``os.environ``, before anything imports ansible: programs that tests start inherit it.
    """
    for name in [name for name in os.environ if name.startswith("ANSIBLE_")]:
        del os.environ[name]
    # The lab is on loopback addresses: no proxy of the user's may stand between.
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        os.environ.pop(name, None)
        os.environ.pop(name.upper(), None)
    home = Path(tempfile.mkdtemp(prefix="mailfleet-tests-"))
    os.environ["ANSIBLE_HOME"] = str(home)
    os.environ["ANSIBLE_CONFIG"] = str(ROOT / "ansible.cfg")
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(COLLECTIONS)
    os.environ["ANSIBLE_NOCOLOR"] = "1"
    return home


ANSIBLE_HOME = private_ansible()

os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(ROOT / "build" / "hypothesis"))
# How long one example may take says more about who else uses the machine than about the code.
hypothesis.settings.register_profile("house", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("house")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    shutil.rmtree(ANSIBLE_HOME, ignore_errors=True)


def find_realdata() -> Path | None:
    """The folder with real registries: where the environment says, else beside the repository."""
    told = os.environ.get("MAILFLEET_REALDATA")
    folder = Path(told).expanduser() if told else ROOT.parent / "shared" / "realdata"
    return folder.resolve() if (folder / "hosts").is_dir() else None


REALDATA = find_realdata()
NO_REALDATA = "no folder with real registries: set MAILFLEET_REALDATA, or put it at ../shared/realdata"


def pytest_report_header(config: pytest.Config) -> str:
    """Say where the real registries are, or that there are none."""
    return f"realdata: {REALDATA or NO_REALDATA}"


def programs_needed(item: pytest.Item) -> list[str]:
    """The programs that a test's markers name."""
    programs = [program for marker in item.iter_markers("needs") for program in marker.args]
    if item.get_closest_marker("wine"):
        programs.append("wine")
    return programs


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what cannot run here; in CI, fail where a program is missing."""
    if item.get_closest_marker("realdata") and REALDATA is None:
        pytest.skip(NO_REALDATA)
    missing = [program for program in programs_needed(item) if not shutil.which(program, path=PROGRAM_PATH)]
    if missing and IN_CI:
        pytest.fail(f"CI never skips, and this is not installed: {', '.join(missing)}", pytrace=False)
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (scripts/system-packages, as root on Debian, installs it)")


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder with real registries. Tests that ask for it carry the marker ``realdata``."""
    if REALDATA is None:
        pytest.skip(NO_REALDATA)
    return REALDATA


@pytest.fixture(scope="session")
def repository() -> Path:
    """The repository's root, links resolved."""
    return ROOT
