# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet's audit as a table for people: host, Windows, verdict, first reason, next step."""

from __future__ import annotations

import textwrap
import typing as t
from collections.abc import Mapping, Sequence

from ansible_collections.mailfleet.client.plugins.plugin_utils.report.neutral import neutral

_TITLES: t.Final = ("HOST", "WINDOWS", "VERDICT", "FIRST REASON", "NEXT STEP")
_WIDTHS: t.Final = (20, 18, 12, 64, 40)


def row(name: str, result: Mapping[str, t.Any]) -> tuple[str, ...]:
    """One host's line; hosts that were not reached, or could not be audited, say so."""
    if result.get("unreachable"):
        return (name, "-", "unreachable", _one_line(result.get("msg")), "make the host reachable")
    if "verdict" not in result:
        return (name, "-", "failed", _one_line(result.get("msg")), "see the message")
    host = result.get("host") or {}
    return (
        name,
        str(host.get("os") or "unknown"),
        str(result["verdict"]),
        _one_line(result.get("reason")),
        _one_line(result.get("next_step")),
    )


def _one_line(text: t.Any) -> str:
    return neutral(" ".join(str(text or "-").split()))


def table(results: Mapping[str, Mapping[str, t.Any]]) -> list[str]:
    """The lines of the table, hosts in the order given."""
    rows = [_TITLES, *(row(name, result) for name, result in results.items())]
    return [line for cells in rows for line in _lines(cells)]


def _lines(cells: Sequence[str]) -> list[str]:
    columns = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, _WIDTHS, strict=True)]
    height = max(map(len, columns))
    padded = [column + [""] * (height - len(column)) for column in columns]
    return [
        "  ".join(part.ljust(width) for part, width in zip(parts, _WIDTHS, strict=True)).rstrip()
        for parts in zip(*padded, strict=True)
    ]
