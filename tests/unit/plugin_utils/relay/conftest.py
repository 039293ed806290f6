# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of the tests with a real stunnel."""

from __future__ import annotations

import pytest

from tests.support.tls_servers import Authority, Issued


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who issues all of them."""
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def leaf(authority: Authority) -> Issued:
    """That of a mail server."""
    return authority.issue("leaf")


@pytest.fixture(scope="module")
def front(authority: Authority) -> dict[str, str]:
    """That of a relay, as an entry names it."""
    issued = authority.issue("front", names=("relay.example.test",))
    return {"certificate": str(issued.chain), "key": str(issued.key)}
