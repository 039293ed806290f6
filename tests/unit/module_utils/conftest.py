# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the probe share: certificates, and someone who asks."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.module_utils.probe import probe
from tests.support.tls_servers import NAME, Authority, Issued


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("probe"))


@pytest.fixture(scope="session")
def good(authority: Authority) -> Issued:
    return authority.issue("good")


@pytest.fixture(scope="session")
def ecdsa(authority: Authority) -> Issued:
    return authority.issue("ecdsa", ecdsa=True)


@pytest.fixture(scope="session")
def ask(authority: Authority) -> t.Callable[..., dict[str, t.Any]]:
    """``probe`` on loopback, trusting the tests' own authority, for the name that its certificates have."""

    def run(port: int, protocol: str = "smtp", security: str = "implicit", **more: t.Any) -> dict[str, t.Any]:
        settings = {"timeout": 20.0, "server_name": NAME, "cafile": str(authority.root.chain), **more}
        return probe("127.0.0.1", port, protocol, security, **settings)

    return run
