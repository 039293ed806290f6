# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller's folder of packages, the hosts that know it, and a web server with the same package."""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import download_script
from tests.lab.host import SimulatedHost
from tests.support.delivery import CONTENT, NAME, PIECE, make_host
from tests.support.web_folder import WebFolder


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Downloads in pieces of which the package has three."""
    monkeypatch.setattr(download_script, "PIECE", PIECE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The controller's folder of packages; it is a share, too."""
    (tmp_path / "pkg").mkdir()
    return tmp_path / "pkg"


@pytest.fixture
def make(folder: Path) -> t.Callable[..., SimulatedHost]:
    """A function (os, entry) → host."""
    return functools.partial(make_host, folder)


@pytest.fixture
def web() -> Iterator[WebFolder]:
    """A web server with the package."""
    with WebFolder({NAME: CONTENT}) as running:
        yield running
