#!/usr/bin/env python
# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ``ansible-test sanity`` on what the working tree holds now, without docker and without Ansible's own servers.

ansible-test wants its working directory to be ``.../ansible_collections/mailfleet/client`` and follows links, so it
gets a copy. It also wants a home folder to keep its environments in: one under ``build/``, not the user's.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Not part of what is built, and a link that leads out of the copy.
LEFT_OUT = ("tests/collections/",)

#: ansible-test downloads get-pip.py from a server of its own; the standard library can do the same work.
GET_PIP = """\
import subprocess, sys
wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
subprocess.check_call([sys.executable, "-m", "ensurepip", "--default-pip"], stdout=subprocess.DEVNULL)
sys.exit(subprocess.call([sys.executable, "-c", "import runpy; runpy.run_module('pip', run_name='__main__')", "install",
                          *wanted]))
"""


def files_of_the_tree() -> list[str]:
    """Tracked files and new ones that are not ignored, as they are now, relative to the root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    names = sorted(set(listing.split("\0")) - {""})
    return [name for name in names if not name.startswith(LEFT_OUT) and (ROOT / name).is_file()]


def copy_tree(target: Path) -> None:
    """Make ``target`` a copy of the working tree, dates included (ansible-test caches by them)."""
    shutil.rmtree(target, ignore_errors=True)
    for name in files_of_the_tree():
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, place, follow_symlinks=False)
    # Without a repository of its own, ansible-test finds the outer one, which ignores build/.
    subprocess.run(["git", "-c", "init.defaultBranch=main", "init", "--quiet"], cwd=target, check=True)


def pip_version_wanted() -> str:
    """The version of pip that this ansible-test installs into its environments."""
    package = importlib.util.find_spec("ansible_test")
    if package is None or not package.submodule_search_locations:
        sys.exit("ansible-test is not installed in this environment: run `make setup`")
    source = Path(package.submodule_search_locations[0]) / "_internal" / "python_requirements.py"
    found = re.search(r"\bpip=['\"]([0-9.]+)['\"]", source.read_text(encoding="utf-8"))
    if found is None:
        sys.exit(f"this ansible-test does not say which pip it wants, where it used to: {source}")
    return found.group(1)


def prepare_home(home: Path) -> None:
    """Put our get-pip where ansible-test looks before it downloads one."""
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (cache / f"get_pip_{pip_version_wanted().replace('.', '_')}.py").write_text(GET_PIP, encoding="utf-8")


def main() -> int:
    """Copy, run, and give back ansible-test's exit code."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    home = ROOT / "build" / f"sanity-home-{version}"
    target = ROOT / "build" / f"sanity-{version}" / "ansible_collections" / "mailfleet" / "client"
    copy_tree(target)
    prepare_home(home)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    # A virtual environment's programs are found by path: it need not be activated.
    environment |= {"HOME": str(home), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = ["ansible-test", "sanity", "--python", version, "--color", "no", *sys.argv[1:]]
    return subprocess.run(command, cwd=target, env=environment, check=False, stdin=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    sys.exit(main())
