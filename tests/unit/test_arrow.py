# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The arrow of imports: who may import whom, and who may touch the world outside.

knowledge -> model -> read -> evaluate -> plan -> { remote | report | relay } -> the faces
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
COLLECTION = "ansible_collections.mailfleet.client."
INSIDE = COLLECTION + "plugins.plugin_utils."
SHIPPED = COLLECTION + "plugins.module_utils"

LINE = ("knowledge", "model", "read", "evaluate", "plan")
ENDS = ("remote", "report", "relay")
#: Package -> the packages it may import from, itself among them.
MAY_IMPORT = {name: {*LINE[: place + 1]} for place, name in enumerate(LINE)} | {name: {*LINE, name} for name in ENDS}

#: What a pure package may not import: doors to hosts, to other programs, and to Ansible.
OUTSIDE = {
    "ansible",
    "asyncio",
    "ftplib",
    "getpass",
    "http",
    "imaplib",
    "multiprocessing",
    "poplib",
    "requests",
    "select",
    "smtplib",
    "socket",
    "socketserver",
    "spnego",
    "ssl",
    "subprocess",
    "urllib.request",
    "winrm",
}
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "popen", "system"}


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module name that a file imports, at whatever depth; relative imports start with a dot."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield base
            # `from package import module` imports the module too.
            yield from (f"{base}.{alias.name}" for alias in node.names)


def is_below(module: str, parents: set[str]) -> bool:
    """True where the module is one of these or stands below one."""
    return any(module == parent or module.startswith(parent + ".") for parent in parents)


def offences(package: str, source: str) -> list[str]:
    """What a file of that package of plugin_utils does and may not, one sentence each."""
    tree = ast.parse(source)
    found = []
    for module in imported(tree):
        if module.startswith("."):
            found.append(f"relative import: {module}")
        elif module.startswith(INSIDE):
            other = module.removeprefix(INSIDE).split(".")[0]
            if other not in MAY_IMPORT[package]:
                found.append(f"{package} may not import {other}")
        elif module.startswith(COLLECTION) and not (package == "remote" and is_below(module, {SHIPPED})):
            if module != COLLECTION + "plugins.plugin_utils":
                found.append(f"{package} may not import {module}")
        elif package != "remote" and is_below(module, OUTSIDE):
            found.append(f"{package} is pure and may not import {module}")
    if package != "remote":
        found += [f"{package} is pure and may not use os.{name}" for name in environment_used(tree)]
    return found


def environment_used(tree: ast.AST) -> Iterator[str]:
    """Names out of ENVIRONMENT that a file takes from ``os``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
            if node.attr in ENVIRONMENT:
                yield node.attr
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            yield from (alias.name for alias in node.names if alias.name in ENVIRONMENT)


def files_of(folder: str) -> list[Path]:
    """The Python files below a folder of plugins/, sorted."""
    return sorted((PLUGINS / folder).rglob("*.py"))


@pytest.mark.parametrize("path", files_of("plugin_utils"), ids=lambda path: str(path.relative_to(PLUGINS)))
def test_plugin_utils_follow_the_arrow(path: Path) -> None:
    package = path.relative_to(PLUGINS / "plugin_utils").parts[0]
    if package == "__init__.py":
        assert not list(imported(ast.parse(path.read_text(encoding="utf-8"))))
        return
    assert package in MAY_IMPORT, "a package that the arrow does not know"
    assert offences(package, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", files_of("module_utils"), ids=lambda path: str(path.relative_to(PLUGINS)))
def test_what_is_shipped_to_linux_hosts_needs_the_standard_library_only(path: Path) -> None:
    allowed = set(sys.stdlib_module_names) | {"ansible.module_utils", SHIPPED}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert [module for module in imported(tree) if not is_below(module, allowed)] == []


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(PLUGINS.rglob("*.py")) if path.relative_to(PLUGINS).parts[0][-6:] != "_utils"],
    ids=lambda path: str(path.relative_to(PLUGINS)),
)
def test_faces_import_absolutely(path: Path) -> None:
    """In a checkout they are loaded outside the package, by ansible.cfg's action_plugins and library."""
    relative = [module for module in imported(ast.parse(path.read_text(encoding="utf-8"))) if module.startswith(".")]
    assert relative == []


@pytest.mark.parametrize(
    ("package", "source"),
    [
        ("knowledge", f"from {INSIDE}model import mail"),
        ("model", f"import {INSIDE}evaluate.tls"),
        ("read", f"from {INSIDE}plan.plan import make"),
        ("evaluate", f"def later():\n    from {INSIDE}remote.collect import collect"),
        ("evaluate", "from ansible.errors import AnsibleError"),
        ("evaluate", f"from {SHIPPED}.probe import probe"),
        ("plan", "import subprocess"),
        ("plan", "import urllib.request"),
        ("plan", "from urllib import request"),
        ("read", "import os\nhome = os.environ['HOME']"),
        ("read", "from os import getenv"),
        ("report", f"from {INSIDE}remote import collect"),
        ("remote", f"from {INSIDE[:-1]} import report"),
        ("remote", f"from {COLLECTION}plugins.action import mail_tls_audit"),
        ("remote", "from . import collect"),
    ],
)
def test_the_test_sees_what_is_forbidden(package: str, source: str) -> None:
    assert offences(package, source)


@pytest.mark.parametrize(
    ("package", "source"),
    [
        ("knowledge", f"import json\nfrom {INSIDE}knowledge.tables import Row"),
        ("model", f"from {INSIDE}knowledge import tables"),
        ("evaluate", f"from {INSIDE[:-1]} import read"),
        ("evaluate", "import urllib.parse\nimport os.path\nname = os.path.basename('a')"),
        ("remote", f"import socket\nfrom ansible.errors import AnsibleError\nfrom {SHIPPED}.probe import probe"),
        ("remote", f"from {INSIDE[:-1]} import model"),
    ],
)
def test_the_test_allows_what_is_allowed(package: str, source: str) -> None:
    assert offences(package, source) == []
