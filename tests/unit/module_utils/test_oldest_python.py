# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is shipped to Linux hosts runs on the oldest Python that ansible-core 2.19 supports there, which is 3.8.

https://docs.ansible.com/ansible/latest/reference_appendices/release_and_maintenance.html (target Python)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.test_repository import ROOT, named

OLDEST = (3, 8)
SHIPPED = [
    *sorted((ROOT / "plugins" / "module_utils").glob("*.py")),
    ROOT / "plugins" / "modules" / "mail_tls_probe.py",
]
#: Methods and functions that came later, and that a linter for newer Pythons likes to suggest.
LATER = {"removeprefix", "removesuffix", "UTC", "pairwise", "batched", "bit_count", "slots", "kw_only", "TypeAlias"}


def too_new(source: str) -> Iterator[str]:
    """What Python 3.8 would not take, one sentence each; types in annotations are texts there."""
    try:
        tree = ast.parse(source, feature_version=OLDEST)
    except SyntaxError as error:
        yield f"line {error.lineno}: {error.msg}"
        return
    if "from __future__ import annotations" not in source and source.strip():
        yield "annotations would be evaluated"
    for node in ast.walk(tree):
        name = node.attr if isinstance(node, ast.Attribute) else node.arg if isinstance(node, ast.keyword) else None
        if name in LATER:
            yield f"line {node.lineno}: {name}"
        if isinstance(node, ast.keyword) and name == "strict":
            yield f"line {node.lineno}: zip with strict"
        # socket.timeout is TimeoutError only from 3.10 on: alone, it would miss what sockets raise.
        if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Name) and node.type.id == "TimeoutError":
            yield f"line {node.lineno}: except TimeoutError"


@pytest.mark.parametrize("path", SHIPPED, ids=named)
def test_shipped_files_suit_the_oldest_python(path: Path) -> None:
    assert list(too_new(path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "match x:\n    case 1:\n        pass",
        "with (open(a) as b, open(c) as d):\n    pass",
        "x = 'a'.removeprefix('b')",
        "y = zip(a, b, strict=True)",
        "try:\n    pass\nexcept TimeoutError:\n    pass",
        "def f(x: int | None): ...",
    ],
)
def test_the_test_sees_what_is_too_new(source: str) -> None:
    assert list(too_new(source))
