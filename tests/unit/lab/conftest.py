# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated host without a network, made from a host entry."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from tests.lab.entry import read_entry
from tests.lab.host import SimulatedHost
from tests.lab.words import codec


class Host(SimulatedHost):
    """A simulated host whose answers are text."""

    def say(self, line: str, codepage: int = 0) -> tuple[int, str, str]:
        """(exit code, stdout, stderr)."""
        printed = self.run(line, codepage)
        name = codec(codepage or self.codepage)
        return printed.code, printed.out.decode(name), printed.err.decode(name)


class MakeHost(t.Protocol):
    def __call__(self, os: str = ..., **entry: t.Any) -> Host: ...


@pytest.fixture
def make_host(tmp_path: Path) -> MakeHost:
    """``make_host(os, reg=TEXT, ...)``: ``reg`` is the body of a .reg file, all else goes into the entry."""

    def make(os: str = "win7-sp1", **entry: t.Any) -> Host:
        body = entry.pop("reg", None)
        if body is not None:
            file = tmp_path / "host.reg"
            file.write_bytes(("\ufeffWindows Registry Editor Version 5.00\r\n\r\n" + body).encode("utf-16-le"))
            entry["registry"] = [file]
        return Host("standin", read_entry({"name": "standin", "os": os, **entry}, tmp_path), {})

    return make


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    """A plain Windows 7."""
    return make_host()
