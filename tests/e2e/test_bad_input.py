# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input: one sentence that names the option and the value, and nothing is sent to a host."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import pytest

from tests.lab.fleet import Lab
from tests.support.run_ansible import ad_hoc

SERVER = {"host": "mail.example", "port": 993, "protocol": "imap", "security": "implicit"}
INPUTS: list[tuple[dict[str, t.Any], tuple[str, ...]]] = [
    ({"servers": [{**SERVER, "port": 70000}]}, ("port", "70000")),
    ({"servers": [{**SERVER, "port": "many"}]}, ("port", "many")),
    ({"servers": [{**SERVER, "host": "a b"}]}, ("host", "a b")),
    ({"servers": [{**SERVER, "prot": "imap"}]}, ("prot",)),
    ({"servers": [{**SERVER, "probe": True, "accepts": {"tls": ["1.2"]}}]}, ("probe", "accepts")),
    ({"servers": [{**SERVER, "accepts": {"tls": ["1.7"]}}]}, ("tls", "1.7")),
    ({"servers": [{**SERVER, "accepts": {"tls": ["1.2"], "suites": ["AES128-SHA"]}}]}, ("suites", "AES128-SHA")),
    ({"policy": "lenient"}, ("policy", "lenient")),
    ({"only": ["tsl"]}, ("only", "tsl")),
    ({"waivers": [{"check": "tls.ssl30"}]}, ("waivers", "reason")),
    ({"waivers": [{"check": "tls.ssl30", "reason": " "}]}, ("reason",)),
    ({"waivers": [{"check": "tls.sssl", "reason": "x"}]}, ("tls.sssl",)),
    ({"waivers": [{"check": "tls.ssl30", "reason": "x", "expires": "soon"}]}, ("expires", "soon")),
]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(hosts=[{"name": "pc", "os": "win10-22h2"}]) as running:
        yield running


@pytest.mark.parametrize(
    ("arguments", "named"), INPUTS, ids=lambda value: "-".join(value) if isinstance(value, tuple) else ""
)
def test_one_sentence(lab: Lab, arguments: dict[str, t.Any], named: tuple[str, ...]) -> None:
    before = lab.counters()["pc"]["requests"]
    result = ad_hoc(lab.inventory, "mailfleet.client.mail_tls_audit", arguments)["pc"]
    assert result.get("failed") is not False or "verdict" not in result
    assert "verdict" not in result
    message = result["msg"]
    for word in named:
        assert word in message
    assert "Traceback" not in message
    assert "\n" not in message
    assert lab.counters()["pc"]["requests"] == before


def test_loading_hives_is_refused_in_check_mode(lab: Lab) -> None:
    before = lab.counters()["pc"]["requests"]
    result = ad_hoc(lab.inventory, "mailfleet.client.mail_tls_audit", {"profiles": "all"}, "--check")["pc"]
    assert "profiles" in result["msg"]
    assert lab.counters()["pc"]["requests"] == before
