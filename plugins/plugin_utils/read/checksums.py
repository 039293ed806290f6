# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SHA-256 sums of packages that the operator gives: in a dictionary, or in a file as ``sha256sum`` writes it.

https://www.gnu.org/software/coreutils/manual/html_node/cksum-output-modes.html
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError, mapping, quoted
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import lines_of

_SUM: t.Final = re.compile(r"[0-9A-Fa-f]{64}", re.ASCII)
#: ``SUM  name`` and ``SUM *name``; with ``--tag``, ``SHA256 (name) = SUM``.
_LINE: t.Final = re.compile(
    r"(?:(?P<sum>[0-9A-Fa-f]{64})[ \t]+\*?(?P<name>\S.*)|SHA256 \((?P<tagged>.+)\) = (?P<tag>[0-9A-Fa-f]{64}))",
    re.ASCII,
)
#: Characters that a file of sums may have; thousands of packages.
_LONGEST: t.Final = 1_000_000


def parse_checksums(given: Mapping[str, t.Any] | None, text_of_file: str | None) -> dict[str, str]:
    """File names, casefolded and without folders, with their SHA-256 in small hex digits, from both of them.

    :raises OptionError: something is no checksum, or one file has two of them.
    """
    found: dict[str, str] = {}
    if given is not None:
        for name, value in mapping("checksums", given).items():
            where = f"checksums: {quoted(name)}"
            _add(found, name, _sum(value, where), where)
    if text_of_file is not None:
        _file(found, text_of_file)
    return found


def _sum(value: object, where: str) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not _SUM.fullmatch(text):
        hint = ", in quotes" if isinstance(value, (int, float)) and not isinstance(value, bool) else ""
        raise OptionError(f"{where} has {quoted(value)} for a SHA-256, which are 64 hex digits{hint}.")
    return text.lower()


def _file(found: dict[str, str], text: str) -> None:
    if len(text) > _LONGEST:
        raise OptionError(
            f"checksum_file: it has {len(text)} characters, and {_LONGEST} are the most: it is no such list."
        )
    for number, line in enumerate(lines_of(text.removeprefix("\ufeff")), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        where = f"checksum_file, line {number}"
        entry = _LINE.fullmatch(line.strip())
        if entry is None:
            raise OptionError(f"{where}: {quoted(line)} is no SHA-256 with the name of a file, as sha256sum writes it.")
        _add(found, entry["name"] or entry["tagged"], (entry["sum"] or entry["tag"]).lower(), where)


def _add(found: dict[str, str], name: str, digest: str, where: str) -> None:
    """Folders do not count: a list may have been made anywhere."""
    key = re.split(r"[/\\]", name.strip())[-1].casefold()
    if not key:
        raise OptionError(f"{where}: {quoted(name)} names no file.")
    if found.setdefault(key, digest) != digest:
        raise OptionError(f"{where}: {quoted(key)} has two different checksums.")
