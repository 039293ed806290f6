# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""House rules that no linter knows: sizes, licence lines, no machine's paths, and what a built collection holds."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {"__pycache__", "build", "collections", "output"}
CODE = ("plugins", "scripts", "tests")
FILE_LINES = 300
FUNCTION_LINES = 40

LICENCE = (
    "# Copyright (c) 2026, the mailfleet.client developers",
    "# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)",
    "# SPDX-License-Identifier: GPL-3.0-or-later",
)
#: ansible-test wants the licence of a module to be spelled so.
LICENCE_OF_MODULES = LICENCE[1].replace("v3.0-or-later", "v3.0+")
#: Places of one developer's machine. Written so that this file does not hold them itself.
MACHINE_PATH = re.compile(r"(?<![\w.-])/(?:work|farm|root|tmp/w|home/[a-z]\w*)/(?=[\w.])")
#: Registry paths are data: they stand in knowledge/ only.
REGISTRY_PATH = re.compile(r"(?i)\b(?:software|system)\\+(?:microsoft|policies|currentcontrolset|wpa)\b")
WITHOUT_REGISTRY_PATHS = ("model", "read", "evaluate", "plan", "report")


def our_files(*folders: str) -> list[Path]:
    """Every file of the repository below these folders (or of all of it), sorted."""
    found = []
    for top in [ROOT / folder for folder in folders] or [ROOT]:
        for parent, names, files in os.walk(top):
            names[:] = [name for name in names if name not in NOT_OURS and (name == ".ci" or name[0] != ".")]
            found += [Path(parent, file) for file in files if not Path(parent, file).is_symlink()]
    return sorted(found)


def named(path: Path) -> str:
    """A test id."""
    return str(path.relative_to(ROOT))


PYTHON = [path for path in our_files(*CODE) if path.suffix == ".py"]


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function from its ``def`` to its end, its docstring not counted."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node, clean=False) is not None:
        lines -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
    return lines


def long_functions(source: str) -> Iterator[str]:
    """Functions over the limit, with their sizes."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and code_lines(node) > FUNCTION_LINES:
            yield f"{node.name}: {code_lines(node)} lines"


def registry_paths(source: str) -> list[str]:
    """Registry paths in the strings of a file, docstrings left aside."""
    tree = ast.parse(source)
    prose = {
        id(node.value)
        for parent in ast.walk(tree)
        for node in ast.iter_child_nodes(parent)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [node.value for node in strings if id(node) not in prose and REGISTRY_PATH.search(node.value)]


def head_of(path: Path) -> list[str]:
    """The three lines about the licence, as far as they are there."""
    lines = path.read_text(encoding="utf-8").splitlines()[:4]
    head = [line for line in lines if not line.startswith("#!")][:3]
    return [LICENCE[1] if line == LICENCE_OF_MODULES else line for line in head]


@pytest.mark.parametrize("path", PYTHON, ids=named)
def test_python_files_are_short_and_licensed(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert tuple(head_of(path)) == LICENCE
    assert len(source.splitlines()) <= FILE_LINES
    assert list(long_functions(source)) == []


def test_scripts_are_licensed() -> None:
    scripts = [path for path in our_files("scripts", ".ci") if path.suffix == ""]
    assert scripts
    assert [named(path) for path in scripts if tuple(head_of(path)) != LICENCE] == []


def test_scripts_can_be_executed() -> None:
    scripts = [path for path in our_files("scripts", ".ci") if path.read_bytes().startswith(b"#!")]
    assert [named(path) for path in scripts if not os.access(path, os.X_OK)] == []


def test_no_file_names_a_place_of_one_machine() -> None:
    hits = []
    for path in our_files():
        text = path.read_bytes().decode("utf-8", "replace")
        hits += [f"{named(path)}: {found.group()}" for found in MACHINE_PATH.finditer(text)]
    assert hits == []


@pytest.mark.parametrize("package", WITHOUT_REGISTRY_PATHS)
def test_registry_paths_are_data(package: str) -> None:
    files = [path for path in our_files(f"plugins/plugin_utils/{package}") if path.suffix == ".py"]
    hits = {named(path): registry_paths(path.read_text(encoding="utf-8")) for path in files}
    assert {name: paths for name, paths in hits.items() if paths} == {}


def test_sanity_ignores_nothing() -> None:
    lists = sorted((ROOT / "tests" / "sanity").glob("ignore-*.txt"))
    assert lists
    assert [named(path) for path in lists if path.read_bytes()] == []


def test_the_link_makes_the_repository_a_collection() -> None:
    link = ROOT / "tests" / "collections" / "ansible_collections" / "mailfleet" / "client"
    assert link.is_symlink()
    assert not os.path.isabs(os.readlink(link))
    assert link.resolve() == ROOT


def test_the_versions_of_ansible_core_agree() -> None:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    oldest = re.fullmatch(r">=(\d+\.\d+)\.0", runtime["requires_ansible"])
    assert oldest
    assert f"ansible-core >={oldest.group(1)}\n" in (ROOT / "requirements.txt").read_text(encoding="utf-8")


def test_a_built_collection_holds_the_plugins_and_nothing_of_a_checkout(tmp_path: Path) -> None:
    galaxy = Path(sys.executable).parent / "ansible-galaxy"
    command = [str(galaxy), "collection", "build", str(ROOT), "--output-path", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    (artifact,) = tmp_path.glob("mailfleet-client-*.tar.gz")
    with tarfile.open(artifact) as archive:
        members = archive.getmembers()
    names = {member.name for member in members}
    assert {"plugins/plugin_utils/model/registry.py", "meta/runtime.yml", "LICENSE", "README.md"} <= names
    assert [member.name for member in members if member.issym()] == []
    left_out = (".venv", "build/", ".git", ".ci", "tests/collections", ".pytest_cache", ".hypothesis")
    assert [name for name in names if name.startswith(left_out)] == []


@pytest.mark.parametrize("text", ["see /" + "work/main/x", "cd /" + "root/.pyenv", "'/" + "tmp/w/v312'"])
def test_the_test_sees_a_place_of_one_machine(text: str) -> None:
    assert MACHINE_PATH.search(text)


@pytest.mark.parametrize("text", ["https://example.net/work/", "tests/work/x", "/workspace/x", "HKLM/" + "root"])
def test_the_test_leaves_other_paths_alone(text: str) -> None:
    assert not MACHINE_PATH.search(text)


def test_the_test_sees_registry_paths_in_code_and_not_in_prose() -> None:
    prose = '"""Reads HKLM\\\\SOFTWARE\\\\Microsoft\\\\X."""\n'
    assert registry_paths(prose) == []
    assert registry_paths(prose + 'KEY = r"HKLM\\SOFTWARE\\Microsoft\\X"\n')


def test_the_test_counts_lines_without_the_docstring() -> None:
    body = "    x = 1\n" * (FUNCTION_LINES - 1)
    assert list(long_functions(f'def f():\n    """Says\n\n    much.\n    """\n{body}')) == []
    assert list(long_functions(f"def f():\n{body}    x = 2\n")) == [f"f: {FUNCTION_LINES + 1} lines"]
