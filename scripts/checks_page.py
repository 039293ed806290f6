#!/usr/bin/env python
# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write ``docs/checks.md`` from the catalogue of checks. ``make docs`` runs it; a test tells when the page is stale."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "checks.md"
sys.path.insert(0, str(ROOT / "tests" / "collections"))

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load  # noqa: E402
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Check  # noqa: E402

HEAD = """\
# Checks

<!-- Written by `make docs` from plugins/plugin_utils/knowledge/checks.yml: change it there. -->

Every finding of an audit answers one of these checks, for one subject where a check has several (a user, a firewall
profile, a 32-bit view). `only:` and `skip:` take the names of the families, `waivers:` the ids of the checks.

"Confidence" tells how sure the project is of what the check rests on: *2+* two or more independent sources, *1* one
source, *own* general knowledge that nobody verified, *test* seen by running it, *hive* read out of a real registry.
What the names of the sources stand for: [the tables' own page](../plugins/plugin_utils/knowledge/README.md#sources).
"""


def one_line(text: str) -> str:
    """Text of the table as text of the page: one line, and nothing in it that Markdown would take for a command."""
    return re.sub(r"([\\`*_<>|\[\]])", r"\\\1", " ".join(text.split()))


def section(check: Check) -> str:
    """The lines about one check."""
    return (
        f"### `{check.id}`\n\n"
        f"**{one_line(check.title)}** ({check.severity}). {one_line(check.why)}\n\n"
        f"- What helps: {one_line(check.fix)}\n"
        f"- Source: {one_line(check.source)}. Confidence: {check.confidence}.\n"
    )


def families(checks: Iterable[Check]) -> Mapping[str, list[Check]]:
    """The checks by family, in the order of the catalogue."""
    found: dict[str, list[Check]] = {}
    for check in checks:
        found.setdefault(check.family, []).append(check)
    return found


def page(checks: Iterable[Check]) -> str:
    """The whole page."""
    parts = [HEAD]
    for family, members in families(checks).items():
        parts += [f"## {family}\n", *(section(check) for check in members)]
    return "\n".join(parts)


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(load().checks.values()), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
