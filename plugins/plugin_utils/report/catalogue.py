# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue of packages that a fleet needs: as data, and as lines for people."""

from __future__ import annotations

import dataclasses
import textwrap
import typing as t
from collections.abc import Iterator, Sequence

from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.catalogue import Catalogue, Missing, WantedFile
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.neutral import neutral, plain

#: Version of the shape of the data: the first number changes when a reader could break.
SCHEMA: t.Final = "1.0"
_TITLES: t.Final = ("KB", "FOR", "LANGUAGE", "HOSTS", "FILE")
_NAMES_SHOWN: t.Final = 5
_WIDTH: t.Final = 118


def as_data(catalogue: Catalogue) -> dict[str, t.Any]:
    """The catalogue as plain data. ``schema`` names the version of its shape, ``count`` how many hosts need a file."""
    shown: dict[str, t.Any] = plain(
        {
            "schema": SCHEMA,
            "hosts": catalogue.hosts,
            "files": [{**dataclasses.asdict(file), "count": len(file.hosts)} for file in catalogue.files],
            "missing": [{**dataclasses.asdict(what), "count": len(what.hosts)} for what in catalogue.missing],
        }
    )
    return shown


def lines(catalogue: Catalogue) -> list[str]:
    """The catalogue for people: a table of files in the order of installation, what belongs to each, what is missing.

    Columns are as wide as what stands in them; file names are never broken, so that they can be copied.
    """
    if not catalogue.files:
        return [f"No package is needed ({_hosts(catalogue.hosts)}).", *_missing(catalogue.missing)]
    found = [f"Packages for {_hosts(catalogue.hosts)}, in the order of installation:", ""]
    found += _aligned([_TITLES, *map(_row, catalogue.files)])
    found += ["", *(line for kb in _by_update(catalogue.files) for line in _notes(kb))]
    return [*found, *_missing(catalogue.missing)]


def _hosts(count: int) -> str:
    return "1 host" if count == 1 else f"{count} hosts"


def _row(file: WantedFile) -> tuple[str, ...]:
    count = str(len(file.hosts)) if file.hosts else f"({len(file.optional_for)})"
    return (file.kb, file.architecture, file.language or "any", count, neutral(file.file))


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _by_update(files: Sequence[WantedFile]) -> Iterator[list[WantedFile]]:
    for kb in dict.fromkeys(file.kb for file in files):
        yield [file for file in files if file.kb == kb]


def _notes(files: Sequence[WantedFile]) -> Iterator[str]:
    """What one update is, who needs it, and how its files are known."""
    first = files[0]
    yield f"{first.kb}: {first.title}"
    needs = dict.fromkeys(name for file in files for name in file.prerequisites)
    if needs:
        yield f"  before it: {', '.join(needs)}"
    for said, field in (("for", "hosts"), ("not for mail itself", "optional_for")):
        names = sorted({name for file in files for name in getattr(file, field)})
        if names:
            yield from _wrapped(f"{said}: {_names(names)}")
    for file in files:
        yield from _known(file)


def _known(file: WantedFile) -> Iterator[str]:
    if not file.exact:
        yield f"  {neutral(file.file)}: a pattern; give the SHA-256 of the file that you fetch"
        return
    size = f", {file.size} bytes" if file.size is not None else ""
    if file.sha256:
        yield f"  SHA-256 {file.sha256}{size}  {neutral(file.file)}"
    else:
        yield f"  {neutral(file.file)}{size}: its SHA-256 is not known here; give it"


def _missing(missing: Sequence[Missing]) -> Iterator[str]:
    if missing:
        yield ""
        yield "What cannot be had, or is not known:"
    for what in missing:
        yield from _wrapped(
            f"{neutral(what.what)}: {neutral(what.why)} {_hosts(len(what.hosts))}: {_names(what.hosts)}"
        )


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(neutral(name) for name in names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False)
