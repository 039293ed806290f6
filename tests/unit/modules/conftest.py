# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the modules share: certificates."""

from __future__ import annotations

import pytest

from tests.support.tls_servers import Authority, Issued


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("modules"))


@pytest.fixture(scope="session")
def good(authority: Authority) -> Issued:
    return authority.issue("good")
