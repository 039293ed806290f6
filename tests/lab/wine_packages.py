# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages for Wine hosts: real programs that do what update.exe does, made from ``wine_tools/update.c``."""

from __future__ import annotations

import hashlib
import typing as t
from pathlib import Path

from . import packages, wine_template
from .packages import Row

_OS: t.Final = "xp-sp3"


def package(folder: Path, kb: str, lang: str = "enu", seconds: float = 1, size: int = 0) -> Path:
    """Makes a package for XP SP3, named as Microsoft names them; raises NoWine.

    :param lang: as in names of packages.
    :param seconds: how long it takes.
    :param size: bytes that the file has at least.
    """
    row = packages.row_of(kb, _OS)
    assert row is not None, kb
    made = folder / "package.exe"
    wine_template.build(wine_template.TOOLS / "update.c", made, *_defined(row, lang, seconds))
    content = made.read_bytes()
    # What stands behind the program in its file is nothing to Windows.
    content = content.ljust(size, b"\xa5")
    number = kb.partition("-")[0].casefold()
    prefix = "ie8-windowsxp" if "ie8" in row.needs else "windowsxp"
    named = folder / f"{prefix}-{number}-x86-embedded-{lang}_{hashlib.sha1(content).hexdigest()}.exe"
    named.write_bytes(content)
    made.unlink()
    return named


def _defined(row: Row, lang: str, seconds: float) -> tuple[str, ...]:
    texts = {
        "KB": row.kb,
        "TITLE": row.title,
        "FAMILY": row.family,
        "LANGUAGE_ID": packages.table()[1][lang],
        "FILES": " ".join(f"{name}={version}" for name, version in row.files.items()),
    }
    quoted = ('-D{}="{}"'.format(name, text.replace("\\", "\\\\")) for name, text in texts.items())
    return (*quoted, f"-DMILLISECONDS={round(seconds * 1000)}")
